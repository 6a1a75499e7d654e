/*
 * known_days.c - a set of hashes, open addressing; pages of it take memory when they are used.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/dynamodb/known_days.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { SLOT_MASK = KNOWN_DAYS_SLOTS - 1, FULL = KNOWN_DAYS_SLOTS / 4 * 3 };

uint64_t known_day_hash(struct text user_id, struct text listing_id, int32_t day)
{
    uint64_t hash = XXH3_64bits_withSeed(user_id.at, user_id.len, (uint64_t)day);
    hash = XXH3_64bits_withSeed(listing_id.at, listing_id.len, hash);
    return hash == 0 ? 1 : hash;
}

static size_t place_of(const struct known_days *days, uint64_t hash)
{
    size_t at = (size_t)hash & SLOT_MASK;
    while (days->slots[at] != 0 && days->slots[at] != hash)
        at = (at + 1) & SLOT_MASK;
    return at;
}

bool known_days_has(const struct known_days *days, uint64_t hash)
{
    return days->slots != NULL && days->slots[place_of(days, hash)] == hash;
}

void known_days_add(struct known_days *days, uint64_t hash)
{
    if (days->count >= FULL)
        known_days_done(days);
    if (days->slots == NULL)
        days->slots = calloc(KNOWN_DAYS_SLOTS, sizeof *days->slots);
    if (days->slots == NULL)
        return;
    size_t at = place_of(days, hash);
    days->count += days->slots[at] == 0;
    days->slots[at] = hash;
}

void known_days_done(struct known_days *days)
{
    free(days->slots);
    *days = (struct known_days){0};
}
