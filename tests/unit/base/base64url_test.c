/*
 * base64url_test.c - one spelling for any bytes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <string.h>

#include "base/base64url.h"

/* RFC 4648, section 10, without padding; and the two letters that differ. */
static const struct {
    const char *name;
    const char *bytes;
    const char *text;
} known[] = {
    {"nothing", "", ""},
    {"one byte", "f", "Zg"},
    {"two bytes", "fo", "Zm8"},
    {"three bytes", "foo", "Zm9v"},
    {"four bytes", "foob", "Zm9vYg"},
    {"minus and underline", "\xfb\xff", "-_8"},
};

TEST(known_texts_are_written_and_read)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char text[16];
        uint8_t bytes[16];
        size_t len = strlen(known[i].bytes), got;
        assert_int_equal(base64url_chars(len), strlen(known[i].text));
        base64url_encode((const uint8_t *)known[i].bytes, len, text);
        ROW(memcmp(text, known[i].text, strlen(known[i].text)) == 0, known[i].name, "is %.8s",
            text);
        ROW(base64url_decode(text_of(known[i].text), bytes, sizeof bytes, &got) && got == len &&
                memcmp(bytes, known[i].bytes, len) == 0,
            known[i].name, "is not read");
    }
}

TEST(any_bytes_come_back)
{
    struct unit_random random = unit_random_seeded();
    for (int round = 0; round < 500; round++) {
        uint8_t bytes[64], back[64];
        char text[90];
        size_t len = unit_random_below(&random, sizeof bytes + 1), got;
        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)unit_random(&random);
        base64url_encode(bytes, len, text);
        struct text whole = {text, base64url_chars(len)};
        assert_true(base64url_decode(whole, back, len, &got));
        assert_int_equal(got, len);
        assert_memory_equal(back, bytes, len);
        if (len > 0)
            assert_false(base64url_decode(whole, back, len - 1, &got)); /* no room */
    }
}

TEST(other_spellings_are_refused)
{
    static const char *const texts[] = {"Zg==", "Zm9v\n", "Zh",  "Z", "Zm9vY",
                                        "Zm+v", "Zm/v",   "Zm9", "A", "Zm9vA"};
    uint8_t bytes[16];
    size_t len;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ROW(!base64url_decode(text_of(texts[i]), bytes, sizeof bytes, &len), texts[i], "was read");
}

UNIT_MAIN(UNIT(known_texts_are_written_and_read), UNIT(any_bytes_come_back),
          UNIT(other_spellings_are_refused))
