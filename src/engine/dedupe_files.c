/*
 * dedupe_files.c - the folder: a seed, and files of hours that grow behind their last good block.
 *
 * A block is synced before anyone relies on it. What a crash tore is cut off before the next one
 * is written, and is still in the journal.
 *
 * A failed sync leaves the file's state unknown: the handle is dropped and the block is written
 * and synced again as a whole; a reader then finds one good copy, or a torn tail and, in the
 * journal, the ids.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/dedupe_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/files.h"
#include "engine/dedupe_format.h"

enum { HOURS_MAX = 4096 /* files in the folder: far more than a window leaves there */ };

/* An hour whose end is known. */
struct hour_file {
    int64_t hour;
    uint64_t end; /* behind the last good block */
};

struct dedupe_files {
    char dir[FILE_PATH_BYTES];
    uint8_t journal_id[DEDUPE_JOURNAL_ID_BYTES];
    uint64_t seed;
    struct hour_file hours[HOURS_MAX]; /* ascending */
    size_t hour_count;
    struct bytes block;
};

static enum status hour_path(const struct dedupe_files *files, int64_t hour,
                             char out[FILE_PATH_BYTES], struct error *err)
{
    char name[40];
    snprintf(name, sizeof name, "%lld.ids", (long long)hour);
    return file_path(out, files->dir, name, err);
}

static int compare_hours(const void *a, const void *b)
{
    int64_t left = ((const struct hour_file *)a)->hour;
    int64_t right = ((const struct hour_file *)b)->hour;
    return (left > right) - (left < right);
}

static enum status list_hours(struct dedupe_files *files, struct error *err)
{
    DIR *dir = opendir(files->dir);
    if (dir == NULL)
        return fail_errno(err, "cannot open the folder %s", files->dir);
    enum status status = STATUS_OK;
    for (struct dirent *item; (item = readdir(dir)) != NULL;) {
        char *end = NULL;
        errno = 0;
        long long hour = strtoll(item->d_name, &end, 10);
        if (errno != 0 || end == item->d_name || strcmp(end, ".ids") != 0)
            continue;
        if (files->hour_count == HOURS_MAX) {
            status = fail(err, STATUS_CORRUPT, "%s holds more than %d fingerprint files",
                          files->dir, HOURS_MAX);
            break;
        }
        files->hours[files->hour_count++] = (struct hour_file){.hour = hour};
    }
    closedir(dir);
    qsort(files->hours, files->hour_count, sizeof files->hours[0], compare_hours);
    return status;
}

/* Made under another name and renamed when synced: it is there whole or not at all. */
static enum status write_seed(struct dedupe_files *files, struct error *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = file_path(path, files->dir, "seed.new", err);
    if (status != STATUS_OK)
        return status;
    uint8_t head[DEDUPE_HEAD_BYTES];
    dedupe_head_encode(head, files->journal_id, files->seed);

    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail_errno(err, "cannot create %s", path);
    status = file_write_at(fd, head, sizeof head, 0, path, err);
    if (status == STATUS_OK && fsync(fd) != 0)
        status = fail_errno(err, "cannot sync %s", path);
    close(fd);
    if (status == STATUS_OK)
        status = file_rename(files->dir, "seed.new", "seed", err);
    return status;
}

static enum status make_seed(struct dedupe_files *files, struct error *err)
{
    if (getrandom(&files->seed, sizeof files->seed, 0) != (ssize_t)sizeof files->seed)
        return fail_errno(err, "no random numbers from the system");
    return write_seed(files, err);
}

/* STATUS_NOT_FOUND when there is none, and nothing that needs one. */
static enum status read_seed(struct dedupe_files *files, struct error *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = file_path(path, files->dir, "seed", err);
    if (status != STATUS_OK)
        return status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) {
        if (files->hour_count > 0)
            return fail(err, STATUS_CORRUPT,
                        "%s is gone while fingerprints are there: restore it, "
                        "or remove the dedupe folder to forget which ids were "
                        "recorded",
                        path);
        return fail(err, STATUS_NOT_FOUND, "there is no %s", path);
    }
    if (fd < 0)
        return fail_errno(err, "cannot open %s", path);
    uint8_t head[DEDUPE_HEAD_BYTES] = {0};
    size_t got = 0;
    status = file_read_at(fd, head, sizeof head, 0, &got, path, err);
    close(fd);
    if (status == STATUS_OK)
        status = dedupe_head_decode(head, files->journal_id, &files->seed, path, err);
    return status;
}

static enum status new_files(const char *dir, const uint8_t *journal_id, struct dedupe_files **out,
                             struct error *err)
{
    struct dedupe_files *files = calloc(1, sizeof *files);
    if (files == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to open %s", dir);
    memcpy(files->journal_id, journal_id, sizeof files->journal_id);
    if (snprintf(files->dir, sizeof files->dir, "%s", dir) >= (int)sizeof files->dir) {
        dedupe_files_close(files);
        return fail(err, STATUS_INVALID, "path too long: %.200s", dir);
    }
    *out = files;
    return STATUS_OK;
}

/* make: also creates what is not there. */
static enum status open_folder(const char *dir, const uint8_t *journal_id, bool make,
                               struct dedupe_files **out, struct error *err)
{
    struct dedupe_files *files = NULL;
    enum status status = new_files(dir, journal_id, &files, err);
    if (status == STATUS_OK && make)
        status = file_make_dir(dir, err);
    if (status == STATUS_OK)
        status = list_hours(files, err);
    if (status == STATUS_OK)
        status = read_seed(files, err);
    if (status == STATUS_NOT_FOUND && make)
        status = make_seed(files, err);
    if (status != STATUS_OK)
        goto cleanup;
    *out = files;
    files = NULL;

cleanup:
    dedupe_files_close(files);
    return status;
}

enum status dedupe_files_open(const char *dir, const uint8_t *journal_id, struct dedupe_files **out,
                              struct error *err)
{
    return open_folder(dir, journal_id, true, out, err);
}

enum status dedupe_files_open_as_is(const char *dir, const uint8_t *journal_id,
                                    struct dedupe_files **out, struct error *err)
{
    if (access(dir, F_OK) != 0 && errno == ENOENT)
        return fail(err, STATUS_NOT_FOUND, "there is no %s", dir);
    return open_folder(dir, journal_id, false, out, err);
}

enum status dedupe_files_found(const char *dir, const uint8_t *journal_id, uint64_t seed,
                               struct dedupe_files **out, struct error *err)
{
    struct dedupe_files *files = NULL;
    enum status status = new_files(dir, journal_id, &files, err);
    if (files == NULL)
        return status;
    status = file_make_dir(dir, err);
    if (status != STATUS_OK)
        goto cleanup;
    files->seed = seed;
    status = write_seed(files, err);
    if (status != STATUS_OK)
        goto cleanup;
    *out = files;
    files = NULL;

cleanup:
    dedupe_files_close(files);
    return status;
}

void dedupe_files_close(struct dedupe_files *files)
{
    if (files == NULL)
        return;
    bytes_done(&files->block);
    free(files);
}

uint64_t dedupe_files_seed(const struct dedupe_files *files)
{
    return files->seed;
}

static enum status load_hour(struct dedupe_files *files, struct hour_file *file,
                             dedupe_files_fn *each, void *context, struct error *err)
{
    char path[FILE_PATH_BYTES];
    struct stat stat_buf;
    enum status status = hour_path(files, file->hour, path, err);
    if (status != STATUS_OK)
        return status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return fail_errno(err, "cannot open %s", path);
    if (fstat(fd, &stat_buf) != 0) {
        status = fail_errno(err, "cannot look at %s", path);
        goto cleanup;
    }
    uint8_t head[DEDUPE_HEAD_BYTES] = {0};
    size_t got = 0;
    status = file_read_at(fd, head, sizeof head, 0, &got, path, err);
    if (status != STATUS_OK)
        goto cleanup;
    if (got < sizeof head || stat_buf.st_size == DEDUPE_HEAD_BYTES) {
        file->end = 0; /* nothing yet, perhaps torn while it was made: made anew when needed */
        goto cleanup;
    }
    uint64_t hour = 0;
    status = dedupe_head_decode(head, files->journal_id, &hour, path, err);
    if (status != STATUS_OK)
        goto cleanup;
    if ((int64_t)hour != file->hour) {
        status =
            fail(err, STATUS_CORRUPT, "%s at byte 24: it holds hour %lld", path, (long long)hour);
        goto cleanup;
    }
    files->block.len = 0;
    if (!bytes_reserve(&files->block, (size_t)stat_buf.st_size)) {
        status = fail(err, STATUS_NO_MEMORY, "no memory to read %s", path);
        goto cleanup;
    }
    status = file_read_at(fd, files->block.at, (size_t)stat_buf.st_size - DEDUPE_HEAD_BYTES,
                          DEDUPE_HEAD_BYTES, &files->block.len, path, err);
    if (status == STATUS_OK)
        status =
            dedupe_blocks_give(file->hour, &files->block, path, each, context, &file->end, err);

cleanup:
    close(fd);
    return status;
}

enum status dedupe_files_load(struct dedupe_files *files, dedupe_files_fn *each, void *context,
                              struct error *err)
{
    for (size_t i = 0; i < files->hour_count; i++) {
        enum status status = load_hour(files, &files->hours[i], each, context, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status dedupe_files_load_readable(struct dedupe_files *files, dedupe_files_fn *each,
                                       dedupe_files_damage_fn *damaged, void *context,
                                       struct error *err)
{
    for (size_t i = 0; i < files->hour_count; i++) {
        struct error error;
        enum status status = load_hour(files, &files->hours[i], each, context, &error);
        if (status == STATUS_CORRUPT || status == STATUS_FOREIGN) {
            damaged(context, files->hours[i].hour, &error);
        } else if (status != STATUS_OK) {
            if (err != NULL)
                *err = error;
            return status;
        }
    }
    return STATUS_OK;
}

/* The hour's entry, made if need be: hours come in order but for repeats after a crash. */
static struct hour_file *hour_entry(struct dedupe_files *files, int64_t hour)
{
    for (size_t i = files->hour_count; i-- > 0;)
        if (files->hours[i].hour == hour)
            return &files->hours[i];
    if (files->hour_count == HOURS_MAX)
        return NULL;
    size_t at = files->hour_count++;
    while (at > 0 && files->hours[at - 1].hour > hour) {
        files->hours[at] = files->hours[at - 1];
        at--;
    }
    files->hours[at] = (struct hour_file){.hour = hour};
    return &files->hours[at];
}

/* Writes behind the end and syncs. What a crash or a failed try left there is cut off first, so
 * that it cannot look like a block. */
static enum status write_end(int fd, struct hour_file *file, const uint8_t *from, size_t len,
                             const char *path, struct error *err)
{
    if (ftruncate(fd, (off_t)file->end) != 0)
        return fail_errno(err, "cannot cut %s", path);
    enum status status = file_write_at(fd, from, len, (off_t)file->end, path, err);
    if (status != STATUS_OK)
        return status;
    if (fsync(fd) != 0)
        return fail_errno(err, "cannot sync %s", path);
    file->end += len;
    return STATUS_OK;
}

enum status dedupe_files_append(struct dedupe_files *files, int64_t hour,
                                const uint64_t *fingerprints, size_t count, struct error *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = hour_path(files, hour, path, err);
    if (status != STATUS_OK || count == 0)
        return status;
    struct hour_file *file = hour_entry(files, hour);
    if (file == NULL)
        return fail(err, STATUS_TOO_LARGE, "more than %d hours of fingerprints", HOURS_MAX);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail_errno(err, "cannot open %s", path);

    if (file->end == 0) {
        /* synced by itself: a bad head in front of blocks is then never a torn one */
        uint8_t head[DEDUPE_HEAD_BYTES];
        dedupe_head_encode(head, files->journal_id, (uint64_t)hour);
        status = write_end(fd, file, head, sizeof head, path, err);
        if (status == STATUS_OK)
            status = file_sync_dir(files->dir, err);
        if (status != STATUS_OK)
            goto cleanup;
    }
    for (size_t done = 0; done < count && status == STATUS_OK;) {
        size_t take = count - done < DEDUPE_BLOCK_IDS_MAX ? count - done : DEDUPE_BLOCK_IDS_MAX;
        if (!dedupe_block_encode(&files->block, hour, fingerprints + done, take)) {
            status = fail(err, STATUS_NO_MEMORY, "no memory to write %s", path);
            break;
        }
        status = write_end(fd, file, files->block.at, files->block.len, path, err);
        done += take;
    }

cleanup:
    close(fd);
    return status;
}

enum status dedupe_files_expire(struct dedupe_files *files, int64_t oldest_hour, struct error *err)
{
    size_t gone = 0;
    enum status status = STATUS_OK;
    while (gone < files->hour_count && files->hours[gone].hour < oldest_hour) {
        char path[FILE_PATH_BYTES];
        status = hour_path(files, files->hours[gone].hour, path, err);
        if (status != STATUS_OK)
            break;
        if (unlink(path) != 0 && errno != ENOENT) {
            status = fail_errno(err, "cannot remove %s", path);
            break;
        }
        gone++;
    }
    files->hour_count -= gone;
    memmove(files->hours, files->hours + gone, files->hour_count * sizeof files->hours[0]);
    return status;
}
