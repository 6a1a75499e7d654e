/*
 * block_model.c - a tally, random deltas, and the promises of both kinds of block.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "block_model.h"

#include <stdlib.h>
#include <string.h>

#include "model/calendar.h"
#include "model/platform.h"

struct tally tally_new(void)
{
    struct tally tally = {
        .platforms = calloc(TALLY_ROWS_MAX, sizeof(struct platform_row)),
        .sources = calloc(TALLY_ROWS_MAX, sizeof(struct source_row)),
    };
    assert_non_null(tally.platforms);
    assert_non_null(tally.sources);
    return tally;
}

void tally_free(struct tally *tally)
{
    free(tally->platforms);
    free(tally->sources);
}

static struct platform_row *tally_platform(const struct tally *tally, int32_t day, int quarter,
                                           uint8_t platform)
{
    for (size_t i = 0; i < tally->platform_count; i++) {
        struct platform_row *row = &tally->platforms[i];
        if (row->day == day && row->quarter == quarter && row->platform == platform)
            return row;
    }
    return NULL;
}

static struct source_row *tally_source(const struct tally *tally, int32_t day, int quarter,
                                       struct text source)
{
    for (size_t i = 0; i < tally->source_count; i++) {
        struct source_row *row = &tally->sources[i];
        if (row->day == day && row->quarter == quarter && text_equal(row->source, source))
            return row;
    }
    return NULL;
}

static struct text tally_admit(const struct tally *tally, int32_t day, struct text source)
{
    struct text seen[TALLY_ROWS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < tally->source_count; i++) {
        const struct source_row *row = &tally->sources[i];
        bool fresh = row->day == day && !text_is(row->source, "(other)");
        for (size_t j = 0; j < count && fresh; j++)
            fresh = !text_equal(seen[j], row->source);
        if (fresh)
            seen[count++] = row->source;
    }
    for (size_t j = 0; j < count; j++)
        if (text_equal(seen[j], source))
            return source;
    return count < SOURCES_PER_DAY_MAX ? source : text_of("(other)");
}

void tally_add(struct tally *tally, const struct count_rows *delta)
{
    for (size_t i = 0; i < delta->platform_count; i++) {
        const struct platform_row *from = &delta->platforms[i];
        struct platform_row *row = tally_platform(tally, from->day, from->quarter, from->platform);
        if (counts_sum(&from->counts) == 0)
            continue;
        if (row == NULL) {
            assert_true(tally->platform_count < TALLY_ROWS_MAX);
            tally->platforms[tally->platform_count++] = *from;
            continue;
        }
        counts_add(&row->counts, &from->counts);
        row->updated_ms = from->updated_ms > row->updated_ms ? from->updated_ms : row->updated_ms;
    }
    for (size_t i = 0; i < delta->source_count; i++) {
        const struct source_row *from = &delta->sources[i];
        if (counts_sum(&from->counts) == 0)
            continue;
        struct text name = tally_admit(tally, from->day, from->source);
        struct source_row *row = tally_source(tally, from->day, from->quarter, name);
        if (row != NULL) {
            counts_add(&row->counts, &from->counts);
            continue;
        }
        assert_true(tally->source_count < TALLY_ROWS_MAX);
        tally->sources[tally->source_count] = *from;
        tally->sources[tally->source_count++].source = name;
    }
}

void tally_assert_equal(const struct tally *tally, const struct count_rows *rows)
{
    assert_int_equal(rows->platform_count, tally->platform_count);
    assert_int_equal(rows->source_count, tally->source_count);
    for (size_t i = 0; i < rows->platform_count; i++) {
        const struct platform_row *got = &rows->platforms[i];
        const struct platform_row *want =
            tally_platform(tally, got->day, got->quarter, got->platform);
        assert_non_null(want);
        assert_memory_equal(&got->counts, &want->counts, sizeof got->counts);
        assert_int_equal(got->updated_ms, want->updated_ms);
    }
    for (size_t i = 0; i < rows->source_count; i++) {
        const struct source_row *got = &rows->sources[i];
        const struct source_row *want = tally_source(tally, got->day, got->quarter, got->source);
        assert_non_null(want);
        assert_memory_equal(&got->counts, &want->counts, sizeof got->counts);
    }
}

/* Some names among the platforms are not built in. */
static uint8_t random_platform(struct unit_random *random)
{
    static const char *const named[] = {"weibo", "bluesky", "vk", "mastodon"};
    uint8_t code = (uint8_t)unit_random_below(random, PLATFORM_BUILTIN_LAST + 5);
    struct error err;
    if (code > PLATFORM_BUILTIN_LAST)
        ASSERT_OK(platform_intern(text_of(named[code - PLATFORM_BUILTIN_LAST - 1]), &code, &err),
                  err);
    return code;
}

/* Numbers of every width, small ones more often. */
static uint64_t random_count(struct unit_random *random)
{
    uint64_t bits = unit_random_below(random, 4) > 0 ? 9 : 50;
    return unit_random(random) >> (64 - unit_random_below(random, bits) - 1) >> 1;
}

static struct counts random_counts(struct unit_random *random)
{
    struct counts counts = {{random_count(random)}};
    if (unit_random_below(random, 3) == 0)
        counts.of[EVENT_SHARE] = random_count(random);
    if (unit_random_below(random, 5) == 0)
        counts.of[EVENT_INQUIRY] = random_count(random);
    return counts;
}

void delta_fill(struct count_rows *delta, const struct block_calls *calls,
                struct unit_random *random, size_t row_count, unsigned source_count)
{
    static char names[DELTA_SOURCES][SOURCE_BYTES_MAX + 1];
    for (int i = 0; i < DELTA_SOURCES; i++) {
        size_t len = 1 + (size_t)(i * 37 % SOURCE_BYTES_MAX);
        memset(names[i], 's', len);
        names[i][0] = (char)('0' + i);
    }
    assert_true(source_count <= DELTA_SOURCES);
    count_rows_clear(delta);
    for (size_t i = 0; i < row_count; i++) {
        int32_t day = calls->first_day + (int32_t)unit_random_below(random, (uint64_t)calls->days);
        int16_t quarter = (int16_t)unit_random_below(random, (uint64_t)calls->quarters);
        struct platform_row *platform = count_rows_add_platform(delta);
        struct source_row *source = count_rows_add_source(delta);
        assert_non_null(platform);
        assert_non_null(source);
        *platform = (struct platform_row){
            .day = day,
            .quarter = quarter,
            .platform = random_platform(random),
            .counts = random_counts(random),
            .updated_ms = day * ms_per_day + (int64_t)unit_random_below(random, 1u << 31) -
                          (unit_random_below(random, 9) == 0 ? (int64_t)1 << 41 : 0),
        };
        *source = (struct source_row){
            .day = day,
            .quarter = quarter,
            .source = unit_random_below(random, 40) == 0
                          ? text_of("(other)")
                          : text_of(names[unit_random_below(random, source_count)]),
            .counts = random_counts(random),
        };
    }
}

void fold_into(struct bytes *block, const struct block_calls *calls, const struct count_rows *delta)
{
    struct bytes out = {0};
    struct error err;
    ASSERT_OK(calls->fold(bytes_text(block), delta, &out, &err), err);
    bytes_done(block);
    *block = out;
}

static void append_group(struct bytes *block, unsigned slot, unsigned first, unsigned behind)
{
    unsigned count = behind - first;
    unsigned head = slot | (count < 31 ? count : 31) << 11;
    const uint8_t head_bytes[] = {(uint8_t)head, (uint8_t)(head >> 8), (uint8_t)count};
    assert_true(bytes_append(block, head_bytes, count < 31 ? 2 : 3));
    for (unsigned index = first; index < behind; index++) {
        const uint8_t row[] = {1, (uint8_t)(index << 1), 1};
        assert_true(bytes_append(block, row, sizeof row));
    }
}

struct bytes block_of_names(uint8_t first_byte, unsigned name_count, bool in_two_slots)
{
    struct bytes block = {0};
    const uint8_t start[] = {first_byte, (uint8_t)name_count};
    unsigned half = in_two_slots ? name_count / 2 : name_count;
    assert_true(name_count < 127); /* one byte of varint, indexes in their rows' heads */
    assert_true(bytes_append(&block, start, sizeof start));
    for (unsigned i = 0; i < name_count; i++) {
        const uint8_t name[] = {1, (uint8_t)('0' + i)};
        assert_true(bytes_append(&block, name, sizeof name));
    }
    append_group(&block, 1, 0, half);
    if (half < name_count)
        append_group(&block, 2, half, name_count);
    return block;
}

void check_folds_agree_with_tally(const struct block_calls *calls)
{
    struct unit_random random = unit_random_seeded();
    struct error err;
    for (int history = 0; history < 30; history++) {
        struct tally tally = tally_new();
        struct count_rows delta = {0}, rows = {0};
        struct bytes block = {0};
        unsigned sources = history % 3 == 0 ? DELTA_SOURCES : 1 + (unsigned)history % 7;
        for (int step = 0; step < 12; step++) {
            delta_fill(&delta, calls, &random, unit_random_below(&random, 60), sources);
            tally_add(&tally, &delta);
            fold_into(&block, calls, &delta);
            count_rows_clear(&rows);
            ASSERT_OK(calls->decode(bytes_text(&block), &rows, &err), err);
            tally_assert_equal(&tally, &rows);
        }
        count_rows_done(&delta);
        count_rows_done(&rows);
        bytes_done(&block);
        tally_free(&tally);
    }
}

static void assert_same_bytes(const struct bytes *a, const struct bytes *b)
{
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->at, b->at, a->len);
}

/* The rows of *delta with a place from `from` on, each list's end being its limit. */
static struct count_rows part_of(const struct count_rows *delta, size_t from, size_t to)
{
    return (struct count_rows){
        .platforms = delta->platforms + from,
        .platform_count = to - from,
        .sources = delta->sources + from,
        .source_count = to - from,
    };
}

void check_splits_give_the_same_bytes(const struct block_calls *calls)
{
    enum { ROWS = 400 };
    struct unit_random random = unit_random_seeded();
    for (int history = 0; history < 20; history++) {
        struct count_rows delta = {0};
        struct bytes at_once = {0}, by_parts = {0};
        delta_fill(&delta, calls, &random, ROWS, history % 2 == 0 ? DELTA_SOURCES : 5);
        fold_into(&at_once, calls, &delta);
        for (size_t from = 0, to; from < ROWS; from = to) {
            to = from + 1 + unit_random_below(&random, history % 4 == 0 ? 3 : 100);
            to = to < ROWS ? to : ROWS;
            struct count_rows part = part_of(&delta, from, to);
            fold_into(&by_parts, calls, &part);
        }
        assert_same_bytes(&at_once, &by_parts);
        count_rows_done(&delta);
        bytes_done(&at_once);
        bytes_done(&by_parts);
    }
}

void check_row_order_is_forgotten(const struct block_calls *calls)
{
    enum { ROWS = 300 };
    struct unit_random random = unit_random_seeded();
    struct count_rows delta = {0};
    struct bytes first = {0}, second = {0};
    delta_fill(&delta, calls, &random, ROWS, SOURCES_PER_DAY_MAX); /* all of them admitted */
    fold_into(&first, calls, &delta);
    for (size_t i = ROWS; i-- > 1;) {
        size_t j = unit_random_below(&random, i + 1);
        struct platform_row platform = delta.platforms[i];
        struct source_row source = delta.sources[i];
        delta.platforms[i] = delta.platforms[j];
        delta.platforms[j] = platform;
        j = unit_random_below(&random, i + 1);
        delta.sources[i] = delta.sources[j];
        delta.sources[j] = source;
    }
    fold_into(&second, calls, &delta);
    assert_same_bytes(&first, &second);
    count_rows_done(&delta);
    bytes_done(&first);
    bytes_done(&second);
}

/* A copy that ends with its memory, so that ASan sees a read behind it. */
static struct text exact_copy(const uint8_t *from, size_t len)
{
    char *copy = malloc(len == 0 ? 1 : len);
    assert_non_null(copy);
    memcpy(copy, from, len);
    return (struct text){copy, len};
}

/* The bytes are refused by both calls, or they are what folding writes. Returns "refused". */
static bool refused_or_canonical(const struct block_calls *calls, struct text bytes)
{
    static const struct count_rows nothing;
    struct count_rows rows = {0};
    struct bytes out = {0};
    struct error err;
    enum status decoded = calls->decode(bytes, &rows, &err);
    enum status folded = calls->fold(bytes, &nothing, &out, &err);
    assert_int_equal(decoded, folded);
    assert_true(decoded == STATUS_OK || decoded == STATUS_CORRUPT || decoded == STATUS_TOO_LARGE);
    if (decoded == STATUS_OK) {
        assert_int_equal(out.len, bytes.len);
        assert_memory_equal(out.at, bytes.at, bytes.len);
    }
    count_rows_done(&rows);
    bytes_done(&out);
    return decoded != STATUS_OK;
}

void check_damage_is_refused_or_canonical(const struct block_calls *calls)
{
    struct unit_random random = unit_random_seeded();
    struct count_rows delta = {0};
    struct bytes block = {0};
    delta_fill(&delta, calls, &random, 60, 20);
    fold_into(&block, calls, &delta);

    for (size_t len = 1; len < block.len; len++) {
        struct text cut = exact_copy(block.at, len);
        refused_or_canonical(calls, cut); /* a cut between groups may leave a smaller block */
        free((char *)cut.at);
    }
    for (size_t i = 0; i < block.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            struct text rotten = exact_copy(block.at, block.len);
            ((char *)rotten.at)[i] ^= (char)(1 << bit);
            refused_or_canonical(calls, rotten);
            free((char *)rotten.at);
        }
    }
    for (int round = 0; round < 20000; round++) { /* small blocks of noise behind a good start */
        uint8_t noise[48];
        size_t len = 3 + unit_random_below(&random, sizeof noise - 2);
        for (size_t i = 0; i < len; i++)
            noise[i] =
                (uint8_t)(unit_random_below(&random, 3) == 0 ? unit_random(&random)
                                                             : unit_random_below(&random, 3));
        noise[0] = block.at[0];
        struct text bytes = exact_copy(noise, len);
        refused_or_canonical(calls, bytes);
        free((char *)bytes.at);
    }
    count_rows_done(&delta);
    bytes_done(&block);
}
