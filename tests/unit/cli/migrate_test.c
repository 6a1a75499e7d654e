/*
 * migrate_test.c - a tally sees whatever differs, however counts were split; progress is read as it
 * was written, and damaged progress is none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "cli/migrate/progress.h"
#include "cli/migrate/tally.h"
#include "model/platform.h"
#include "unit.h"

enum { DAY = 20484 };

/* One platform's row and one source's. */
struct cells {
    struct platform_row platform;
    struct source_row source;
};

static const struct cells some = {
    .platform = {.day = DAY, .quarter = 5, .platform = 1, .counts = {{7, 1, 0}}},
    .source = {.day = DAY, .quarter = 5, .source = {"web", 3}, .counts = {{3, 0, 0}}},
};

static void add(struct tally *tally, const char *user, const char *listing, struct cells cells)
{
    const struct count_rows rows = {.platforms = &cells.platform,
                                    .platform_count = 1,
                                    .sources = &cells.source,
                                    .source_count = 1};
    tally_add_cells(tally, text_of(user), text_of(listing), &rows);
}

static bool same(const struct tally *moved, const struct tally *held)
{
    const struct tally nothing = {0};
    struct error err;
    return tally_compare(&nothing, moved, held, &err) == STATUS_OK;
}

TEST(a_tally_sees_any_count_that_stands_elsewhere)
{
    static const struct {
        const char *name;
        const char *user;
        const char *listing;
        struct cells cells;
        bool want;
    } cases[] = {
        {"the same", "u", "l", some, true},
        {"another user", "u2", "l", some, false},
        {"another listing", "u", "l2", some, false},
        {"names that run together", "ul", "", some, false},
        {"another day",
         "u",
         "l",
         {{.day = DAY + 1, .quarter = 5, .platform = 1, .counts = {{7, 1, 0}}}, some.source},
         false},
        {"another quarter",
         "u",
         "l",
         {{.day = DAY, .quarter = 6, .platform = 1, .counts = {{7, 1, 0}}}, some.source},
         false},
        {"another platform",
         "u",
         "l",
         {{.day = DAY, .quarter = 5, .platform = 2, .counts = {{7, 1, 0}}}, some.source},
         false},
        {"no platform",
         "u",
         "l",
         {{.day = DAY, .quarter = 5, .platform = PLATFORM_NONE, .counts = {{7, 1, 0}}},
          some.source},
         false},
        {"another type",
         "u",
         "l",
         {{.day = DAY, .quarter = 5, .platform = 1, .counts = {{7, 0, 1}}}, some.source},
         false},
        {"one more",
         "u",
         "l",
         {{.day = DAY, .quarter = 5, .platform = 1, .counts = {{8, 1, 0}}}, some.source},
         false},
        {"another source",
         "u",
         "l",
         {some.platform, {.day = DAY, .quarter = 5, .source = {"mail", 4}, .counts = {{3, 0, 0}}}},
         false},
        {"less of a source",
         "u",
         "l",
         {some.platform, {.day = DAY, .quarter = 5, .source = {"web", 3}, .counts = {{2, 0, 0}}}},
         false},
    };
    struct tally want = {0};
    add(&want, "u", "l", some);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tally got = {0};
        add(&got, cases[i].user, cases[i].listing, cases[i].cells);
        ROW(same(&want, &got) == cases[i].want, cases[i].name, "compares %d", !cases[i].want);
    }
}

TEST(a_tally_does_not_depend_on_order_or_on_how_counts_are_split)
{
    struct tally whole = {0};
    struct tally split = {0};
    struct cells half = some;
    struct cells rest = some;
    add(&whole, "u", "a", some);
    add(&whole, "u", "b", some);

    half.platform.counts = (struct counts){{4, 0, 0}};
    half.source.counts = (struct counts){{3, 0, 0}};
    rest.platform.counts = (struct counts){{3, 1, 0}};
    rest.source.counts = (struct counts){{0, 0, 0}};
    add(&split, "u", "b", rest);
    add(&split, "u", "a", some);
    add(&split, "u", "b", half);
    split.listing_days--; /* counted twice, being split */
    assert_true(same(&whole, &split));
}

TEST(facts_are_compared_word_by_word)
{
    struct inquiry inquiry = {.user_id = text_of("u"),
                              .listing_id = text_of("l"),
                              .key = text_of("k"),
                              .content = text_of("{\"a\":1}"),
                              .time_ms = 5,
                              .received_ms = 6};
    struct listing_details details = {.address = text_of("1 Main St"), .updated_ms = 9};
    struct tally want = {0};
    struct tally got = {0};
    tally_add_inquiry(&want, &inquiry);
    tally_add_details(&want, text_of("u"), text_of("l"), &details);
    tally_add_inquiry(&got, &inquiry);
    tally_add_details(&got, text_of("u"), text_of("l"), &details);
    assert_true(same(&want, &got));

    got = (struct tally){0};
    inquiry.content = text_of("{\"a\":2}");
    tally_add_inquiry(&got, &inquiry);
    tally_add_details(&got, text_of("u"), text_of("l"), &details);
    assert_false(same(&want, &got));

    got = (struct tally){0};
    inquiry.content = text_of("{\"a\":1}");
    details.has_price = true; /* of nothing, which is not without */
    tally_add_inquiry(&got, &inquiry);
    tally_add_details(&got, text_of("u"), text_of("l"), &details);
    assert_false(same(&want, &got));
}

TEST(what_was_there_before_is_taken_into_account)
{
    struct tally there = {0};
    struct tally moved = {0};
    struct tally held = {0};
    struct error err;
    add(&there, "u", "l", some);
    add(&moved, "u", "l", some);
    add(&held, "u", "l", some);
    assert_int_equal(tally_compare(&there, &moved, &held, &err), STATUS_CORRUPT);
    add(&held, "u", "l", some);
    held.listing_days = 1; /* the same one */
    assert_int_equal(tally_compare(&there, &moved, &held, &err), STATUS_OK);
}

TEST(progress_is_read_as_it_was_written_and_nothing_else_is)
{
    static struct progress progress;
    static struct progress got;
    struct bytes words = {0};
    progress = (struct progress){.source = "journal \"x\", batch 7",
                                 .journal_id = {0xab, 0, 0x0f},
                                 .batch = 3,
                                 .before = "[0,\"ann\",1,\"\",\"flat\"]",
                                 .behind = "end",
                                 .complete = true};
    add(&progress.moved, "u", "l", some);
    progress.moved_before.facts_digest = UINT64_MAX;
    assert_true(progress_encode(&progress, &words));
    assert_true(progress_decode((struct text){(const char *)words.at, words.len}, &got));
    assert_memory_equal(&progress, &got, sizeof got);

    for (size_t cut = 0; cut < words.len; cut++)
        assert_false(progress_decode((struct text){(const char *)words.at, cut}, &got));
    static const char *const wrong[] = {"{}", "[]", "null", "{\"version\":2}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ROW(!progress_decode(text_of(wrong[i]), &got), wrong[i], "is read");
    bytes_done(&words);
}

UNIT_MAIN(UNIT(a_tally_sees_any_count_that_stands_elsewhere),
          UNIT(a_tally_does_not_depend_on_order_or_on_how_counts_are_split),
          UNIT(facts_are_compared_word_by_word), UNIT(what_was_there_before_is_taken_into_account),
          UNIT(progress_is_read_as_it_was_written_and_nothing_else_is))
