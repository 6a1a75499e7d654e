/*
 * metrics.h - the answers: a listing's days added up, compared with the days before.
 *
 * The specification's shapes (ARCHITECTURE.md names them). In UTC they come from totals alone; in
 * other zones from quarter-hour cells, so that a day of 23 or 25 hours holds what happened in it.
 * Total = sum of days = sum of platforms with "none" = sum of sources with "none", in every zone.
 *
 * Results live in the caller's arena. Platforms and sources are ordered by name.
 *
 * Threads: any.
 */
#ifndef FOOTFALL_QUERY_METRICS_H
#define FOOTFALL_QUERY_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "engine/engine.h"
#include "model/counts.h"
#include "query/range.h"

/* PlatformMetrics; only platforms that counted something. */
struct platform_metrics {
    struct text name;
    struct counts counts;
    int64_t updated_ms; /* receive time of the newest event counted */
};

struct source_metrics {
    struct text name;
    struct counts counts;
};

/* PerformanceMetrics: one local day. */
struct day_metrics {
    int32_t day;
    struct counts counts; /* events without a platform included */
    const struct platform_metrics *platforms;
    size_t platform_count;
    int64_t updated_ms; /* 0 when nothing was counted */
    bool approximate;   /* as in aggregated_metrics */
};

/* AggregatedMetrics. */
struct aggregated_metrics {
    struct text listing_id;
    struct range range;
    struct counts totals;
    const struct platform_metrics *platforms;
    size_t platform_count;
    const struct source_metrics *sources;
    size_t source_count;
    const struct day_metrics *days; /* every day of the range in order; NULL if left out */
    size_t day_count;
    double change_percent[EVENT_TYPES]; /* against the range before: 0 before gives 100 or 0 */
    double conversion_rate;             /* inquiries / views * 100; 0 without views */
    bool approximate; /* of some counts the store has the UTC day and not the hour: in other zones
                         they may stand a day early or late, and at an end of the range count or not
                       */
};

/* One listing's day, days, or aggregate. A listing without events has zeros. */
MUST_USE enum status metrics_of_day(struct engine *engine, struct text user_id,
                                    struct text listing_id, const struct range *one_day,
                                    struct arena *arena, struct day_metrics *out,
                                    struct error *err);
MUST_USE enum status metrics_of_days(struct engine *engine, struct text user_id,
                                     struct text listing_id, const struct range *range,
                                     struct arena *arena, const struct day_metrics **days,
                                     size_t *day_count, struct error *err);
MUST_USE enum status metrics_of_listing(struct engine *engine, struct text user_id,
                                        struct text listing_id, const struct range *range,
                                        struct arena *arena, struct aggregated_metrics *out,
                                        struct error *err);

struct listing_day {
    struct text listing_id;
    struct day_metrics day;
};

/* One day of all listings of a user that counted something on it or near it, at one cut, in no
 * particular order. */
MUST_USE enum status metrics_of_all_on_day(struct engine *engine, struct text user_id,
                                           const struct range *one_day, struct arena *arena,
                                           const struct listing_day **out, size_t *count,
                                           struct error *err);

enum metrics_sort {
    SORT_VIEWS,
    SORT_SHARES,
    SORT_INQUIRIES,
    SORT_CONVERSION_RATE,
    SORT_LISTING_ID
};
enum {
    METRICS_PAGE_DEFAULT = 100,
    METRICS_PAGE_MAX = 1000,
    METRICS_PAGE_DAYS_MAX = 40000, /* listings times days on a page with days */
    METRICS_COMPARE_MAX = 20
};

struct metrics_page_request {
    enum metrics_sort sort; /* ties are broken by listing id, ascending */
    bool ascending;
    size_t limit;       /* 1 to METRICS_PAGE_MAX; the page is shorter where days would pass
                           METRICS_PAGE_DAYS_MAX, and its cursor goes on from there */
    struct text cursor; /* from the page before; absent for the first */
    bool include_days;
};

/*
 * Sets the order from the words for it, absent where nothing was said: by views; descending, but
 * ascending by listingId. STATUS_INVALID, field and code "sort", "invalid_sort" or "direction",
 * "invalid_direction", naming the words there are.
 */
MUST_USE enum status metrics_order_resolve(struct text sort, struct text direction,
                                           struct metrics_page_request *page, struct error *err);

struct metrics_page {
    const struct aggregated_metrics *listings; /* in the order asked for */
    size_t count;
    struct text next_cursor; /* absent on the last page */
};

/* All listings of a user that counted something in the range. STATUS_INVALID, field "cursor", code
 * "invalid_cursor", for a cursor that is damaged or belongs to another order, range or zone. */
MUST_USE enum status metrics_of_all_listings(struct engine *engine, struct text user_id,
                                             const struct range *range,
                                             const struct metrics_page_request *request,
                                             struct arena *arena, struct metrics_page *out,
                                             struct error *err);

/* Up to METRICS_COMPARE_MAX listings side by side, at one cut, in the order given. */
MUST_USE enum status metrics_compare(struct engine *engine, struct text user_id,
                                     const struct text *listing_ids, size_t listing_count,
                                     const struct range *range, struct arena *arena,
                                     struct aggregated_metrics *out, struct error *err);

#endif
