/*
 * target_folder.c - a new data folder, made as NAME.partial.
 *
 *     NAME.partial/migration       the progress; locked while a process is at it
 *     NAME.partial/store-kind      names a kind that there is not, so no server opens the folder
 *     NAME.partial/footfall.db     follows the migration's own id
 *
 * At the end the folder gets a journal of its own, the store is made to follow it from its first
 * record on, the progress is removed, and the folder is given its name. A crash between two of
 * these steps leaves a progress that is complete, and the next run takes the steps again.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "cli/migrate/folder_parts.h"
#include "cli/migrate/target.h"
#include "engine/store_kind.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/state.h"

enum { PROGRESS_BYTES_MAX = 64 * 1024 };

static const char progress_name[] = "migration";
static const char progress_fresh[] = "migration.new";
static const char lock_name[] = "migration.lock";
static const char suffix[] = ".partial";
static const char unfinished_kind[] = "unfinished"; /* of store: no server knows it */
static const char kind_name[] = "store-kind";

struct folder_target {
    struct migrate_target target; /* first, so that one pointer is both */
    char path[FILE_PATH_BYTES];
    char partial[FILE_PATH_BYTES];
    char store_path[FILE_PATH_BYTES];
    const char *node;
    int lock; /* -1: not held */
};

static struct folder_target *of(struct migrate_target *target)
{
    return (struct folder_target *)target;
}

static enum status open_store(struct folder_target *folder, struct error *err)
{
    struct migrate_target *target = &folder->target;
    const struct sqlite_store_options options = {.path = folder->store_path,
                                                 .journal_id = target->progress.journal_id};
    enum status status = sqlite_store_open(&options, &target->store, err);
    return status == STATUS_OK ? store_get_position(target->store, &target->applied, err) : status;
}

static enum status take_lock(struct folder_target *folder, struct error *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = file_path(path, folder->partial, lock_name, err);
    if (status != STATUS_OK)
        return status;
    folder->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (folder->lock < 0)
        return fail_errno(err, "cannot create %s", path);
    if (flock(folder->lock, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK
                   ? fail(err, STATUS_BUSY, "another process is moving to %s", folder->path)
                   : fail_errno(err, "cannot lock %s", path);
    return STATUS_OK;
}

static enum status read_progress(struct folder_target *folder, struct error *err)
{
    char path[FILE_PATH_BYTES];
    static char words[PROGRESS_BYTES_MAX];
    size_t got = 0;
    enum status status = file_path(path, folder->partial, progress_name, err);
    if (status != STATUS_OK)
        return status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return fail(err, STATUS_INVALID,
                    "%s is there, and nothing says that an interrupted migration left it: move it "
                    "away, or, if it has a journal and a store, give it its name",
                    folder->partial);
    status = file_read_at(fd, words, sizeof words, 0, &got, path, err);
    close(fd);
    if (status != STATUS_OK)
        return status;
    if (!progress_decode((struct text){words, got}, &folder->target.progress))
        return fail(err, STATUS_CORRUPT, "%s is damaged: remove %s and begin again", path,
                    folder->partial);
    folder->target.was_begun = true;
    return STATUS_OK;
}

static enum status save(struct migrate_target *base, struct error *err)
{
    struct folder_target *folder = of(base);
    char path[FILE_PATH_BYTES];
    struct bytes words = {0};
    int fd = -1;
    enum status status = file_path(path, folder->partial, progress_fresh, err);
    if (status == STATUS_OK && !progress_encode(&base->progress, &words))
        status = fail(err, STATUS_NO_MEMORY, "no memory for %s", path);
    if (status != STATUS_OK)
        goto cleanup;
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        status = fail_errno(err, "cannot create %s", path);
        goto cleanup;
    }
    status = file_write_at(fd, words.at, words.len, 0, path, err);
    if (status == STATUS_OK && fsync(fd) != 0)
        status = fail_errno(err, "%s: sync", path);
    if (status == STATUS_OK)
        status = file_rename(folder->partial, progress_fresh, progress_name, err);

cleanup:
    if (fd >= 0)
        close(fd);
    bytes_done(&words);
    return status;
}

static enum status begin(struct migrate_target *base, struct error *err)
{
    struct folder_target *folder = of(base);
    enum status status = file_make_dir(folder->partial, err);
    if (status == STATUS_OK)
        status = take_lock(folder, err);
    if (status == STATUS_OK)
        status = store_kind_settle(folder->partial, unfinished_kind, err);
    if (status == STATUS_OK)
        status = migrate_new_id(base->progress.journal_id, err);
    if (status == STATUS_OK)
        status = save(base, err);
    return status == STATUS_OK ? open_store(folder, err) : status;
}

static enum status reread(struct migrate_target *base, struct migrate_source **out,
                          struct error *err)
{
    store_close(base->store);
    base->store = NULL;
    return migrate_source_file(of(base)->store_path, out, err);
}

static enum status remove_file(const char *dir, const char *name, struct error *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = file_path(path, dir, name, err);
    if (status == STATUS_OK && unlink(path) != 0 && errno != ENOENT)
        status = fail_errno(err, "cannot remove %s", path);
    return status;
}

static enum status give_name(struct folder_target *folder, struct error *err)
{
    char parent[FILE_PATH_BYTES];
    int code = renameat2(AT_FDCWD, folder->partial, AT_FDCWD, folder->path, RENAME_NOREPLACE);
    if (code != 0 && errno == EINVAL) /* a file system that cannot say "not over another" */
        code = rename(folder->partial, folder->path);
    if (code != 0)
        return fail_errno(err, "cannot rename %s to %s", folder->partial, folder->path);
    snprintf(parent, sizeof parent, "%s", folder->path);
    char *slash = strrchr(parent, '/');
    if (slash == NULL)
        memcpy(parent, ".", 2);
    else
        slash[slash == parent] = '\0';
    return file_sync_dir(parent, err);
}

static enum status finish(struct migrate_target *base, struct error *err)
{
    struct folder_target *folder = of(base);
    struct sqlite_store_state state = {0}; /* nothing of the new journal is needed */
    uint64_t ids = 0;
    base->progress.complete = true;
    enum status status = save(base, err);
    store_close(base->store);
    base->store = NULL;
    if (status == STATUS_OK)
        status = folder_make_journal(folder->partial, state.journal_id, err);
    if (status == STATUS_OK && folder->node != NULL)
        status = folder_carry_ids(folder->node, folder->partial, state.journal_id, &ids, err);
    if (status == STATUS_OK)
        status = sqlite_store_write_state(folder->store_path, &state, err);
    if (status == STATUS_OK)
        status = remove_file(folder->partial, kind_name, err);
    if (status == STATUS_OK)
        status = remove_file(folder->partial, progress_name, err);
    if (status == STATUS_OK)
        status = remove_file(folder->partial, lock_name, err);
    if (status == STATUS_OK)
        status = file_sync_dir(folder->partial, err);
    return status == STATUS_OK ? give_name(folder, err) : status;
}

static void close_target(struct migrate_target *base)
{
    struct folder_target *folder = of(base);
    store_close(base->store);
    if (folder->lock >= 0)
        close(folder->lock);
    free(folder);
}

static const struct migrate_target_ops folder_ops = {
    .begin = begin, .reread = reread, .save = save, .finish = finish, .close = close_target};

static enum status read_name(struct folder_target *folder, const char *name, struct error *err)
{
    struct stat about;
    int len = snprintf(folder->path, sizeof folder->path, "%s", name);
    while (len > 1 && len < FILE_PATH_BYTES && folder->path[len - 1] == '/')
        folder->path[--len] = '\0';
    if (len <= 0 || (size_t)len + sizeof suffix > FILE_PATH_BYTES)
        return fail(err, STATUS_INVALID, "\"%.200s\" is no name for a new folder", name);
    memcpy(folder->partial, folder->path, (size_t)len);
    memcpy(folder->partial + len, suffix, sizeof suffix);
    if (lstat(folder->path, &about) == 0)
        return fail(err, STATUS_INVALID, "%s is there already: a new folder's name is wanted",
                    folder->path);
    return file_path(folder->store_path, folder->partial, "footfall.db", err);
}

enum status migrate_target_folder(const char *path, const char *node, struct migrate_target **out,
                                  struct error *err)
{
    struct stat about;
    struct folder_target *folder = calloc(1, sizeof *folder);
    if (folder == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to make a data folder");
    folder->target.ops = &folder_ops;
    folder->node = node;
    folder->lock = -1;
    enum status status = read_name(folder, path, err);
    if (status == STATUS_OK && lstat(folder->partial, &about) == 0) {
        status = read_progress(folder, err);
        if (status == STATUS_OK)
            status = take_lock(folder, err);
        if (status == STATUS_OK && !folder->target.progress.complete)
            status = open_store(folder, err);
    }
    if (status != STATUS_OK) {
        close_target(&folder->target);
        return status;
    }
    *out = &folder->target;
    return STATUS_OK;
}
