/*
 * reader.c - records of one segment file, read in large pieces.
 *
 * The buffer holds a stretch of the file. What is asked for and not held makes the stretch move:
 * bytes that are held already go to the front, the rest of the buffer is read in one call. The
 * buffer grows only for a record that it cannot hold, so it stays below a megabyte or the
 * largest record; for a small file it is no larger than the file.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/reader.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"

enum { WINDOW_BYTES = 1024 * 1024 };

/* Makes the stretch begin at offset, bytes long or more. */
static enum status move_window(struct reader *reader, uint64_t offset, size_t bytes,
                               struct error *err)
{
    size_t kept = 0;
    if (offset >= reader->held_at && offset - reader->held_at < reader->held_bytes)
        kept = reader->held_bytes - (size_t)(offset - reader->held_at);
    const uint8_t *kept_from = kept > 0 ? reader->buffer + (reader->held_bytes - kept) : NULL;

    size_t window = reader->bytes < WINDOW_BYTES ? (size_t)reader->bytes : WINDOW_BYTES;
    size_t cap = bytes > window ? bytes : window;
    if (cap > reader->cap) {
        uint8_t *larger = malloc(cap);
        if (larger == NULL)
            return fail(err, STATUS_NO_MEMORY, "%s: no memory to read it", reader->path);
        if (kept > 0)
            memcpy(larger, kept_from, kept);
        free(reader->buffer);
        reader->buffer = larger;
        reader->cap = cap;
    } else if (kept > 0) {
        memmove(reader->buffer, kept_from, kept);
    }
    reader->held_at = offset;
    reader->held_bytes = kept;

    size_t got = 0;
    uint64_t behind = reader->bytes - offset - kept;
    size_t room = reader->cap - kept;
    enum status status =
        file_read_at(reader->fd, reader->buffer + kept, behind < room ? (size_t)behind : room,
                     (off_t)(offset + kept), &got, reader->path, err);
    if (status != STATUS_OK)
        return status;
    reader->held_bytes += got;
    if (reader->held_bytes < bytes)
        return fail(err, STATUS_CORRUPT, "%s: ends at byte %" PRIu64 ", while it was read",
                    reader->path, offset + reader->held_bytes);
    return STATUS_OK;
}

/* *out points at `bytes` bytes of the file from offset. */
static enum status hold(struct reader *reader, uint64_t offset, size_t bytes, const uint8_t **out,
                        struct error *err)
{
    bool held = offset >= reader->held_at && offset - reader->held_at <= reader->held_bytes &&
                bytes <= reader->held_bytes - (size_t)(offset - reader->held_at);
    if (!held) {
        enum status status = move_window(reader, offset, bytes, err);
        if (status != STATUS_OK)
            return status;
    }
    *out = reader->buffer + (offset - reader->held_at);
    return STATUS_OK;
}

enum status reader_open(struct reader *reader, const char *path, uint64_t number,
                        struct segment_header *out, struct error *err)
{
    struct segment_header header = {0};
    enum status status = STATUS_OK;
    uint8_t block[SEGMENT_HEADER_BYTES];
    size_t got = 0;
    struct stat stat_buf;

    reader_close(reader);
    reader->path = path;
    reader->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (reader->fd < 0)
        return fail_errno(err, "cannot open %s", path);
    if (fstat(reader->fd, &stat_buf) != 0) {
        status = fail_errno(err, "cannot look at %s", path);
        goto cleanup;
    }
    if (!S_ISREG(stat_buf.st_mode)) {
        status = fail(err, STATUS_CORRUPT, "%s: not a regular file", path);
        goto cleanup;
    }
    reader->bytes = (uint64_t)stat_buf.st_size;

    status = file_read_at(reader->fd, block, sizeof block, 0, &got, path, err);
    if (status == STATUS_OK && got < sizeof block)
        status = fail(err, STATUS_CORRUPT, "%s: ends at byte %zu, inside its header", path, got);
    if (status == STATUS_OK)
        status = segment_header_decode(block, path, &header, err);
    if (status != STATUS_OK)
        goto cleanup;
    if (header.number != number)
        status =
            fail(err, STATUS_CORRUPT, "%s: the header at byte 0 says that this is segment %" PRIu64,
                 path, header.number);
    /* The size was synced before the file got its name, so no crash explains another one. */
    else if (header.segment_bytes != reader->bytes)
        status = fail(err, STATUS_CORRUPT,
                      "%s: ends at byte %" PRIu64 ", but had %" PRIu64 " bytes when made", path,
                      reader->bytes, header.segment_bytes);
    if (status != STATUS_OK)
        goto cleanup;
    reader->salt = header.salt;
    *out = header;

cleanup:
    if (status != STATUS_OK)
        reader_close(reader);
    return status;
}

enum status reader_settle(struct reader *reader, struct error *err)
{
    if (fsync(reader->fd) != 0)
        return fail_errno(err, "cannot sync %s", reader->path);
    reader->held_bytes = 0;
    /* Advice may be refused, as by a file system in memory, which has nothing else to read. */
    int refused = posix_fadvise(reader->fd, 0, 0, POSIX_FADV_DONTNEED);
    (void)refused;
    return STATUS_OK;
}

enum status reader_head(struct reader *reader, uint64_t offset, const uint8_t **head,
                        struct error *err)
{
    assert(offset % JOURNAL_BLOCK_BYTES == 0 && offset < reader->bytes);
    return hold(reader, offset, SEGMENT_RECORD_HEAD_BYTES, head, err);
}

enum status reader_look(struct reader *reader, uint64_t offset, enum reader_found *found,
                        struct segment_record *record, const uint8_t **payload, struct error *err)
{
    const uint8_t *at = NULL;
    enum status status = reader_head(reader, offset, &at, err);
    if (status != STATUS_OK)
        return status;
    if (!segment_record_head(at, reader->salt, record)) {
        *found = READER_NOTHING;
        return STATUS_OK;
    }
    *found = READER_DAMAGED;
    if (segment_record_bytes(record->payload_bytes) > reader->bytes - offset)
        return STATUS_OK;
    status =
        hold(reader, offset, SEGMENT_RECORD_HEAD_BYTES + (size_t)record->payload_bytes, &at, err);
    if (status != STATUS_OK)
        return status;
    if (segment_record_whole(record, at + SEGMENT_RECORD_HEAD_BYTES)) {
        *payload = at + SEGMENT_RECORD_HEAD_BYTES;
        *found = READER_RECORD;
    }
    return STATUS_OK;
}

void reader_close(struct reader *reader)
{
    if (reader->fd >= 0)
        close(reader->fd);
    reader->fd = -1;
    reader->held_at = 0;
    reader->held_bytes = 0;
}

void reader_done(struct reader *reader)
{
    reader_close(reader);
    free(reader->buffer);
    reader->buffer = NULL;
    reader->cap = 0;
}
