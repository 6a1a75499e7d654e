/*
 * event_test.c - which texts may be ids, and in what words the others are refused.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "model/event.h"

TEST(types_have_the_names_of_the_api)
{
    static const char *const names[] = {"view", "share", "inquiry"};
    enum event_type type = EVENT_VIEW;
    for (int i = 0; i < EVENT_TYPES; i++) {
        assert_string_equal(event_type_name((enum event_type)i), names[i]);
        assert_true(event_type_parse(text_of(names[i]), &type));
        assert_int_equal(type, i);
    }
    assert_false(event_type_parse(text_of("View"), &type));
    assert_false(event_type_parse(text_of("views"), &type));
    assert_false(event_type_parse(text_of(""), &type));
    assert_false(event_type_parse((struct text){NULL, 0}, &type));
}

TEST(ids_are_refused_in_words)
{
    static const struct {
        const char *name;
        const char *text;
        const char *message; /* NULL: accepted */
    } cases[] = {
        {"ordinary", "listing-42", NULL},
        {"one byte", "x", NULL},
        {"seven bytes", "1234567", NULL},
        {"eight bytes", "12345678", NULL},
        {"with spaces and slashes", "a b/c", NULL},
        {"three dots", "...", NULL},
        {"a dot and more", ".x", NULL},
        {"accents", "caf\xc3\xa9", NULL},
        {"the first behind C1", "\xc2\xa0", NULL},
        {"a flag", "\xf0\x9f\x8f\xa0", NULL},
        {"the last code point", "\xf4\x8f\xbf\xbf", NULL},
        {"tilde, the last before DEL", "abcdefg~", NULL},
        {"empty", "", "\"listingId\" must be 1 to 128 bytes long; this one has 0"},
        {"a dot", ".", "\"listingId\" must not be \".\" or \"..\""},
        {"two dots", "..", "\"listingId\" must not be \".\" or \"..\""},
        {"a hash", "a#b", "\"listingId\" must not contain \"#\"; this one has it as byte 2"},
        {"a hash far behind", "0123456789012345678#",
         "\"listingId\" must not contain \"#\"; this one has it as byte 20"},
        {"a line break", "a\nb",
         "\"listingId\" must not contain control characters; this one has U+000A as byte 2"},
        {"DEL", "ab\x7f",
         "\"listingId\" must not contain control characters; this one has U+007F as byte 3"},
        {"C1", "ab\xc2\x85",
         "\"listingId\" must not contain control characters; this one has U+0085 as byte 3"},
        {"the last of C1", "\xc2\x9f",
         "\"listingId\" must not contain control characters; this one has U+009F as byte 1"},
        {"Latin-1", "caf\xe9", "\"listingId\" is not valid UTF-8 at its byte 4"},
        {"an overlong slash", "\xc0\xaf", "\"listingId\" is not valid UTF-8 at its byte 1"},
        {"a surrogate", "x\xed\xa0\x80", "\"listingId\" is not valid UTF-8 at its byte 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error err = {0};
        enum status status = id_check(text_of(cases[i].text), ID_BYTES_MAX, "listingId", &err);
        ROW(status == (cases[i].message == NULL ? STATUS_OK : STATUS_INVALID), cases[i].name,
            "gave %s: %s", status_code(status), err.message);
        if (cases[i].message != NULL) {
            ROW(strcmp(err.message, cases[i].message) == 0, cases[i].name, "message: %s",
                err.message);
            assert_string_equal(err.code, "invalid_id");
            assert_string_equal(err.field, "listingId");
        }
    }
}

TEST(lengths_are_counted_in_bytes)
{
    char text[200];
    struct error err;
    memset(text, 'a', sizeof text);
    for (size_t len = 1; len <= ID_BYTES_MAX; len++)
        ASSERT_OK(id_check((struct text){text, len}, ID_BYTES_MAX, "userId", &err), err);
    assert_int_equal(id_check((struct text){text, 200}, ID_BYTES_MAX, "userId", &err),
                     STATUS_INVALID);
    assert_string_equal(err.message, "\"userId\" must be 1 to 128 bytes long; this one has 200");
    assert_int_equal(id_check((struct text){text, 65}, EVENT_ID_BYTES_MAX, "id", &err),
                     STATUS_INVALID);
    assert_int_equal(id_check((struct text){NULL, 0}, 128, "id", &err), STATUS_INVALID);
}

/* The plain way to decide, byte by byte, for the word-wise one to agree with. */
static bool plainly_good(const unsigned char *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (at[i] < 0x20 || at[i] == 0x7f || at[i] == '#')
            return false;
    return !(at[0] == '.' && (len == 1 || (len == 2 && at[1] == '.')));
}

TEST(every_byte_is_seen_at_every_place)
{
    struct error err;
    for (size_t len = 1; len <= 35; len++) {
        unsigned char *text = malloc(len); /* of exactly this size, for ASan */
        assert_non_null(text);
        for (size_t place = 0; place < len; place++) {
            for (int byte = 0; byte < 0x100; byte++) {
                memset(text, 'a', len);
                text[place] = (unsigned char)byte;
                struct text id = {(const char *)text, len};
                bool want = byte < 0x80 && plainly_good(text, len);
                bool got = id_check(id, ID_BYTES_MAX, "id", &err) == STATUS_OK;
                if (got != want) {
                    print_error("byte %02x at %zu of %zu\n", (unsigned)byte, place, len);
                    UNIT_FAIL();
                }
            }
        }
        free(text);
    }
}

TEST(ascii_ids_are_decided_as_byte_by_byte)
{
    struct unit_random random = unit_random_seeded();
    struct error err;
    for (int round = 0; round < 50000; round++) {
        unsigned char text[40];
        size_t len = 1 + unit_random_below(&random, sizeof text);
        for (size_t i = 0; i < len; i++)
            text[i] = (unsigned char)(unit_random_below(&random, 20) == 0
                                          ? unit_random_below(&random, 0x80)
                                          : 0x20 + unit_random_below(&random, 0x5f));
        struct text id = {(const char *)text, len};
        assert_int_equal(id_check(id, ID_BYTES_MAX, "id", &err) == STATUS_OK,
                         plainly_good(text, len));
    }
}

TEST(sources_leave_parentheses_to_footfall)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"newsletter", true}, {"a(b)", true}, {"(other)", false}, {"(x", false},
        {"", false},          {"a#b", false}, {"..", false},
    };
    struct error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum status status = source_check(text_of(cases[i].text), &err);
        ROW(status == (cases[i].good ? STATUS_OK : STATUS_INVALID), cases[i].text, "gave %s",
            status_code(status));
        if (status != STATUS_OK) {
            assert_string_equal(err.code, "invalid_source");
            assert_string_equal(err.field, "source");
        }
    }
    char text[SOURCE_BYTES_MAX + 1];
    memset(text, 's', sizeof text);
    ASSERT_OK(source_check((struct text){text, SOURCE_BYTES_MAX}, &err), err);
    assert_int_equal(source_check((struct text){text, sizeof text}, &err), STATUS_INVALID);
}

/* RFC 3629 from its other end: a code point is spelled in the one shortest way. */
static size_t spell(uint32_t code_point, unsigned char out[4])
{
    if (code_point < 0x80) {
        out[0] = (unsigned char)code_point;
        return 1;
    }
    size_t len = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    for (size_t i = len; i-- > 1; code_point >>= 6)
        out[i] = (unsigned char)(0x80 | (code_point & 0x3f));
    out[0] = (unsigned char)((0xf00u >> len) | code_point);
    return len;
}

TEST(every_code_point_but_surrogates_is_utf8)
{
    for (uint32_t code_point = 0; code_point < 0x110000; code_point++) {
        unsigned char bytes[4];
        size_t len = spell(code_point, bytes);
        bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
        if (utf8_valid((struct text){(const char *)bytes, len}) == surrogate ||
            (len > 1 && utf8_valid((struct text){(const char *)bytes, len - 1}))) {
            print_error("U+%04X\n", (unsigned)code_point);
            UNIT_FAIL();
        }
    }
}

TEST(two_and_three_bytes_are_utf8_only_as_spelled)
{
    for (uint32_t bytes = 0; bytes < 1u << 24; bytes += bytes >> 16 < 0xe0 ? 7 : 1) {
        const unsigned char text[3] = {(unsigned char)(bytes >> 16), (unsigned char)(bytes >> 8),
                                       (unsigned char)bytes};
        bool want = false;
        if (text[0] < 0x80)
            continue; /* begins with ASCII: nothing new */
        if (text[0] >= 0xc2 && text[0] <= 0xdf)
            want = (text[1] & 0xc0) == 0x80 && text[2] < 0x80;
        else if ((text[0] & 0xf0) == 0xe0) {
            uint32_t code_point =
                (text[0] & 0xfu) << 12 | (text[1] & 0x3fu) << 6 | (text[2] & 0x3fu);
            want = (text[1] & 0xc0) == 0x80 && (text[2] & 0xc0) == 0x80 && code_point >= 0x800 &&
                   (code_point < 0xd800 || code_point > 0xdfff);
        }
        if (utf8_valid((struct text){(const char *)text, 3}) != want) {
            print_error("%02x %02x %02x\n", text[0], text[1], text[2]);
            UNIT_FAIL();
        }
    }
}

TEST(utf8_is_checked_behind_long_ascii)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"", true},
        {"0123456789abcdef0123456789", true},
        {"0123456789abcdef\xc3\xa9"
         "0123456789",
         true},
        {"0123456789abcdef0123456\xc3", false},
        {"0123456789abcdef\x80", false},
        {"\xf4\x90\x80\x80", false},
        {"\xf5\x80\x80\x80", false},
        {"\xf0\x8f\xbf\xbf", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ROW(utf8_valid(text_of(cases[i].text)) == cases[i].good, cases[i].text, "is misjudged");
}

UNIT_MAIN(UNIT(types_have_the_names_of_the_api), UNIT(ids_are_refused_in_words),
          UNIT(lengths_are_counted_in_bytes), UNIT(every_byte_is_seen_at_every_place),
          UNIT(ascii_ids_are_decided_as_byte_by_byte), UNIT(sources_leave_parentheses_to_footfall),
          UNIT(every_code_point_but_surrogates_is_utf8),
          UNIT(two_and_three_bytes_are_utf8_only_as_spelled),
          UNIT(utf8_is_checked_behind_long_ascii))
