/*
 * hash_index.h - from a hash to the numbers of items kept elsewhere.
 *
 * Open addressing with linear probing; a slot holds 32 bits of the hash, enough to grow without
 * the items and to touch an item only when they agree, and the item's number. Items are never
 * removed. Hashes must be well mixed (XXH3).
 *
 *     for (uint32_t at = hash_index_start(index, hash), item;
 *          (item = hash_index_next(index, hash, &at)) != HASH_INDEX_NONE;)
 *         if (items[item] is the one) return item;
 *
 * Threads: none inside.
 */
#ifndef FOOTFALL_ROLLUP_HASH_INDEX_H
#define FOOTFALL_ROLLUP_HASH_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define HASH_INDEX_NONE UINT32_MAX

struct hash_index_slot {
    uint32_t tag;         /* the hash's upper half; its lower bits are the slot's home */
    uint32_t item_plus_1; /* 0: empty */
};

/* Start as {0}. */
struct hash_index {
    struct hash_index_slot *slots;
    uint32_t mask; /* slots - 1; a power of two less one */
    uint32_t used;
};

/* Makes room for `more` items. false when out of memory; nothing changed. */
MUST_USE bool hash_index_reserve(struct hash_index *index, uint32_t more);
void hash_index_done(struct hash_index *index);
size_t hash_index_bytes(const struct hash_index *index);

static inline uint32_t hash_index_start(const struct hash_index *index, uint64_t hash)
{
    return (uint32_t)(hash >> 32) & index->mask;
}

static inline void hash_index_prefetch(const struct hash_index *index, uint64_t hash)
{
    __builtin_prefetch(&index->slots[hash_index_start(index, hash)]);
}

/* The next item whose hash may be this one. The index must have been reserved once. */
static inline uint32_t hash_index_next(const struct hash_index *index, uint64_t hash, uint32_t *at)
{
    uint32_t tag = (uint32_t)(hash >> 32);
    for (;;) {
        const struct hash_index_slot *slot = &index->slots[*at];
        if (slot->item_plus_1 == 0)
            return HASH_INDEX_NONE;
        *at = (*at + 1) & index->mask;
        if (slot->tag == tag)
            return slot->item_plus_1 - 1;
    }
}

/* Adds an item that is not there yet; room must have been reserved. */
static inline void hash_index_add(struct hash_index *index, uint64_t hash, uint32_t item)
{
    uint32_t at = hash_index_start(index, hash);
    while (index->slots[at].item_plus_1 != 0)
        at = (at + 1) & index->mask;
    index->slots[at] = (struct hash_index_slot){(uint32_t)(hash >> 32), item + 1};
    index->used++;
}

#endif
