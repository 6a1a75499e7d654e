/*
 * day_window.h - the local days that a question adds up, and which UTC days to read for them.
 *
 * A window is a range's days, with the equally long range before in front when trends are asked.
 * Where days are UTC days it reads totals; elsewhere cells, and each quarter-hour falls into
 * exactly one local day.
 *
 * Threads: pure functions; a window is read-only once made.
 */
#ifndef FOOTFALL_QUERY_DAY_WINDOW_H
#define FOOTFALL_QUERY_DAY_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "model/calendar.h"
#include "query/range.h"

struct day_window {
    struct range range;
    int32_t first_day;    /* local */
    int32_t day_count;    /* the days before included */
    int32_t before_count; /* how many of them, from the first, lie before the range */
    bool by_totals;       /* else by cells */
    int32_t utc_first;    /* to read, inclusive; none when last is less than first */
    int32_t utc_last;
    const int32_t *bounds; /* by cells: day i holds the UTC quarter-hours (96 a day, since 1970)
                              from bounds[i] to before bounds[i + 1] */
};

/* Bounds live in the arena. STATUS_NO_MEMORY. */
MUST_USE enum status day_window_init(struct day_window *window, const struct range *range,
                                     bool with_before, struct arena *arena, struct error *err);

/* Which day of the window, from 0, holds a row; -1 for none. */
static inline int32_t day_window_index(const struct day_window *window, int32_t day, int quarter)
{
    if (window->by_totals) {
        int32_t index = day - window->first_day;
        return index >= 0 && index < window->day_count ? index : -1;
    }
    int32_t at = day * QUARTERS_PER_DAY + quarter;
    if (at < window->bounds[0] || at >= window->bounds[window->day_count])
        return -1;
    /* Changes of clocks and skipped days make this wrong by one or two days at most. */
    int32_t index = (at - window->bounds[0]) / QUARTERS_PER_DAY;
    if (index >= window->day_count)
        index = window->day_count - 1;
    while (at < window->bounds[index])
        index--;
    while (at >= window->bounds[index + 1])
        index++;
    return index;
}

#endif
