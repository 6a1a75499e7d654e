/*
 * csv_records.c - libcsv parses; this file finds where records begin and end.
 *
 * libcsv is given line after line until it says that a record is complete: so the record's bytes
 * are known, which its callbacks do not tell, and a quote that is never closed ends at a bound and
 * not at the end of the file. It runs in its strict mode, in which a stray quote is an error.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/import/csv_records.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

struct csv_records {
    struct source *source;
    struct csv_parser parser;
    char delimiter;
    struct bytes content; /* of the record's cells, one behind the other */
    struct text cells[CSV_CELLS_MAX];
    size_t ends[CSV_CELLS_MAX]; /* of each cell, in content */
    size_t count;
    bool too_many;
    bool no_memory;
    unsigned rows; /* that ended since the record began */
};

static void take_cell(void *cell, size_t len, void *context)
{
    struct csv_records *csv = context;
    if (csv->count == CSV_CELLS_MAX) {
        csv->too_many = true;
        return;
    }
    if (!bytes_append(&csv->content, cell, len))
        csv->no_memory = true;
    csv->ends[csv->count++] = csv->content.len;
}

static void take_row(int end __attribute__((unused)), void *context)
{
    struct csv_records *csv = context;
    csv->rows++;
}

static enum status start_parser(struct csv_records *csv, struct error *err)
{
    if (csv_init(&csv->parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return fail(err, STATUS_NO_MEMORY, "no memory to read CSV");
    csv_set_delim(&csv->parser, (unsigned char)csv->delimiter);
    return STATUS_OK;
}

/* The candidate that stands most often outside of quotes in the next line. */
static enum status find_delimiter(struct source *source, char *out, struct error *err)
{
    static const char candidates[] = {',', ';', '\t', '|'};
    size_t counts[sizeof candidates] = {0};
    size_t best = 0;
    bool quoted = false;
    struct source_line line;
    enum status status = source_look(source, 0, &line, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < line.text.len; i++) {
        quoted ^= line.text.at[i] == '"';
        for (size_t k = 0; k < sizeof candidates && !quoted; k++)
            counts[k] += line.text.at[i] == candidates[k];
    }
    for (size_t k = 1; k < sizeof candidates; k++) {
        if (counts[k] > counts[best])
            best = k;
    }
    *out = candidates[best];
    return STATUS_OK;
}

enum status csv_records_new(struct source *source, char delimiter, struct csv_records **out,
                            struct error *err)
{
    enum status status = STATUS_OK;
    struct csv_records *csv = malloc(sizeof *csv);
    if (csv == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to read CSV");
    csv->source = source;
    csv->content = (struct bytes){0};
    csv->delimiter = delimiter;
    if (delimiter == 0)
        status = find_delimiter(source, &csv->delimiter, err);
    if (status == STATUS_OK)
        status = start_parser(csv, err);
    if (status != STATUS_OK) {
        free(csv);
        return status;
    }
    *out = csv;
    return STATUS_OK;
}

void csv_records_free(struct csv_records *csv)
{
    if (csv == NULL)
        return;
    csv_free(&csv->parser);
    bytes_done(&csv->content);
    free(csv);
}

char csv_records_delimiter(const struct csv_records *csv)
{
    return csv->delimiter;
}

static struct text without_end(struct text line)
{
    if (line.len > 0 && line.at[line.len - 1] == '\n')
        line.len--;
    if (line.len > 0 && line.at[line.len - 1] == '\r')
        line.len--;
    return line;
}

static bool is_blank(struct text line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (strchr(" \t\r\n", line.at[i]) == NULL || line.at[i] == '\0')
            return false;
    }
    return true;
}

/* Goes over blank lines; *line is the first other one, or the end. */
static enum status skip_blank(struct source *source, struct source_line *line, struct error *err)
{
    for (;;) {
        enum status status = source_look(source, 0, line, err);
        if (status != STATUS_OK || line->text.len == 0 || line->is_too_long ||
            !is_blank(line->text))
            return status;
        source_take(source, line->text.len);
    }
}

/* The record is refused with words; what is taken is its first line. */
static enum status refuse(struct csv_records *csv, const struct source_line *first,
                          struct csv_record *record, struct error *err, const char *words)
{
    fail_input(err, "invalid_csv", "", "%s", words);
    record->is_bad = true;
    record->raw = without_end(first->text);
    record->bytes = first->text.len;
    record->is_whole = first->is_whole;
    record->skips_line = first->is_too_long;
    csv_free(&csv->parser); /* its state is in the middle of nowhere */
    struct error restarted;
    enum status status = start_parser(csv, &restarted);
    if (status != STATUS_OK)
        *err = restarted;
    return status;
}

/* Gives libcsv one more line of the record. Returns the words for what is wrong, or NULL. */
static const char *feed(struct csv_records *csv, const struct source_line *line)
{
    if (csv_parse(&csv->parser, line->text.at, line->text.len, take_cell, take_row, csv) <
        line->text.len)
        return "a quote stands inside a cell; a cell that holds quotes must be quoted, and its "
               "quotes doubled";
    if (!line->is_whole && csv->rows == 0 && csv_fini(&csv->parser, take_cell, take_row, csv) != 0)
        return "a quote is opened and not closed before the end of the file";
    if (csv->rows > 1)
        return "a carriage return stands inside the line; lines must end with LF or CR LF";
    return NULL;
}

enum status csv_records_look(struct csv_records *csv, struct csv_record *out, struct error *err)
{
    struct source_line first;
    struct csv_record record = {0};
    enum status status = skip_blank(csv->source, &first, err);
    if (status != STATUS_OK)
        return status;
    record.line = source_line_number(csv->source);
    record.offset = source_offset(csv->source);
    csv->content.len = 0;
    csv->count = 0;
    csv->rows = 0;
    csv->too_many = false;
    csv->no_memory = false;

    struct source_line line = first;
    const char *wrong = NULL;
    while (line.text.len > 0 && csv->rows == 0 && wrong == NULL) {
        if (line.is_too_long || record.bytes + line.text.len > CSV_RECORD_BYTES_MAX)
            wrong = "the record is longer than 64 KiB; is a quote not closed?";
        else
            wrong = feed(csv, &line);
        record.bytes += line.text.len;
        record.is_whole = line.is_whole;
        if (wrong == NULL && csv->rows == 0)
            status = source_look(csv->source, record.bytes, &line, err);
        if (status != STATUS_OK)
            return status;
    }
    if (wrong == NULL && record.bytes > 0 && csv->rows == 0) {
        /* the file ends with a line end inside of quotes */
        wrong = "a quote is opened and not closed before the end of the file";
    }
    if (csv->no_memory)
        return fail(err, STATUS_NO_MEMORY, "no memory for a record");
    if (wrong == NULL && csv->too_many)
        wrong = "the record has more than 256 cells";
    if (wrong != NULL) {
        status = source_look(csv->source, 0, &first, err); /* the window may have moved */
        if (status == STATUS_OK)
            status = refuse(csv, &first, &record, err, wrong);
    } else if (record.bytes > 0) {
        status = source_look(csv->source, 0, &first, err);
        record.raw = without_end((struct text){first.text.at, record.bytes});
        for (size_t i = 0; i < csv->count; i++) {
            size_t start = i == 0 ? 0 : csv->ends[i - 1];
            csv->cells[i] =
                (struct text){(const char *)csv->content.at + start, csv->ends[i] - start};
        }
        record.cells = csv->cells;
        record.cell_count = csv->count;
    }
    if (status == STATUS_OK)
        *out = record;
    return status;
}

enum status csv_records_take(struct csv_records *csv, const struct csv_record *record,
                             struct error *err)
{
    source_take(csv->source, record->bytes);
    return record->skips_line ? source_skip_line(csv->source, err) : STATUS_OK;
}
