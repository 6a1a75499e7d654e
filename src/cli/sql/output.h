/*
 * output.h - rows of SQL as a table, CSV, NDJSON or JSON, as they come.
 *
 *     table    aligned by its first rows; control characters shown as \x1b
 *     csv      RFC 4180, with a head; NULL is an empty field
 *     ndjson   an object a row
 *     json     an array of objects, an array a statement
 *
 * Threads: an output belongs to one thread.
 */
#ifndef FOOTFALL_CLI_SQL_OUTPUT_H
#define FOOTFALL_CLI_SQL_OUTPUT_H

#include <stdio.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "store/sqlite/sql_session.h"

enum sql_format { SQL_TABLE, SQL_CSV, SQL_NDJSON, SQL_JSON };

enum { SQL_MEASURED_ROWS = 200 };

struct sql_output {
    enum sql_format format;
    FILE *to;
    struct bytes line;  /* in the making */
    struct arena arena; /* of the rows that are measured */
    char *names[SQL_COLUMNS_MAX];
    size_t count; /* columns of the statement; 0: it has none yet */
    uint64_t rows;
    /* the table's */
    struct text *cells; /* of the rows that wait: SQL_MEASURED_ROWS times count */
    bool right[SQL_COLUMNS_MAX];
    size_t widths[SQL_COLUMNS_MAX];
    size_t waiting; /* rows */
};

/* format is one of the words above. */
void sql_output_init(struct sql_output *output, const char *format, FILE *to);
void sql_output_done(struct sql_output *output);

/* Around each statement. */
void sql_output_begin(struct sql_output *output);
MUST_USE enum status sql_output_end(struct sql_output *output, struct error *err);

/* A struct sql_visitor's. */
enum status sql_output_columns(void *context, const char *const *names, size_t count,
                               struct error *err);
enum status sql_output_row(void *context, const struct sql_value *values, size_t count,
                           struct error *err);

#endif
