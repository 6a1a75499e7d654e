/*
 * crc32c_test.c - both ways of computing it give the published numbers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <string.h>

#include "base/crc32c.h"

TEST(published_checksums_come_out)
{
    /* RFC 3720, appendix B.4, and the usual check value of "123456789" */
    uint8_t zeros[32] = {0}, ones[32], up[32], down[32];
    memset(ones, 0xff, sizeof ones);
    for (uint8_t i = 0; i < 32; i++) {
        up[i] = i;
        down[i] = (uint8_t)(31 - i);
    }
    const struct {
        const char *name;
        const void *bytes;
        size_t len;
        uint32_t want;
    } cases[] = {
        {"nothing", "", 0, 0},
        {"123456789", "123456789", 9, 0xe3069283},
        {"zeros", zeros, 32, 0x8a9136aa},
        {"ones", ones, 32, 0x62a8ab43},
        {"ascending", up, 32, 0x46dd794e},
        {"descending", down, 32, 0x113fdb5c},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t fast = crc32c(0, cases[i].bytes, cases[i].len);
        uint32_t portable = crc32c_portable(0, cases[i].bytes, cases[i].len);
        ROW(fast == cases[i].want, cases[i].name, "gave %08x", fast);
        ROW(portable == cases[i].want, cases[i].name, "gave %08x by table", portable);
    }
}

TEST(every_length_and_start_agrees_with_the_table)
{
    static uint8_t bytes[16384];
    struct unit_random random = unit_random_seeded();
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)unit_random(&random);
    for (int round = 0; round < 2000; round++) { /* lanes are 3 x 1024 bytes */
        size_t from = unit_random_below(&random, 64);
        size_t len = unit_random_below(&random, round % 2 == 0 ? 200 : sizeof bytes - 64);
        uint32_t start = (uint32_t)unit_random(&random);
        assert_int_equal(crc32c(start, bytes + from, len),
                         crc32c_portable(start, bytes + from, len));
    }
}

TEST(a_checksum_can_be_continued)
{
    static uint8_t bytes[10000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    uint32_t whole = crc32c(0, bytes, sizeof bytes);
    for (size_t cut = 0; cut <= sizeof bytes; cut += 97)
        assert_int_equal(crc32c(crc32c(0, bytes, cut), bytes + cut, sizeof bytes - cut), whole);
}

UNIT_MAIN(UNIT(published_checksums_come_out), UNIT(every_length_and_start_agrees_with_the_table),
          UNIT(a_checksum_can_be_continued))
