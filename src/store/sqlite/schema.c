/*
 * schema.c - the tables of the store's file.
 *
 * A file is ours by its application_id; user_version is the version of its tables. Both are set
 * in the transaction that makes the tables, so a file is either empty or whole. A file that was
 * touched and left empty, by a crash before that transaction, is taken for new.
 *
 * Why the keys are as they are: a rollup hands its months over ordered by (user, month, listing),
 * so folding a batch walks totals forward, and all listings of a user over a month lie together.
 * Cells are clustered by day: nearly all that is recorded belongs to today, so a batch rewrites
 * the few pages of today instead of one page a listing. The price, one lookup a day for a
 * listing's cells, and the numbers: docs/decisions/0002-store-blocks-and-page-size.md.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/schema.h"

#include <inttypes.h>
#include <stdio.h>

#include "store/store.h"

static const char *const tables =
    "CREATE TABLE state ("
    " one INTEGER PRIMARY KEY CHECK (one = 1),"
    " journal_id BLOB NOT NULL,"
    " batch INTEGER NOT NULL,"
    " seq INTEGER NOT NULL) STRICT;"

    "CREATE TABLE totals ("
    " user TEXT NOT NULL,"
    " month INTEGER NOT NULL,"
    " listing TEXT NOT NULL,"
    " block BLOB NOT NULL,"
    " PRIMARY KEY (user, month, listing)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE cells ("
    " user TEXT NOT NULL,"
    " day INTEGER NOT NULL,"
    " listing TEXT NOT NULL,"
    " block BLOB NOT NULL,"
    " PRIMARY KEY (user, day, listing)) STRICT, WITHOUT ROWID;"

    /* up to 8 KiB each: they stand in the order they come, and the indexes bear the orders */
    "CREATE TABLE inquiries ("
    " user TEXT NOT NULL,"
    " listing TEXT NOT NULL,"
    " time_ms INTEGER NOT NULL,"
    " key TEXT NOT NULL,"
    " received_ms INTEGER NOT NULL,"
    " platform TEXT,"
    " source TEXT,"
    " content TEXT) STRICT;"
    "CREATE UNIQUE INDEX inquiries_by_time ON inquiries (user, time_ms, key, listing);"
    "CREATE INDEX inquiries_by_listing ON inquiries (user, listing, time_ms, key);"

    "CREATE TABLE listings ("
    " user TEXT NOT NULL,"
    " listing TEXT NOT NULL,"
    " address TEXT,"
    " price REAL,"
    " currency TEXT,"
    " image TEXT,"
    " status TEXT,"
    " updated_ms INTEGER NOT NULL,"
    " PRIMARY KEY (user, listing)) STRICT, WITHOUT ROWID;";

struct identity {
    int64_t application_id;
    int64_t version;
    int64_t table_count;
};

static enum status read_identity(struct connection *connection, struct identity *out,
                                 struct error *err)
{
    enum status status =
        connection_number(connection, "SELECT count(*) FROM sqlite_schema", &out->table_count, err);
    if (status == STATUS_OK)
        status = connection_number(connection, "PRAGMA application_id", &out->application_id, err);
    if (status == STATUS_OK)
        status = connection_number(connection, "PRAGMA user_version", &out->version, err);
    if (status == STATUS_CORRUPT && sqlite3_errcode(connection->db) == SQLITE_NOTADB)
        return fail(err, STATUS_CORRUPT,
                    "store %s: it is not a footfall store, or its first bytes are damaged",
                    connection->path);
    return status;
}

static bool is_empty(const struct identity *identity)
{
    return identity->table_count == 0 && identity->application_id == 0 && identity->version == 0;
}

static enum status check_identity(struct connection *connection, const struct identity *identity,
                                  struct error *err)
{
    if (identity->application_id != SCHEMA_APPLICATION_ID || identity->version < 1)
        return fail(err, STATUS_CORRUPT,
                    "store %s: it is a database, but not a footfall store (application_id "
                    "%" PRId64 ", user_version %" PRId64 ")",
                    connection->path, identity->application_id, identity->version);
    if (identity->version > SCHEMA_VERSION)
        return fail(err, STATUS_INVALID,
                    "store %s: it was written by a newer footfall (store version %" PRId64
                    "; this one knows up to %d): start that one",
                    connection->path, identity->version, SCHEMA_VERSION);
    return STATUS_OK;
}

/* The answer comes before the change is written: only the last step knows whether it was. */
static enum status use_wal(struct connection *connection, struct error *err)
{
    static const char *const doing = "it cannot be put into WAL mode";
    sqlite3_stmt *statement = NULL;
    enum status status = STATUS_OK;
    if (sqlite3_prepare_v2(connection->db, "PRAGMA journal_mode = WAL", -1, &statement, NULL) !=
            SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        status = connection_failed(connection, doing, err);
        goto cleanup;
    }
    if (!text_is(column_text(statement, 0), "wal")) {
        status = fail(err, STATUS_IO,
                      "store %s: this file system cannot hold it (no shared memory for SQLite's "
                      "WAL mode); use a local disk",
                      connection->path);
        goto cleanup;
    }
    if (sqlite3_step(statement) != SQLITE_DONE)
        status = connection_failed(connection, doing, err);

cleanup:
    sqlite3_finalize(statement);
    return status;
}

static enum status make_tables(struct connection *connection, const uint8_t *journal_id,
                               struct error *err)
{
    static const char *const doing = "its tables cannot be made";
    enum status status = connection_run(connection, "BEGIN IMMEDIATE", doing, err);
    if (status != STATUS_OK)
        return status;

    sqlite3_stmt *statement = NULL;
    struct identity identity;
    char sql[96];
    status = read_identity(connection, &identity, err);
    if (status != STATUS_OK)
        goto cleanup;
    if (!is_empty(&identity)) {
        /* another process was faster; whoever it was, look again from the start */
        status = fail(err, STATUS_BUSY, "store %s: another process is making it", connection->path);
        goto cleanup;
    }
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
             SCHEMA_APPLICATION_ID, SCHEMA_VERSION);
    status = connection_run(connection, tables, doing, err);
    if (status == STATUS_OK)
        status = connection_run(connection, sql, doing, err);
    if (status != STATUS_OK)
        goto cleanup;
    if (sqlite3_prepare_v2(connection->db, "INSERT INTO state VALUES (1, ?1, 0, 0)", -1, &statement,
                           NULL) != SQLITE_OK ||
        !bind_blob(statement, 1, journal_id, STORE_JOURNAL_ID_BYTES) ||
        sqlite3_step(statement) != SQLITE_DONE) {
        status = connection_failed(connection, doing, err);
        goto cleanup;
    }
    sqlite3_finalize(statement);
    statement = NULL;
    status = connection_run(connection, "COMMIT", doing, err);

cleanup:
    sqlite3_finalize(statement);
    if (status != STATUS_OK && !sqlite3_get_autocommit(connection->db))
        sqlite3_exec(connection->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static void journal_id_words(const uint8_t *id, char out[2 * STORE_JOURNAL_ID_BYTES + 1])
{
    for (int i = 0; i < STORE_JOURNAL_ID_BYTES; i++)
        snprintf(out + 2 * i, 3, "%02x", id[i]);
}

static enum status check_journal(struct connection *connection, const uint8_t *journal_id,
                                 struct error *err)
{
    sqlite3_stmt *statement = NULL;
    enum status status = STATUS_OK;
    if (sqlite3_prepare_v2(connection->db, "SELECT journal_id FROM state WHERE one = 1", -1,
                           &statement, NULL) != SQLITE_OK) {
        status = connection_failed(connection, "its tables are not as they should be", err);
        goto cleanup;
    }
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        status = connection_failed(connection, "it cannot be read", err);
        goto cleanup;
    }
    struct text stored = code == SQLITE_ROW ? column_blob(statement, 0) : (struct text){0};
    if (stored.len != STORE_JOURNAL_ID_BYTES) {
        status = fail(err, STATUS_CORRUPT, "store %s: it does not say which journal it follows",
                      connection->path);
        goto cleanup;
    }
    if (memcmp(stored.at, journal_id, STORE_JOURNAL_ID_BYTES) != 0) {
        char has[2 * STORE_JOURNAL_ID_BYTES + 1];
        char wanted[2 * STORE_JOURNAL_ID_BYTES + 1];
        journal_id_words((const uint8_t *)stored.at, has);
        journal_id_words(journal_id, wanted);
        status = fail(err, STATUS_FOREIGN,
                      "store %s: it follows journal %s, but the journal here is %s; put journal "
                      "and store of one data folder back together",
                      connection->path, has, wanted);
    }

cleanup:
    sqlite3_finalize(statement);
    return status;
}

enum status schema_open(struct connection *connection, const uint8_t *journal_id,
                        uint32_t page_bytes, struct error *err)
{
    if (page_bytes == 0)
        page_bytes = SCHEMA_PAGE_BYTES_DEFAULT;
    if (page_bytes < 512 || page_bytes > 65536 || (page_bytes & (page_bytes - 1)) != 0)
        return fail(err, STATUS_INVALID,
                    "store %s: a page has 512 to 65536 bytes, a power of two, not %" PRIu32,
                    connection->path, page_bytes);

    struct identity identity;
    enum status status = read_identity(connection, &identity, err);
    if (status != STATUS_OK)
        return status;
    bool empty = is_empty(&identity);
    if (!empty) {
        status = check_identity(connection, &identity, err);
    } else {
        char sql[48];
        snprintf(sql, sizeof sql, "PRAGMA page_size = %" PRIu32, page_bytes);
        status = connection_run(connection, sql, "its page size cannot be set", err);
    }
    if (status == STATUS_OK)
        status = use_wal(connection, err);
    if (status == STATUS_OK && empty)
        status = make_tables(connection, journal_id, err);
    if (status == STATUS_OK)
        status = check_journal(connection, journal_id, err);
    return status;
}
