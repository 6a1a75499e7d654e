/*
 * tally.h - what was met on a walk over a store, summed up so that two stores can be compared.
 *
 * Digests are linear: a count adds itself times the hash of its key. So they do not depend on the
 * order, nor on how a count was split, and the tally of two things is the sum of theirs. That every
 * count of every quarter of an hour stands where it stood is one comparison of 64 bits.
 *
 * Threads: a tally belongs to one thread at a time.
 */
#ifndef FOOTFALL_CLI_MIGRATE_TALLY_H
#define FOOTFALL_CLI_MIGRATE_TALLY_H

#include <jansson.h>
#include <stdbool.h>

#include "model/counts.h"
#include "model/inquiry.h"
#include "model/listing.h"

/* Start as {0}. */
struct tally {
    uint64_t listing_days;
    struct counts counts;
    uint64_t inquiries;   /* facts: those with what was asked */
    uint64_t listings;    /* details */
    uint64_t approximate; /* of the listing-days: the time of day of some counts is not known */
    uint64_t platforms_digest;
    uint64_t sources_digest;
    uint64_t facts_digest;
};

void tally_add_cells(struct tally *tally, struct text user_id, struct text listing_id,
                     const struct count_rows *cells);
void tally_add_inquiry(struct tally *tally, const struct inquiry *inquiry);
void tally_add_details(struct tally *tally, struct text user_id, struct text listing_id,
                       const struct listing_details *details);

/* Things in all: listing-days, inquiries, listings. */
static inline uint64_t tally_things(const struct tally *tally)
{
    return tally->listing_days + tally->inquiries + tally->listings;
}

/*
 * Whether `held` is `before` and `moved` together. Words for the first difference go to *err,
 * STATUS_CORRUPT. With something there before, sources may have been put under "(other)" and facts
 * may have been the same: then only counts by platform are compared.
 */
MUST_USE enum status tally_compare(const struct tally *before, const struct tally *moved,
                                   const struct tally *held, struct error *err);

/* As JSON and back; NULL when out of memory. Reading false: it is none. */
json_t *tally_to_json(const struct tally *tally);
MUST_USE bool tally_from_json(const json_t *json, struct tally *out);

#endif
