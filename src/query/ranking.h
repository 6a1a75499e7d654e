/*
 * ranking.h - which of a user's listings stand on a page, in which order.
 *
 * Fed with the rows of all listings, as the window says, or with their sums, it keeps three numbers
 * a listing, and then picks one page of those that counted something.
 *
 * Threads: a ranking belongs to one thread at a time.
 */
#ifndef FOOTFALL_QUERY_RANKING_H
#define FOOTFALL_QUERY_RANKING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "model/counts.h"
#include "query/cursor.h"
#include "query/day_window.h"
#include "query/metrics.h"
#include "query/text_index.h"

/* Start as {.window = ..., .listings = {.arena = ..., .value_bytes = sizeof(struct counts)}}. */
struct ranking {
    const struct day_window *window; /* without days before */
    struct text_index listings;      /* struct counts */
    uint32_t next;                   /* the listing behind the one that came last, perhaps */
};

struct ranked {
    struct sort_key key;
    struct text listing_id;
};

/* What a listing counted, in rows or added up; in as many pieces as come. false when out of
 * memory. */
MUST_USE bool ranking_add(struct ranking *ranking, struct text listing_id,
                          const struct count_rows *rows);
MUST_USE bool ranking_add_sum(struct ranking *ranking, struct text listing_id,
                              const struct counts *sum);

/*
 * The first `limit` (not 0) listings behind `behind` (NULL: from the first), in order, in the
 * arena; *more says whether others follow. false when out of memory.
 */
MUST_USE bool ranking_page(const struct ranking *ranking, enum metrics_sort sort, bool ascending,
                           size_t limit, const struct cursor_place *behind, struct arena *arena,
                           const struct ranked **page, size_t *count, bool *more);

struct sort_key sort_key_of(enum metrics_sort sort, const struct counts *counts);

/* <0 when a stands before b. */
int ranked_compare(const struct ranked *a, const struct ranked *b, enum metrics_sort sort,
                   bool ascending);

#endif
