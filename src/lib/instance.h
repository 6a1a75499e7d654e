/*
 * instance.h - everything Footfall can be asked, in one place.
 *
 * The facade that HTTP and the command line call: open a data folder, record, ask, close. It adds
 * to the engine and the queries what every caller needs alike: the clock, log lines for the
 * operator, latency figures, pages.
 *
 * Recording from an event loop: instance_submit_...() on each request, instance_commit() once a
 * pass, then answer what is done. From a plain thread: instance_record_events() does both.
 *
 * Threads: any.
 */
#ifndef FOOTFALL_LIB_INSTANCE_H
#define FOOTFALL_LIB_INSTANCE_H

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

struct instance; /* made by instance_open(), freed by instance_close() */

/* Errors as engine_open(). What the engine has to tell its operator goes to the log. */
MUST_USE enum status instance_open(const struct engine_options *options, struct instance **out,
                                   struct error *err);
/* As above, for who does not want a log: notice (NULL: nobody is told) as in engine_open(). */
MUST_USE enum status instance_open_with_notice(const struct engine_options *options,
                                               engine_notice_fn *notice, void *context,
                                               struct instance **out, struct error *err);
/* Drains and closes; errors as engine_close(). Frees in any case; accepts NULL. */
enum status instance_close(struct instance *instance, struct error *err);

/* The moment, by the clock that was given to open. */
int64_t instance_now_ms(const struct instance *instance);

/* Recording; see engine.h for the rules and the errors. */
MUST_USE enum status instance_submit_events(struct instance *instance, const struct event *events,
                                            size_t count, struct submission *submission,
                                            struct error *err);
MUST_USE enum status instance_submit_listing(struct instance *instance, struct text user_id,
                                             struct text listing_id,
                                             const struct listing_details *details,
                                             struct submission *submission, struct error *err);
bool instance_has_gathered(const struct instance *instance);
void instance_commit(struct instance *instance);

struct record_result {
    uint64_t recorded;
    uint64_t duplicates;
};
/* Submits, commits and waits, also when the group is full at first. */
MUST_USE enum status instance_record_events(struct instance *instance, const struct event *events,
                                            size_t count, struct record_result *out,
                                            struct error *err);
/* As above, a listing's details set, or removed with details NULL. Removing what is not there is
 * STATUS_NOT_FOUND, code "listing_not_found", unless another removes it at the same moment. */
MUST_USE enum status instance_record_listing(struct instance *instance, struct text user_id,
                                             struct text listing_id,
                                             const struct listing_details *details,
                                             struct error *err);

/* STATUS_INVALID, field "limit", code "invalid_limit", unless 1 <= limit <= max. */
MUST_USE enum status instance_check_limit(size_t limit, size_t max, struct error *err);
/* STATUS_INVALID, field "listing", code "invalid_listing_count", unless 2 to METRICS_COMPARE_MAX
 * listings are to be compared. */
MUST_USE enum status instance_check_compared(size_t listing_count, struct error *err);

/* Asking. Results live in the arena. Resolve the range first: its days are part of the ETag. */
MUST_USE enum status instance_resolve_range(struct instance *instance,
                                            const struct range_request *request, struct range *out,
                                            struct error *err);
MUST_USE enum status instance_get_metrics_for_date(struct instance *instance, struct text user_id,
                                                   struct text listing_id,
                                                   const struct range *one_day, struct arena *arena,
                                                   struct day_metrics *out, struct error *err);
MUST_USE enum status
instance_get_metrics_for_date_range(struct instance *instance, struct text user_id,
                                    struct text listing_id, const struct range *range,
                                    struct arena *arena, const struct day_metrics **days,
                                    size_t *day_count, struct error *err);
MUST_USE enum status instance_get_aggregated_metrics(struct instance *instance, struct text user_id,
                                                     struct text listing_id,
                                                     const struct range *range, struct arena *arena,
                                                     struct aggregated_metrics *out,
                                                     struct error *err);
MUST_USE enum status instance_get_all_listings_metrics(struct instance *instance,
                                                       struct text user_id,
                                                       const struct range *range,
                                                       const struct metrics_page_request *request,
                                                       struct arena *arena,
                                                       struct metrics_page *out, struct error *err);
/* What all listings of a user counted on one day, by listing id. */
MUST_USE enum status
instance_get_all_listings_of_day(struct instance *instance, struct text user_id,
                                 const struct range *one_day, struct arena *arena,
                                 const struct listing_day **out, size_t *count, struct error *err);
MUST_USE enum status instance_compare_listings(struct instance *instance, struct text user_id,
                                               const struct text *listing_ids, size_t listing_count,
                                               const struct range *range, struct arena *arena,
                                               struct aggregated_metrics *out, struct error *err);

enum { INSTANCE_PAGE_DEFAULT = 100, INSTANCE_PAGE_MAX = 1000 };

/* Inquiries, newest first. */
struct inquiries_request {
    struct text user_id;
    struct text listing_id;    /* absent: all listings */
    const struct range *range; /* NULL: of all time */
    size_t limit;              /* 1 to INSTANCE_PAGE_MAX */
    struct text cursor;        /* absent: the first page */
};
struct inquiries_page {
    const struct inquiry *inquiries;
    size_t count;
    struct text next_cursor; /* absent on the last page */
};
/* STATUS_INVALID, field "cursor", for a damaged one. */
MUST_USE enum status instance_get_inquiries(struct instance *instance,
                                            const struct inquiries_request *request,
                                            struct arena *arena, struct inquiries_page *out,
                                            struct error *err);

struct listings_page {
    const struct listing_entry *listings; /* ordered by id */
    size_t count;
    struct text next_cursor; /* absent on the last page */
};
/* STATUS_NOT_FOUND, code "listing_not_found", when no details are kept. */
MUST_USE enum status instance_get_listing(struct instance *instance, struct text user_id,
                                          struct text listing_id, struct arena *arena,
                                          struct listing_details *out, struct error *err);
MUST_USE enum status instance_get_listings(struct instance *instance, struct text user_id,
                                           size_t limit, struct text cursor, struct arena *arena,
                                           struct listings_page *out, struct error *err);

/* Changes whenever the user's answers may change; see engine_user_version(). */
uint64_t instance_user_version(const struct instance *instance, struct text user_id);
/* Random at each open: part of every ETag, so that versions of two lives never meet. */
uint64_t instance_boot_nonce(const struct instance *instance);

/* Whether other nodes write to the store, which then is over a network: reading it takes time. */
bool instance_is_shared(const struct instance *instance);
/* How fresh others' counts are; see engine_fresh_as_of_ms(). */
int64_t instance_fresh_as_of_ms(const struct instance *instance);

/* Watching listings for changes; see engine.h. */
uint32_t instance_mark_of(struct text user_id, struct text listing_id);
void instance_watch(struct instance *instance, uint32_t mark);
uint64_t instance_mark_changed_ns(const struct instance *instance, uint32_t mark);
uint64_t instance_changed_ns(const struct instance *instance);
void instance_unwatch_all(struct instance *instance);

/* Health. instance_check: STATUS_OK while events are accepted, else why not. */
enum status instance_check(struct instance *instance, struct error *err);
/* Whether batches wait because another journal writes in this one's place; see engine.h. */
bool instance_is_halted(struct instance *instance, struct error *why);
void instance_get_stats(struct instance *instance, struct engine_stats *out);
const struct histogram *instance_sync_times(const struct instance *instance);
const struct histogram *instance_apply_times(const struct instance *instance);
/* Seals what was recorded and waits until the store has it. */
MUST_USE enum status instance_flush(struct instance *instance, struct error *err);

#endif
