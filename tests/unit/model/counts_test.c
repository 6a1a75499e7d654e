/*
 * counts_test.c - counts that end instead of wrapping, rows that grow, sources that are bounded.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <string.h>

#include "model/counts.h"

TEST(counts_end_at_their_maximum_in_any_order)
{
    static const struct {
        const char *name;
        uint64_t a, b, want;
    } cases[] = {
        {"small ones", 1, 2, 3},
        {"up to the maximum", INT64_MAX - 1, 1, INT64_MAX},
        {"over it", INT64_MAX, 1, INT64_MAX},
        {"two of the largest", INT64_MAX, INT64_MAX, INT64_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct counts left = {{cases[i].a, 0, cases[i].b}}, right = {{cases[i].b, 0, cases[i].a}};
        struct counts sum = left;
        counts_add(&sum, &right);
        counts_add(&right, &left);
        ROW(sum.of[EVENT_VIEW] == cases[i].want && sum.of[EVENT_INQUIRY] == cases[i].want,
            cases[i].name, "became %llu", (unsigned long long)sum.of[EVENT_VIEW]);
        assert_int_equal(sum.of[EVENT_SHARE], 0);
        assert_memory_equal(&sum, &right, sizeof sum);
    }
    assert_int_equal(counts_sum(&(struct counts){{1, 20, 300}}), 321);
}

TEST(rows_grow_and_keep_their_content)
{
    struct count_rows rows = {0};
    for (int i = 0; i < 1000; i++) {
        struct platform_row *platform = count_rows_add_platform(&rows);
        struct source_row *source = count_rows_add_source(&rows);
        assert_non_null(platform);
        assert_non_null(source);
        static const struct counts none;
        assert_memory_equal(&platform->counts, &none, sizeof none);
        assert_null(source->source.at);
        platform->day = i;
        source->day = -i;
    }
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(rows.platforms[i].day, i);
        assert_int_equal(rows.sources[i].day, -i);
    }
    const struct platform_row *kept = rows.platforms;
    count_rows_clear(&rows);
    assert_int_equal(rows.platform_count + rows.source_count, 0);
    assert_true(count_rows_reserve(&rows, 1000, 1000));
    assert_ptr_equal(rows.platforms, kept); /* cleared sets keep their memory */
    assert_int_equal(count_rows_add_platform(&rows)->day, 0);
    assert_false(count_rows_reserve(&rows, SIZE_MAX, 0));
    assert_false(count_rows_reserve(&rows, 0, SIZE_MAX / sizeof(struct source_row)));
    assert_int_equal(rows.platform_count, 1);
    count_rows_done(&rows);
    assert_null(rows.platforms);
}

TEST(a_day_admits_64_names_first_come)
{
    char names[70][4];
    struct source_names day = {0};
    for (int i = 0; i < 70; i++) {
        snprintf(names[i], sizeof names[i], "s%02d", i);
        struct text got = sources_admit(&day, text_of(names[i]));
        bool stands = i < SOURCES_PER_DAY_MAX;
        ROW(text_is(got, stands ? names[i] : "(other)"), names[i], "counts as %.*s",
            TEXT_ARGS(got));
    }
    assert_int_equal(day.count, SOURCES_PER_DAY_MAX);
    for (int i = 0; i < 70; i++) { /* and so it stays */
        struct text got = sources_admit(&day, text_of(names[i]));
        ROW(text_is(got, i < SOURCES_PER_DAY_MAX ? names[i] : "(other)"), names[i],
            "counts as %.*s", TEXT_ARGS(got));
        assert_true(i >= SOURCES_PER_DAY_MAX || text_is(day.names[i], names[i]));
    }
}

TEST(other_takes_no_place)
{
    char names[SOURCES_PER_DAY_MAX][4];
    struct source_names day = {0};
    assert_true(text_is(sources_admit(&day, text_of("(other)")), "(other)"));
    assert_int_equal(day.count, 0);
    assert_true(text_is(day.names[SOURCES_PER_DAY_MAX], "(other)"));
    for (int i = 0; i < SOURCES_PER_DAY_MAX; i++) {
        snprintf(names[i], sizeof names[i], "s%02d", i);
        assert_true(text_is(sources_admit(&day, text_of(names[i])), names[i]));
    }
    assert_true(text_is(sources_admit(&day, text_of("one more")), "(other)"));
}

/* Names may share a beginning or a length without being one. */
TEST(names_are_told_apart)
{
    static const char *const names[] = {"a", "ab", "abc", "b", "ac", ""};
    struct source_names day = {0};
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_true(text_is(sources_admit(&day, text_of(names[i])), names[i]));
        assert_int_equal(day.count, i + 1);
    }
}

/* Days in no order, as they came; the first and the last have no sources. */
TEST(days_are_taken_off_as_they_stand_in_both_grains)
{
    struct platform_row platforms[] = {{.day = 7}, {.day = 7}, {.day = 3}, {.day = 5}, {.day = 4}};
    struct source_row sources[] = {{.day = 3}, {.day = 5}, {.day = 5}};
    static const struct {
        int32_t day;
        size_t platforms, sources;
    } want[] = {{7, 2, 0}, {3, 1, 1}, {5, 1, 2}, {4, 1, 0}};
    struct count_rows rest = {
        .platforms = platforms, .platform_count = 5, .sources = sources, .source_count = 3};
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        struct count_rows day_rows;
        assert_int_equal(count_rows_take_day(&rest, &day_rows), want[i].day);
        assert_int_equal(day_rows.platform_count, want[i].platforms);
        assert_int_equal(day_rows.source_count, want[i].sources);
    }
    assert_int_equal(rest.platform_count + rest.source_count, 0);
}

UNIT_MAIN(UNIT(days_are_taken_off_as_they_stand_in_both_grains),
          UNIT(counts_end_at_their_maximum_in_any_order), UNIT(rows_grow_and_keep_their_content),
          UNIT(a_day_admits_64_names_first_come), UNIT(other_takes_no_place),
          UNIT(names_are_told_apart))
