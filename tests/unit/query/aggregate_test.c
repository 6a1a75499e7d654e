/*
 * aggregate_test.c - adding up, against a model that files each event under its local day.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "query/aggregate.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "model/calendar.h"
#include "model/platform.h"

enum { EVENTS = 3000, SOURCES = 12, PLATFORMS = 20, DAYS_MAX = 70, ROUNDS = 4 };

struct happening {
    int64_t time_ms;
    int64_t received_ms;
    enum event_type type;
    uint8_t platform;
    int source; /* -1: none */
    uint64_t times;
};

static char source_texts[SOURCES][8];

static int32_t date(const char *text)
{
    int32_t day = 0;
    assert_true(date_parse(text_of(text), &day));
    return day;
}

static const struct zone *must_find(const char *name)
{
    const struct zone *zone = NULL;
    struct error err = {0};
    ASSERT_OK(zone_find(text_of(name), &zone, &err), err);
    return zone;
}

/* Codes 0 (none) to PLATFORMS - 1, some made for this process in an order unlike their names'. */
static uint8_t platform_at(uint64_t number)
{
    if (number <= PLATFORM_BUILTIN_LAST)
        return (uint8_t)number;
    char name[8];
    uint8_t code = 0;
    struct error err = {0};
    snprintf(name, sizeof name, "q%d", (int)(PLATFORMS - number));
    ASSERT_OK(platform_intern(text_of(name), &code, &err), err);
    return code;
}

/* One event as rows: cells, or totals where the window reads totals. */
static void add_happening(struct count_rows *rows, const struct happening *event, bool totals)
{
    int16_t quarter = totals ? 0 : (int16_t)quarter_of_ms(event->time_ms);
    struct platform_row *row = count_rows_add_platform(rows);
    assert_non_null(row);
    *row = (struct platform_row){.day = day_of_ms(event->time_ms),
                                 .quarter = quarter,
                                 .platform = event->platform,
                                 .updated_ms = event->received_ms};
    row->counts.of[event->type] = event->times;
    if (event->source < 0)
        return;
    struct source_row *source = count_rows_add_source(rows);
    assert_non_null(source);
    *source = (struct source_row){.day = row->day,
                                  .quarter = quarter,
                                  .source = text_of(source_texts[event->source]),
                                  .counts = row->counts};
}

/* Feeds the events in pieces, as an engine does from rollups and a store. */
static void feed(struct aggregate *aggregate, const struct happening *events, size_t count,
                 bool totals, struct unit_random *random)
{
    struct count_rows rows = {0};
    for (size_t i = 0; i < count; i++) {
        add_happening(&rows, &events[i], totals);
        if (i + 1 == count || unit_random_below(random, 100) == 0) {
            assert_true(aggregate_add(aggregate, &rows));
            count_rows_clear(&rows);
        }
    }
    count_rows_done(&rows);
}

struct model_sum {
    struct counts counts;
    int64_t updated_ms;
};

struct model {
    struct model_sum days[DAYS_MAX];
    struct model_sum day_platforms[DAYS_MAX][256];
    struct model_sum platforms[256];
    struct counts sources[SOURCES];
    struct counts totals;
    struct counts before;
};

static void model_add(struct model_sum *sum, const struct happening *event)
{
    sum->counts.of[event->type] += event->times;
    if (event->received_ms > sum->updated_ms)
        sum->updated_ms = event->received_ms;
}

static void model_count(struct model *model, const struct range *range,
                        const struct happening *event)
{
    int32_t length = range->last_day - range->first_day + 1;
    int32_t day = zone_day_of_ms(range->zone, event->time_ms) - range->first_day;
    if (day >= -length && day < 0)
        model->before.of[event->type] += event->times;
    if (day < 0 || day >= length)
        return;
    model->totals.of[event->type] += event->times;
    model_add(&model->days[day], event);
    model_add(&model->day_platforms[day][event->platform], event);
    model_add(&model->platforms[event->platform], event);
    if (event->source >= 0)
        model->sources[event->source].of[event->type] += event->times;
}

static bool counts_equal(const struct counts *a, const struct counts *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static void check_platforms(const struct platform_metrics *platforms, size_t count,
                            const struct model_sum model[256], const char *zone)
{
    size_t expected = 0;
    for (unsigned code = 1; code < 256; code++)
        expected += counts_sum(&model[code].counts) > 0;
    ROW(count == expected, zone, "%zu platforms, not %zu", count, expected);
    for (size_t i = 0; i < count; i++) {
        uint8_t code = 0;
        assert_true(platform_find(platforms[i].name, &code));
        ROW(counts_equal(&platforms[i].counts, &model[code].counts), zone, "counts of %.*s",
            TEXT_ARGS(platforms[i].name));
        ROW(platforms[i].updated_ms == model[code].updated_ms, zone, "updated of %.*s",
            TEXT_ARGS(platforms[i].name));
        ROW(i == 0 || text_compare(platforms[i - 1].name, platforms[i].name) < 0, zone,
            "platforms are out of order");
    }
}

static void check_answer(const struct aggregated_metrics *answer, const struct model *model,
                         const char *zone)
{
    struct counts by_days = {0};
    struct counts by_platforms = model->platforms[PLATFORM_NONE].counts;
    ROW(counts_equal(&answer->totals, &model->totals), zone, "totals differ");
    for (size_t d = 0; d < answer->day_count; d++) {
        const struct day_metrics *day = &answer->days[d];
        ROW(day->day == answer->range.first_day + (int32_t)d, zone, "day %zu is %d", d, day->day);
        ROW(counts_equal(&day->counts, &model->days[d].counts), zone, "day %zu differs", d);
        ROW(day->updated_ms == model->days[d].updated_ms, zone, "day %zu: updated", d);
        check_platforms(day->platforms, day->platform_count, model->day_platforms[d], zone);
        counts_add(&by_days, &day->counts);
    }
    check_platforms(answer->platforms, answer->platform_count, model->platforms, zone);
    for (size_t i = 0; i < answer->platform_count; i++)
        counts_add(&by_platforms, &answer->platforms[i].counts);
    ROW(counts_equal(&by_days, &answer->totals), zone, "totals are not the sum of days");
    ROW(counts_equal(&by_platforms, &answer->totals), zone, "totals are not the sum of platforms");

    size_t known = 0;
    for (int s = 0; s < SOURCES; s++) {
        if (counts_sum(&model->sources[s]) == 0)
            continue;
        ROW(known < answer->source_count, zone, "sources are missing");
        const struct source_metrics *source = &answer->sources[known++];
        ROW(text_is(source->name, source_texts[s]), zone, "source %d is %.*s", s,
            TEXT_ARGS(source->name));
        ROW(counts_equal(&source->counts, &model->sources[s]), zone, "source %s differs",
            source_texts[s]);
    }
    ROW(known == answer->source_count, zone, "%zu sources, not %zu", answer->source_count, known);

    for (int type = 0; type < EVENT_TYPES; type++) {
        double now = (double)model->totals.of[type];
        double before = (double)model->before.of[type];
        double want = before > 0 ? 100 * (now / before - 1) : now > 0 ? 100 : 0;
        double got = answer->change_percent[type];
        ROW(got - want < 1e-9 && want - got < 1e-9, zone, "change %d is %g, not %g", type, got,
            want);
    }
}

TEST(answers_agree_with_a_naive_count_in_every_kind_of_zone)
{
    static const struct {
        const char *zone;
        const char *first; /* of a range with something odd in it */
        const char *last;
    } cases[] = {
        {"UTC", "2024-02-20", "2024-03-20"},
        {"Africa/Abidjan", "2024-02-20", "2024-03-20"},
        {"Europe/Berlin", "2024-03-10", "2024-04-08"},
        {"Europe/Berlin", "2024-10-27", "2024-10-27"},
        {"Europe/London", "2024-10-01", "2024-10-30"},
        {"America/New_York", "2024-03-10", "2024-03-10"},
        {"America/Los_Angeles", "2024-10-20", "2024-11-18"},
        {"America/St_Johns", "2010-11-01", "2010-11-10"},
        {"America/Caracas", "2016-04-20", "2016-05-05"},
        {"America/Sao_Paulo", "2018-11-01", "2018-11-07"},
        {"America/Havana", "2024-11-01", "2024-11-05"},
        {"Asia/Kolkata", "2024-01-01", "2024-01-30"},
        {"Asia/Kathmandu", "2024-01-01", "2024-01-07"},
        {"Asia/Beirut", "2024-03-28", "2024-04-03"},
        {"Asia/Tehran", "2022-09-15", "2022-09-25"},
        {"Asia/Pyongyang", "2018-05-01", "2018-05-07"},
        {"Africa/Cairo", "2024-04-20", "2024-05-03"},
        {"Africa/Casablanca", "2024-03-05", "2024-04-20"},
        {"Australia/Lord_Howe", "2024-04-01", "2024-04-14"},
        {"Australia/Eucla", "2024-04-01", "2024-04-14"},
        {"Antarctica/Troll", "2024-03-25", "2024-04-05"},
        {"Pacific/Chatham", "2024-09-20", "2024-10-03"},
        {"Pacific/Apia", "2011-12-20", "2012-01-08"},
        {"Pacific/Apia", "2011-12-30", "2011-12-30"},
        {"Pacific/Apia", "2011-12-31", "2011-12-31"},
        {"Pacific/Kiritimati", "2024-06-01", "2024-06-07"},
        {"Pacific/Marquesas", "2024-06-01", "2024-06-07"},
        {"Etc/GMT+12", "2024-06-01", "2024-06-07"},
    };
    static struct happening events[EVENTS];
    static struct model model;
    struct unit_random random = unit_random_seeded();
    struct arena arena = {0};

    for (int s = 0; s < SOURCES; s++)
        snprintf(source_texts[s], sizeof source_texts[s], "s%02d", s);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0] * ROUNDS; i++) {
        const char *name = cases[i / ROUNDS].zone;
        struct range range = {.period = PERIOD_CUSTOM, .zone = must_find(name)};
        range.first_day = date(cases[i / ROUNDS].first);
        range.last_day = date(cases[i / ROUNDS].last);
        int32_t days = range.last_day - range.first_day + 1;
        int64_t from_ms = (range.first_day - days - 2) * ms_per_day;
        int64_t span_ms = (2 * days + 4) * ms_per_day;

        struct day_window window;
        struct error err = {0};
        ASSERT_OK(day_window_init(&window, &range, true, &arena, &err), err);
        memset(&model, 0, sizeof model);
        for (size_t e = 0; e < EVENTS; e++) {
            struct happening *event = &events[e];
            event->time_ms = from_ms + (int64_t)unit_random_below(&random, (uint64_t)span_ms);
            if (e % 4 == 0) /* to the very ends of days */
                event->time_ms =
                    zone_day_start_ms(range.zone, day_of_ms(event->time_ms)) - (int64_t)(e / 4 % 2);
            event->received_ms = event->time_ms + (int64_t)unit_random_below(&random, 1000000);
            event->type = (enum event_type)unit_random_below(&random, EVENT_TYPES);
            event->platform = platform_at(unit_random_below(&random, PLATFORMS));
            event->source = (int)unit_random_below(&random, SOURCES + 3) - 3;
            if (event->source < -1)
                event->source = -1;
            event->times = 1 + unit_random_below(&random, 5);
            model_count(&model, &range, event);
        }

        struct aggregate *aggregate = aggregate_new(&window, true, &arena);
        struct aggregated_metrics answer;
        assert_non_null(aggregate);
        feed(aggregate, events, EVENTS, window.by_totals, &random);
        assert_true(aggregate_finish(aggregate, text_of("l"), &answer));
        assert_int_equal(answer.day_count, days);
        check_answer(&answer, &model, name);
        arena_reset(&arena);
    }
    arena_done(&arena);
}

TEST(windows_read_the_utc_days_that_they_need_and_no_others)
{
    static const struct {
        const char *zone, *first, *last, *want_first, *want_last;
        bool with_before;
    } cases[] = {
        {"UTC", "2024-03-05", "2024-03-07", "2024-03-05", "2024-03-07", false},
        {"UTC", "2024-03-05", "2024-03-07", "2024-03-02", "2024-03-07", true},
        {"Asia/Kolkata", "2024-03-05", "2024-03-05", "2024-03-04", "2024-03-05", false},
        {"America/New_York", "2024-03-05", "2024-03-05", "2024-03-05", "2024-03-06", false},
        {"Europe/London", "2024-01-05", "2024-01-05", "2024-01-05", "2024-01-05", false},
        {"Pacific/Kiritimati", "2024-03-05", "2024-03-05", "2024-03-04", "2024-03-05", false},
        {"Etc/GMT-12", "0001-01-01", "0001-01-01", "0001-01-01", "0001-01-01", true},
        {"UTC", "0001-01-01", "0001-01-01", "0001-01-01", "0001-01-01", true},
        {"Etc/GMT+12", "9999-12-31", "9999-12-31", "9999-12-31", "9999-12-31", false},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct range range = {.period = PERIOD_CUSTOM, .zone = must_find(cases[i].zone)};
        range.first_day = date(cases[i].first);
        range.last_day = date(cases[i].last);
        struct day_window window;
        struct error err = {0};
        ASSERT_OK(day_window_init(&window, &range, cases[i].with_before, &arena, &err), err);
        ROW(window.utc_first == date(cases[i].want_first), cases[i].zone, "%s: first is %d",
            cases[i].first, window.utc_first);
        ROW(window.utc_last == date(cases[i].want_last), cases[i].zone, "%s: last is %d",
            cases[i].first, window.utc_last);
    }

    struct range skipped = {.period = PERIOD_CUSTOM, .zone = must_find("Pacific/Apia")};
    skipped.first_day = skipped.last_day = date("2011-12-30");
    struct day_window window;
    struct error err = {0};
    ASSERT_OK(day_window_init(&window, &skipped, false, &arena, &err), err);
    assert_true(window.utc_last < window.utc_first);
    arena_done(&arena);
}

TEST(trends_and_rates_are_the_seeds)
{
    static const struct {
        const char *name;
        uint64_t now, before;
        double change;
        uint64_t views, inquiries;
        double rate;
    } cases[] = {
        {"nothing at all", 0, 0, 0, 0, 0, 0},
        {"from nothing", 7, 0, 100, 10, 0, 0},
        {"to nothing", 0, 7, -100, 0, 3, 0},
        {"as before", 7, 7, 0, 7, 7, 100},
        {"half as much again", 3, 2, 50, 3, 1, 1.0 / 3.0 * 100},
        {"a third", 1, 3, (1.0 - 3.0) / 3.0 * 100, 8, 1, 12.5},
        {"more inquiries than views", 20, 10, 100, 2, 5, 250},
    };
    struct arena arena = {0};
    struct range range = {
        .period = PERIOD_DAILY, .first_day = 100, .last_day = 100, .zone = zone_utc()};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct platform_row platforms[] = {{.day = 100}, {.day = 99}};
        platforms[0].counts.of[EVENT_SHARE] = cases[i].now;
        platforms[0].counts.of[EVENT_VIEW] = cases[i].views;
        platforms[0].counts.of[EVENT_INQUIRY] = cases[i].inquiries;
        platforms[1].counts.of[EVENT_SHARE] = cases[i].before;
        struct count_rows rows = {.platforms = platforms, .platform_count = 2};
        struct day_window window;
        struct aggregated_metrics answer;
        struct error err = {0};
        ASSERT_OK(day_window_init(&window, &range, true, &arena, &err), err);
        struct aggregate *aggregate = aggregate_new(&window, false, &arena);
        assert_non_null(aggregate);
        assert_true(aggregate_add(aggregate, &rows));
        assert_true(aggregate_finish(aggregate, text_of("l"), &answer));
        double change = answer.change_percent[EVENT_SHARE];
        ROW(memcmp(&change, &cases[i].change, sizeof change) == 0, cases[i].name, "change is %g",
            change);
        ROW(memcmp(&answer.conversion_rate, &cases[i].rate, sizeof change) == 0, cases[i].name,
            "rate is %g", answer.conversion_rate);
        ROW(answer.days == NULL && answer.day_count == 0, cases[i].name, "has days");
        ROW(answer.platform_count == 0, cases[i].name, "\"none\" is shown as a platform");
    }
    arena_done(&arena);
}

/* Sources named from `first` on, one view each, of one UTC day and quarter. */
static void add_sources(struct count_rows *rows, int32_t day, int16_t quarter, int first, int count,
                        char names[][16])
{
    for (int i = first; i < first + count; i++) {
        struct source_row *row = count_rows_add_source(rows);
        assert_non_null(row);
        snprintf(names[i], sizeof names[i], "n%03d", i);
        *row = (struct source_row){
            .day = day, .quarter = quarter, .source = text_of(names[i]), .counts = {{1}}};
    }
}

/* Rollups do not know the limit, so what is merged at read must keep it. */
TEST(the_first_64_sources_of_a_utc_day_keep_their_names_whatever_was_sealed)
{
    enum { NAMES = 300 };
    static char names[NAMES][16];
    static const struct {
        const char *name;
        const char *zone;
        int other_days;  /* whose sources come first */
        int16_t quarter; /* of the rows that come first on the day */
        int stored;      /* sources of the first rows */
        int recorded;    /* further sources of later rows, of which the last three are repeated */
        int want_named;  /* of that day */
        uint64_t want_other;
    } cases[] = {
        {"room for all", "UTC", 0, 0, 30, 34, 64, 0},
        {"one too many", "UTC", 0, 0, 30, 35, 64, 2},
        {"full before", "UTC", 0, 0, 64, 10, 64, 13},
        {"numbered late, in an answer with other days", "UTC", 2, 0, 30, 40, 64, 9},
        {"of cells", "Europe/Berlin", 0, 0, 64, 10, 64, 13},
        {"places taken outside of the range", "Asia/Kolkata", 0, 90, 60, 10, 4, 9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena arena = {0};
        struct day_window window;
        struct aggregated_metrics answer;
        struct error err = {0};
        struct count_rows rows = {0};
        int32_t day = date("2026-01-10");
        const struct range range = {PERIOD_CUSTOM, day - 5, day, must_find(cases[i].zone)};
        ASSERT_OK(day_window_init(&window, &range, true, &arena, &err), err);
        struct aggregate *aggregate = aggregate_new(&window, false, &arena);
        assert_non_null(aggregate);

        int next = 0;
        for (int d = 0; d < cases[i].other_days; d++, next += 60)
            add_sources(&rows, day - 2 + d, 0, next, 60, names);
        add_sources(&rows, day, cases[i].quarter, next, cases[i].stored, names);
        assert_true(aggregate_add(aggregate, &rows));
        count_rows_clear(&rows);
        next += cases[i].stored;
        add_sources(&rows, day, 1, next, cases[i].recorded, names);
        add_sources(&rows, day, 1, next + cases[i].recorded - 3, 3, names);
        assert_true(aggregate_add(aggregate, &rows));
        assert_true(aggregate_finish(aggregate, text_of("l"), &answer));

        uint64_t other = 0;
        int named = -60 * cases[i].other_days;
        for (size_t s = 0; s < answer.source_count; s++) {
            if (text_is(answer.sources[s].name, "(other)"))
                other = answer.sources[s].counts.of[EVENT_VIEW];
            else
                named++;
        }
        ROW(named == cases[i].want_named, cases[i].name, "%d named", named);
        ROW(other == cases[i].want_other, cases[i].name, "%d under (other)", (int)other);
        count_rows_done(&rows);
        arena_done(&arena);
    }
}

UNIT_MAIN(UNIT(answers_agree_with_a_naive_count_in_every_kind_of_zone),
          UNIT(windows_read_the_utc_days_that_they_need_and_no_others),
          UNIT(the_first_64_sources_of_a_utc_day_keep_their_names_whatever_was_sealed),
          UNIT(trends_and_rates_are_the_seeds))
