/*
 * day_window.c - local days as quarter-hours of UTC.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "query/day_window.h"

/* Days outside the calendar hold nothing, and other modules need not think about them. */
static int32_t in_calendar(int32_t day)
{
    if (day < CALENDAR_DAY_MIN)
        return CALENDAR_DAY_MIN;
    return day > CALENDAR_DAY_MAX ? CALENDAR_DAY_MAX : day;
}

static int32_t utc_day_of_quarter(int32_t quarter)
{
    return quarter / QUARTERS_PER_DAY - (quarter % QUARTERS_PER_DAY < 0);
}

enum status day_window_init(struct day_window *window, const struct range *range, bool with_before,
                            struct arena *arena, struct error *err)
{
    int32_t days = range->last_day - range->first_day + 1;
    struct day_window made = {
        .range = *range,
        .first_day = with_before ? range_before(range).first_day : range->first_day,
        .day_count = with_before ? 2 * days : days,
        .before_count = with_before ? days : 0,
        .by_totals = zone_is_utc(range->zone),
        .utc_first = 0,
        .utc_last = range->last_day,
    };
    made.utc_first = made.first_day;

    if (!made.by_totals) {
        int32_t *bounds = arena_zalloc(arena, (size_t)made.day_count + 1, sizeof *bounds);
        if (bounds == NULL)
            return fail(err, STATUS_NO_MEMORY, "a range of %d days: no memory", made.day_count);
        for (int32_t i = 0; i <= made.day_count; i++)
            bounds[i] =
                (int32_t)(zone_day_start_ms(range->zone, made.first_day + i) / ms_per_quarter);
        made.bounds = bounds;
        /* A range that is one skipped day holds no quarter: last then lies before first. */
        made.utc_first = utc_day_of_quarter(bounds[0]);
        made.utc_last = bounds[made.day_count] > bounds[0]
                            ? utc_day_of_quarter(bounds[made.day_count] - 1)
                            : made.utc_first - 1;
    }
    if (made.utc_first <= made.utc_last) {
        made.utc_first = in_calendar(made.utc_first);
        made.utc_last = in_calendar(made.utc_last);
    }
    *window = made;
    return STATUS_OK;
}
