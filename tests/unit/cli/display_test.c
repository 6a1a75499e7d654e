/*
 * display_test.c - text, charts and tables as a terminal shows them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <stdlib.h>

#include "cli/display/chart.h"
#include "cli/display/table.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct look plain = {.unicode = true};

TEST(names_cannot_command_the_terminal)
{
    static const struct {
        const char *name;
        const char *text;
        const char *want;
        size_t width;
    } cases[] = {
        {"ascii", "listing-1", "listing-1", 9},
        {"escape sequence", "\x1b[31mred", "\\x1b[31mred", 11},
        {"line feed and tab", "a\nb\tc", "a\\x0ab\\x09c", 11},
        {"DEL", "a\x7f", "a\\x7f", 5},
        {"C1 control U+009B",
         "\xc2\x9b"
         "1m",
         "\\u009b1m", 8},
        {"right-to-left override",
         "x\xe2\x80\xae"
         "y",
         "x\\u202ey", 8},
        {"byte order mark",
         "\xef\xbb\xbf"
         "a",
         "\\ufeffa", 7},
        {"unassigned beyond the BMP", "\xf4\x8f\xbf\xbf", "\\U0010ffff", 10},
        {"no UTF-8", "a\xff\xc3", "a\\xff\\xc3", 9},
        {"umlaut", "\xc3\xbc", "\xc3\xbc", 1},
        {"combining umlaut", "u\xcc\x88", "u\xcc\x88", 1},
        {"Chinese", "\xe6\xbc\xa2\xe5\xad\x97", "\xe6\xbc\xa2\xe5\xad\x97", 4},
        {"emoji", "\xf0\x9f\x8f\xa0", "\xf0\x9f\x8f\xa0", 2},
        {"joined emoji", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
         "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", 4},
        {"empty", "", "", 0},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct text got = printable(&arena, text_of(cases[i].text));
        ROW(text_is(got, cases[i].want), cases[i].name, "got %.*s", TEXT_ARGS(got));
        ROW(display_width(got) == cases[i].width, cases[i].name, "%zu columns", display_width(got));
    }
    arena_done(&arena);
}

TEST(text_is_cut_between_characters)
{
    const char *text = "a\xe6\xbc\xa2\xe5\xad\x97"; /* 1 + 2 + 2 columns */
    static const size_t bytes[] = {0, 1, 1, 4, 4, 7, 7};
    for (size_t columns = 0; columns < COUNT(bytes); columns++)
        assert_int_equal(display_cut(text_of(text), columns).len, bytes[columns]);
}

TEST(sparklines_show_zero_as_zero_and_something_as_something)
{
    static const struct {
        const char *name;
        uint64_t values[8];
        size_t count;
        size_t columns;
        const char *unicode;
        const char *ascii;
    } cases[] = {
        {"none", {0}, 0, 8, "", ""},
        {"zeros", {0, 0}, 2, 8, "··", "  "},
        {"steps", {1, 2, 3, 4, 5, 6, 7, 8}, 8, 8, "▁▂▃▄▅▆▇█", ".:-=+*#@"},
        {"one beside many", {1, 1000000, 0}, 3, 8, "▁█·", ".@ "},
        {"all alike", {5, 5, 5}, 3, 8, "███", "@@@"},
        {"the greatest number", {UINT64_MAX, 1, UINT64_MAX / 2}, 3, 8, "█▁▄", "@.="},
        {"folded by two", {1, 1, 2, 2, 8, 0}, 6, 3, "▂▄█", ":=@"},
        {"folded, the first column short", {3, 1, 1, 2, 6}, 5, 3, "▃▂█", "-:@"},
        {"folded sums do not wrap", {UINT64_MAX, UINT64_MAX, 1, 0}, 4, 2, "█▁", "@."},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char got[CHART_BYTES];
        sparkline(cases[i].values, cases[i].count, cases[i].columns, true, got);
        ROW(strcmp(got, cases[i].unicode) == 0, cases[i].name, "got %s", got);
        sparkline(cases[i].values, cases[i].count, cases[i].columns, false, got);
        ROW(strcmp(got, cases[i].ascii) == 0, cases[i].name, "got \"%s\"", got);
    }
}

TEST(a_long_sparkline_fits)
{
    uint64_t values[400];
    char got[CHART_BYTES];
    for (size_t i = 0; i < COUNT(values); i++)
        values[i] = i + 1;
    for (size_t columns = 1; columns <= CHART_COLUMNS_MAX; columns++) {
        for (size_t count = 1; count <= COUNT(values); count += 7) {
            sparkline(values, count, columns, true, got);
            size_t width = display_width(text_of(got));
            assert_true(width >= 1 && width <= columns);
        }
    }
}

TEST(bars_are_as_long_as_their_share)
{
    static const struct {
        uint64_t part;
        uint64_t whole;
        const char *unicode;
        const char *ascii;
    } cases[] = {
        {0, 10, "", ""},
        {10, 10, "████", "####"},
        {5, 10, "██", "##"},
        {1, 1000000, "▏", "#"},
        {3, 32, "▍", "#"},
        {9, 32, "█▏", "##"},
        {20, 10, "████", "####"},
        {0, 0, "", ""},
        {UINT64_MAX, UINT64_MAX, "████", "####"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char got[CHART_BYTES];
        bar(cases[i].part, cases[i].whole, 4, true, got);
        ROW(strcmp(got, cases[i].unicode) == 0, cases[i].unicode, "got %s", got);
        bar(cases[i].part, cases[i].whole, 4, false, got);
        ROW(strcmp(got, cases[i].ascii) == 0, cases[i].ascii, "got %s", got);
    }
}

static char *table_as(const struct look *look)
{
    static const struct table_column columns[] = {{"name", false}, {"views", true}, {"", false}};
    struct arena arena = {0};
    struct error err;
    char *out = NULL;
    size_t len = 0;
    struct table table = {.arena = &arena, .columns = columns, .column_count = COUNT(columns)};
    table_put(&table, STYLE_PLAIN, "\xe6\xbc\xa2\xe5\xad\x97"); /* 4 columns wide */
    table_put_format(&table, STYLE_UP, "%d", 5);
    table_put(&table, STYLE_PLAIN, "==");
    table_put(&table, STYLE_PLAIN, "a-longer-name");
    table_put(&table, STYLE_PLAIN, "1,234");
    table_put(&table, STYLE_PLAIN, "");
    FILE *to = open_memstream(&out, &len);
    assert_non_null(to);
    ASSERT_OK(table_print(&table, look, to, &err), err);
    fclose(to);
    arena_done(&arena);
    return out;
}

TEST(tables_line_up_by_what_is_seen)
{
    static const struct {
        const char *name;
        struct look look;
        const char *want;
    } cases[] = {
        {"as wide as it is",
         {.unicode = true},
         "name           views\n"
         "\xe6\xbc\xa2\xe5\xad\x97               5  ==\n"
         "a-longer-name  1,234\n"},
        {"colour takes no room",
         {.unicode = true, .color = true},
         "\x1b[2mname\x1b[0m           \x1b[2mviews\x1b[0m\n"
         "\xe6\xbc\xa2\xe5\xad\x97               \x1b[32m5\x1b[0m  ==\n"
         "a-longer-name  1,234\n"},
        {"a narrow terminal cuts the names",
         {.unicode = true, .columns = 20},
         "name       views\n"
         "\xe6\xbc\xa2\xe5\xad\x97           5  ==\n"
         "a-longer\xe2\x80\xa6  1,234\n"},
        {"names get the room of a column that is left out",
         {.columns = 18},
         "name         views\n"
         "\xe6\xbc\xa2\xe5\xad\x97             5\n"
         "a-longer-n~  1,234\n"},
        {"a narrower one leaves out the last column",
         {.columns = 15},
         "name      views\n"
         "\xe6\xbc\xa2\xe5\xad\x97          5\n"
         "a-longe~  1,234\n"},
        {"one too narrow for anything keeps the names",
         {.columns = 3},
         "name\n"
         "\xe6\xbc\xa2\xe5\xad\x97\n"
         "a-longe~\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *got = table_as(&cases[i].look);
        ROW(strcmp(got, cases[i].want) == 0, cases[i].name, "got\n%s", got);
        free(got);
    }
}

TEST(numbers_are_grouped)
{
    static const struct {
        uint64_t number;
        const char *want;
    } cases[] = {
        {0, "0"},
        {999, "999"},
        {1000, "1,000"},
        {1234567, "1,234,567"},
        {UINT64_MAX, "18,446,744,073,709,551,615"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char got[GROUPED_BYTES];
        assert_string_equal(grouped(cases[i].number, got), cases[i].want);
    }
}

TEST(styles_are_nothing_without_colour)
{
    assert_string_equal(style_begin(&plain, STYLE_UP), "");
    assert_string_equal(style_end(&plain, STYLE_UP), "");
}

UNIT_MAIN(UNIT(names_cannot_command_the_terminal), UNIT(text_is_cut_between_characters),
          UNIT(sparklines_show_zero_as_zero_and_something_as_something),
          UNIT(a_long_sparkline_fits), UNIT(bars_are_as_long_as_their_share),
          UNIT(tables_line_up_by_what_is_seen), UNIT(numbers_are_grouped),
          UNIT(styles_are_nothing_without_colour))
