/*
 * rollup_add_test.c - what was added as rows is read as the same rows.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rollup/rollup_add.h"

#include <string.h>

#include "model/calendar.h"
#include "unit.h"

enum { DAY = 20484, SOURCES = 5, PLATFORMS = 4 };

static const uint8_t some_journal[ROLLUP_JOURNAL_ID_BYTES] = {0xab, 1};
static const char *const source_names[SOURCES] = {"web", "mail", "(other)", "app", "qr"};

/* Counts by quarter and platform or source. */
struct table {
    struct counts platforms[QUARTERS_PER_DAY][PLATFORMS];
    int64_t updated_ms[QUARTERS_PER_DAY][PLATFORMS];
    struct counts sources[QUARTERS_PER_DAY][SOURCES];
};

static enum status add_up(void *context, struct text user_id, int32_t month, struct text listing_id,
                          const struct count_rows *totals, const struct count_rows *cells,
                          struct error *err)
{
    struct table *table = context;
    (void)user_id;
    (void)month;
    (void)listing_id;
    (void)totals;
    (void)err;
    for (size_t i = 0; i < cells->platform_count; i++) {
        const struct platform_row *row = &cells->platforms[i];
        assert_int_equal(row->day, DAY);
        counts_add(&table->platforms[row->quarter][row->platform], &row->counts);
        if (row->updated_ms > table->updated_ms[row->quarter][row->platform])
            table->updated_ms[row->quarter][row->platform] = row->updated_ms;
    }
    for (size_t i = 0; i < cells->source_count; i++) {
        const struct source_row *row = &cells->sources[i];
        for (size_t s = 0; s < SOURCES; s++)
            if (text_is(row->source, source_names[s]))
                counts_add(&table->sources[row->quarter][s], &row->counts);
    }
    return STATUS_OK;
}

static void check(const struct rollup *rollup, const struct table *want)
{
    static struct table got;
    struct error err;
    got = (struct table){0};
    const struct rollup_visitor visitor = {.context = &got, .month = add_up};
    ASSERT_OK(rollup_visit(rollup, &visitor, &err), err);
    assert_memory_equal(&got, want, sizeof got);
}

TEST(random_rows_are_read_as_they_were_added)
{
    struct unit_random random = unit_random_seeded();
    static struct table want;
    struct error err;
    for (int round = 0; round < 200; round++) {
        struct count_rows rows = {0};
        want = (struct table){0};
        for (int quarter = 0; quarter < QUARTERS_PER_DAY; quarter++) {
            if (unit_random_below(&random, 8) != 0)
                continue;
            struct counts left = {0};
            for (uint8_t p = 0; p < PLATFORMS; p++) {
                struct platform_row *row = count_rows_add_platform(&rows);
                row->day = DAY;
                row->quarter = (int16_t)quarter;
                row->platform = p;
                for (int t = 0; t < EVENT_TYPES; t++)
                    row->counts.of[t] = unit_random_below(&random, 3) == 0
                                            ? unit_random_below(&random, 1000000)
                                            : 0;
                if (counts_sum(&row->counts) > 0)
                    row->updated_ms = 1 + (int64_t)unit_random_below(&random, 1000);
                counts_add(&left, &row->counts);
                want.platforms[quarter][p] = row->counts;
                want.updated_ms[quarter][p] = row->updated_ms;
            }
            for (size_t s = 0; s < SOURCES; s++) {
                struct source_row *row = count_rows_add_source(&rows);
                row->day = DAY;
                row->quarter = (int16_t)quarter;
                row->source = text_of(source_names[s]);
                for (int t = 0; t < EVENT_TYPES; t++) {
                    row->counts.of[t] = unit_random_below(&random, left.of[t] + 1);
                    left.of[t] -= row->counts.of[t];
                }
                want.sources[quarter][s] = row->counts;
            }
        }
        struct rollup *rollup = rollup_new(1, some_journal);
        ASSERT_OK(rollup_add_cells(rollup, text_of("u"), text_of("l"), &rows, &err), err);
        check(rollup, &want);
        rollup_unref(rollup);
        count_rows_done(&rows);
    }
}

TEST(sources_that_count_more_than_platforms_are_refused)
{
    struct count_rows rows = {0};
    struct error err;
    struct rollup *rollup = rollup_new(1, some_journal);
    *count_rows_add_platform(&rows) = (struct platform_row){.day = DAY, .counts = {{2, 0, 0}}};
    *count_rows_add_source(&rows) =
        (struct source_row){.day = DAY, .source = text_of("web"), .counts = {{3, 0, 0}}};
    assert_int_equal(rollup_add_cells(rollup, text_of("u"), text_of("l"), &rows, &err),
                     STATUS_CORRUPT);
    rollup_unref(rollup);
    count_rows_done(&rows);
}

static enum status keep_inquiry(void *context, const struct inquiry *inquiry, struct error *err)
{
    struct inquiry *kept = context;
    (void)err;
    *kept = *inquiry;
    return STATUS_OK;
}

static enum status keep_details(void *context, struct text user_id, struct text listing_id,
                                const struct listing_details *details, struct error *err)
{
    struct listing_details *kept = context;
    (void)user_id;
    (void)err;
    assert_true(text_is(listing_id, "l"));
    *kept = *details;
    return STATUS_OK;
}

TEST(facts_keep_their_keys_and_times_and_count_nothing)
{
    struct error err;
    struct rollup *rollup = rollup_new(1, some_journal);
    const struct inquiry inquiry = {.user_id = text_of("u"),
                                    .listing_id = text_of("l"),
                                    .key = text_of("k"),
                                    .source = text_of("web"),
                                    .content = text_of("{}"),
                                    .time_ms = 5,
                                    .received_ms = 6,
                                    .platform = 2};
    const struct listing_details details = {
        .address = text_of("1 Main St"), .has_price = true, .price = 2.5, .updated_ms = 7};
    ASSERT_OK(rollup_add_inquiry(rollup, &inquiry, &err), err);
    ASSERT_OK(rollup_add_details(rollup, text_of("u"), text_of("l"), &details, &err), err);

    struct inquiry got;
    struct listing_details got_details;
    ASSERT_OK(rollup_read_inquiries(rollup, text_of("u"), keep_inquiry, &got, &err), err);
    assert_true(text_is(got.user_id, "u") && text_is(got.listing_id, "l"));
    assert_true(text_is(got.key, "k") && text_is(got.source, "web") && text_is(got.content, "{}"));
    assert_true(got.time_ms == 5 && got.received_ms == 6 && got.platform == 2);
    ASSERT_OK(rollup_read_listings(rollup, text_of("u"), (struct text){0}, keep_details,
                                   &got_details, &err),
              err);
    assert_true(text_is(got_details.address, "1 Main St") && got_details.currency.at == NULL);
    assert_true(got_details.price == 2.5 && got_details.updated_ms == 7);
    assert_int_equal(rollup_listing_days(rollup), 0);
    rollup_unref(rollup);
}

UNIT_MAIN(UNIT(random_rows_are_read_as_they_were_added),
          UNIT(sources_that_count_more_than_platforms_are_refused),
          UNIT(facts_keep_their_keys_and_times_and_count_nothing))
