/*
 * journal.c - the life of a journal: open, start, append, release, close.
 *
 * The work is done elsewhere: recovery.c reads what is there, writer.c puts records into the
 * newest segment, spares.c keeps segments ready and takes released ones away.
 *
 * A failed write or sync ends it all: the kernel may have dropped the pages and forgotten the
 * error, so neither trying again nor syncing again proves anything. Opening again reads what the
 * disk has.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/journal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"
#include "journal/recovery.h"
#include "journal/segment.h"
#include "journal/spares.h"
#include "journal/state.h"
#include "journal/writer.h"

enum { SPARES_DEFAULT = 2 };

enum status journal_path(const struct journal *journal, const char *name, char *out,
                         struct error *err)
{
    return file_path(out, journal->dir, name, err);
}

enum status journal_sync_dir(const struct journal *journal, struct error *err)
{
    if (fsync(journal->dir_fd) != 0)
        return fail_errno(err, "cannot sync the folder %s", journal->dir);
    return STATUS_OK;
}

enum status chain_reserve(struct journal *journal, struct error *err)
{
    if (journal->segment_count < journal->segment_cap)
        return STATUS_OK;
    size_t cap = journal->segment_cap == 0 ? 64 : journal->segment_cap * 2;
    struct chained *larger = reallocarray(journal->segments, cap, sizeof *larger);
    if (larger == NULL)
        return fail(err, STATUS_NO_MEMORY, "journal %s: no memory", journal->dir);
    journal->segments = larger;
    journal->segment_cap = cap;
    return STATUS_OK;
}

void chain_push(struct journal *journal, const struct chained *segment)
{
    assert(journal->segment_count < journal->segment_cap);
    journal->segments[journal->segment_count++] = *segment;
}

static enum status check_options(const struct journal_options *options, struct error *err)
{
    uint64_t bytes = options->segment_bytes;
    if (bytes != 0 && (bytes % JOURNAL_BLOCK_BYTES != 0 || bytes < JOURNAL_SEGMENT_BYTES_MIN ||
                       bytes > JOURNAL_SEGMENT_BYTES_MAX))
        return fail(
            err, STATUS_INVALID,
            "a journal segment of %" PRIu64 " bytes: it must be a multiple of %d from %d to %d",
            bytes, JOURNAL_BLOCK_BYTES, JOURNAL_SEGMENT_BYTES_MIN, JOURNAL_SEGMENT_BYTES_MAX);
    if (options->spares > SPARES_WANTED_MAX)
        return fail(err, STATUS_INVALID, "%u spare segments: %d is the most",
                    (unsigned)options->spares, SPARES_WANTED_MAX);
    return STATUS_OK;
}

static enum status lock_folder(struct journal *journal, struct error *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = journal_path(journal, "lock", path, err);
    if (status != STATUS_OK)
        return status;
    journal->dir_fd = open(journal->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (journal->dir_fd < 0)
        return fail_errno(err, "cannot open the folder %s", journal->dir);
    journal->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (journal->lock_fd < 0)
        return fail_errno(err, "cannot open %s", path);
    if (flock(journal->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return fail(err, STATUS_BUSY, "the journal %s is in use by another process",
                        journal->dir);
        return fail_errno(err, "cannot lock %s", path);
    }
    return STATUS_OK;
}

/* A folder without segments: the first one gives the journal its id, for good. */
static enum status found_journal(struct journal *journal, struct error *err)
{
    enum status status = writer_random(journal->id, sizeof journal->id, err);
    if (status == STATUS_OK && journal->ready_count == 0)
        status = spares_make(journal, err);
    if (status == STATUS_OK)
        status = writer_begin(journal, err);
    return status;
}

static struct journal *new_journal(const struct journal_options *options)
{
    struct journal *journal = calloc(1, sizeof *journal);
    pthread_condattr_t monotonic;

    if (journal == NULL)
        return NULL;
    journal->dir = strdup(options->dir);
    if (journal->dir == NULL) {
        free(journal);
        return NULL;
    }
    journal->dir_fd = -1;
    journal->lock_fd = -1;
    journal->fd = -1;
    journal->segment_bytes =
        options->segment_bytes != 0 ? options->segment_bytes : JOURNAL_SEGMENT_BYTES_DEFAULT;
    journal->spares_wanted = options->spares != 0 ? options->spares : SPARES_DEFAULT;
    journal->seq_first = 1;
    journal->direct = options->io == JOURNAL_IO_DIRECT;
    /* None of these can fail with these arguments on Linux. */
    pthread_mutex_init(&journal->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&journal->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return journal;
}

enum status journal_open(const struct journal_options *options, struct journal **out,
                         struct error *err)
{
    struct journal *journal = NULL;

    enum status status = check_options(options, err);
    if (status != STATUS_OK)
        return status;
    journal = new_journal(options);
    if (journal == NULL) {
        status = fail(err, STATUS_NO_MEMORY, "journal %s: no memory", options->dir);
        goto cleanup;
    }
    status = file_make_dir(journal->dir, err);
    if (status != STATUS_OK)
        goto cleanup;
    status = lock_folder(journal, err);
    if (status != STATUS_OK)
        goto cleanup;
    status = recover(journal, err);
    if (status != STATUS_OK)
        goto cleanup;
    if (journal->segment_count == 0)
        status = found_journal(journal, err);
    if (status != STATUS_OK)
        goto cleanup;

    *out = journal;
    journal = NULL;

cleanup:
    journal_close(journal);
    return status;
}

const uint8_t *journal_id(const struct journal *journal)
{
    return journal->id;
}

uint64_t journal_seq_first(const struct journal *journal)
{
    return atomic_load(&journal->seq_first);
}

uint64_t journal_seq_last(const struct journal *journal)
{
    return atomic_load(&journal->seq_last);
}

enum status journal_start(struct journal *journal, struct error *err)
{
    enum status status = STATUS_OK;
    struct error cause = {0};

    assert(!journal->started);
    /* A segment that this journal_open() founded is new enough. */
    if (journal->fd < 0) {
        if (journal->ready_count == 0)
            status = spares_make(journal, &cause);
        if (status == STATUS_OK)
            status = writer_begin(journal, &cause);
        /* With a full disk it starts without a segment: what is released may heal it. */
        if (status != STATUS_OK && status != STATUS_DISK_FULL) {
            if (err != NULL)
                *err = cause;
            return status;
        }
    }
    status = spares_start(journal, err);
    journal->started = status == STATUS_OK;
    return status;
}

static bool fits(const struct journal *journal, enum journal_class class, uint64_t bytes)
{
    uint64_t reserve = class == JOURNAL_EVENTS ? JOURNAL_CONTROL_RESERVE_BYTES : 0;
    return journal->fd >= 0 && bytes + reserve <= journal->segment_bytes - journal->end;
}

static enum status check_size(const struct journal *journal, enum journal_class class,
                              const struct text *parts, size_t part_count, size_t *out,
                              struct error *err)
{
    size_t payload = 0;
    uint64_t room = journal->segment_bytes - SEGMENT_HEADER_BYTES -
                    (class == JOURNAL_EVENTS ? JOURNAL_CONTROL_RESERVE_BYTES : 0);

    for (size_t i = 0; i < part_count && payload <= JOURNAL_RECORD_BYTES_MAX; i++)
        payload = parts[i].len <= JOURNAL_RECORD_BYTES_MAX ? payload + parts[i].len : SIZE_MAX;
    if (payload > JOURNAL_RECORD_BYTES_MAX)
        return fail(err, STATUS_TOO_LARGE, "a journal record of more than %d bytes",
                    JOURNAL_RECORD_BYTES_MAX);
    if (segment_record_bytes(payload) > room)
        return fail(err, STATUS_TOO_LARGE,
                    "a record of %zu bytes does not fit into a journal segment of %" PRIu64,
                    payload, journal->segment_bytes);
    *out = payload;
    return STATUS_OK;
}

static void frame(struct journal *journal, const struct text *parts, size_t part_count,
                  uint64_t seq, size_t payload_bytes)
{
    uint8_t *at = journal->buffer + SEGMENT_RECORD_HEAD_BYTES;
    for (size_t i = 0; i < part_count; i++) {
        if (parts[i].len > 0)
            memcpy(at, parts[i].at, parts[i].len);
        at += parts[i].len;
    }
    segment_record_seal(journal->buffer, journal->salt, seq, (uint32_t)payload_bytes);
}

/* The end of appending. */
static enum status fall(struct journal *journal, const struct error *cause, struct error *err)
{
    atomic_store(&journal->failed, true);
    return fail(err, STATUS_UNKNOWN, "journal %s: %.300s", journal->dir, cause->message);
}

enum status journal_append(struct journal *journal, enum journal_class class,
                           const struct text *parts, size_t part_count, uint64_t *seq,
                           struct error *err)
{
    struct error cause = {0};
    size_t payload_bytes = 0;

    assert(journal->started);
    if (atomic_load(&journal->failed))
        return fail(err, STATUS_STOPPED,
                    "journal %s: a write failed, and nothing more is taken until it is opened "
                    "again",
                    journal->dir);
    enum status status = check_size(journal, class, parts, part_count, &payload_bytes, err);
    if (status != STATUS_OK)
        return status;

    uint64_t bytes = segment_record_bytes(payload_bytes);
    if (!fits(journal, class, bytes)) {
        status = writer_begin(journal, &cause);
        if (status == STATUS_DISK_FULL || status == STATUS_NO_MEMORY)
            return fail(err, status, "journal %s: %.300s", journal->dir, cause.message);
        if (status != STATUS_OK)
            return fall(journal, &cause, err);
    }
    status = writer_reserve(journal, bytes, err);
    if (status != STATUS_OK)
        return status;

    uint64_t next = atomic_load(&journal->seq_last) + 1;
    frame(journal, parts, part_count, next, payload_bytes);
    status = writer_put(journal, bytes, &cause);
    if (status != STATUS_OK)
        return fall(journal, &cause, err);

    atomic_fetch_add(&journal->appended_bytes, bytes);
    atomic_store(&journal->seq_last, next);
    *seq = next;
    return STATUS_OK;
}

void journal_release(struct journal *journal, uint64_t seq)
{
    pthread_mutex_lock(&journal->mutex);
    if (seq > journal->released) {
        journal->released = seq;
        journal->make_after_ns = 0;
        journal->remove_after_ns = 0;
        journal->settled = false;
        pthread_cond_broadcast(&journal->changed);
    }
    pthread_mutex_unlock(&journal->mutex);
}

void journal_get_stats(struct journal *journal, struct journal_stats *out)
{
    struct journal_stats stats = {
        .seq_last = atomic_load(&journal->seq_last),
        .appended_bytes = atomic_load(&journal->appended_bytes),
        .cut_bytes = journal->cut_bytes,
        .direct = atomic_load(&journal->direct),
        .failed = atomic_load(&journal->failed),
    };
    pthread_mutex_lock(&journal->mutex);
    for (size_t i = 0; i < journal->segment_count; i++) {
        const struct chained *segment = &journal->segments[i];
        bool newest = i + 1 == journal->segment_count;
        uint64_t seq_last = newest ? stats.seq_last : segment->seq_last;
        if (seq_last >= segment->header.seq_first) {
            stats.segments++;
            stats.held_bytes += segment->header.segment_bytes;
        }
    }
    stats.spares = journal->ready_count;
    stats.disk_full = journal->spare_refused;
    pthread_mutex_unlock(&journal->mutex);
    *out = stats;
}

void journal_close(struct journal *journal)
{
    if (journal == NULL)
        return;
    spares_stop(journal);
    if (journal->fd >= 0)
        close(journal->fd);
    if (journal->lock_fd >= 0)
        close(journal->lock_fd);
    if (journal->dir_fd >= 0)
        close(journal->dir_fd);
    pthread_cond_destroy(&journal->changed);
    pthread_mutex_destroy(&journal->mutex);
    free(journal->segments);
    free(journal->buffer);
    free(journal->dir);
    free(journal);
}
