/*
 * state.c - which journal a store's file follows, and how far.
 *
 * Reading leaves no trace: SQLite's VFS without locks, and the log's index in memory, which
 * exclusive locking mode gives when it is set before the first read. Both are sound because the
 * journal's lock keeps servers away.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/state.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "store/sqlite/connection.h"
#include "store/sqlite/schema.h"

enum status sqlite_store_open_unused(struct connection *connection, const char *path,
                                     struct error *err)
{
    struct stat stat_buf;
    *connection = (struct connection){.path = path};
    if (lstat(path, &stat_buf) != 0)
        return errno == ENOENT ? fail(err, STATUS_NOT_FOUND, "there is no store %s", path)
                               : fail_errno(err, "cannot look at %s", path);
    int flags =
        SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(path, &connection->db, flags, "unix-none") != SQLITE_OK)
        return connection_failed(connection, "it cannot be opened", err);
    enum status status = connection_distrust(connection, err);
    return status == STATUS_OK ? connection_run(connection, "PRAGMA locking_mode = EXCLUSIVE",
                                                "it cannot be read", err)
                               : status;
}

static enum status check_kind(struct connection *connection, struct error *err)
{
    int64_t application_id = 0;
    int64_t version = 0;
    enum status status =
        connection_number(connection, "PRAGMA application_id", &application_id, err);
    if (status == STATUS_OK)
        status = connection_number(connection, "PRAGMA user_version", &version, err);
    if (status != STATUS_OK)
        return status;
    if (application_id != SCHEMA_APPLICATION_ID)
        return fail(err, STATUS_CORRUPT, "store %s: it is not a footfall store", connection->path);
    if (version > SCHEMA_VERSION)
        return fail(err, STATUS_INVALID, "store %s: it was written by a newer footfall",
                    connection->path);
    return STATUS_OK;
}

static enum status read_row(struct connection *connection, struct sqlite_store_state *out,
                            struct error *err)
{
    sqlite3_stmt *statement = NULL;
    enum status status = STATUS_OK;
    if (sqlite3_prepare_v2(connection->db, "SELECT journal_id, batch, seq FROM state WHERE one = 1",
                           -1, &statement, NULL) != SQLITE_OK) {
        status = connection_failed(connection, "its tables are not as they should be", err);
        goto cleanup;
    }
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        status = connection_failed(connection, "it cannot be read", err);
        goto cleanup;
    }
    struct text id = code == SQLITE_ROW ? column_blob(statement, 0) : (struct text){0};
    if (id.len != STORE_JOURNAL_ID_BYTES || sqlite3_column_int64(statement, 1) < 0 ||
        sqlite3_column_int64(statement, 2) < 0) {
        status = fail(err, STATUS_CORRUPT,
                      "store %s: it does not say which journal it follows, and how far",
                      connection->path);
        goto cleanup;
    }
    memcpy(out->journal_id, id.at, STORE_JOURNAL_ID_BYTES);
    out->position.batch = (uint64_t)sqlite3_column_int64(statement, 1);
    out->position.seq = (uint64_t)sqlite3_column_int64(statement, 2);

cleanup:
    sqlite3_finalize(statement);
    return status;
}

enum status sqlite_store_state_of(struct connection *connection, struct sqlite_store_state *out,
                                  struct error *err)
{
    enum status status = check_kind(connection, err);
    return status == STATUS_OK ? read_row(connection, out, err) : status;
}

enum status sqlite_store_read_state(const char *path, struct sqlite_store_state *out,
                                    struct error *err)
{
    struct connection connection;
    enum status status = sqlite_store_open_unused(&connection, path, err);
    if (status == STATUS_OK)
        status = sqlite_store_state_of(&connection, out, err);
    connection_close(&connection);
    return status;
}

enum status sqlite_store_write_state(const char *path, const struct sqlite_store_state *state,
                                     struct error *err)
{
    static const char *const doing = "it cannot be made to follow another journal";
    struct connection connection;
    sqlite3_stmt *statement = NULL;

    enum status status = connection_open(&connection, path, err);
    if (status != STATUS_OK)
        return status;
    status = check_kind(&connection, err);
    if (status == STATUS_OK)
        status = connection_configure(&connection, 0, false, err);
    if (status != STATUS_OK)
        goto cleanup;
    if (sqlite3_prepare_v2(connection.db,
                           "UPDATE state SET journal_id = ?1, batch = ?2, seq = ?3 WHERE one = 1",
                           -1, &statement, NULL) != SQLITE_OK ||
        !bind_blob(statement, 1, state->journal_id, STORE_JOURNAL_ID_BYTES) ||
        !bind_number(statement, 2, (int64_t)state->position.batch) ||
        !bind_number(statement, 3, (int64_t)state->position.seq) ||
        sqlite3_step(statement) != SQLITE_DONE) {
        status = connection_failed(&connection, doing, err);
        goto cleanup;
    }
    if (sqlite3_changes(connection.db) != 1)
        status = fail(err, STATUS_CORRUPT, "store %s: %s", path, doing);

cleanup:
    sqlite3_finalize(statement);
    connection_close(&connection);
    return status;
}
