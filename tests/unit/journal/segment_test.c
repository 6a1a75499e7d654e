/*
 * segment_test.c - the bytes of a segment file are what docs/formats/journal.md says.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "journal/segment.h"

static const struct segment_header sample = {
    .journal_id = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
    .number = 0x21,
    .segment_bytes = JOURNAL_SEGMENT_BYTES_MIN,
    .seq_first = 0x31,
    .salt = 0x4142434445464748,
    .before_number = 0x20,
    .before_end = 0x5000,
    .before_seq_last = 0x30,
};

TEST(a_header_has_the_documented_bytes)
{
    static const uint8_t want[] = {
        'f',  'o',  'o',  't',  'j',  'r',  'n',  'l',
        1,    0,    0,    0,    0,    0,    0,    0, /* format */
        1,    2,    3,    4,    5,    6,    7,    8,
        9,    10,   11,   12,   13,   14,   15,   16,   /* journal id */
        0x21, 0,    0,    0,    0,    0,    0,    0,    /* number */
        0,    0,    1,    0,    0,    0,    0,    0,    /* bytes */
        0x31, 0,    0,    0,    0,    0,    0,    0,    /* first record */
        0x48, 0x47, 0x46, 0x45, 0x44, 0x43, 0x42, 0x41, /* salt */
        0x20, 0,    0,    0,    0,    0,    0,    0,    /* before */
        0,    0x50, 0,    0,    0,    0,    0,    0,    /* its end */
        0x30, 0,    0,    0,    0,    0,    0,    0,    /* its last */
    };
    uint8_t block[SEGMENT_HEADER_BYTES];
    segment_header_encode(&sample, block);
    assert_memory_equal(block, want, sizeof want);
    for (size_t i = sizeof want; i < SEGMENT_HEADER_BYTES - 4; i++)
        assert_int_equal(block[i], 0);
    assert_int_equal(get_u32(block + 4092), crc32c(0, block, 4092));
}

TEST(a_header_comes_back_and_no_changed_byte_goes_unseen)
{
    uint8_t block[SEGMENT_HEADER_BYTES];
    struct segment_header back = {0};
    struct error err = {0};
    segment_header_encode(&sample, block);
    ASSERT_OK(segment_header_decode(block, "a.seg", &back, &err), err);
    assert_memory_equal(&back, &sample, sizeof back);

    for (size_t i = 0; i < sizeof block; i++) {
        block[i] ^= 0x10;
        memset(&err, 0, sizeof err);
        assert_int_equal(segment_header_decode(block, "a.seg", &back, &err), STATUS_CORRUPT);
        assert_non_null(strstr(err.message, "a.seg"));
        block[i] ^= 0x10;
    }
}

TEST(a_header_that_contradicts_itself_is_refused)
{
    static const struct {
        const char *name;
        struct segment_header header;
        enum status want;
    } cases[] = {
        {"the first of a journal",
         {.number = 1, .segment_bytes = 65536, .seq_first = 1},
         STATUS_OK},
        {"the first, but something before",
         {.number = 1, .segment_bytes = 65536, .seq_first = 1, .before_end = 4096},
         STATUS_CORRUPT},
        {"number 0", {.number = 0, .segment_bytes = 65536, .seq_first = 1}, STATUS_CORRUPT},
        {"another number before",
         {.number = 3,
          .segment_bytes = 65536,
          .seq_first = 1,
          .before_number = 1,
          .before_end = 4096},
         STATUS_CORRUPT},
        {"a gap in the records",
         {.number = 2,
          .segment_bytes = 65536,
          .seq_first = 3,
          .before_number = 1,
          .before_end = 8192,
          .before_seq_last = 1},
         STATUS_CORRUPT},
        {"an end inside the header",
         {.number = 2, .segment_bytes = 65536, .seq_first = 1, .before_number = 1},
         STATUS_CORRUPT},
        {"an end off the blocks",
         {.number = 2,
          .segment_bytes = 65536,
          .seq_first = 1,
          .before_number = 1,
          .before_end = 4097},
         STATUS_CORRUPT},
        {"a size off the blocks",
         {.number = 1, .segment_bytes = 65537, .seq_first = 1},
         STATUS_CORRUPT},
        {"a size too small", {.number = 1, .segment_bytes = 4096, .seq_first = 1}, STATUS_CORRUPT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t block[SEGMENT_HEADER_BYTES];
        struct segment_header back;
        struct error err = {0};
        segment_header_encode(&cases[i].header, block);
        enum status status = segment_header_decode(block, "a.seg", &back, &err);
        ROW(status == cases[i].want, cases[i].name, "%s", status_code(status));
    }
}

TEST(a_newer_format_is_refused_by_its_number)
{
    uint8_t block[SEGMENT_HEADER_BYTES];
    struct segment_header back;
    struct error err = {0};
    segment_header_encode(&sample, block);
    put_u32(block + 8, 2);
    put_u32(block + 4092, crc32c(0, block, 4092));
    assert_int_equal(segment_header_decode(block, "a.seg", &back, &err), STATUS_FOREIGN);
    assert_non_null(strstr(err.message, "format 2"));
}

TEST(only_a_segments_own_name_is_taken)
{
    static const struct {
        const char *name;
        bool want;
        uint64_t number;
    } cases[] = {
        {"0000000000000001.seg", true, 1},
        {"ffffffffffffffff.seg", true, UINT64_MAX},
        {"00000000000000ab.seg", true, 0xab},
        {"00000000000000AB.seg", false, 0},
        {"000000000000001.seg", false, 0},
        {"00000000000000001.seg", false, 0},
        {"0000000000000001.tmp", false, 0},
        {"0000000000000001.seg~", false, 0},
        {"000000000000000g.seg", false, 0},
        {"spare-1.seg", false, 0},
        {"", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t number = 0;
        bool got = segment_name_parse(cases[i].name, &number);
        ROW(got == cases[i].want && number == cases[i].number, cases[i].name, "%d", got);
        char name[SEGMENT_NAME_BYTES];
        segment_name(number, name);
        ROW(!got || strcmp(name, cases[i].name) == 0, cases[i].name, "%s", name);
    }
}

TEST(a_record_has_the_documented_bytes)
{
    uint8_t block[JOURNAL_BLOCK_BYTES];
    memset(block, 0xee, sizeof block);
    memcpy(block + SEGMENT_RECORD_HEAD_BYTES, "payload", 7);
    segment_record_seal(block, 0x4142434445464748, 0x1122, 7);

    static const uint8_t want[] = {0x22, 0x11, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0};
    assert_memory_equal(block, want, sizeof want);
    uint8_t covered[24] = {0x48, 0x47, 0x46, 0x45, 0x44, 0x43, 0x42, 0x41};
    memcpy(covered + 8, want, sizeof want);
    uint32_t crc = crc32c(0, covered, sizeof covered);
    assert_int_equal(get_u32(block + 16), crc);
    assert_int_equal(get_u32(block + 20), crc32c(crc, "payload", 7));
    for (size_t i = 31; i < sizeof block; i++)
        assert_int_equal(block[i], 0);
}

TEST(records_take_whole_blocks)
{
    static const struct {
        const char *name;
        uint64_t payload;
        uint64_t want;
    } cases[] = {
        {"empty", 0, 4096},
        {"fills a block", 4072, 4096},
        {"a byte more", 4073, 8192},
        {"the maximum", JOURNAL_RECORD_BYTES_MAX, JOURNAL_RECORD_BYTES_MAX + 4096},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ROW(segment_record_bytes(cases[i].payload) == cases[i].want, cases[i].name, "%llu",
            (unsigned long long)segment_record_bytes(cases[i].payload));
}

TEST(no_changed_byte_of_a_record_goes_unseen)
{
    enum { PAYLOAD = 5000, SALT = 99, SEQ = 7 };
    uint8_t *record = calloc(1, 8192);
    struct segment_record out;
    assert_non_null(record);
    memset(record + SEGMENT_RECORD_HEAD_BYTES, 'x', PAYLOAD);
    segment_record_seal(record, SALT, SEQ, PAYLOAD);
    assert_true(segment_record_head(record, SALT, &out));
    assert_int_equal(out.seq, SEQ);
    assert_int_equal(out.payload_bytes, PAYLOAD);
    assert_true(segment_record_whole(&out, record + SEGMENT_RECORD_HEAD_BYTES));
    assert_false(segment_record_head(record, SALT + 1, &out));

    for (size_t i = 0; i < SEGMENT_RECORD_HEAD_BYTES + PAYLOAD; i++) {
        record[i] ^= 0xff;
        bool whole = segment_record_head(record, SALT, &out) &&
                     segment_record_whole(&out, record + SEGMENT_RECORD_HEAD_BYTES);
        assert_false(whole);
        /* One damaged byte does not hide that there was a record. */
        assert_true(segment_record_begun(record, SALT, SEQ));
        assert_false(segment_record_begun(record, SALT, SEQ + 1));
        record[i] ^= 0xff;
    }
    free(record);
}

TEST(a_length_over_the_maximum_is_no_record)
{
    uint8_t *record = calloc(1, JOURNAL_RECORD_BYTES_MAX + 2 * JOURNAL_BLOCK_BYTES);
    struct segment_record out;
    assert_non_null(record);
    segment_record_seal(record, 1, 1, JOURNAL_RECORD_BYTES_MAX + 1);
    assert_false(segment_record_head(record, 1, &out));
    segment_record_seal(record, 1, 1, JOURNAL_RECORD_BYTES_MAX);
    assert_true(segment_record_head(record, 1, &out));
    free(record);
}

TEST(zeros_are_neither_a_record_nor_the_trace_of_one)
{
    static const uint8_t zeros[SEGMENT_RECORD_HEAD_BYTES];
    struct segment_record out;
    for (uint64_t salt = 0; salt < 1000; salt++) {
        assert_false(segment_record_head(zeros, salt + 1, &out));
        assert_false(segment_record_begun(zeros, salt + 1, 1));
    }
}

UNIT_MAIN(UNIT(a_header_has_the_documented_bytes),
          UNIT(a_header_comes_back_and_no_changed_byte_goes_unseen),
          UNIT(a_header_that_contradicts_itself_is_refused),
          UNIT(a_newer_format_is_refused_by_its_number), UNIT(only_a_segments_own_name_is_taken),
          UNIT(a_record_has_the_documented_bytes), UNIT(records_take_whole_blocks),
          UNIT(no_changed_byte_of_a_record_goes_unseen),
          UNIT(a_length_over_the_maximum_is_no_record),
          UNIT(zeros_are_neither_a_record_nor_the_trace_of_one))
