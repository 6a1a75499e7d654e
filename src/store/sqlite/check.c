/*
 * check.c - whether a store agrees with itself.
 *
 * Totals lie by (user, month, listing), cells by (user, day, listing). For one user and month both
 * are walked in the order of listings, side by side: one cursor on the totals and one on the cells
 * of each day of the month. At each step the least listing any of them stands at is taken from all
 * that stand at it:
 *
 *     totals  of month      a   b       d          at b: the month's block, and the cells
 *     cells   of day 1      a           d                of day 2
 *     cells   of day 2          b   c   d          at c: cells without totals
 *     ...
 *
 * so the whole store is read once, in order, with as much memory as one listing's month takes, and
 * a block that stands without its counterpart is found like one with other numbers.
 * The comparing is check_sums.c's.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/check.h"

#include <stdio.h>

#include "base/bytes.h"
#include "model/calendar.h"
#include "model/cell_block.h"
#include "model/month_block.h"
#include "store/sqlite/batch.h"
#include "store/sqlite/check_sums.h"
#include "store/sqlite/state.h"

enum { DAYS_MAX = 31, STEP_BLOCKS = 256, PAGE_PROBLEMS_MAX = 100 };

enum statement { NEXT_OF_TOTALS, NEXT_OF_CELLS, MONTH, DAY, STATEMENTS = DAY + DAYS_MAX };

/* ?1 user, ?2 month or day */
static const char sql_next_of_totals[] =
    "SELECT user, month FROM totals WHERE (user, month) > (?1, ?2) ORDER BY user, month LIMIT 1";
static const char sql_next_of_cells[] =
    "SELECT user, day FROM cells WHERE (user, day) > (?1, ?2) ORDER BY user, day LIMIT 1";
static const char sql_month[] =
    "SELECT listing, block FROM totals WHERE user = ?1 AND month = ?2 ORDER BY listing";
static const char sql_day[] =
    "SELECT listing, block FROM cells WHERE user = ?1 AND day = ?2 ORDER BY listing";

/* Rows of one table for one user and month or day, in the order of listings. */
struct stream {
    sqlite3_stmt *statement;
    struct text listing; /* absent: at the end */
};

struct check {
    struct connection connection;
    const struct store_check_visitor *visitor;
    struct store_checked checked;
    sqlite3_stmt *statements[STATEMENTS];
    struct bytes user; /* in hand */
    int32_t month;
    struct count_rows totals;
    struct count_rows cells;
    struct check_sums sums;
    uint64_t since_step;
};

static enum status cannot_read(struct check *check, struct error *err)
{
    return connection_failed(&check->connection, "it cannot be read", err);
}

static enum status step(struct check *check, struct error *err)
{
    if (++check->since_step < STEP_BLOCKS)
        return STATUS_OK;
    uint64_t blocks = check->since_step;
    check->since_step = 0;
    return check->visitor->step(check->visitor->context, blocks, err);
}

/* ---- SQLite's own check ---- */

static enum status check_pages(struct check *check, struct error *err)
{
    char sql[48];
    sqlite3_stmt *statement = NULL;
    enum status status = STATUS_OK;
    int code = SQLITE_ROW;
    snprintf(sql, sizeof sql, "PRAGMA integrity_check(%d)", PAGE_PROBLEMS_MAX);
    if (sqlite3_prepare_v2(check->connection.db, sql, -1, &statement, NULL) != SQLITE_OK)
        return cannot_read(check, err);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct text words = column_text(statement, 0);
        if (!text_is(words, "ok"))
            check_tell(check->visitor, STORE_PAGES, "%.*s", TEXT_ARGS(words));
    }
    if (code != SQLITE_DONE)
        status = cannot_read(check, err);
    sqlite3_finalize(statement);
    return status;
}

static struct text text_of_bytes(const struct bytes *bytes)
{
    return (struct text){(const char *)bytes->at, bytes->len};
}

static enum status no_memory(struct error *err)
{
    return fail(err, STATUS_NO_MEMORY, "no memory to check the store");
}

/* ---- walking ---- */

static enum status stream_next(struct check *check, struct stream *stream, struct error *err)
{
    int code = sqlite3_step(stream->statement);
    if (code == SQLITE_ROW) {
        stream->listing = column_text(stream->statement, 0);
        if (stream->listing.at == NULL)
            stream->listing = text_of("");
        return STATUS_OK;
    }
    stream->listing = (struct text){NULL, 0};
    return code == SQLITE_DONE ? STATUS_OK : cannot_read(check, err);
}

static enum status stream_open(struct check *check, struct stream *stream, int32_t at,
                               struct error *err)
{
    struct text user = {(const char *)check->user.at, check->user.len};
    sqlite3_reset(stream->statement);
    if (!bind_text(stream->statement, 1, user) || !bind_number(stream->statement, 2, at))
        return cannot_read(check, err);
    return stream_next(check, stream, err);
}

/* Decodes the block a stream stands at, if it can be; *good: it could. */
static enum status decode(struct check *check, const struct stream *stream, enum block_table table,
                          int32_t at, struct count_rows *rows, bool *good, struct error *err)
{
    struct text block = column_blob(stream->statement, 1);
    struct text user = {(const char *)check->user.at, check->user.len};
    struct error why = {0};
    enum status status = STATUS_OK;
    if (block.len == 0)
        status = block_missing(&why);
    else if (table == BLOCK_TOTALS)
        status = month_block_decode(block, at, CALENDAR_DAY_MIN, CALENDAR_DAY_MAX, rows, &why);
    else
        status = cell_block_decode(block, at, rows, &why);
    check->checked.month_blocks += table == BLOCK_TOTALS;
    check->checked.cell_blocks += table == BLOCK_CELLS;
    if (status == STATUS_CORRUPT) {
        struct error words;
        (void)block_corrupt(&check->connection, table, user, at, stream->listing, &why, &words);
        check_tell(check->visitor, STORE_BLOCK, "%.400s", words.message);
        *good = false;
        status = STATUS_OK;
    } else if (status != STATUS_OK) {
        *err = why;
    }
    return status == STATUS_OK ? step(check, err) : status;
}

/* The least listing that a stream stands at; absent when all are at the end. */
static struct text least_listing(const struct stream *streams, size_t count)
{
    struct text least = {NULL, 0};
    for (size_t i = 0; i < count; i++)
        if (streams[i].listing.at != NULL &&
            (least.at == NULL || text_compare(streams[i].listing, least) < 0))
            least = streams[i].listing;
    return least;
}

/* Takes the listing from all streams that stand at it, and compares. */
static enum status check_listing(struct check *check, struct stream *streams, size_t count,
                                 struct text listing, struct error *err)
{
    bool stands[1 + DAYS_MAX];
    bool good = true;
    enum status status = STATUS_OK;
    int32_t first_day = month_first_day(check->month);

    count_rows_clear(&check->totals);
    count_rows_clear(&check->cells);
    for (size_t i = 0; i < count; i++)
        stands[i] = streams[i].listing.at != NULL && text_equal(streams[i].listing, listing);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        if (stands[i])
            status = i == 0 ? decode(check, &streams[i], BLOCK_TOTALS, check->month, &check->totals,
                                     &good, err)
                            : decode(check, &streams[i], BLOCK_CELLS, first_day + (int32_t)i - 1,
                                     &check->cells, &good, err);
    if (status == STATUS_OK && good)
        status = check_sums_compare(&check->sums, text_of_bytes(&check->user), listing,
                                    &check->totals, &check->cells, err);
    /* the rows' and the listing's texts lie in the statements until here */
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        if (stands[i])
            status = stream_next(check, &streams[i], err);
    return status;
}

static enum status check_month(struct check *check, struct error *err)
{
    struct stream streams[1 + DAYS_MAX] = {{.statement = check->statements[MONTH]}};
    size_t count = 1 + (size_t)month_length(check->month);
    int32_t first_day = month_first_day(check->month);

    enum status status = stream_open(check, &streams[0], check->month, err);
    for (size_t i = 1; i < count && status == STATUS_OK; i++) {
        streams[i].statement = check->statements[DAY + i - 1];
        status = stream_open(check, &streams[i], first_day + (int32_t)i - 1, err);
    }
    while (status == STATUS_OK) {
        struct text listing = least_listing(streams, count);
        if (listing.at == NULL)
            break;
        status = check_listing(check, streams, count, listing, err);
    }
    for (size_t i = 0; i < count; i++)
        sqlite3_reset(check->statements[MONTH + i]);
    return status;
}

/* A user and one of his months or days. */
struct pair {
    struct bytes user;
    int64_t at;
    bool found;
};

/* The first pair of a table behind (check->user, behind). */
static enum status next_pair(struct check *check, enum statement which, int64_t behind,
                             struct pair *out, struct error *err)
{
    sqlite3_stmt *statement = check->statements[which];
    struct text user = {(const char *)check->user.at, check->user.len};
    enum status status = STATUS_OK;
    if (user.at == NULL)
        user = text_of("");
    if (!bind_text(statement, 1, user) || !bind_number(statement, 2, behind))
        return cannot_read(check, err);
    int code = sqlite3_step(statement);
    out->found = code == SQLITE_ROW;
    if (out->found) {
        struct text found = column_text(statement, 0);
        out->at = sqlite3_column_int64(statement, 1);
        out->user.len = 0;
        if (!bytes_append(&out->user, found.at, found.len))
            status = no_memory(err);
    } else if (code != SQLITE_DONE) {
        status = cannot_read(check, err);
    }
    sqlite3_reset(statement);
    return status;
}

/* Goes on to the next user and month that has totals or cells; false when there is none. */
static enum status advance(struct check *check, struct pair *totals, struct pair *cells,
                           bool *found, struct error *err)
{
    bool begun = check->user.len > 0;
    int64_t behind_day =
        begun ? (int64_t)month_first_day(check->month) + month_length(check->month) - 1 : INT64_MIN;
    enum status status =
        next_pair(check, NEXT_OF_TOTALS, begun ? check->month : INT64_MIN, totals, err);
    if (status == STATUS_OK)
        status = next_pair(check, NEXT_OF_CELLS, behind_day, cells, err);
    if (status != STATUS_OK)
        return status;
    *found = totals->found || cells->found;
    if (!*found)
        return STATUS_OK;
    int64_t month_min = month_of_day(CALENDAR_DAY_MIN);
    int64_t month_max = month_of_day(CALENDAR_DAY_MAX);
    if ((totals->found && (totals->at < month_min || totals->at > month_max)) ||
        (cells->found && (cells->at < CALENDAR_DAY_MIN || cells->at > CALENDAR_DAY_MAX)))
        return fail(err, STATUS_CORRUPT, "store %s: a month or a day in it is none",
                    check->connection.path);
    int64_t cells_month = cells->found ? month_of_day((int32_t)cells->at) : 0;
    int order = !totals->found ? 1
                : !cells->found
                    ? -1
                    : text_compare(text_of_bytes(&totals->user), text_of_bytes(&cells->user));
    if (order == 0)
        order = totals->at <= cells_month ? -1 : 1;
    const struct pair *next = order < 0 ? totals : cells;
    check->month = (int32_t)(order < 0 ? totals->at : cells_month);
    check->user.len = 0;
    return bytes_append(&check->user, next->user.at, next->user.len) ? STATUS_OK : no_memory(err);
}

static enum status check_sums(struct check *check, struct error *err)
{
    struct pair totals = {0};
    struct pair cells = {0};
    bool found = true;
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        status = advance(check, &totals, &cells, &found, err);
        if (status != STATUS_OK || !found)
            break;
        status = check_month(check, err);
    }
    bytes_done(&totals.user);
    bytes_done(&cells.user);
    return status;
}

/* ---- the whole ---- */

static enum status prepare(struct check *check, struct error *err)
{
    const char *sql[STATEMENTS] = {[NEXT_OF_TOTALS] = sql_next_of_totals,
                                   [NEXT_OF_CELLS] = sql_next_of_cells,
                                   [MONTH] = sql_month};
    for (size_t i = DAY; i < STATEMENTS; i++)
        sql[i] = sql_day;
    return connection_prepare(&check->connection, sql, check->statements, STATEMENTS, err);
}

static enum status count_facts(struct check *check, struct error *err)
{
    int64_t inquiries = 0;
    int64_t listings = 0;
    enum status status =
        connection_number(&check->connection, "SELECT count(*) FROM inquiries", &inquiries, err);
    if (status == STATUS_OK)
        status =
            connection_number(&check->connection, "SELECT count(*) FROM listings", &listings, err);
    check->checked.inquiries = (uint64_t)inquiries;
    check->checked.listings = (uint64_t)listings;
    return status;
}

enum status sqlite_store_check(const char *path, const struct store_check_visitor *visitor,
                               struct store_checked *out, struct error *err)
{
    struct check check = {.visitor = visitor, .sums = {.visitor = visitor}};
    struct sqlite_store_state state;
    enum status status = sqlite_store_open_unused(&check.connection, path, err);
    if (status == STATUS_OK)
        status = sqlite_store_state_of(&check.connection, &state, err);
    if (status == STATUS_OK)
        status = check_pages(&check, err);
    if (status == STATUS_OK)
        status = prepare(&check, err);
    if (status == STATUS_OK)
        status = check_sums(&check, err);
    if (status == STATUS_OK)
        status = count_facts(&check, err);
    check.checked.listing_days = check.sums.listing_days;
    *out = check.checked;
    connection_finalize(check.statements, STATEMENTS);
    connection_close(&check.connection);
    bytes_done(&check.user);
    count_rows_done(&check.totals);
    count_rows_done(&check.cells);
    check_sums_done(&check.sums);
    return status;
}
