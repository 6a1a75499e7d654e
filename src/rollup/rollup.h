/*
 * rollup.h - what was recorded since the last seal, counted in memory: a batch in the making.
 *
 * Deterministic: the same entries in the same order give the same rollup, now or at recovery.
 * It bears the number of the batch it will become. Counts are kept as joint cells (listing, UTC
 * day, quarter, platform, source, type), from which totals and both families of cells follow.
 * Beside them the facts: inquiries in order, and the last word on every listing's details.
 *
 * It does not know the journal, the store or time; nothing in it is dropped or capped.
 *
 * Threads: none inside. One writer, or any number of readers, at a time; the engine sees to it.
 * A frozen rollup is only read. References are counted and may be taken from any thread.
 */
#ifndef FOOTFALL_ROLLUP_ROLLUP_H
#define FOOTFALL_ROLLUP_ROLLUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"
#include "model/counts.h"
#include "model/inquiry.h"
#include "model/listing.h"
#include "model/record.h"

enum { ROLLUP_JOURNAL_ID_BYTES = 16 };

struct rollup; /* made by rollup_new(), freed by the last rollup_unref() */

/* An empty rollup that will be batch number `batch` of the journal. NULL when out of memory. */
MUST_USE struct rollup *rollup_new(uint64_t batch,
                                   const uint8_t journal_id[ROLLUP_JOURNAL_ID_BYTES]);
/*
 * An empty rollup for the batch behind that of `before`, with room for as much as that one holds:
 * what follows is mostly as large, and growing under way would make its writer pause. Only the
 * indexes' room takes memory before it is used. NULL when out of memory.
 */
MUST_USE struct rollup *rollup_new_behind(const struct rollup *before);
struct rollup *rollup_ref(struct rollup *rollup);
void rollup_unref(struct rollup *rollup); /* accepts NULL */

uint64_t rollup_batch(const struct rollup *rollup);
bool rollup_is_empty(const struct rollup *rollup);
/* Memory held, bytes. Grows with distinct listings, days, cells and facts, not with events. */
size_t rollup_bytes(const struct rollup *rollup);
size_t rollup_listing_days(const struct rollup *rollup);

/*
 * Makes sure that applying one group of entry_count entries in record_len bytes cannot fail for
 * want of memory. STATUS_NO_MEMORY otherwise; nothing has changed.
 */
MUST_USE enum status rollup_reserve(struct rollup *rollup, uint32_t entry_count, size_t record_len,
                                    struct error *err);

/*
 * Counts the entries of a group record (model/record.h), as the journal holds it under seq.
 * After STATUS_CORRUPT, or STATUS_NO_MEMORY (which does not occur after rollup_reserve()), the
 * group may be counted in part: the rollup must not be used any more.
 */
MUST_USE enum status rollup_apply_group(struct rollup *rollup, struct text record, uint64_t seq,
                                        struct error *err);

/* Called with rows of one listing; texts and rows are valid during the call. */
typedef enum status rollup_rows_fn(void *context, struct text listing_id,
                                   const struct count_rows *rows, struct error *err);

/*
 * Calls each with the totals (cells) of the user's listings on UTC days first_day to last_day,
 * listings in no particular order. listing_count 0 means all of the user's.
 */
MUST_USE enum status rollup_read_totals(const struct rollup *rollup, struct text user_id,
                                        const struct text *listing_ids, size_t listing_count,
                                        int32_t first_day, int32_t last_day, rollup_rows_fn *each,
                                        void *context, struct error *err);
MUST_USE enum status rollup_read_cells(const struct rollup *rollup, struct text user_id,
                                       const struct text *listing_ids, size_t listing_count,
                                       int32_t first_day, int32_t last_day, rollup_rows_fn *each,
                                       void *context, struct error *err);

/* Calls each with what a listing counted on UTC days first_day to last_day, all platforms and
 * sources together, for every listing of the user that counted something; in no order. */
typedef enum status rollup_sums_fn(void *context, struct text listing_id, const struct counts *sum,
                                   struct error *err);
MUST_USE enum status rollup_read_sums(const struct rollup *rollup, struct text user_id,
                                      int32_t first_day, int32_t last_day, rollup_sums_fn *each,
                                      void *context, struct error *err);

/* Calls each with the user's inquiries in the order they were recorded. */
typedef enum status rollup_inquiry_fn(void *context, const struct inquiry *inquiry,
                                      struct error *err);
MUST_USE enum status rollup_read_inquiries(const struct rollup *rollup, struct text user_id,
                                           rollup_inquiry_fn *each, void *context,
                                           struct error *err);

/* Calls each with the last word on the details of the user's listings; NULL details: removed.
 * listing_id absent means all of the user's. */
typedef enum status rollup_listing_fn(void *context, struct text user_id, struct text listing_id,
                                      const struct listing_details *details, struct error *err);
MUST_USE enum status rollup_read_listings(const struct rollup *rollup, struct text user_id,
                                          struct text listing_id, rollup_listing_fn *each,
                                          void *context, struct error *err);

/* When the last word on a listing's details was received, removals included; 0: there is none. */
int64_t rollup_listing_received_ms(const struct rollup *rollup, struct text user_id,
                                   struct text listing_id);

/*
 * For the store: the whole batch. Months come ordered by (user, month, listing), which is the
 * store's order on disk; totals and cells are of that month, cells ordered by day, sources in
 * the order they came. Facts come in the order they were recorded.
 */
struct rollup_visitor {
    void *context;
    enum status (*month)(void *context, struct text user_id, int32_t month, struct text listing_id,
                         const struct count_rows *totals, const struct count_rows *cells,
                         struct error *err);
    rollup_inquiry_fn *inquiry;
    rollup_listing_fn *listing;
};
MUST_USE enum status rollup_visit(const struct rollup *rollup, const struct rollup_visitor *visitor,
                                  struct error *err);

#endif
