/*
 * text_test.c - runs of bytes, compared as databases compare them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

TEST(texts_are_ordered_by_bytes_a_prefix_first)
{
    static const struct {
        const char *a, *b;
        int want;
    } cases[] = {
        {"", "", 0},     {"", "a", -1},  {"a", "", 1},          {"a", "a", 0},
        {"a", "ab", -1}, {"b", "ab", 1}, {"a", "\xc3\xa9", -1}, {"\x7f", "\x80", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int order = text_compare(text_of(cases[i].a), text_of(cases[i].b));
        ROW((order > 0) - (order < 0) == cases[i].want, cases[i].a, "and \"%s\": %d", cases[i].b,
            order);
        ROW(text_equal(text_of(cases[i].a), text_of(cases[i].b)) == (cases[i].want == 0),
            cases[i].a, "and \"%s\"", cases[i].b);
        ROW(text_is(text_of(cases[i].a), cases[i].b) == (cases[i].want == 0), cases[i].a,
            "and \"%s\"", cases[i].b);
    }
}

TEST(a_text_may_hold_any_byte_or_be_absent)
{
    const struct text absent = {NULL, 0}, with_nul = {"a\0b", 3}, other = {"a\0c", 3};
    assert_false(text_equal(with_nul, other));
    assert_true(text_compare(with_nul, other) < 0);
    assert_true(text_equal(absent, text_of("")));
    assert_true(text_compare(absent, with_nul) < 0);
    assert_int_equal(text_compare(absent, absent), 0);
}

UNIT_MAIN(UNIT(texts_are_ordered_by_bytes_a_prefix_first),
          UNIT(a_text_may_hold_any_byte_or_be_absent))
