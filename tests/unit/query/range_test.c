/*
 * range_test.c - what a request's texts come to, and what is refused in which words.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "query/range.h"

#include "unit.h"

#include <string.h>

#include "model/calendar.h"

static struct text maybe(const char *string)
{
    return string == NULL ? (struct text){NULL, 0} : text_of(string);
}

static const char *shown(int32_t day)
{
    static char text[2][DATE_BYTES + 1];
    static int turn;
    turn = !turn;
    date_format(day, text[turn]);
    return text[turn];
}

TEST(requests_become_days)
{
    static const struct {
        const char *name;
        const char *now;
        const char *period, *start, *end, *timezone;
        const char *want_first, *want_last;
        enum period want;
    } cases[] = {
        {"nothing said: weekly in UTC", "2026-03-01T12:00:00Z", NULL, NULL, NULL, NULL,
         "2026-02-23", "2026-03-01", PERIOD_WEEKLY},
        {"daily is today", "2026-03-01T00:00:00Z", "daily", NULL, NULL, NULL, "2026-03-01",
         "2026-03-01", PERIOD_DAILY},
        {"the last moment of a day", "2026-02-28T23:59:59.999Z", "daily", NULL, NULL, NULL,
         "2026-02-28", "2026-02-28", PERIOD_DAILY},
        {"monthly is 30 days", "2024-03-01T12:00:00Z", "monthly", NULL, NULL, NULL, "2024-02-01",
         "2024-03-01", PERIOD_MONTHLY},
        {"today is the zone's: ahead", "2026-01-01T12:00:00Z", "daily", NULL, NULL,
         "Pacific/Auckland", "2026-01-02", "2026-01-02", PERIOD_DAILY},
        {"today is the zone's: behind", "2026-01-01T04:00:00Z", "weekly", NULL, NULL,
         "America/New_York", "2025-12-25", "2025-12-31", PERIOD_WEEKLY},
        {"custom, both ends included", "2026-01-01T00:00:00Z", NULL, "2024-02-28", "2024-03-01",
         "Asia/Kolkata", "2024-02-28", "2024-03-01", PERIOD_CUSTOM},
        {"one day", "2026-01-01T00:00:00Z", NULL, "2024-02-29", "2024-02-29", NULL, "2024-02-29",
         "2024-02-29", PERIOD_CUSTOM},
        {"400 days", "2026-01-01T00:00:00Z", NULL, "2025-01-01", "2026-02-04", NULL, "2025-01-01",
         "2026-02-04", PERIOD_CUSTOM},
        {"days to come", "2026-01-01T00:00:00Z", NULL, "2031-01-01", "2031-01-02", NULL,
         "2031-01-01", "2031-01-02", PERIOD_CUSTOM},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct range_request request = {maybe(cases[i].period), maybe(cases[i].start),
                                        maybe(cases[i].end), maybe(cases[i].timezone)};
        struct range range = {0};
        struct error err = {0};
        int64_t now_ms = 0;
        assert_true(time_parse_rfc3339(text_of(cases[i].now), &now_ms));
        ASSERT_OK(range_resolve(&request, now_ms, &range, &err), err);
        ROW(strcmp(shown(range.first_day), cases[i].want_first) == 0 &&
                strcmp(shown(range.last_day), cases[i].want_last) == 0,
            cases[i].name, "got %s to %s", shown(range.first_day), shown(range.last_day));
        ROW(range.period == cases[i].want, cases[i].name, "got %s", period_name(range.period));
        const char *zone = cases[i].timezone != NULL ? cases[i].timezone : "UTC";
        ROW(text_is(zone_name(range.zone), zone), cases[i].name, "got another zone");
    }
}

TEST(what_is_refused_names_field_and_reason)
{
    static const struct {
        const char *period, *start, *end, *timezone;
        const char *code, *field, *words;
    } cases[] = {
        {"yearly", NULL, NULL, NULL, "invalid_period", "period", "daily, weekly or monthly"},
        {"Weekly", NULL, NULL, NULL, "invalid_period", "period", "\"Weekly\" is not a period"},
        {"custom", NULL, NULL, NULL, "invalid_period", "period", "startDate and endDate"},
        {"", NULL, NULL, NULL, "invalid_period", "period", "\"\" is not a period"},
        {"weekly", "2026-01-01", "2026-01-02", NULL, "invalid_range", "period", "not both"},
        {"weekly", "2026-01-01", NULL, NULL, "invalid_range", "period", "not both"},
        {NULL, "2026-01-01", NULL, NULL, "invalid_range", "endDate", "needed together"},
        {NULL, NULL, "2026-01-01", NULL, "invalid_range", "startDate", "needed together"},
        {NULL, "2026-02-30", "2026-03-01", NULL, "invalid_date", "startDate",
         "2026-02-30 does not exist"},
        {NULL, "2026-01-01", "2026-13-01", NULL, "invalid_date", "endDate",
         "2026-13-01 does not exist"},
        {NULL, "2023-02-29", "2026-03-01", NULL, "invalid_date", "startDate", "does not exist"},
        {NULL, "0000-01-01", "0000-01-01", NULL, "invalid_date", "startDate", "does not exist"},
        {NULL, "2026-1-1", "2026-03-01", NULL, "invalid_date", "startDate", "write YYYY-MM-DD"},
        {NULL, "", "2026-03-01", NULL, "invalid_date", "startDate", "\"\" is not a date"},
        {NULL, "2026-01-01T00:00:00Z", "2026-03-01", NULL, "invalid_date", "startDate",
         "write YYYY-MM-DD"},
        {NULL, "2026-01-02", "2026-01-01", NULL, "invalid_range", "endDate",
         "endDate 2026-01-01 is before startDate 2026-01-02"},
        {NULL, "2025-01-01", "2026-02-05", NULL, "invalid_range", "endDate",
         "the range has 401 days; at most 400"},
        {NULL, "0001-01-01", "9999-12-31", NULL, "invalid_range", "endDate", "at most 400"},
        {NULL, NULL, NULL, "Mars/Olympus", "unknown_timezone", "timezone", "Mars/Olympus"},
        {NULL, NULL, NULL, "", "unknown_timezone", "timezone", "not a time zone"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct range_request request = {maybe(cases[i].period), maybe(cases[i].start),
                                        maybe(cases[i].end), maybe(cases[i].timezone)};
        struct range range = {.first_day = 7};
        struct error err = {0};
        enum status status = range_resolve(&request, 0, &range, &err);
        ROW(status == STATUS_INVALID, cases[i].words, "got %s", status_code(status));
        ROW(strcmp(err.code, cases[i].code) == 0, cases[i].words, "code %s", err.code);
        ROW(strcmp(err.field, cases[i].field) == 0, cases[i].words, "field %s", err.field);
        ROW(strstr(err.message, cases[i].words) != NULL, cases[i].words, "says: %s", err.message);
        ROW(range.first_day == 7, cases[i].words, "*out was changed");
    }
}

TEST(long_nonsense_is_shown_in_part)
{
    char long_text[4000];
    memset(long_text, 'x', sizeof long_text);
    struct text text = {long_text, sizeof long_text};
    const struct range_request requests[] = {
        {.period = text}, {.start_date = text, .end_date = text}, {.timezone = text}};
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct range range;
        struct error err = {0};
        assert_int_equal(range_resolve(&requests[i], 0, &range, &err), STATUS_INVALID);
        assert_true(strlen(err.message) < 200);
    }
}

TEST(the_range_before_is_as_long_and_ends_the_day_before)
{
    struct range range = {.period = PERIOD_WEEKLY, .first_day = 100, .last_day = 106};
    range.zone = zone_utc();
    struct range before = range_before(&range);
    assert_int_equal(before.first_day, 93);
    assert_int_equal(before.last_day, 99);
    assert_ptr_equal(before.zone, zone_utc());
}

UNIT_MAIN(UNIT(requests_become_days), UNIT(what_is_refused_names_field_and_reason),
          UNIT(long_nonsense_is_shown_in_part),
          UNIT(the_range_before_is_as_long_and_ends_the_day_before))
