/*
 * sql_session.c - questions in SQL to a store.
 *
 * Four locks on one door, of which each would do: the file is opened read-only; query_only refuses
 * changes, temporary tables included; DEFENSIVE keeps PRAGMAs from the schema; and the authorizer,
 * which sees each statement while it is compiled, knows only what reading needs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/sql_session.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/files.h"
#include "store/sqlite/copy.h"
#include "store/sqlite/sql_tables.h"

enum { OPS_A_LOOK = 10000, VALUE_BYTES_MAX = 16 * 1024 * 1024 };
static const int64_t memory_bytes_max = (int64_t)512 * 1024 * 1024;

struct sql_session {
    struct connection connection;
    struct sql_tables tables;
    char path[FILE_PATH_BYTES];
    uint64_t time_ns;
    uint64_t until_ns; /* of the statement that runs; 0: no limit */
    bool timed_out;
    _Atomic bool interrupted;
};

static const char views[] =
    "CREATE TEMP VIEW inquiries AS SELECT user AS user_id, listing AS listing_id,"
    " date(time_ms / 1000, 'unixepoch') AS date, time_ms AS timestamp, received_ms AS received_at,"
    " key AS id, platform, source, content AS inquiry FROM main.inquiries;"
    "CREATE TEMP VIEW listings AS SELECT user AS user_id, listing AS listing_id, address, price,"
    " currency, image, status, updated_ms AS updated_at FROM main.listings;"
    "PRAGMA query_only = 1;";

static bool is_harmless_pragma(const char *name)
{
    static const char *const names[] = {"table_info", "table_xinfo", "table_list"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (name != NULL && sqlite3_stricmp(name, names[i]) == 0)
            return true;
    return false;
}

static int authorize(void *context, int action, const char *first, const char *second,
                     const char *database, const char *view)
{
    const struct sql_session *session = context;
    (void)database;
    (void)view;
    if (session->tables.declaring)
        return SQLITE_OK;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION: /* the name comes second */
        return second != NULL && sqlite3_stricmp(second, "load_extension") == 0 ? SQLITE_DENY
                                                                                : SQLITE_OK;
    case SQLITE_PRAGMA:
        return is_harmless_pragma(first) ? SQLITE_OK : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

/* Not 0 ends the statement. */
static int look_up(void *context)
{
    struct sql_session *session = context;
    if (atomic_load(&session->interrupted))
        return 1;
    session->timed_out = session->until_ns != 0 && monotonic_ns() >= session->until_ns;
    return session->timed_out;
}

enum status sql_session_open(const char *path, bool is_unused, uint64_t time_ms,
                             struct sql_session **out, struct error *err)
{
    struct sqlite_store_state state;
    struct sql_session *session = calloc(1, sizeof *session);
    if (session == NULL)
        return fail(err, STATUS_NO_MEMORY, "store %s: no memory", path);
    session->time_ns = time_ms * ns_per_ms;
    struct connection *connection = &session->connection;
    enum status status = sqlite_store_open_beside(connection, path, is_unused, session->path, err);
    if (status == STATUS_OK)
        status = sqlite_store_state_of(connection, &state, err);
    if (status == STATUS_OK)
        status = sql_tables_register(&session->tables, connection, err);
    if (status == STATUS_OK)
        status = connection_run(connection, views, "its tables cannot be shown", err);
    if (status != STATUS_OK)
        goto cleanup;
    sqlite3_limit(connection->db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(connection->db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
    sqlite3_limit(connection->db, SQLITE_LIMIT_SQL_LENGTH, SQL_STATEMENT_BYTES_MAX);
    sqlite3_limit(connection->db, SQLITE_LIMIT_COLUMN, SQL_COLUMNS_MAX);
    (void)sqlite3_hard_heap_limit64(memory_bytes_max);
    if (sqlite3_set_authorizer(connection->db, authorize, session) != SQLITE_OK) {
        status = connection_failed(connection, "it cannot be configured", err);
        goto cleanup;
    }
    sqlite3_progress_handler(connection->db, OPS_A_LOOK, look_up, session);
    *out = session;
    session = NULL;

cleanup:
    sql_session_close(session);
    return status;
}

void sql_session_close(struct sql_session *session)
{
    if (session == NULL)
        return;
    connection_close(&session->connection);
    free(session);
}

enum status sql_session_state(struct sql_session *session, struct sqlite_store_state *out,
                              struct error *err)
{
    sqlite3 *db = session->connection.db;
    sqlite3_set_authorizer(db, NULL, NULL); /* two pragmas of our own */
    enum status status = sqlite_store_state_of(&session->connection, out, err);
    sqlite3_set_authorizer(db, authorize, session);
    return status;
}

uint64_t sql_session_blocks(const struct sql_session *session)
{
    return session->tables.blocks;
}

void sql_session_interrupt(struct sql_session *session)
{
    atomic_store(&session->interrupted, true);
}

static enum status explain(struct sql_session *session, struct error *err)
{
    sqlite3 *db = session->connection.db;
    switch (sqlite3_errcode(db) & 0xff) {
    case SQLITE_AUTH:
        return fail_input(err, "read_only", "",
                          "only questions are answered: SELECT, WITH, VALUES, EXPLAIN (%s)",
                          sqlite3_errmsg(db));
    case SQLITE_READONLY:
        return fail_input(err, "read_only", "", "only questions are answered (%s)",
                          sqlite3_errmsg(db));
    case SQLITE_INTERRUPT:
        if (session->timed_out)
            return fail(err, STATUS_OVERLOADED,
                        "it took longer than %llu s and was ended: name a user, a listing or a "
                        "range of dates, or give it more time",
                        (unsigned long long)(session->time_ns / ns_per_s));
        return fail(err, STATUS_STOPPED, "interrupted");
    case SQLITE_NOMEM:
        return fail(err, STATUS_OVERLOADED, "it needs more than %lld MiB of memory",
                    (long long)(memory_bytes_max / 1024 / 1024));
    case SQLITE_ERROR:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
        return fail_input(err, "sql", "", "%s", sqlite3_errmsg(db));
    default:
        return connection_failed(&session->connection, "it cannot be read", err);
    }
}

static void take_value(sqlite3_stmt *statement, int column, struct sql_value *out)
{
    *out = (struct sql_value){.type = SQL_NULL};
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        out->type = SQL_INTEGER;
        out->integer = sqlite3_column_int64(statement, column);
        break;
    case SQLITE_FLOAT:
        out->type = SQL_REAL;
        out->real = sqlite3_column_double(statement, column);
        break;
    case SQLITE_TEXT:
        out->type = SQL_TEXT;
        out->text = column_text(statement, column);
        break;
    case SQLITE_BLOB:
        out->type = SQL_BLOB;
        out->text = column_blob(statement, column);
        break;
    default:
        break;
    }
}

static enum status give_rows(struct sql_session *session, sqlite3_stmt *statement,
                             const struct sql_visitor *visitor, struct error *err)
{
    const char *names[SQL_COLUMNS_MAX];
    struct sql_value values[SQL_COLUMNS_MAX];
    int count = sqlite3_column_count(statement);
    enum status status = STATUS_OK;
    int code = SQLITE_ROW;
    if (count > SQL_COLUMNS_MAX)
        return fail_input(err, "sql", "", "more than %d columns", SQL_COLUMNS_MAX);
    for (int i = 0; i < count; i++) {
        names[i] = sqlite3_column_name(statement, i);
        if (names[i] == NULL)
            return fail(err, STATUS_NO_MEMORY, "no memory for a column's name");
    }
    if (count > 0)
        status = visitor->columns(visitor->context, names, (size_t)count, err);
    while (status == STATUS_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int i = 0; i < count; i++)
            take_value(statement, i, &values[i]);
        status = visitor->row(visitor->context, values, (size_t)count, err);
    }
    if (status == STATUS_OK && code != SQLITE_DONE)
        status = explain(session, err);
    return status;
}

enum status sql_session_run(struct sql_session *session, struct text sql,
                            const struct sql_visitor *visitor, struct text *rest, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    const char *behind = NULL;
    if (sql.len > SQL_STATEMENT_BYTES_MAX)
        return fail_input(err, "sql", "", "more than %d bytes of SQL", SQL_STATEMENT_BYTES_MAX);
    session->timed_out = false;
    session->until_ns = session->time_ns == 0 ? 0 : monotonic_ns() + session->time_ns;
    int code =
        sqlite3_prepare_v2(session->connection.db, sql.at, (int)sql.len, &statement, &behind);
    if (code != SQLITE_OK)
        return explain(session, err);
    size_t taken = (size_t)(behind - sql.at);
    enum status status =
        statement == NULL ? STATUS_OK : give_rows(session, statement, visitor, err);
    sqlite3_finalize(statement);
    if (status == STATUS_OK)
        *rest = (struct text){sql.at + taken, sql.len - taken};
    return status;
}

bool sql_is_complete(const char *sql)
{
    return sqlite3_complete(sql) == 1;
}
