/*
 * metrics_json.h - answers as JSON, with the names of docs/api: the whole body of a response.
 *
 * Each function appends one document to *out; false when out of memory.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_PRESENT_METRICS_JSON_H
#define FOOTFALL_PRESENT_METRICS_JSON_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/status.h"
#include "model/inquiry.h"
#include "model/listing.h"
#include "query/metrics.h"

/* {"success":false,"error":...,"code":...} with field, index, line, offset where they apply. */
MUST_USE bool error_json(struct bytes *out, const struct error *error);

/*
 * Metrics. Behind what is said of each stands "freshAsOf" where fresh_as_of_ms is not 0 (see
 * engine_fresh_as_of_ms(); it is asked before the metrics are), and "approximate":true where they
 * are.
 */
/* {"success":true,"metrics":PerformanceMetrics} and ...:[PerformanceMetrics]} */
MUST_USE bool day_json(struct bytes *out, struct text listing_id, const struct day_metrics *day,
                       int64_t fresh_as_of_ms);
MUST_USE bool days_json(struct bytes *out, struct text listing_id, const struct day_metrics *days,
                        size_t count, int64_t fresh_as_of_ms);
/* PerformanceMetrics alone, for messages that hold it. */
MUST_USE bool performance_metrics_json(struct bytes *out, struct text listing_id,
                                       const struct day_metrics *day);
/* {"success":true,"metrics":AggregatedMetrics} */
MUST_USE bool aggregated_json(struct bytes *out, const struct aggregated_metrics *metrics,
                              int64_t fresh_as_of_ms);
/* {"success":true,"period","startDate","endDate","timezone","metricsByListing":{id:
 * AggregatedMetrics},"order":[id],"nextCursor"} */
MUST_USE bool metrics_page_json(struct bytes *out, const struct range *range,
                                const struct metrics_page *page, int64_t fresh_as_of_ms);
/* {"success":true,"period","startDate","endDate","timezone","listings":[{"listingId","metrics"}]};
 * count is not 0, and all have one range */
MUST_USE bool compare_json(struct bytes *out, const struct aggregated_metrics *listings,
                           size_t count, int64_t fresh_as_of_ms);
/* {"success":true,"inquiries":[{"id","listingId","timestamp","receivedAt","platform","source",
 * "inquiry"}],"nextCursor"}; what is absent is null */
MUST_USE bool inquiries_json(struct bytes *out, const struct inquiry *inquiries, size_t count,
                             struct text next_cursor);
/* {"success":true,"listing":{"listingId","address","price","currency","image","status",
 * "updatedAt"}} and {"success":true,"listings":[...],"nextCursor"}; what is absent is null */
MUST_USE bool listing_json(struct bytes *out, struct text listing_id,
                           const struct listing_details *details);
MUST_USE bool listings_json(struct bytes *out, const struct listing_entry *listings, size_t count,
                            struct text next_cursor);

#endif
