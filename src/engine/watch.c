/*
 * watch.c - which listings a commit changed, for those who show them live.
 *
 * A listing has a mark: a hash of its user's and its own id, one of WATCH_MARKS. For each there is
 * a bit, set while somebody watches, and the moment of the last commit that changed it. After a
 * group is counted the committer looks up one bit an entry, and writes the moment where it is set:
 * it never waits, never allocates, and loses nothing however far behind a watcher is, because the
 * moment says "since then", not "once". Two listings with one mark cost the watcher a needless
 * look, no more.
 *
 * Nothing is missed when watching begins: the watcher sets the bit and then reads the counts, under
 * the rollup's lock. A group that was counted before is in what it read; one that is counted after
 * takes the lock after the watcher gave it back, and so sees the bit. Marks are hashed when entries
 * are gathered, and only while anybody watches; a group with entries from before that says that
 * everything has changed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/engine_parts.h"

enum { WATCH_MARKS = 1024 * 1024 }; /* a power of two; only pages that are used take memory */

enum status watch_init(struct watch *watch, struct error *err)
{
    watch->changed_ns = calloc(WATCH_MARKS, sizeof *watch->changed_ns);
    watch->watched = calloc(WATCH_MARKS / 64, sizeof *watch->watched);
    if (watch->changed_ns == NULL || watch->watched == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to watch listings");
    return STATUS_OK;
}

void watch_done(struct watch *watch)
{
    free(watch->changed_ns);
    free(watch->watched);
}

uint32_t engine_mark_of(struct text user_id, struct text listing_id)
{
    uint64_t user = XXH3_64bits(user_id.at, user_id.len);
    uint64_t hash = XXH3_64bits_withSeed(listing_id.at, listing_id.len, user);
    uint32_t mark = (uint32_t)hash & (WATCH_MARKS - 1);
    return mark == WATCH_NO_MARK ? 1 : mark;
}

void engine_watch(struct engine *engine, uint32_t mark)
{
    struct watch *watch = &engine->watch;
    atomic_fetch_or(&watch->watched[mark / 64], (uint64_t)1 << mark % 64);
    atomic_store(&watch->anybody, true);
}

void engine_unwatch_all(struct engine *engine)
{
    struct watch *watch = &engine->watch;
    atomic_store(&watch->anybody, false);
    for (size_t i = 0; i < WATCH_MARKS / 64; i++)
        if (atomic_load_explicit(&watch->watched[i], memory_order_relaxed) != 0)
            atomic_store_explicit(&watch->watched[i], 0, memory_order_relaxed);
}

uint64_t engine_mark_changed_ns(const struct engine *engine, uint32_t mark)
{
    const struct watch *watch = &engine->watch;
    uint64_t all_ns = atomic_load_explicit(&watch->all_changed_ns, memory_order_acquire);
    uint64_t mark_ns = atomic_load_explicit(&watch->changed_ns[mark], memory_order_acquire);
    return mark_ns > all_ns ? mark_ns : all_ns;
}

uint64_t engine_changed_ns(const struct engine *engine)
{
    return atomic_load_explicit(&engine->watch.last_ns, memory_order_acquire);
}

void watch_group(struct watch *watch, const struct group *group, uint64_t now_ns)
{
    if (atomic_load(&watch->anybody)) {
        for (uint32_t i = 0; i < group->entry_count; i++) {
            const struct group_entry *entry = &group->entries[i];
            uint32_t mark = entry->mark;
            if (entry->repeated || entry->set_aside || entry->type == EVENT_TYPES)
                continue;
            if (mark == WATCH_NO_MARK)
                atomic_store_explicit(&watch->all_changed_ns, now_ns, memory_order_release);
            else if ((atomic_load_explicit(&watch->watched[mark / 64], memory_order_relaxed) >>
                          mark % 64 &
                      1) != 0)
                atomic_store_explicit(&watch->changed_ns[mark], now_ns, memory_order_release);
        }
    }
    atomic_store_explicit(&watch->last_ns, now_ns, memory_order_release);
}

void watch_all(struct watch *watch, uint64_t now_ns)
{
    atomic_store_explicit(&watch->all_changed_ns, now_ns, memory_order_release);
    atomic_store_explicit(&watch->last_ns, now_ns, memory_order_release);
}
