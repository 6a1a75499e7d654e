/*
 * engine.c - opening, closing, and what the engine says of itself.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/engine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine_parts.h"
#include "engine/store_kind.h"
#include "store/sqlite/sqlite_store.h"

static const uint64_t rollup_bytes_default = (uint64_t)512 * 1024 * 1024;
static const uint64_t seal_journal_bytes_default = (uint64_t)256 * 1024 * 1024;
static const uint64_t dedupe_ids_default = 10 * 1000 * 1000;
enum {
    SEAL_INTERVAL_MS_DEFAULT = 10 * 1000,
    REFRESH_INTERVAL_MS_DEFAULT = 5 * 1000,
    DEDUPE_HOURS_DEFAULT = 24,
    JOURNAL_SEGMENTS_MIN =
        4 /* in a bound: what is being written, sealed, let go of, and one more */
};

/* engine.h tells what the window can be */
static_assert((int)ENGINE_DEDUPE_HOURS_MAX == (int)DEDUPE_HOURS_MAX, "hours of the window");
static_assert((int)ENGINE_DEDUPE_IDS_MIN == (int)DEDUPE_IDS_MIN, "ids of the window");

void engine_notify(struct engine *engine, const char *name, const struct error *error)
{
    if (engine->notice != NULL)
        engine->notice(engine->notice_context, name, error);
}

static uint64_t or_default(uint64_t given, uint64_t otherwise)
{
    return given != 0 ? given : otherwise;
}

static enum status init(struct engine *engine, const struct engine_options *options,
                        struct error *err)
{
    pthread_condattr_t monotonic;
    pthread_mutex_init(&engine->commit_lock, NULL);
    pthread_mutex_init(&engine->gather_lock, NULL);
    pthread_rwlock_init(&engine->rollup_lock, NULL);
    pthread_mutex_init(&engine->state_lock, NULL);
    pthread_mutex_init(&engine->reader_lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&engine->state_changed, &monotonic);
    pthread_condattr_destroy(&monotonic);

    engine->clock = options->clock;
    engine->rollup_bytes_max = or_default(options->rollup_bytes, rollup_bytes_default);
    engine->seal_journal_bytes =
        or_default(options->seal_journal_bytes, seal_journal_bytes_default);
    engine->seal_interval_ns =
        or_default(options->seal_interval_ms, SEAL_INTERVAL_MS_DEFAULT) * UINT64_C(1000000);
    engine->refresh_interval_ns =
        or_default(options->refresh_interval_ms, REFRESH_INTERVAL_MS_DEFAULT) * UINT64_C(1000000);
    engine->journal_bytes_max = options->journal_bytes;
    uint64_t segment_bytes =
        or_default(options->journal_segment_bytes, JOURNAL_SEGMENT_BYTES_DEFAULT);
    if (engine->journal_bytes_max != 0) {
        if (engine->journal_bytes_max / JOURNAL_SEGMENTS_MIN < segment_bytes)
            return fail(err, STATUS_INVALID,
                        "a journal of at most %llu bytes has no room for %d segments of %llu",
                        (unsigned long long)engine->journal_bytes_max, JOURNAL_SEGMENTS_MIN,
                        (unsigned long long)segment_bytes);
        /* or the journal would be full before the first seal */
        if (engine->seal_journal_bytes > engine->journal_bytes_max / JOURNAL_SEGMENTS_MIN)
            engine->seal_journal_bytes = engine->journal_bytes_max / JOURNAL_SEGMENTS_MIN;
    }
    engine->dedupe_hours = (uint32_t)or_default(options->dedupe_hours, DEDUPE_HOURS_DEFAULT);
    uint64_t dedupe_ids = or_default(options->dedupe_ids, dedupe_ids_default);
    if (engine->dedupe_hours > DEDUPE_HOURS_MAX || dedupe_ids < DEDUPE_IDS_MIN)
        return fail(err, STATUS_INVALID,
                    "the window of ids must be at most %d hours and at least %d ids",
                    DEDUPE_HOURS_MAX, DEDUPE_IDS_MIN);

    engine->window = dedupe_window_new(engine->dedupe_hours, dedupe_ids);
    engine->gathering = group_new();
    engine->spare = group_new();
    engine->versions = calloc(VERSION_SLOTS, sizeof *engine->versions);
    if (engine->window == NULL || engine->gathering == NULL || engine->spare == NULL ||
        engine->versions == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to open %s", options->data_dir);
    return watch_init(&engine->watch, err);
}

static enum status open_sqlite(struct engine *engine, const struct engine_options *options,
                               struct error *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = file_path(path, options->data_dir, "footfall.db", err);
    if (status != STATUS_OK)
        return status;
    struct sqlite_store_options store = {.path = path,
                                         .journal_id = journal_id(engine->journal),
                                         .cache_bytes = options->store_cache_bytes};
    return sqlite_store_open(&store, &engine->store, err);
}

static enum status open_store(struct engine *engine, const struct engine_options *options,
                              struct error *err)
{
    bool elsewhere = options->open_store != NULL;
    enum status status = store_kind_settle(
        options->data_dir, elsewhere ? options->store_kind : STORE_KIND_SQLITE, err);
    if (status != STATUS_OK)
        return status;
    return elsewhere ? options->open_store(options->open_store_context, journal_id(engine->journal),
                                           &engine->store, err)
                     : open_sqlite(engine, options, err);
}

static enum status open_parts(struct engine *engine, const struct engine_options *options,
                              struct error *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = file_make_dir(options->data_dir, err);
    if (status != STATUS_OK)
        return status;

    status = file_path(path, options->data_dir, "journal", err);
    if (status != STATUS_OK)
        return status;
    struct journal_options journal = {
        .dir = path, .segment_bytes = options->journal_segment_bytes, .io = options->journal_io};
    status = journal_open(&journal, &engine->journal, err);
    if (status != STATUS_OK)
        return status;
    uint64_t segment_bytes =
        or_default(options->journal_segment_bytes, JOURNAL_SEGMENT_BYTES_DEFAULT);
    /* half a segment, so that a group always fits into a fresh one beside its heads */
    engine->group_bytes_max =
        segment_bytes / 2 < ENGINE_GROUP_BYTES_MAX ? segment_bytes / 2 : ENGINE_GROUP_BYTES_MAX;

    status = open_store(engine, options, err);
    if (status != STATUS_OK)
        return status;

    status = file_path(path, options->data_dir, "dedupe", err);
    if (status == STATUS_OK)
        status = dedupe_files_open(path, journal_id(engine->journal), &engine->dedupe_files, err);
    return status;
}

/* Frees the engine in any state; the store thread has ended. */
static void free_engine(struct engine *engine)
{
    engine_close_readers(engine);
    claims_done(&engine->claims);
    store_close(engine->store);
    journal_close(engine->journal);
    dedupe_files_close(engine->dedupe_files);
    dedupe_window_free(engine->window);
    pending_ids_done(&engine->pending);
    group_free(engine->gathering);
    group_free(engine->spare);
    rollup_unref(engine->live);
    rollup_unref(engine->frozen);
    sealed_done(&engine->recovered);
    free(engine->versions);
    watch_done(&engine->watch);
    pthread_mutex_destroy(&engine->commit_lock);
    pthread_mutex_destroy(&engine->gather_lock);
    pthread_rwlock_destroy(&engine->rollup_lock);
    pthread_mutex_destroy(&engine->state_lock);
    pthread_mutex_destroy(&engine->reader_lock);
    pthread_cond_destroy(&engine->state_changed);
    free(engine);
}

enum status engine_open(const struct engine_options *options, engine_notice_fn *notice,
                        void *notice_context, struct engine **out, struct error *err)
{
    struct engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to open %s", options->data_dir);
    engine->notice = notice;
    engine->notice_context = notice_context;

    enum status status = init(engine, options, err);
    if (status == STATUS_OK)
        status = open_parts(engine, options, err);
    if (status == STATUS_OK)
        status = engine_recover(engine, err);
    if (status == STATUS_OK)
        status = claims_init(engine, options->claim_ids, err);
    if (status == STATUS_OK)
        status = journal_start(engine->journal, err);
    if (status != STATUS_OK)
        goto cleanup;

    struct store_position position;
    status = store_get_position(engine->store, &position, err);
    if (status != STATUS_OK)
        goto cleanup;
    journal_release(engine->journal, engine_released_by(position.seq));
    atomic_store(&engine->live_since_ns, monotonic_ns());
    if (store_is_shared(engine->store)) {
        /* Before the first event: it may have been told that no more comes. */
        status = engine_note_drained(engine, err);
        if (status == STATUS_OK)
            status = engine_start_refreshing(engine, err);
        if (status != STATUS_OK)
            goto cleanup;
    }
    if (pthread_create(&engine->store_thread, NULL, engine_store_thread, engine) != 0) {
        status = fail(err, STATUS_NO_MEMORY, "cannot start the store thread");
        pthread_mutex_lock(&engine->state_lock);
        engine->stopping = true;
        pthread_cond_broadcast(&engine->state_changed);
        pthread_mutex_unlock(&engine->state_lock);
        engine_stop_refreshing(engine);
        goto cleanup;
    }
    *out = engine;
    engine = NULL;

cleanup:
    if (engine != NULL)
        free_engine(engine);
    return status;
}

enum status engine_close(struct engine *engine, struct error *err)
{
    enum status status = engine_flush(engine, err);
    pthread_mutex_lock(&engine->state_lock);
    engine->stopping = true;
    pthread_cond_broadcast(&engine->state_changed);
    pthread_mutex_unlock(&engine->state_lock);
    pthread_join(engine->store_thread, NULL);
    engine_stop_refreshing(engine);
    struct error untold; /* then others are told later that there is nothing more */
    if (status == STATUS_OK && store_is_shared(engine->store) &&
        store_note_drained(engine->store, store_nothing_to_come, &untold) != STATUS_OK)
        engine_notify(engine, "store_note_failed", &untold);
    free_engine(engine);
    return status;
}

static uint64_t store_bytes(struct engine *engine)
{
    uint64_t bytes = 0;
    struct error err;
    if (store_size(engine->store, &bytes, &err) != STATUS_OK)
        return 0;
    return bytes;
}

void engine_get_stats(struct engine *engine, struct engine_stats *out)
{
    *out = (struct engine_stats){
        .events_duplicate = atomic_load(&engine->events_duplicate),
        .events_refused = atomic_load(&engine->events_refused),
        .groups = atomic_load(&engine->groups),
        .replayed_records = engine->replayed_records,
        .replay_ns = engine->replay_ns,
        .gathered_bytes = atomic_load(&engine->gathered_bytes),
        .live_bytes = atomic_load(&engine->live_bytes),
        .live_listing_days = atomic_load(&engine->live_listing_days),
        .frozen_bytes = atomic_load(&engine->frozen_bytes),
        .dedupe_ids = atomic_load(&engine->dedupe_ids),
        .dedupe_ids_max = dedupe_window_ids_max(engine->window),
        .dedupe_dropped = atomic_load(&engine->dedupe_dropped),
        .batch_live = atomic_load(&engine->batch_live),
        .store_bytes = store_bytes(engine),
        .store_failures = atomic_load(&engine->store_failures),
        .store_halts = atomic_load(&engine->store_halts),
        .store_halted = engine_is_halted(engine, NULL),
        .journal_bytes_max = engine->journal_bytes_max,
        .refreshes_failed = atomic_load(&engine->refreshes_failed),
        .ids_claimed = atomic_load(&engine->ids_claimed),
        .claims_failed = atomic_load(&engine->claims_failed),
        .claims_undecided = atomic_load(&engine->claims_undecided),
        .accepting = !atomic_load(&engine->failed),
    };
    for (int type = 0; type < EVENT_TYPES; type++)
        out->events_recorded[type] = atomic_load(&engine->events_recorded[type]);
    pthread_mutex_lock(&engine->state_lock);
    out->batch_applied = engine->batch_applied;
    pthread_mutex_unlock(&engine->state_lock);

    int64_t oldest_ms = atomic_load(&engine->oldest_frozen_ms);
    if (oldest_ms == 0)
        oldest_ms = atomic_load(&engine->oldest_live_ms);
    int64_t lag_ms = oldest_ms == 0 ? 0 : clock_now_ms(&engine->clock) - oldest_ms;
    out->store_lag_ms = lag_ms > 0 ? lag_ms : 0;
    int64_t as_of_ms = engine_fresh_as_of_ms(engine);
    int64_t fresh_lag_ms = as_of_ms == 0 ? 0 : clock_now_ms(&engine->clock) - as_of_ms;
    out->fresh_lag_ms = fresh_lag_ms > 0 ? fresh_lag_ms : 0;
    journal_get_stats(engine->journal, &out->journal);
}

const struct histogram *engine_sync_times(const struct engine *engine)
{
    return &engine->sync_times;
}

const struct histogram *engine_apply_times(const struct engine *engine)
{
    return &engine->apply_times;
}
