/*
 * bytes_test.c - a buffer that grows, and numbers as bytes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <string.h>

#include "base/bytes.h"

TEST(what_is_appended_stays)
{
    struct bytes bytes = {0};
    for (uint32_t i = 0; i < 5000; i++)
        assert_true(bytes_append(&bytes, &i, sizeof i));
    assert_true(bytes_append(&bytes, NULL, 0));
    assert_int_equal(bytes.len, 5000 * sizeof(uint32_t));
    for (uint32_t i = 0; i < 5000; i++)
        assert_memory_equal(bytes.at + i * sizeof i, &i, sizeof i);
    bytes_done(&bytes);
    assert_null(bytes.at);
    assert_true(bytes_append(&bytes, "again", 5));
    assert_memory_equal(bytes.at, "again", 5);
    bytes_done(&bytes);
}

TEST(room_that_cannot_be_is_refused_and_the_content_stays)
{
    struct bytes bytes = {0};
    assert_true(bytes_append(&bytes, "kept", 4));
    assert_false(bytes_reserve(&bytes, SIZE_MAX));
    assert_false(bytes_reserve(&bytes, SIZE_MAX / 2));
    assert_int_equal(bytes.len, 4);
    assert_memory_equal(bytes.at, "kept", 4);
    assert_true(bytes_reserve(&bytes, 100000));
    assert_true(bytes.cap - bytes.len >= 100000);
    assert_memory_equal(bytes.at, "kept", 4);
    bytes_done(&bytes);
}

TEST(fixed_numbers_are_little_endian)
{
    static const uint8_t want[] = {0x04, 0x03, 0x02, 0x01, 0x88, 0x77,
                                   0x66, 0x55, 0x44, 0x33, 0x22, 0x11};
    uint8_t got[12];
    assert_ptr_equal(put_u64(put_u32(got, 0x01020304), 0x1122334455667788), got + 12);
    assert_memory_equal(got, want, sizeof want);
    assert_int_equal(get_u32(got), 0x01020304);
    assert_int_equal(get_u64(got + 4), 0x1122334455667788);
}

TEST(varints_have_their_documented_bytes)
{
    static const struct {
        const char *name;
        uint64_t value;
        const char *bytes;
        size_t len;
    } cases[] = {
        {"zero", 0, "\x00", 1},
        {"the largest of one byte", 127, "\x7f", 1},
        {"the least of two", 128, "\x80\x01", 2},
        {"300", 300, "\xac\x02", 2},
        {"the largest", UINT64_MAX, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t got[VARINT_BYTES_MAX];
        const uint8_t *at = got;
        uint64_t value;
        const uint8_t *end = put_varint(got, cases[i].value);
        ROW((size_t)(end - got) == cases[i].len && memcmp(got, cases[i].bytes, cases[i].len) == 0,
            cases[i].name, "has other bytes");
        ROW(get_varint(&at, end, &value) && value == cases[i].value && at == end, cases[i].name,
            "is read as another number");
        for (size_t cut = 0; cut < cases[i].len; cut++) {
            at = got;
            ROW(!get_varint(&at, got + cut, &value) && at <= got + cut, cases[i].name,
                "is read from %zu bytes", cut);
        }
    }
}

TEST(varints_beyond_64_bits_are_refused)
{
    static const uint8_t too_large[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
    static const uint8_t too_long[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                       0x80, 0x80, 0x80, 0x80, 0x01};
    uint64_t value;
    const uint8_t *at = too_large;
    assert_false(get_varint(&at, too_large + sizeof too_large, &value));
    at = too_long;
    assert_false(get_varint(&at, too_long + sizeof too_long, &value));
}

TEST(zigzag_puts_small_numbers_first)
{
    static const int64_t values[] = {0, -1, 1, -2, 2};
    for (uint64_t i = 0; i < 5; i++) {
        assert_int_equal(zigzag(values[i]), i);
        assert_int_equal(unzigzag(i), values[i]);
    }
    assert_int_equal(unzigzag(zigzag(INT64_MIN)), INT64_MIN);
    assert_int_equal(unzigzag(zigzag(INT64_MAX)), INT64_MAX);
}

UNIT_MAIN(UNIT(what_is_appended_stays), UNIT(room_that_cannot_be_is_refused_and_the_content_stays),
          UNIT(fixed_numbers_are_little_endian), UNIT(varints_have_their_documented_bytes),
          UNIT(varints_beyond_64_bits_are_refused), UNIT(zigzag_puts_small_numbers_first))
