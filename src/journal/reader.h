/*
 * reader.h - records of one segment file, read in large pieces through a bounded buffer.
 *
 * It reads what lies on disk and judges single places; which records a journal needs is the
 * caller's business.
 *
 * Threads: a reader belongs to one thread at a time.
 */
#ifndef FOOTFALL_JOURNAL_READER_H
#define FOOTFALL_JOURNAL_READER_H

#include <stdint.h>

#include "base/status.h"
#include "journal/segment.h"

/* Start as {.fd = -1}; used for one segment after another, which keeps the buffer. */
struct reader {
    int fd;
    const char *path; /* the caller's; for the words */
    uint64_t bytes;   /* of the file */
    uint64_t salt;
    uint8_t *buffer;
    size_t cap;
    uint64_t held_at; /* the buffer holds held_bytes of the file from here */
    size_t held_bytes;
};

enum reader_found {
    READER_NOTHING, /* no head of this segment's salt */
    READER_DAMAGED, /* a good head whose payload fails its checksum or leaves the file */
    READER_RECORD   /* a whole record */
};

/*
 * Opens the file, checks its header and that it has the size and the number it should have; *out
 * is the header. path must outlive the reading.
 *   STATUS_CORRUPT, STATUS_FOREIGN  as segment_header_decode()
 *   STATUS_IO, STATUS_NO_MEMORY
 */
MUST_USE enum status reader_open(struct reader *reader, const char *path, uint64_t number,
                                 struct segment_header *out, struct error *err);

/* Syncs the file and drops its cached pages: what is read from now on is what the disk holds. */
MUST_USE enum status reader_settle(struct reader *reader, struct error *err);

/* The 24 bytes at offset, a multiple of the block size within the file; until the next call. */
MUST_USE enum status reader_head(struct reader *reader, uint64_t offset, const uint8_t **head,
                                 struct error *err);

/* What lies at offset. For READER_RECORD *payload is valid until the next call. record is filled
 * for READER_DAMAGED, too. */
MUST_USE enum status reader_look(struct reader *reader, uint64_t offset, enum reader_found *found,
                                 struct segment_record *record, const uint8_t **payload,
                                 struct error *err);

/* Closes the file, keeps the buffer. */
void reader_close(struct reader *reader);
/* Closes and frees everything. */
void reader_done(struct reader *reader);

#endif
