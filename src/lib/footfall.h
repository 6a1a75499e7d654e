/*
 * footfall.h - everything Footfall can be asked, in one place.
 *
 * The facade that HTTP and the command line call: open a data folder, record, ask, close. It adds
 * to the engine and the queries what every caller needs alike: the clock, log lines for the
 * operator, latency figures, pages.
 *
 * Recording from an event loop: footfall_submit_...() on each request, footfall_commit() once a
 * pass, then answer what is done. From a plain thread: footfall_record_events() does both.
 *
 * Threads: any.
 */
#ifndef FOOTFALL_LIB_FOOTFALL_H
#define FOOTFALL_LIB_FOOTFALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/histogram.h"
#include "base/status.h"
#include "base/text.h"
#include "engine/engine.h"
#include "model/event.h"
#include "model/inquiry.h"
#include "model/listing.h"
#include "query/metrics.h"
#include "query/range.h"

struct footfall; /* made by footfall_open(), freed by footfall_close() */

/* Errors as engine_open(). */
MUST_USE enum status footfall_open(const struct engine_options *options, struct footfall **out,
                                   struct error *err);
/* Drains and closes; errors as engine_close(). Frees in any case; accepts NULL. */
enum status footfall_close(struct footfall *footfall, struct error *err);

/* The moment, by the clock that was given to open. */
int64_t footfall_now_ms(const struct footfall *footfall);

/* Recording; see engine.h for the rules and the errors. */
MUST_USE enum status footfall_submit_events(struct footfall *footfall, const struct event *events,
                                            size_t count, struct submission *submission,
                                            struct error *err);
MUST_USE enum status footfall_submit_listing(struct footfall *footfall, struct text user_id,
                                             struct text listing_id,
                                             const struct listing_details *details,
                                             struct submission *submission, struct error *err);
bool footfall_has_gathered(const struct footfall *footfall);
void footfall_commit(struct footfall *footfall);

struct record_result {
    uint64_t recorded;
    uint64_t duplicates;
};
/* Submits, commits and waits, also when the group is full at first. */
MUST_USE enum status footfall_record_events(struct footfall *footfall, const struct event *events,
                                            size_t count, struct record_result *out,
                                            struct error *err);

/* Asking. Results live in the arena. Resolve the range first: its days are part of the ETag. */
MUST_USE enum status footfall_resolve_range(struct footfall *footfall,
                                            const struct range_request *request, struct range *out,
                                            struct error *err);
MUST_USE enum status footfall_get_metrics_for_date(struct footfall *footfall, struct text user_id,
                                                   struct text listing_id,
                                                   const struct range *one_day, struct arena *arena,
                                                   struct day_metrics *out, struct error *err);
MUST_USE enum status
footfall_get_metrics_for_date_range(struct footfall *footfall, struct text user_id,
                                    struct text listing_id, const struct range *range,
                                    struct arena *arena, const struct day_metrics **days,
                                    size_t *day_count, struct error *err);
MUST_USE enum status footfall_get_aggregated_metrics(struct footfall *footfall, struct text user_id,
                                                     struct text listing_id,
                                                     const struct range *range, struct arena *arena,
                                                     struct aggregated_metrics *out,
                                                     struct error *err);
MUST_USE enum status footfall_get_all_listings_metrics(struct footfall *footfall,
                                                       struct text user_id,
                                                       const struct range *range,
                                                       const struct metrics_page_request *request,
                                                       struct arena *arena,
                                                       struct metrics_page *out, struct error *err);
MUST_USE enum status footfall_compare_listings(struct footfall *footfall, struct text user_id,
                                               const struct text *listing_ids, size_t listing_count,
                                               const struct range *range, struct arena *arena,
                                               struct aggregated_metrics *out, struct error *err);

enum { FOOTFALL_PAGE_DEFAULT = 100, FOOTFALL_PAGE_MAX = 1000 };

/* Inquiries, newest first. */
struct inquiries_request {
    struct text user_id;
    struct text listing_id;    /* absent: all listings */
    const struct range *range; /* NULL: of all time */
    size_t limit;              /* 1 to FOOTFALL_PAGE_MAX */
    struct text cursor;        /* absent: the first page */
};
struct inquiries_page {
    const struct inquiry *inquiries;
    size_t count;
    struct text next_cursor; /* absent on the last page */
};
/* STATUS_INVALID, field "cursor", for a damaged one. */
MUST_USE enum status footfall_get_inquiries(struct footfall *footfall,
                                            const struct inquiries_request *request,
                                            struct arena *arena, struct inquiries_page *out,
                                            struct error *err);

struct listings_page {
    const struct listing_entry *listings; /* ordered by id */
    size_t count;
    struct text next_cursor; /* absent on the last page */
};
/* STATUS_NOT_FOUND, code "listing_not_found", when no details are kept. */
MUST_USE enum status footfall_get_listing(struct footfall *footfall, struct text user_id,
                                          struct text listing_id, struct arena *arena,
                                          struct listing_details *out, struct error *err);
MUST_USE enum status footfall_get_listings(struct footfall *footfall, struct text user_id,
                                           size_t limit, struct text cursor, struct arena *arena,
                                           struct listings_page *out, struct error *err);

/* Changes whenever the user's answers may change; see engine_user_version(). */
uint64_t footfall_user_version(const struct footfall *footfall, struct text user_id);
/* Random at each open: part of every ETag, so that versions of two lives never meet. */
uint64_t footfall_boot_nonce(const struct footfall *footfall);

/* Health. footfall_check: STATUS_OK while events are accepted, else why not. */
enum status footfall_check(struct footfall *footfall, struct error *err);
void footfall_get_stats(struct footfall *footfall, struct engine_stats *out);
const struct histogram *footfall_sync_times(const struct footfall *footfall);
const struct histogram *footfall_apply_times(const struct footfall *footfall);
/* Seals what was recorded and waits until the store has it. */
MUST_USE enum status footfall_flush(struct footfall *footfall, struct error *err);

#endif
