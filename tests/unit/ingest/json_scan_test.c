/*
 * json_scan_test.c - the fast and the portable way through a string agree.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest_unit.h"

#include "ingest/json_scan.h"

/* What json_scan.h promises, in its simplest form. */
static size_t plain_bytes(const char *at, size_t len, bool *doubtful)
{
    size_t i = 0;
    for (; i < len; i++) {
        unsigned char byte = (unsigned char)at[i];
        if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\')
            break;
        *doubtful = *doubtful || byte == '#' || byte == 0x7f;
    }
    return i;
}

static void check_all(char *at, size_t len)
{
    bool want = false, fast = false, portable = false;
    size_t want_len = plain_bytes(at, len, &want);
    assert_int_equal(want_len, json_plain_end(at, at + len, &fast) - at);
    assert_int_equal(want_len, json_plain_end_portable(at, at + len, &portable) - at);
    assert_int_equal(want, fast);
    assert_int_equal(want, portable);
}

TEST(every_byte_at_every_place_is_seen)
{
    for (size_t len = 1; len <= 40; len++) {
        char *text = unit_exact_copy("0123456789abcdefghijABCDEFGHIJ!$%&/()=?+", len);
        for (size_t place = 0; place < len; place++) {
            char kept = text[place];
            for (int byte = 0; byte < 256; byte++) {
                text[place] = (char)byte;
                check_all(text, len);
            }
            text[place] = kept;
        }
        free(text);
    }
}

TEST(any_bytes_give_the_same_answers)
{
    static const char alphabet[] = "aaaaaaaaaaaaaaaaaaaazZ09 ~!#\x7f\x1f\x20\x01\x80\xff\"\\";
    struct unit_random random = unit_random_seeded();
    for (int round = 0; round < 200000; round++) {
        size_t len = unit_random_below(&random, 70);
        char *text = unit_exact_copy("", 0);
        free(text);
        text = malloc(len == 0 ? 1 : len);
        assert_non_null(text);
        for (size_t i = 0; i < len; i++)
            text[i] = alphabet[unit_random_below(&random, sizeof alphabet - 1)];
        check_all(text, len);
        free(text);
    }
}

UNIT_MAIN(UNIT(every_byte_at_every_place_is_seen), UNIT(any_bytes_give_the_same_answers))
