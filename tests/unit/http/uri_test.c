/*
 * uri_test.c - targets taken apart.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include "http/uri.h"

/* Writes the parts as "[a][b]?x=1&y=2" with every segment in brackets. */
static void write_parts(const struct uri *uri, char *out, size_t bytes)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < uri->segment_count; i++)
        used += (size_t)snprintf(out + used, bytes - used, "[%.*s]", TEXT_ARGS(uri->segments[i]));
    for (size_t i = 0; i < uri->parameter_count; i++)
        used += (size_t)snprintf(out + used, bytes - used, "%c%.*s=%.*s", i == 0 ? '?' : '&',
                                 TEXT_ARGS(uri->parameters[i].name),
                                 TEXT_ARGS(uri->parameters[i].value));
}

TEST(uri_splits_first_and_decodes_after)
{
    static const struct {
        const char *name;
        const char *target;
        const char *want; /* NULL: refused */
        const char *code; /* then */
    } cases[] = {
        {"plain", "/v1/events", "[v1][events]", NULL},
        {"an encoded slash stays in its segment", "/v1/users/a%2Fb/x", "[v1][users][a/b][x]", NULL},
        {"an encoded question mark is no query", "/a%3Fb?c=d", "[a?b]?c=d", NULL},
        {"an encoded ampersand stays in its value", "/a?x=1%262&y=3", "[a]?x=1&2&y=3", NULL},
        {"an encoded equals sign stays in its name", "/a?x%3Dy=1", "[a]?x=y=1", NULL},
        {"decoded once only", "/a%2525", "[a%25]", NULL},
        {"hexadecimal digits of either case", "/%c3%A9", "[é]", NULL},
        {"raw UTF-8", "/é", "[é]", NULL},
        {"plus is itself in the path", "/a+b", "[a+b]", NULL},
        {"plus is itself beside an escape", "/a+b%43", "[a+bC]", NULL},
        {"plus is a space in the query", "/a?b=c+d", "[a]?b=c d", NULL},
        {"an encoded plus is a plus", "/a?b=Etc/GMT%2B5", "[a]?b=Etc/GMT+5", NULL},
        {"a slash and a question mark in the query", "/a?b=c/d?e", "[a]?b=c/d?e", NULL},
        {"empty segments are kept", "/a//b/", "[a][][b][]", NULL},
        {"dots are ordinary", "/a/../b", "[a][..][b]", NULL},
        {"the root", "/", "[]", NULL},
        {"an empty query", "/a?", "[a]", NULL},
        {"a name alone", "/a?b", "[a]?b=", NULL},
        {"empty pairs are passed over", "/a?&b=1&&c=2&", "[a]?b=1&c=2", NULL},
        {"the same name twice", "/a?l=1&l=2", "[a]?l=1&l=2", NULL},

        {"a cut escape", "/a%4", NULL, "invalid_escape"},
        {"a lone percent sign", "/a%", NULL, "invalid_escape"},
        {"no hexadecimal digits", "/a%g1", NULL, "invalid_escape"},
        {"a sign is no digit", "/a%+1", NULL, "invalid_escape"},
        {"NUL", "/a%00b", NULL, "invalid_escape"},
        {"NUL in the query", "/a?b=%00", NULL, "invalid_escape"},
        {"a byte that is not UTF-8", "/a%ff", NULL, "invalid_escape"},
        {"an overlong slash", "/a%c0%af", NULL, "invalid_escape"},
        {"a surrogate", "/a%ed%a0%80", NULL, "invalid_escape"},
        {"bad UTF-8 in a parameter's name", "/a?%ff=1", NULL, "invalid_escape"},
        {"absolute form", "http://a/b", NULL, "invalid_target"},
        {"an asterisk", "*", NULL, "invalid_target"},
        {"nothing", "", NULL, "invalid_target"},
        {"a space", "/a b", NULL, "invalid_target"},
        {"a control character", "/a\x01", NULL, "invalid_target"},
        {"a fragment", "/a#b", NULL, "invalid_target"},
        {"eight segments", "/1/2/3/4/5/6/7/8", "[1][2][3][4][5][6][7][8]", NULL},
        {"nine segments are no address", "/1/2/3/4/5/6/7/8/9", NULL, "not_found"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena arena = {0};
        struct uri uri;
        struct error err;
        char parts[256];
        enum status status = uri_parse(text_of(cases[i].target), &arena, &uri, &err);
        if (cases[i].want == NULL) {
            ROW(status != STATUS_OK, cases[i].name, "was accepted");
            ROW(strcmp(err.code, cases[i].code) == 0, cases[i].name, "code %s", err.code);
        } else {
            ROW(status == STATUS_OK, cases[i].name, "%s", err.message);
            write_parts(&uri, parts, sizeof parts);
            ROW(strcmp(parts, cases[i].want) == 0, cases[i].name, "got %s", parts);
        }
        arena_done(&arena);
    }
}

TEST(uri_finds_the_first_parameter_of_a_name)
{
    struct arena arena = {0};
    struct uri uri;
    struct error err;
    ASSERT_OK(uri_parse(text_of("/a?x=1&y=&x=2"), &arena, &uri, &err), err);
    assert_true(text_is(uri_parameter(&uri, "x"), "1"));
    assert_true(uri_parameter(&uri, "y").at != NULL);
    assert_int_equal(uri_parameter(&uri, "y").len, 0);
    assert_null(uri_parameter(&uri, "z").at);
    arena_done(&arena);
}

TEST(uri_bounds_the_number_of_parameters)
{
    char target[8 + 4 * (URI_PARAMETERS_MAX + 1)] = "/a?";
    struct arena arena = {0};
    struct uri uri;
    struct error err;
    for (int i = 0; i < URI_PARAMETERS_MAX; i++)
        strcat(target, "b=1&");
    ASSERT_OK(uri_parse(text_of(target), &arena, &uri, &err), err);
    strcat(target, "b=1");
    assert_int_equal(uri_parse(text_of(target), &arena, &uri, &err), STATUS_INVALID);
    assert_string_equal(err.code, "too_many_parameters");
    arena_done(&arena);
}

UNIT_MAIN(UNIT(uri_splits_first_and_decodes_after), UNIT(uri_finds_the_first_parameter_of_a_name),
          UNIT(uri_bounds_the_number_of_parameters))
