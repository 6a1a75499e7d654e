/*
 * command_test.c - words of a command line against a table.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <stdlib.h>

#include "cli/command.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { WORDS_MAX = 8 };

static const struct flag flag_url = {
    .name = "url", .value = "URL", .initial = "http://here", .variable = "UNIT_URL", .help = "u"};
static const struct flag flag_key = {
    .name = "key", .value = "KEY", .variable = "UNIT_KEY", .choices = "a|bb", .help = "k"};
static const struct flag flag_count = {.name = "count", .value = "N", .initial = "7", .help = "c"};
static const struct flag flag_json = {.name = "json", .help = "j"};

static const struct command command = {
    .name = "try",
    .summary = "Tries.",
    .usage = (const char *const[]){"USER [LISTING] [flags]", NULL},
    .flags = (const struct flag *const[]){&flag_url, &flag_key, &flag_count, &flag_json, NULL},
    .operands_min = 1,
    .operands_max = 2,
};

static enum status read_words(const char *const *words, struct arguments *out, struct error *err)
{
    char *copy[WORDS_MAX];
    int count = 0;
    for (; words[count] != NULL; count++)
        copy[count] = (char *)words[count];
    return arguments_read(&command, "footfall try", count, copy, out, err);
}

TEST(flags_stand_anywhere_and_have_their_values)
{
    static const struct {
        const char *name;
        const char *words[WORDS_MAX];
        const char *variable; /* UNIT_URL */
        const char *url;
        const char *key;
        bool json;
        const char *first;
        const char *second;
    } cases[] = {
        {"defaults", {"u"}, NULL, "http://here", NULL, false, "u", NULL},
        {"variable", {"u"}, "http://env", "http://env", NULL, false, "u", NULL},
        {"empty variable", {"u"}, "", "http://here", NULL, false, "u", NULL},
        {"flag wins", {"u", "--url", "http://f"}, "http://env", "http://f", NULL, false, "u", NULL},
        {"equals", {"--url=x=y", "u"}, NULL, "x=y", NULL, false, "u", NULL},
        {"empty value", {"--url=", "u"}, NULL, "", NULL, false, "u", NULL},
        {"between", {"u", "--key", "bb", "l"}, NULL, "http://here", "bb", false, "u", "l"},
        {"switch first", {"--json", "u", "l"}, NULL, "http://here", NULL, true, "u", "l"},
        {"value like a flag", {"--url", "--json", "u"}, NULL, "--json", NULL, false, "u", NULL},
        {"end of flags", {"--", "--json", "-x"}, NULL, "http://here", NULL, false, "--json", "-x"},
        {"dash is an operand", {"-", "l"}, NULL, "http://here", NULL, false, "-", "l"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arguments got;
        struct error err;
        unsetenv("UNIT_URL");
        if (cases[i].variable != NULL)
            setenv("UNIT_URL", cases[i].variable, 1);
        enum status status = read_words(cases[i].words, &got, &err);
        ROW(status == STATUS_OK, cases[i].name, "%s", err.message);
        const char *key = argument_text(&got, "key");
        ROW(strcmp(argument_text(&got, "url"), cases[i].url) == 0, cases[i].name, "url is %s",
            argument_text(&got, "url"));
        ROW((key == NULL) == (cases[i].key == NULL) &&
                (key == NULL || strcmp(key, cases[i].key) == 0),
            cases[i].name, "key is %s", key == NULL ? "none" : key);
        ROW(argument_is_on(&got, "json") == cases[i].json, cases[i].name, "json");
        ROW(got.operand_count == (cases[i].second == NULL ? 1u : 2u) &&
                strcmp(got.operands[0], cases[i].first) == 0 &&
                (cases[i].second == NULL || strcmp(got.operands[1], cases[i].second) == 0),
            cases[i].name, "%zu operands", got.operand_count);
    }
    unsetenv("UNIT_URL");
}

TEST(what_is_wrong_is_refused_in_words_with_the_way_to_help)
{
    static const struct {
        const char *name;
        const char *words[WORDS_MAX];
        const char *says;
    } cases[] = {
        {"unknown flag", {"u", "--jsn"}, "no flag \"--jsn\" (did you mean --json?)"},
        {"far flag", {"u", "--zzzzzzzz"}, "no flag \"--zzzzzzzz\"; see"},
        {"unknown with value", {"u", "--ur=x"}, "(did you mean --url?)"},
        {"one dash", {"u", "-json"}, "(did you mean --json?)"},
        {"value for a switch", {"u", "--json=yes"}, "--json takes no value"},
        {"no value", {"u", "--url"}, "--url needs a value, URL"},
        {"twice", {"u", "--url", "a", "--url=b"}, "--url is given twice"},
        {"switch twice", {"u", "--json", "--json"}, "--json is given twice"},
        {"wrong choice", {"u", "--key", "b"}, "--key \"b\": one of a|bb is wanted"},
        {"choice prefix", {"u", "--key", "bbb"}, "one of a|bb"},
        {"empty choice", {"u", "--key="}, "one of a|bb"},
        {"no operand", {"--json"}, "something is missing: footfall try USER [LISTING] [flags]"},
        {"one too many", {"u", "l", "m"}, "\"m\" is one word too many"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arguments got;
        struct error err;
        enum status status = read_words(cases[i].words, &got, &err);
        ROW(status == STATUS_INVALID && strcmp(err.code, "usage") == 0, cases[i].name, "accepted");
        ROW(strstr(err.message, cases[i].says) != NULL, cases[i].name, "%s", err.message);
        ROW(strstr(err.message, "see footfall try --help") != NULL, cases[i].name, "%s",
            err.message);
    }
}

TEST(a_variable_is_checked_like_a_flag)
{
    struct arguments got;
    struct error err;
    const char *const words[] = {"u", NULL};
    setenv("UNIT_KEY", "c", 1);
    assert_int_equal(read_words(words, &got, &err), STATUS_INVALID);
    assert_non_null(strstr(err.message, "UNIT_KEY \"c\": one of a|bb is wanted"));
    unsetenv("UNIT_KEY");
}

TEST(numbers_are_whole_and_within_their_range)
{
    static const struct {
        const char *text;
        enum status want;
        uint64_t number;
    } cases[] = {
        {"5", STATUS_OK, 5},       {"1000", STATUS_OK, 1000},
        {"4", STATUS_INVALID, 0},  {"1001", STATUS_INVALID, 0},
        {"-5", STATUS_INVALID, 0}, {"+5", STATUS_INVALID, 0},
        {" 5", STATUS_INVALID, 0}, {"5 ", STATUS_INVALID, 0},
        {"5k", STATUS_INVALID, 0}, {"0x10", STATUS_INVALID, 0},
        {"", STATUS_INVALID, 0},   {"99999999999999999999999", STATUS_INVALID, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arguments got;
        struct error err;
        uint64_t number = 0;
        const char *const words[] = {"u", "--count", cases[i].text, NULL};
        ASSERT_OK(read_words(words, &got, &err), err);
        enum status status = argument_number(&got, "count", 5, 1000, &number, &err);
        ROW(status == cases[i].want && number == cases[i].number, cases[i].text, "%s, %llu",
            status_code(status), (unsigned long long)number);
    }
}

static char *paragraphs(const char *text)
{
    char *out = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&out, &len);
    assert_non_null(to);
    print_paragraphs(to, text, 2);
    fclose(to);
    return out;
}

TEST(paragraphs_are_wrapped_and_examples_stand_as_they_are)
{
    char *out = paragraphs("One two.\nThree.\n\n  an   example\n  another\n\nFour.");
    assert_string_equal(out, "  One two. Three.\n\n    an   example\n    another\n\n  Four.\n");
    free(out);

    char *wrapped = paragraphs("wwwwwwwwww wwwwwwwwww wwwwwwwwww wwwwwwwwww wwwwwwwwww wwwwwwwwww "
                               "wwwwwwwwww wwwwwwwwww");
    assert_string_equal(wrapped,
                        "  wwwwwwwwww wwwwwwwwww wwwwwwwwww wwwwwwwwww wwwwwwwwww wwwwwwwwww "
                        "wwwwwwwwww\n  wwwwwwwwww\n");
    free(wrapped);
}

UNIT_MAIN(UNIT(flags_stand_anywhere_and_have_their_values),
          UNIT(what_is_wrong_is_refused_in_words_with_the_way_to_help),
          UNIT(a_variable_is_checked_like_a_flag), UNIT(numbers_are_whole_and_within_their_range),
          UNIT(paragraphs_are_wrapped_and_examples_stand_as_they_are))
