/*
 * sql_tables.c - the packed blocks as ordinary tables.
 *
 * Both tables of blocks have the key (user, month or day, listing). A cursor goes over the pairs
 * (user, month or day) that the conditions allow, always asking for the next one behind the last,
 * so that it leaps over users' months that are out of the range; within a pair it reads the
 * listing that is wanted, or all:
 *
 *     WHERE user_id = 'u' AND listing_id = 'l' AND date >= '2026-01-15'
 *         pairs (u, 2026-01) (u, 2026-02) ...        one block each
 *
 * A block is decoded into rows of one shape (sql_rows.h), which are handed out before the next is
 * read. What the conditions allow is a range (sql_conditions.h), perhaps too wide.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/sql_tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "model/calendar.h"
#include "model/cell_block.h"
#include "model/counts.h"
#include "model/month_block.h"
#include "store/sqlite/batch.h"
#include "store/sqlite/sql_conditions.h"
#include "store/sqlite/sql_rows.h"

enum column {
    COLUMN_USER,
    COLUMN_LISTING,
    COLUMN_DATE,
    COLUMN_TIME,
    COLUMN_STARTS_AT,
    COLUMN_NAME,
    COLUMN_VIEWS,
    COLUMN_SHARES,
    COLUMN_INQUIRIES,
    COLUMN_UPDATED
};

/* A virtual table: its place in the array is its module's argument. */
struct shape {
    const char *name;
    enum block_table from;
    enum sql_grain grain;
    const char *declaration;
    enum column columns[10];
};

#define IDS           "CREATE TABLE x(user_id TEXT, listing_id TEXT, date TEXT, "
#define COUNTS        "views INTEGER, shares INTEGER, inquiries INTEGER"
#define COLUMN_COUNTS COLUMN_VIEWS, COLUMN_SHARES, COLUMN_INQUIRIES
#define COLUMN_IDS    COLUMN_USER, COLUMN_LISTING, COLUMN_DATE

static const struct shape shapes[] = {
    {"listing_days",
     BLOCK_TOTALS,
     SQL_BY_LISTING,
     IDS COUNTS ", updated_at INTEGER)",
     {COLUMN_IDS, COLUMN_COUNTS, COLUMN_UPDATED}},
    {"platform_days",
     BLOCK_TOTALS,
     SQL_BY_PLATFORM,
     IDS "platform TEXT, " COUNTS ", updated_at INTEGER)",
     {COLUMN_IDS, COLUMN_NAME, COLUMN_COUNTS, COLUMN_UPDATED}},
    {"source_days",
     BLOCK_TOTALS,
     SQL_BY_SOURCE,
     IDS "source TEXT, " COUNTS ")",
     {COLUMN_IDS, COLUMN_NAME, COLUMN_COUNTS}},
    {"platform_quarters",
     BLOCK_CELLS,
     SQL_BY_PLATFORM,
     IDS "time TEXT, starts_at INTEGER, platform TEXT, " COUNTS ", updated_at INTEGER)",
     {COLUMN_IDS, COLUMN_TIME, COLUMN_STARTS_AT, COLUMN_NAME, COLUMN_COUNTS, COLUMN_UPDATED}},
    {"source_quarters",
     BLOCK_CELLS,
     SQL_BY_SOURCE,
     IDS "time TEXT, starts_at INTEGER, source TEXT, " COUNTS ")",
     {COLUMN_IDS, COLUMN_TIME, COLUMN_STARTS_AT, COLUMN_NAME, COLUMN_COUNTS}},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

enum statement { NEXT_PAIR, NEXT_OF_USER, ALL_LISTINGS, ONE_LISTING, STATEMENTS };

/* ?1 user, ?2 month or day, ?3 listing */
static const char *const sql_of[][STATEMENTS] = {
    [BLOCK_TOTALS] = {[NEXT_PAIR] =
                          "SELECT user, month FROM main.totals WHERE (user, month) > (?1, ?2)"
                          " ORDER BY user, month LIMIT 1",
                      [NEXT_OF_USER] =
                          "SELECT user, month FROM main.totals WHERE user = ?1 AND month > ?2"
                          " ORDER BY month LIMIT 1",
                      [ALL_LISTINGS] =
                          "SELECT listing, block FROM main.totals WHERE user = ?1 AND month = ?2"
                          " ORDER BY listing",
                      [ONE_LISTING] = "SELECT listing, block FROM main.totals"
                                      " WHERE user = ?1 AND month = ?2 AND listing = ?3"},
    [BLOCK_CELLS] = {[NEXT_PAIR] = "SELECT user, day FROM main.cells WHERE (user, day) > (?1, ?2)"
                                   " ORDER BY user, day LIMIT 1",
                     [NEXT_OF_USER] =
                         "SELECT user, day FROM main.cells WHERE user = ?1 AND day > ?2"
                         " ORDER BY day LIMIT 1",
                     [ALL_LISTINGS] =
                         "SELECT listing, block FROM main.cells WHERE user = ?1 AND day = ?2"
                         " ORDER BY listing",
                     [ONE_LISTING] = "SELECT listing, block FROM main.cells"
                                     " WHERE user = ?1 AND day = ?2 AND listing = ?3"},
};

struct table {
    sqlite3_vtab base; /* first, so that one pointer is both */
    struct sql_tables *tables;
    const struct shape *shape;
};

struct cursor {
    sqlite3_vtab_cursor base; /* first, so that one pointer is both */
    struct table *table;
    sqlite3_stmt *statements[STATEMENTS];
    sqlite3_stmt *blocks; /* the one that gives blocks now; NULL: the next pair is wanted */

    bool ended;
    struct sql_range range;
    int64_t at_first; /* the range's months or days */
    int64_t at_last;

    struct bytes user; /* of the pair in hand, or behind which to look */
    int64_t at;
    struct text listing_now; /* in the row of blocks */
    struct sql_rows rows;
    size_t row; /* that is handed out */
    int64_t rowid;
};

/* ---- the table ---- */

static int connect_table(sqlite3 *db, void *context, int count, const char *const *arguments,
                         sqlite3_vtab **out, char **words)
{
    struct sql_tables *tables = context;
    const struct shape *shape = NULL;
    (void)words;
    for (size_t i = 0; i < SHAPES; i++)
        if (count > 0 && strcmp(arguments[0], shapes[i].name) == 0)
            shape = &shapes[i];
    if (shape == NULL)
        return SQLITE_ERROR;
    tables->declaring = true;
    int code = sqlite3_declare_vtab(db, shape->declaration);
    tables->declaring = false;
    if (code != SQLITE_OK)
        return code;
    struct table *table = calloc(1, sizeof *table);
    if (table == NULL)
        return SQLITE_NOMEM;
    table->tables = tables;
    table->shape = shape;
    *out = &table->base;
    return SQLITE_OK;
}

static int disconnect_table(sqlite3_vtab *base)
{
    free((struct table *)base);
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    (void)base;
    return sql_conditions_choose(info);
}

/* ---- the cursor ---- */

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    struct cursor *cursor = calloc(1, sizeof *cursor);
    if (cursor == NULL)
        return SQLITE_NOMEM;
    cursor->table = (struct table *)base;
    *out = &cursor->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    connection_finalize(cursor->statements, STATEMENTS);
    sql_range_done(&cursor->range);
    bytes_done(&cursor->user);
    sql_rows_done(&cursor->rows);
    free(cursor);
    return SQLITE_OK;
}

static int say(struct cursor *cursor, int code, const char *words)
{
    sqlite3_free(cursor->table->base.zErrMsg);
    cursor->table->base.zErrMsg = sqlite3_mprintf("%s", words);
    return code;
}

static int say_error(struct cursor *cursor, const struct error *err)
{
    if (err->status == STATUS_NO_MEMORY)
        return SQLITE_NOMEM;
    return say(cursor, err->status == STATUS_CORRUPT ? SQLITE_CORRUPT_VTAB : SQLITE_ERROR,
               err->message);
}

/* What the last call on the connection failed with, such as an interruption. */
static int failed(struct cursor *cursor)
{
    sqlite3 *db = cursor->table->tables->connection->db;
    int code = sqlite3_extended_errcode(db);
    return say(cursor, code == SQLITE_OK ? SQLITE_ERROR : code, sqlite3_errmsg(db));
}

static int prepare(struct cursor *cursor)
{
    sqlite3 *db = cursor->table->tables->connection->db;
    const char *const *sql = sql_of[cursor->table->shape->from];
    for (int i = 0; i < STATEMENTS; i++)
        if (cursor->statements[i] == NULL &&
            sqlite3_prepare_v2(db, sql[i], -1, &cursor->statements[i], NULL) != SQLITE_OK)
            return failed(cursor);
    return SQLITE_OK;
}

/* ---- a block ---- */

/* Makes rows of the block in the row of cursor->blocks. */
static int unpack(struct cursor *cursor)
{
    const struct shape *shape = cursor->table->shape;
    struct text block = column_blob(cursor->blocks, 1);
    struct text user = {(const char *)cursor->user.at, cursor->user.len};
    struct error why = {0};
    struct error err = {0};
    enum status status;

    cursor->listing_now = column_text(cursor->blocks, 0);
    cursor->row = 0;
    cursor->rows.count = 0;
    cursor->table->tables->blocks++;
    count_rows_clear(&cursor->rows.counts);
    if (block.len == 0)
        status = block_missing(&why);
    else if (shape->from == BLOCK_TOTALS)
        status = month_block_decode(block, (int32_t)cursor->at, cursor->range.day_first,
                                    cursor->range.day_last, &cursor->rows.counts, &why);
    else
        status = cell_block_decode(block, (int32_t)cursor->at, &cursor->rows.counts, &why);
    if (status == STATUS_CORRUPT) {
        (void)block_corrupt(cursor->table->tables->connection, shape->from, user,
                            (int32_t)cursor->at, cursor->listing_now, &why, &err);
        return say_error(cursor, &err);
    }
    if (status != STATUS_OK)
        return say_error(cursor, &why);
    return sql_rows_make(&cursor->rows, shape->grain) ? SQLITE_OK : SQLITE_NOMEM;
}

/* ---- going on ---- */

/* Finds the next pair behind (cursor->user, cursor->at); ended when there is none. */
static int next_pair(struct cursor *cursor)
{
    sqlite3_stmt *statement = cursor->statements[cursor->range.user_is ? NEXT_OF_USER : NEXT_PAIR];
    int64_t behind = cursor->at;
    for (;;) {
        struct text user = {cursor->user.at == NULL ? "" : (const char *)cursor->user.at,
                            cursor->user.len};
        if (!bind_text(statement, 1, user) || !bind_number(statement, 2, behind))
            return failed(cursor);
        int code = sqlite3_step(statement);
        if (code != SQLITE_ROW) {
            code = code == SQLITE_DONE ? SQLITE_OK : failed(cursor);
            cursor->ended = true;
            sqlite3_reset(statement);
            return code;
        }
        struct text found = column_text(statement, 0);
        int64_t at = sqlite3_column_int64(statement, 1);
        bool kept = true;
        if (!cursor->range.user_is) {
            cursor->user.len = 0;
            kept = bytes_append(&cursor->user, found.at, found.len);
        }
        sqlite3_reset(statement);
        if (!kept)
            return SQLITE_NOMEM;
        if (at >= cursor->at_first && at <= cursor->at_last) {
            cursor->at = at;
            return SQLITE_OK;
        }
        if (at > cursor->at_last && cursor->range.user_is) {
            cursor->ended = true;
            return SQLITE_OK;
        }
        behind = at < cursor->at_first ? cursor->at_first - 1 : INT64_MAX;
    }
}

static int begin_blocks(struct cursor *cursor)
{
    sqlite3_stmt *statement =
        cursor->statements[cursor->range.listing_is ? ONE_LISTING : ALL_LISTINGS];
    struct text user = {(const char *)cursor->user.at, cursor->user.len};
    struct text listing = {
        cursor->range.listing.at == NULL ? "" : (const char *)cursor->range.listing.at,
        cursor->range.listing.len};
    sqlite3_reset(statement);
    if (!bind_text(statement, 1, user) || !bind_number(statement, 2, cursor->at) ||
        (cursor->range.listing_is && !bind_text(statement, 3, listing)))
        return failed(cursor);
    cursor->blocks = statement;
    return SQLITE_OK;
}

/* Goes on to a block that has rows. */
static int next_block(struct cursor *cursor)
{
    int code = SQLITE_OK;
    cursor->row = 0;
    cursor->rows.count = 0;
    while (!cursor->ended && cursor->rows.count == 0 && code == SQLITE_OK) {
        if (cursor->blocks == NULL) {
            code = next_pair(cursor);
            if (code == SQLITE_OK && !cursor->ended)
                code = begin_blocks(cursor);
            continue;
        }
        int step = sqlite3_step(cursor->blocks);
        if (step == SQLITE_ROW) {
            code = unpack(cursor);
        } else {
            code = step == SQLITE_DONE ? SQLITE_OK : failed(cursor);
            sqlite3_reset(cursor->blocks);
            cursor->blocks = NULL;
        }
    }
    return code;
}

static int filter(sqlite3_vtab_cursor *base, int chosen, const char *words, int count,
                  sqlite3_value **values)
{
    struct cursor *cursor = (struct cursor *)base;
    const struct sql_range *range = &cursor->range;
    int code = prepare(cursor);
    (void)words;

    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_reset(cursor->statements[i]);
    cursor->blocks = NULL;
    cursor->rowid = 0;
    if (code == SQLITE_OK)
        code = sql_range_take(&cursor->range, chosen, count, values);
    if (code != SQLITE_OK)
        return code;
    cursor->ended = range->is_empty;
    cursor->user.len = 0;
    if (range->user_is && !bytes_append(&cursor->user, range->user.at, range->user.len))
        return SQLITE_NOMEM;
    bool months = cursor->table->shape->from == BLOCK_TOTALS;
    cursor->at_first = months ? month_of_day(range->day_first) : range->day_first;
    cursor->at_last = months ? month_of_day(range->day_last) : range->day_last;
    cursor->at = cursor->at_first - 1;
    return next_block(cursor);
}

static int next_row(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    cursor->rowid++;
    return ++cursor->row < cursor->rows.count ? SQLITE_OK : next_block(cursor);
}

static int at_end(sqlite3_vtab_cursor *base)
{
    const struct cursor *cursor = (const struct cursor *)base;
    return cursor->ended && cursor->row >= cursor->rows.count;
}

static void give_text(sqlite3_context *context, struct text text)
{
    sqlite3_result_text64(context, text.at, text.len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static int give_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct cursor *cursor = (const struct cursor *)base;
    const struct sql_row *row = &cursor->rows.at[cursor->row];
    char words[DATE_BYTES];
    switch (cursor->table->shape->columns[column]) {
    case COLUMN_USER:
        give_text(context, (struct text){(const char *)cursor->user.at, cursor->user.len});
        break;
    case COLUMN_LISTING:
        give_text(context, cursor->listing_now);
        break;
    case COLUMN_DATE:
        date_format(row->day, words);
        give_text(context, (struct text){words, DATE_BYTES});
        break;
    case COLUMN_TIME:
        snprintf(words, sizeof words, "%02d:%02d", row->quarter / 4 % 24, row->quarter % 4 * 15);
        give_text(context, text_of(words));
        break;
    case COLUMN_STARTS_AT:
        sqlite3_result_int64(context, row->day * ms_per_day + row->quarter * ms_per_quarter);
        break;
    case COLUMN_NAME:
        give_text(context, row->name);
        break;
    case COLUMN_VIEWS:
        sqlite3_result_int64(context, (sqlite3_int64)row->counts.of[EVENT_VIEW]);
        break;
    case COLUMN_SHARES:
        sqlite3_result_int64(context, (sqlite3_int64)row->counts.of[EVENT_SHARE]);
        break;
    case COLUMN_INQUIRIES:
        sqlite3_result_int64(context, (sqlite3_int64)row->counts.of[EVENT_INQUIRY]);
        break;
    case COLUMN_UPDATED:
        sqlite3_result_int64(context, row->updated_ms);
        break;
    }
    return SQLITE_OK;
}

static int give_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    *out = ((const struct cursor *)base)->rowid;
    return SQLITE_OK;
}

/* Without xCreate they need no CREATE VIRTUAL TABLE; without xUpdate they cannot be written. */
static const sqlite3_module module = {
    .xConnect = connect_table,
    .xBestIndex = best_index,
    .xDisconnect = disconnect_table,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = filter,
    .xNext = next_row,
    .xEof = at_end,
    .xColumn = give_column,
    .xRowid = give_rowid,
};

enum status sql_tables_register(struct sql_tables *tables, struct connection *connection,
                                struct error *err)
{
    *tables = (struct sql_tables){.connection = connection};
    for (size_t i = 0; i < SHAPES; i++)
        if (sqlite3_create_module_v2(connection->db, shapes[i].name, &module, tables, NULL) !=
            SQLITE_OK)
            return connection_failed(connection, "its tables cannot be shown", err);
    return STATUS_OK;
}
