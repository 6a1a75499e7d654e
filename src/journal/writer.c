/*
 * writer.c - the newest segment: records go in, and spares become the next.
 *
 * An append is framed in one aligned buffer and goes out as one write of whole blocks into space
 * that was written before, followed by a data sync; no size, no extent and no inode changes with
 * it. The next append starts on the next block, so a write that is torn by a crash cannot touch
 * what was acknowledged before.
 *
 * When a record does not fit, a spare becomes the next segment: header written and synced under
 * the spare's name, then renamed, then the folder synced, then the record. At each moment the
 * folder holds a whole chain. The header states where the segment before ends; after a crash this
 * is the cut, so bytes behind it can never come back to life. That is also why a segment is never
 * continued after a restart. Only one that was found without any trace of a record is replaced,
 * by the same rename, or restarts without events would fill the disk with empty segments.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/files.h"
#include "journal/segment.h"
#include "journal/spares.h"

enum { BUFFER_BYTES_MIN = 64 * 1024 };

enum status writer_random(void *to, size_t len, struct error *err)
{
    if (getrandom(to, len, 0) != (ssize_t)len)
        return fail_errno(err, "the system gives no random bytes");
    return STATUS_OK;
}

/* Aligned memory of at least len bytes; the content is lost. */
enum status writer_reserve(struct journal *journal, uint64_t len, struct error *err)
{
    if (len <= journal->buffer_bytes)
        return STATUS_OK;
    size_t cap = journal->buffer_bytes > 0 ? journal->buffer_bytes : BUFFER_BYTES_MIN;
    while (cap < len)
        cap *= 2;
    if (cap > segment_record_bytes(JOURNAL_RECORD_BYTES_MAX))
        cap = (size_t)segment_record_bytes(JOURNAL_RECORD_BYTES_MAX);
    void *larger = aligned_alloc(JOURNAL_BLOCK_BYTES, cap);
    if (larger == NULL)
        return fail(err, STATUS_NO_MEMORY,
                    "journal %s: no memory for a record of %" PRIu64 " bytes", journal->dir, len);
    free(journal->buffer);
    journal->buffer = larger;
    journal->buffer_bytes = cap;
    return STATUS_OK;
}

/* These write len bytes of the buffer and return when they are durable. */
static enum status write_buffered(const struct journal *journal, int fd, size_t len,
                                  uint64_t offset, const char *name, struct error *err)
{
    enum status status = file_write_at(fd, journal->buffer, len, (off_t)offset, name, err);
    if (status == STATUS_OK && fdatasync(fd) != 0)
        status = fail_errno(err, "cannot sync %s", name);
    return status;
}

static enum status write_direct(const struct journal *journal, int fd, size_t len, uint64_t offset,
                                const char *name, struct error *err)
{
    for (size_t done = 0; done < len;) {
        struct iovec piece = {journal->buffer + done, len - done};
        ssize_t wrote = pwritev2(fd, &piece, 1, (off_t)(offset + done), RWF_DSYNC);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return fail_errno(err, "cannot write %s at byte %" PRIu64, name, offset + done);
        if (wrote == 0)
            return fail(err, STATUS_IO, "cannot write %s at byte %" PRIu64 ": nothing was taken",
                        name, offset + done);
        done += (size_t)wrote;
    }
    return STATUS_OK;
}

/* Too many open files pass, as want of memory does: no reason to give the journal up. */
static enum status cannot_open(const char *path, struct error *err)
{
    if (errno == EMFILE || errno == ENFILE)
        return fail(err, STATUS_NO_MEMORY, "cannot open %s: too many files are open", path);
    return fail_errno(err, "cannot open %s", path);
}

/* Opens the spare with O_DIRECT and writes its header: the probe, as a file system that cannot do
 * it says so here, before anything counts. *able is false then, and nothing is open. */
static enum status write_header_direct(const struct journal *journal, const char *path, int *fd,
                                       bool *able, struct error *err)
{
    struct iovec header = {journal->buffer, SEGMENT_HEADER_BYTES};

    *able = true;
    *fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC | O_NOFOLLOW);
    ssize_t wrote = *fd >= 0 ? pwritev2(*fd, &header, 1, 0, RWF_DSYNC) : -1;
    if (wrote == SEGMENT_HEADER_BYTES)
        return STATUS_OK;
    if (wrote >= 0 || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS) {
        *able = false;
        if (*fd >= 0)
            close(*fd);
        *fd = -1;
        return STATUS_OK;
    }
    return *fd < 0 ? cannot_open(path, err)
                   : fail_errno(err, "cannot write the header of %s", path);
}

/* Opens the spare and makes its header, which is in the buffer, durable. */
static enum status write_header(struct journal *journal, const char *path, int *fd,
                                struct error *err)
{
    if (atomic_load(&journal->direct)) {
        bool able = false;
        enum status status = write_header_direct(journal, path, fd, &able, err);
        if (able)
            return status;
        atomic_store(&journal->direct, false);
    }
    *fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (*fd < 0)
        return cannot_open(path, err);
    return write_buffered(journal, *fd, SEGMENT_HEADER_BYTES, 0, path, err);
}

/* What the next segment's header says. Makes room for it in the chain, too. */
static enum status next_header(struct journal *journal, struct segment_header *out,
                               struct error *err)
{
    pthread_mutex_lock(&journal->mutex);
    enum status status = chain_reserve(journal, err);
    struct segment_header header = {.number = 1, .seq_first = 1};
    if (journal->segment_count > 0) {
        const struct chained *newest = &journal->segments[journal->segment_count - 1];
        header = newest->header;
        if (!journal->replace_newest) {
            header.number = newest->header.number + 1;
            header.before_number = newest->header.number;
            header.before_end = journal->fd >= 0 ? journal->end : newest->end;
            header.before_seq_last = atomic_load(&journal->seq_last);
            header.seq_first = header.before_seq_last + 1;
        }
    }
    pthread_mutex_unlock(&journal->mutex);

    memcpy(header.journal_id, journal->id, sizeof header.journal_id);
    header.segment_bytes = journal->segment_bytes;
    if (status == STATUS_OK)
        status = writer_random(&header.salt, sizeof header.salt, err);
    if (status == STATUS_OK)
        *out = header;
    return status;
}

/* The file is in place: from here it is the newest segment. */
static void enter_segment(struct journal *journal, const struct segment_header *header, int fd)
{
    struct chained segment = {
        .header = *header, .seq_last = header->seq_first - 1, .end = SEGMENT_HEADER_BYTES};

    pthread_mutex_lock(&journal->mutex);
    if (journal->fd >= 0) {
        struct chained *before = &journal->segments[journal->segment_count - 1];
        before->seq_last = header->before_seq_last;
        before->end = header->before_end;
    }
    if (journal->replace_newest)
        journal->segment_count--;
    chain_push(journal, &segment);
    journal->settled = false; /* the segment before may be releasable now */
    pthread_cond_broadcast(&journal->changed);
    pthread_mutex_unlock(&journal->mutex);

    if (journal->fd >= 0)
        close(journal->fd);
    journal->fd = fd;
    journal->number = header->number;
    journal->salt = header->salt;
    journal->end = SEGMENT_HEADER_BYTES;
    journal->replace_newest = false;
}

/* Takes a spare that is still what it was made: nobody removed it or punched holes into it. */
static enum status take_spare(struct journal *journal, uint64_t *spare, char path[FILE_PATH_BYTES],
                              struct error *err)
{
    for (;;) {
        char name[SPARE_NAME_BYTES];
        enum status status = spares_take(journal, spare, err);
        if (status != STATUS_OK)
            return status;
        spare_name(*spare, name);
        status = journal_path(journal, name, path, err);
        if (status != STATUS_OK || spare_is_solid(path, journal->segment_bytes))
            return status;
        (void)unlink(path); /* if it is there at all; the helper makes another */
    }
}

enum status writer_begin(struct journal *journal, struct error *err)
{
    struct segment_header header;
    bool taken = false;
    uint64_t spare = 0;
    int fd = -1;
    char name[SEGMENT_NAME_BYTES];
    char spare_path[FILE_PATH_BYTES];
    char path[FILE_PATH_BYTES];

    enum status status = next_header(journal, &header, err);
    if (status == STATUS_OK)
        status = writer_reserve(journal, SEGMENT_HEADER_BYTES, err);
    if (status != STATUS_OK)
        return status;
    segment_name(header.number, name);
    status = journal_path(journal, name, path, err);
    if (status == STATUS_OK)
        status = take_spare(journal, &spare, spare_path, err);
    if (status != STATUS_OK)
        return status;
    taken = true;

    segment_header_encode(&header, journal->buffer);
    status = write_header(journal, spare_path, &fd, err);
    if (status != STATUS_OK)
        goto cleanup;
    if (rename(spare_path, path) != 0) {
        status = fail_errno(err, "cannot rename %s to %s", spare_path, path);
        goto cleanup;
    }
    taken = false;
    if (journal_sync_dir(journal, err) != STATUS_OK) {
        status = STATUS_IO; /* whatever errno said: the new name is there and may go again */
        goto cleanup;
    }
    enter_segment(journal, &header, fd);
    fd = -1;

cleanup:
    if (fd >= 0)
        close(fd);
    if (taken)
        spares_return(journal, spare);
    return status;
}

enum status writer_put(struct journal *journal, uint64_t bytes, struct error *err)
{
    char name[SEGMENT_NAME_BYTES];
    enum status status = STATUS_OK;

    segment_name(journal->number, name);
    if (atomic_load(&journal->direct))
        status = write_direct(journal, journal->fd, (size_t)bytes, journal->end, name, err);
    else
        status = write_buffered(journal, journal->fd, (size_t)bytes, journal->end, name, err);
    if (status == STATUS_OK)
        journal->end += bytes;
    return status;
}
