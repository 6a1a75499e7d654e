/*
 * etag_test.c - tags differ when answers may, and If-None-Match finds them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include "http/etag.h"

#define BASE                                                                                       \
    .boot_nonce = 7, .user_version = 11, .first_day = 100, .last_day = 106,                        \
    .zone_data_version = "2026a"

TEST(etag_changes_with_everything_an_answer_depends_on)
{
    static const struct {
        const char *name;
        struct etag_parts parts;
        const char *target;
    } cases[] = {
        {"the base", {BASE}, "/a?b=c"},
        {"another life of the process",
         {.boot_nonce = 8,
          .user_version = 11,
          .first_day = 100,
          .last_day = 106,
          .zone_data_version = "2026a"},
         "/a?b=c"},
        {"something was recorded",
         {.boot_nonce = 7,
          .user_version = 12,
          .first_day = 100,
          .last_day = 106,
          .zone_data_version = "2026a"},
         "/a?b=c"},
        {"a day later",
         {.boot_nonce = 7,
          .user_version = 11,
          .first_day = 101,
          .last_day = 107,
          .zone_data_version = "2026a"},
         "/a?b=c"},
        {"another end",
         {.boot_nonce = 7,
          .user_version = 11,
          .first_day = 100,
          .last_day = 107,
          .zone_data_version = "2026a"},
         "/a?b=c"},
        {"new zone data",
         {.boot_nonce = 7,
          .user_version = 11,
          .first_day = 100,
          .last_day = 106,
          .zone_data_version = "2026b"},
         "/a?b=c"},
        {"another query", {BASE}, "/a?b=d"},
        {"no query", {BASE}, "/a"},
    };
    enum { COUNT = sizeof cases / sizeof cases[0] };
    char tags[COUNT][ETAG_BYTES + 1];
    for (size_t i = 0; i < COUNT; i++) {
        struct etag_parts parts = cases[i].parts;
        parts.target = text_of(cases[i].target);
        etag_make(&parts, tags[i]);
        ROW(strlen(tags[i]) == ETAG_BYTES && tags[i][0] == '"' && tags[i][17] == '"', cases[i].name,
            "is %s", tags[i]);
        for (size_t k = 0; k < i; k++)
            ROW(strcmp(tags[i], tags[k]) != 0, cases[i].name, "the same as \"%s\"", cases[k].name);
    }
    struct etag_parts again = cases[0].parts;
    char tag[ETAG_BYTES + 1];
    again.target = text_of("/a?b=c");
    etag_make(&again, tag);
    assert_string_equal(tag, tags[0]);
}

TEST(etag_is_found_in_lists)
{
    static const char tag[] = "\"0123456789abcdef\"";
    static const struct {
        const char *name; /* the field */
        enum etag_match want;
    } cases[] = {
        {"\"0123456789abcdef\"", ETAG_MATCH},
        {"W/\"0123456789abcdef\"", ETAG_MATCH},
        {"  \"0123456789abcdef\"\t", ETAG_MATCH},
        {"\"a\", \"0123456789abcdef\"", ETAG_MATCH},
        {"\"a\",W/\"0123456789abcdef\",\"b\"", ETAG_MATCH},
        {", ,\"0123456789abcdef\"", ETAG_MATCH},
        {"\"a,b\", \"0123456789abcdef\"", ETAG_MATCH},
        {"*", ETAG_MATCH_ANY},
        {"", ETAG_NO_MATCH},
        {"\"0123456789abcdee\"", ETAG_NO_MATCH},
        {"0123456789abcdef", ETAG_NO_MATCH},
        {"\"0123456789abcdef", ETAG_NO_MATCH},
        {"w/\"0123456789abcdef\"", ETAG_NO_MATCH},
        {"\"a\" \"0123456789abcdef\"", ETAG_NO_MATCH},
        {"*, \"0123456789abcdef\"", ETAG_NO_MATCH},
        {"\"", ETAG_NO_MATCH},
        {"W/", ETAG_NO_MATCH},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum etag_match got = etag_matches(text_of(cases[i].name), tag);
        ROW(got == cases[i].want, cases[i].name, "match %d", got);
    }
    assert_int_equal(etag_matches((struct text){NULL, 0}, tag), ETAG_NO_MATCH);
}

UNIT_MAIN(UNIT(etag_changes_with_everything_an_answer_depends_on), UNIT(etag_is_found_in_lists))
