/*
 * dynamodb_store.c - the store that many nodes share: opening, applying, and its table of
 * functions.
 *
 * A batch:  number must be the next  ─►  its rollup is kept for readers  ─►  claim  ─►  items
 *           ─►  acknowledge  ─►  readers' moments move on
 *
 * The position is what the claim's item acknowledges. It is read once, at opening: nobody else may
 * move it while we hold the claim, and who takes it away is found by the next claim.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/dynamodb/dynamodb_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/dynamodb/dynamodb_table.h"
#include "store/dynamodb/parts.h"

enum { SIZE_INTERVAL_S = 60 };

static struct dynamodb_store *of(struct store *store)
{
    return (struct dynamodb_store *)store;
}

static struct dynamodb_reader *of_reader(struct store_reader *reader)
{
    return (struct dynamodb_reader *)reader;
}

static enum status table_position(struct store *base, struct store_position *out, struct error *err)
{
    (void)err;
    *out = moments_applied(&of(base)->moments);
    return STATUS_OK;
}

/* Claims the batch unless this process has; a claim that is somebody else's halts. */
static enum status claim(struct dynamodb_store *store, const struct store_batch *batch,
                         struct error *err)
{
    char digest[BATCH_DIGEST_BYTES];
    uint64_t number = rollup_batch(batch->rollup);
    if (store->claimed_here == number)
        return STATUS_OK;
    enum status status = batch_digest(batch, store->journal_id, digest, err);
    if (status == STATUS_OK)
        status = writer_claim(&store->writer, number, digest, err);
    if (status == STATUS_OK)
        store->claimed_here = number;
    return status;
}

/* An epoch of claimed ids that has broken is closed before others can take what follows for its. */
static enum status close_broken_epoch(struct dynamodb_store *store, struct error *err)
{
    uint64_t epoch = 0;
    uint64_t last_seq = 0;
    if (!claimed_ids_are_broken(&store->ids, &epoch, &last_seq) || epoch == store->epoch_closed)
        return STATUS_OK;
    enum status status = writer_close_epoch(&store->writer, epoch, last_seq, err);
    if (status == STATUS_OK)
        store->epoch_closed = epoch;
    return status;
}

static enum status table_apply(struct store *base, const struct store_batch *batch,
                               struct error *err)
{
    struct dynamodb_store *store = of(base);
    uint64_t number = rollup_batch(batch->rollup);
    uint64_t applied = moments_applied(&store->moments).batch;
    const struct store_position position = {number, batch->seq, batch->tail};
    int64_t newest_ms = 0;
    if (number <= applied)
        return STATUS_OK;
    if (number != applied + 1)
        return fail(err, STATUS_FOREIGN,
                    "table %s: batch %" PRIu64 " cannot follow batch %" PRIu64
                    " of writer %u; what lies between is missing",
                    store->table, number, applied, store->number);
    if (number > INT64_MAX / DELTA_PARTS_MAX - 1 || batch->seq > INT64_MAX)
        return fail(err, STATUS_FOREIGN, "table %s: batch %" PRIu64 " is numbered beyond 2^53",
                    store->table, number);

    /* known to readers before the first part is sent; while halted, not before the claim is ours */
    bool halted = moments_are_halted(&store->moments);
    if (!halted)
        moments_begin_batch(&store->moments, batch);
    enum status status = claim(store, batch, err);
    if (status == STATUS_OK && halted)
        moments_begin_batch(&store->moments, batch);
    if (status == STATUS_OK)
        status = flush_batch(store->flush, batch->rollup, &newest_ms, err);
    if (newest_ms > store->as_of_ms) /* never back: moved batches hold old events */
        store->as_of_ms = newest_ms;
    if (status == STATUS_OK)
        status = close_broken_epoch(store, err);
    if (status == STATUS_OK)
        status = writer_acknowledge(&store->writer, &position, store->as_of_ms, err);
    if (status == STATUS_OK) {
        flush_count_batch(store->flush);
        moments_end_batch(&store->moments, batch);
    } else if (status == STATUS_FOREIGN) {
        moments_halt(&store->moments, store->claimed_here == number);
    }
    return status;
}

/* As it was when the table was last looked at: whoever asks does not wait for the network, and the
 * engine counts only now and then. */
static enum status table_size(struct store *base, uint64_t *bytes, struct error *err)
{
    (void)err;
    *bytes = atomic_load_explicit(&of(base)->bytes, memory_order_relaxed);
    return STATUS_OK;
}

/* With refresh_lock held. Not knowing the size is no failure. */
static void look_at_size(struct dynamodb_store *store)
{
    struct dynamodb_table_facts facts;
    struct error err;
    uint64_t now_ns = monotonic_ns();
    if (now_ns - store->looked_ns < SIZE_INTERVAL_S * ns_per_s)
        return;
    store->looked_ns = now_ns;
    if (dynamodb_table_describe(store->refresh_channel, store->table, &facts, &err) == STATUS_OK)
        atomic_store_explicit(&store->bytes, facts.bytes, memory_order_relaxed);
}

static enum status table_maintain(struct store *base, struct error *err)
{
    (void)base;
    (void)err;
    return STATUS_OK;
}

static enum status table_refresh(struct store *base, int64_t *fresh_as_of_ms, struct error *err)
{
    struct dynamodb_store *store = of(base);
    pthread_mutex_lock(&store->refresh_lock);
    struct writer writer = {.channel = store->refresh_channel,
                            .table = store->table,
                            .number = store->number,
                            .body = &store->refresh_body};
    enum status status = writer_others_as_of(&writer, fresh_as_of_ms, err);
    look_at_size(store);
    pthread_mutex_unlock(&store->refresh_lock);
    return status;
}

static enum status table_note_drained(struct store *base, int64_t as_of_ms, struct error *err)
{
    struct dynamodb_store *store = of(base);
    enum status status = close_broken_epoch(store, err);
    if (status == STATUS_OK)
        status = writer_note(&store->writer, as_of_ms, err);
    if (status == STATUS_OK && as_of_ms != store_nothing_to_come && as_of_ms > store->as_of_ms)
        store->as_of_ms = as_of_ms;
    return status;
}

static enum status table_claim_ids(struct store *base, struct store_claim *claims, size_t count,
                                   uint64_t seq, struct error *err)
{
    return claimed_ids_claim(&of(base)->ids, claims, count, seq, err);
}

static enum status table_release_ids(struct store *base, const struct store_claim *claims,
                                     size_t count, uint64_t seq, struct error *err)
{
    return claimed_ids_release(&of(base)->ids, claims, count, seq, err);
}

static enum status table_reader_open(struct store *base, struct store_reader **out,
                                     struct error *err)
{
    struct dynamodb_store *store = of(base);
    struct dynamodb_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return fail(err, STATUS_NO_MEMORY, "table %s: no memory for a reader", store->table);
    reader->reader.ops = base->ops;
    reader->store = store;
    enum status status = dynamodb_channel_open(store->dynamodb, &reader->channel, err);
    if (status != STATUS_OK) {
        free(reader);
        return status;
    }
    *out = &reader->reader;
    return STATUS_OK;
}

static enum status table_reader_begin(struct store_reader *base, struct store_position *out,
                                      struct error *err)
{
    struct dynamodb_reader *reader = of_reader(base);
    return moments_enter(&reader->store->moments, &reader->moment, out, err);
}

static void table_reader_end(struct store_reader *base)
{
    struct dynamodb_reader *reader = of_reader(base);
    moments_leave(&reader->store->moments, &reader->moment);
}

static void table_reader_close(struct store_reader *base)
{
    struct dynamodb_reader *reader = of_reader(base);
    dynamodb_channel_close(reader->channel);
    body_done(&reader->body);
    day_item_done(&reader->item);
    arena_done(&reader->arena);
    free(reader);
}

static void table_close(struct store *base)
{
    struct dynamodb_store *store = of(base);
    flush_free(store->flush);
    claimed_ids_done(&store->ids);
    body_done(&store->ids_body);
    dynamodb_channel_close(store->channel);
    dynamodb_channel_close(store->refresh_channel);
    dynamodb_channel_close(store->ids_channel);
    body_done(&store->body);
    body_done(&store->refresh_body);
    moments_done(&store->moments);
    pthread_mutex_destroy(&store->refresh_lock);
    free(store);
}

static const struct store_ops table_ops = {
    .position = table_position,
    .apply = table_apply,
    .size = table_size,
    .maintain = table_maintain,
    .refresh = table_refresh,
    .note_drained = table_note_drained,
    .claim_ids = table_claim_ids,
    .release_ids = table_release_ids,
    .close = table_close,
    .reader_open = table_reader_open,
    .reader_begin = table_reader_begin,
    .reader_totals = dynamodb_reader_totals,
    .reader_cells = dynamodb_reader_cells,
    .reader_sums = dynamodb_reader_sums,
    .reader_inquiries = dynamodb_reader_inquiries,
    .reader_listings = dynamodb_reader_listings,
    .reader_end = table_reader_end,
    .reader_close = table_reader_close,
};

static enum status check_options(const struct dynamodb_store_options *options, struct error *err)
{
    size_t len = strlen(options->table);
    if (options->writer == 0 || options->writer > DYNAMODB_STORE_WRITER_MAX)
        return fail(err, STATUS_INVALID, "writer %u: a writer is a number from 1 to %d",
                    options->writer, DYNAMODB_STORE_WRITER_MAX);
    if (len < 3 || len >= sizeof((struct dynamodb_store *)NULL)->table)
        return fail(err, STATUS_INVALID, "table \"%s\": a table's name has 3 to 255 characters",
                    options->table);
    return STATUS_OK;
}

static enum status open_channels(struct dynamodb_store *store, struct error *err)
{
    enum status status = dynamodb_channel_open(store->dynamodb, &store->channel, err);
    if (status == STATUS_OK)
        status = dynamodb_channel_open(store->dynamodb, &store->refresh_channel, err);
    if (status == STATUS_OK)
        status = dynamodb_channel_open(store->dynamodb, &store->ids_channel, err);
    return status;
}

/* The table is there with our keys, the writer is ours: takes over where it stands. */
static enum status join(struct dynamodb_store *store, struct writer_state *state, struct error *err)
{
    struct dynamodb_table_facts facts = {0};
    enum status status = dynamodb_table_describe(store->channel, store->table, &facts, err);
    if (status == STATUS_OK)
        status = dynamodb_table_check_keys(store->table, &facts, err);
    atomic_store(&store->bytes, facts.bytes);
    store->looked_ns = monotonic_ns();
    if (status == STATUS_OK)
        status = writer_register(&store->writer, clock_now_ms(&store->clock), state, err);
    return status;
}

enum status dynamodb_store_open(const struct dynamodb_store_options *options, struct store **out,
                                struct error *err)
{
    struct writer_state state = {0};
    struct store_position applied = {0};
    enum status status = check_options(options, err);
    if (status != STATUS_OK)
        return status;
    struct dynamodb_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return fail(err, STATUS_NO_MEMORY, "table %s: no memory", options->table);
    store->store.ops = &table_ops;
    store->dynamodb = options->dynamodb;
    store->number = options->writer;
    store->cells = options->cells;
    store->clock = options->clock.now_ms == NULL ? clock_system() : options->clock;
    snprintf(store->table, sizeof store->table, "%s", options->table);
    memcpy(store->journal_id, options->journal_id, STORE_JOURNAL_ID_BYTES);
    pthread_mutex_init(&store->refresh_lock, NULL); /* cannot fail with default attributes */
    claimed_ids_init(&store->ids);
    status = moments_init(&store->moments, &applied, 0, err);
    if (status != STATUS_OK) {
        claimed_ids_done(&store->ids);
        pthread_mutex_destroy(&store->refresh_lock);
        free(store);
        return status;
    }

    status = open_channels(store, err);
    if (status != STATUS_OK)
        goto cleanup;
    store->writer = (struct writer){.channel = store->channel,
                                    .table = store->table,
                                    .number = store->number,
                                    .body = &store->body};
    writer_hex(store->journal_id, store->writer.journal_id);
    store->ids.writer = store->writer;
    store->ids.hours = options->ids_hours == 0 ? CLAIMED_IDS_HOURS : options->ids_hours;
    store->ids.in_flight = options->in_flight == 0 ? DYNAMODB_STORE_IN_FLIGHT : options->in_flight;
    store->ids.clock = store->clock;
    store->ids.writer.channel = store->ids_channel;
    store->ids.writer.body = &store->ids_body;
    const struct flush_options flush = {
        .channel = store->channel,
        .table = store->table,
        .journal_id = store->writer.journal_id,
        .writer = store->number,
        .in_flight = options->in_flight == 0 ? DYNAMODB_STORE_IN_FLIGHT : options->in_flight,
        .cells = store->cells};
    store->flush = flush_new(&flush);
    if (store->flush == NULL) {
        status = fail(err, STATUS_NO_MEMORY, "table %s: no memory", store->table);
        goto cleanup;
    }
    status = join(store, &state, err);
    if (status != STATUS_OK)
        goto cleanup;
    store->moments.applied = (struct store_position){state.applied, state.applied_seq, state.tail};
    store->moments.claimed = state.claimed;
    store->as_of_ms =
        state.as_of_ms == store_nothing_to_come ? clock_now_ms(&store->clock) : state.as_of_ms;

    *out = &store->store; /* now the caller's */
    store = NULL;

cleanup:
    if (store != NULL)
        table_close(&store->store);
    return status;
}

void dynamodb_store_get_stats(struct store *store, struct dynamodb_store_stats *out)
{
    const struct flush_stats *stats = flush_stats(of(store)->flush);
    *out = (struct dynamodb_store_stats){
        .halted = moments_are_halted(&of(store)->moments),
        .batches = atomic_load_explicit(&stats->batches, memory_order_relaxed),
        .created = atomic_load_explicit(&stats->created, memory_order_relaxed),
        .parts = atomic_load_explicit(&stats->parts, memory_order_relaxed),
        .repaired = atomic_load_explicit(&stats->repaired, memory_order_relaxed),
        .repeated = atomic_load_explicit(&stats->repeated, memory_order_relaxed),
        .facts = atomic_load_explicit(&stats->facts, memory_order_relaxed),
    };
}

/* A writer's item, looked at or changed from outside of a store. */
static enum status with_writer(struct dynamodb *dynamodb, const char *table, uint32_t number,
                               struct dynamodb_channel **channel, struct body *body,
                               struct writer *out, struct error *err)
{
    if (number == 0 || number > DYNAMODB_STORE_WRITER_MAX)
        return fail(err, STATUS_INVALID, "writer %u: a writer is a number from 1 to %d", number,
                    DYNAMODB_STORE_WRITER_MAX);
    enum status status = dynamodb_channel_open(dynamodb, channel, err);
    *out = (struct writer){.channel = *channel, .table = table, .number = number, .body = body};
    return status;
}

enum status dynamodb_store_read_writer(struct dynamodb *dynamodb, const char *table,
                                       uint32_t number, struct dynamodb_writer_state *out,
                                       struct error *err)
{
    struct dynamodb_channel *channel = NULL;
    struct body body = {0};
    struct writer writer;
    struct writer_state state;
    enum status status = with_writer(dynamodb, table, number, &channel, &body, &writer, err);
    if (status == STATUS_OK)
        status = writer_read(&writer, &state, err);
    if (status == STATUS_OK) {
        *out = (struct dynamodb_writer_state){.exists = state.exists,
                                              .claimed = state.claimed,
                                              .applied = state.applied,
                                              .as_of_ms = state.as_of_ms};
        memcpy(out->journal_id, state.journal_id, sizeof out->journal_id);
    }
    body_done(&body);
    dynamodb_channel_close(channel);
    return status;
}

enum status dynamodb_store_takeover(struct dynamodb *dynamodb, const char *table, uint32_t number,
                                    const uint8_t old_id[STORE_JOURNAL_ID_BYTES],
                                    const uint8_t new_id[STORE_JOURNAL_ID_BYTES], struct error *err)
{
    struct dynamodb_channel *channel = NULL;
    struct body body = {0};
    struct writer writer;
    struct writer_state before;
    enum status status = with_writer(dynamodb, table, number, &channel, &body, &writer, err);
    if (status == STATUS_OK)
        status = writer_take_over(&writer, old_id, new_id, &before, err);
    body_done(&body);
    dynamodb_channel_close(channel);
    return status;
}
