/*
 * sql_conditions.h - for sql_tables.c: conditions on user_id, listing_id and date, the first three
 * columns of every table, as a range of what is to be read.
 *
 * Threads: no shared state.
 */
#ifndef FOOTFALL_STORE_SQLITE_SQL_CONDITIONS_H
#define FOOTFALL_STORE_SQLITE_SQL_CONDITIONS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/* Everything that can fit the conditions lies in it, and perhaps more. Start as {0}. */
struct sql_range {
    bool user_is;
    bool listing_is;
    bool is_empty;
    struct bytes user;    /* with user_is */
    struct bytes listing; /* with listing_is */
    int32_t day_first;
    int32_t day_last;
};

/* What xBestIndex does: chooses the conditions that sql_range_take() gets, with idxNum, words for
 * EXPLAIN QUERY PLAN, and an estimate. An SQLite code: SQLITE_NOMEM. */
int sql_conditions_choose(sqlite3_index_info *info);

/* What xFilter begins with: chosen is the idxNum of sql_conditions_choose(). SQLITE_NOMEM. */
int sql_range_take(struct sql_range *range, int chosen, int count, sqlite3_value **values);
void sql_range_done(struct sql_range *range);

#endif
