/*
 * copy.c - a copy of a journal's newest records, made while it may be written.
 *
 *     segments   | 4 ... | 5 ......... | 6 .......... | 7 .....>       7 is being written
 *                   ^ seq_from            each ends where the next one's header says
 *     copy       | 4 ... | 5 ......... | 6 .......... | 7 .. |         up to the last whole record
 *
 * Which segment is the newest is settled before anything is copied: what begins later is not
 * needed, as each record that is durable by then stands in one of these. So a copy ends, however
 * fast the journal grows.
 *
 * The newest is read to the first place that holds no record. Records are written one behind the
 * other, so nothing whole lies behind it that had been durable. Only what was checked is written,
 * zeros follow: to a start the copy ends there without any trace of a torn record.
 *
 * A start that meets the copying replaces an empty newest segment by renaming over it. The file
 * that is open here stays what it was, a segment without records, and that is a good end as well.
 *
 * Files keep a segment's size, but only what is written takes room on disk.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/copy.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"
#include "journal/reader.h"
#include "journal/segment_numbers.h"

enum { COPY_BYTES = 1024 * 1024, PIN_TRIES = 3000, PIN_WAIT_MS = 10 };

enum status journal_pin(const char *dir, int *pin, struct error *err)
{
    const struct timespec wait = {.tv_nsec = PIN_WAIT_MS * 1000 * 1000};
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? fail(err, STATUS_NOT_FOUND, "there is no folder %s", dir)
                   : fail_errno(err, "cannot open the folder %s", dir);
    /* Who recycles holds it for himself, but only while a segment goes. */
    for (int i = 0; i < PIN_TRIES; i++) {
        if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
            *pin = fd;
            return STATUS_OK;
        }
        if (errno != EWOULDBLOCK)
            break;
        (void)nanosleep(&wait, NULL);
    }
    enum status status =
        errno == EWOULDBLOCK
            ? fail(err, STATUS_BUSY, "the journal %s is being recycled all the time", dir)
            : fail_errno(err, "cannot lock the folder %s", dir);
    close(fd);
    return status;
}

void journal_unpin(int pin)
{
    if (pin >= 0)
        close(pin);
}

enum status journal_is_open(const char *dir, bool *out, struct error *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = file_path(path, dir, "lock", err);
    if (status != STATUS_OK)
        return status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno != ENOENT)
        return fail_errno(err, "cannot open %s", path);
    *out = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    return STATUS_OK;
}

/* ---- which segments ---- */

static enum status list_segments(const char *path, struct segment_numbers *out, struct error *err)
{
    enum status status = STATUS_OK;
    DIR *dir = opendir(path);
    if (dir == NULL)
        return errno == ENOENT ? fail(err, STATUS_NOT_FOUND, "there is no folder %s", path)
                               : fail_errno(err, "cannot read the folder %s", path);
    while (status == STATUS_OK) {
        uint64_t number = 0;
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL) {
            if (errno != 0)
                status = fail_errno(err, "cannot read the folder %s", path);
            break;
        }
        if (segment_name_parse(entry->d_name, &number) && !segment_numbers_add(out, number))
            status = fail(err, STATUS_NO_MEMORY, "journal %s: no memory", path);
    }
    closedir(dir);
    if (status == STATUS_OK && out->count == 0)
        status = fail(err, STATUS_NOT_FOUND, "there is no journal segment in %s", path);
    if (status == STATUS_OK)
        segment_numbers_sort(out);
    return status;
}

/* ---- one at a time ---- */

struct copying {
    const struct journal_copy_options *options;
    struct reader reader;
    struct segment_header *headers; /* of the segments to copy, oldest first */
    size_t count;
    char path[FILE_PATH_BYTES]; /* of the segment in hand */
    uint8_t *buffer;            /* COPY_BYTES */
    struct journal_copied copied;
};

static enum status segment_path(const char *dir, uint64_t number, char out[FILE_PATH_BYTES],
                                struct error *err)
{
    char name[SEGMENT_NAME_BYTES];
    segment_name(number, name);
    return file_path(out, dir, name, err);
}

static enum status open_segment(struct copying *copying, uint64_t number,
                                struct segment_header *out, struct error *err)
{
    enum status status = segment_path(copying->options->from, number, copying->path, err);
    if (status != STATUS_OK)
        return status;
    if (access(copying->path, F_OK) != 0 && errno == ENOENT)
        return fail(err, STATUS_CORRUPT, "%s is missing, and newer segments are there",
                    copying->path);
    return reader_open(&copying->reader, copying->path, number, out, err);
}

/* Reads headers from the newest back to the segment that holds seq_from; keeps them in order. */
static enum status find_segments(struct copying *copying, const struct segment_numbers *numbers,
                                 struct error *err)
{
    uint64_t newest = numbers->at[numbers->count - 1];
    uint64_t oldest = numbers->at[0];
    size_t cap = numbers->count;
    struct segment_header header = {0};

    copying->headers = calloc(cap, sizeof *copying->headers);
    if (copying->headers == NULL)
        return fail(err, STATUS_NO_MEMORY, "journal %s: no memory", copying->options->from);
    for (uint64_t number = newest; number >= oldest; number--) {
        enum status status = open_segment(copying, number, &header, err);
        if (status != STATUS_OK)
            return status;
        if (number < newest && memcmp(header.journal_id, copying->headers[0].journal_id,
                                      sizeof header.journal_id) != 0)
            return fail(err, STATUS_FOREIGN,
                        "%s: belongs to another journal than the segments behind it",
                        copying->path);
        /* a number that is missing was refused, so there are as many as names */
        copying->headers[copying->count++] = header;
        if (header.seq_first <= copying->options->seq_from)
            break;
    }
    for (size_t i = 0, j = copying->count - 1; i < j; i++, j--) {
        header = copying->headers[i];
        copying->headers[i] = copying->headers[j];
        copying->headers[j] = header;
    }
    return STATUS_OK;
}

static enum status step(struct copying *copying, uint64_t bytes, struct error *err)
{
    const struct journal_copy_options *options = copying->options;
    return options->step == NULL ? STATUS_OK : options->step(options->context, bytes, err);
}

/* Checks the records of the open segment; *end is behind the last. next is the header that says
 * where they end, NULL for the newest. */
static enum status check_records(struct copying *copying, const struct segment_header *header,
                                 const struct segment_header *next, uint64_t *end,
                                 uint64_t *seq_last, struct error *err)
{
    uint64_t limit = next != NULL ? next->before_end : header->segment_bytes;
    uint64_t told = SEGMENT_HEADER_BYTES;
    uint64_t at = SEGMENT_HEADER_BYTES;
    uint64_t seq = header->seq_first;

    if (limit > header->segment_bytes)
        return fail(err, STATUS_CORRUPT,
                    "%s: has %" PRIu64 " bytes, and the next segment says that its records end at "
                    "byte %" PRIu64,
                    copying->path, header->segment_bytes, limit);
    for (; at < limit; seq++) {
        enum reader_found found = READER_NOTHING;
        struct segment_record record = {0};
        const uint8_t *payload = NULL;
        enum status status = reader_look(&copying->reader, at, &found, &record, &payload, err);
        if (status != STATUS_OK)
            return status;
        if (found != READER_RECORD || record.seq != seq) {
            if (next == NULL)
                break;
            return fail(err, STATUS_CORRUPT,
                        "%s: record %" PRIu64 ", expected at byte %" PRIu64 ", is %s",
                        copying->path, seq, at, found == READER_NOTHING ? "missing" : "damaged");
        }
        at += segment_record_bytes(record.payload_bytes);
        if (at - told >= COPY_BYTES) {
            status = step(copying, 0, err);
            if (status != STATUS_OK)
                return status;
            told = at;
        }
    }
    if (next != NULL && (at != limit || seq != next->seq_first))
        return fail(err, STATUS_CORRUPT,
                    "%s: ends at byte %" PRIu64 " with record %" PRIu64
                    ", and the next segment says byte %" PRIu64 " and record %" PRIu64,
                    copying->path, at, seq - 1, limit, next->before_seq_last);
    *end = at;
    *seq_last = seq - 1;
    return STATUS_OK;
}

/* Copies the open segment's bytes up to end. */
static enum status write_bytes(struct copying *copying, int to, const char *to_path, uint64_t end,
                               struct error *err)
{
    for (uint64_t at = 0; at < end;) {
        size_t len = end - at < COPY_BYTES ? (size_t)(end - at) : COPY_BYTES;
        size_t got = 0;
        enum status status = file_read_at(copying->reader.fd, copying->buffer, len, (off_t)at, &got,
                                          copying->path, err);
        if (status == STATUS_OK && got < len)
            status = fail(err, STATUS_CORRUPT, "%s: ends at byte %" PRIu64 ", while it was read",
                          copying->path, at + got);
        if (status == STATUS_OK)
            status = file_write_at(to, copying->buffer, len, (off_t)at, to_path, err);
        if (status == STATUS_OK)
            status = step(copying, len, err);
        if (status != STATUS_OK)
            return status;
        at += len;
    }
    return STATUS_OK;
}

static enum status write_segment(struct copying *copying, const struct segment_header *header,
                                 uint64_t end, struct error *err)
{
    char to_path[FILE_PATH_BYTES];
    enum status status = segment_path(copying->options->to, header->number, to_path, err);
    if (status != STATUS_OK)
        return status;
    int to = open(to_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (to < 0)
        return fail_errno(err, "cannot create %s", to_path);
    status = write_bytes(copying, to, to_path, end, err);
    if (status == STATUS_OK && ftruncate(to, (off_t)header->segment_bytes) != 0)
        status = fail_errno(err, "cannot set the size of %s", to_path);
    if (close(to) != 0 && status == STATUS_OK)
        status = fail_errno(err, "cannot close %s", to_path);
    return status;
}

static enum status copy_segment(struct copying *copying, size_t i, struct error *err)
{
    struct segment_header header = {0};
    const struct segment_header *next = i + 1 < copying->count ? &copying->headers[i + 1] : NULL;
    uint64_t end = 0;
    uint64_t seq_last = 0;

    enum status status = open_segment(copying, copying->headers[i].number, &header, err);
    if (status == STATUS_OK)
        status = check_records(copying, &header, next, &end, &seq_last, err);
    if (status == STATUS_OK && copying->options->to != NULL)
        status = write_segment(copying, &header, end, err);
    if (status != STATUS_OK)
        return status;
    copying->copied.seq_last = seq_last;
    copying->copied.segments++;
    copying->copied.segment_bytes = header.segment_bytes;
    copying->copied.record_bytes += end - SEGMENT_HEADER_BYTES;
    return STATUS_OK;
}

enum status journal_copy(const struct journal_copy_options *options, struct journal_copied *out,
                         struct error *err)
{
    struct copying copying = {.options = options, .reader = {.fd = -1}};
    struct segment_numbers numbers = {0};
    assert(options->pin != NULL && *options->pin >= 0);

    enum status status = list_segments(options->from, &numbers, err);
    if (status == STATUS_OK)
        status = find_segments(&copying, &numbers, err);
    if (status != STATUS_OK)
        goto cleanup;
    copying.buffer = malloc(COPY_BYTES);
    if (copying.buffer == NULL) {
        status = fail(err, STATUS_NO_MEMORY, "no memory to copy %s", options->from);
        goto cleanup;
    }
    memcpy(copying.copied.journal_id, copying.headers[0].journal_id, JOURNAL_ID_BYTES);
    copying.copied.seq_first = copying.headers[0].seq_first;
    for (size_t i = 0; i < copying.count && status == STATUS_OK; i++)
        status = copy_segment(&copying, i, err);
    if (status == STATUS_OK)
        *out = copying.copied;

cleanup:
    reader_done(&copying.reader);
    free(copying.buffer);
    free(copying.headers);
    segment_numbers_done(&numbers);
    return status;
}
