/*
 * connection.c - one SQLite connection as the store wants it.
 *
 * Durability: synchronous=FULL syncs the write-ahead log at every commit, so a batch that
 * store_apply() called done survives a power cut. Automatic checkpoints are off: they would run
 * inside a commit; store_maintain() runs them between batches.
 *
 * Each connection is used by one thread at a time, so SQLite's own lock on it is left out
 * (NOMUTEX). Nothing that is configured here is global to the process: a program that embeds
 * Footfall may use SQLite for itself.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/connection.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The log file shrinks to this when it starts over. */
static const char *const pragmas = "PRAGMA synchronous = FULL;"
                                   "PRAGMA wal_autocheckpoint = 0;"
                                   "PRAGMA journal_size_limit = 67108864;"
                                   "PRAGMA temp_store = MEMORY;"
                                   "PRAGMA trusted_schema = OFF;"
                                   "PRAGMA secure_delete = FAST;";

static enum status status_of(int code, int system_errno)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return STATUS_DISK_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return STATUS_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return STATUS_CORRUPT;
    case SQLITE_NOMEM:
        return STATUS_NO_MEMORY;
    case SQLITE_IOERR:
        if (code == SQLITE_IOERR_NOMEM)
            return STATUS_NO_MEMORY;
        /* the log's index, and quotas, meet a full disk on roads that SQLite calls errors */
        return system_errno == ENOSPC || system_errno == EDQUOT ? STATUS_DISK_FULL : STATUS_IO;
    case SQLITE_CANTOPEN:
        return system_errno == EMFILE || system_errno == ENFILE ? STATUS_NO_MEMORY : STATUS_IO;
    default:
        return STATUS_IO;
    }
}

enum status connection_failed(struct connection *connection, const char *doing, struct error *err)
{
    if (connection->db == NULL)
        return fail(err, STATUS_NO_MEMORY, "store %s: %s: no memory", connection->path, doing);
    int code = sqlite3_extended_errcode(connection->db);
    int system_errno = sqlite3_system_errno(connection->db);
    bool system_knows = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
    system_knows = system_knows && system_errno != 0;
    return fail(err, status_of(code, system_knows ? system_errno : 0),
                "store %s: %s: %s (SQLite error %d%s%s)", connection->path, doing,
                sqlite3_errmsg(connection->db), code, system_knows ? ", " : "",
                system_knows ? strerror(system_errno) : "");
}

enum status connection_open(struct connection *connection, const char *path, struct error *err)
{
    *connection = (struct connection){.path = path};
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
    enum status status = STATUS_OK;
    if (sqlite3_open_v2(path, &connection->db, flags, NULL) != SQLITE_OK) {
        status = connection_failed(connection, "it cannot be opened", err);
        goto cleanup;
    }
    /* SQLite falls back to reading when it may not write */
    if (sqlite3_db_readonly(connection->db, "main") != 0) {
        status = fail(err, STATUS_IO,
                      "store %s: it may only be read; it must belong to the user who runs footfall",
                      path);
        goto cleanup;
    }
    sqlite3_busy_timeout(connection->db, CONNECTION_BUSY_MS);
    if (sqlite3_db_config(connection->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL) !=
            SQLITE_OK ||
        sqlite3_db_config(connection->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK)
        status = connection_failed(connection, "it cannot be configured", err);

cleanup:
    if (status != STATUS_OK)
        connection_close(connection);
    return status;
}

void connection_close(struct connection *connection)
{
    /* every statement is finalized by now, so this cannot be refused */
    sqlite3_close(connection->db);
    connection->db = NULL;
}

enum status connection_distrust(struct connection *connection, struct error *err)
{
    sqlite3 *db = connection->db;
    if (sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL) != SQLITE_OK ||
        sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
        sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) != SQLITE_OK)
        return connection_failed(connection, "it cannot be configured", err);
    return STATUS_OK;
}

enum status connection_configure(struct connection *connection, uint64_t cache_bytes,
                                 bool query_only, struct error *err)
{
    enum status status = connection_run(connection, pragmas, "it cannot be configured", err);
    if (status != STATUS_OK)
        return status;
    char sql[96];
    uint64_t cache_kib = cache_bytes / 1024;
    if (cache_kib > INT32_MAX)
        cache_kib = INT32_MAX;
    snprintf(sql, sizeof sql, "PRAGMA cache_size = -%d; PRAGMA query_only = %d;", (int)cache_kib,
             query_only);
    return connection_run(connection, sql, "it cannot be configured", err);
}

enum status connection_run(struct connection *connection, const char *sql, const char *doing,
                           struct error *err)
{
    if (sqlite3_exec(connection->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return connection_failed(connection, doing, err);
    return STATUS_OK;
}

enum status connection_number(struct connection *connection, const char *sql, int64_t *out,
                              struct error *err)
{
    sqlite3_stmt *statement = NULL;
    enum status status = STATUS_OK;
    if (sqlite3_prepare_v2(connection->db, sql, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        status = connection_failed(connection, "it cannot be read", err);
    else
        *out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

enum status connection_prepare(struct connection *connection, const char *const *sql,
                               sqlite3_stmt **statements, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (sqlite3_prepare_v3(connection->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &statements[i], NULL) != SQLITE_OK)
            return connection_failed(connection, "its tables are not as they should be", err);
    }
    return STATUS_OK;
}

void connection_finalize(sqlite3_stmt **statements, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sqlite3_finalize(statements[i]);
        statements[i] = NULL;
    }
}
