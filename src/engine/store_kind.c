/*
 * store_kind.c - a small file, written once.
 *
 * It is made durable before the store is opened for the first time: a crash in between leaves a
 * folder that knows where its batches are to go, though none has gone there yet.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/store_kind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"

static const char kind_file[] = "store-kind";
static const char sqlite_file[] = "footfall.db";

static enum status is_there(const char *data_dir, const char *name, bool *out, struct error *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = file_path(path, data_dir, name, err);
    if (status != STATUS_OK)
        return status;
    *out = access(path, F_OK) == 0;
    if (!*out && errno != ENOENT && errno != ENOTDIR)
        return fail_errno(err, "%s", path);
    return STATUS_OK;
}

static bool is_name(const char *kind, size_t len)
{
    return len > 0 && len < STORE_KIND_BYTES && strspn(kind, "abcdefghijklmnopqrstuvwxyz") == len;
}

enum status store_kind_read(const char *data_dir, char out[STORE_KIND_BYTES], struct error *err)
{
    char path[FILE_PATH_BYTES];
    char kind[STORE_KIND_BYTES + 1] = "";
    size_t got = 0;
    enum status status = file_path(path, data_dir, kind_file, err);
    if (status != STATUS_OK)
        return status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        memcpy(out, STORE_KIND_SQLITE, sizeof STORE_KIND_SQLITE);
        return STATUS_OK;
    }
    if (fd < 0)
        return fail_errno(err, "%s", path);
    status = file_read_at(fd, kind, sizeof kind - 1, 0, &got, path, err);
    close(fd);
    if (status != STATUS_OK)
        return status;
    if (got < 2 || kind[got - 1] != '\n' || !is_name(kind, got - 1))
        return fail(err, STATUS_CORRUPT,
                    "%s: holds no kind of store; it should hold one word, such as dynamodb", path);
    kind[got - 1] = '\0';
    memcpy(out, kind, got);
    return STATUS_OK;
}

static enum status write_kind(const char *data_dir, const char *kind, struct error *err)
{
    static const char fresh[] = "store-kind.new";
    char path[FILE_PATH_BYTES];
    char line[STORE_KIND_BYTES + 1];
    enum status status = file_path(path, data_dir, fresh, err);
    if (status != STATUS_OK)
        return status;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(err, "%s", path);
    int len = snprintf(line, sizeof line, "%s\n", kind);
    status = file_write_at(fd, line, (size_t)len, 0, path, err);
    if (status == STATUS_OK && fsync(fd) != 0)
        status = fail_errno(err, "%s: sync", path);
    close(fd);
    return status == STATUS_OK ? file_rename(data_dir, fresh, kind_file, err) : status;
}

enum status store_kind_settle(const char *data_dir, const char *kind, struct error *err)
{
    char there[STORE_KIND_BYTES];
    bool has_sqlite = false;
    enum status status = store_kind_read(data_dir, there, err);
    if (status == STATUS_OK)
        status = is_there(data_dir, sqlite_file, &has_sqlite, err);
    if (status != STATUS_OK || strcmp(there, kind) == 0)
        return status;
    if (strcmp(kind, STORE_KIND_SQLITE) == 0)
        return fail_code(
            err, STATUS_FOREIGN, "other_store",
            "%s: what was recorded here goes to a store of the kind %s: open it with that",
            data_dir, there);
    if (has_sqlite || strcmp(there, STORE_KIND_SQLITE) != 0)
        return fail_code(
            err, STATUS_FOREIGN, "other_store",
            "%s: what was recorded here goes to %s%s: a store of the kind %s wants a data "
            "folder of its own",
            data_dir, has_sqlite ? sqlite_file : "a store of the kind ", has_sqlite ? "" : there,
            kind);
    if (!is_name(kind, strlen(kind)))
        return fail(err, STATUS_INVALID, "%s: no name for a kind of store", kind);
    return write_kind(data_dir, kind, err);
}

enum status store_kind_need_sqlite(const char *data_dir, const char *instead, struct error *err)
{
    char kind[STORE_KIND_BYTES];
    enum status status = store_kind_read(data_dir, kind, err);
    if (status != STATUS_OK || strcmp(kind, STORE_KIND_SQLITE) == 0)
        return status;
    return fail_code(err, STATUS_NOT_FOUND, "store_elsewhere",
                     "%s: what was counted here lies in a store of the kind %s, not in this "
                     "folder: %s",
                     data_dir, kind, instead);
}
