/*
 * calendar.h - days, months and quarter-hours of UTC, as plain numbers.
 *
 * A day is the count of days since 1970-01-01 (negative before), a month is year * 12 + month - 1,
 * a quarter is one of the 96 quarter-hours of a UTC day. Proleptic Gregorian; years 1 to 9999.
 * Other time zones are query/zone.h's affair.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_MODEL_CALENDAR_H
#define FOOTFALL_MODEL_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum {
    DATE_BYTES = 10, /* YYYY-MM-DD */
    QUARTERS_PER_DAY = 96,
    CALENDAR_DAY_MIN = -719162, /* 0001-01-01 */
    CALENDAR_DAY_MAX = 2932896  /* 9999-12-31 */
};
static const int64_t ms_per_quarter = 15 * 60 * 1000;
static const int64_t ms_per_day = 24 * 60 * 60 * 1000;

/* The calendar's moments: 0001-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z. */
static const int64_t calendar_ms_min = -62135596800000;
static const int64_t calendar_ms_max = 253402300799999;

struct civil {
    int year;
    int month; /* 1 to 12 */
    int day;   /* 1 to 31 */
};

/* Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
int32_t day_from_civil(struct civil civil);
struct civil civil_from_day(int32_t day);

int32_t day_of_ms(int64_t time_ms); /* the UTC day that holds the moment */
int quarter_of_ms(int64_t time_ms); /* 0 to 95 */
int32_t month_of_day(int32_t day);
int32_t month_first_day(int32_t month);
int month_length(int32_t month); /* 28 to 31 */

/* Reads exactly YYYY-MM-DD, a date that exists; false otherwise. */
bool date_parse(struct text text, int32_t *day);
/* Writes YYYY-MM-DD without a NUL. day within the calendar's years. */
void date_format(int32_t day, char out[DATE_BYTES]);

/*
 * Reads an RFC 3339 date-time (section 5.6: "2026-01-31T08:15:00.123+01:00" or "...Z"; T and Z in
 * either case; further digits of the second are dropped; second 60 counts as 59.999) into
 * milliseconds since 1970-01-01 UTC; false for anything else.
 */
bool time_parse_rfc3339(struct text text, int64_t *time_ms);

#endif
