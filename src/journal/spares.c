/*
 * spares.c - segments ready before they are needed.
 *
 * Making one: allocate (a full disk shows here, at once), write zeros, sync, and only then give
 * it a spare's name, so a name means that all of it is there. Zeros go out a megabyte at a time,
 * each awaited, to keep the device's queue short for the appender's syncs beside it.
 *
 * Recycling: the oldest released segment is renamed to a spare's name, or removed when there are
 * enough, and the folder is synced before anything else happens. So
 *   - the folder always holds a run of numbers without a gap, whenever the power goes;
 *   - nobody writes into a recycled file whose old name could come back.
 * Its old records stay in it; segment.c says why they are never mistaken for new ones. While
 * somebody pins the journal (copy.h) nothing goes; it is tried again each second.
 *
 * A failure to prepare is no failure of the journal: it is remembered, appends are refused once
 * the current segment is used up, and the helper tries again each second and at each release.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/spares.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"

enum { ZEROS_BYTES = 1024 * 1024, KEPT_PER_WANTED = 4 };

static const uint64_t retry_after_ns = 1000000000;
static const uint8_t zeros[ZEROS_BYTES];

void spare_name(uint64_t number, char out[SPARE_NAME_BYTES])
{
    snprintf(out, SPARE_NAME_BYTES, "spare-%" PRIu64 ".seg", number);
}

static void unfinished_name(uint64_t number, char out[SPARE_NAME_BYTES])
{
    snprintf(out, SPARE_NAME_BYTES, "spare-%" PRIu64 ".tmp", number);
}

bool spare_name_parse(const char *name, uint64_t *number, bool *whole)
{
    static const char prefix[] = "spare-";
    if (strncmp(name, prefix, sizeof prefix - 1) != 0)
        return false;
    const char *digits = name + sizeof prefix - 1;
    size_t len = strspn(digits, "0123456789");
    if (len == 0 || len > 18)
        return false;
    *whole = strcmp(digits + len, ".seg") == 0;
    *number = strtoull(digits, NULL, 10);
    return *whole || strcmp(digits + len, ".tmp") == 0;
}

bool spare_is_solid(const char *path, uint64_t bytes)
{
    struct stat stat_buf;
    return lstat(path, &stat_buf) == 0 && S_ISREG(stat_buf.st_mode) &&
           (uint64_t)stat_buf.st_size == bytes && (uint64_t)stat_buf.st_blocks * 512 >= bytes;
}

/* Looks first: a try that fails would for a moment take the room that the store lives on. */
static enum status check_room(struct journal *journal, const char *path, struct error *err)
{
    struct statvfs room;
    uint64_t wanted = 2 * journal->segment_bytes; /* as much again stays for the store */

    errno = atomic_load(&journal->refuse_errno);
    if (errno != 0)
        return fail_errno(err, "cannot prepare %s", path);
    if (statvfs(journal->dir, &room) != 0)
        return fail_errno(err, "cannot ask for the free room in %s", journal->dir);
    uint64_t available = (uint64_t)room.f_bavail * room.f_frsize;
    if (room.f_blocks > 0 && available < wanted) /* no blocks at all: it does not say */
        return fail(err, STATUS_DISK_FULL,
                    "%s: %" PRIu64 " bytes are free and %" PRIu64
                    " are needed: a journal segment, and as much again for the store",
                    journal->dir, available, wanted);
    return STATUS_OK;
}

size_t spares_kept(const struct journal *journal)
{
    return (size_t)KEPT_PER_WANTED * journal->spares_wanted;
}

static enum status write_zeros(struct journal *journal, int fd, const char *path, struct error *err)
{
    uint64_t bytes = journal->segment_bytes;

    if (fallocate(fd, 0, 0, (off_t)bytes) != 0 && errno != EOPNOTSUPP && errno != ENOSYS)
        return fail_errno(err, "cannot allocate the %" PRIu64 " bytes of %s", bytes, path);

    for (uint64_t at = 0; at < bytes;) {
        if (atomic_load(&journal->stopping))
            return fail(err, STATUS_STOPPED, "%s: stopped", path);
        size_t len = bytes - at < ZEROS_BYTES ? (size_t)(bytes - at) : ZEROS_BYTES;
        enum status status = file_write_at(fd, zeros, len, (off_t)at, path, err);
        if (status != STATUS_OK)
            return status;
        /* For the pace only, so its answer does not matter: fsync() has the last word. */
        (void)sync_file_range(fd, (off_t)at, (off_t)len,
                              SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
        at += len;
    }
    if (fsync(fd) != 0)
        return fail_errno(err, "cannot sync %s", path);
    return STATUS_OK;
}

/* Touches no field that others change. */
static enum status make_file(struct journal *journal, uint64_t number, struct error *err)
{
    char name[SPARE_NAME_BYTES];
    char path[FILE_PATH_BYTES];
    char whole_path[FILE_PATH_BYTES];
    int fd = -1;

    spare_name(number, name);
    enum status status = journal_path(journal, name, whole_path, err);
    if (status != STATUS_OK)
        return status;
    unfinished_name(number, name);
    status = journal_path(journal, name, path, err);
    if (status == STATUS_OK)
        status = check_room(journal, path, err);
    if (status != STATUS_OK)
        return status;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail_errno(err, "cannot create %s", path);

    status = write_zeros(journal, fd, path, err);
    if (status != STATUS_OK)
        goto cleanup;
    if (rename(path, whole_path) != 0)
        status = fail_errno(err, "cannot rename %s to %s", path, whole_path);

cleanup:
    close(fd);
    if (status != STATUS_OK)
        (void)unlink(path); /* what is left of it goes at the next open */
    return status;
}

/* With the mutex held, as all below unless said otherwise. */
static void changed(struct journal *journal)
{
    journal->settled = false;
    pthread_cond_broadcast(&journal->changed);
}

static enum status make_one(struct journal *journal, struct error *err)
{
    struct error cause = {0};
    uint64_t number = journal->spare_next++;

    pthread_mutex_unlock(&journal->mutex);
    enum status status = make_file(journal, number, &cause);
    pthread_mutex_lock(&journal->mutex);

    journal->spare_refused = status != STATUS_OK;
    if (status == STATUS_OK) {
        assert(journal->ready_count < SPARES_KEPT_MAX);
        journal->ready[journal->ready_count++] = number;
    } else {
        journal->spare_error = cause;
        journal->make_after_ns = monotonic_ns() + retry_after_ns;
        if (err != NULL)
            *err = cause;
    }
    changed(journal);
    return status;
}

enum status spares_make(struct journal *journal, struct error *err)
{
    pthread_mutex_lock(&journal->mutex);
    enum status status = make_one(journal, err);
    pthread_mutex_unlock(&journal->mutex);
    return status;
}

/* The newest segment says where the numbers go on: it always stays. One whose only record was
 * torn stays as long as if it had been whole, for whoever wants to look at it. */
static bool can_recycle(const struct journal *journal)
{
    return !journal->removing_over && journal->segment_count > 1 &&
           journal->segments[0].header.seq_first <= journal->released &&
           journal->segments[0].seq_last <= journal->released;
}

static bool can_make(const struct journal *journal)
{
    return journal->ready_count < journal->spares_wanted;
}

/* Renames or removes the file and syncs the folder; without the mutex. *renamed on STATUS_OK;
 * *over when the folder's state on disk has become unknown. */
static enum status rename_or_remove(struct journal *journal, uint64_t segment, bool keep,
                                    uint64_t spare, bool *renamed, bool *over)
{
    char name[SEGMENT_NAME_BYTES];
    char new_name[SPARE_NAME_BYTES];
    char path[FILE_PATH_BYTES];
    char new_path[FILE_PATH_BYTES];

    segment_name(segment, name);
    spare_name(spare, new_name);
    enum status status = journal_path(journal, name, path, NULL);
    if (status == STATUS_OK)
        status = journal_path(journal, new_name, new_path, NULL);
    if (status != STATUS_OK)
        return status;

    *renamed = keep && spare_is_solid(path, journal->segment_bytes) && rename(path, new_path) == 0;
    if (!*renamed && unlink(path) != 0)
        return STATUS_IO;
    status = journal_sync_dir(journal, NULL);
    *over = status != STATUS_OK;
    return status;
}

/* The same unless somebody pins the journal (copy.h): STATUS_BUSY. Where there are no such locks
 * nobody can hold one. */
static enum status take_away(struct journal *journal, uint64_t segment, bool keep, uint64_t spare,
                             bool *renamed, bool *over)
{
    if (flock(journal->dir_fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return STATUS_BUSY;
    enum status status = rename_or_remove(journal, segment, keep, spare, renamed, over);
    (void)flock(journal->dir_fd, LOCK_UN);
    return status;
}

static void recycle_oldest(struct journal *journal)
{
    uint64_t segment = journal->segments[0].header.number;
    uint64_t spare = journal->spare_next++;
    bool keep = journal->ready_count < spares_kept(journal) &&
                journal->segments[0].header.segment_bytes == journal->segment_bytes;
    bool renamed = false;
    bool over = false;

    pthread_mutex_unlock(&journal->mutex);
    enum status status = take_away(journal, segment, keep, spare, &renamed, &over);
    pthread_mutex_lock(&journal->mutex);

    if (status == STATUS_OK) {
        journal->segment_count--;
        memmove(journal->segments, journal->segments + 1,
                journal->segment_count * sizeof *journal->segments);
        atomic_store(&journal->seq_first, journal->segments[0].header.seq_first);
        if (renamed)
            journal->ready[journal->ready_count++] = spare;
        /* There is room now, here or on the disk. */
        journal->spare_refused = false;
        journal->make_after_ns = 0;
    } else {
        journal->removing_over = over;
        journal->remove_after_ns = monotonic_ns() + retry_after_ns;
    }
    changed(journal);
}

/* When there is something to do again, should nobody say so before; 0 for never. */
static uint64_t next_try_ns(const struct journal *journal)
{
    uint64_t make_ns = can_make(journal) ? journal->make_after_ns : 0;
    uint64_t remove_ns = can_recycle(journal) ? journal->remove_after_ns : 0;
    return make_ns != 0 && (remove_ns == 0 || make_ns < remove_ns) ? make_ns : remove_ns;
}

static void rest(struct journal *journal)
{
    journal->settled = true;
    pthread_cond_broadcast(&journal->changed);
    uint64_t until_ns = next_try_ns(journal);
    struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000),
                             .tv_nsec = (long)(until_ns % 1000000000)};
    int timed_out = 0;
    while (journal->settled && timed_out == 0) {
        if (until_ns == 0)
            pthread_cond_wait(&journal->changed, &journal->mutex);
        else
            timed_out = pthread_cond_timedwait(&journal->changed, &journal->mutex, &until);
    }
}

static void *help(void *context)
{
    struct journal *journal = context;

    pthread_mutex_lock(&journal->mutex);
    while (!atomic_load(&journal->stopping)) {
        uint64_t now_ns = monotonic_ns();
        if (can_recycle(journal) && journal->remove_after_ns <= now_ns)
            recycle_oldest(journal);
        else if (can_make(journal) && journal->make_after_ns <= now_ns)
            (void)make_one(journal, NULL); /* its words are kept in spare_error */
        else
            rest(journal);
    }
    pthread_mutex_unlock(&journal->mutex);
    return NULL;
}

enum status spares_start(struct journal *journal, struct error *err)
{
    /* Signals are for the program's own threads. */
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    errno = pthread_create(&journal->helper, NULL, help, journal);
    int cause = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = cause;
    if (cause != 0)
        return fail_errno(err, "journal %s: cannot start the helper thread", journal->dir);
    journal->helper_started = true;
    return STATUS_OK;
}

void spares_stop(struct journal *journal)
{
    if (!journal->helper_started)
        return;
    pthread_mutex_lock(&journal->mutex);
    atomic_store(&journal->stopping, true);
    changed(journal);
    pthread_mutex_unlock(&journal->mutex);
    pthread_join(journal->helper, NULL);
    journal->helper_started = false;
}

enum status spares_take(struct journal *journal, uint64_t *number, struct error *err)
{
    enum status status = STATUS_OK;

    pthread_mutex_lock(&journal->mutex);
    while (journal->ready_count == 0 && !journal->spare_refused && journal->helper_started)
        pthread_cond_wait(&journal->changed, &journal->mutex);
    if (journal->ready_count > 0) {
        *number = journal->ready[--journal->ready_count];
        changed(journal);
    } else {
        status =
            fail(err, STATUS_DISK_FULL, "no segment is prepared: %s", journal->spare_error.message);
    }
    pthread_mutex_unlock(&journal->mutex);
    return status;
}

void spares_return(struct journal *journal, uint64_t number)
{
    pthread_mutex_lock(&journal->mutex);
    assert(journal->ready_count <= SPARES_KEPT_MAX);
    journal->ready[journal->ready_count++] = number;
    changed(journal);
    pthread_mutex_unlock(&journal->mutex);
}

void spares_settle(struct journal *journal)
{
    pthread_mutex_lock(&journal->mutex);
    while (!journal->settled)
        pthread_cond_wait(&journal->changed, &journal->mutex);
    pthread_mutex_unlock(&journal->mutex);
}

void spares_retry(struct journal *journal)
{
    pthread_mutex_lock(&journal->mutex);
    journal->make_after_ns = 0;
    journal->remove_after_ns = 0;
    changed(journal);
    pthread_mutex_unlock(&journal->mutex);
}
