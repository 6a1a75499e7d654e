/*
 * csv.c - cells and rows.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "present/csv.h"

#include <inttypes.h>
#include <stdio.h>

static void put(struct csv_writer *writer, const char *from, size_t len)
{
    if (!writer->failed && len > 0 && !bytes_append(writer->out, from, len))
        writer->failed = true;
}

static void begin_cell(struct csv_writer *writer)
{
    if (writer->need_comma)
        put(writer, ",", 1);
    writer->need_comma = true;
}

/* Whether a spreadsheet would take it for a formula. */
static bool is_dangerous(struct text text)
{
    static const char *const starts[] = {
        "=",
        "+",
        "-",
        "@",
        "\t",
        "\r",
        "\n",
        "\xef\xbc\x9d",
        "\xef\xbc\x8b",
        "\xef\xbc\x8d",
        "\xef\xbc\xa0", /* U+FF1D, 0B, 0D, 20 */
    };
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        if (text_starts_with(text, starts[i]))
            return true;
    return false;
}

static bool needs_quotes(struct text text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] == ',' || text.at[i] == '"' || text.at[i] == '\r' || text.at[i] == '\n')
            return true;
    return false;
}

void csv_put_text(struct csv_writer *writer, struct text text)
{
    bool quoted = needs_quotes(text);
    begin_cell(writer);
    if (quoted)
        put(writer, "\"", 1);
    if (is_dangerous(text))
        put(writer, "'", 1);
    size_t from =
        0; /* what is not written yet; a quote is written at the end of its run and again */
    for (size_t i = 0; quoted && i < text.len; i++) {
        if (text.at[i] == '"') {
            put(writer, text.at + from, i + 1 - from);
            from = i;
        }
    }
    if (text.len > from)
        put(writer, text.at + from, text.len - from);
    if (quoted)
        put(writer, "\"", 1);
}

void csv_put_string(struct csv_writer *writer, const char *string)
{
    csv_put_text(writer, text_of(string));
}

void csv_put_u64(struct csv_writer *writer, uint64_t number)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, number);
    begin_cell(writer);
    put(writer, digits, (size_t)len);
}

void csv_end_row(struct csv_writer *writer)
{
    put(writer, "\r\n", 2);
    writer->need_comma = false;
}
