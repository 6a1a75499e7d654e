/*
 * cell_block_test.c - a day of quarter-hour cells, packed and unpacked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "block_model.h"
#include "doc_example.h"

#include <stdlib.h>
#include <string.h>

#include "model/calendar.h"
#include "model/cell_block.h"
#include "model/month_block.h"
#include "model/platform.h"

enum { DAY = 20513 };

static enum status decode(struct text block, struct count_rows *rows, struct error *err)
{
    return cell_block_decode(block, DAY, rows, err);
}

static enum status fold(struct text block, const struct count_rows *delta, struct bytes *out,
                        struct error *err)
{
    return cell_block_fold(block, DAY, delta, out, err);
}

static const struct block_calls calls = {DAY, 1, QUARTERS_PER_DAY, decode, fold};

TEST(folds_hold_what_was_counted)
{
    check_folds_agree_with_tally(&calls);
}

TEST(any_split_of_a_history_gives_the_same_bytes)
{
    check_splits_give_the_same_bytes(&calls);
}

TEST(the_order_of_rows_is_forgotten)
{
    check_row_order_is_forgotten(&calls);
}

TEST(damage_is_refused_or_harmless)
{
    check_damage_is_refused_or_canonical(&calls);
}

static void add_cell(struct count_rows *rows, int quarter, uint8_t platform, struct counts counts,
                     int64_t ms_of_day)
{
    struct platform_row *row = count_rows_add_platform(rows);
    assert_non_null(row);
    *row = (struct platform_row){DAY, (int16_t)quarter, platform, counts,
                                 DAY * ms_per_day + ms_of_day};
}

static void add_source_cell(struct count_rows *rows, int quarter, struct text source,
                            struct counts counts)
{
    struct source_row *row = count_rows_add_source(rows);
    assert_non_null(row);
    *row = (struct source_row){DAY, (int16_t)quarter, source, counts};
}

TEST(the_documented_example_is_what_is_written)
{
    struct count_rows delta = {0};
    struct bytes block = {0};
    add_cell(&delta, 33, PLATFORM_NONE, (struct counts){{1}}, 33 * ms_per_quarter + 123);
    add_source_cell(&delta, 33, text_of("newsletter"), (struct counts){{1}});
    add_cell(&delta, 95, 2, (struct counts){{0, 0, 1}}, 95 * ms_per_quarter + 899999);
    fold_into(&block, &calls, &delta);
    assert_is_doc_example(&block, "blocks.md", "cell-block");
    count_rows_done(&delta);
    bytes_done(&block);
}

TEST(a_handful_of_events_takes_a_few_tens_of_bytes)
{
    struct count_rows delta = {0};
    struct bytes block = {0};
    for (int quarter = 40; quarter < 46; quarter++)
        add_cell(&delta, quarter, 1, (struct counts){{1}}, quarter * ms_per_quarter + 400000);
    fold_into(&block, &calls, &delta);
    assert_int_equal(block.len, 2 + 6 * 8);
    count_rows_done(&delta);
    bytes_done(&block);
}

/* The rule that lets answers by source agree with totals: a day's names are one list, whichever
 * block holds them and however its history was split. */
TEST(cells_admit_the_sources_that_totals_admit)
{
    const int32_t month = month_of_day(DAY);
    struct unit_random random = unit_random_seeded();
    for (int history = 0; history < 20; history++) {
        struct bytes cells = {0}, totals = {0}, out = {0};
        struct count_rows delta = {0}, rows = {0}, day_rows = {0};
        struct error err;
        for (int step = 0; step < 8; step++) {
            delta_fill(&delta, &calls, &random, 40, DELTA_SOURCES);
            fold_into(&cells, &calls, &delta);
            for (size_t i = 0; i < delta.platform_count; i++) {
                delta.platforms[i].quarter = 0;
                delta.sources[i].quarter = 0;
            }
            ASSERT_OK(month_block_fold(bytes_text(&totals), month, &delta, &out, &err), err);
            bytes_done(&totals);
            totals = out;
            out = (struct bytes){0};
        }
        ASSERT_OK(decode(bytes_text(&cells), &rows, &err), err);
        ASSERT_OK(month_block_decode(bytes_text(&totals), month, DAY, DAY, &day_rows, &err), err);
        for (size_t i = 0; i < day_rows.source_count; i++) {
            struct counts sum = {{0}};
            for (size_t j = 0; j < rows.source_count; j++)
                if (text_equal(rows.sources[j].source, day_rows.sources[i].source))
                    counts_add(&sum, &rows.sources[j].counts);
            assert_memory_equal(&sum, &day_rows.sources[i].counts, sizeof sum);
        }
        assert_int_equal(day_rows.source_count, SOURCES_PER_DAY_MAX + 1);
        count_rows_done(&delta);
        count_rows_done(&rows);
        count_rows_done(&day_rows);
        bytes_done(&cells);
        bytes_done(&totals);
    }
}

TEST(every_platform_there_can_be_fits_into_a_quarter)
{
    struct count_rows delta = {0}, rows = {0};
    struct bytes block = {0};
    struct error err;
    uint8_t code = 0;
    char name[16];
    for (int i = 0;; i++) {
        snprintf(name, sizeof name, "p%d", i);
        enum status status = platform_intern(text_of(name), &code, &err);
        if (status == STATUS_TOO_LARGE)
            break;
        ASSERT_OK(status, err);
    }
    assert_int_equal(code, PLATFORMS_MAX - 1);
    for (int i = PLATFORMS_MAX; i-- > 0;)
        add_cell(&delta, 7, (uint8_t)i, (struct counts){{(uint64_t)i + 1}}, 0);
    fold_into(&block, &calls, &delta);
    ASSERT_OK(decode(bytes_text(&block), &rows, &err), err);
    assert_int_equal(rows.platform_count, PLATFORMS_MAX);
    for (size_t i = 0; i < rows.platform_count; i++)
        assert_int_equal(rows.platforms[i].counts.of[EVENT_VIEW], rows.platforms[i].platform + 1);
    count_rows_done(&delta);
    count_rows_done(&rows);
    bytes_done(&block);
}

TEST(what_folding_would_not_write_is_refused)
{
    static const struct {
        const char *name;
        const char *bytes;
        size_t len;
        enum status want;
    } cases[] = {
#define BYTES(literal) literal, sizeof(literal) - 1
        {"quarter 0", BYTES("\x81\x00\x80\x00\x10\x00\x01"), STATUS_OK},
        {"quarter 95", BYTES("\x81\x00\xdf\x00\x10\x00\x01"), STATUS_OK},
        {"quarter 96", BYTES("\x81\x00\xe0\x00\x10\x00\x01"), STATUS_CORRUPT},
        {"a month block", BYTES("\x01\x00\x81\x00\x10\x00\x01"), STATUS_CORRUPT},
        {"more names than a day may have", BYTES("\x81\x42\x01s"), STATUS_CORRUPT},
#undef BYTES
    };
    struct count_rows rows = {0};
    struct error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum status status = decode((struct text){cases[i].bytes, cases[i].len}, &rows, &err);
        ROW(status == cases[i].want, cases[i].name, "gave %s", status_code(status));
    }
    count_rows_done(&rows);
}

TEST(more_sources_than_a_day_may_have_are_refused)
{
    static const struct {
        const char *name;
        unsigned names;
        bool in_two_slots;
        enum status want;
    } cases[] = {
        {"64 in one quarter", 64, false, STATUS_OK},
        {"64 in two quarters", 64, true, STATUS_OK},
        {"65 in one quarter", 65, false, STATUS_CORRUPT},
        {"65 in two quarters, which are one day", 65, true, STATUS_CORRUPT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes block = block_of_names(0x81, cases[i].names, cases[i].in_two_slots), out = {0};
        struct count_rows rows = {0}, delta = {0};
        struct error err;
        enum status status = decode(bytes_text(&block), &rows, &err);
        ROW(status == cases[i].want, cases[i].name, "gave %s", status_code(status));
        ROW(fold(bytes_text(&block), &delta, &out, &err) == status, cases[i].name,
            "is folded otherwise");
        count_rows_done(&rows);
        bytes_done(&block);
        bytes_done(&out);
    }
}

UNIT_MAIN(UNIT(folds_hold_what_was_counted), UNIT(any_split_of_a_history_gives_the_same_bytes),
          UNIT(the_order_of_rows_is_forgotten), UNIT(the_documented_example_is_what_is_written),
          UNIT(a_handful_of_events_takes_a_few_tens_of_bytes),
          UNIT(cells_admit_the_sources_that_totals_admit),
          UNIT(what_folding_would_not_write_is_refused),
          UNIT(more_sources_than_a_day_may_have_are_refused),
          /* last: these fill the table of platforms */ UNIT(damage_is_refused_or_harmless),
          UNIT(every_platform_there_can_be_fits_into_a_quarter))
