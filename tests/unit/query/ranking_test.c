/*
 * ranking_test.c - pages in every order, and cursors that lead from one to the next.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "query/ranking.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "query/cursor.h"

enum { LISTINGS = 700, SORTS = SORT_LISTING_ID + 1 };

static const struct range days = {.period = PERIOD_CUSTOM, .first_day = 19000, .last_day = 19029};

static struct range range_in(const struct zone *zone)
{
    struct range range = days;
    range.zone = zone;
    return range;
}

/* Ids of all lengths, some the beginning of others, some beyond ASCII. */
static struct text id_of(size_t number, char out[32])
{
    static const char *const shapes[] = {"l%zu", "listing-%zu", "%zu", "l%zu/a", "\xc3\xa4%zu"};
    snprintf(out, 32, shapes[number % 5], number);
    return text_of(out);
}

static void add_listing(struct ranking *ranking, struct text id, struct counts counts, int32_t day)
{
    /* in two pieces, as rollups and a store give them */
    struct platform_row rows[] = {{.day = day, .platform = 1}, {.day = day}};
    rows[0].counts = counts;
    for (int type = 0; type < EVENT_TYPES; type++) {
        rows[1].counts.of[type] = counts.of[type] / 3;
        rows[0].counts.of[type] -= rows[1].counts.of[type];
    }
    for (size_t i = 0; i < 2; i++) {
        struct count_rows piece = {.platforms = &rows[i], .platform_count = 1};
        assert_true(ranking_add(ranking, id, &piece));
    }
}

static enum metrics_sort sorting;
static bool sorting_up;

static int by_order(const void *a, const void *b)
{
    return ranked_compare(a, b, sorting, sorting_up);
}

static void fill(struct ranking *ranking, struct unit_random *random, struct ranked *expected,
                 size_t *expected_count)
{
    static char ids[LISTINGS][32];
    *expected_count = 0;
    for (size_t i = 0; i < LISTINGS; i++) {
        struct counts counts;
        /* few different numbers: many ties */
        for (int type = 0; type < EVENT_TYPES; type++)
            counts.of[type] = unit_random_below(random, 12) * (i % 50 == 0 ? UINT64_MAX / 64 : 1);
        struct text id = id_of(i, ids[i]);
        bool outside = i % 10 == 0;
        add_listing(ranking, id, counts, days.first_day - (outside ? 1 : -3));
        if (!outside && counts_sum(&counts) > 0)
            expected[(*expected_count)++] =
                (struct ranked){.key = sort_key_of(sorting, &counts), .listing_id = id};
    }
}

TEST(pages_hold_every_listing_once_and_in_order)
{
    static struct ranked expected[LISTINGS];
    static const size_t limits[] = {1, 2, 7, 100, LISTINGS - 1, LISTINGS, METRICS_PAGE_MAX};
    struct unit_random random = unit_random_seeded();
    struct arena arena = {0};
    struct range range = range_in(zone_utc());

    for (size_t i = 0; i < SORTS * 2 * (sizeof limits / sizeof limits[0]); i++) {
        struct day_window window;
        struct error err = {0};
        size_t expected_count = 0;
        size_t seen = 0;
        size_t limit = limits[i / (SORTS * 2)];
        sorting = (enum metrics_sort)(i % SORTS);
        sorting_up = i / SORTS % 2;

        ASSERT_OK(day_window_init(&window, &range, false, &arena, &err), err);
        struct ranking ranking = {
            .window = &window, .listings = {.arena = &arena, .value_bytes = sizeof(struct counts)}};
        fill(&ranking, &random, expected, &expected_count);
        qsort(expected, expected_count, sizeof expected[0], by_order);

        struct cursor_scope scope = {text_of("u"), &range, sorting, sorting_up};
        struct cursor_place behind;
        bool more = true;
        for (bool first = true; more; first = false) {
            const struct ranked *page = NULL;
            size_t count = 0;
            assert_true(ranking_page(&ranking, sorting, sorting_up, limit, first ? NULL : &behind,
                                     &arena, &page, &count, &more));
            assert_true(count == limit || (!more && count < limit));
            for (size_t n = 0; n < count; n++, seen++) {
                assert_true(seen < expected_count);
                assert_true(text_equal(page[n].listing_id, expected[seen].listing_id));
            }
            if (more) {
                struct text cursor =
                    cursor_write(&scope, page[count - 1].key, page[count - 1].listing_id, &arena);
                ASSERT_OK(cursor_read(&scope, cursor, &behind, &err), err);
            }
        }
        assert_int_equal(seen, expected_count);
        arena_reset(&arena);
    }
    arena_done(&arena);
}

TEST(listings_stand_in_the_order_asked_for)
{
    const struct ranked few = {{1, 1}, text_of("b")};
    const struct ranked also_few = {{1, 1}, text_of("a")};
    const struct ranked many = {{2, 1}, text_of("c")};
    assert_true(ranked_compare(&many, &few, SORT_VIEWS, false) < 0);
    assert_true(ranked_compare(&few, &many, SORT_VIEWS, true) < 0);
    /* ties by id, ascending both ways */
    assert_true(ranked_compare(&also_few, &few, SORT_VIEWS, false) < 0);
    assert_true(ranked_compare(&also_few, &few, SORT_VIEWS, true) < 0);
    assert_true(ranked_compare(&also_few, &many, SORT_LISTING_ID, true) < 0);
    assert_true(ranked_compare(&many, &also_few, SORT_LISTING_ID, false) < 0);
}

TEST(numbers_that_differ_a_little_are_told_apart)
{
    struct counts less = {.of = {[EVENT_VIEW] = 9007199254740995, [EVENT_INQUIRY] = 3}};
    struct counts more = {.of = {[EVENT_VIEW] = 9007199254740994, [EVENT_INQUIRY] = 3}};
    struct counts none = {.of = {[EVENT_INQUIRY] = 5}};
    struct ranked a = {sort_key_of(SORT_CONVERSION_RATE, &less), text_of("a")};
    struct ranked b = {sort_key_of(SORT_CONVERSION_RATE, &more), text_of("b")};
    struct ranked c = {sort_key_of(SORT_CONVERSION_RATE, &none), text_of("c")};
    assert_true(ranked_compare(&b, &a, SORT_CONVERSION_RATE, false) < 0);
    assert_true(ranked_compare(&a, &b, SORT_CONVERSION_RATE, true) < 0);
    assert_true(ranked_compare(&a, &c, SORT_CONVERSION_RATE, false) < 0); /* without views: 0 */
    assert_int_equal(ranked_compare(&a, &a, SORT_CONVERSION_RATE, false), 0);
    a.key = (struct sort_key){UINT64_MAX - 1, 1};
    b.key = (struct sort_key){UINT64_MAX, 1};
    assert_true(ranked_compare(&b, &a, SORT_VIEWS, false) < 0);
}

static bool is_refused(const struct cursor_scope *scope, struct text cursor)
{
    struct cursor_place place;
    struct error err = {0};
    if (cursor_read(scope, cursor, &place, &err) != STATUS_INVALID)
        return false;
    return strcmp(err.code, "invalid_cursor") == 0 && strcmp(err.field, "cursor") == 0;
}

TEST(a_cursor_is_good_for_its_question_only)
{
    const struct zone *berlin = NULL;
    struct error err = {0};
    ASSERT_OK(zone_find(text_of("Europe/Berlin"), &berlin, &err), err);
    struct range range = range_in(berlin);
    struct range later = range_in(berlin);
    struct range elsewhere = range_in(zone_utc());
    later.last_day++;
    struct cursor_scope scope = {text_of("agent-7"), &range, SORT_VIEWS, false};
    const struct {
        const char *name;
        struct cursor_scope scope;
        bool good;
    } cases[] = {
        {"the same", {text_of("agent-7"), &range, SORT_VIEWS, false}, true},
        {"another user", {text_of("agent-8"), &range, SORT_VIEWS, false}, false},
        {"other days", {text_of("agent-7"), &later, SORT_VIEWS, false}, false},
        {"another zone", {text_of("agent-7"), &elsewhere, SORT_VIEWS, false}, false},
        {"another sort", {text_of("agent-7"), &range, SORT_SHARES, false}, false},
        {"another direction", {text_of("agent-7"), &range, SORT_VIEWS, true}, false},
    };
    struct arena arena = {0};
    struct text cursor = cursor_write(&scope, (struct sort_key){UINT64_MAX, 3},
                                      text_of("listing \xf0\x9f\x8f\xa0"), &arena);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cursor_place place;
        if (!cases[i].good) {
            ROW(is_refused(&cases[i].scope, cursor), cases[i].name, "was taken");
            continue;
        }
        ASSERT_OK(cursor_read(&cases[i].scope, cursor, &place, &err), err);
        assert_true(place.key.num == UINT64_MAX && place.key.den == 3);
        assert_true(text_is(place.listing_id, "listing \xf0\x9f\x8f\xa0"));
    }
    arena_done(&arena);
}

TEST(a_damaged_cursor_is_refused)
{
    struct range range = range_in(zone_utc());
    char longest[ID_BYTES_MAX];
    memset(longest, 'x', sizeof longest);
    struct cursor_scope scope = {{longest, sizeof longest}, &range, SORT_CONVERSION_RATE, true};
    struct arena arena = {0};
    struct text good = cursor_write(&scope, (struct sort_key){UINT64_MAX, UINT64_MAX},
                                    (struct text){longest, sizeof longest}, &arena);
    char damaged[512];
    assert_true(good.at != NULL && good.len < sizeof damaged);
    assert_false(is_refused(&scope, good));

    for (size_t at = 0; at < good.len; at++) {
        for (int other = 0; other < 256; other++) {
            memcpy(damaged, good.at, good.len);
            damaged[at] = (char)other;
            if (damaged[at] != good.at[at])
                assert_true(is_refused(&scope, (struct text){damaged, good.len}));
        }
        assert_true(is_refused(&scope, (struct text){good.at, at}));
    }
    memcpy(damaged, good.at, good.len);
    memset(damaged + good.len, 'A', sizeof damaged - good.len);
    for (size_t len = good.len + 1; len <= sizeof damaged; len++)
        assert_true(is_refused(&scope, (struct text){damaged, len}));
    assert_true(is_refused(&scope, text_of("")));
    arena_done(&arena);
}

UNIT_MAIN(UNIT(pages_hold_every_listing_once_and_in_order),
          UNIT(listings_stand_in_the_order_asked_for),
          UNIT(numbers_that_differ_a_little_are_told_apart),
          UNIT(a_cursor_is_good_for_its_question_only), UNIT(a_damaged_cursor_is_refused))
