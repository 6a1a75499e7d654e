/*
 * sqlite_store.c - the embedded store: opening, housekeeping, and the table of its functions.
 *
 * One connection writes (batch.c) and every reader has its own (reader.c); SQLite's write-ahead
 * log lets them run beside each other. Committed pages gather in the log until a checkpoint
 * copies them into the file. store_maintain() does that between batches with a PASSIVE
 * checkpoint, which waits for nobody. When it got to the log's end the next batch starts the log
 * over, so the log stays as long as the batches since a reader last held on to an old state. If
 * the log file has become large, TRUNCATE gives its room back, unless readers stand in the way
 * for longer than a moment; then a later call will.
 *
 * The file is made 0600 before SQLite sees it, and SQLite gives its log the same mode. The folder
 * is resolved first, so that only the file itself may not be a symbolic link.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/sqlite_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite/parts.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/schema.h"

static const uint64_t cache_bytes_default = 64 * 1024 * 1024;
static const uint64_t log_bytes_kept_default = 64 * 1024 * 1024;
enum { TRUNCATE_BUSY_MS = 100 };

static struct sqlite_store *of(struct store *store)
{
    return (struct sqlite_store *)store;
}

/* Fills store->path: the folder without symbolic links, then the name. */
static enum status resolve(struct sqlite_store *store, const char *path, struct error *err)
{
    char dir[FILE_PATH_BYTES];
    char real[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    size_t dir_len = slash == NULL ? 0 : (size_t)(slash - path);
    if (*name == '\0' || dir_len >= sizeof dir)
        return fail(err, STATUS_INVALID, "store %s: that is no file's name", path);
    if (slash == NULL)
        strcpy(dir, ".");
    else if (dir_len == 0)
        strcpy(dir, "/");
    else
        memcpy(dir, path, dir_len), dir[dir_len] = '\0';
    if (realpath(dir, real) == NULL)
        return fail_errno(err, "store %s: its folder", path);
    enum status status = file_path(store->path, real, name, err);
    if (status != STATUS_OK)
        return status;
    snprintf(store->wal_path, sizeof store->wal_path, "%s-wal", store->path);
    return STATUS_OK;
}

/* Makes an empty file if there is none. One that is there is not opened: closing it again would
 * drop the locks that SQLite may hold on it in this process (POSIX locks go by file). */
static enum status make_file(const char *path, struct error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
        return STATUS_OK;
    }
    struct stat stat_buf;
    if (errno != EEXIST)
        return fail_errno(err,
                          "store %s: it cannot be made; the folder must belong to the user who "
                          "runs footfall",
                          path);
    if (lstat(path, &stat_buf) != 0)
        return fail_errno(err, "store %s", path);
    if (!S_ISREG(stat_buf.st_mode))
        return fail(err, STATUS_IO, "store %s: it is %s, not a file", path,
                    S_ISLNK(stat_buf.st_mode)   ? "a symbolic link"
                    : S_ISDIR(stat_buf.st_mode) ? "a folder"
                                                : "a device, pipe or socket");
    if (access(path, R_OK | W_OK) != 0)
        return fail_errno(err,
                          "store %s: it cannot be written; it must belong to the user who runs "
                          "footfall",
                          path);
    return STATUS_OK;
}

static enum status sqlite_position(struct store *store, struct store_position *out,
                                   struct error *err)
{
    return batch_position(&of(store)->writer, out, err);
}

static enum status sqlite_apply(struct store *store, const struct store_batch *batch,
                                struct error *err)
{
    return batch_apply(&of(store)->writer, batch, err);
}

static enum status file_bytes(const char *path, uint64_t *bytes, struct error *err)
{
    struct stat stat_buf;
    *bytes = 0;
    if (stat(path, &stat_buf) == 0)
        *bytes = (uint64_t)stat_buf.st_size;
    else if (errno != ENOENT)
        return fail_errno(err, "store %s: size", path);
    return STATUS_OK;
}

static enum status sqlite_size(struct store *base, uint64_t *bytes, struct error *err)
{
    struct sqlite_store *store = of(base);
    uint64_t file = 0;
    uint64_t log = 0;
    enum status status = file_bytes(store->path, &file, err);
    if (status == STATUS_OK)
        status = file_bytes(store->wal_path, &log, err);
    if (status == STATUS_OK)
        *bytes = file + log;
    return status;
}

/* *done: everything in the log is in the file. A lock of somebody else's is no failure. */
static enum status checkpoint(struct sqlite_store *store, int mode, bool *done, struct error *err)
{
    int frames = -1;
    int copied = -1;
    int code =
        sqlite3_wal_checkpoint_v2(store->writer.connection.db, "main", mode, &frames, &copied);
    *done = code == SQLITE_OK && frames == copied;
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY && (code & 0xff) != SQLITE_LOCKED)
        return connection_failed(&store->writer.connection, "checkpoint", err);
    return STATUS_OK;
}

static enum status sqlite_maintain(struct store *base, struct error *err)
{
    struct sqlite_store *store = of(base);
    bool done = false;
    uint64_t log = 0;
    enum status status = checkpoint(store, SQLITE_CHECKPOINT_PASSIVE, &done, err);
    if (status == STATUS_OK)
        status = file_bytes(store->wal_path, &log, err);
    if (status != STATUS_OK || !done || log <= store->log_bytes_kept)
        return status;

    sqlite3_busy_timeout(store->writer.connection.db, TRUNCATE_BUSY_MS);
    status = checkpoint(store, SQLITE_CHECKPOINT_TRUNCATE, &done, err);
    sqlite3_busy_timeout(store->writer.connection.db, CONNECTION_BUSY_MS);
    return status;
}

static enum status reader_open(struct store *base, struct store_reader **out, struct error *err)
{
    struct sqlite_store *store = of(base);
    return sqlite_reader_open(store->path, store->cache_bytes, store->store.ops, out, err);
}

static void sqlite_close(struct store *base)
{
    struct sqlite_store *store = of(base);
    batch_writer_done(&store->writer);
    free(store);
}

static const struct store_ops sqlite_ops = {
    .position = sqlite_position,
    .apply = sqlite_apply,
    .size = sqlite_size,
    .maintain = sqlite_maintain,
    .close = sqlite_close,
    .reader_open = reader_open,
    .reader_begin = sqlite_reader_begin,
    .reader_totals = sqlite_reader_totals,
    .reader_cells = sqlite_reader_cells,
    .reader_sums = sqlite_reader_sums,
    .reader_inquiries = sqlite_reader_inquiries,
    .reader_listings = sqlite_reader_listings,
    .reader_end = sqlite_reader_end,
    .reader_close = sqlite_reader_close,
};

enum status sqlite_store_open(const struct sqlite_store_options *options, struct store **out,
                              struct error *err)
{
    enum status status = STATUS_OK;
    struct sqlite_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        status = fail(err, STATUS_NO_MEMORY, "store %s: no memory", options->path);
        goto cleanup;
    }
    store->store.ops = &sqlite_ops;
    store->log_bytes_kept = log_bytes_kept_default;
    store->cache_bytes = options->cache_bytes == 0 ? cache_bytes_default : options->cache_bytes;

    status = resolve(store, options->path, err);
    if (status == STATUS_OK)
        status = make_file(store->path, err);
    struct connection *connection = &store->writer.connection;
    if (status == STATUS_OK)
        status = connection_open(connection, store->path, err);
    if (status == STATUS_OK)
        status = schema_open(connection, options->journal_id, options->page_bytes, err);
    if (status == STATUS_OK)
        status = connection_configure(connection, store->cache_bytes, false, err);
    if (status == STATUS_OK)
        status = batch_writer_prepare(&store->writer, err);
    if (status != STATUS_OK)
        goto cleanup;

    *out = &store->store; /* now the caller's */
    store = NULL;

cleanup:
    if (store != NULL)
        sqlite_close(&store->store);
    return status;
}
