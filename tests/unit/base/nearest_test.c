/*
 * nearest_test.c - guesses.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <string.h>

#include "base/nearest.h"

TEST(nearest_name_is_near)
{
    static const char *const words[] = {"data", "listen", "log-level", "query-threads"};
    static const struct {
        const char *word;
        const char *want; /* NULL: none */
    } cases[] = {
        {"listen", "listen"},      {"lisen", "listen"}, {"listne", "listen"},
        {"loglevel", "log-level"}, {"date", "data"},    {"query-thread", "query-threads"},
        {"zzzzzz", NULL},          {"", NULL},          {"threads", "query-threads"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *got =
            nearest_name(text_of(cases[i].word), words, sizeof words / sizeof words[0]);
        ROW((got == NULL) == (cases[i].want == NULL) &&
                (got == NULL || strcmp(got, cases[i].want) == 0),
            cases[i].word, "got %s", got == NULL ? "none" : got);
    }
}

TEST(nearest_name_bears_any_length)
{
    static const char *const words[] = {"data"};
    char word[1000];
    memset(word, 'd', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    assert_null(nearest_name(text_of(word), words, 1));
    word[64] = '\0';
    assert_null(nearest_name(text_of(word), words, 1));
}

UNIT_MAIN(UNIT(nearest_name_is_near), UNIT(nearest_name_bears_any_length))
