/*
 * batch.c - folding one sealed batch into the store's tables.
 *
 * Everything happens in one transaction that starts by comparing the batch's number with the
 * position and ends by moving the position. So the batch and its number become durable together,
 * and whoever hands the batch over again, after a crash or a lost answer, finds it applied.
 *
 * The rollup hands its months over in the tables' own key order (rollup_visit()). For each month:
 * one read of the block, one fold, one write of the whole row. The write finds the pages that the
 * read just brought into the cache, and the next key is on the same page or further on.
 *
 * Any failure rolls back. What a failed sync of the log left behind is either overwritten by the
 * next commit or, after a crash, found to be this very batch under this very number.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/batch.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "model/calendar.h"
#include "model/cell_block.h"
#include "model/month_block.h"
#include "model/platform.h"

static const char *const batch_sql[BATCH_STATEMENTS] = {
    [BATCH_BEGIN] = "BEGIN IMMEDIATE",
    [BATCH_COMMIT] = "COMMIT",
    [BATCH_ROLLBACK] = "ROLLBACK",
    [BATCH_POSITION] = "SELECT batch, seq FROM state WHERE one = 1",
    [BATCH_MOVE] = "UPDATE state SET batch = ?1, seq = ?2 WHERE one = 1",
    /* blocks: ?1 user, ?2 month or day, ?3 listing, ?4 block */
    [BATCH_TOTALS] = "SELECT block FROM totals WHERE user = ?1 AND month = ?2 AND listing = ?3",
    /* REPLACE into a table without further indexes is one overwrite in place */
    [BATCH_PUT_TOTALS] = "REPLACE INTO totals (user, month, listing, block)"
                         " VALUES (?1, ?2, ?3, ?4)",
    [BATCH_CELLS] = "SELECT block FROM cells WHERE user = ?1 AND day = ?2 AND listing = ?3",
    [BATCH_PUT_CELLS] = "REPLACE INTO cells (user, day, listing, block)"
                        " VALUES (?1, ?2, ?3, ?4)",
    /* the first of a key wins */
    [BATCH_PUT_INQUIRY] = "INSERT INTO inquiries"
                          " (user, listing, time_ms, key, received_ms, platform, source, content)"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
                          " ON CONFLICT (user, time_ms, key, listing) DO NOTHING",
    [BATCH_PUT_LISTING] = "REPLACE INTO listings"
                          " (user, listing, address, price, currency, image, status, updated_ms)"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [BATCH_REMOVE_LISTING] = "DELETE FROM listings WHERE user = ?1 AND listing = ?2",
};

/* Whose block: a listing's month of totals, or day of cells. */
struct block_key {
    enum block_table table;
    struct text user_id;
    int32_t at; /* the month or the day */
    struct text listing_id;
};

/* One batch on its way; the words for failures name it. */
struct applying {
    struct batch_writer *writer;
    char doing[48]; /* "batch 17" */
};

enum status batch_writer_prepare(struct batch_writer *writer, struct error *err)
{
    return connection_prepare(&writer->connection, batch_sql, writer->statements, BATCH_STATEMENTS,
                              err);
}

void batch_writer_done(struct batch_writer *writer)
{
    connection_finalize(writer->statements, BATCH_STATEMENTS);
    connection_close(&writer->connection);
    bytes_done(&writer->folded);
}

enum status position_read(struct connection *connection, sqlite3_stmt *statement,
                          struct store_position *out, struct error *err)
{
    enum status status = STATUS_OK;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        int64_t batch = sqlite3_column_int64(statement, 0);
        int64_t seq = sqlite3_column_int64(statement, 1);
        if (batch < 0 || seq < 0)
            status =
                fail(err, STATUS_CORRUPT, "store %s: its position is negative", connection->path);
        else
            *out = (struct store_position){(uint64_t)batch, (uint64_t)seq, 0};
    } else if (code == SQLITE_DONE) {
        status = fail(err, STATUS_CORRUPT, "store %s: it does not say which batches it holds",
                      connection->path);
    } else {
        status = connection_failed(connection, "its position cannot be read", err);
    }
    sqlite3_reset(statement);
    return status;
}

enum status block_corrupt(struct connection *connection, enum block_table table,
                          struct text user_id, int32_t at, struct text listing_id,
                          const struct error *why, struct error *err)
{
    enum { MONTH_BYTES = 7 }; /* YYYY-MM */
    bool of_month = table == BLOCK_TOTALS;
    int32_t day = of_month ? month_first_day(at) : at;
    char date[DATE_BYTES];
    memset(date, '?', sizeof date);
    if (day >= CALENDAR_DAY_MIN && day <= CALENDAR_DAY_MAX)
        date_format(day, date);
    return fail(err, STATUS_CORRUPT, "store %s: %s of user %.*s, listing %.*s, %.*s: %s",
                connection->path, of_month ? "totals" : "cells", TEXT_ARGS(user_id),
                TEXT_ARGS(listing_id), of_month ? MONTH_BYTES : DATE_BYTES, date, why->message);
}

enum status block_missing(struct error *why)
{
    return fail(why, STATUS_CORRUPT, "its block is empty");
}

static enum status failed(struct applying *applying, struct error *err)
{
    return connection_failed(&applying->writer->connection, applying->doing, err);
}

/* Runs a statement that answers no rows. */
static enum status run(struct applying *applying, enum batch_statement which, struct error *err)
{
    sqlite3_stmt *statement = applying->writer->statements[which];
    enum status status = STATUS_OK;
    if (sqlite3_step(statement) != SQLITE_DONE)
        status = failed(applying, err);
    sqlite3_reset(statement);
    return status;
}

static bool bind_key(sqlite3_stmt *statement, const struct block_key *key)
{
    return bind_text(statement, 1, key->user_id) && bind_number(statement, 2, key->at) &&
           bind_text(statement, 3, key->listing_id);
}

/* Makes writer->folded the stored block of the key, if there is one, plus delta. */
static enum status fold(struct applying *applying, const struct block_key *key,
                        const struct count_rows *delta, struct error *err)
{
    struct batch_writer *writer = applying->writer;
    bool totals = key->table == BLOCK_TOTALS;
    sqlite3_stmt *get = writer->statements[totals ? BATCH_TOTALS : BATCH_CELLS];
    struct error why = {0};
    struct text block = {0};
    enum status status = STATUS_OK;

    int code = bind_key(get, key) ? sqlite3_step(get) : SQLITE_ERROR;
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        status = failed(applying, err);
        goto cleanup;
    }
    if (code == SQLITE_ROW) {
        block = column_blob(get, 0);
        if (block.len == 0)
            status = block_missing(&why);
    }
    if (status == STATUS_OK)
        status = totals ? month_block_fold(block, key->at, delta, &writer->folded, &why)
                        : cell_block_fold(block, key->at, delta, &writer->folded, &why);
    if (status == STATUS_CORRUPT)
        status = block_corrupt(&writer->connection, key->table, key->user_id, key->at,
                               key->listing_id, &why, err);
    else if (status != STATUS_OK)
        status = fail(err, status, "%s", why.message);

cleanup:
    sqlite3_reset(get);
    return status;
}

static enum status apply_block(struct applying *applying, const struct block_key *key,
                               const struct count_rows *delta, struct error *err)
{
    struct batch_writer *writer = applying->writer;
    enum batch_statement which = key->table == BLOCK_TOTALS ? BATCH_PUT_TOTALS : BATCH_PUT_CELLS;
    sqlite3_stmt *put = writer->statements[which];
    enum status status = fold(applying, key, delta, err);
    if (status != STATUS_OK || writer->folded.len == 0)
        return status;
    if (!bind_key(put, key) || !bind_blob(put, 4, writer->folded.at, writer->folded.len))
        return failed(applying, err);
    return run(applying, which, err);
}

static enum status apply_month(void *context, struct text user_id, int32_t month,
                               struct text listing_id, const struct count_rows *totals,
                               const struct count_rows *cells, struct error *err)
{
    struct applying *applying = context;
    enum status status = STATUS_OK;
    struct block_key key = {BLOCK_TOTALS, user_id, month, listing_id};
    if (totals->platform_count + totals->source_count > 0)
        status = apply_block(applying, &key, totals, err);

    key.table = BLOCK_CELLS;
    struct count_rows rest = *cells; /* a view: nothing of it is freed */
    while (status == STATUS_OK && rest.platform_count + rest.source_count > 0) {
        struct count_rows day_rows;
        key.at = count_rows_take_day(&rest, &day_rows);
        status = apply_block(applying, &key, &day_rows, err);
    }
    return status;
}

static enum status apply_inquiry(void *context, const struct inquiry *inquiry, struct error *err)
{
    struct applying *applying = context;
    sqlite3_stmt *put = applying->writer->statements[BATCH_PUT_INQUIRY];
    struct text platform = {0};
    if (inquiry->platform != PLATFORM_NONE)
        platform = platform_name(inquiry->platform);
    if (!bind_text(put, 1, inquiry->user_id) || !bind_text(put, 2, inquiry->listing_id) ||
        !bind_number(put, 3, inquiry->time_ms) || !bind_text(put, 4, inquiry->key) ||
        !bind_number(put, 5, inquiry->received_ms) || !bind_text(put, 6, platform) ||
        !bind_text(put, 7, inquiry->source) || !bind_text(put, 8, inquiry->content))
        return failed(applying, err);
    return run(applying, BATCH_PUT_INQUIRY, err);
}

static enum status apply_listing(void *context, struct text user_id, struct text listing_id,
                                 const struct listing_details *details, struct error *err)
{
    struct applying *applying = context;
    if (details == NULL) {
        sqlite3_stmt *drop = applying->writer->statements[BATCH_REMOVE_LISTING];
        if (!bind_text(drop, 1, user_id) || !bind_text(drop, 2, listing_id))
            return failed(applying, err);
        return run(applying, BATCH_REMOVE_LISTING, err);
    }
    sqlite3_stmt *put = applying->writer->statements[BATCH_PUT_LISTING];
    int price_code = details->has_price ? sqlite3_bind_double(put, 4, details->price)
                                        : sqlite3_bind_null(put, 4);
    if (price_code != SQLITE_OK || !bind_text(put, 1, user_id) || !bind_text(put, 2, listing_id) ||
        !bind_text(put, 3, details->address) || !bind_text(put, 5, details->currency) ||
        !bind_text(put, 6, details->image) || !bind_text(put, 7, details->status) ||
        !bind_number(put, 8, details->updated_ms))
        return failed(applying, err);
    return run(applying, BATCH_PUT_LISTING, err);
}

static enum status move_position(struct applying *applying, const struct store_batch *batch,
                                 struct error *err)
{
    sqlite3_stmt *move = applying->writer->statements[BATCH_MOVE];
    if (!bind_number(move, 1, (int64_t)rollup_batch(batch->rollup)) ||
        !bind_number(move, 2, (int64_t)batch->seq))
        return failed(applying, err);
    enum status status = run(applying, BATCH_MOVE, err);
    assert(status != STATUS_OK || sqlite3_changes(applying->writer->connection.db) == 1);
    return status;
}

enum status batch_position(struct batch_writer *writer, struct store_position *out,
                           struct error *err)
{
    return position_read(&writer->connection, writer->statements[BATCH_POSITION], out, err);
}

enum status batch_apply(struct batch_writer *writer, const struct store_batch *batch,
                        struct error *err)
{
    struct applying applying = {.writer = writer};
    uint64_t number = rollup_batch(batch->rollup);
    snprintf(applying.doing, sizeof applying.doing, "batch %" PRIu64, number);
    if (number > INT64_MAX || batch->seq > INT64_MAX)
        return fail(err, STATUS_FOREIGN, "store %s: %s or its record is numbered beyond 2^63",
                    writer->connection.path, applying.doing);

    enum status status = run(&applying, BATCH_BEGIN, err);
    if (status != STATUS_OK)
        return status;

    struct store_position position = {0};
    status = batch_position(writer, &position, err);
    if (status != STATUS_OK || number <= position.batch)
        goto cleanup; /* applied already: nothing to do */
    if (number != position.batch + 1) {
        status = fail(err, STATUS_FOREIGN,
                      "store %s: %s cannot follow batch %" PRIu64 "; what lies between is missing",
                      writer->connection.path, applying.doing, position.batch);
        goto cleanup;
    }
    const struct rollup_visitor visitor = {.context = &applying,
                                           .month = apply_month,
                                           .inquiry = apply_inquiry,
                                           .listing = apply_listing};
    status = rollup_visit(batch->rollup, &visitor, err);
    if (status == STATUS_OK)
        status = move_position(&applying, batch, err);
    if (status == STATUS_OK)
        status = run(&applying, BATCH_COMMIT, err);

cleanup:
    /* SQLite itself rolls back on some failures */
    if (!sqlite3_get_autocommit(writer->connection.db)) {
        sqlite3_step(writer->statements[BATCH_ROLLBACK]);
        sqlite3_reset(writer->statements[BATCH_ROLLBACK]);
    }
    return status;
}
