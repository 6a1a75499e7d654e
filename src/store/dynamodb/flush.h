/*
 * flush.h - a claimed batch into the table: listing-day by listing-day, hundreds in flight, each
 * behind its guard.
 *
 * What was done is remembered until the batch is whole, so a try after a failure sends only the
 * rest. After a restart all is sent again, and the guards find what is there.
 *
 * Threads: the one that applies.
 */
#ifndef FOOTFALL_STORE_DYNAMODB_FLUSH_H
#define FOOTFALL_STORE_DYNAMODB_FLUSH_H

#include <stdatomic.h>

#include "dynamodb/dynamodb.h"
#include "store/dynamodb/known_days.h"
#include "store/store.h"

/* Counts since the store was opened; any thread may read. */
struct flush_stats {
    _Atomic uint64_t batches;
    _Atomic uint64_t created;  /* listing-days that were not there */
    _Atomic uint64_t parts;    /* added to ones that were */
    _Atomic uint64_t repaired; /* updates that only made maps */
    _Atomic uint64_t repeated; /* parts that were found applied */
    _Atomic uint64_t facts;    /* inquiries and listing details that were put */
};

struct flush_options {
    struct dynamodb_channel *channel;
    const char *table;
    const char *journal_id; /* hexadecimal */
    uint32_t writer;
    uint32_t in_flight;
    bool cells;
};

struct flush; /* made by flush_new(), freed by flush_free() */

/* NULL when out of memory. Texts are the caller's, as long as the flush lives. */
MUST_USE struct flush *flush_new(const struct flush_options *options);
void flush_free(struct flush *flush); /* accepts NULL */

/*
 * Sends all of the batch that is not there yet; on STATUS_OK all of it is. *newest_ms: the receive
 * time of its newest event, 0 without one. Else some of it is, and it may be handed over again.
 *   STATUS_IO, STATUS_NO_MEMORY, STATUS_NOT_FOUND (no table), STATUS_STOPPED
 */
MUST_USE enum status flush_batch(struct flush *flush, const struct rollup *rollup,
                                 int64_t *newest_ms, struct error *err);

const struct flush_stats *flush_stats(const struct flush *flush);
void flush_count_batch(struct flush *flush);

#endif
