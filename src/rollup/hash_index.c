/*
 * hash_index.c - growth: at most half full, so that a probe's run stays short.
 *
 * Slots are met in random order: in memory that the system has only promised, each of the first
 * thousands of them costs a page fault, and the first group counted in a fresh index took 50 times
 * as long as the next ones. So the pages of a large index are asked for in one call, when it is
 * made.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rollup/hash_index.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { SLOTS_MIN = 64, PAGE_BYTES = 4096, POPULATED_BYTES_MIN = 256 * 1024 };
static const uint32_t items_max = UINT32_C(1) << 30;

/*
 * Empty slots whose memory is there; in large pages, where the system has them, because looking
 * pages up costs as much as the memory itself. What a system does not know it leaves as it is.
 */
static struct hash_index_slot *make_slots(uint32_t count)
{
    size_t bytes = count * sizeof(struct hash_index_slot);
    struct hash_index_slot *slots = calloc(count, sizeof *slots);
    if (slots == NULL || bytes < POPULATED_BYTES_MIN)
        return slots;
    uintptr_t mask = PAGE_BYTES - 1;
    uintptr_t first = ((uintptr_t)slots + mask) & ~mask;
    uintptr_t end = ((uintptr_t)slots + bytes) & ~mask;
#ifdef MADV_HUGEPAGE
    (void)madvise((void *)first, end - first, MADV_HUGEPAGE);
#endif
#ifdef MADV_POPULATE_WRITE
    (void)madvise((void *)first, end - first, MADV_POPULATE_WRITE);
#endif
    return slots;
}

bool hash_index_reserve(struct hash_index *index, uint32_t more)
{
    if (more > items_max - index->used)
        return false;
    uint32_t slots = index->slots == NULL ? 0 : index->mask + 1;
    if (slots / 2 >= index->used + more && slots > 0)
        return true;

    uint32_t want = slots < SLOTS_MIN ? SLOTS_MIN : slots;
    while (want / 2 < index->used + more)
        want *= 2;
    struct hash_index_slot *grown = make_slots(want);
    if (grown == NULL)
        return false;
    uint32_t mask = want - 1;
    for (uint32_t i = 0; i < slots; i++) {
        struct hash_index_slot slot = index->slots[i];
        if (slot.item_plus_1 == 0)
            continue;
        uint32_t at = slot.tag & mask;
        while (grown[at].item_plus_1 != 0)
            at = (at + 1) & mask;
        grown[at] = slot;
    }
    free(index->slots);
    index->slots = grown;
    index->mask = mask;
    return true;
}

void hash_index_done(struct hash_index *index)
{
    free(index->slots);
    *index = (struct hash_index){0};
}

size_t hash_index_bytes(const struct hash_index *index)
{
    return index->slots == NULL ? 0 : ((size_t)index->mask + 1) * sizeof *index->slots;
}
