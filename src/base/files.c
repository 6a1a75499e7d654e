/*
 * files.c - file operations that survive interruptions and power cuts.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum status file_path(char out[FILE_PATH_BYTES], const char *dir, const char *name,
                      struct error *err)
{
    int len = snprintf(out, FILE_PATH_BYTES, "%s/%s", dir, name);
    if (len < 0 || len >= FILE_PATH_BYTES)
        return fail(err, STATUS_INVALID, "path too long: %.200s/%.200s", dir, name);
    return STATUS_OK;
}

enum status file_make_dir(const char *path, struct error *err)
{
    if (mkdir(path, 0700) != 0) {
        if (errno != EEXIST)
            return fail_errno(err, "cannot create the folder %s", path);
        struct stat stat_buf;
        if (stat(path, &stat_buf) != 0)
            return fail_errno(err, "cannot look at %s", path);
        if (!S_ISDIR(stat_buf.st_mode))
            return fail(err, STATUS_IO, "%s is not a folder", path);
        return STATUS_OK;
    }
    char parent[FILE_PATH_BYTES];
    snprintf(parent, sizeof parent, "%s", path);
    size_t len = strlen(parent);
    while (len > 1 && parent[len - 1] == '/')
        parent[--len] = '\0';
    char *slash = strrchr(parent, '/');
    if (slash == NULL)
        snprintf(parent, sizeof parent, ".");
    else if (slash == parent)
        parent[1] = '\0';
    else
        *slash = '\0';
    return file_sync_dir(parent, err);
}

enum status file_sync_dir(const char *path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, "cannot open the folder %s", path);
    enum status status = STATUS_OK;
    if (fsync(fd) != 0)
        status = fail_errno(err, "cannot sync the folder %s", path);
    close(fd);
    return status;
}

enum status file_write_at(int fd, const void *from, size_t len, off_t offset, const char *path,
                          struct error *err)
{
    const char *at = from;
    while (len > 0) {
        ssize_t wrote = pwrite(fd, at, len, offset);
        if (wrote < 0) {
            if (errno == EINTR)
                continue;
            return fail_errno(err, "cannot write %s at byte %lld", path, (long long)offset);
        }
        if (wrote == 0)
            return fail(err, STATUS_IO, "cannot write %s at byte %lld: nothing was taken", path,
                        (long long)offset);
        at += wrote;
        offset += wrote;
        len -= (size_t)wrote;
    }
    return STATUS_OK;
}

enum status file_read_at(int fd, void *to, size_t len, off_t offset, size_t *got, const char *path,
                         struct error *err)
{
    size_t have = 0;
    while (have < len) {
        ssize_t bytes = pread(fd, (char *)to + have, len - have, offset + (off_t)have);
        if (bytes < 0) {
            if (errno == EINTR)
                continue;
            return fail_errno(err, "cannot read %s at byte %lld", path,
                              (long long)(offset + (off_t)have));
        }
        if (bytes == 0)
            break;
        have += (size_t)bytes;
    }
    *got = have;
    return STATUS_OK;
}

enum status file_rename(const char *dir, const char *from, const char *to, struct error *err)
{
    char from_path[FILE_PATH_BYTES];
    char to_path[FILE_PATH_BYTES];
    enum status status = file_path(from_path, dir, from, err);
    if (status == STATUS_OK)
        status = file_path(to_path, dir, to, err);
    if (status != STATUS_OK)
        return status;
    if (rename(from_path, to_path) != 0)
        return fail_errno(err, "cannot rename %s to %s", from_path, to_path);
    return file_sync_dir(dir, err);
}
