/*
 * copy.h - a copy of a journal's newest records, made while it may be written.
 *
 * A pin keeps every segment where it is: while somebody holds one, nothing is recycled, and the
 * journal grows. It is a lock (flock, shared) on the journal's folder, which any process can take
 * and which goes with it, however it ends; nothing on disk tells of it. Several may hold one.
 *
 * The copy is a journal by itself: a chain of whole segments, the newest cut behind the last record
 * that was whole when it was read. Every record that was durable when journal_copy() was called is
 * in it, and none without all that stood before it.
 *
 * Threads: no shared state.
 */
#ifndef FOOTFALL_JOURNAL_COPY_H
#define FOOTFALL_JOURNAL_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "journal/journal.h"

/*
 * Takes a pin on the journal in dir, for journal_unpin().
 *   STATUS_NOT_FOUND  there is no such folder
 *   STATUS_BUSY       its segments are being recycled, and that does not end
 *   STATUS_IO         the file system has no such locks
 */
MUST_USE enum status journal_pin(const char *dir, int *pin, struct error *err);
void journal_unpin(int pin); /* accepts -1 */

/* Whether a process has the journal open. One that is looked at only does not count. */
MUST_USE enum status journal_is_open(const char *dir, bool *out, struct error *err);

/* Called behind each stretch with the bytes that were copied since the last call. Anything but
 * STATUS_OK ends the copying with that status. */
typedef enum status journal_copy_fn(void *context, uint64_t bytes, struct error *err);

struct journal_copy_options {
    const char *from;      /* the journal's folder */
    const int *pin;        /* held on it: else a segment that was seen may be gone */
    const char *to;        /* an empty folder; NULL: nothing is written, only read and checked */
    uint64_t seq_from;     /* the first record that is needed: its segment is the first */
    journal_copy_fn *step; /* NULL: none */
    void *context;
};

struct journal_copied {
    uint8_t journal_id[JOURNAL_ID_BYTES];
    uint64_t seq_first; /* where the first segment begins */
    uint64_t seq_last;  /* the last record; below seq_first when there is none */
    uint64_t segments;
    uint64_t segment_bytes; /* of the newest */
    uint64_t record_bytes;  /* on disk, padding included */
};

/*
 * Copies and checks each record. Files are not synced.
 *   STATUS_NOT_FOUND  there is no segment
 *   STATUS_CORRUPT    a record, a header or a segment is damaged or missing: file and offset are
 *                     named
 *   STATUS_FOREIGN    segments of different journals, or of a newer format
 *   STATUS_IO, STATUS_DISK_FULL, STATUS_NO_MEMORY
 */
MUST_USE enum status journal_copy(const struct journal_copy_options *options,
                                  struct journal_copied *out, struct error *err);

#endif
