/*
 * csv_records_test.c - records, where they begin, and how a bad one is left behind.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "cli/import/csv_records.h"

static const volatile sig_atomic_t never = 0;

/* A file with that content, in the folder. */
static char *write_file(const char *folder, const char *content, size_t len)
{
    char *path = NULL;
    assert_true(asprintf(&path, "%s/file.csv", folder) > 0);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    for (size_t at = 0; at < len;) {
        ssize_t put = write(fd, content + at, len - at);
        assert_true(put > 0);
        at += (size_t)put;
    }
    close(fd);
    return path;
}

/* All records as text: "line@offset: cell|cell" or "line@offset! code", one a line. */
static struct bytes read_all(const char *content, size_t len, char delimiter)
{
    struct bytes said = {0};
    struct source *source = NULL;
    struct csv_records *csv = NULL;
    struct csv_record record = {0};
    struct error err;
    char *folder = unit_temp_dir();
    char *path = write_file(folder, content, len);
    ASSERT_OK(source_open(path, &never, &source, &err), err);
    ASSERT_OK(csv_records_new(source, delimiter, &csv, &err), err);
    for (;;) {
        char head[64];
        ASSERT_OK(csv_records_look(csv, &record, &err), err);
        if (record.bytes == 0)
            break;
        snprintf(head, sizeof head, "%llu@%llu%c ", (unsigned long long)record.line,
                 (unsigned long long)record.offset, record.is_bad ? '!' : ':');
        assert_true(bytes_append(&said, head, strlen(head)));
        for (size_t i = 0; i < record.cell_count; i++) {
            assert_true(bytes_append(&said, "|", i > 0));
            assert_true(bytes_append(&said, record.cells[i].at, record.cells[i].len));
        }
        assert_true(bytes_append(&said, record.is_whole ? "\n" : "~", 1));
        ASSERT_OK(csv_records_take(csv, &record, &err), err);
    }
    assert_true(bytes_append(&said, "", 1));
    csv_records_free(csv);
    source_close(source);
    free(path);
    unit_remove(folder);
    return said;
}

TEST(records_are_what_rfc_4180_says)
{
    static const struct {
        const char *name;
        const char *content;
        const char *want;
    } cases[] = {
        {"nothing", "", ""},
        {"blank lines only", "\n\r\n  \n", ""},
        {"two records", "a,b\nc,d\n", "1@0: a|b\n2@4: c|d\n"},
        {"CR LF", "a,b\r\nc,d\r\n", "1@0: a|b\n2@5: c|d\n"},
        {"no end behind the last", "a,b\nc,d", "1@0: a|b\n2@4: c|d~"},
        {"a mark",
         "\xef\xbb\xbf"
         "a,b\n",
         "1@3: a|b\n"},
        {"blank lines between", "a\n\n\r\nb\n", "1@0: a\n4@5: b\n"},
        {"empty cells", ",,\n\"\",x,\n", "1@0: ||\n2@3: |x|\n"},
        {"spaces around", " a , b\t\n", "1@0: a|b\n"},
        {"quotes", "\"a,b\",\"say \"\"x\"\"\"\n", "1@0: a,b|say \"x\"\n"},
        {"a line end in a cell", "\"a\nb\",c\nd,e\n", "1@0: a\nb|c\n3@8: d|e\n"},
        {"CR LF in a cell", "\"a\r\nb\"\r\nc\r\n", "1@0: a\r\nb\n3@8: c\n"},
        {"semicolons found", "a;b,c;d\n1;2;3\n", "1@0: a|b,c|d\n2@8: 1|2|3\n"},
        {"tabs found", "a\tb\n", "1@0: a|b\n"},
        {"delimiters in quotes do not count", "\"a,b,c\";d\n", "1@0: a,b,c|d\n"},
        {"a stray quote", "a\nb \"x\" c\nd\n", "1@0: a\n2@2! \n3@10: d\n"},
        {"text behind a quote", "\"a\"b\nc\n", "1@0! \n2@5: c\n"},
        {"never closed", "a\n\"b\nc\nd\n", "1@0: a\n2@2! \n3@5: c\n4@7: d\n"},
        {"never closed in the last line", "a\n\"b", "1@0: a\n2@2! ~"},
        {"a lone CR", "a\rb\nc\n", "1@0! \n2@4: c\n"},
        {"not ASCII", "\xc3\xa4,\xff\n", "1@0: \xc3\xa4|\xff\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes said = read_all(cases[i].content, strlen(cases[i].content), 0);
        ROW(strcmp((const char *)said.at, cases[i].want) == 0, cases[i].name, "%s", said.at);
        bytes_done(&said);
    }
}

TEST(a_record_too_long_is_left_behind_alone)
{
    enum { LONG = 200 * 1024 };
    static const struct {
        const char *name;
        bool quoted; /* it opens a quote */
    } cases[] = {{"one line", false}, {"one quoted line", true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *content = malloc(LONG + 64);
        assert_non_null(content);
        size_t at = (size_t)sprintf(content, "a,b\n%s", cases[i].quoted ? "\"" : "");
        memset(content + at, 'x', LONG);
        sprintf(content + at + LONG, "\nc,d\n");
        struct bytes said = read_all(content, strlen(content), ',');
        char want[64];
        sprintf(want, "1@0: a|b\n2@4! ~3@%zu: c|d\n", at + LONG + 1);
        ROW(strcmp((const char *)said.at, want) == 0, cases[i].name, "%s", said.at);
        bytes_done(&said);
        free(content);
    }
}

TEST(a_quote_that_is_never_closed_costs_one_line)
{
    enum { LINES = 5000 };
    char *content = malloc(LINES * 40);
    assert_non_null(content);
    size_t len = (size_t)sprintf(content, "\"open\n");
    for (int i = 0; i < LINES; i++)
        len += (size_t)sprintf(content + len, "cell number %d,and another\n", i);
    struct bytes said = read_all(content, len, ',');
    size_t records = 0;
    for (size_t i = 0; i < said.len; i++)
        records += said.at[i] == '\n';
    assert_int_equal(LINES + 1, records);
    assert_memory_equal("1@0! \n2@6: cell number 0|and another\n", said.at, 37);
    bytes_done(&said);
    free(content);
}

UNIT_MAIN(UNIT(records_are_what_rfc_4180_says), UNIT(a_record_too_long_is_left_behind_alone),
          UNIT(a_quote_that_is_never_closed_costs_one_line))
