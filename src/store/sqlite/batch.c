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
    [BATCH_TOTALS] = "SELECT block FROM totals WHERE user = ?1 AND month = ?2 AND listing = ?3",
    /* REPLACE into a table without further indexes is one overwrite in place */
    [BATCH_PUT_TOTALS] = "REPLACE INTO totals (user, month, listing, block)"
                         " VALUES (?1, ?2, ?3, ?4)",
    [BATCH_CELLS] = "SELECT block FROM cells"
                    " WHERE user = ?1 AND month = ?2 AND listing = ?3 AND day = ?4",
    [BATCH_PUT_CELLS] = "REPLACE INTO cells (user, month, listing, day, block)"
                        " VALUES (?1, ?2, ?3, ?4, ?5)",
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
            *out = (struct store_position){(uint64_t)batch, (uint64_t)seq};
    } else if (code == SQLITE_DONE) {
        status = fail(err, STATUS_CORRUPT, "store %s: it does not say which batches it holds",
                      connection->path);
    } else {
        status = connection_failed(connection, "its position cannot be read", err);
    }
    sqlite3_reset(statement);
    return status;
}

enum status block_corrupt(struct connection *connection, const char *part, struct text user_id,
                          struct text listing_id, int32_t day, int date_bytes,
                          const struct error *why, struct error *err)
{
    char date[DATE_BYTES];
    if (day >= CALENDAR_DAY_MIN && day <= CALENDAR_DAY_MAX)
        date_format(day, date);
    else
        memset(date, '?', sizeof date);
    return fail(err, STATUS_CORRUPT, "store %s: %s of user %.*s, listing %.*s, %.*s: %s",
                connection->path, part, TEXT_ARGS(user_id), TEXT_ARGS(listing_id), date_bytes, date,
                why->message);
}

/* Runs a statement that answers no rows. */
static enum status run(struct applying *applying, enum batch_statement which, struct error *err)
{
    sqlite3_stmt *statement = applying->writer->statements[which];
    enum status status = STATUS_OK;
    if (sqlite3_step(statement) != SQLITE_DONE)
        status = connection_failed(&applying->writer->connection, applying->doing, err);
    sqlite3_reset(statement);
    return status;
}

static enum status cannot_bind(struct applying *applying, struct error *err)
{
    return connection_failed(&applying->writer->connection, applying->doing, err);
}

/* Steps a bound statement that selects a block; *block, valid until reset, is empty if none is. */
static enum status read_block(struct applying *applying, sqlite3_stmt *statement,
                              struct text *block, struct error *err)
{
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return connection_failed(&applying->writer->connection, applying->doing, err);
    *block = code == SQLITE_ROW ? column_blob(statement, 0) : (struct text){0};
    return STATUS_OK;
}

static enum status fold_totals(struct applying *applying, struct text user_id, int32_t month,
                               struct text listing_id, const struct count_rows *totals,
                               struct error *err)
{
    struct batch_writer *writer = applying->writer;
    sqlite3_stmt *get = writer->statements[BATCH_TOTALS];
    sqlite3_stmt *put = writer->statements[BATCH_PUT_TOTALS];
    struct error why = {0};
    struct text block;
    enum status status;

    if (!bind_text(get, 1, user_id) || !bind_number(get, 2, month) ||
        !bind_text(get, 3, listing_id))
        return cannot_bind(applying, err);
    status = read_block(applying, get, &block, err);
    if (status != STATUS_OK)
        goto cleanup;
    status = month_block_fold(block, month, totals, &writer->folded, &why);
    if (status == STATUS_CORRUPT)
        status = block_corrupt(&writer->connection, "totals", user_id, listing_id,
                               month_first_day(month), 7, &why, err);
    else if (status != STATUS_OK)
        status = fail(err, status, "%s", why.message);
    if (status != STATUS_OK)
        goto cleanup;
    if (!bind_text(put, 1, user_id) || !bind_number(put, 2, month) ||
        !bind_text(put, 3, listing_id) ||
        !bind_blob(put, 4, writer->folded.at, writer->folded.len)) {
        status = cannot_bind(applying, err);
        goto cleanup;
    }
    sqlite3_reset(get);
    status = run(applying, BATCH_PUT_TOTALS, err);

cleanup:
    sqlite3_reset(get);
    return status;
}

static enum status fold_cells(struct applying *applying, struct text user_id, int32_t month,
                              struct text listing_id, int32_t day, const struct count_rows *cells,
                              struct error *err)
{
    struct batch_writer *writer = applying->writer;
    sqlite3_stmt *get = writer->statements[BATCH_CELLS];
    sqlite3_stmt *put = writer->statements[BATCH_PUT_CELLS];
    struct error why = {0};
    struct text block;
    enum status status;

    if (!bind_text(get, 1, user_id) || !bind_number(get, 2, month) ||
        !bind_text(get, 3, listing_id) || !bind_number(get, 4, day))
        return cannot_bind(applying, err);
    status = read_block(applying, get, &block, err);
    if (status != STATUS_OK)
        goto cleanup;
    status = cell_block_fold(block, day, cells, &writer->folded, &why);
    if (status == STATUS_CORRUPT)
        status = block_corrupt(&writer->connection, "cells", user_id, listing_id, day, DATE_BYTES,
                               &why, err);
    else if (status != STATUS_OK)
        status = fail(err, status, "%s", why.message);
    if (status != STATUS_OK)
        goto cleanup;
    if (!bind_text(put, 1, user_id) || !bind_number(put, 2, month) ||
        !bind_text(put, 3, listing_id) || !bind_number(put, 4, day) ||
        !bind_blob(put, 5, writer->folded.at, writer->folded.len)) {
        status = cannot_bind(applying, err);
        goto cleanup;
    }
    sqlite3_reset(get);
    status = run(applying, BATCH_PUT_CELLS, err);

cleanup:
    sqlite3_reset(get);
    return status;
}

/* Takes the rows of the next day off *rest into *day_rows. */
static int32_t next_day(struct count_rows *rest, struct count_rows *day_rows)
{
    int32_t day = INT32_MAX;
    if (rest->platform_count > 0)
        day = rest->platforms[0].day;
    if (rest->source_count > 0 && rest->sources[0].day < day)
        day = rest->sources[0].day;

    size_t platforms = 0;
    while (platforms < rest->platform_count && rest->platforms[platforms].day == day)
        platforms++;
    size_t sources = 0;
    while (sources < rest->source_count && rest->sources[sources].day == day)
        sources++;

    *day_rows = (struct count_rows){.platforms = rest->platforms,
                                    .platform_count = platforms,
                                    .sources = rest->sources,
                                    .source_count = sources};
    rest->platforms += platforms;
    rest->platform_count -= platforms;
    rest->sources += sources;
    rest->source_count -= sources;
    return day;
}

static enum status apply_month(void *context, struct text user_id, int32_t month,
                               struct text listing_id, const struct count_rows *totals,
                               const struct count_rows *cells, struct error *err)
{
    struct applying *applying = context;
    enum status status = STATUS_OK;
    if (totals->platform_count + totals->source_count > 0)
        status = fold_totals(applying, user_id, month, listing_id, totals, err);

    struct count_rows rest = *cells; /* a view: nothing of it is freed */
    while (status == STATUS_OK && rest.platform_count + rest.source_count > 0) {
        struct count_rows day_rows;
        int32_t day = next_day(&rest, &day_rows);
        status = fold_cells(applying, user_id, month, listing_id, day, &day_rows, err);
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
        return cannot_bind(applying, err);
    return run(applying, BATCH_PUT_INQUIRY, err);
}

static enum status apply_listing(void *context, struct text user_id, struct text listing_id,
                                 const struct listing_details *details, struct error *err)
{
    struct applying *applying = context;
    if (details == NULL) {
        sqlite3_stmt *drop = applying->writer->statements[BATCH_REMOVE_LISTING];
        if (!bind_text(drop, 1, user_id) || !bind_text(drop, 2, listing_id))
            return cannot_bind(applying, err);
        return run(applying, BATCH_REMOVE_LISTING, err);
    }
    sqlite3_stmt *put = applying->writer->statements[BATCH_PUT_LISTING];
    int price_code = details->has_price ? sqlite3_bind_double(put, 4, details->price)
                                        : sqlite3_bind_null(put, 4);
    if (price_code != SQLITE_OK || !bind_text(put, 1, user_id) || !bind_text(put, 2, listing_id) ||
        !bind_text(put, 3, details->address) || !bind_text(put, 5, details->currency) ||
        !bind_text(put, 6, details->image) || !bind_text(put, 7, details->status) ||
        !bind_number(put, 8, details->updated_ms))
        return cannot_bind(applying, err);
    return run(applying, BATCH_PUT_LISTING, err);
}

static enum status move_position(struct applying *applying, const struct store_batch *batch,
                                 struct error *err)
{
    sqlite3_stmt *move = applying->writer->statements[BATCH_MOVE];
    if (!bind_number(move, 1, (int64_t)rollup_batch(batch->rollup)) ||
        !bind_number(move, 2, (int64_t)batch->seq))
        return cannot_bind(applying, err);
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

    struct store_position position;
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
