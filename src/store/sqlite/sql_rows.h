/*
 * sql_rows.h - for sql_tables.c: the rows that a decoded block is, of one shape for all tables.
 *
 * A row is of a day and quarter of an hour (0 where there is none), and of a platform or source by
 * name; what has none is named "none", so that the rows of a day always sum to it.
 *
 * Threads: no shared state.
 */
#ifndef FOOTFALL_STORE_SQLITE_SQL_ROWS_H
#define FOOTFALL_STORE_SQLITE_SQL_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "model/counts.h"

enum sql_grain { SQL_BY_LISTING, SQL_BY_PLATFORM, SQL_BY_SOURCE };

struct sql_row {
    int32_t day;
    int16_t quarter;
    struct text name; /* points into the block or to static storage */
    struct counts counts;
    int64_t updated_ms;
};

/* Start as {0}. */
struct sql_rows {
    struct count_rows counts; /* of the block: to be filled before sql_rows_make() */
    struct sql_row *at;
    size_t count;
    size_t cap;
};

/* Makes rows of what is in counts, in the place of earlier ones; false when out of memory. */
bool sql_rows_make(struct sql_rows *rows, enum sql_grain grain);
void sql_rows_done(struct sql_rows *rows);

#endif
