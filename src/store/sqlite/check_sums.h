/*
 * check_sums.h - for check.c: whether a listing's totals are the sum of its cells.
 *
 * By day and platform, day and source, with the moment of the last count; and the named sources of
 * a day have no more than the day. It knows rows of counts and no store.
 *
 * Threads: no shared state.
 */
#ifndef FOOTFALL_STORE_SQLITE_CHECK_SUMS_H
#define FOOTFALL_STORE_SQLITE_CHECK_SUMS_H

#include <stddef.h>

#include "base/text.h"
#include "model/counts.h"
#include "store/sqlite/check.h"

struct sums {
    struct sum *at;
    size_t count;
    size_t cap;
};

/* Start with the visitor alone; check_sums_done() at the end. */
struct check_sums {
    const struct store_check_visitor *visitor;
    uint64_t listing_days; /* compared so far */
    struct sums of_totals; /* room, kept from one listing to the next */
    struct sums of_cells;
};

/* Tells each difference to the visitor, as STORE_SUMS. STATUS_NO_MEMORY. */
MUST_USE enum status check_sums_compare(struct check_sums *check, struct text user,
                                        struct text listing, const struct count_rows *of_totals,
                                        const struct count_rows *of_cells, struct error *err);
void check_sums_done(struct check_sums *check);

/* Tells the visitor a problem; the sentence is put together as printf() does. */
void check_tell(const struct store_check_visitor *visitor, enum store_problem problem,
                const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
