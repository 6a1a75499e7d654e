/*
 * aggregate.h - rows in, an answer out: one listing's counts added up over a window of days.
 *
 * Knows no engine: whoever reads feeds it totals or cells, as the window says, in any order and
 * in as many pieces as they come. Rows outside the window are passed over.
 *
 * Threads: an aggregate belongs to one thread at a time.
 */
#ifndef FOOTFALL_QUERY_AGGREGATE_H
#define FOOTFALL_QUERY_AGGREGATE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "model/counts.h"
#include "query/day_window.h"
#include "query/metrics.h"

struct aggregate; /* made by aggregate_new(), freed with its arena */

/* window must outlive the aggregate. with_days keeps each day for the breakdown. NULL when out of
 * memory. */
MUST_USE struct aggregate *aggregate_new(const struct day_window *window, bool with_days,
                                         struct arena *arena);

/* false when out of memory; the aggregate is then of no further use. */
MUST_USE bool aggregate_add(struct aggregate *aggregate, const struct count_rows *rows);

/* Fills *out, which lives in the arena; false when out of memory. The listing's id is not
 * copied. */
MUST_USE bool aggregate_finish(const struct aggregate *aggregate, struct text listing_id,
                               struct aggregated_metrics *out);

#endif
