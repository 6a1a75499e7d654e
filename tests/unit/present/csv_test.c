/*
 * csv_test.c - CSV that a parser reads back and no spreadsheet runs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <stdlib.h>

#include "present/csv.h"

TEST(cells_are_quoted_only_when_they_must_and_are_never_formulas)
{
    static const struct {
        const char *name;
        const char *cell;
        const char *want;
    } cases[] = {
        {"plain", "listing-123", "listing-123"},
        {"empty", "", ""},
        {"spaces stay", " a b ", " a b "},
        {"comma", "a,b", "\"a,b\""},
        {"quote", "say \"hi\"", "\"say \"\"hi\"\"\""},
        {"only quotes", "\"\"", "\"\"\"\"\"\""},
        {"line feed inside", "a\nb", "\"a\nb\""},
        {"carriage return inside", "a\rb", "\"a\rb\""},
        {"formula", "=1+1", "'=1+1"},
        {"formula with comma", "=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""},
        {"plus", "+49 170 1", "'+49 170 1"},
        {"minus", "-1", "'-1"},
        {"at", "@SUM(A1)", "'@SUM(A1)"},
        {"tab", "\t=1", "'\t=1"},
        {"carriage return first", "\r=1", "\"'\r=1\""},
        {"line feed first", "\n=1", "\"'\n=1\""},
        {"full-width equals",
         "\xef\xbc\x9d"
         "1",
         "'\xef\xbc\x9d"
         "1"},
        {"full-width at",
         "\xef\xbc\xa0"
         "A",
         "'\xef\xbc\xa0"
         "A"},
        {"another full-width letter", "\xef\xbc\xa1", "\xef\xbc\xa1"},
        {"formula signs inside", "a=b+c-d@e", "a=b+c-d@e"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes out = {0};
        struct csv_writer writer = {.out = &out};
        csv_put_string(&writer, cases[i].cell);
        ROW(!writer.failed && text_is((struct text){(const char *)out.at, out.len}, cases[i].want),
            cases[i].name, "got %.*s", (int)out.len, (const char *)out.at);
        bytes_done(&out);
    }
}

TEST(rows_end_with_cr_lf_and_numbers_stay_numbers)
{
    struct bytes out = {0};
    struct csv_writer writer = {.out = &out};
    csv_put_string(&writer, "a");
    csv_put_u64(&writer, UINT64_MAX);
    csv_put_text(&writer, (struct text){NULL, 0});
    csv_put_u64(&writer, 0);
    csv_end_row(&writer);
    csv_put_string(&writer, "b");
    csv_end_row(&writer);
    assert_false(writer.failed);
    assert_true(text_is((struct text){(const char *)out.at, out.len},
                        "a,18446744073709551615,,0\r\nb\r\n"));
    bytes_done(&out);
}

UNIT_MAIN(UNIT(cells_are_quoted_only_when_they_must_and_are_never_formulas),
          UNIT(rows_end_with_cr_lf_and_numbers_stay_numbers))
