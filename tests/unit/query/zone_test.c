/*
 * zone_test.c - days of zones, against a table of known ones and against glibc for every zone.
 *
 * glibc reads the same files by its own code (zdump -v prints what it says), so GLib and the
 * search for changes are checked by an independent reader.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "query/zone.h"

#include "unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "model/calendar.h"

enum { ZONES_EXPECTED_MIN = 400, THREADS = 4, NAME_BYTES = 128 };

static const int64_t ms_per_hour = 60 * 60 * 1000;
static const char folder[] = "/usr/share/zoneinfo/";

static const struct zone *must_find(const char *name)
{
    const struct zone *zone = NULL;
    struct error err = {0};
    ASSERT_OK(zone_find(text_of(name), &zone, &err), err);
    return zone;
}

static int32_t date(const char *text)
{
    int32_t day = 0;
    assert_true(date_parse(text_of(text), &day));
    return day;
}

static const char *shown(int64_t time_ms)
{
    static char text[2][40];
    static int turn;
    time_t at_s = (time_t)(time_ms / 1000);
    struct tm tm;
    turn = !turn;
    strftime(text[turn], sizeof text[turn], "%FT%TZ", gmtime_r(&at_s, &tm));
    return text[turn];
}

TEST(only_names_of_tzdata_are_zones)
{
    static const struct {
        const char *name;
        enum status want;
    } cases[] = {
        {"UTC", STATUS_OK},
        {"Europe/Berlin", STATUS_OK},
        {"America/Argentina/ComodRivadavia", STATUS_OK},
        {"Etc/GMT+5", STATUS_OK},
        {"Etc/GMT-14", STATUS_OK},
        {"EST5EDT", STATUS_OK}, /* a file of tzdata as well as a POSIX rule */
        {"GMT0", STATUS_OK},
        {"Antarctica/DumontDUrville", STATUS_OK},
        {"", STATUS_INVALID},
        {"Mars/Olympus", STATUS_INVALID},
        {"europe/berlin", STATUS_INVALID},
        {"Europe", STATUS_INVALID},
        {"Europe/", STATUS_INVALID},
        {"Europe//Berlin", STATUS_INVALID},
        {"Europe/Berlin/", STATUS_INVALID},
        {"/Europe/Berlin", STATUS_INVALID},
        {"/usr/share/zoneinfo/Europe/Berlin", STATUS_INVALID},
        {"./Europe/Berlin", STATUS_INVALID},
        {"Europe/../Europe/Berlin", STATUS_INVALID},
        {"../../../etc/passwd", STATUS_INVALID},
        {":Europe/Berlin", STATUS_INVALID},
        {"Europe/Berlin ", STATUS_INVALID},
        {"+05:30", STATUS_INVALID},
        {"+0530", STATUS_INVALID},
        {"-03", STATUS_INVALID},
        {"05", STATUS_INVALID},
        {"Z", STATUS_INVALID},
        {"CET-1CEST,M3.5.0,M10.5.0/3", STATUS_INVALID},
        {"CET-1CEST", STATUS_INVALID},
        {"<+03>-3", STATUS_INVALID},
        {"posix/Europe/Berlin", STATUS_INVALID},
        {"right/Europe/Berlin", STATUS_INVALID},
        {"posixrules", STATUS_INVALID},
        {"localtime", STATUS_INVALID},
        {"tzdata.zi", STATUS_INVALID},
        {"leapseconds", STATUS_INVALID},
        {"A234567890123456789012345678901234567890123456789012345678901234", STATUS_INVALID},
        {"A2345678901234567890123456789012345678901234567890123456789012345", STATUS_INVALID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct zone *zone = NULL;
        struct error err = {0};
        enum status status = zone_find(text_of(cases[i].name), &zone, &err);
        ROW(status == cases[i].want, cases[i].name, "got %s", status_code(status));
        if (status == STATUS_OK) {
            ROW(text_is(zone_name(zone), cases[i].name), cases[i].name, "has another name");
        } else {
            ROW(zone == NULL, cases[i].name, "*out was changed");
            ROW(strcmp(err.code, "unknown_timezone") == 0 && strcmp(err.field, "timezone") == 0,
                cases[i].name, "code %s, field %s", err.code, err.field);
        }
    }

    const struct zone *zone = NULL;
    struct error err = {0};
    assert_int_equal(zone_find((struct text){"Europe\0/Berlin", 14}, &zone, &err), STATUS_INVALID);
    assert_int_equal(zone_find((struct text){NULL, 0}, &zone, &err), STATUS_INVALID);
}

TEST(zones_that_are_utc_are_known_by_what_they_do)
{
    static const struct {
        const char *name;
        bool is_utc;
    } cases[] = {
        {"UTC", true},
        {"Etc/UTC", true},
        {"GMT", true},
        {"Etc/GMT+0", true},
        {"Zulu", true},
        {"Africa/Abidjan", true},
        {"Europe/London", false},   /* zero in winter only */
        {"Africa/Monrovia", false}, /* zero since 1972 only */
        {"Europe/Berlin", false},
        {"Etc/GMT+1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ROW(zone_is_utc(must_find(cases[i].name)) == cases[i].is_utc, cases[i].name,
            "is taken for something else");
    assert_ptr_equal(zone_utc(), must_find("UTC"));
}

TEST(days_begin_at_local_midnight)
{
    static const struct {
        const char *zone;
        const char *date;
        const char *start; /* UTC */
        double hours;
    } cases[] = {
        /* of years that are over: governments change the others */
        {"UTC", "2024-02-28", "2024-02-28T00:00:00Z", 24},
        {"Europe/Berlin", "2024-01-15", "2024-01-14T23:00:00Z", 24},
        {"Europe/Berlin", "2024-03-31", "2024-03-30T23:00:00Z", 23},
        {"Europe/Berlin", "2024-04-01", "2024-03-31T22:00:00Z", 24},
        {"Europe/Berlin", "2024-10-27", "2024-10-26T22:00:00Z", 25},
        {"America/New_York", "2024-03-10", "2024-03-10T05:00:00Z", 23},
        {"America/New_York", "2024-11-03", "2024-11-03T04:00:00Z", 25},
        {"Asia/Kolkata", "2024-07-01", "2024-06-30T18:30:00Z", 24},
        {"Asia/Kathmandu", "2024-07-01", "2024-06-30T18:15:00Z", 24},
        {"Pacific/Chatham", "2024-01-15", "2024-01-14T10:15:00Z", 24},
        {"Pacific/Chatham", "2024-04-07", "2024-04-06T10:15:00Z", 25},
        {"Pacific/Chatham", "2024-09-29", "2024-09-28T11:15:00Z", 23},
        {"Australia/Lord_Howe", "2024-10-06", "2024-10-05T13:30:00Z", 23.5},
        {"Australia/Lord_Howe", "2024-04-07", "2024-04-06T13:00:00Z", 24.5},
        {"Antarctica/Troll", "2024-03-31", "2024-03-31T00:00:00Z", 22},
        /* 00:00 does not exist: clocks go forward at midnight */
        {"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", 23},
        {"America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00:00Z", 25},
        {"Asia/Beirut", "2024-03-31", "2024-03-30T22:00:00Z", 23},
        {"Asia/Beirut", "2024-10-26", "2024-10-25T21:00:00Z", 25},
        {"Africa/Cairo", "2024-04-26", "2024-04-25T22:00:00Z", 23},
        {"Africa/Cairo", "2024-10-31", "2024-10-30T21:00:00Z", 25},
        {"America/Asuncion", "2023-10-01", "2023-10-01T04:00:00Z", 23},
        {"America/Santiago", "2024-09-08", "2024-09-08T04:00:00Z", 23},
        /* 00:00 comes twice within one day: clocks go back from 01:00 */
        {"America/Havana", "2024-11-03", "2024-11-03T04:00:00Z", 25},
        {"America/Havana", "2024-03-10", "2024-03-10T05:00:00Z", 23},
        {"Atlantic/Azores", "2024-10-27", "2024-10-27T00:00:00Z", 25},
        /* clocks go back from 00:01 to 23:01: the day before lasts until the second midnight */
        {"America/St_Johns", "2010-11-06", "2010-11-06T02:30:00Z", 25},
        {"America/St_Johns", "2010-11-07", "2010-11-07T03:30:00Z", 24},
        /* a day that the calendar skipped */
        {"Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z", 24},
        {"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", 0},
        {"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", 24},
        {"Pacific/Kwajalein", "1993-08-21", "1993-08-21T12:00:00Z", 0},
        /* offsets that are no quarter-hours, rounded down: -10:40 and -0:44:30 */
        {"Pacific/Kiritimati", "1979-09-30", "1979-09-30T10:30:00Z", 24},
        {"Africa/Monrovia", "1972-01-07", "1972-01-07T00:30:00Z", 23.5},
        /* beyond the changes that files list, by rule; and before all of them */
        {"Europe/Berlin", "2085-03-25", "2085-03-24T23:00:00Z", 23},
        {"Europe/Berlin", "1969-12-31", "1969-12-30T23:00:00Z", 24},
        {"Europe/Berlin", "2500-07-01", "2500-06-30T23:00:00Z", 24},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct zone *zone = must_find(cases[i].zone);
        int32_t day = date(cases[i].date);
        int64_t want_ms = 0;
        assert_true(time_parse_rfc3339(text_of(cases[i].start), &want_ms));
        int64_t start_ms = zone_day_start_ms(zone, day);
        int64_t end_ms = zone_day_start_ms(zone, day + 1);
        ROW(start_ms == want_ms, cases[i].zone, "%s begins at %s, not at %s", cases[i].date,
            shown(start_ms), cases[i].start);
        ROW(end_ms - start_ms == (int64_t)(cases[i].hours * (double)ms_per_hour), cases[i].zone,
            "%s has %g hours", cases[i].date, (double)(end_ms - start_ms) / (double)ms_per_hour);
        if (end_ms > start_ms) {
            ROW(zone_day_of_ms(zone, start_ms) == day, cases[i].zone,
                "%s does not hold its first moment", cases[i].date);
            ROW(zone_day_of_ms(zone, end_ms - 1) == day, cases[i].zone,
                "%s does not hold its last moment", cases[i].date);
        }
    }
}

/* Every zone name of tzdata, by walking its folder. */
static struct {
    char names[ZONES_MAX][NAME_BYTES];
    size_t count;
} all;

static int keep_zone(const char *path, const struct stat *about, int kind, struct FTW *ftw)
{
    (void)about;
    (void)ftw;
    const char *name = path + sizeof folder - 1;
    char magic[4] = "";
    if ((kind != FTW_F && kind != FTW_SL) || strncmp(name, "posix/", 6) == 0 ||
        strncmp(name, "right/", 6) == 0 || strcmp(name, "posixrules") == 0 ||
        strcmp(name, "localtime") == 0)
        return 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = read(fd, magic, sizeof magic);
    close(fd);
    if (got == (ssize_t)sizeof magic && memcmp(magic, "TZif", sizeof magic) == 0 &&
        all.count < ZONES_MAX)
        snprintf(all.names[all.count++], NAME_BYTES, "%s", name);
    return 0;
}

static void list_zones(void)
{
    if (all.count == 0)
        assert_int_equal(nftw(folder, keep_zone, 16, FTW_PHYS), 0);
    assert_true(all.count >= ZONES_EXPECTED_MIN);
}

/* The date that glibc's clock shows in the zone that TZ names. */
static int32_t glibc_day(int64_t time_ms)
{
    time_t at_s = (time_t)(time_ms / 1000);
    struct tm tm;
    localtime_r(&at_s, &tm);
    return day_from_civil(
        (struct civil){.year = tm.tm_year + 1900, .month = tm.tm_mon + 1, .day = tm.tm_mday});
}

static void use_glibc_zone(const char *name)
{
    char value[NAME_BYTES + 1];
    snprintf(value, sizeof value, ":%s", name);
    assert_int_equal(setenv("TZ", value, 1), 0);
    tzset();
}

TEST(every_day_of_every_zone_agrees_with_glibc)
{
    int32_t first = date("2020-01-01");
    int32_t last = date("2037-12-31");
    list_zones();
    for (size_t i = 0; i < all.count; i++) {
        const char *name = all.names[i];
        const struct zone *zone = must_find(name);
        use_glibc_zone(name);
        for (int32_t day = first; day <= last; day++) {
            int64_t start_ms = zone_day_start_ms(zone, day);
            ROW(glibc_day(start_ms) == day && glibc_day(start_ms - 1000) == day - 1, name,
                "day %d begins at %s", day, shown(start_ms));
        }
    }
}

TEST(rules_agree_with_glibc_until_2099)
{
    int32_t first = date("2038-01-01");
    int32_t last = date("2099-12-31");
    list_zones();
    for (size_t i = 0; i < all.count; i++) {
        const char *name = all.names[i];
        /* Winter time as negative summer time, by rule: GLib is a few hours off on the two days.
         * docs/decisions/0003-time-zones.md */
        if (strcmp(name, "Europe/Dublin") == 0 || strcmp(name, "Eire") == 0)
            continue;
        const struct zone *zone = must_find(name);
        use_glibc_zone(name);
        for (int32_t day = first; day <= last; day += 5) {
            int64_t start_ms = zone_day_start_ms(zone, day);
            ROW(glibc_day(start_ms) == day && glibc_day(start_ms - 1000) == day - 1, name,
                "day %d begins at %s", day, shown(start_ms));
        }
    }
}

/* At each quarter-hour of the days that are not of 24 hours, and at the ends of the others. */
TEST(days_partition_time_without_gap_or_overlap)
{
    int32_t first = date("1969-12-01");
    int32_t last = date("2040-01-01");
    list_zones();
    for (size_t i = 0; i < all.count; i++) {
        const char *name = all.names[i];
        const struct zone *zone = must_find(name);
        int64_t start_ms = zone_day_start_ms(zone, first);
        for (int32_t day = first; day <= last; day++) {
            int64_t end_ms = zone_day_start_ms(zone, day + 1);
            int64_t length_ms = end_ms - start_ms;
            ROW(length_ms >= 0 && length_ms <= 48 * ms_per_hour, name, "day %d has %lld ms", day,
                (long long)length_ms);
            ROW(start_ms % ms_per_quarter == 0, name, "day %d begins at %s", day, shown(start_ms));
            if (length_ms > 0 && length_ms != 24 * ms_per_hour) {
                for (int64_t at_ms = start_ms; at_ms < end_ms; at_ms += ms_per_quarter)
                    ROW(zone_day_of_ms(zone, at_ms) == day, name, "%s is not in day %d",
                        shown(at_ms), day);
            }
            if (length_ms > 0)
                ROW(zone_day_of_ms(zone, start_ms) == day &&
                        zone_day_of_ms(zone, end_ms - 1) == day,
                    name, "day %d does not hold its ends", day);
            start_ms = end_ms;
        }
    }
}

/* After 2011, since when no zone has set its clocks back from after midnight to before it. */
TEST(the_day_of_a_moment_is_the_date_on_the_clock)
{
    struct unit_random random = unit_random_seeded();
    int64_t from_ms = date("2012-01-01") * ms_per_day;
    int64_t span_ms = date("2038-01-01") * ms_per_day - from_ms;
    list_zones();
    size_t wrong = 0;
    for (size_t i = 0; i < all.count; i++) {
        const struct zone *zone = must_find(all.names[i]);
        use_glibc_zone(all.names[i]);
        for (int n = 0; n < 500; n++) {
            int64_t at_ms = from_ms + (int64_t)unit_random_below(&random, (uint64_t)span_ms);
            wrong += zone_day_of_ms(zone, at_ms) != glibc_day(at_ms);
        }
    }
    assert_int_equal(wrong, 0);
}

static void *find_all(void *context)
{
    const struct zone **found = context;
    for (size_t i = 0; i < all.count; i++) {
        struct error err;
        if (zone_find(text_of(all.names[i]), &found[i], &err) != STATUS_OK)
            found[i] = NULL;
    }
    return NULL;
}

TEST(all_threads_find_the_same_zones)
{
    static const struct zone *found[THREADS][ZONES_MAX];
    pthread_t threads[THREADS];
    list_zones();
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, find_all, found[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < all.count; i++) {
        for (size_t t = 0; t < THREADS; t++)
            ROW(found[t][i] != NULL && found[t][i] == found[0][i], all.names[i],
                "differs between threads");
    }
}

TEST(a_time_on_a_clock_is_a_moment)
{
    static const struct {
        const char *name;
        const char *zone;
        const char *local; /* as if it were UTC */
        const char *moment;
    } cases[] = {
        {"UTC", "UTC", "2026-01-31T08:15:00.123Z", "2026-01-31T08:15:00.123Z"},
        {"winter", "Europe/Berlin", "2026-01-31T00:30:00Z", "2026-01-30T23:30:00Z"},
        {"summer", "Europe/Berlin", "2026-07-31T00:30:00Z", "2026-07-30T22:30:00Z"},
        {"the moment before it is skipped", "Europe/Berlin", "2026-03-29T01:59:59Z",
         "2026-03-29T00:59:59Z"},
        {"skipped: as if nothing had changed", "Europe/Berlin", "2026-03-29T02:30:00Z",
         "2026-03-29T01:30:00Z"},
        {"behind what is skipped", "Europe/Berlin", "2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z"},
        {"there twice: the first", "Europe/Berlin", "2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z"},
        {"behind what is there twice", "Europe/Berlin", "2026-10-25T03:00:00Z",
         "2026-10-25T02:00:00Z"},
        {"half an hour", "Australia/Lord_Howe", "2026-01-10T12:00:00Z", "2026-01-10T01:00:00Z"},
        {"a quarter", "Asia/Kathmandu", "2026-01-10T00:00:00Z", "2026-01-09T18:15:00Z"},
        {"behind UTC", "America/Denver", "2026-01-10T20:00:00Z", "2026-01-11T03:00:00Z"},
        {"a skipped day", "Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-30T22:00:00Z"},
        {"before 1970", "Europe/Berlin", "1950-01-01T00:00:00Z", "1949-12-31T23:00:00Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct zone *zone = NULL;
        struct error err;
        int64_t local_ms = 0;
        int64_t moment_ms = 0;
        ASSERT_OK(zone_find(text_of(cases[i].zone), &zone, &err), err);
        assert_true(time_parse_rfc3339(text_of(cases[i].local), &local_ms));
        assert_true(time_parse_rfc3339(text_of(cases[i].moment), &moment_ms));
        int64_t found_ms = zone_ms_of_local(zone, local_ms);
        ROW(found_ms == moment_ms, cases[i].name, "off by %lld ms",
            (long long)(found_ms - moment_ms));
    }
}

TEST(the_edition_of_the_data_is_known)
{
    const char *version = zone_data_version();
    assert_true(strlen(version) > 0);
    if (access("/usr/share/zoneinfo/tzdata.zi", R_OK) == 0)
        assert_true(version[0] == '2' && version[1] == '0'); /* such as 2026a */
}

UNIT_MAIN(UNIT(all_threads_find_the_same_zones), UNIT(only_names_of_tzdata_are_zones),
          UNIT(zones_that_are_utc_are_known_by_what_they_do), UNIT(days_begin_at_local_midnight),
          UNIT(every_day_of_every_zone_agrees_with_glibc), UNIT(rules_agree_with_glibc_until_2099),
          UNIT(days_partition_time_without_gap_or_overlap),
          UNIT(the_day_of_a_moment_is_the_date_on_the_clock), UNIT(a_time_on_a_clock_is_a_moment),
          UNIT(the_edition_of_the_data_is_known))
