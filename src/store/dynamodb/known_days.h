/*
 * known_days.h - the listing-days that this process has seen in the table, so that adding to one
 * begins with the addition.
 *
 * A hint: what is not in it may be in the table, and what is in it may have been deleted since, or
 * be another one of the same hash. Bounded; when it is full it starts over.
 *
 * Threads: the one that applies.
 */
#ifndef FOOTFALL_STORE_DYNAMODB_KNOWN_DAYS_H
#define FOOTFALL_STORE_DYNAMODB_KNOWN_DAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum { KNOWN_DAYS_SLOTS = 1 << 21 }; /* 16 MiB of hashes */

/* Start as {0}. */
struct known_days {
    uint64_t *slots; /* 0: empty */
    size_t count;
};

uint64_t known_day_hash(struct text user_id, struct text listing_id, int32_t day);
bool known_days_has(const struct known_days *days, uint64_t hash);
/* Does nothing when out of memory. */
void known_days_add(struct known_days *days, uint64_t hash);
void known_days_done(struct known_days *days);

#endif
