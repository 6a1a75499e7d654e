/*
 * walk.c - three statements, one behind the other, each from a key on.
 *
 * They stay open between calls, so a walk reads each page once. What SQLite and the decoder hand
 * out points into the page, or the block, at hand.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/walk.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/files.h"
#include "model/calendar.h"
#include "model/cell_block.h"
#include "model/platform.h"
#include "store/sqlite/batch.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/state.h"

/* ?1 user, ?2 number, ?3 key, ?4 listing: what to go on behind; without one, before everything,
 * for no user is empty. */
static const char *const walk_sql[WALK_END] = {
    [WALK_CELLS] = "SELECT user, day, NULL, listing, block FROM cells"
                   " WHERE (user, day, listing) > (?1, ?2, ?4) AND ?3 IS NOT NULL"
                   " ORDER BY user, day, listing",
    [WALK_INQUIRY] = "SELECT user, time_ms, key, listing, received_ms, platform, source, content"
                     " FROM inquiries INDEXED BY inquiries_by_time"
                     " WHERE (user, time_ms, key, listing) > (?1, ?2, ?3, ?4)"
                     " ORDER BY user, time_ms, key, listing",
    [WALK_LISTING] = "SELECT user, 0, NULL, listing, address, price, currency, image, status,"
                     " updated_ms FROM listings"
                     " WHERE (user, listing) > (?1, ?4) AND ?2 IS NOT NULL AND ?3 IS NOT NULL"
                     " ORDER BY user, listing",
};

struct sqlite_walk {
    char path[FILE_PATH_BYTES];
    struct connection connection;
    sqlite3_stmt *statements[WALK_END];
    struct arena texts;
    struct walk_place behind; /* its texts in the arena */
    enum walk_kind at;
    bool is_bound; /* the statement of `at` is under way */
    struct count_rows rows;
};

static enum status failed(struct sqlite_walk *walk, struct error *err)
{
    return connection_failed(&walk->connection, "it cannot be read", err);
}

enum status sqlite_walk_open(const char *path, const struct walk_place *behind,
                             struct sqlite_walk **out, struct error *err)
{
    enum status status = STATUS_OK;
    struct sqlite_store_state state;
    size_t path_len = strlen(path);
    struct sqlite_walk *walk = calloc(1, sizeof *walk);
    if (walk == NULL) {
        status = fail(err, STATUS_NO_MEMORY, "store %s: no memory to walk over it", path);
        goto cleanup;
    }
    if (path_len >= sizeof walk->path) {
        status = fail(err, STATUS_INVALID, "store %s: its name is too long", path);
        goto cleanup;
    }
    memcpy(walk->path, path, path_len + 1);
    status = sqlite_store_open_unused(&walk->connection, walk->path, err);
    if (status == STATUS_OK)
        status = sqlite_store_state_of(&walk->connection, &state, err);
    if (status == STATUS_OK)
        status = connection_prepare(&walk->connection, walk_sql, walk->statements, WALK_END, err);
    if (status != STATUS_OK)
        goto cleanup;

    walk->at = behind->kind;
    walk->behind = *behind;
    struct text *const texts[] = {&walk->behind.user_id, &walk->behind.key,
                                  &walk->behind.listing_id};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct text copy = arena_copy(&walk->texts, *texts[i]);
        if (copy.at == NULL && texts[i]->at != NULL) {
            status = fail(err, STATUS_NO_MEMORY, "store %s: no memory to walk over it", path);
            goto cleanup;
        }
        *texts[i] = copy;
    }
    *out = walk; /* now the caller's */
    walk = NULL;

cleanup:
    sqlite_walk_close(walk);
    return status;
}

/* Starts the statement of the kind at hand. */
static bool bind(struct sqlite_walk *walk)
{
    static const struct walk_place first = {0};
    bool from_behind = walk->behind.is_set && walk->behind.kind == walk->at;
    const struct walk_place *behind = from_behind ? &walk->behind : &first;
    sqlite3_stmt *statement = walk->statements[walk->at];
    const struct text none = text_of("");
    walk->is_bound = true;
    return bind_text(statement, 1, behind->user_id.at == NULL ? none : behind->user_id) &&
           bind_number(statement, 2, behind->number) &&
           bind_text(statement, 3, behind->key.at == NULL ? none : behind->key) &&
           bind_text(statement, 4, behind->listing_id.at == NULL ? none : behind->listing_id);
}

static enum status read_cells(struct sqlite_walk *walk, struct walk_item *out, struct error *err)
{
    struct text block = column_blob(walk->statements[WALK_CELLS], 4);
    const struct walk_place *place = &out->place;
    struct error why = {0};
    enum status status;
    count_rows_clear(&walk->rows);
    if (place->number < CALENDAR_DAY_MIN || place->number > CALENDAR_DAY_MAX)
        status = fail(&why, STATUS_CORRUPT, "its day is none");
    else if (block.len == 0)
        status = block_missing(&why);
    else
        status = cell_block_decode(block, (int32_t)place->number, &walk->rows, &why);
    out->cells = &walk->rows;
    if (status == STATUS_CORRUPT)
        return block_corrupt(&walk->connection, BLOCK_CELLS, place->user_id, (int32_t)place->number,
                             place->listing_id, &why, err);
    return status == STATUS_OK ? STATUS_OK : fail(err, status, "%s", why.message);
}

static enum status read_inquiry(struct sqlite_walk *walk, struct walk_item *out, struct error *err)
{
    sqlite3_stmt *statement = walk->statements[WALK_INQUIRY];
    struct text platform = column_text(statement, 5);
    out->inquiry = (struct inquiry){.user_id = out->place.user_id,
                                    .listing_id = out->place.listing_id,
                                    .key = out->place.key,
                                    .time_ms = out->place.number,
                                    .received_ms = sqlite3_column_int64(statement, 4),
                                    .platform = PLATFORM_NONE,
                                    .source = column_text(statement, 6),
                                    .content = column_text(statement, 7)};
    return platform.at == NULL ? STATUS_OK : platform_intern(platform, &out->inquiry.platform, err);
}

static void read_listing(struct sqlite_walk *walk, struct walk_item *out)
{
    sqlite3_stmt *statement = walk->statements[WALK_LISTING];
    out->details = (struct listing_details){
        .address = column_text(statement, 4),
        .has_price = sqlite3_column_type(statement, 5) != SQLITE_NULL,
        .price = sqlite3_column_double(statement, 5),
        .currency = column_text(statement, 6),
        .image = column_text(statement, 7),
        .status = column_text(statement, 8),
        .updated_ms = sqlite3_column_int64(statement, 9),
    };
}

static enum status read_item(struct sqlite_walk *walk, struct walk_item *out, struct error *err)
{
    sqlite3_stmt *statement = walk->statements[walk->at];
    *out = (struct walk_item){.place = {.kind = walk->at,
                                        .is_set = true,
                                        .user_id = column_text(statement, 0),
                                        .number = sqlite3_column_int64(statement, 1),
                                        .key = column_text(statement, 2),
                                        .listing_id = column_text(statement, 3)}};
    if (walk->at == WALK_CELLS)
        return read_cells(walk, out, err);
    if (walk->at == WALK_INQUIRY)
        return read_inquiry(walk, out, err);
    read_listing(walk, out);
    return STATUS_OK;
}

enum status sqlite_walk_next(struct sqlite_walk *walk, struct walk_item *out, struct error *err)
{
    for (; walk->at != WALK_END; walk->at++, walk->is_bound = false) {
        sqlite3_stmt *statement = walk->statements[walk->at];
        if (!walk->is_bound && !bind(walk))
            return failed(walk, err);
        int code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
            return read_item(walk, out, err);
        if (code != SQLITE_DONE)
            return failed(walk, err);
        sqlite3_reset(statement);
    }
    *out = (struct walk_item){.place = {.kind = WALK_END}};
    return STATUS_OK;
}

enum status sqlite_walk_count(struct sqlite_walk *walk, uint64_t *out, struct error *err)
{
    static const char *const counts[] = {"SELECT count(*) FROM cells",
                                         "SELECT count(*) FROM inquiries",
                                         "SELECT count(*) FROM listings"};
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        int64_t count = 0;
        enum status status = connection_number(&walk->connection, counts[i], &count, err);
        if (status != STATUS_OK)
            return status;
        sum += (uint64_t)count;
    }
    *out = sum;
    return STATUS_OK;
}

void sqlite_walk_close(struct sqlite_walk *walk)
{
    if (walk == NULL)
        return;
    connection_finalize(walk->statements, WALK_END);
    connection_close(&walk->connection);
    count_rows_done(&walk->rows);
    arena_done(&walk->texts);
    free(walk);
}
