/*
 * make.c - a backup of a data folder, whether a server uses it or not.
 *
 * Three parts change beside each other, and the order in which they are copied makes them one:
 *
 *     1. pin            from here the journal loses nothing
 *     2. store          one transaction: batches 1 to n, and the record s that sealed n
 *     3. fingerprints   all ids up to batch n, perhaps of later ones
 *     4. journal        from the group before s to the last record that is whole when it is read
 *     5. unpin
 *
 * Store before journal: the journal then reaches from before the store's position to behind it,
 * which is what a start wants. Everything that was acknowledged before step 1 is in the store or
 * the journal, and what the journal adds is a prefix, record by record.
 *
 * Fingerprints between them: after the store, so that no id that only the store has is missing, and
 * before the journal, so that no id is known whose event is not there: such an event would be
 * refused as a repeat and lost. A fingerprint is written only when its event's record is durable.
 *
 * Nothing is copied under a lock that the server waits for. What the copying costs the server is
 * disk: journal and the store's log keep what they would have let go. Should that bring its disk to
 * the mark at which it stops taking events, the backup gives up first.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/backup/make.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/backup/new_folder.h"
#include "engine/dedupe_files.h"
#include "engine/engine.h"
#include "engine/store_kind.h"
#include "journal/copy.h"
#include "store/sqlite/copy.h"

enum {
    COPY_BYTES = 1024 * 1024,
    LOOK_EVERY_BYTES = 16 * 1024 * 1024,
    /* A server refuses events when two segments' sizes are free. */
    SEGMENTS_LEFT_MIN = 4,
    SPARE_ROOM_BYTES = 16 * 1024 * 1024
};

struct backup {
    const char *data;
    char journal[FILE_PATH_BYTES];
    char store[FILE_PATH_BYTES];
    char dedupe[FILE_PATH_BYTES];
    struct new_folder folder;
    int pin;
    struct long_work work;
    uint64_t room_min;   /* of the data folder's disk; 0: it is not watched */
    uint64_t looked_at;  /* bytes copied when the room was last looked at */
    uint64_t copied;     /* bytes */
    uint64_t store_done; /* bytes of the store */
    struct sqlite_store_state state;
    struct journal_copied records;
};

static enum status free_room(const char *path, uint64_t *out, struct error *err)
{
    struct statvfs room;
    if (statvfs(path, &room) != 0)
        return fail_errno(err, "cannot ask for the free room at %s", path);
    *out = room.f_blocks == 0 ? UINT64_MAX : (uint64_t)room.f_bavail * room.f_frsize;
    return STATUS_OK;
}

/* After each stretch: progress, signals, and the room of the server's disk. */
static enum status step(struct backup *backup, uint64_t bytes, struct error *err)
{
    uint64_t room = 0;
    enum status status = long_work_step(&backup->work, bytes, err);
    backup->copied += bytes;
    if (status != STATUS_OK || backup->room_min == 0 ||
        backup->copied - backup->looked_at < LOOK_EVERY_BYTES)
        return status;
    backup->looked_at = backup->copied;
    status = free_room(backup->data, &room, err);
    if (status == STATUS_OK && room < backup->room_min)
        status = fail(err, STATUS_DISK_FULL,
                      "%s: %" PRIu64 " bytes are free; the backup gives up, so that the server has "
                      "them: while it runs, the journal cannot be recycled",
                      backup->data, room);
    return status;
}

/* ---- before ---- */

static uint64_t size_of(const char *path)
{
    struct stat stat_buf;
    return stat(path, &stat_buf) == 0 ? (uint64_t)stat_buf.st_size : 0;
}

/* Of the files in the folder whose names end so. */
static uint64_t sizes_in(const char *path, const char *suffix)
{
    uint64_t bytes = 0;
    DIR *dir = opendir(path);
    if (dir == NULL)
        return 0;
    for (const struct dirent *item; (item = readdir(dir)) != NULL;) {
        struct stat stat_buf;
        size_t len = strlen(item->d_name);
        if (len > strlen(suffix) && strcmp(item->d_name + len - strlen(suffix), suffix) == 0 &&
            strncmp(item->d_name, "spare-", 6) != 0 &&
            fstatat(dirfd(dir), item->d_name, &stat_buf, AT_SYMLINK_NOFOLLOW) == 0)
            bytes += (uint64_t)stat_buf.st_size;
    }
    closedir(dir);
    return bytes;
}

/* Looks before anything is written, and sets the mark at which the backup gives up. */
static enum status check_room(struct backup *backup, struct error *err)
{
    char log[FILE_PATH_BYTES + 4];
    uint64_t there = 0;
    uint64_t here = 0;
    bool serving = false;
    snprintf(log, sizeof log, "%s-wal", backup->store);
    uint64_t wanted = size_of(backup->store) + size_of(log) + sizes_in(backup->journal, ".seg") +
                      sizes_in(backup->dedupe, ".ids") + SPARE_ROOM_BYTES;
    enum status status = free_room(backup->folder.partial, &there, err);
    if (status == STATUS_OK && there < wanted)
        status = fail(err, STATUS_DISK_FULL,
                      "%s: %" PRIu64 " bytes are free there, and the backup may need %" PRIu64,
                      backup->folder.path, there, wanted);
    if (status == STATUS_OK)
        status = journal_is_open(backup->journal, &serving, err);
    if (status == STATUS_OK && serving)
        status = free_room(backup->data, &here, err);
    if (status != STATUS_OK || !serving)
        return status;
    struct journal_copy_options newest = {
        .from = backup->journal, .pin = &backup->pin, .seq_from = UINT64_MAX};
    struct journal_copied looked = {0};
    status = journal_copy(&newest, &looked, err);
    backup->room_min = SEGMENTS_LEFT_MIN * looked.segment_bytes;
    if (here < backup->room_min) /* it was low before: nothing is won by giving up */
        backup->room_min = 0;
    return status;
}

static enum status find_parts(struct backup *backup, struct error *err)
{
    struct stat stat_buf;
    enum status status = store_kind_need_sqlite(
        backup->data,
        "the table is backed up by its service, and the journal here is only what "
        "it does not have yet",
        err);
    if (status == STATUS_OK)
        status = file_path(backup->journal, backup->data, "journal", err);
    if (status == STATUS_OK)
        status = file_path(backup->store, backup->data, "footfall.db", err);
    if (status == STATUS_OK)
        status = file_path(backup->dedupe, backup->data, "dedupe", err);
    if (status == STATUS_OK &&
        (stat(backup->journal, &stat_buf) != 0 || stat(backup->store, &stat_buf) != 0))
        status = fail(err, STATUS_NOT_FOUND,
                      "%s is no data folder: it has no journal and footfall.db; --data names the "
                      "folder of a server",
                      backup->data);
    return status;
}

/* ---- the parts ---- */

static enum status on_pages(void *context, uint64_t bytes_done, uint64_t bytes, struct error *err)
{
    struct backup *backup = context;
    uint64_t more = bytes_done - backup->store_done;
    backup->work.total = bytes;
    backup->store_done = bytes_done;
    return step(backup, more, err);
}

static enum status copy_store(struct backup *backup, struct error *err)
{
    char to[FILE_PATH_BYTES];
    enum status status = file_path(to, backup->folder.partial, "footfall.db", err);
    if (status != STATUS_OK)
        return status;
    long_work_begin(&backup->work, "copying the store", "bytes", size_of(backup->store));
    status = sqlite_store_copy(backup->store, manifest_is_there(backup->data), to, on_pages, backup,
                               &backup->state, err);
    long_work_end(&backup->work);
    return status;
}

/* Copies what the file holds now; one that has gone is an hour that has left the window. */
static enum status copy_fingerprints_of(struct backup *backup, const char *name, uint8_t *buffer,
                                        struct error *err)
{
    char from_path[FILE_PATH_BYTES];
    char to_path[FILE_PATH_BYTES];
    char to_dir[FILE_PATH_BYTES];
    size_t got = COPY_BYTES;
    int to = -1;
    enum status status = file_path(from_path, backup->dedupe, name, err);
    if (status == STATUS_OK)
        status = file_path(to_dir, backup->folder.partial, "dedupe", err);
    if (status == STATUS_OK)
        status = file_path(to_path, to_dir, name, err);
    if (status != STATUS_OK)
        return status;
    int from = open(from_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (from < 0)
        return errno == ENOENT ? STATUS_OK : fail_errno(err, "cannot open %s", from_path);
    to = open(to_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (to < 0)
        status = fail_errno(err, "cannot create %s", to_path);
    for (off_t at = 0; status == STATUS_OK && got == COPY_BYTES; at += (off_t)got) {
        status = file_read_at(from, buffer, COPY_BYTES, at, &got, from_path, err);
        if (status == STATUS_OK)
            status = file_write_at(to, buffer, got, at, to_path, err);
        if (status == STATUS_OK)
            status = step(backup, got, err);
    }
    if (to >= 0)
        close(to);
    close(from);
    return status;
}

static bool is_fingerprints(const char *name)
{
    size_t digits = strspn(name, "-0123456789");
    return strcmp(name, "seed") == 0 || (digits > 0 && strcmp(name + digits, ".ids") == 0);
}

static enum status copy_fingerprints(struct backup *backup, struct error *err)
{
    enum status status = STATUS_OK;
    DIR *dir = opendir(backup->dedupe);
    if (dir == NULL)
        return errno == ENOENT ? STATUS_OK
                               : fail_errno(err, "cannot read the folder %s", backup->dedupe);
    uint8_t *buffer = malloc(COPY_BYTES);
    if (buffer == NULL)
        status = fail(err, STATUS_NO_MEMORY, "no memory to copy %s", backup->dedupe);
    long_work_begin(&backup->work, "copying fingerprints", "bytes", 0);
    while (status == STATUS_OK) {
        errno = 0;
        const struct dirent *item = readdir(dir);
        if (item == NULL) {
            if (errno != 0)
                status = fail_errno(err, "cannot read the folder %s", backup->dedupe);
            break;
        }
        if (is_fingerprints(item->d_name))
            status = copy_fingerprints_of(backup, item->d_name, buffer, err);
    }
    long_work_end(&backup->work);
    free(buffer);
    closedir(dir);
    return status;
}

static enum status on_records(void *context, uint64_t bytes, struct error *err)
{
    return step(context, bytes, err);
}

static enum status copy_journal(struct backup *backup, struct error *err)
{
    char to[FILE_PATH_BYTES];
    const struct store_position *position = &backup->state.position;
    enum status status = file_path(to, backup->folder.partial, "journal", err);
    if (status != STATUS_OK)
        return status;
    struct journal_copy_options options = {.from = backup->journal,
                                           .pin = &backup->pin,
                                           .to = to,
                                           .seq_from = engine_released_by(position->seq) + 1,
                                           .step = on_records,
                                           .context = backup};
    long_work_begin(&backup->work, "copying the journal", "bytes", 0);
    status = journal_copy(&options, &backup->records, err);
    long_work_end(&backup->work);
    if (status != STATUS_OK)
        return status;
    const struct journal_copied *records = &backup->records;
    if (memcmp(records->journal_id, backup->state.journal_id, JOURNAL_ID_BYTES) != 0)
        return fail(err, STATUS_FOREIGN, "%s: the store follows another journal than the one here",
                    backup->data);
    if (records->seq_first > position->seq + 1 || records->seq_last < position->seq)
        return fail(err, STATUS_FOREIGN,
                    "%s: the store ends at record %" PRIu64 " and the journal has records %" PRIu64
                    " to %" PRIu64 ": they are not of one moment; see footfall journal verify",
                    backup->data, position->seq, records->seq_first, records->seq_last);
    return STATUS_OK;
}

/* ---- the whole ---- */

static enum status count_ids(void *context, int64_t hour, const uint64_t *fingerprints,
                             size_t count, struct error *err)
{
    (void)context;
    (void)hour;
    (void)fingerprints;
    (void)count;
    (void)err;
    return STATUS_OK;
}

/* What was copied of the fingerprints can be read: a start would refuse them otherwise. */
static enum status check_fingerprints(const struct backup *backup, struct error *err)
{
    char dir[FILE_PATH_BYTES];
    struct dedupe_files *files = NULL;
    enum status status = file_path(dir, backup->folder.partial, "dedupe", err);
    if (status == STATUS_OK)
        status = dedupe_files_open_as_is(dir, backup->state.journal_id, &files, err);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status == STATUS_OK)
        status = dedupe_files_load(files, count_ids, NULL, err);
    dedupe_files_close(files);
    return status;
}

static enum status copy_all(struct backup *backup, struct error *err)
{
    enum status status = new_folder_add(&backup->folder, "journal", err);
    if (status == STATUS_OK)
        status = new_folder_add(&backup->folder, "dedupe", err);
    if (status == STATUS_OK)
        status = copy_store(backup, err);
    if (status == STATUS_OK)
        status = copy_fingerprints(backup, err);
    if (status == STATUS_OK)
        status = copy_journal(backup, err);
    journal_unpin(backup->pin);
    backup->pin = -1;
    return status == STATUS_OK ? check_fingerprints(backup, err) : status;
}

static enum status describe(struct backup *backup, int64_t began_ms, struct manifest *out,
                            struct error *err)
{
    const struct clock clock = clock_system();
    snprintf(out->program, sizeof out->program, "%s", FOOTFALL_VERSION);
    journal_id_words(backup->state.journal_id, out->journal_id);
    out->batch = backup->state.position.batch;
    out->store_record = backup->state.position.seq;
    out->first_record = backup->records.seq_first;
    out->last_record = backup->records.seq_last;
    out->began_ms = began_ms;
    long_work_begin(&backup->work, "syncing and summing up", "bytes", backup->copied);
    enum status status = manifest_add_files(out, backup->folder.partial, &backup->work, err);
    long_work_end(&backup->work);
    out->ended_ms = clock_now_ms(&clock);
    return status == STATUS_OK ? manifest_write(out, backup->folder.partial, err) : status;
}

enum status backup_make(const char *data, const char *to, struct manifest *out, struct error *err)
{
    struct backup backup = {.data = data, .pin = -1, .folder = {.marker = -1}};
    struct manifest manifest = {0};
    const struct clock clock = clock_system();
    int64_t began_ms = clock_now_ms(&clock);

    enum status status = find_parts(&backup, err);
    if (status == STATUS_OK)
        status = new_folder_begin(&backup.folder, to, data, err);
    if (status == STATUS_OK)
        status = journal_pin(backup.journal, &backup.pin, err);
    if (status == STATUS_OK)
        status = check_room(&backup, err);
    if (status == STATUS_OK)
        status = copy_all(&backup, err);
    if (status == STATUS_OK)
        status = describe(&backup, began_ms, &manifest, err);
    if (status == STATUS_OK)
        status = new_folder_finish(&backup.folder, err);
    if (status == STATUS_OK) {
        *out = manifest;
        manifest = (struct manifest){0};
    }
    journal_unpin(backup.pin);
    new_folder_abandon(&backup.folder);
    manifest_done(&manifest);
    return status;
}
