/*
 * month_block_test.c - a month of totals, packed and unpacked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "block_model.h"
#include "doc_example.h"

#include <stdlib.h>
#include <string.h>

#include "model/calendar.h"
#include "model/month_block.h"
#include "model/platform.h"

enum { MARCH_2026 = 2026 * 12 + 2, FIRST_DAY = 20513, DAYS = 31 };

static struct counts sum_of(const struct count_rows *rows, size_t first)
{
    struct counts sum = {0};
    for (size_t i = first; i < rows->platform_count; i++)
        counts_add(&sum, &rows->platforms[i].counts);
    return sum;
}

/* What every test reads is added up on the way, too, and comes to the same. Of what decoding
 * refuses, adding up may refuse less. */
static enum status decode_days(struct text block, int32_t first_day, int32_t last_day,
                               struct count_rows *rows, struct error *err)
{
    struct error why = {0};
    struct counts added = {{7, 8, 9}};
    size_t had = rows->platform_count;
    enum status status = month_block_decode(block, MARCH_2026, first_day, last_day, rows, err);
    enum status summed = month_block_sum(block, MARCH_2026, first_day, last_day, &added, &why);
    if (status == STATUS_OK) {
        struct counts want = sum_of(rows, had);
        counts_add(&want, &(struct counts){{7, 8, 9}});
        ASSERT_OK(summed, why);
        assert_memory_equal(&added, &want, sizeof want);
    } else if (summed != STATUS_OK) {
        assert_int_equal(summed, STATUS_CORRUPT);
        assert_memory_equal(&added, &((struct counts){{7, 8, 9}}), sizeof added);
    }
    return status;
}

static enum status decode(struct text block, struct count_rows *rows, struct error *err)
{
    return decode_days(block, FIRST_DAY, FIRST_DAY + DAYS - 1, rows, err);
}

static enum status fold(struct text block, const struct count_rows *delta, struct bytes *out,
                        struct error *err)
{
    return month_block_fold(block, MARCH_2026, delta, out, err);
}

static const struct block_calls calls = {FIRST_DAY, DAYS, 1, decode, fold};

TEST(folds_hold_what_was_counted)
{
    assert_int_equal(month_first_day(MARCH_2026), FIRST_DAY);
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

static void add_platform(struct count_rows *rows, int day, uint8_t platform, struct counts counts,
                         int64_t ms_of_day)
{
    struct platform_row *row = count_rows_add_platform(rows);
    assert_non_null(row);
    *row = (struct platform_row){FIRST_DAY + day - 1, 0, platform, counts,
                                 (FIRST_DAY + day - 1) * ms_per_day + ms_of_day};
}

static void add_source(struct count_rows *rows, int day, struct text source, struct counts counts)
{
    struct source_row *row = count_rows_add_source(rows);
    assert_non_null(row);
    *row = (struct source_row){FIRST_DAY + day - 1, 0, source, counts};
}

static void example_rows(struct count_rows *rows)
{
    uint8_t weibo;
    struct error err;
    ASSERT_OK(platform_intern(text_of("weibo"), &weibo, &err), err);
    add_platform(rows, 1, PLATFORM_NONE, (struct counts){{2}}, 200000);
    add_platform(rows, 1, 1, (struct counts){{300, 2}}, 66600250);
    add_source(rows, 1, text_of("newsletter"), (struct counts){{5}});
    add_platform(rows, 2, weibo, (struct counts){{1}}, ms_per_day + 5000);
}

TEST(the_documented_example_is_what_is_written)
{
    struct count_rows delta = {0};
    struct bytes block = {0};
    example_rows(&delta);
    fold_into(&block, &calls, &delta);
    assert_is_doc_example(&block, "blocks.md", "month-block");
    count_rows_done(&delta);
    bytes_done(&block);
}

TEST(one_platform_on_a_day_takes_about_ten_bytes)
{
    struct count_rows delta = {0};
    struct bytes block = {0};
    for (int day = 1; day <= 30; day++)
        add_platform(&delta, day, 1, (struct counts){{200, (unsigned)day % 3}}, 40000000);
    fold_into(&block, &calls, &delta);
    assert_in_range(block.len, 30 * 9, 30 * 10 + 2);
    count_rows_done(&delta);
    bytes_done(&block);
}

TEST(only_the_days_asked_for_are_read)
{
    static const struct {
        const char *name;
        int first, last; /* days from the month's first */
        size_t want;
    } cases[] = {
        {"the whole month", 0, 30, 31},
        {"one day", 4, 4, 1},
        {"the first two", -100, 1, 2},
        {"the last two", 29, 400, 2},
        {"before the month", -9, -1, 0},
        {"behind the month", 31, 60, 0},
        {"nothing", 5, 4, 0},
        {"all days there are", -20513 - 719162, 2000000, 31},
    };
    struct count_rows delta = {0}, rows = {0};
    struct bytes block = {0};
    struct error err;
    for (int day = 1; day <= DAYS; day++) {
        add_platform(&delta, day, 1, (struct counts){{1}}, 0);
        add_source(&delta, day, text_of("s"), (struct counts){{1}});
    }
    fold_into(&block, &calls, &delta);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        count_rows_clear(&rows);
        ASSERT_OK(decode_days(bytes_text(&block), FIRST_DAY + cases[i].first,
                              FIRST_DAY + cases[i].last, &rows, &err),
                  err);
        ROW(rows.platform_count == cases[i].want && rows.source_count == cases[i].want,
            cases[i].name, "gave %zu and %zu rows", rows.platform_count, rows.source_count);
    }
    count_rows_done(&delta);
    count_rows_done(&rows);
    bytes_done(&block);
}

TEST(rows_are_appended_to_what_is_there)
{
    struct count_rows delta = {0}, rows = {0};
    struct bytes block = {0};
    struct error err;
    add_platform(&delta, 3, 2, (struct counts){{0, 0, 7}}, 12);
    fold_into(&block, &calls, &delta);
    ASSERT_OK(decode(bytes_text(&block), &rows, &err), err);
    ASSERT_OK(decode(bytes_text(&block), &rows, &err), err);
    assert_int_equal(rows.platform_count, 2);
    const struct platform_row *first = &rows.platforms[0];
    const struct platform_row *second =
        &rows.platforms[1]; /* what lies between fields is anything */
    assert_int_equal(first->day, second->day);
    assert_int_equal(first->quarter, second->quarter);
    assert_int_equal(first->platform, second->platform);
    assert_memory_equal(&first->counts, &second->counts, sizeof first->counts);
    assert_int_equal(first->updated_ms, second->updated_ms);
    assert_int_equal(rows.platforms[1].counts.of[EVENT_INQUIRY], 7);
    count_rows_done(&delta);
    count_rows_done(&rows);
    bytes_done(&block);
}

TEST(nothing_counted_is_no_bytes)
{
    struct count_rows delta = {0}, rows = {0};
    struct bytes block = {0};
    struct error err;
    fold_into(&block, &calls, &delta);
    assert_int_equal(block.len, 0);
    add_platform(&delta, 1, 1, (struct counts){{0}}, 5);
    add_source(&delta, 1, text_of("s"), (struct counts){{0}});
    fold_into(&block, &calls, &delta); /* rows of zeros add nothing */
    assert_int_equal(block.len, 0);
    ASSERT_OK(decode((struct text){NULL, 0}, &rows, &err), err);
    assert_int_equal(rows.platform_count + rows.source_count, 0);
    count_rows_done(&delta);
    bytes_done(&block);
}

TEST(the_newest_receive_time_stays)
{
    struct count_rows delta = {0}, rows = {0};
    struct bytes block = {0};
    struct error err;
    static const int64_t times[] = {50, 70, 60, -3000000000000, 69};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        count_rows_clear(&delta);
        add_platform(&delta, 1, 1, (struct counts){{1}}, times[i]);
        fold_into(&block, &calls, &delta);
    }
    ASSERT_OK(decode(bytes_text(&block), &rows, &err), err);
    assert_int_equal(rows.platforms[0].updated_ms, FIRST_DAY * ms_per_day + 70);
    assert_int_equal(rows.platforms[0].counts.of[EVENT_VIEW], 5);
    count_rows_done(&delta);
    count_rows_done(&rows);
    bytes_done(&block);
}

TEST(counts_end_at_their_maximum)
{
    struct count_rows delta = {0}, rows = {0};
    struct bytes block = {0};
    struct error err;
    add_platform(&delta, 1, 1, (struct counts){{count_max - 1, count_max, 1}}, 0);
    add_source(&delta, 1, text_of("s"), (struct counts){{count_max - 1, count_max, 1}});
    for (int i = 0; i < 3; i++)
        fold_into(&block, &calls, &delta);
    ASSERT_OK(decode(bytes_text(&block), &rows, &err), err);
    const struct counts want = {{count_max, count_max, 3}};
    assert_memory_equal(&rows.platforms[0].counts, &want, sizeof want);
    assert_memory_equal(&rows.sources[0].counts, &want, sizeof want);
    count_rows_done(&delta);
    count_rows_done(&rows);
    bytes_done(&block);
}

/* Codes of named platforms differ between processes; their bytes must not. */
TEST(named_platforms_stand_in_the_order_of_their_names)
{
    static const char *const names[] = {"zz-late", "aa-early", "mm-middle"}; /* codes ascend */
    struct count_rows delta = {0}, rows = {0};
    struct bytes block = {0};
    struct error err;
    uint8_t code, last = 0;
    for (int i = 0; i < 3; i++) {
        ASSERT_OK(platform_intern(text_of(names[i]), &code, &err), err);
        assert_true(code > last);
        last = code;
        add_platform(&delta, 1, code, (struct counts){{1}}, 0);
    }
    add_platform(&delta, 1, 13, (struct counts){{1}}, 0);
    fold_into(&block, &calls, &delta);
    ASSERT_OK(decode(bytes_text(&block), &rows, &err), err);
    assert_int_equal(rows.platform_count, 4);
    assert_int_equal(rows.platforms[0].platform, 13);
    static const char *const want[] = {"aa-early", "mm-middle", "zz-late"};
    for (int i = 0; i < 3; i++)
        assert_true(text_is(platform_name(rows.platforms[i + 1].platform), want[i]));
    count_rows_done(&delta);
    count_rows_done(&rows);
    bytes_done(&block);
}

/* Names "n000", "n001", ...; text_of() them in place. */
static const char *numbered(int number)
{
    static char names[3000][8];
    snprintf(names[number], sizeof names[number], "n%03d", number);
    return names[number];
}

TEST(a_day_keeps_64_sources_and_counts_the_rest_as_other)
{
    struct count_rows delta = {0}, rows = {0};
    struct bytes block = {0};
    struct error err;
    for (int i = 0; i < 40; i++)
        add_source(&delta, 1, text_of(numbered(i)), (struct counts){{1}});
    add_source(&delta, 2, text_of(numbered(99)), (struct counts){{1}}); /* another day's affair */
    add_source(&delta, 1, text_of("(other)"), (struct counts){{5}});    /* takes no place */
    fold_into(&block, &calls, &delta);
    count_rows_clear(&delta);
    for (int i = 99; i >= 30; i--) /* 30 to 39 stand; 99 to 76 come first; 52 left over */
        add_source(&delta, 1, text_of(numbered(i)), (struct counts){{1}});
    fold_into(&block, &calls, &delta);

    ASSERT_OK(decode(bytes_text(&block), &rows, &err), err);
    assert_int_equal(rows.source_count, SOURCES_PER_DAY_MAX + 1 + 1);
    uint64_t other = 0, sum = 0;
    for (size_t i = 0; i < rows.source_count; i++) {
        const struct source_row *row = &rows.sources[i];
        int number = atoi(row->source.at + 1);
        if (row->day != FIRST_DAY)
            continue;
        sum += row->counts.of[EVENT_VIEW];
        if (text_is(row->source, "(other)"))
            other = row->counts.of[EVENT_VIEW];
        else
            assert_true(number < 40 || number >= 76);
    }
    assert_int_equal(other, 5 + (75 - 40 + 1));
    assert_int_equal(sum, 40 + 5 + 70);
    count_rows_done(&delta);
    count_rows_done(&rows);
    bytes_done(&block);
}

TEST(the_fullest_month_is_read_back)
{
    struct tally tally = tally_new();
    struct count_rows delta = {0}, rows = {0};
    struct bytes block = {0};
    struct error err;
    for (int day = 1; day <= DAYS; day++) {
        for (int code = 0; code <= PLATFORM_BUILTIN_LAST; code++)
            add_platform(&delta, day, (uint8_t)code,
                         (struct counts){{count_max, count_max, count_max}}, INT64_C(1) << 55);
        for (int i = 0; i <= SOURCES_PER_DAY_MAX; i++)
            add_source(&delta, day, text_of(numbered(day * 90 + i)),
                       (struct counts){{1, count_max, 1}});
    }
    tally_add(&tally, &delta);
    fold_into(&block, &calls, &delta);
    fold_into(&block, &calls, &rows); /* and through another fold, of nothing */
    ASSERT_OK(decode(bytes_text(&block), &rows, &err), err);
    assert_int_equal(rows.source_count, DAYS * (SOURCES_PER_DAY_MAX + 1));
    tally_assert_equal(&tally, &rows);
    count_rows_done(&delta);
    count_rows_done(&rows);
    bytes_done(&block);
    tally_free(&tally);
}

TEST(what_folding_would_not_write_is_refused)
{
    static const struct {
        const char *name;
        const char *bytes;
        size_t len;
    } cases[] = {
#define BYTES(literal) literal, sizeof(literal) - 1
        /* one view on day 1, no platform, received at the day's start, would be
         * 01 00 | 81 00 | 10 00 01 */
        {"another version", BYTES("\x02\x00\x81\x00\x10\x00\x01")},
        {"a cell block", BYTES("\x81\x00\x81\x00\x10\x00\x01")},
        {"only a first byte", BYTES("\x01")},
        {"no groups", BYTES("\x01\x00")},
        {"a padded dictionary count", BYTES("\x01\x80\x00\x81\x00\x10\x00\x01")},
        {"day 0", BYTES("\x01\x00\x80\x00\x10\x00\x01")},
        {"day 32", BYTES("\x01\x00\xa0\x00\x10\x00\x01")},
        {"a group without rows", BYTES("\x01\x00\x01\x00\x10\x00\x01")},
        {"the same day twice", BYTES("\x01\x00\x81\x00\x10\x00\x01\x81\x00\x10\x00\x01")},
        {"days descending", BYTES("\x01\x00\x82\x00\x10\x00\x01\x81\x00\x10\x00\x01")},
        {"half a group's head", BYTES("\x01\x00\x81")},
        {"a row of zeros", BYTES("\x01\x00\x81\x00\x00\x00")},
        {"a count wider than needed", BYTES("\x01\x00\x81\x00\x20\x00\x01\x00")},
        {"a time wider than needed", BYTES("\x01\x00\x81\x00\x10\x20\x01\x00")},
        {"a count over the maximum",
         BYTES("\x01\x00\x81\x00\x70\x00\x00\x00\x00\x00\x00\x00\x00\x80")},
        {"platform 14", BYTES("\x01\x00\x81\x00\x1e\x00\x01")},
        {"the same platform twice", BYTES("\x01\x00\x01\x01\x11\x00\x01\x11\x00\x01")},
        {"platforms descending", BYTES("\x01\x00\x01\x01\x12\x00\x01\x11\x00\x01")},
        {"a built-in platform behind a named one",
         BYTES("\x01\x00\x01\x01\x1f\x00\x02vk\x01\x11\x00\x01")},
        {"a platform without a name", BYTES("\x01\x00\x81\x00\x1f\x00\x00\x01")},
        {"a platform named none", BYTES("\x01\x00\x81\x00\x1f\x00\x04none\x01")},
        {"a platform's name cut off", BYTES("\x01\x00\x81\x00\x1f\x00\x02v")},
        {"named platforms descending",
         BYTES("\x01\x00\x01\x01\x1f\x00\x02vk\x01\x1f\x00\x02ok\x01")},
        {"fewer than 15 platforms, counted by a byte", BYTES("\x01\x00\x81\x07\x01\x10\x00\x01")},
        {"fewer than 31 sources, counted by a byte",
         BYTES("\x01\x01\x01s\x01\xf8\x01\x01\x00\x01")},
        {"fewer rows than announced", BYTES("\x01\x00\x01\x01\x10\x00\x01")},
        {"a byte behind the end", BYTES("\x01\x00\x81\x00\x10\x00\x01\x00")},
        {"a source that counts nowhere", BYTES("\x01\x01\x01s\x81\x00\x10\x00\x01")},
        {"a source outside the dictionary", BYTES("\x01\x00\x01\x08\x01\x00\x01")},
        {"sources out of order", BYTES("\x01\x02\x01t\x01s\x01\x10\x01\x00\x01\x01\x02\x01")},
        {"a source twice in the dictionary",
         BYTES("\x01\x02\x01s\x01s\x01\x10\x01\x00\x01\x01\x02\x01")},
        {"a source without a name", BYTES("\x01\x01\x00\x01\x08\x01\x00\x01")},
        {"a source's name cut off", BYTES("\x01\x01\x09source")},
        {"a source twice on a day", BYTES("\x01\x01\x01s\x01\x10\x01\x00\x01\x01\x00\x01")},
        {"a source's row of zeros", BYTES("\x01\x01\x01s\x01\x08\x00\x00")},
        {"a small index in 16 bits", BYTES("\x01\x01\x01s\x01\x08\x01\xfe\x00\x00\x01")},
#undef BYTES
    };
    static const char good[] = "\x01\x00\x81\x00\x10\x00\x01";
    struct count_rows rows = {0};
    struct bytes out = {0};
    struct error err;
    ASSERT_OK(decode((struct text){good, sizeof good - 1}, &rows, &err), err);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text block = {cases[i].bytes, cases[i].len};
        ROW(decode(block, &rows, &err) == STATUS_CORRUPT, cases[i].name, "was read");
        ROW(fold(block, &rows, &out, &err) == STATUS_CORRUPT && out.len == 0, cases[i].name,
            "was folded");
        count_rows_clear(&rows);
    }
    count_rows_done(&rows);
}

TEST(a_short_month_refuses_a_longer_one)
{
    static const char day_31[] = "\x01\x00\x9f\x00\x10\x00\x01";
    static const struct {
        const char *name;
        int32_t month;
        enum status want;
    } cases[] = {
        {"March", MARCH_2026, STATUS_OK},
        {"April", MARCH_2026 + 1, STATUS_CORRUPT},
        {"February", MARCH_2026 - 1, STATUS_CORRUPT},
    };
    struct count_rows rows = {0};
    struct error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum status status = month_block_decode((struct text){day_31, sizeof day_31 - 1},
                                                cases[i].month, 0, 100000, &rows, &err);
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
        {"64 on one day", 64, false, STATUS_OK},
        {"65 on one day", 65, false, STATUS_CORRUPT},
        {"75 on two days", 75, true, STATUS_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes block = block_of_names(0x01, cases[i].names, cases[i].in_two_slots), out = {0};
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
          UNIT(one_platform_on_a_day_takes_about_ten_bytes), UNIT(only_the_days_asked_for_are_read),
          UNIT(rows_are_appended_to_what_is_there), UNIT(nothing_counted_is_no_bytes),
          UNIT(the_newest_receive_time_stays), UNIT(counts_end_at_their_maximum),
          UNIT(named_platforms_stand_in_the_order_of_their_names),
          UNIT(a_day_keeps_64_sources_and_counts_the_rest_as_other),
          UNIT(the_fullest_month_is_read_back), UNIT(what_folding_would_not_write_is_refused),
          UNIT(more_sources_than_a_day_may_have_are_refused),
          UNIT(a_short_month_refuses_a_longer_one),
          /* last: noise can fill the table of platforms */
          UNIT(damage_is_refused_or_harmless))
