/*
 * new_folder.c - a folder that is there whole or not at all.
 *
 * INCOMPLETE goes last: it is removed when all else is synced, just before the rename. A crash
 * between the two leaves a NAME.partial without it, which nobody removes by himself: it is whole.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/backup/new_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char marker_name[] = "INCOMPLETE";
static const char marker_words[] =
    "A backup or a restored data folder in the making, or left by one that was interrupted.\n"
    "It is of no use. Making it again removes it; so may you when no footfall is at work.\n";
static const char suffix[] = ".partial";

static enum status remove_tree(const char *path, struct error *err)
{
    char copy[FILE_PATH_BYTES];
    char *paths[] = {copy, NULL};
    enum status status = STATUS_OK;
    snprintf(copy, sizeof copy, "%s", path);
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
    if (tree == NULL)
        return fail_errno(err, "cannot read %s", path);
    for (FTSENT *item; status == STATUS_OK && (item = fts_read(tree)) != NULL;) {
        if (item->fts_info == FTS_D)
            continue;
        int failed =
            item->fts_info == FTS_DP ? rmdir(item->fts_accpath) : unlink(item->fts_accpath);
        if (failed != 0 && errno != ENOENT)
            status = fail_errno(err, "cannot remove %s", item->fts_path);
    }
    fts_close(tree);
    return status;
}

static void parent_of(const char *path, char out[FILE_PATH_BYTES])
{
    snprintf(out, FILE_PATH_BYTES, "%s", path);
    char *slash = strrchr(out, '/');
    if (slash == NULL)
        memcpy(out, ".", 2);
    else
        slash[slash == out] = '\0';
}

static enum status read_name(struct new_folder *folder, const char *name, struct error *err)
{
    int len = snprintf(folder->path, sizeof folder->path, "%s", name);
    while (len > 1 && len < FILE_PATH_BYTES && folder->path[len - 1] == '/')
        folder->path[--len] = '\0';
    const char *slash = strrchr(folder->path, '/');
    const char *last = slash == NULL ? folder->path : slash + 1;
    if (len <= 0 || (size_t)len + sizeof suffix > FILE_PATH_BYTES || *last == '\0' ||
        strcmp(last, ".") == 0 || strcmp(last, "..") == 0)
        return fail(err, STATUS_INVALID, "\"%.200s\" is no name for a new folder", name);
    struct stat stat_buf;
    if (lstat(folder->path, &stat_buf) == 0)
        return fail(err, STATUS_INVALID, "%s is there already: a new folder's name is wanted",
                    folder->path);
    return errno == ENOENT ? STATUS_OK : fail_errno(err, "cannot look at %s", folder->path);
}

static enum status check_outside(const char *path, const char *outside, struct error *err)
{
    char parent[FILE_PATH_BYTES];
    char there[PATH_MAX];
    char here[PATH_MAX];
    parent_of(path, parent);
    if (realpath(parent, here) == NULL)
        return fail_errno(err, "the folder %s, in which %s is to be made", parent, path);
    if (outside == NULL || realpath(outside, there) == NULL)
        return STATUS_OK;
    size_t len = strlen(there);
    if (strncmp(here, there, len) == 0 && (here[len] == '/' || here[len] == '\0'))
        return fail(err, STATUS_INVALID, "%s would lie inside %s", path, outside);
    return STATUS_OK;
}

/* Removes NAME.partial if it is one that nobody works on. */
static enum status remove_stale(const char *partial, struct error *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = file_path(path, partial, marker_name, err);
    if (status != STATUS_OK)
        return status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return fail(err, STATUS_INVALID,
                    "%s is there, and nothing says that it was left by an interrupted footfall: "
                    "move it away",
                    partial);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        status = errno == EWOULDBLOCK
                     ? fail(err, STATUS_BUSY, "another process is making %s", partial)
                     : fail_errno(err, "cannot lock %s", path);
    if (status == STATUS_OK)
        status = remove_tree(partial, err);
    close(fd);
    return status;
}

static enum status make_marker(struct new_folder *folder, struct error *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = file_path(path, folder->partial, marker_name, err);
    if (status != STATUS_OK)
        return status;
    folder->marker = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (folder->marker < 0)
        return fail_errno(err, "cannot create %s", path);
    if (flock(folder->marker, LOCK_EX | LOCK_NB) != 0)
        return fail_errno(err, "cannot lock %s", path);
    return file_write_at(folder->marker, marker_words, sizeof marker_words - 1, 0, path, err);
}

enum status new_folder_begin(struct new_folder *folder, const char *name, const char *outside,
                             struct error *err)
{
    *folder = (struct new_folder){.marker = -1};
    enum status status = read_name(folder, name, err);
    if (status == STATUS_OK)
        status = check_outside(folder->path, outside, err);
    if (status != STATUS_OK)
        return status;
    char partial[FILE_PATH_BYTES + sizeof suffix];
    snprintf(partial, sizeof partial, "%s%s", folder->path, suffix);
    int made = mkdir(partial, 0700);
    if (made != 0 && errno == EEXIST) {
        status = remove_stale(partial, err);
        if (status != STATUS_OK)
            return status;
        made = mkdir(partial, 0700);
    }
    if (made != 0)
        return fail_errno(err, "cannot make %s", partial);
    memcpy(folder->partial, partial, strlen(partial) + 1); /* read_name() saw that it fits */
    status = make_marker(folder, err);
    if (status != STATUS_OK)
        new_folder_abandon(folder);
    return status;
}

enum status new_folder_add(const struct new_folder *folder, const char *name, struct error *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = file_path(path, folder->partial, name, err);
    if (status == STATUS_OK && mkdir(path, 0700) != 0)
        status = fail_errno(err, "cannot make %s", path);
    return status;
}

static enum status sync_folders(const char *path, struct error *err)
{
    char copy[FILE_PATH_BYTES];
    char *paths[] = {copy, NULL};
    enum status status = STATUS_OK;
    snprintf(copy, sizeof copy, "%s", path);
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (tree == NULL)
        return fail_errno(err, "cannot read %s", path);
    for (FTSENT *item; status == STATUS_OK && (item = fts_read(tree)) != NULL;)
        if (item->fts_info == FTS_DP)
            status = file_sync_dir(item->fts_accpath, err);
    fts_close(tree);
    return status;
}

enum status new_folder_finish(struct new_folder *folder, struct error *err)
{
    char path[FILE_PATH_BYTES];
    char parent[FILE_PATH_BYTES];
    enum status status = sync_folders(folder->partial, err);
    if (status == STATUS_OK)
        status = file_path(path, folder->partial, marker_name, err);
    if (status == STATUS_OK && unlink(path) != 0)
        status = fail_errno(err, "cannot remove %s", path);
    if (status == STATUS_OK)
        status = file_sync_dir(folder->partial, err);
    if (status != STATUS_OK)
        return status;
    int code = renameat2(AT_FDCWD, folder->partial, AT_FDCWD, folder->path, RENAME_NOREPLACE);
    /* A file system that cannot say "not over another" refuses to put a folder over a file or a
     * folder that holds something, and an empty one loses nothing. */
    if (code != 0 && errno == EINVAL)
        code = rename(folder->partial, folder->path);
    if (code != 0)
        return fail_errno(err, "cannot rename %s to %s", folder->partial, folder->path);
    folder->partial[0] = '\0';
    close(folder->marker);
    folder->marker = -1;
    parent_of(folder->path, parent);
    return file_sync_dir(parent, err);
}

void new_folder_abandon(struct new_folder *folder)
{
    struct error err;
    if (folder->partial[0] != '\0')
        (void)(remove_tree(folder->partial, &err) == STATUS_OK);
    folder->partial[0] = '\0';
    if (folder->marker > 0)
        close(folder->marker);
    folder->marker = -1;
}
