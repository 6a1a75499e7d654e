/*
 * connection.h - one SQLite connection as the store wants it, and SQLite's answers as ours.
 *
 * It knows no table: those are in schema.c. Text goes in and comes out with its length, so any
 * byte may stand in it.
 *
 * Threads: a connection, and the statements made on it, belong to one thread at a time.
 */
#ifndef FOOTFALL_STORE_SQLITE_CONNECTION_H
#define FOOTFALL_STORE_SQLITE_CONNECTION_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

/* How long a lock of another process, such as the sqlite3 shell, is waited for. */
enum { CONNECTION_BUSY_MS = 2000 };

struct connection {
    sqlite3 *db;
    const char *path; /* of the file, for the words; owned by the store */
};

/*
 * Opens the file, which must exist and not be a symbolic link, without looking at its tables.
 * A connection that is not opened, or failed to open, is {0} and may be closed.
 */
MUST_USE enum status connection_open(struct connection *connection, const char *path,
                                     struct error *err);
void connection_close(struct connection *connection);

/* Nothing that stands in the file can run or change anything: no extension is loaded, its schema
 * calls no function, and no statement reaches SQLite's own tables. */
MUST_USE enum status connection_distrust(struct connection *connection, struct error *err);

/*
 * Sets what holds for a connection and not for the file: durability, checkpoints by hand, cache.
 * The file must be known to be ours.
 */
MUST_USE enum status connection_configure(struct connection *connection, uint64_t cache_bytes,
                                          bool query_only, struct error *err);

/* Runs statements whose rows do not matter. doing is for the words: "store P: DOING: why". */
MUST_USE enum status connection_run(struct connection *connection, const char *sql,
                                    const char *doing, struct error *err);

/* The one integer that a statement answers. */
MUST_USE enum status connection_number(struct connection *connection, const char *sql, int64_t *out,
                                       struct error *err);

/* Prepares statements[i] from sql[i]; all are finalized again by connection_finalize(). */
MUST_USE enum status connection_prepare(struct connection *connection, const char *const *sql,
                                        sqlite3_stmt **statements, size_t count, struct error *err);
void connection_finalize(sqlite3_stmt **statements, size_t count);

/*
 * What SQLite's last call on this connection failed with: STATUS_DISK_FULL, STATUS_BUSY,
 * STATUS_CORRUPT, STATUS_NO_MEMORY or STATUS_IO, in words "store P: DOING: SQLite's reason".
 * Call it before any other call on the connection.
 */
enum status connection_failed(struct connection *connection, const char *doing, struct error *err);

/* false when it cannot be bound; connection_failed() knows why. Absent text is NULL. The text
 * must live until the statement is reset. Parameters count from 1, columns from 0. */
static inline bool bind_text(sqlite3_stmt *statement, int parameter, struct text text)
{
    return sqlite3_bind_text64(statement, parameter, text.at, text.len, SQLITE_STATIC,
                               SQLITE_UTF8) == SQLITE_OK;
}

static inline bool bind_blob(sqlite3_stmt *statement, int parameter, const void *at, size_t len)
{
    return sqlite3_bind_blob64(statement, parameter, at, len, SQLITE_STATIC) == SQLITE_OK;
}

static inline bool bind_number(sqlite3_stmt *statement, int parameter, int64_t number)
{
    return sqlite3_bind_int64(statement, parameter, number) == SQLITE_OK;
}

/* Valid until the statement moves on; NULL is absent text, and so is an empty blob. */
static inline struct text column_text(sqlite3_stmt *statement, int column)
{
    const char *at = (const char *)sqlite3_column_text(statement, column);
    return (struct text){at, at == NULL ? 0 : (size_t)sqlite3_column_bytes(statement, column)};
}

static inline struct text column_blob(sqlite3_stmt *statement, int column)
{
    const char *at = sqlite3_column_blob(statement, column);
    return (struct text){at, at == NULL ? 0 : (size_t)sqlite3_column_bytes(statement, column)};
}

#endif
