/*
 * output.c - rows of SQL, as they come.
 *
 * A table keeps its first rows to see how wide its columns are, prints them, and then each row as
 * it comes under these widths: memory does not grow with the answer.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/sql/output.h"

#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/display/terminal.h"
#include "present/json_writer.h"

enum { WIDTH_MAX = 60, NUMBER_BYTES = 32 };

static enum status no_memory(struct error *err)
{
    return fail(err, STATUS_NO_MEMORY, "no memory for a row");
}

void sql_output_init(struct sql_output *output, const char *format, FILE *to)
{
    static const char *const words[] = {
        [SQL_TABLE] = "table", [SQL_CSV] = "csv", [SQL_NDJSON] = "ndjson", [SQL_JSON] = "json"};
    *output = (struct sql_output){.to = to};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(format, words[i]) == 0)
            output->format = (enum sql_format)i;
}

static void forget_names(struct sql_output *output)
{
    for (size_t i = 0; i < output->count; i++)
        free(output->names[i]);
    output->count = 0;
}

void sql_output_done(struct sql_output *output)
{
    forget_names(output);
    bytes_done(&output->line);
    arena_done(&output->arena);
    free(output->cells);
    output->cells = NULL;
}

void sql_output_begin(struct sql_output *output)
{
    forget_names(output);
    arena_reset(&output->arena);
    free(output->cells);
    output->cells = NULL;
    output->rows = 0;
    output->waiting = 0;
}

static enum status print_line(struct sql_output *output, struct error *err)
{
    if (fwrite(output->line.at, 1, output->line.len, output->to) != output->line.len)
        return fail_errno(err, "stdout");
    output->line.len = 0;
    return STATUS_OK;
}

static bool put(struct sql_output *output, const char *from, size_t len)
{
    return bytes_append(&output->line, from, len);
}

/* A value as text, in the arena when it must be made. */
static struct text words_of(struct arena *arena, const struct sql_value *value)
{
    static const char digits[] = "0123456789abcdef";
    char number[NUMBER_BYTES];
    switch (value->type) {
    case SQL_INTEGER:
        snprintf(number, sizeof number, "%" PRId64, value->integer);
        return arena_copy(arena, text_of(number));
    case SQL_REAL:
        snprintf(number, sizeof number, "%.15g", value->real);
        return arena_copy(arena, text_of(number));
    case SQL_TEXT:
        return value->text;
    case SQL_BLOB: {
        char *hex = arena_alloc(arena, value->text.len * 2 + 1);
        for (size_t i = 0; hex != NULL && i < value->text.len; i++) {
            hex[2 * i] = digits[(uint8_t)value->text.at[i] >> 4];
            hex[2 * i + 1] = digits[(uint8_t)value->text.at[i] & 15];
        }
        return (struct text){hex, hex == NULL ? 0 : value->text.len * 2};
    }
    default:
        return text_of("");
    }
}

/* ---- table ---- */

static bool pad(struct sql_output *output, size_t count)
{
    bool good = true;
    for (size_t i = 0; i < count && good; i++)
        good = put(output, " ", 1);
    return good;
}

static enum status print_cells(struct sql_output *output, const struct text *cells,
                               struct error *err)
{
    bool good = true;
    for (size_t i = 0; i < output->count && good; i++) {
        size_t width = display_width(cells[i]);
        size_t space = width < output->widths[i] ? output->widths[i] - width : 0;
        bool last = i + 1 == output->count;
        if (output->right[i])
            good = pad(output, space);
        good = good && put(output, cells[i].at, cells[i].len);
        if (!output->right[i] && !last)
            good = good && pad(output, space);
        good = good && put(output, last ? "\n" : "  ", last ? 1 : 2);
    }
    return good ? print_line(output, err) : no_memory(err);
}

/* Prints the head and the rows that wait. */
static enum status print_waiting(struct sql_output *output, struct error *err)
{
    struct text heads[SQL_COLUMNS_MAX];
    for (size_t i = 0; i < output->count; i++)
        heads[i] = printable(&output->arena, text_of(output->names[i]));
    for (size_t i = 0; i < output->count; i++) {
        if (heads[i].at == NULL)
            return no_memory(err);
        output->widths[i] = display_width(heads[i]);
        for (size_t row = 0; row < output->waiting; row++) {
            size_t width = display_width(output->cells[row * output->count + i]);
            if (width > output->widths[i])
                output->widths[i] = width < WIDTH_MAX ? width : WIDTH_MAX;
        }
    }
    enum status status = print_cells(output, heads, err);
    for (size_t row = 0; row < output->waiting && status == STATUS_OK; row++)
        status = print_cells(output, output->cells + row * output->count, err);
    output->waiting = 0;
    free(output->cells);
    output->cells = NULL;
    arena_reset(&output->arena);
    return status;
}

static enum status table_row(struct sql_output *output, const struct sql_value *values,
                             struct error *err)
{
    struct text now[SQL_COLUMNS_MAX];
    bool measured = output->cells == NULL;
    struct text *cells = measured ? now : output->cells + output->waiting * output->count;
    for (size_t i = 0; i < output->count; i++) {
        struct text words = words_of(&output->arena, &values[i]);
        cells[i] = words.at == NULL ? words : printable(&output->arena, words);
        if (cells[i].at == NULL)
            return no_memory(err);
        if (output->rows == 1)
            output->right[i] = values[i].type == SQL_INTEGER || values[i].type == SQL_REAL;
    }
    if (measured) {
        enum status status = print_cells(output, cells, err);
        arena_reset(&output->arena);
        return status;
    }
    return ++output->waiting == SQL_MEASURED_ROWS ? print_waiting(output, err) : STATUS_OK;
}

/* ---- CSV: RFC 4180 ---- */

static bool csv_field(struct sql_output *output, struct text text)
{
    bool quoted = false;
    for (size_t i = 0; i < text.len && !quoted; i++)
        quoted = text.at[i] == ',' || text.at[i] == '"' || text.at[i] == '\n' || text.at[i] == '\r';
    if (!quoted)
        return put(output, text.at, text.len);
    bool good = put(output, "\"", 1);
    for (size_t i = 0; i < text.len && good; i++)
        good = put(output, text.at[i] == '"' ? "\"\"" : text.at + i, text.at[i] == '"' ? 2 : 1);
    return good && put(output, "\"", 1);
}

static enum status csv_row(struct sql_output *output, const struct sql_value *values,
                           struct error *err)
{
    bool good = true;
    for (size_t i = 0; i < output->count && good; i++) {
        struct text words = words_of(&output->arena, &values[i]);
        good = words.at != NULL && (i == 0 || put(output, ",", 1)) && csv_field(output, words);
    }
    arena_reset(&output->arena);
    return good && put(output, "\r\n", 2) ? print_line(output, err) : no_memory(err);
}

static enum status csv_head(struct sql_output *output, struct error *err)
{
    bool good = true;
    for (size_t i = 0; i < output->count && good; i++)
        good = (i == 0 || put(output, ",", 1)) && csv_field(output, text_of(output->names[i]));
    return good && put(output, "\r\n", 2) ? print_line(output, err) : no_memory(err);
}

/* ---- JSON ---- */

/* What is not UTF-8 could not stand in JSON. */
static void put_json_text(struct json_writer *json, struct text text)
{
    if (g_utf8_validate(text.at, (gssize)text.len, NULL)) {
        json_put_text(json, text);
        return;
    }
    char *valid = g_utf8_make_valid(text.at, (gssize)text.len);
    json_put_string(json, valid);
    g_free(valid);
}

static enum status json_row(struct sql_output *output, const struct sql_value *values,
                            struct error *err)
{
    struct json_writer json = {.out = &output->line};
    if (output->format == SQL_JSON &&
        !put(output, output->rows == 1 ? "[" : ",\n ", output->rows == 1 ? 1 : 3))
        return no_memory(err);
    json_put_object(&json);
    for (size_t i = 0; i < output->count; i++) {
        json_put_key_text(&json, text_of(output->names[i]));
        if (values[i].type == SQL_NULL)
            json_put_null(&json);
        else if (values[i].type == SQL_INTEGER)
            json_put_i64(&json, values[i].integer);
        else if (values[i].type == SQL_REAL)
            json_put_double(&json, values[i].real);
        else
            put_json_text(&json, words_of(&output->arena, &values[i]));
    }
    json_put_object_end(&json);
    arena_reset(&output->arena);
    if (json.failed || (output->format == SQL_NDJSON && !put(output, "\n", 1)))
        return no_memory(err);
    return print_line(output, err);
}

/* ---- the visitor ---- */

enum status sql_output_columns(void *context, const char *const *names, size_t count,
                               struct error *err)
{
    struct sql_output *output = context;
    for (; output->count < count; output->count++) {
        output->names[output->count] = strdup(names[output->count]);
        if (output->names[output->count] == NULL)
            return no_memory(err);
        output->right[output->count] = false;
    }
    if (output->format == SQL_TABLE) {
        output->cells = calloc(SQL_MEASURED_ROWS * count, sizeof *output->cells);
        if (output->cells == NULL)
            return no_memory(err);
    }
    return output->format == SQL_CSV ? csv_head(output, err) : STATUS_OK;
}

enum status sql_output_row(void *context, const struct sql_value *values, size_t count,
                           struct error *err)
{
    struct sql_output *output = context;
    (void)count;
    output->rows++;
    if (output->format == SQL_TABLE)
        return table_row(output, values, err);
    return output->format == SQL_CSV ? csv_row(output, values, err) : json_row(output, values, err);
}

enum status sql_output_end(struct sql_output *output, struct error *err)
{
    if (output->count == 0) /* a comment, or blank */
        return STATUS_OK;
    if (output->format == SQL_JSON) {
        bool good = put(output, output->rows == 0 ? "[]\n" : "]\n", output->rows == 0 ? 3 : 2);
        return good ? print_line(output, err) : no_memory(err);
    }
    return output->cells != NULL ? print_waiting(output, err) : STATUS_OK;
}
