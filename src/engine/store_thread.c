/*
 * store_thread.c - what happens behind the answers: seal on volume or time, then hand over.
 *
 * Order: SEAL(n) durable, rollup frozen, fingerprints durable, batch n durable in the store; only
 * then may the journal's records up to the seal go. Each step may be repeated after a crash:
 * fingerprints are a set, the store applies n once.
 *
 * A batch that cannot be applied stays frozen and is tried again, a little later each time;
 * meanwhile events fill the live rollup up to its bound, or the journal up to its own, and then are
 * refused (STATUS_BEHIND). That goes, too, when another journal is found writing in our place: the
 * store takes the batch as soon as an operator has mended that.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <time.h>

#include "engine/engine_parts.h"

enum { RETRY_MS_MIN = 100, RETRY_MS_MAX = 5000 };

void sealed_done(struct sealed *sealed)
{
    rollup_unref(sealed->rollup);
    pending_ids_done(&sealed->ids);
    *sealed = (struct sealed){0};
}

enum status engine_apply(struct engine *engine, const struct sealed *sealed, struct error *err)
{
    enum status status = pending_ids_write(&sealed->ids, engine->dedupe_files, err);
    if (status != STATUS_OK)
        return status;
    struct store_batch batch = {.rollup = sealed->rollup, .seq = sealed->seq, .tail = sealed->tail};
    uint64_t started_ns = monotonic_ns();
    status = store_apply(engine->store, &batch, err);
    if (status == STATUS_OK)
        histogram_add(&engine->apply_times, monotonic_ns() - started_ns);
    return status;
}

static struct timespec at_monotonic(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / ns_per_s), .tv_nsec = (long)(ns % ns_per_s)};
}

/* With state_lock held: sleeps until something changes, at most wait_ns. */
static void wait_for_change(struct engine *engine, uint64_t wait_ns)
{
    struct timespec until = at_monotonic(monotonic_ns() + wait_ns);
    pthread_cond_timedwait(&engine->state_changed, &engine->state_lock, &until);
}

enum work { WORK_SEAL, WORK_TELL, WORK_OVER };

/* Waits until the live rollup should be sealed, or others told that there is nothing; WORK_OVER
 * when stopping with nothing asked. */
static enum work wait_for_work(struct engine *engine)
{
    pthread_mutex_lock(&engine->state_lock);
    for (;;) {
        if (engine->seal_asked) {
            engine->seal_asked = false;
            pthread_mutex_unlock(&engine->state_lock);
            return WORK_SEAL;
        }
        if (engine->stopping) {
            pthread_mutex_unlock(&engine->state_lock);
            return WORK_OVER;
        }
        uint64_t wait_ns = engine->seal_interval_ns;
        if (atomic_load(&engine->oldest_live_ms) != 0) {
            uint64_t due_ns = atomic_load(&engine->live_since_ns) + engine->seal_interval_ns;
            uint64_t now_ns = monotonic_ns();
            if (due_ns <= now_ns) {
                pthread_mutex_unlock(&engine->state_lock);
                return WORK_SEAL;
            }
            wait_ns = due_ns - now_ns;
        } else if (store_is_shared(engine->store)) {
            uint64_t due_ns = engine->noted_ns + engine->seal_interval_ns;
            uint64_t now_ns = monotonic_ns();
            if (due_ns <= now_ns) {
                pthread_mutex_unlock(&engine->state_lock);
                return WORK_TELL;
            }
            wait_ns = due_ns - now_ns;
        }
        wait_for_change(engine, wait_ns);
    }
}

/* The batch is in the store: nobody needs the frozen rollup or its journal any more. */
static void let_go(struct engine *engine, struct sealed *sealed)
{
    uint64_t batch = rollup_batch(sealed->rollup);
    pthread_rwlock_wrlock(&engine->rollup_lock);
    struct rollup *frozen = engine->frozen;
    engine->frozen = NULL;
    pthread_rwlock_unlock(&engine->rollup_lock);
    rollup_unref(frozen);
    engine_refresh_readers(engine, batch);
    atomic_store(&engine->frozen_bytes, 0);
    atomic_store(&engine->oldest_frozen_ms, 0);
    journal_release(engine->journal, engine_released_by(sealed->seq));

    pthread_mutex_lock(&engine->state_lock);
    engine->batch_applied = batch;
    pthread_cond_broadcast(&engine->state_changed);
    pthread_mutex_unlock(&engine->state_lock);
}

/* Housekeeping that may fail without harm: it is tried again after the next batch. */
static void tidy(struct engine *engine, const struct sealed *sealed)
{
    struct error err;
    if (store_maintain(engine->store, &err) != STATUS_OK)
        engine_notify(engine, "store_maintenance_failed", &err);
    if (sealed->ids.hour_count == 0)
        return;
    int64_t hour = sealed->ids.hours[sealed->ids.hour_count - 1].hour;
    if (dedupe_files_expire(engine->dedupe_files, hour - engine->dedupe_hours, &err) != STATUS_OK)
        engine_notify(engine, "fingerprints_not_removed", &err);
}

/* What the store says of the batch: whether another journal writes in our place. Told once, when it
 * begins, and once when it is over. */
static void note_halt(struct engine *engine, enum status status, const struct error *error)
{
    pthread_mutex_lock(&engine->state_lock);
    bool was_halted = engine->halted;
    engine->halted = status == STATUS_FOREIGN || (was_halted && status != STATUS_OK);
    if (status == STATUS_FOREIGN)
        engine->halt = *error;
    bool begins = engine->halted && !was_halted;
    bool ends = was_halted && !engine->halted;
    struct error halt = engine->halt;
    pthread_mutex_unlock(&engine->state_lock);
    if (begins) {
        atomic_fetch_add(&engine->store_halts, 1);
        engine_notify(engine, ENGINE_NOTICE_HALTED, &halt);
    } else if (ends) {
        engine_notify(engine, "store_resumed", &halt);
    } else if (status != STATUS_OK && status != STATUS_FOREIGN) {
        engine_notify(engine, "store_apply_failed", error);
    }
}

bool engine_is_halted(struct engine *engine, struct error *why)
{
    pthread_mutex_lock(&engine->state_lock);
    bool halted = engine->halted;
    if (halted && why != NULL)
        *why = engine->halt;
    pthread_mutex_unlock(&engine->state_lock);
    return halted;
}

/* With state_lock held. */
static void report_failure(struct engine *engine, const struct error *error)
{
    engine->failures++;
    engine->failure = *error;
    pthread_cond_broadcast(&engine->state_changed);
}

/* Applies a batch, over and over if need be. false when stopping before it succeeded. */
static bool apply_until_done(struct engine *engine, struct sealed *sealed)
{
    struct error err;
    uint64_t retry_ms = RETRY_MS_MIN;
    for (;;) {
        enum status status = engine_apply(engine, sealed, &err);
        note_halt(engine, status, &err);
        if (status == STATUS_OK)
            return true;
        atomic_fetch_add(&engine->store_failures, 1);
        pthread_mutex_lock(&engine->state_lock);
        report_failure(engine, &err);
        uint64_t until_ns = monotonic_ns() + retry_ms * ns_per_ms;
        while (!engine->stopping && monotonic_ns() < until_ns)
            wait_for_change(engine, until_ns - monotonic_ns());
        bool stopping = engine->stopping;
        pthread_mutex_unlock(&engine->state_lock);
        if (stopping)
            return false;
        retry_ms = retry_ms * 2 < RETRY_MS_MAX ? retry_ms * 2 : RETRY_MS_MAX;
    }
}

enum status engine_note_drained(struct engine *engine, struct error *err)
{
    /* With the lock everything that was acknowledged is counted, and what comes is later. */
    pthread_mutex_lock(&engine->commit_lock);
    bool drained = rollup_is_empty(engine->live) && engine->frozen == NULL;
    int64_t as_of_ms = clock_now_ms(&engine->clock) - 1;
    pthread_mutex_unlock(&engine->commit_lock);
    engine->noted_ns = monotonic_ns();
    return drained ? store_note_drained(engine->store, as_of_ms, err) : STATUS_OK;
}

static enum status seal(struct engine *engine, struct sealed *out, struct error *err)
{
    pthread_rwlock_rdlock(&engine->rollup_lock);
    struct rollup *fresh = rollup_new_behind(engine->live);
    pthread_rwlock_unlock(&engine->rollup_lock);
    if (fresh == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for a new rollup");
    pthread_mutex_lock(&engine->commit_lock);
    enum status status = engine_seal(engine, fresh, out, err);
    pthread_mutex_unlock(&engine->commit_lock);
    return status;
}

/* false when stopping: the journal keeps what the store does not have. */
static bool hand_over(struct engine *engine, struct sealed *sealed)
{
    bool done = apply_until_done(engine, sealed);
    if (done) {
        let_go(engine, sealed);
        tidy(engine, sealed);
    }
    sealed_done(sealed);
    return done;
}

void *engine_store_thread(void *context)
{
    struct engine *engine = context;
    struct sealed recovered = engine->recovered;
    engine->recovered = (struct sealed){0};
    if (recovered.rollup != NULL && !hand_over(engine, &recovered))
        return NULL;
    for (;;) {
        struct sealed sealed = {0};
        struct error err;
        enum work work = wait_for_work(engine);
        if (work == WORK_OVER)
            break;
        if (work == WORK_TELL) {
            if (engine_note_drained(engine, &err) != STATUS_OK)
                engine_notify(engine, "store_note_failed", &err);
            continue;
        }
        enum status status = seal(engine, &sealed, &err);
        if (status != STATUS_OK) {
            engine_notify(engine, "seal_failed", &err);
            bool over = atomic_load(&engine->failed); /* the journal takes nothing any more */
            pthread_mutex_lock(&engine->state_lock);
            report_failure(engine, &err);
            if (!engine->stopping && !over)
                wait_for_change(engine, RETRY_MS_MAX * ns_per_ms);
            pthread_mutex_unlock(&engine->state_lock);
            if (over)
                break;
            continue;
        }
        if (sealed.rollup == NULL)
            continue;
        if (!hand_over(engine, &sealed))
            break;
    }
    return NULL;
}

enum status engine_flush(struct engine *engine, struct error *err)
{
    enum status status = STATUS_OK;
    engine_commit(engine);
    uint64_t target = atomic_load(&engine->batch_live);
    pthread_rwlock_rdlock(&engine->rollup_lock);
    if (rollup_is_empty(engine->live))
        target--;
    pthread_rwlock_unlock(&engine->rollup_lock);

    pthread_mutex_lock(&engine->state_lock);
    uint64_t failures = engine->failures;
    while (engine->batch_applied < target && status == STATUS_OK) {
        if (atomic_load(&engine->failed)) {
            status = engine_check(engine, err);
        } else if (engine->failures > failures) {
            status = engine->failure.status;
            if (err != NULL)
                *err = engine->failure;
        } else {
            /* asked for again and again: sealing nothing does nothing */
            engine->seal_asked = true;
            pthread_cond_broadcast(&engine->state_changed);
            wait_for_change(engine, 100 * ns_per_ms);
        }
    }
    pthread_mutex_unlock(&engine->state_lock);
    return status;
}
