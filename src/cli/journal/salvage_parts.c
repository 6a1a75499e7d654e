/*
 * salvage_parts.c - what a salvage takes over beside the journal: store and fingerprints.
 *
 * The store is copied as bytes, file and log (-wal), and only the copy is opened. Fingerprints are
 * written anew under the same seed; the blocks before a damaged one are kept.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/journal/salvage_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/dedupe_files.h"

enum { COPY_BYTES = 1024 * 1024 };

static enum status copy_bytes(int from, int to, const char *from_path, const char *to_path,
                              struct error *err)
{
    uint8_t *buffer = malloc(COPY_BYTES);
    if (buffer == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to copy %s", from_path);
    enum status status = STATUS_OK;
    size_t got = COPY_BYTES;
    for (off_t at = 0; status == STATUS_OK && got == COPY_BYTES; at += (off_t)got) {
        status = file_read_at(from, buffer, COPY_BYTES, at, &got, from_path, err);
        if (status == STATUS_OK)
            status = file_write_at(to, buffer, got, at, to_path, err);
    }
    free(buffer);
    if (status == STATUS_OK && fsync(to) != 0)
        status = fail_errno(err, "cannot sync %s", to_path);
    return status;
}

static enum status copy_file(const char *from_path, const char *to_path, bool may_be_missing,
                             struct error *err)
{
    enum status status = STATUS_OK;
    int to = -1;
    int from = open(from_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (from < 0)
        return may_be_missing && errno == ENOENT ? STATUS_OK
                                                 : fail_errno(err, "cannot open %s", from_path);
    to = open(to_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (to < 0)
        status = fail_errno(err, "cannot create %s", to_path);
    else
        status = copy_bytes(from, to, from_path, to_path, err);
    if (to >= 0)
        close(to);
    close(from);
    return status;
}

enum status salvage_store(const struct data_folder *folder, const char *to, const uint8_t *id,
                          struct error *err)
{
    char path[FILE_PATH_BYTES];
    char from_log[FILE_PATH_BYTES];
    char to_log[FILE_PATH_BYTES];
    struct sqlite_store_state state = {.position = {.batch = folder->store.position.batch}};
    memcpy(state.journal_id, id, sizeof state.journal_id);

    enum status status = file_path(path, to, "footfall.db", err);
    if (status == STATUS_OK)
        status = file_path(from_log, folder->path, "footfall.db-wal", err);
    if (status == STATUS_OK)
        status = file_path(to_log, to, "footfall.db-wal", err);
    if (status == STATUS_OK)
        status = copy_file(folder->store_path, path, false, err);
    if (status == STATUS_OK)
        status = copy_file(from_log, to_log, true, err);
    return status == STATUS_OK ? sqlite_store_write_state(path, &state, err) : status;
}

/* ---- fingerprints ---- */

struct moving {
    struct dedupe_files *to;
    uint64_t ids;
    uint64_t damaged;
};

static enum status move_block(void *context, int64_t hour, const uint64_t *fingerprints,
                              size_t count, struct error *err)
{
    struct moving *moving = context;
    moving->ids += count;
    return dedupe_files_append(moving->to, hour, fingerprints, count, err);
}

static void tell_damage(void *context, int64_t hour, const struct error *error)
{
    struct moving *moving = context;
    (void)hour;
    moving->damaged++;
    printf("LOST: fingerprints (%s); ids recorded in that hour may count again when they are sent "
           "again\n",
           error->message);
}

enum status salvage_fingerprints(const struct data_folder *folder, const char *to,
                                 const uint8_t *id, struct error *err)
{
    struct dedupe_files *from = NULL;
    struct moving moving = {0};
    struct error why;
    char path[FILE_PATH_BYTES];

    enum status status = file_path(path, to, "dedupe", err);
    if (status != STATUS_OK)
        return status;
    status = dedupe_files_open_as_is(folder->dedupe, folder->id, &from, &why);
    if (status == STATUS_NOT_FOUND || status == STATUS_CORRUPT || status == STATUS_FOREIGN) {
        printf("LOST: fingerprints (%s); ids recorded before may count again when they are sent "
               "again\n",
               why.message);
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        *err = why;
        return status;
    }
    status = dedupe_files_found(path, id, dedupe_files_seed(from), &moving.to, err);
    if (status == STATUS_OK)
        status = dedupe_files_load_readable(from, move_block, tell_damage, &moving, err);
    if (status == STATUS_OK)
        printf("fingerprints: %" PRIu64 " kept\n", moving.ids);
    dedupe_files_close(moving.to);
    dedupe_files_close(from);
    return status;
}
