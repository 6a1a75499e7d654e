/*
 * rollup.c - a rollup's memory: made, shared, measured, and grown before anything is counted.
 *
 * Room is made for the worst case, in which every entry brings a new user, listing, day, cell and
 * source. So counting allocates nothing, and cannot fail for want of memory half way.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rollup/rollup.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "rollup/rollup_parts.h"

enum {
    TEXTS_PER_ENTRY = 8, /* copied at most: two ids, source, key, content, four details */
    TEXT_CHUNK_BYTES = 1024 * 1024
};

struct rollup *rollup_new(uint64_t batch, const uint8_t journal_id[ROLLUP_JOURNAL_ID_BYTES])
{
    struct rollup *rollup = calloc(1, sizeof *rollup);
    if (rollup == NULL)
        return NULL;
    atomic_init(&rollup->references, 1);
    rollup->batch = batch;
    memcpy(rollup->journal_id, journal_id, sizeof rollup->journal_id);
    rollup->texts.chunk_bytes = TEXT_CHUNK_BYTES;
    if (getrandom(&rollup->seed, sizeof rollup->seed, 0) != (ssize_t)sizeof rollup->seed)
        rollup->seed = (uint64_t)(uintptr_t)rollup; /* weaker, still not the sender's choice */
    return rollup;
}

struct rollup *rollup_ref(struct rollup *rollup)
{
    atomic_fetch_add_explicit(&rollup->references, 1, memory_order_relaxed);
    return rollup;
}

void rollup_unref(struct rollup *rollup)
{
    if (rollup == NULL || atomic_fetch_sub(&rollup->references, 1) != 1)
        return;
    free(rollup->users.at);
    free(rollup->listings.at);
    free(rollup->days.at);
    free(rollup->cells.at);
    free(rollup->sources.at);
    free(rollup->inquiries.at);
    free(rollup->details.at);
    hash_index_done(&rollup->user_index);
    hash_index_done(&rollup->listing_index);
    hash_index_done(&rollup->day_index);
    hash_index_done(&rollup->cell_index);
    hash_index_done(&rollup->source_index);
    arena_done(&rollup->texts);
    free(rollup);
}

uint64_t rollup_batch(const struct rollup *rollup)
{
    return rollup->batch;
}

bool rollup_is_empty(const struct rollup *rollup)
{
    return rollup->cells.count == 0 && rollup->details.count == 0;
}

size_t rollup_listing_days(const struct rollup *rollup)
{
    return rollup->days.count;
}

/* What is in use, not what is reserved: reserving for a worst case must not look like growth. An
 * item has two to four index slots. */
size_t rollup_bytes(const struct rollup *rollup)
{
    enum { INDEX_BYTES = 3 * sizeof(struct hash_index_slot) };
    return rollup->users.count * (sizeof(struct rollup_user) + INDEX_BYTES) +
           rollup->listings.count * (sizeof(struct rollup_listing) + INDEX_BYTES) +
           rollup->days.count * (sizeof(struct rollup_day) + INDEX_BYTES) +
           rollup->cells.count * (sizeof(struct rollup_cell) + INDEX_BYTES) +
           rollup->sources.count * (sizeof(struct text) + INDEX_BYTES) +
           rollup->inquiries.count * sizeof(struct rollup_inquiry) +
           rollup->details.count * sizeof(struct rollup_details) + rollup->texts.held_bytes;
}

/* Room for `more` items behind `count`; doubles. */
static bool reserve_items(void **at, uint32_t count, uint32_t *cap, uint32_t more, size_t size)
{
    if (*cap - count >= more)
        return true;
    if (more > (UINT32_C(1) << 30) - count)
        return false;
    uint32_t want = *cap < 64 ? 64 : *cap;
    while (want - count < more)
        want *= 2;
    void *grown = realloc(*at, want * size);
    if (grown == NULL)
        return false;
    *at = grown;
    *cap = want;
    return true;
}

#define RESERVE(array, more)                                                                       \
    reserve_items((void **)&(array).at, (array).count, &(array).cap, (more), sizeof *(array).at)

enum status rollup_reserve(struct rollup *rollup, uint32_t entry_count, size_t record_len,
                           struct error *err)
{
    size_t text_bytes =
        record_len + (size_t)entry_count * (TEXTS_PER_ENTRY + INQUIRY_KEY_BYTES_MAX);
    bool ok = RESERVE(rollup->users, entry_count) && RESERVE(rollup->listings, entry_count) &&
              RESERVE(rollup->days, entry_count) && RESERVE(rollup->cells, entry_count) &&
              RESERVE(rollup->sources, entry_count + 1) &&
              RESERVE(rollup->inquiries, entry_count) && RESERVE(rollup->details, entry_count) &&
              hash_index_reserve(&rollup->user_index, entry_count) &&
              hash_index_reserve(&rollup->listing_index, entry_count) &&
              hash_index_reserve(&rollup->day_index, entry_count) &&
              hash_index_reserve(&rollup->cell_index, entry_count) &&
              hash_index_reserve(&rollup->source_index, entry_count + 1) &&
              arena_reserve(&rollup->texts, text_bytes);
    if (!ok)
        return fail(err, STATUS_NO_MEMORY, "no memory to count %u events", entry_count);
    if (rollup->sources.count == 0)
        rollup->sources.at[rollup->sources.count++] = (struct text){"", 0};
    return STATUS_OK;
}

struct rollup *rollup_new_behind(const struct rollup *before)
{
    struct rollup *rollup = rollup_new(before->batch + 1, before->journal_id);
    if (rollup == NULL)
        return NULL;
    bool ok = RESERVE(rollup->users, before->users.count) &&
              RESERVE(rollup->listings, before->listings.count) &&
              RESERVE(rollup->days, before->days.count) &&
              RESERVE(rollup->cells, before->cells.count) &&
              RESERVE(rollup->sources, before->sources.count) &&
              RESERVE(rollup->inquiries, before->inquiries.count) &&
              RESERVE(rollup->details, before->details.count) &&
              hash_index_reserve(&rollup->user_index, before->user_index.used) &&
              hash_index_reserve(&rollup->listing_index, before->listing_index.used) &&
              hash_index_reserve(&rollup->day_index, before->day_index.used) &&
              hash_index_reserve(&rollup->cell_index, before->cell_index.used) &&
              hash_index_reserve(&rollup->source_index, before->source_index.used);
    if (!ok) {
        rollup_unref(rollup);
        return NULL;
    }
    return rollup;
}
