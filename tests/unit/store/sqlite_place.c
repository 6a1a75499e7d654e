/*
 * sqlite_place.c - SQLite stores in folders of their own.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "sqlite_place.h"

#include <string.h>

const uint8_t sqlite_journal_id[STORE_JOURNAL_ID_BYTES] = "a test's journa";
const int32_t a_day = 20151;

static void *place_new(void)
{
    return unit_temp_dir();
}

static void place_free(void *place)
{
    unit_remove(place);
}

enum status open_in(void *place, const uint8_t id[STORE_JOURNAL_ID_BYTES], struct store **out,
                    struct error *err)
{
    char path[FILE_PATH_BYTES];
    snprintf(path, sizeof path, "%s/footfall.db", (const char *)place);
    const struct sqlite_store_options options = {.path = path, .journal_id = id};
    return sqlite_store_open(&options, out, err);
}

struct store *must_open(char *dir)
{
    struct store *store = NULL;
    struct error err = {0};
    ASSERT_OK(open_in(dir, sqlite_journal_id, &store, &err), err);
    return store;
}

struct ledger new_ledger(void)
{
    struct ledger ledger = {0};
    memcpy(ledger.journal_id, sqlite_journal_id, sizeof sqlite_journal_id);
    return ledger;
}

void tamper(const char *dir, const char *sql)
{
    char path[FILE_PATH_BYTES];
    snprintf(path, sizeof path, "%s/footfall.db", dir);
    sqlite3 *db = NULL;
    char *why = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) {
        print_error("%s: %s\n", sql, why);
        UNIT_FAIL();
    }
    sqlite3_close(db);
}

uint64_t views_of(struct store_reader *reader, const char *user, const char *listing)
{
    struct error err = {0};
    struct text id = listing == NULL ? (struct text){0} : text_of(listing);
    const struct store_scope scope = {.user_id = text_of(user),
                                      .listing_ids = &id,
                                      .listing_count = listing != NULL,
                                      .first_day = a_day - 30,
                                      .last_day = a_day + 30};
    struct count_table table = {0};
    uint64_t views = 0;
    ASSERT_OK(store_reader_totals(reader, &scope, count_table_add, &table, &err), err);
    for (size_t i = 0; i < table.count; i++)
        if (table.at[i].source.at == NULL)
            views += table.at[i].counts.of[EVENT_VIEW];
    count_table_done(&table);
    return views;
}

void expect_views(struct store *store, uint64_t batch, uint64_t views)
{
    struct error err = {0};
    struct store_reader *reader = NULL;
    struct store_position position = {0};
    ASSERT_OK(store_reader_open(store, &reader, &err), err);
    ASSERT_OK(store_reader_begin(reader, &position, &err), err);
    assert_int_equal(position.batch, batch);
    assert_int_equal(views_of(reader, "ann", NULL), views);
    store_reader_end(reader);
    store_reader_close(reader);
}

const struct store_kind sqlite_kind = {.name = "sqlite",
                                       .counts_own_bytes = true,
                                       .place_new = place_new,
                                       .place_free = place_free,
                                       .open = open_in};
