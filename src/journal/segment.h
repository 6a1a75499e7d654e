/*
 * segment.h - the bytes of one segment file: its name, its header, its records.
 *
 * The only place that knows the layout; docs/formats/journal.md describes it for people. Nothing
 * here touches a file, so tools that verify, dump or repair a journal share it with the journal.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_JOURNAL_SEGMENT_H
#define FOOTFALL_JOURNAL_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "journal/journal.h"

enum {
    SEGMENT_FORMAT = 1,
    SEGMENT_HEADER_BYTES = JOURNAL_BLOCK_BYTES,
    SEGMENT_RECORD_HEAD_BYTES = 24,
    SEGMENT_NAME_BYTES = 21 /* "0123456789abcdef.seg" and its NUL */
};

struct segment_header {
    uint8_t journal_id[JOURNAL_ID_BYTES];
    uint64_t number;        /* from 1 */
    uint64_t segment_bytes; /* the file's size */
    uint64_t seq_first;     /* its first record has, or would have, this number */
    uint64_t salt;          /* random at each use of the file */
    uint64_t before_number; /* the segment before: 0 when this is the first */
    uint64_t before_end;    /* and the offset where its records end: the cut, after a crash */
    uint64_t before_seq_last;
};

/* A record as its head describes it. */
struct segment_record {
    uint64_t seq;
    uint32_t payload_bytes;
    uint32_t head_crc;
    uint32_t crc; /* of head and payload */
};

void segment_name(uint64_t number, char out[SEGMENT_NAME_BYTES]);
/* false when the name is not exactly what segment_name() makes. */
bool segment_name_parse(const char *name, uint64_t *number);

void segment_header_encode(const struct segment_header *header, uint8_t out[SEGMENT_HEADER_BYTES]);
/* The fields as they stand, whatever the checksum says: for who looks at damage. */
struct segment_header segment_header_fields(const uint8_t block[SEGMENT_HEADER_BYTES]);
/*
 * path is for the words.
 *   STATUS_CORRUPT  not a header, a failed checksum, or numbers that no header can have
 *   STATUS_FOREIGN  a header of a format that this program does not know
 */
MUST_USE enum status segment_header_decode(const uint8_t block[SEGMENT_HEADER_BYTES],
                                           const char *path, struct segment_header *out,
                                           struct error *err);

/* Bytes on disk: head, payload, and zeros up to a whole block. */
uint64_t segment_record_bytes(uint64_t payload_bytes);

/* Writes the head of a record whose payload lies at record + SEGMENT_RECORD_HEAD_BYTES, and the
 * zeros behind it, up to segment_record_bytes(). */
void segment_record_seal(uint8_t *record, uint64_t salt, uint64_t seq, uint32_t payload_bytes);

/* Whether the head was written under this salt and is undamaged; out is filled either way. */
bool segment_record_head(const uint8_t head[SEGMENT_RECORD_HEAD_BYTES], uint64_t salt,
                         struct segment_record *out);

/* Whether the payload is the one that the head was written for. */
bool segment_record_whole(const struct segment_record *record, const uint8_t *payload);

/* Whether these bytes look like a damaged head of record seq: somebody began to write it. */
bool segment_record_begun(const uint8_t head[SEGMENT_RECORD_HEAD_BYTES], uint64_t salt,
                          uint64_t seq);

#endif
