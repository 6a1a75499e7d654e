/*
 * table.c - widths are known when all cells are, so rows are kept, then printed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/display/table.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>

enum { CELL_BYTES = 512, GAP = 2 };

struct table_row {
    struct table_row *next;
    struct table_cell cells[];
};

void table_put_text(struct table *table, enum style style, struct text text)
{
    assert(table->column_count > 0 && table->column_count <= TABLE_COLUMNS_MAX);
    if (table->failed)
        return;
    if (table->open == NULL) {
        size_t cell_bytes = table->column_count * sizeof(struct table_cell);
        struct table_row *row =
            arena_zalloc(table->arena, 1, sizeof(struct table_row) + cell_bytes);
        if (row == NULL) {
            table->failed = true;
            return;
        }
        *(table->last == NULL ? &table->first : &table->last->next) = row;
        table->last = row;
        table->open = row;
        table->filled = 0;
    }
    struct text copy = arena_copy(table->arena, text);
    if (copy.at == NULL)
        table->failed = true;
    table->open->cells[table->filled++] = (struct table_cell){copy, style};
    if (table->filled == table->column_count)
        table->open = NULL;
}

void table_put(struct table *table, enum style style, const char *string)
{
    table_put_text(table, style, text_of(string));
}

void table_put_format(struct table *table, enum style style, const char *format, ...)
{
    char cell[CELL_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(cell, sizeof cell, format, args);
    va_end(args);
    table_put(table, style, cell);
}

static size_t measure(const struct table *table, size_t widths[TABLE_COLUMNS_MAX])
{
    size_t total = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        widths[i] = display_width(text_of(table->columns[i].title));
        for (const struct table_row *row = table->first; row != NULL; row = row->next) {
            size_t width = display_width(row->cells[i].text);
            if (width > widths[i])
                widths[i] = width;
        }
        total += widths[i] + (i > 0 ? GAP : 0);
    }
    return total;
}

/* How many columns are shown; narrows the first. */
static size_t fit(const struct table *table, size_t columns, size_t widths[TABLE_COLUMNS_MAX])
{
    size_t total = measure(table, widths);
    size_t shown = table->column_count;
    if (columns == 0 || total <= columns)
        return shown;
    size_t spare = widths[0] > TABLE_FIRST_COLUMN_MIN ? widths[0] - TABLE_FIRST_COLUMN_MIN : 0;
    size_t cut = total - columns < spare ? total - columns : spare;
    widths[0] -= cut;
    total -= cut;
    while (shown > 1 && total > columns) {
        shown--;
        total -= widths[shown] + GAP;
    }
    if (total < columns) /* what a column left out took may be more than was missing */
        widths[0] += columns - total < cut ? columns - total : cut;
    return shown;
}

static void print_spaces(FILE *to, size_t count)
{
    fprintf(to, "%*s", (int)count, "");
}

/* is_last: nothing follows, so that no line ends in spaces. */
static void print_cell(FILE *to, const struct look *look, struct table_cell cell, size_t width,
                       bool right, bool is_last)
{
    size_t taken = display_width(cell.text);
    const char *dots = look->unicode ? "\xe2\x80\xa6" : "~"; /* U+2026 */
    bool is_cut = taken > width;
    if (is_cut) {
        cell.text = display_cut(cell.text, width - 1);
        taken = display_width(cell.text) + 1;
    }
    if (right)
        print_spaces(to, width - taken);
    fprintf(to, "%s%.*s%s%s", style_begin(look, cell.style), TEXT_ARGS(cell.text),
            is_cut ? dots : "", style_end(look, cell.style));
    if (!right && !is_last)
        print_spaces(to, width - taken);
}

static void print_row(FILE *to, const struct look *look, const struct table *table,
                      const struct table_cell *cells, const size_t *widths, size_t shown)
{
    while (shown > 1 && cells[shown - 1].text.len == 0)
        shown--;
    for (size_t i = 0; i < shown; i++) {
        if (i > 0)
            print_spaces(to, GAP);
        print_cell(to, look, cells[i], widths[i], table->columns[i].right, i + 1 == shown);
    }
    fputc('\n', to);
}

enum status table_print(const struct table *table, const struct look *look, FILE *to,
                        struct error *err)
{
    struct table_cell titles[TABLE_COLUMNS_MAX];
    size_t widths[TABLE_COLUMNS_MAX];
    if (table->failed)
        return fail(err, STATUS_NO_MEMORY, "no memory for a table");
    assert(table->open == NULL); /* every row is full */
    size_t shown = fit(table, look->columns, widths);
    for (size_t i = 0; i < table->column_count; i++)
        titles[i] = (struct table_cell){text_of(table->columns[i].title), STYLE_DIM};
    print_row(to, look, table, titles, widths, shown);
    for (const struct table_row *row = table->first; row != NULL; row = row->next)
        print_row(to, look, table, row->cells, widths, shown);
    return STATUS_OK;
}

const char *grouped(uint64_t number, char out[GROUPED_BYTES])
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, number);
    char *to = out;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return out;
}
