/*
 * recovery.c - from what is on disk to the state before the stop.
 *
 * The store says which batch it applied last and which record sealed it. Everything behind that
 * record is replayed, blindly: groups are counted as they stand, a SEAL(n) makes the same batch n
 * as it did the first time, and that batch waits for the store thread, so that starting does not
 * wait for the store. What follows the last seal stays live. The last group before that record is
 * looked at once more, for its receive time. Ids come from the fingerprint files (up to the last
 * applied seal) and from the same replay. Nothing here reads the clock, the configuration or a time
 * zone.
 *
 * Refused: a store that follows another journal (the store's affair), that is ahead of the
 * journal (the journal was rolled back), or behind its oldest segment (the store was).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/engine_parts.h"

#include "model/record.h"

struct recovery {
    struct engine *engine;
    uint64_t seed;
    struct store_position applied; /* the store has what stands up to here */
    struct bytes fingerprints;     /* of the group at hand, uint64_t each */
};

static enum status no_memory_for_ids(struct error *err)
{
    return fail(err, STATUS_NO_MEMORY, "no memory to load the window of ids");
}

static enum status add_from_files(void *context, int64_t hour, const uint64_t *fingerprints,
                                  size_t count, struct error *err)
{
    struct engine *engine = context;
    dedupe_window_advance(engine->window, hour);
    if (hour * ms_per_hour > engine->received_ms)
        engine->received_ms = hour * ms_per_hour;
    for (size_t i = 0; i < count; i++) {
        if (i + DEDUPE_FETCH_AHEAD < count)
            dedupe_window_prefetch(engine->window, fingerprints[i + DEDUPE_FETCH_AHEAD]);
        if (fingerprints[i] == 0 ||
            dedupe_window_add(engine->window, fingerprints[i]) == DEDUPE_NO_MEMORY)
            return no_memory_for_ids(err);
    }
    return STATUS_OK;
}

/* The fingerprints of a group's ids, into recovery->fingerprints. */
static enum status collect_ids(struct recovery *recovery, struct text record, struct error *err)
{
    const uint8_t *from = (const uint8_t *)record.at + RECORD_HEAD_BYTES;
    const uint8_t *end = (const uint8_t *)record.at + record.len;
    recovery->fingerprints.len = 0;
    while (from < end) {
        struct entry entry;
        enum status status = entry_decode(&from, end, &entry, err);
        if (status != STATUS_OK)
            return status;
        if (entry.kind != ENTRY_EVENT || entry.event.id.at == NULL)
            continue;
        uint64_t fingerprint =
            dedupe_fingerprint(recovery->seed, entry.event.user_id, entry.event.id);
        if (!bytes_append(&recovery->fingerprints, &fingerprint, sizeof fingerprint))
            return no_memory_for_ids(err);
    }
    return STATUS_OK;
}

/* The ids of a group enter the window, and wait for the seal as they did the first time. */
static enum status remember_ids(struct recovery *recovery, const struct record_head *head,
                                struct text record, struct error *err)
{
    struct engine *engine = recovery->engine;
    int64_t hour = head->received_ms / ms_per_hour;
    dedupe_window_advance(engine->window, hour);
    enum status status = collect_ids(recovery, record, err);
    if (status != STATUS_OK)
        return status;
    const uint64_t *fingerprints = (const uint64_t *)(const void *)recovery->fingerprints.at;
    size_t count = recovery->fingerprints.len / sizeof *fingerprints;
    if (!pending_ids_reserve(&engine->pending, count))
        return no_memory_for_ids(err);
    for (size_t i = 0; i < count; i++) {
        if (i + DEDUPE_FETCH_AHEAD < count)
            dedupe_window_prefetch(engine->window, fingerprints[i + DEDUPE_FETCH_AHEAD]);
        if (dedupe_window_add(engine->window, fingerprints[i]) == DEDUPE_NO_MEMORY)
            return no_memory_for_ids(err);
        pending_ids_add(&engine->pending, hour, fingerprints[i]);
    }
    return STATUS_OK;
}

static enum status replay_group(struct recovery *recovery, const struct record_head *head,
                                uint64_t seq, struct text record, struct error *err)
{
    struct engine *engine = recovery->engine;
    if (rollup_is_empty(engine->live))
        engine->live_oldest_ms = head->received_ms;
    if (head->received_ms > engine->received_ms)
        engine->received_ms = head->received_ms;
    if (store_is_shared(engine->store))
        engine->tail = group_tail(record);
    enum status status = rollup_apply_group(engine->live, record, seq, err);
    if (status == STATUS_OK)
        status = remember_ids(recovery, head, record, err);
    if (status == STATUS_OK && recovery->fingerprints.len > 0)
        engine->ids_seq_last = seq;
    return status;
}

/*
 * The batch is whole again: it waits for the store thread, as it did before the stop. A batch is
 * sealed only when the one before is in the store, so there is one at most; a journal that says
 * otherwise is followed all the same, in order.
 */
static enum status replay_seal(struct engine *engine, const struct record_head *head, uint64_t seq,
                               struct error *err)
{
    enum status status = STATUS_OK;
    uint64_t batch = rollup_batch(engine->live);
    if (head->batch != batch)
        return fail(
            err, STATUS_CORRUPT, "journal record %llu seals batch %llu where batch %llu is due",
            (unsigned long long)seq, (unsigned long long)head->batch, (unsigned long long)batch);
    struct rollup *fresh = rollup_new_behind(engine->live);
    if (fresh == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for a new rollup");
    if (engine->recovered.rollup != NULL) {
        status = engine_apply(engine, &engine->recovered, err);
        if (status == STATUS_OK)
            status = store_maintain(engine->store, err);
        sealed_done(&engine->recovered);
        rollup_unref(engine->frozen);
        engine->frozen = NULL;
    }
    engine->recovered = (struct sealed){.rollup = engine->live,
                                        .seq = seq,
                                        .tail = engine->tail,
                                        .oldest_ms = engine->live_oldest_ms,
                                        .ids = engine->pending};
    engine->frozen = rollup_ref(engine->live);
    engine->live = fresh;
    engine->pending = (struct pending_ids){0};
    return status;
}

/*
 * Whether a record that the store has is the one that it has. A folder that was copied, or set
 * back, and went on by itself has other records under the same numbers; taking the store's position
 * for ours would drop what only this journal holds.
 */
static enum status check_applied(const struct recovery *recovery, const struct record_head *head,
                                 uint64_t seq, struct text payload, struct error *err)
{
    const struct store_position *applied = &recovery->applied;
    bool same = true;
    if (applied->tail == 0)
        return STATUS_OK;
    if (seq == applied->seq)
        same = head->kind == RECORD_SEAL && head->batch == applied->batch;
    else if (seq + 1 == applied->seq)
        same = head->kind == RECORD_GROUP && group_tail(payload) == applied->tail;
    if (same)
        return STATUS_OK;
    return fail(err, STATUS_FOREIGN,
                "the store holds batch %llu up to record %llu of this journal, and record %llu is "
                "another one here: the folder is a copy, or was set back, and both went on. Keep "
                "the other one; what only this one has is in its journal (\"footfall journal "
                "dump\")",
                (unsigned long long)applied->batch, (unsigned long long)applied->seq,
                (unsigned long long)seq);
}

static enum status replay_record(void *context, uint64_t seq, struct text payload,
                                 struct error *err)
{
    struct recovery *recovery = context;
    struct record_head head;
    enum status status = record_head_decode(payload, &head, err);
    if (status == STATUS_OK && seq <= recovery->applied.seq) {
        /* else here for its time only: receive times go on from it, whatever the clock says now */
        if (head.kind == RECORD_GROUP && head.received_ms > recovery->engine->received_ms)
            recovery->engine->received_ms = head.received_ms;
        return check_applied(recovery, &head, seq, payload, err);
    }
    if (status == STATUS_OK && head.kind == RECORD_GROUP)
        status = replay_group(recovery, &head, seq, payload, err);
    else if (status == STATUS_OK)
        status = replay_seal(recovery->engine, &head, seq, err);
    recovery->engine->replayed_records++;
    return status;
}

static enum status check_positions(struct engine *engine, const struct store_position *position,
                                   struct error *err)
{
    uint64_t first = journal_seq_first(engine->journal);
    uint64_t last = journal_seq_last(engine->journal);
    if (position->seq > last)
        return fail(err, STATUS_FOREIGN,
                    "the store holds record %llu of the journal, whose last is %llu: the journal "
                    "is older than the store; restore both from one backup",
                    (unsigned long long)position->seq, (unsigned long long)last);
    if (position->seq + 1 < first)
        return fail(err, STATUS_FOREIGN,
                    "the store ends at record %llu of the journal, which begins at %llu: the store "
                    "is older than the journal, or missing; restore both from one backup",
                    (unsigned long long)position->seq, (unsigned long long)first);
    return STATUS_OK;
}

enum status engine_recover(struct engine *engine, struct error *err)
{
    struct recovery recovery = {.engine = engine, .seed = dedupe_files_seed(engine->dedupe_files)};
    struct store_position position = {0};
    uint64_t started_ns = monotonic_ns();

    enum status status = store_get_position(engine->store, &position, err);
    if (status == STATUS_OK)
        status = check_positions(engine, &position, err);
    if (status == STATUS_OK)
        status = dedupe_files_load(engine->dedupe_files, add_from_files, engine, err);
    if (status != STATUS_OK)
        return status;

    engine->live = rollup_new(position.batch + 1, journal_id(engine->journal));
    if (engine->live == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for a new rollup");
    recovery.applied = position;
    engine->ids_seq_last = position.seq;
    uint64_t from = engine_released_by(position.seq) + 1;
    if (from < journal_seq_first(engine->journal))
        from = journal_seq_first(engine->journal);
    if (from <= journal_seq_last(engine->journal)) {
        status = journal_replay(engine->journal, from, replay_record, &recovery, err);
        bytes_done(&recovery.fingerprints);
        if (status != STATUS_OK)
            return status;
    }
    engine->replay_ns = monotonic_ns() - started_ns;

    engine->batch_applied = rollup_batch(engine->live) - 1;
    if (engine->frozen != NULL) {
        engine->batch_applied--;
        atomic_store(&engine->frozen_bytes, rollup_bytes(engine->frozen));
        atomic_store(&engine->oldest_frozen_ms, engine->recovered.oldest_ms);
    }
    atomic_store(&engine->batch_live, rollup_batch(engine->live));
    atomic_store(&engine->live_bytes, rollup_bytes(engine->live));
    atomic_store(&engine->live_listing_days, rollup_listing_days(engine->live));
    atomic_store(&engine->dedupe_ids, dedupe_window_ids(engine->window));
    if (!rollup_is_empty(engine->live)) {
        atomic_store(&engine->oldest_live_ms, engine->live_oldest_ms);
        engine->seal_asked = true; /* crash after crash must not pile up journal */
    }
    return STATUS_OK;
}
