/*
 * sql_session.h - questions in SQL to a store, beside whoever uses it: to read, and to read only.
 *
 * Beside the tables of sql_tables.h there are inquiries and listings, views on the store's own with
 * the same names of columns. Nothing can be written, attached, made or set: the file is opened
 * to be read, and an authorizer lets SELECT and EXPLAIN through and nothing else.
 *
 * Each statement sees one state of the store, whole batches; while it runs the server's log cannot
 * start over, so it has a time limit.
 *
 * For a process of its own: SQLite's memory is limited for all of the process.
 *
 * Threads: a session belongs to one thread.
 */
#ifndef FOOTFALL_STORE_SQLITE_SQL_SESSION_H
#define FOOTFALL_STORE_SQLITE_SQL_SESSION_H

#include "base/text.h"
#include "store/sqlite/state.h"

struct sql_session; /* made by sql_session_open(), freed by sql_session_close() */

/*
 * Statuses as sqlite_store_copy(). time_ms: the limit of a statement; 0: none. is_unused: nobody
 * writes the file while the session lasts; then nothing is left beside it. Otherwise SQLite leaves
 * a log and its index.
 */
MUST_USE enum status sql_session_open(const char *path, bool is_unused, uint64_t time_ms,
                                      struct sql_session **out, struct error *err);
void sql_session_close(struct sql_session *session); /* accepts NULL */

/* How far the store is now. */
MUST_USE enum status sql_session_state(struct sql_session *session, struct sqlite_store_state *out,
                                       struct error *err);
/* Blocks decoded so far. */
uint64_t sql_session_blocks(const struct sql_session *session);

/* Lets a running statement end soon; for signal handlers and other threads. */
void sql_session_interrupt(struct sql_session *session);

enum sql_type { SQL_NULL, SQL_INTEGER, SQL_REAL, SQL_TEXT, SQL_BLOB };

struct sql_value {
    enum sql_type type;
    int64_t integer;
    double real;
    struct text text; /* of SQL_TEXT and SQL_BLOB */
};

/* Anything but STATUS_OK ends the statement with that status. Names and values are valid during
 * the call. columns comes once a statement, before its rows; row gets as many values. */
struct sql_visitor {
    enum status (*columns)(void *context, const char *const *names, size_t count,
                           struct error *err);
    enum status (*row)(void *context, const struct sql_value *values, size_t count,
                       struct error *err);
    void *context;
};

enum { SQL_COLUMNS_MAX = 100, SQL_STATEMENT_BYTES_MAX = 1024 * 1024 };

/*
 * Runs the first statement of sql; *rest is what follows it, empty at the end. Blank text and
 * comments do nothing.
 *   STATUS_INVALID      not SQL, or not a question, or too long
 *   STATUS_OVERLOADED   the time limit, or the memory's
 *   STATUS_STOPPED      interrupted
 *   STATUS_CORRUPT, STATUS_BUSY, STATUS_IO, STATUS_NO_MEMORY
 */
MUST_USE enum status sql_session_run(struct sql_session *session, struct text sql,
                                     const struct sql_visitor *visitor, struct text *rest,
                                     struct error *err);

/* Whether the text ends with a whole statement, as for reading from a terminal. NUL-ended. */
bool sql_is_complete(const char *sql);

#endif
