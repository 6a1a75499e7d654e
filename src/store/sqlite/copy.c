/*
 * copy.c - a copy of the store's file at one moment.
 *
 * SQLite's online backup copies pages. By itself it begins anew when another process commits
 * between two of its steps, and under load would not end. Here the source has a read transaction
 * open all the time: each step then reads the state of that transaction, whatever is committed
 * meanwhile, and there is nothing to begin anew for. The transaction's first read is the position,
 * so position and pages belong together.
 *
 * VACUUM INTO would do as well and pack the file, but builds every tree anew: several times the
 * work, while the server's log and journal grow.
 *
 * Pages go to the new file without a journal and without syncs: it counts for nothing until its
 * maker has synced it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/copy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/files.h"

enum { PAGES_A_STEP = 256 };

enum status sqlite_store_open_beside(struct connection *connection, const char *from,
                                     bool is_unused, char *path, struct error *err)
{
    struct stat stat_buf;
    *connection = (struct connection){.path = from};
    if (lstat(from, &stat_buf) != 0)
        return errno == ENOENT ? fail(err, STATUS_NOT_FOUND, "there is no store %s", from)
                               : fail_errno(err, "cannot look at %s", from);
    if (!S_ISREG(stat_buf.st_mode))
        return fail(err, STATUS_IO, "store %s: it is not a file", from);
    if (realpath(from, path) == NULL)
        return fail_errno(err, "store %s", from);
    if (is_unused)
        return sqlite_store_open_unused(connection, path, err);
    connection->path = path;
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(path, &connection->db, flags, NULL) != SQLITE_OK)
        return connection_failed(connection, "it cannot be opened", err);
    sqlite3_busy_timeout(connection->db, CONNECTION_BUSY_MS);
    return connection_distrust(connection, err);
}

static enum status open_new(struct connection *connection, const char *path, struct error *err)
{
    *connection = (struct connection){.path = path};
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(path, &connection->db, flags, NULL) != SQLITE_OK)
        return connection_failed(connection, "it cannot be made", err);
    return connection_run(connection, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;",
                          "it cannot be made", err);
}

static enum status copy_pages(struct connection *source, struct connection *target,
                              sqlite_store_copy_fn *step, void *context, struct error *err)
{
    int64_t page_bytes = 0;
    int code = SQLITE_OK;
    enum status status = connection_number(source, "PRAGMA page_size", &page_bytes, err);
    if (status != STATUS_OK)
        return status;
    sqlite3_backup *backup = sqlite3_backup_init(target->db, "main", source->db, "main");
    if (backup == NULL)
        return connection_failed(target, "copying cannot begin", err);
    while (status == STATUS_OK && code == SQLITE_OK) {
        code = sqlite3_backup_step(backup, PAGES_A_STEP);
        uint64_t pages = (uint64_t)sqlite3_backup_pagecount(backup);
        uint64_t left = (uint64_t)sqlite3_backup_remaining(backup);
        if (step != NULL && (code == SQLITE_OK || code == SQLITE_DONE))
            status = step(context, (pages - left) * (uint64_t)page_bytes,
                          pages * (uint64_t)page_bytes, err);
    }
    /* it leaves the reason with the target, whichever of the two it was */
    int end = sqlite3_backup_finish(backup);
    if (status == STATUS_OK && (code != SQLITE_DONE || end != SQLITE_OK))
        status = connection_failed(target, "copying", err);
    return status;
}

enum status sqlite_store_copy(const char *from, bool is_unused, const char *to,
                              sqlite_store_copy_fn *step, void *context,
                              struct sqlite_store_state *out, struct error *err)
{
    char path[FILE_PATH_BYTES];
    struct connection source = {0};
    struct connection target = {0};
    struct sqlite_store_state state = {0};

    enum status status = sqlite_store_open_beside(&source, from, is_unused, path, err);
    if (status == STATUS_OK)
        status = connection_run(&source, "BEGIN", "a read cannot begin", err);
    if (status == STATUS_OK)
        status = sqlite_store_state_of(&source, &state, err);
    if (status == STATUS_OK)
        status = open_new(&target, to, err);
    if (status == STATUS_OK)
        status = copy_pages(&source, &target, step, context, err);
    if (status == STATUS_OK)
        *out = state;
    connection_close(&target);
    connection_close(&source);
    return status;
}
