/*
 * inspect.h - a journal's folder as it lies there: what can be read of it, and what is wrong.
 *
 * For the operator's tools. Nothing is changed, nothing made, and nothing has to be in order: a
 * damaged record, header or chain becomes a finding and the reading goes on behind it. What counts
 * as a record is what recovery.h says, so a folder without damage gives exactly the records that
 * journal_replay() gives.
 *
 * Memory: one segment's header each, and a reader's buffer.
 *
 * Threads: an inspection belongs to one thread at a time.
 */
#ifndef FOOTFALL_JOURNAL_INSPECT_H
#define FOOTFALL_JOURNAL_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"
#include "journal/segment.h"

enum finding_kind {
    FINDING_TORN_TAIL,  /* a crash interrupted the last write: no damage, nobody was told */
    FINDING_ROT,        /* what was durable is not what was written */
    FINDING_HEADER,     /* a segment's header is damaged */
    FINDING_SIZE,       /* a file is shorter or longer than it was made */
    FINDING_MISSING,    /* segments are not there */
    FINDING_FOREIGN,    /* a segment of another journal, or a file that is not what its name says */
    FINDING_NEWER,      /* a segment of a format that this program does not know */
    FINDING_CHAIN,      /* two segments contradict each other */
    FINDING_UNREADABLE, /* the operating system cannot read it */
    FINDING_KINDS
};
/* A stable word: "torn_tail", "rot", ... */
const char *finding_name(enum finding_kind kind);

/* Records from lost_first to lost_last are not readable because of it; 0, 0: none, or unknown. */
struct finding {
    enum finding_kind kind;
    char file[SEGMENT_NAME_BYTES]; /* within the folder */
    uint64_t offset;               /* bytes */
    uint64_t lost_first;
    uint64_t lost_last;
    char words[ERROR_MESSAGE_BYTES]; /* one sentence, without the file's name */
};

/* A record and its place. */
struct found_record {
    uint64_t seq;
    char file[SEGMENT_NAME_BYTES];
    uint64_t offset;
    struct text payload; /* valid during the call */
};

enum header_state {
    HEADER_GOOD,
    HEADER_ROTTEN,  /* not to be trusted, though its records may be readable */
    HEADER_FOREIGN, /* of another journal, or another segment's */
    HEADER_NEWER,   /* another format */
    HEADER_UNREADABLE
};

/* A segment file. */
struct found_segment {
    uint64_t number; /* as it is named */
    uint64_t bytes;  /* of the file */
    enum header_state state;
    struct segment_header header; /* with HEADER_ROTTEN as its bytes stand */
    uint64_t records;             /* that inspect_walk() found */
    uint64_t record_bytes;        /* that they take on disk */
    struct finding problem;       /* when the state is not HEADER_GOOD, or the size is wrong */
    bool has_problem;
};

struct inspection; /* made by inspect_open(), freed by inspect_close() */

/*
 * Reads the names and headers in dir, and keeps servers from using it until inspect_close().
 * wanted_id says which journal is looked for, as the store names it; NULL: the one with the most
 * segments.
 *   STATUS_BUSY       a server uses it
 *   STATUS_NOT_FOUND  there is no such folder, or no segment in it
 *   STATUS_IO, STATUS_NO_MEMORY
 */
MUST_USE enum status inspect_open(const char *dir, const uint8_t *wanted_id,
                                  struct inspection **out, struct error *err);
void inspect_close(struct inspection *inspection); /* accepts NULL */

/* The journal that is inspected. */
const uint8_t *inspect_id(const struct inspection *inspection);
/* By number, those of other journals included. */
const struct found_segment *inspect_segments(const struct inspection *inspection, size_t *count);

/* What inspect_walk() calls. Anything but STATUS_OK ends it with that status. */
struct inspect_visitor {
    enum status (*record)(void *context, const struct found_record *record, struct error *err);
    enum status (*finding)(void *context, const struct finding *finding, struct error *err);
    void *context;
};

/*
 * Reads every record that can be read, numbers rising, with the findings where they lie between
 * them. May be called again. Only what cannot be said by a finding is an error: STATUS_NO_MEMORY.
 */
MUST_USE enum status inspect_walk(struct inspection *inspection,
                                  const struct inspect_visitor *visitor, struct error *err);

struct inspect_totals {
    uint64_t segments;  /* of this journal, empty ones included */
    uint64_t seq_first; /* of what was read; 0: none */
    uint64_t seq_last;
    uint64_t
        seq_begin; /* where the oldest segment begins: what is before was not needed any more */
    uint64_t records;
    uint64_t record_bytes; /* on disk, padding included */
    uint64_t torn_bytes;   /* of a torn tail, as far as its head tells */
};
/* Of the last walk. */
void inspect_get_totals(const struct inspection *inspection, struct inspect_totals *out);

#endif
