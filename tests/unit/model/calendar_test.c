/*
 * calendar_test.c - days, months and quarters, checked against a calendar that just counts.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <string.h>

#include "model/calendar.h"

/* Walks through every day there is, one by one. */
TEST(every_day_has_its_date_and_month)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t day = CALENDAR_DAY_MIN;
    for (int year = 1; year <= 9999; year++) {
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        for (int month = 1; month <= 12; month++) {
            int length = lengths[month - 1] + (month == 2 && leap);
            int32_t month_number = year * 12 + month - 1;
            assert_int_equal(month_length(month_number), length);
            assert_int_equal(month_first_day(month_number), day);
            for (int of_month = 1; of_month <= length; of_month++, day++) {
                struct civil civil = civil_from_day(day);
                if (civil.year != year || civil.month != month || civil.day != of_month ||
                    day_from_civil(civil) != day || month_of_day(day) != month_number) {
                    print_error("day %d is not %04d-%02d-%02d\n", day, year, month, of_month);
                    UNIT_FAIL();
                }
            }
        }
    }
    assert_int_equal(day - 1, CALENDAR_DAY_MAX);
    assert_int_equal(day_from_civil((struct civil){1970, 1, 1}), 0);
    assert_int_equal(CALENDAR_DAY_MIN * ms_per_day, calendar_ms_min);
    assert_int_equal((CALENDAR_DAY_MAX + 1) * ms_per_day - 1, calendar_ms_max);
}

TEST(moments_fall_into_days_and_quarters)
{
    static const struct {
        const char *name;
        int64_t time_ms;
        int32_t day;
        int quarter;
    } cases[] = {
        {"the epoch", 0, 0, 0},
        {"before it", -1, -1, 95},
        {"a day before it", -86400000, -1, 0},
        {"just before that", -86400001, -2, 95},
        {"the first quarter's end", 899999, 0, 0},
        {"the second quarter", 900000, 0, 1},
        {"a day's end", 86399999, 0, 95},
        {"the next day", 86400000, 1, 0},
        {"the first moment", calendar_ms_min, CALENDAR_DAY_MIN, 0},
        {"the last moment", calendar_ms_max, CALENDAR_DAY_MAX, 95},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ROW(day_of_ms(cases[i].time_ms) == cases[i].day, cases[i].name, "is on day %d",
            day_of_ms(cases[i].time_ms));
        ROW(quarter_of_ms(cases[i].time_ms) == cases[i].quarter, cases[i].name, "is in quarter %d",
            quarter_of_ms(cases[i].time_ms));
    }
}

TEST(dates_are_read_strictly)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"2026-03-01", true},   {"0001-01-01", true},
        {"9999-12-31", true},   {"2024-02-29", true},
        {"2000-02-29", true},   {"2026-02-29", false},
        {"1900-02-29", false},  {"2026-04-31", false},
        {"2026-13-01", false},  {"2026-00-01", false},
        {"2026-01-00", false},  {"2026-01-32", false},
        {"0000-01-01", false},  {"2026-1-01", false},
        {"2026-01-1", false},   {"2026-01-011", false},
        {"2026/01/01", false},  {" 2026-01-0", false},
        {"20260101", false},    {"+026-01-01", false},
        {"2026-01-0x", false},  {"", false},
        {"2026-01-01T", false}, {"-001-01-01", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int32_t day = 4711;
        bool read = date_parse(text_of(cases[i].text), &day);
        ROW(read == cases[i].good, cases[i].text, "was %s", read ? "read" : "refused");
        char back[DATE_BYTES];
        if (read) {
            date_format(day, back);
            ROW(memcmp(back, cases[i].text, DATE_BYTES) == 0, cases[i].text, "came back as %.10s",
                back);
        } else {
            assert_int_equal(day, 4711);
        }
    }
}

TEST(times_are_read_as_rfc_3339_has_them)
{
    static const int64_t no = INT64_MIN; /* refused */
    static const struct {
        const char *text;
        int64_t want;
    } cases[] = {
        /* the RFC's own examples, section 5.8 */
        {"1985-04-12T23:20:50.52Z", 482196050520},
        {"1996-12-19T16:39:57-08:00", 851042397000},
        {"1990-12-31T23:59:60Z", 662687999999},
        {"1990-12-31T15:59:60-08:00", 662687999999},
        {"1937-01-01T12:00:27.87+00:20", -1041337172130},
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01t00:00:00z", 0},
        {"1970-01-01T00:00:00-00:00", 0},
        {"1970-01-01T00:00:00.001Z", 1},
        {"1970-01-01T00:00:00.9Z", 900},
        {"1970-01-01T00:00:00.12Z", 120},
        {"1970-01-01T00:00:02.123999999999999999999Z", 2123},
        {"1970-01-01T23:59:00+23:59", 0},
        {"1969-12-31T18:30:00-05:30", 0},
        {"2026-01-31T08:15:00.123+01:00", 1769843700123},
        {"0001-01-01T00:00:00Z", calendar_ms_min},
        {"9999-12-31T23:59:59.999Z", calendar_ms_max},
        {"0001-01-01T00:00:00+00:01", INT64_MIN}, /* before the calendar */
        {"9999-12-31T23:59:59-00:01", INT64_MIN}, /* behind it */
        {"2026-01-31T08:15:00", INT64_MIN},
        {"2026-01-31 08:15:00Z", INT64_MIN},
        {"2026-01-31T08:15Z", INT64_MIN},
        {"2026-01-31T8:15:00Z", INT64_MIN},
        {"2026-01-31T24:00:00Z", INT64_MIN},
        {"2026-01-31T08:60:00Z", INT64_MIN},
        {"2026-01-31T08:15:61Z", INT64_MIN},
        {"2026-02-30T08:15:00Z", INT64_MIN},
        {"2026-01-31T08:15:00.Z", INT64_MIN},
        {"2026-01-31T08:15:00,5Z", INT64_MIN},
        {"2026-01-31T08:15:00.5", INT64_MIN},
        {"2026-01-31T08:15:00+0100", INT64_MIN},
        {"2026-01-31T08:15:00+01", INT64_MIN},
        {"2026-01-31T08:15:00+24:00", INT64_MIN},
        {"2026-01-31T08:15:00+01:60", INT64_MIN},
        {"2026-01-31T08:15:00+1:000", INT64_MIN},
        {"2026-01-31T08:15:00ZZ", INT64_MIN},
        {"2026-01-31T08:15:00Z ", INT64_MIN},
        {" 2026-01-31T08:15:00Z", INT64_MIN},
        {"2026-01-31T-8:15:00Z", INT64_MIN},
        {"2026-01-31", INT64_MIN},
        {"", INT64_MIN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t time_ms = -4711;
        bool wanted = cases[i].want != no;
        bool read = time_parse_rfc3339(text_of(cases[i].text), &time_ms);
        ROW(read == wanted, cases[i].text, "was %s", read ? "read" : "refused");
        ROW(time_ms == (wanted ? cases[i].want : -4711), cases[i].text, "gave %lld",
            (long long)time_ms);
    }
}

/* Whatever is cut off a good time, it is refused, within its bytes. */
TEST(a_cut_time_is_refused)
{
    static const char whole[] = "2026-01-31T08:15:00.123+01:00";
    int64_t time_ms;
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        char cut[sizeof whole];
        memcpy(cut, whole, len);
        ROW(!time_parse_rfc3339((struct text){cut, len}, &time_ms), whole, "%zu bytes were read",
            len);
    }
}

UNIT_MAIN(UNIT(every_day_has_its_date_and_month), UNIT(moments_fall_into_days_and_quarters),
          UNIT(dates_are_read_strictly), UNIT(times_are_read_as_rfc_3339_has_them),
          UNIT(a_cut_time_is_refused))
