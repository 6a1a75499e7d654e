/*
 * table.h - rows of cells, aligned by what they take on a screen.
 *
 * Cells are texts for a terminal already (printable()); the table knows nothing of what they mean.
 * When a table is wider than the look allows, its first column is cut, and if that is not enough
 * the last ones are left out. Memory running out is remembered and asked once, at the end.
 *
 * Threads: a table belongs to one thread.
 */
#ifndef FOOTFALL_CLI_DISPLAY_TABLE_H
#define FOOTFALL_CLI_DISPLAY_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "cli/display/terminal.h"

enum { TABLE_COLUMNS_MAX = 16, TABLE_FIRST_COLUMN_MIN = 8 };

struct table_column {
    const char *title;
    bool right; /* numbers */
};

struct table_cell {
    struct text text;
    enum style style;
};

struct table_row;

/* Start as {.arena = ..., .columns = ..., .column_count = ...}; the arena holds everything. */
struct table {
    struct arena *arena;
    const struct table_column *columns;
    size_t column_count; /* at most TABLE_COLUMNS_MAX */
    struct table_row *first;
    struct table_row *last;
    struct table_row *open; /* the row that is being filled */
    size_t filled;          /* its cells */
    bool failed;
};

/* The next cell; a row that is full begins another. The string is copied. */
void table_put(struct table *table, enum style style, const char *string);
void table_put_text(struct table *table, enum style style, struct text text);
void table_put_format(struct table *table, enum style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Titles, then rows. STATUS_NO_MEMORY when something could not be kept. */
MUST_USE enum status table_print(const struct table *table, const struct look *look, FILE *to,
                                 struct error *err);

/* 1234567 as "1,234,567". */
enum { GROUPED_BYTES = 28 };
const char *grouped(uint64_t number, char out[GROUPED_BYTES]);

#endif
