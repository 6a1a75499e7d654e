/*
 * commit.c - one turn of the writer: set repeats aside, make durable, count, answer; in that order.
 *
 * Why nothing is called a duplicate of something that could still be lost: ids are looked up only
 * by the committing thread, a group at a time. What it finds in the window is either durable, or
 * stands in this very group, whose submissions are answered together. A group that is refused
 * takes its ids back; after a failed sync nothing is accepted any more.
 *
 * Why nothing can fail between the sync and the answer: memory for counting the group and for its
 * ids is reserved before the append.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <string.h>

#include "engine/engine_parts.h"
#include "model/record.h"

/* The entries' ids enter the window; entries whose id stands there are marked. */
static enum status set_repeats_aside(struct engine *engine, struct group *group, uint32_t *repeats,
                                     struct error *err)
{
    *repeats = 0;
    for (uint32_t i = 0; i < group->entry_count; i++) {
        uint32_t ahead = i + DEDUPE_FETCH_AHEAD;
        if (ahead < group->entry_count && group->entries[ahead].fingerprint != 0)
            dedupe_window_prefetch(engine->window, group->entries[ahead].fingerprint);
        struct group_entry *entry = &group->entries[i];
        entry->repeated = false;
        entry->set_aside = false;
        if (entry->fingerprint == 0)
            continue;
        switch (dedupe_window_add(engine->window, entry->fingerprint)) {
        case DEDUPE_NEW:
            break;
        case DEDUPE_REPEATED:
            entry->repeated = true;
            *repeats += 1;
            break;
        case DEDUPE_NO_MEMORY:
            for (uint32_t k = 0; k < i; k++)
                if (group->entries[k].fingerprint != 0 && !group->entries[k].repeated)
                    dedupe_window_remove(engine->window, group->entries[k].fingerprint);
            return fail(err, STATUS_NO_MEMORY, "no memory to remember ids");
        }
    }
    return STATUS_OK;
}

static void take_ids_back(struct engine *engine, const struct group *group)
{
    for (uint32_t i = 0; i < group->entry_count; i++)
        if (group->entries[i].fingerprint != 0 && !group->entries[i].repeated)
            dedupe_window_remove(engine->window, group->entries[i].fingerprint);
}

/* The group's record is not appended. */
static void let_go_of_ids(struct engine *engine, const struct group *group, uint64_t seq)
{
    take_ids_back(engine, group);
    if (engine->claims.wanted)
        engine_release_ids(engine, group, seq);
}

static bool is_left_out(const struct group_entry *entry)
{
    return entry->repeated || entry->set_aside;
}

/* Closes the gaps that entries leave in the record which do not belong there. */
static void leave_out(struct group *group)
{
    size_t to = RECORD_HEAD_BYTES;
    for (uint32_t i = 0; i < group->entry_count; i++) {
        size_t start = group->entries[i].offset;
        size_t end = i + 1 < group->entry_count ? group->entries[i + 1].offset : group->record.len;
        if (is_left_out(&group->entries[i])) {
            group->entries[i].fingerprint = 0; /* nobody's business any more */
            continue;
        }
        group->entries[i].offset = (uint32_t)to;
        memmove(group->record.at + to, group->record.at + start, end - start);
        to += end - start;
    }
    group->record.len = to;
}

/* Counts a durable group. Everything it needs has been reserved. */
static void count_group(struct engine *engine, const struct group *group, uint64_t seq)
{
    struct error err;
    struct text record = {(const char *)group->record.at, group->record.len};

    pthread_rwlock_wrlock(&engine->rollup_lock);
    bool was_empty = rollup_is_empty(engine->live);
    enum status status = rollup_apply_group(engine->live, record, seq, &err);
    assert(status == STATUS_OK);
    (void)status;
    size_t live_bytes = rollup_bytes(engine->live);
    size_t listing_days = rollup_listing_days(engine->live);
    pthread_rwlock_unlock(&engine->rollup_lock);

    /* After counting: who sees the new version sees the new counts. */
    for (uint32_t i = 0; i < group->entry_count; i++)
        if (!is_left_out(&group->entries[i]))
            atomic_store_explicit(&engine->versions[group->entries[i].version_slot], seq,
                                  memory_order_release);

    if (was_empty) {
        engine->live_oldest_ms = engine->received_ms;
        atomic_store(&engine->live_since_ns, monotonic_ns());
        atomic_store_explicit(&engine->oldest_live_ms, engine->received_ms, memory_order_relaxed);
    }
    atomic_store_explicit(&engine->live_bytes, live_bytes, memory_order_relaxed);
    atomic_store_explicit(&engine->live_listing_days, listing_days, memory_order_relaxed);
    atomic_store_explicit(&engine->behind, live_bytes >= engine->rollup_bytes_max / 2,
                          memory_order_relaxed);
}

/* Wakes the store thread when the live rollup is large enough, or has just begun to wait. */
static void ask_for_seal(struct engine *engine, bool was_empty)
{
    struct journal_stats stats;
    journal_get_stats(engine->journal, &stats);
    if (engine->journal_bytes_max != 0 && stats.held_bytes >= engine->journal_bytes_max)
        atomic_store_explicit(&engine->journal_full, true, memory_order_relaxed);
    bool large = atomic_load(&engine->live_bytes) >= engine->rollup_bytes_max / 4 ||
                 stats.appended_bytes - engine->live_journal_mark >= engine->seal_journal_bytes;
    if (!large && !was_empty)
        return;
    pthread_mutex_lock(&engine->state_lock);
    if ((large && !engine->seal_asked) || was_empty) {
        engine->seal_asked = engine->seal_asked || large;
        pthread_cond_broadcast(&engine->state_changed);
    }
    pthread_mutex_unlock(&engine->state_lock);
}

/* Every step up to the sync. STATUS_OK: durable and counted, or nothing in it was new. */
static enum status make_durable(struct engine *engine, struct group *group, struct error *err)
{
    enum status status = STATUS_OK;
    if (atomic_load(&engine->failed))
        return engine_check_acceptance(engine, err);

    int64_t now_ms = clock_now_ms(&engine->clock);
    if (now_ms > engine->received_ms)
        engine->received_ms = now_ms;
    int64_t hour = engine->received_ms / ms_per_hour;
    dedupe_window_advance(engine->window, hour);

    uint32_t left_out = 0;
    uint64_t seq = journal_seq_last(engine->journal) + 1;
    if (!pending_ids_reserve(&engine->pending, group->entry_count))
        return fail(err, STATUS_NO_MEMORY, "no memory to remember ids");
    status = set_repeats_aside(engine, group, &left_out, err);
    if (status != STATUS_OK)
        return status;
    if (engine->claims.wanted) {
        status = engine_claim_ids(engine, group, seq, &left_out, err);
        if (status != STATUS_OK) {
            take_ids_back(engine, group);
            return status;
        }
    }
    if (left_out == group->entry_count)
        return STATUS_OK;
    if (left_out > 0)
        leave_out(group);

    /* only this thread changes the live rollup, but readers may be in it */
    pthread_rwlock_wrlock(&engine->rollup_lock);
    bool was_empty = rollup_is_empty(engine->live);
    status = rollup_reserve(engine->live, group->entry_count - left_out, group->record.len, err);
    pthread_rwlock_unlock(&engine->rollup_lock);
    if (status != STATUS_OK) {
        let_go_of_ids(engine, group, seq);
        return status;
    }

    struct record_head head = {.kind = RECORD_GROUP, .received_ms = engine->received_ms};
    record_head_encode(&head, group->record.at);
    struct text part = {(const char *)group->record.at, group->record.len};
    uint64_t appended = 0;
    uint64_t started_ns = monotonic_ns();
    status = journal_append(engine->journal, JOURNAL_EVENTS, &part, 1, &appended, err);
    atomic_store_explicit(&engine->disk_full, status == STATUS_DISK_FULL, memory_order_relaxed);
    if (status != STATUS_OK) {
        if (status == STATUS_UNKNOWN)
            take_ids_back(engine, group); /* claimed they stay: it may be durable */
        else
            let_go_of_ids(engine, group, seq);
        if (status == STATUS_UNKNOWN || status == STATUS_STOPPED) {
            atomic_store(&engine->failed, true);
            engine_notify(engine, "recording_ended", err);
        }
        return status;
    }
    assert(appended == seq);
    if (store_is_shared(engine->store))
        engine->tail = group_tail(part);
    uint64_t durable_ns = monotonic_ns();
    histogram_add(&engine->sync_times, durable_ns - started_ns);

    count_group(engine, group, seq);
    watch_group(&engine->watch, group, durable_ns);
    for (uint32_t i = 0; i < group->entry_count; i++)
        if (group->entries[i].fingerprint != 0 && !is_left_out(&group->entries[i]))
            pending_ids_add(&engine->pending, hour, group->entries[i].fingerprint);
    ask_for_seal(engine, was_empty);
    return STATUS_OK;
}

/* Each submission exactly once, whatever happened. Its owner may free it from `done` on. */
static void answer(struct engine *engine, struct group *group, enum status status,
                   const struct error *err)
{
    uint64_t recorded[EVENT_TYPES + 1] = {0};
    uint64_t repeated = 0;
    uint64_t refused = 0;
    for (struct submission *submission = group->first; submission != NULL;) {
        struct submission *next = submission->next;
        const struct group_entry *first = &group->entries[submission->entry_first];
        if (status == STATUS_OK && submission->entry_count > 0 && first->set_aside) {
            submission->error = engine->claims.open;
            refused += submission->entry_count;
        } else if (status == STATUS_OK) {
            for (uint32_t i = 0; i < submission->entry_count; i++) {
                const struct group_entry *entry = &group->entries[submission->entry_first + i];
                if (entry->repeated) {
                    submission->duplicates++;
                    repeated++;
                } else {
                    submission->recorded++;
                    recorded[entry->type]++;
                }
            }
        } else {
            submission->error = *err;
            refused += submission->entry_count;
        }
        atomic_store_explicit(&submission->done, true, memory_order_release);
        submission = next;
    }
    for (int type = 0; type < EVENT_TYPES; type++)
        atomic_fetch_add_explicit(&engine->events_recorded[type], recorded[type],
                                  memory_order_relaxed);
    atomic_fetch_add_explicit(&engine->events_duplicate, repeated, memory_order_relaxed);
    atomic_fetch_add_explicit(&engine->events_refused, refused, memory_order_relaxed);
    atomic_fetch_add_explicit(&engine->groups, 1, memory_order_relaxed);
}

void engine_commit(struct engine *engine)
{
    pthread_mutex_lock(&engine->commit_lock);
    pthread_mutex_lock(&engine->gather_lock);
    struct group *group = engine->gathering;
    if (group->first == NULL) {
        pthread_mutex_unlock(&engine->gather_lock);
        pthread_mutex_unlock(&engine->commit_lock);
        return;
    }
    engine->gathering = engine->spare;
    engine->gathering->number = group->number + 1;
    atomic_store_explicit(&engine->has_gathered, false, memory_order_release);
    atomic_store_explicit(&engine->gathered_bytes, 0, memory_order_relaxed);
    pthread_mutex_unlock(&engine->gather_lock);

    struct error err;
    enum status status = make_durable(engine, group, &err);
    answer(engine, group, status, &err);
    atomic_store_explicit(&engine->dedupe_ids, dedupe_window_ids(engine->window),
                          memory_order_relaxed);
    uint64_t dropped = dedupe_window_dropped(engine->window);
    if (atomic_exchange_explicit(&engine->dedupe_dropped, dropped, memory_order_relaxed) !=
        dropped) {
        fail(&err, STATUS_OVERLOADED,
             "the window of ids is full at %llu: the oldest ids were forgotten early",
             (unsigned long long)dedupe_window_ids_max(engine->window));
        engine_notify(engine, "dedupe_window_full", &err);
    }
    group_clear(group, 0);
    engine->spare = group;
    pthread_mutex_unlock(&engine->commit_lock);
}

enum status engine_seal(struct engine *engine, struct rollup *fresh, struct sealed *out,
                        struct error *err)
{
    enum status status = STATUS_OK;
    *out = (struct sealed){0};
    if (rollup_is_empty(engine->live))
        goto cleanup;
    if (atomic_load(&engine->failed)) {
        status = engine_check_acceptance(engine, err);
        goto cleanup;
    }
    uint64_t batch = rollup_batch(engine->live);
    assert(rollup_batch(fresh) == batch + 1);

    struct record_head head = {.kind = RECORD_SEAL, .batch = batch};
    uint8_t record[RECORD_HEAD_BYTES];
    record_head_encode(&head, record);
    struct text part = {(const char *)record, sizeof record};
    uint64_t seq = 0;
    status = journal_append(engine->journal, JOURNAL_CONTROL, &part, 1, &seq, err);
    if (status != STATUS_OK) {
        if (status == STATUS_UNKNOWN || status == STATUS_STOPPED) {
            atomic_store(&engine->failed, true);
            engine_notify(engine, "recording_ended", err);
        }
        goto cleanup;
    }

    pthread_rwlock_wrlock(&engine->rollup_lock);
    assert(engine->frozen == NULL);
    engine->frozen = engine->live;
    engine->live = fresh;
    fresh = NULL;
    pthread_rwlock_unlock(&engine->rollup_lock);

    struct journal_stats stats;
    journal_get_stats(engine->journal, &stats);
    engine->live_journal_mark = stats.appended_bytes;
    *out = (struct sealed){.rollup = rollup_ref(engine->frozen),
                           .seq = seq,
                           .tail = engine->tail,
                           .oldest_ms = engine->live_oldest_ms,
                           .ids = engine->pending};
    engine->pending = (struct pending_ids){0};

    atomic_store(&engine->frozen_bytes, atomic_load(&engine->live_bytes));
    atomic_store(&engine->oldest_frozen_ms, engine->live_oldest_ms);
    atomic_store(&engine->oldest_live_ms, 0);
    atomic_store(&engine->live_bytes, 0);
    atomic_store(&engine->live_listing_days, 0);
    atomic_store(&engine->behind, false);
    atomic_store(&engine->batch_live, batch + 1);

cleanup:
    rollup_unref(fresh);
    return status;
}
