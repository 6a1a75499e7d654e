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
 * A block is decoded into rows of one shape, which are handed out before the next is read.
 *
 * Conditions are only used to read less: none is marked as done with (omit), so bounds may be taken
 * too wide (a date that is none is no bound), and a comparison under another
 * collation, which would find other texts equal, is left to SQLite altogether.
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
#include "model/platform.h"
#include "store/sqlite/batch.h"

enum grain { BY_LISTING, BY_PLATFORM, BY_SOURCE };

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
    enum grain grain;
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
     BY_LISTING,
     IDS COUNTS ", updated_at INTEGER)",
     {COLUMN_IDS, COLUMN_COUNTS, COLUMN_UPDATED}},
    {"platform_days",
     BLOCK_TOTALS,
     BY_PLATFORM,
     IDS "platform TEXT, " COUNTS ", updated_at INTEGER)",
     {COLUMN_IDS, COLUMN_NAME, COLUMN_COUNTS, COLUMN_UPDATED}},
    {"source_days",
     BLOCK_TOTALS,
     BY_SOURCE,
     IDS "source TEXT, " COUNTS ")",
     {COLUMN_IDS, COLUMN_NAME, COLUMN_COUNTS}},
    {"platform_quarters",
     BLOCK_CELLS,
     BY_PLATFORM,
     IDS "time TEXT, starts_at INTEGER, platform TEXT, " COUNTS ", updated_at INTEGER)",
     {COLUMN_IDS, COLUMN_TIME, COLUMN_STARTS_AT, COLUMN_NAME, COLUMN_COUNTS, COLUMN_UPDATED}},
    {"source_quarters",
     BLOCK_CELLS,
     BY_SOURCE,
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

/* Which conditions xFilter gets, in this order, as bits of idxNum. */
enum condition {
    USER_IS,
    LISTING_IS,
    DATE_IS,
    DATE_FROM,
    DATE_AFTER,
    DATE_TO,
    DATE_BEFORE,
    CONDITIONS
};
static const char *const condition_words[CONDITIONS] = {
    "user_id=", "listing_id=", "date=", "date>=", "date>", "date<=", "date<"};

struct table {
    sqlite3_vtab base; /* first, so that one pointer is both */
    struct sql_tables *tables;
    const struct shape *shape;
};

/* A row that is handed out. */
struct row {
    int32_t day;
    int16_t quarter;
    struct text name; /* points into the block or to static storage */
    struct counts counts;
    int64_t updated_ms;
};

struct cursor {
    sqlite3_vtab_cursor base; /* first, so that one pointer is both */
    struct table *table;
    sqlite3_stmt *statements[STATEMENTS];
    sqlite3_stmt *blocks; /* the one that gives blocks now; NULL: the next pair is wanted */

    bool user_is;
    bool listing_is;
    bool ended;
    struct bytes listing; /* with listing_is */
    int32_t day_first;
    int32_t day_last;
    int64_t at_first; /* months or days */
    int64_t at_last;

    struct bytes user; /* of the pair in hand, or behind which to look */
    int64_t at;
    struct text listing_now; /* in the row of blocks */
    struct count_rows counts;
    struct row *rows;
    size_t row_count;
    size_t row_cap;
    size_t row;
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

static int date_condition(unsigned char op)
{
    switch (op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
        return DATE_IS;
    case SQLITE_INDEX_CONSTRAINT_GE:
        return DATE_FROM;
    case SQLITE_INDEX_CONSTRAINT_GT:
        return DATE_AFTER;
    case SQLITE_INDEX_CONSTRAINT_LE:
        return DATE_TO;
    case SQLITE_INDEX_CONSTRAINT_LT:
        return DATE_BEFORE;
    default:
        return -1;
    }
}

/* Every table begins with user_id, listing_id and date. -1: it decides nothing. */
static int condition_of(const struct sqlite3_index_constraint *constraint)
{
    bool is = constraint->op == SQLITE_INDEX_CONSTRAINT_EQ;
    switch (constraint->iColumn) {
    case 0:
        return is ? USER_IS : -1;
    case 1:
        return is ? LISTING_IS : -1;
    case 2:
        return date_condition(constraint->op);
    default:
        return -1;
    }
}

static bool has(const sqlite3_index_info *info, enum condition condition)
{
    return (info->idxNum & 1 << condition) != 0;
}

static void estimate(sqlite3_index_info *info)
{
    double rows = 1e8;
    if (has(info, USER_IS))
        rows /= 1e3;
    if (has(info, LISTING_IS))
        rows /= 1e3;
    if (has(info, DATE_IS))
        rows /= 50;
    if (has(info, DATE_FROM) || has(info, DATE_AFTER))
        rows /= 5;
    if (has(info, DATE_TO) || has(info, DATE_BEFORE))
        rows /= 2;
    info->estimatedRows = (sqlite3_int64)rows + 1;
    /* without a user each of them is visited, if only to ask for the listing */
    info->estimatedCost = has(info, USER_IS) ? rows + 10 : rows + 1e6;
}

static int best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    int chosen[CONDITIONS];
    char words[128] = "";
    size_t len = 0;
    (void)base;
    for (int i = 0; i < CONDITIONS; i++)
        chosen[i] = -1;
    for (int i = 0; i < info->nConstraint; i++) {
        int condition = condition_of(&info->aConstraint[i]);
        if (condition >= 0 && info->aConstraint[i].usable && chosen[condition] < 0 &&
            strcmp(sqlite3_vtab_collation(info, i), "BINARY") == 0)
            chosen[condition] = i;
    }
    int arguments = 0;
    for (int i = 0; i < CONDITIONS; i++) {
        if (chosen[i] < 0)
            continue;
        info->aConstraintUsage[chosen[i]].argvIndex = ++arguments;
        info->idxNum |= 1 << i;
        len += (size_t)snprintf(words + len, sizeof words - len, "%s%s", len > 0 ? " " : "",
                                condition_words[i]);
    }
    info->idxStr = sqlite3_mprintf("%s", len > 0 ? words : "everything");
    if (info->idxStr == NULL)
        return SQLITE_NOMEM;
    info->needToFreeIdxStr = 1;
    estimate(info);
    return SQLITE_OK;
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
    bytes_done(&cursor->listing);
    bytes_done(&cursor->user);
    count_rows_done(&cursor->counts);
    free(cursor->rows);
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

static struct text value_text(sqlite3_value *value)
{
    const char *at = (const char *)sqlite3_value_text(value);
    return (struct text){at, at == NULL ? 0 : (size_t)sqlite3_value_bytes(value)};
}

/* The day whose date the text begins with; *whole: it is that date and nothing more. */
static bool day_of_value(sqlite3_value *value, bool *whole, int32_t *day)
{
    struct text text = value_text(value);
    *whole = text.len == DATE_BYTES;
    if (text.len < DATE_BYTES)
        return false;
    text.len = DATE_BYTES;
    return date_parse(text, day);
}

/* What is no date is no bound, but no row has it. A text that goes on behind a date comes after
 * that day and before the next: the day is a bound wide enough in both directions. */
static void take_date(struct cursor *cursor, enum condition condition, sqlite3_value *value)
{
    bool whole = false;
    int32_t day = 0;
    bool is_date = day_of_value(value, &whole, &day);
    if (condition == DATE_IS && !(is_date && whole))
        cursor->ended = true;
    if (!is_date)
        return;
    if (whole && condition == DATE_AFTER)
        day++;
    if (whole && condition == DATE_BEFORE)
        day--;
    bool from = condition == DATE_IS || condition == DATE_FROM || condition == DATE_AFTER;
    bool to = condition == DATE_IS || condition == DATE_TO || condition == DATE_BEFORE;
    if (from && day > cursor->day_first)
        cursor->day_first = day;
    if (to && day < cursor->day_last)
        cursor->day_last = day;
}

static int take_condition(struct cursor *cursor, enum condition condition, sqlite3_value *value)
{
    struct bytes *bytes = condition == USER_IS ? &cursor->user : &cursor->listing;
    if (sqlite3_value_type(value) == SQLITE_NULL) {
        cursor->ended = true; /* nothing compares with NULL */
        return SQLITE_OK;
    }
    if (condition == USER_IS || condition == LISTING_IS) {
        struct text text = value_text(value);
        if (text.at == NULL || !bytes_append(bytes, text.at, text.len))
            return SQLITE_NOMEM;
        cursor->user_is |= condition == USER_IS;
        cursor->listing_is |= condition == LISTING_IS;
        return SQLITE_OK;
    }
    take_date(cursor, condition, value);
    return SQLITE_OK;
}

/* ---- rows of a block ---- */

static struct row *add_row(struct cursor *cursor)
{
    if (cursor->rows == NULL || cursor->row_count == cursor->row_cap) {
        size_t cap = cursor->row_cap == 0 ? 64 : cursor->row_cap * 2;
        struct row *larger = reallocarray(cursor->rows, cap, sizeof *larger);
        if (larger == NULL)
            return NULL;
        cursor->rows = larger;
        cursor->row_cap = cap;
    }
    struct row *row = &cursor->rows[cursor->row_count++];
    *row = (struct row){0};
    return row;
}

static bool same_slot(const struct row *row, int32_t day, int16_t quarter)
{
    return row->day == day && row->quarter == quarter;
}

/* A row a platform; with BY_LISTING, a row a day. Rows of a slot stand together. */
static bool add_platforms(struct cursor *cursor)
{
    const struct count_rows *counts = &cursor->counts;
    bool by_listing = cursor->table->shape->grain == BY_LISTING;
    for (size_t i = 0; i < counts->platform_count; i++) {
        const struct platform_row *from = &counts->platforms[i];
        struct row *row = cursor->row_count > 0 ? &cursor->rows[cursor->row_count - 1] : NULL;
        if (row == NULL || !by_listing || !same_slot(row, from->day, from->quarter)) {
            row = add_row(cursor);
            if (row == NULL)
                return false;
            row->day = from->day;
            row->quarter = from->quarter;
            row->name =
                from->platform == PLATFORM_NONE ? text_of("none") : platform_name(from->platform);
        }
        counts_add(&row->counts, &from->counts);
        if (from->updated_ms > row->updated_ms)
            row->updated_ms = from->updated_ms;
    }
    return true;
}

static bool any(const struct counts *counts)
{
    return (counts->of[EVENT_VIEW] | counts->of[EVENT_SHARE] | counts->of[EVENT_INQUIRY]) != 0;
}

/* A row a named source of each slot, and "none" for what they leave of its platforms. */
static bool add_sources(struct cursor *cursor)
{
    const struct count_rows *counts = &cursor->counts;
    size_t source = 0;
    for (size_t i = 0; i < counts->platform_count;) {
        int32_t day = counts->platforms[i].day;
        int16_t quarter = counts->platforms[i].quarter;
        struct counts rest = {{0}};
        for (; i < counts->platform_count && counts->platforms[i].day == day &&
               counts->platforms[i].quarter == quarter;
             i++)
            counts_add(&rest, &counts->platforms[i].counts);
        for (; source < counts->source_count; source++) {
            const struct source_row *from = &counts->sources[source];
            if (from->day != day || from->quarter != quarter)
                break;
            struct row *row = add_row(cursor);
            if (row == NULL)
                return false;
            *row = (struct row){
                .day = day, .quarter = quarter, .name = from->source, .counts = from->counts};
            for (int type = 0; type < EVENT_TYPES; type++)
                rest.of[type] -=
                    from->counts.of[type] < rest.of[type] ? from->counts.of[type] : rest.of[type];
        }
        if (any(&rest)) {
            struct row *row = add_row(cursor);
            if (row == NULL)
                return false;
            *row = (struct row){
                .day = day, .quarter = quarter, .name = text_of("none"), .counts = rest};
        }
    }
    return true;
}

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
    cursor->row_count = 0;
    cursor->table->tables->blocks++;
    count_rows_clear(&cursor->counts);
    if (block.len == 0)
        status = block_missing(&why);
    else if (shape->from == BLOCK_TOTALS)
        status = month_block_decode(block, (int32_t)cursor->at, cursor->day_first, cursor->day_last,
                                    &cursor->counts, &why);
    else
        status = cell_block_decode(block, (int32_t)cursor->at, &cursor->counts, &why);
    if (status == STATUS_CORRUPT) {
        (void)block_corrupt(cursor->table->tables->connection, shape->from, user,
                            (int32_t)cursor->at, cursor->listing_now, &why, &err);
        return say_error(cursor, &err);
    }
    if (status != STATUS_OK)
        return say_error(cursor, &why);
    bool enough = shape->grain == BY_SOURCE ? add_sources(cursor) : add_platforms(cursor);
    return enough ? SQLITE_OK : SQLITE_NOMEM;
}

/* ---- going on ---- */

/* Finds the next pair behind (cursor->user, cursor->at); ended when there is none. */
static int next_pair(struct cursor *cursor)
{
    sqlite3_stmt *statement = cursor->statements[cursor->user_is ? NEXT_OF_USER : NEXT_PAIR];
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
        if (!cursor->user_is) {
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
        if (at > cursor->at_last && cursor->user_is) {
            cursor->ended = true;
            return SQLITE_OK;
        }
        behind = at < cursor->at_first ? cursor->at_first - 1 : INT64_MAX;
    }
}

static int begin_blocks(struct cursor *cursor)
{
    sqlite3_stmt *statement = cursor->statements[cursor->listing_is ? ONE_LISTING : ALL_LISTINGS];
    struct text user = {(const char *)cursor->user.at, cursor->user.len};
    struct text listing = {cursor->listing.at == NULL ? "" : (const char *)cursor->listing.at,
                           cursor->listing.len};
    sqlite3_reset(statement);
    if (!bind_text(statement, 1, user) || !bind_number(statement, 2, cursor->at) ||
        (cursor->listing_is && !bind_text(statement, 3, listing)))
        return failed(cursor);
    cursor->blocks = statement;
    return SQLITE_OK;
}

/* Goes on to a block that has rows. */
static int next_block(struct cursor *cursor)
{
    int code = SQLITE_OK;
    cursor->row = 0;
    cursor->row_count = 0;
    while (!cursor->ended && cursor->row_count == 0 && code == SQLITE_OK) {
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
    int argument = 0;
    int code = prepare(cursor);
    (void)words;

    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_reset(cursor->statements[i]);
    cursor->blocks = NULL;
    cursor->user_is = cursor->listing_is = cursor->ended = false;
    cursor->user.len = 0;
    cursor->listing.len = 0;
    cursor->day_first = CALENDAR_DAY_MIN;
    cursor->day_last = CALENDAR_DAY_MAX;
    cursor->rowid = 0;
    for (int i = 0; i < CONDITIONS && code == SQLITE_OK; i++)
        if ((chosen & 1 << i) != 0 && argument < count)
            code = take_condition(cursor, (enum condition)i, values[argument++]);
    if (code != SQLITE_OK)
        return code;
    bool months = cursor->table->shape->from == BLOCK_TOTALS;
    cursor->at_first = months ? month_of_day(cursor->day_first) : cursor->day_first;
    cursor->at_last = months ? month_of_day(cursor->day_last) : cursor->day_last;
    cursor->at = cursor->at_first - 1;
    cursor->ended |= cursor->day_first > cursor->day_last;
    return next_block(cursor);
}

static int next_row(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    cursor->rowid++;
    return ++cursor->row < cursor->row_count ? SQLITE_OK : next_block(cursor);
}

static int at_end(sqlite3_vtab_cursor *base)
{
    const struct cursor *cursor = (const struct cursor *)base;
    return cursor->ended && cursor->row >= cursor->row_count;
}

static void give_text(sqlite3_context *context, struct text text)
{
    sqlite3_result_text64(context, text.at, text.len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static int give_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct cursor *cursor = (const struct cursor *)base;
    const struct row *row = &cursor->rows[cursor->row];
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
