/*
 * metrics_test.c - what is asked of an engine, and what is made of its answers. The engine here
 * is a list of rows; what it is asked for is noted.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "query/metrics.h"

#include "unit.h"

#include <string.h>

#include "model/calendar.h"

enum { LISTINGS = 250, NOTES_MAX = 8 };

static const int32_t today = 20000;

/* The engine of this test: for each listing, on each day from first to last, these counts. */
static struct {
    struct {
        char id[16];
        int32_t first_day;
        int32_t last_day;
        struct counts counts; /* a day, half of them on platform 2, at 12:00 */
        uint64_t growth;      /* views more a day, found by every read */
    } listings[LISTINGS];
    size_t count;
    struct {
        bool cells;
        size_t listing_count;
        int32_t first_day;
        int32_t last_day;
    } notes[NOTES_MAX];
    size_t note_count;
    bool broken; /* every read fails */
} world;

static struct engine *const engine = NULL;
static const struct text user = {"agent", 5};

static bool is_asked_for(const struct store_scope *scope, struct text id)
{
    bool found = scope->listing_count == 0;
    for (size_t i = 0; i < scope->listing_count; i++)
        found = found || text_equal(scope->listing_ids[i], id);
    return found;
}

static enum status read_rows(bool cells, const struct store_scope *scope, store_rows_fn *each,
                             void *context, struct error *err)
{
    assert_true(text_equal(scope->user_id, user));
    assert_true(scope->first_day <= scope->last_day);
    assert_true(world.note_count < NOTES_MAX);
    world.notes[world.note_count].cells = cells;
    world.notes[world.note_count].listing_count = scope->listing_count;
    world.notes[world.note_count].first_day = scope->first_day;
    world.notes[world.note_count++].last_day = scope->last_day;
    if (world.broken)
        return fail(err, STATUS_IO, "the disk is gone");

    for (size_t i = 0; i < world.count; i++) {
        struct text id = text_of(world.listings[i].id);
        if (!is_asked_for(scope, id))
            continue;
        world.listings[i].counts.of[EVENT_VIEW] += world.listings[i].growth;
        for (int32_t day = scope->first_day; day <= scope->last_day; day++) {
            if (day < world.listings[i].first_day || day > world.listings[i].last_day)
                continue;
            struct platform_row rows[2] = {{.day = day, .updated_ms = day},
                                           {.day = day, .updated_ms = day, .platform = 2}};
            struct source_row source = {.day = day, .source = text_of("newsletter")};
            rows[0].quarter = rows[1].quarter = source.quarter = cells ? 48 : 0;
            for (int type = 0; type < EVENT_TYPES; type++) {
                rows[0].counts.of[type] = world.listings[i].counts.of[type] / 2;
                rows[1].counts.of[type] =
                    world.listings[i].counts.of[type] - rows[0].counts.of[type];
            }
            source.counts = rows[1].counts;
            struct count_rows set = {
                .platforms = rows, .platform_count = 2, .sources = &source, .source_count = 1};
            enum status status = each(context, id, &set, err);
            if (status != STATUS_OK)
                return status;
        }
    }
    return STATUS_OK;
}

enum status engine_read_totals(struct engine *which, const struct store_scope *scope,
                               store_rows_fn *each, void *context, struct error *err)
{
    assert_ptr_equal(which, engine);
    return read_rows(false, scope, each, context, err);
}

enum status engine_read_cells(struct engine *which, const struct store_scope *scope,
                              store_rows_fn *each, void *context, struct error *err)
{
    assert_ptr_equal(which, engine);
    return read_rows(true, scope, each, context, err);
}

struct adding_up {
    store_sums_fn *each;
    void *context;
};

static enum status add_up(void *context, struct text listing_id, const struct count_rows *rows,
                          struct error *err)
{
    const struct adding_up *adding = context;
    struct counts sum = {0};
    for (size_t i = 0; i < rows->platform_count; i++)
        counts_add(&sum, &rows->platforms[i].counts);
    return adding->each(adding->context, listing_id, &sum, err);
}

enum status engine_read_sums(struct engine *which, struct text user_id, int32_t first_day,
                             int32_t last_day, store_sums_fn *each, void *context,
                             struct error *err)
{
    struct store_scope scope = {.user_id = user_id, .first_day = first_day, .last_day = last_day};
    struct adding_up adding = {each, context};
    assert_ptr_equal(which, engine);
    return read_rows(false, &scope, add_up, &adding, err);
}

static void add_listing(const char *id, int32_t first_day, int32_t last_day, uint64_t views,
                        uint64_t shares, uint64_t inquiries)
{
    assert_true(world.count < LISTINGS);
    snprintf(world.listings[world.count].id, sizeof world.listings[0].id, "%s", id);
    world.listings[world.count].first_day = first_day;
    world.listings[world.count].last_day = last_day;
    world.listings[world.count++].counts = (struct counts){
        .of = {[EVENT_VIEW] = views, [EVENT_SHARE] = shares, [EVENT_INQUIRY] = inquiries}};
}

static void empty_world(void)
{
    memset(&world, 0, sizeof world);
}

static struct range last_days(int32_t days, const char *zone)
{
    struct range range = {
        .period = PERIOD_CUSTOM, .first_day = today - days + 1, .last_day = today};
    struct error err = {0};
    ASSERT_OK(zone_find(text_of(zone), &range.zone, &err), err);
    return range;
}

TEST(one_read_answers_for_a_listing)
{
    static const struct {
        const char *zone;
        bool cells;
        int32_t utc_before; /* how many UTC days more on either side */
        int32_t utc_behind;
    } cases[] = {
        {"UTC", false, 0, 0},
        {"Africa/Abidjan", false, 0, 0},
        {"Asia/Kolkata", true, 1, 0},
        {"America/New_York", true, 0, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena arena = {0};
        struct aggregated_metrics metrics;
        struct error err = {0};
        struct range range = last_days(7, cases[i].zone);
        empty_world();
        add_listing("a", today - 9, today, 4, 2, 1); /* 7 days, and 3 of the 7 before */
        add_listing("b", today - 100, today, 1000, 1000, 1000);
        ASSERT_OK(metrics_of_listing(engine, user, text_of("a"), &range, &arena, &metrics, &err),
                  err);
        ROW(world.note_count == 1, cases[i].zone, "%zu reads", world.note_count);
        ROW(world.notes[0].cells == cases[i].cells, cases[i].zone, "reads the other grain");
        ROW(world.notes[0].listing_count == 1, cases[i].zone, "reads other listings");
        ROW(world.notes[0].first_day == today - 13 - cases[i].utc_before &&
                world.notes[0].last_day == today + cases[i].utc_behind,
            cases[i].zone, "reads %d to %d", world.notes[0].first_day - today,
            world.notes[0].last_day - today);

        assert_true(text_is(metrics.listing_id, "a"));
        assert_int_equal(metrics.totals.of[EVENT_VIEW], 28);
        assert_int_equal(metrics.totals.of[EVENT_INQUIRY], 7);
        assert_int_equal(metrics.platform_count, 1);
        assert_true(text_is(metrics.platforms[0].name, "instagram"));
        assert_int_equal(metrics.platforms[0].counts.of[EVENT_VIEW], 14);
        assert_int_equal(metrics.platforms[0].updated_ms, today);
        assert_int_equal(metrics.source_count, 1);
        assert_int_equal(metrics.day_count, 7);
        assert_true(metrics.conversion_rate > 24.9 && metrics.conversion_rate < 25.1);
        assert_true(metrics.change_percent[EVENT_VIEW] > 133.3 &&
                    metrics.change_percent[EVENT_VIEW] < 133.4);
        arena_done(&arena);
    }
}

TEST(a_listing_without_events_has_zeros)
{
    struct arena arena = {0};
    struct error err = {0};
    struct aggregated_metrics metrics;
    struct day_metrics day;
    const struct day_metrics *days = NULL;
    size_t day_count = 0;
    struct range range = last_days(30, "Europe/Berlin");
    struct range one_day = last_days(1, "UTC");
    empty_world();
    ASSERT_OK(metrics_of_listing(engine, user, text_of("x"), &range, &arena, &metrics, &err), err);
    assert_int_equal(counts_sum(&metrics.totals), 0);
    assert_int_equal(metrics.day_count, 30);
    assert_int_equal(metrics.days[29].day, today);
    assert_int_equal(metrics.platform_count + metrics.source_count, 0);
    ASSERT_OK(metrics_of_days(engine, user, text_of("x"), &range, &arena, &days, &day_count, &err),
              err);
    assert_int_equal(day_count, 30);
    assert_int_equal(world.notes[1].last_day - world.notes[1].first_day, 30); /* none before */
    ASSERT_OK(metrics_of_day(engine, user, text_of("x"), &one_day, &arena, &day, &err), err);
    assert_int_equal(day.day, today);
    assert_int_equal(day.updated_ms, 0);
    arena_done(&arena);
}

TEST(a_day_that_the_calendar_skipped_is_answered_without_a_read)
{
    struct arena arena = {0};
    struct error err = {0};
    struct day_metrics day;
    struct range range = {.period = PERIOD_CUSTOM};
    ASSERT_OK(zone_find(text_of("Pacific/Apia"), &range.zone, &err), err);
    assert_true(date_parse(text_of("2011-12-30"), &range.first_day));
    range.last_day = range.first_day;
    empty_world();
    add_listing("a", 0, today, 1, 1, 1);
    ASSERT_OK(metrics_of_day(engine, user, text_of("a"), &range, &arena, &day, &err), err);
    assert_int_equal(counts_sum(&day.counts), 0);
    assert_int_equal(world.note_count, 0);
    arena_done(&arena);
}

TEST(compared_listings_are_of_one_read_and_in_the_order_given)
{
    static const struct text ids[] = {{"b", 1}, {"nothing", 7}, {"a", 1}, {"b", 1}};
    static const uint64_t views[] = {35, 0, 14, 35};
    struct arena arena = {0};
    struct error err = {0};
    struct aggregated_metrics metrics[4];
    struct range range = last_days(7, "UTC");
    empty_world();
    add_listing("a", 0, today, 2, 0, 0);
    add_listing("b", 0, today, 5, 0, 0);
    ASSERT_OK(metrics_compare(engine, user, ids, 4, &range, &arena, metrics, &err), err);
    assert_int_equal(world.note_count, 1);
    assert_int_equal(world.notes[0].listing_count, 3); /* none twice */
    for (size_t i = 0; i < 4; i++) {
        assert_true(text_equal(metrics[i].listing_id, ids[i]));
        assert_int_equal(metrics[i].totals.of[EVENT_VIEW], views[i]);
        assert_int_equal(metrics[i].day_count, 7);
    }
    arena_done(&arena);
}

TEST(pages_lead_through_all_listings_of_the_range)
{
    static const char *const zones[] = {"UTC", "Asia/Kathmandu"};
    for (size_t z = 0; z < 2; z++) {
        for (int sort = SORT_VIEWS; sort <= SORT_LISTING_ID; sort++) {
            struct arena arena = {0};
            struct error err = {0};
            struct range range = last_days(30, zones[z]);
            struct metrics_page_request request = {
                .sort = (enum metrics_sort)sort, .ascending = sort % 2, .limit = 40};
            size_t seen = 0;
            empty_world();
            for (size_t i = 0; i < LISTINGS; i++) {
                char id[16];
                snprintf(id, sizeof id, "l%zu", i);
                bool over = i % 10 == 9; /* only before the range: not on any page */
                add_listing(id, today - 59, over ? today - 31 : today, i % 5, i % 3 + 1, i % 2);
            }
            do {
                struct metrics_page page;
                world.note_count = 0;
                ASSERT_OK(
                    metrics_of_all_listings(engine, user, &range, &request, &arena, &page, &err),
                    err);
                assert_int_equal(world.note_count, 2);
                assert_int_equal(world.notes[0].listing_count, 0);
                assert_int_equal(world.notes[1].listing_count, page.count);
                for (size_t i = 0; i < page.count; i++, seen++) {
                    assert_null(page.listings[i].days);
                    assert_int_equal(page.listings[i].totals.of[EVENT_SHARE] % 30, 0);
                    assert_true(page.listings[i].change_percent[EVENT_SHARE] == 0);
                }
                request.cursor = page.next_cursor;
            } while (request.cursor.at != NULL);
            assert_int_equal(seen, LISTINGS - LISTINGS / 10);
            arena_done(&arena);
        }
    }
}

TEST(a_page_shows_one_moment_even_while_counts_grow)
{
    struct arena arena = {0};
    struct error err = {0};
    struct metrics_page page;
    struct range range = last_days(1, "UTC");
    struct metrics_page_request request = {.sort = SORT_VIEWS, .limit = 10, .include_days = true};
    empty_world();
    add_listing("a", today, today, 1, 0, 0);
    add_listing("b", today, today, 5, 0, 0);
    world.listings[0].growth = 3; /* overtakes between the page's two reads */
    ASSERT_OK(metrics_of_all_listings(engine, user, &range, &request, &arena, &page, &err), err);
    assert_int_equal(page.count, 2);
    assert_true(text_is(page.listings[0].listing_id, "a"));
    for (size_t i = 0; i < 2; i++) {
        const struct aggregated_metrics *metrics = &page.listings[i];
        assert_int_equal(metrics->totals.of[EVENT_VIEW], i == 0 ? 7 : 5);
        assert_int_equal(metrics->days[0].counts.of[EVENT_VIEW], metrics->totals.of[EVENT_VIEW]);
    }
    arena_done(&arena);
}

TEST(a_page_with_days_is_no_longer_than_answers_may_be)
{
    struct arena arena = {0};
    struct error err = {0};
    struct range range = last_days(400, "UTC");
    struct metrics_page_request request = {
        .sort = SORT_LISTING_ID, .ascending = true, .limit = 1000, .include_days = true};
    struct metrics_page page;
    empty_world();
    for (size_t i = 0; i < LISTINGS; i++) {
        char id[16];
        snprintf(id, sizeof id, "l%03zu", i);
        add_listing(id, today, today, 1, 0, 0);
    }
    size_t seen = 0;
    do {
        world.note_count = 0;
        ASSERT_OK(metrics_of_all_listings(engine, user, &range, &request, &arena, &page, &err),
                  err);
        assert_true(page.count <= METRICS_PAGE_DAYS_MAX / 400);
        seen += page.count;
        request.cursor = page.next_cursor;
    } while (request.cursor.at != NULL);
    assert_int_equal(seen, LISTINGS);
    arena_done(&arena);
}

TEST(an_empty_page_and_a_broken_engine_are_told_apart)
{
    struct arena arena = {0};
    struct error err = {0};
    struct metrics_page page = {.count = 7};
    struct range range = last_days(7, "UTC");
    struct metrics_page_request request = {.sort = SORT_VIEWS, .limit = 10};
    empty_world();
    world.broken = true;
    assert_int_equal(metrics_of_all_listings(engine, user, &range, &request, &arena, &page, &err),
                     STATUS_IO);
    assert_int_equal(page.count, 7);
    assert_string_equal(err.message, "the disk is gone");
    world.broken = false;
    ASSERT_OK(metrics_of_all_listings(engine, user, &range, &request, &arena, &page, &err), err);
    assert_int_equal(page.count, 0);
    assert_null(page.next_cursor.at);
    request.cursor = text_of("AAAA");
    assert_int_equal(metrics_of_all_listings(engine, user, &range, &request, &arena, &page, &err),
                     STATUS_INVALID);
    assert_string_equal(err.code, "invalid_cursor");
    arena_done(&arena);
}

UNIT_MAIN(UNIT(one_read_answers_for_a_listing), UNIT(a_listing_without_events_has_zeros),
          UNIT(a_day_that_the_calendar_skipped_is_answered_without_a_read),
          UNIT(compared_listings_are_of_one_read_and_in_the_order_given),
          UNIT(pages_lead_through_all_listings_of_the_range),
          UNIT(a_page_shows_one_moment_even_while_counts_grow),
          UNIT(a_page_with_days_is_no_longer_than_answers_may_be),
          UNIT(an_empty_page_and_a_broken_engine_are_told_apart))
