/*
 * reader.c - answers from the store's tables.
 *
 * A read transaction is fixed to one state of the database by its first read, and that is the
 * read of the position: whatever is read afterwards is exactly what the batches up to it counted,
 * however many are applied meanwhile.
 *
 * Every question is a range of one key; those for counts go month by month or day by day:
 *
 *     totals   (user, month)   all listings      (user, month, listing)   one
 *     cells    (user, day)     all listings      (user, day, listing)     one
 *     inquiries, listings               the last row seen is the bound of the next page
 *
 * Blocks are decoded where SQLite holds them; a row's texts point into its page until the
 * statement moves on.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/reader.h"

#include <stdlib.h>

#include "model/calendar.h"
#include "model/cell_block.h"
#include "model/month_block.h"
#include "model/platform.h"
#include "store/sqlite/parts.h"

#define INQUIRY_COLUMNS "listing, time_ms, key, received_ms, platform, source, content"
#define LISTING_COLUMNS "listing, address, price, currency, image, status, updated_ms"

static const char *const reader_sql[READER_STATEMENTS] = {
    [READ_BEGIN] = "BEGIN",
    [READ_END] = "COMMIT",
    [READ_POSITION] = "SELECT batch, seq FROM state WHERE one = 1",
    /* blocks: ?1 user, ?2 month or day, ?3 listing */
    [READ_TOTALS_OF_LISTING] = "SELECT listing, block FROM totals"
                               " WHERE user = ?1 AND month = ?2 AND listing = ?3",
    [READ_TOTALS] = "SELECT listing, block FROM totals WHERE user = ?1 AND month = ?2",
    [READ_CELLS_OF_LISTING] = "SELECT listing, block FROM cells"
                              " WHERE user = ?1 AND day = ?2 AND listing = ?3",
    [READ_CELLS] = "SELECT listing, block FROM cells WHERE user = ?1 AND day = ?2",
    /* ?1 user, ?2 from, ?3 ?4 ?5 behind, ?6 limit, ?7 listing */
    [READ_INQUIRIES_OF_LISTING] =
        "SELECT " INQUIRY_COLUMNS " FROM inquiries INDEXED BY inquiries_by_listing"
        " WHERE user = ?1 AND listing = ?7 AND time_ms >= ?2 AND (time_ms, key) <= (?3, ?4)"
        " AND (time_ms, key, listing) < (?3, ?4, ?5)"
        " ORDER BY time_ms DESC, key DESC LIMIT ?6",
    [READ_INQUIRIES] = "SELECT " INQUIRY_COLUMNS " FROM inquiries INDEXED BY inquiries_by_time"
                       " WHERE user = ?1 AND time_ms >= ?2"
                       " AND (time_ms, key, listing) < (?3, ?4, ?5)"
                       " ORDER BY time_ms DESC, key DESC, listing DESC LIMIT ?6",
    [READ_LISTING] = "SELECT " LISTING_COLUMNS " FROM listings"
                     " WHERE user = ?1 AND listing = ?2 AND listing > ?3 LIMIT ?4",
    [READ_LISTINGS] = "SELECT " LISTING_COLUMNS " FROM listings"
                      " WHERE user = ?1 AND listing > ?3 ORDER BY listing LIMIT ?4",
};

static const char *const table_names[] = {[BLOCK_TOTALS] = "totals", [BLOCK_CELLS] = "cells"};

/* A question for counts on its way. */
struct asking {
    struct sqlite_reader *reader;
    enum block_table table;
    const struct store_scope *scope;
    sqlite3_stmt *statement;
    store_rows_fn *each;
    bool by_sums; /* rows are added up for each_sum, instead of handed to each */
    store_sums_fn *each_sum;
    void *context;
};

static struct sqlite_reader *of(struct store_reader *reader)
{
    return (struct sqlite_reader *)reader;
}

enum status sqlite_reader_open(const char *path, uint64_t cache_bytes, const struct store_ops *ops,
                               struct store_reader **out, struct error *err)
{
    enum status status = STATUS_OK;
    struct sqlite_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        status = fail(err, STATUS_NO_MEMORY, "store %s: no memory for a reader", path);
        goto cleanup;
    }
    reader->reader.ops = ops;
    status = connection_open(&reader->connection, path, err);
    if (status == STATUS_OK)
        status = connection_configure(&reader->connection, cache_bytes, true, err);
    if (status == STATUS_OK)
        status = connection_prepare(&reader->connection, reader_sql, reader->statements,
                                    READER_STATEMENTS, err);
    if (status != STATUS_OK)
        goto cleanup;

    *out = &reader->reader; /* now the caller's */
    reader = NULL;

cleanup:
    if (reader != NULL)
        sqlite_reader_close(&reader->reader);
    return status;
}

void sqlite_reader_close(struct store_reader *base)
{
    struct sqlite_reader *reader = of(base);
    if (reader == NULL)
        return;
    connection_finalize(reader->statements, READER_STATEMENTS);
    connection_close(&reader->connection);
    count_rows_done(&reader->rows);
    free(reader);
}

enum status sqlite_reader_begin(struct store_reader *base, struct store_position *out,
                                struct error *err)
{
    struct sqlite_reader *reader = of(base);
    sqlite3_stmt *begin = reader->statements[READ_BEGIN];
    enum status status = STATUS_OK;
    if (sqlite3_step(begin) != SQLITE_DONE)
        status = connection_failed(&reader->connection, "a read cannot begin", err);
    sqlite3_reset(begin);
    if (status == STATUS_OK)
        status = position_read(&reader->connection, reader->statements[READ_POSITION], out, err);
    if (status != STATUS_OK)
        sqlite_reader_end(base);
    return status;
}

void sqlite_reader_end(struct store_reader *base)
{
    struct sqlite_reader *reader = of(base);
    if (sqlite3_get_autocommit(reader->connection.db))
        return;
    /* nothing was written, so nothing can fail */
    sqlite3_step(reader->statements[READ_END]);
    sqlite3_reset(reader->statements[READ_END]);
}

static enum status cannot_read(struct sqlite_reader *reader, const char *what, struct error *err)
{
    return connection_failed(&reader->connection, what, err);
}

/* Decodes the block in the statement's row into reader->rows, or adds it up into *sum. */
static enum status decode_block(const struct asking *asking, int32_t at, struct text listing_id,
                                struct counts *sum, struct error *err)
{
    const struct store_scope *scope = asking->scope;
    struct count_rows *rows = &asking->reader->rows;
    struct text block = column_blob(asking->statement, 1);
    struct error why = {0};
    enum status status;

    count_rows_clear(rows);
    if (block.len == 0)
        status = block_missing(&why);
    else if (asking->by_sums)
        status = month_block_sum(block, at, scope->first_day, scope->last_day, sum, &why);
    else if (asking->table == BLOCK_TOTALS)
        status = month_block_decode(block, at, scope->first_day, scope->last_day, rows, &why);
    else
        status = cell_block_decode(block, at, rows, &why);
    if (status == STATUS_CORRUPT)
        return block_corrupt(&asking->reader->connection, asking->table, scope->user_id, at,
                             listing_id, &why, err);
    return status == STATUS_OK ? STATUS_OK : fail(err, status, "%s", why.message);
}

/* Decodes and hands over one block. */
static enum status give_block(const struct asking *asking, int32_t at, struct error *err)
{
    const struct count_rows *rows = &asking->reader->rows;
    struct text listing_id = column_text(asking->statement, 0);
    struct counts sum = {0};
    enum status status = decode_block(asking, at, listing_id, &sum, err);
    if (status != STATUS_OK)
        return status;
    if (asking->by_sums)
        return counts_sum(&sum) == 0 ? STATUS_OK
                                     : asking->each_sum(asking->context, listing_id, &sum, err);
    return rows->platform_count + rows->source_count == 0
               ? STATUS_OK
               : asking->each(asking->context, listing_id, rows, err);
}

/* Hands over what the bound statement finds, block by block. */
static enum status read_blocks(const struct asking *asking, int32_t at, struct error *err)
{
    enum status status = STATUS_OK;
    int code;
    while ((code = sqlite3_step(asking->statement)) == SQLITE_ROW) {
        status = give_block(asking, at, err);
        if (status != STATUS_OK)
            goto cleanup;
    }
    if (code != SQLITE_DONE)
        status = cannot_read(asking->reader, table_names[asking->table], err);

cleanup:
    sqlite3_reset(asking->statement);
    return status;
}

/* Asks for each month (of totals) or day (of cells) from first to last in turn. */
static enum status ask(const struct asking *asking, int32_t first, int32_t last, struct error *err)
{
    const struct store_scope *scope = asking->scope;
    const char *name = table_names[asking->table];
    if (!bind_text(asking->statement, 1, scope->user_id))
        return cannot_read(asking->reader, name, err);
    for (int32_t at = first; at <= last; at++) {
        size_t turns = scope->listing_count == 0 ? 1 : scope->listing_count;
        if (!bind_number(asking->statement, 2, at))
            return cannot_read(asking->reader, name, err);
        for (size_t i = 0; i < turns; i++) {
            bool is_bound = turns == 1 && at > first; /* since the first turn */
            if (scope->listing_count > 0 && !is_bound &&
                !bind_text(asking->statement, 3, scope->listing_ids[i]))
                return cannot_read(asking->reader, name, err);
            enum status status = read_blocks(asking, at, err);
            if (status != STATUS_OK)
                return status;
        }
    }
    return STATUS_OK;
}

static struct asking asking_for(struct sqlite_reader *reader, enum block_table table,
                                const struct store_scope *scope)
{
    static const enum reader_statement statements[][2] = {
        [BLOCK_TOTALS] = {READ_TOTALS, READ_TOTALS_OF_LISTING},
        [BLOCK_CELLS] = {READ_CELLS, READ_CELLS_OF_LISTING},
    };
    return (struct asking){.reader = reader,
                           .table = table,
                           .scope = scope,
                           .statement =
                               reader->statements[statements[table][scope->listing_count > 0]]};
}

/* Totals are asked for month by month. */
static enum status ask_for_months(const struct asking *asking, struct error *err)
{
    const struct store_scope *scope = asking->scope;
    if (scope->last_day < scope->first_day)
        return STATUS_OK;
    return ask(asking, month_of_day(scope->first_day), month_of_day(scope->last_day), err);
}

enum status sqlite_reader_totals(struct store_reader *base, const struct store_scope *scope,
                                 store_rows_fn *each, void *context, struct error *err)
{
    struct asking asking = asking_for(of(base), BLOCK_TOTALS, scope);
    asking.each = each;
    asking.context = context;
    return ask_for_months(&asking, err);
}

enum status sqlite_reader_cells(struct store_reader *base, const struct store_scope *scope,
                                store_rows_fn *each, void *context, struct error *err)
{
    struct asking asking = asking_for(of(base), BLOCK_CELLS, scope);
    asking.each = each;
    asking.context = context;
    return ask(&asking, scope->first_day, scope->last_day, err);
}

enum status sqlite_reader_sums(struct store_reader *base, const struct store_scope *scope,
                               store_sums_fn *each, void *context, struct error *err)
{
    struct asking asking = asking_for(of(base), BLOCK_TOTALS, scope);
    asking.by_sums = true;
    asking.each_sum = each;
    asking.context = context;
    return ask_for_months(&asking, err);
}

static int64_t limit_of(size_t limit)
{
    return limit > INT64_MAX ? INT64_MAX : (int64_t)limit;
}

static enum status hand_over_inquiry(const struct store_inquiry_query *query,
                                     sqlite3_stmt *statement, store_inquiry_fn *each, void *context,
                                     struct error *err)
{
    struct inquiry inquiry = {
        .user_id = query->user_id,
        .listing_id = column_text(statement, 0),
        .time_ms = sqlite3_column_int64(statement, 1),
        .key = column_text(statement, 2),
        .received_ms = sqlite3_column_int64(statement, 3),
        .source = column_text(statement, 5),
        .content = column_text(statement, 6),
    };
    struct text platform = column_text(statement, 4);
    if (platform.at != NULL) {
        enum status status = platform_intern(platform, &inquiry.platform, err);
        if (status != STATUS_OK)
            return status;
    }
    return each(context, &inquiry, err);
}

enum status sqlite_reader_inquiries(struct store_reader *base,
                                    const struct store_inquiry_query *query, store_inquiry_fn *each,
                                    void *context, struct error *err)
{
    static const char *const doing = "inquiries";
    struct sqlite_reader *reader = of(base);
    bool all = query->listing_id.at == NULL;
    sqlite3_stmt *statement = reader->statements[all ? READ_INQUIRIES : READ_INQUIRIES_OF_LISTING];

    /* one upper bound for both: nothing is less than (to_ms, "", "") but what is before to_ms */
    int64_t behind_ms = query->to_ms;
    struct text behind_key = text_of("");
    struct text behind_listing = text_of("");
    if (query->resume && query->behind_ms < query->to_ms) {
        behind_ms = query->behind_ms;
        behind_key = query->behind_key;
        behind_listing = query->behind_listing_id;
    }
    if (!bind_text(statement, 1, query->user_id) || !bind_number(statement, 2, query->from_ms) ||
        !bind_number(statement, 3, behind_ms) || !bind_text(statement, 4, behind_key) ||
        !bind_text(statement, 5, behind_listing) ||
        !bind_number(statement, 6, limit_of(query->limit)) ||
        (!all && !bind_text(statement, 7, query->listing_id)))
        return cannot_read(reader, doing, err);

    enum status status = STATUS_OK;
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        status = hand_over_inquiry(query, statement, each, context, err);
        if (status != STATUS_OK)
            goto cleanup;
    }
    if (code != SQLITE_DONE)
        status = cannot_read(reader, doing, err);

cleanup:
    sqlite3_reset(statement);
    return status;
}

static enum status hand_over_listing(sqlite3_stmt *statement, store_listing_fn *each, void *context,
                                     struct error *err)
{
    struct listing_details details = {
        .address = column_text(statement, 1),
        .has_price = sqlite3_column_type(statement, 2) != SQLITE_NULL,
        .price = sqlite3_column_double(statement, 2),
        .currency = column_text(statement, 3),
        .image = column_text(statement, 4),
        .status = column_text(statement, 5),
        .updated_ms = sqlite3_column_int64(statement, 6),
    };
    return each(context, column_text(statement, 0), &details, err);
}

enum status sqlite_reader_listings(struct store_reader *base,
                                   const struct store_listing_query *query, store_listing_fn *each,
                                   void *context, struct error *err)
{
    static const char *const doing = "listings";
    struct sqlite_reader *reader = of(base);
    bool all = query->listing_id.at == NULL;
    sqlite3_stmt *statement = reader->statements[all ? READ_LISTINGS : READ_LISTING];
    struct text behind = query->behind.at == NULL ? text_of("") : query->behind;
    if (!bind_text(statement, 1, query->user_id) || !bind_text(statement, 3, behind) ||
        !bind_number(statement, 4, limit_of(query->limit)) ||
        (!all && !bind_text(statement, 2, query->listing_id)))
        return cannot_read(reader, doing, err);

    enum status status = STATUS_OK;
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        status = hand_over_listing(statement, each, context, err);
        if (status != STATUS_OK)
            goto cleanup;
    }
    if (code != SQLITE_DONE)
        status = cannot_read(reader, doing, err);

cleanup:
    sqlite3_reset(statement);
    return status;
}
