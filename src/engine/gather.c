/*
 * gather.c - submissions: encoded behind one another into the group that the next commit takes.
 *
 * A submission is in the group whole or not at all: what was encoded of one that does not fit, or
 * finds no memory, is taken back before the lock is let go. What a commit must know of an entry
 * beside its bytes is worked out here, by the submitting thread.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/engine_parts.h"
#include "model/record.h"

static uint32_t version_slot(struct text user_id)
{
    return (uint32_t)XXH3_64bits(user_id.at, user_id.len) & (VERSION_SLOTS - 1);
}

uint64_t engine_user_version(const struct engine *engine, struct text user_id)
{
    /* Neither ever goes back, so no sum comes twice. */
    return atomic_load_explicit(&engine->refreshes, memory_order_acquire) +
           atomic_load_explicit(&engine->versions[version_slot(user_id)], memory_order_acquire);
}

/* Looked at again by each who is refused: the store's catching up is told to nobody. */
static bool journal_is_full(struct engine *engine)
{
    if (!atomic_load_explicit(&engine->journal_full, memory_order_relaxed))
        return false;
    struct journal_stats stats;
    journal_get_stats(engine->journal, &stats);
    bool full = stats.held_bytes >= engine->journal_bytes_max;
    if (!full)
        atomic_store_explicit(&engine->journal_full, false, memory_order_relaxed);
    return full;
}

enum status engine_check_acceptance(struct engine *engine, struct error *err)
{
    if (atomic_load_explicit(&engine->failed, memory_order_relaxed))
        return fail(err, STATUS_STOPPED,
                    "recording has ended because a sync of the journal failed: see the log, look "
                    "after the disk, then restart");
    if (atomic_load_explicit(&engine->behind, memory_order_relaxed))
        return fail(err, STATUS_BEHIND,
                    "the store is behind and the memory for uncounted events is full: try again");
    if (journal_is_full(engine))
        return fail(err, STATUS_BEHIND,
                    "the store is behind and the journal is at its bound (journal-bytes): try "
                    "again");
    return STATUS_OK;
}

enum status engine_check(struct engine *engine, struct error *err)
{
    enum status status = engine_check_acceptance(engine, err);
    if (status != STATUS_OK || !atomic_load_explicit(&engine->disk_full, memory_order_relaxed))
        return status;
    struct journal_stats stats;
    journal_get_stats(engine->journal, &stats);
    if (!stats.disk_full)
        return STATUS_OK; /* there is room again; nobody has recorded since */
    return fail(err, STATUS_DISK_FULL, "the disk is full: events are refused until there is room");
}

/* With gather_lock held: whether `count` entries may be added. */
static enum status check_room(const struct group *group, size_t count, struct error *err)
{
    if (group->entry_count + count > GROUP_ENTRIES_MAX)
        return fail(err, STATUS_OVERLOADED, "too many events wait for the disk: try again");
    return STATUS_OK;
}

/* The record has grown by what was encoded behind entry_first: keep it or take it back. */
static enum status accept(struct engine *engine, struct group *group, uint32_t entry_first,
                          size_t record_len, struct submission *submission, struct error *err)
{
    if (group->record.len - RECORD_HEAD_BYTES > engine->group_bytes_max) {
        size_t encoded = group->record.len - record_len;
        group->record.len = record_len;
        group->entry_count = entry_first;
        if (encoded > engine->group_bytes_max)
            return fail(err, STATUS_TOO_LARGE,
                        "these events need %zu bytes of journal, more than one record holds (%llu)",
                        encoded, (unsigned long long)engine->group_bytes_max);
        return fail(err, STATUS_OVERLOADED, "too many events wait for the disk: try again");
    }
    *submission = (struct submission){.entry_first = entry_first,
                                      .entry_count = group->entry_count - entry_first,
                                      .group = group->number};
    if (group->last == NULL)
        group->first = submission;
    else
        group->last->next = submission;
    group->last = submission;
    atomic_store_explicit(&engine->has_gathered, true, memory_order_release);
    atomic_store_explicit(&engine->gathered_bytes, group->record.len, memory_order_relaxed);
    return STATUS_OK;
}

enum status engine_submit_events(struct engine *engine, const struct event *events, size_t count,
                                 struct submission *submission, struct error *err)
{
    if (count > ENGINE_SUBMISSION_EVENTS_MAX)
        return fail(err, STATUS_TOO_LARGE, "%zu events at once, the most is %d", count,
                    ENGINE_SUBMISSION_EVENTS_MAX);
    enum status status = engine_check_acceptance(engine, err);
    if (status != STATUS_OK)
        return status;

    uint64_t seed = dedupe_files_seed(engine->dedupe_files);
    bool watching = atomic_load_explicit(&engine->watch.anybody, memory_order_relaxed);
    pthread_mutex_lock(&engine->gather_lock);
    struct group *group = engine->gathering;
    uint32_t entry_first = group->entry_count;
    size_t record_len = group->record.len;
    status = check_room(group, count, err);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        const struct event *event = &events[i];
        group->entries[group->entry_count] = (struct group_entry){
            .offset = (uint32_t)group->record.len,
            .version_slot = version_slot(event->user_id),
            .mark = watching ? engine_mark_of(event->user_id, event->listing_id) : WATCH_NO_MARK,
            .fingerprint =
                event->id.at == NULL ? 0 : dedupe_fingerprint(seed, event->user_id, event->id),
            .type = (uint8_t)event->type};
        if (!entry_encode_event(&group->record, event)) {
            status = fail(err, STATUS_NO_MEMORY, "no memory to gather events");
            group->record.len = record_len;
            group->entry_count = entry_first;
            break;
        }
        group->entry_count++;
    }
    if (status == STATUS_OK)
        status = accept(engine, group, entry_first, record_len, submission, err);
    pthread_mutex_unlock(&engine->gather_lock);
    return status;
}

enum status engine_submit_listing(struct engine *engine, struct text user_id,
                                  struct text listing_id, const struct listing_details *details,
                                  struct submission *submission, struct error *err)
{
    enum status status = engine_check_acceptance(engine, err);
    if (status != STATUS_OK)
        return status;
    pthread_mutex_lock(&engine->gather_lock);
    struct group *group = engine->gathering;
    uint32_t entry_first = group->entry_count;
    size_t record_len = group->record.len;
    status = check_room(group, 1, err);
    if (status == STATUS_OK) {
        group->entries[group->entry_count] =
            (struct group_entry){.offset = (uint32_t)record_len,
                                 .version_slot = version_slot(user_id),
                                 .type = EVENT_TYPES};
        bool ok = details == NULL
                      ? entry_encode_listing_removed(&group->record, user_id, listing_id)
                      : entry_encode_listing_set(&group->record, user_id, listing_id, details);
        if (ok)
            group->entry_count++;
        else
            status = fail(err, STATUS_NO_MEMORY, "no memory to gather a listing");
    }
    if (status == STATUS_OK)
        status = accept(engine, group, entry_first, record_len, submission, err);
    pthread_mutex_unlock(&engine->gather_lock);
    return status;
}

bool engine_has_gathered(const struct engine *engine)
{
    return atomic_load_explicit(&engine->has_gathered, memory_order_acquire);
}
