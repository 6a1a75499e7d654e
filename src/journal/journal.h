/*
 * journal.h - the append-only log: where events become durable.
 *
 * Records are opaque bytes, numbered from 1 without gaps. One is durable when journal_append()
 * returns STATUS_OK, and a request is answered only then. What the bytes mean:
 * model/record.h. The files: docs/formats/journal.md.
 *
 * A journal is a folder of segments of one size, zeroed ahead of use and recycled by a helper
 * thread, so that an append is one write and one data sync inside a file whose size, blocks and
 * inode do not change. Records start on 4 KiB boundaries: a torn write never touches bytes that
 * were acknowledged. A segment is never appended to after a restart; the next segment's header
 * states where it ended.
 *
 * Life: journal_open(), journal_replay() any number of times, journal_start(), then appends and
 * releases, journal_close().
 *
 * Threads: appends come from one thread at a time (the caller serialises them); release, stats
 * and the helper inside run beside them.
 */
#ifndef FOOTFALL_JOURNAL_JOURNAL_H
#define FOOTFALL_JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum {
    JOURNAL_ID_BYTES = 16,
    JOURNAL_BLOCK_BYTES = 4096,
    JOURNAL_RECORD_BYTES_MAX = 16 * 1024 * 1024, /* payload */
    JOURNAL_SEGMENT_BYTES_MIN = 64 * 1024,
    JOURNAL_SEGMENT_BYTES_DEFAULT = 64 * 1024 * 1024,
    JOURNAL_SEGMENT_BYTES_MAX = 1024 * 1024 * 1024,
    JOURNAL_CONTROL_RESERVE_BYTES = 16 * 1024 /* at each segment's end; see journal_class */
};

enum journal_io {
    JOURNAL_IO_BUFFERED, /* pwrite + fdatasync */
    JOURNAL_IO_DIRECT    /* O_DIRECT + RWF_DSYNC if the file system can, else as above */
};

struct journal_options {
    const char *dir;        /* made if missing; its parent must exist */
    uint64_t segment_bytes; /* a multiple of 4 KiB; 0 for the default. Segments that are there keep
                               their own size. A record must fit into a segment. */
    uint32_t spares;        /* zeroed segments to hold ready, at most 16; 0 for 2. Of recycled
                               ones four times as many are kept. */
    enum journal_io io;
};

/* Events may not use the room that is kept in every segment for control records: four of up to
 * 4,072 bytes can be appended when the disk is full. */
enum journal_class { JOURNAL_EVENTS, JOURNAL_CONTROL };

struct journal_stats {
    uint64_t seq_last;       /* of the newest durable record; 0 for none */
    uint64_t appended_bytes; /* by this process, padding included */
    uint64_t segments;       /* that hold records */
    uint64_t held_bytes;     /* the size of these */
    uint64_t spares;         /* that are ready */
    uint64_t cut_bytes;      /* of a torn record left behind at open, as far as its head tells */
    bool direct;             /* O_DIRECT is in use */
    bool disk_full;          /* the last try to prepare a segment failed, as a rule for want of
                                room: it wants twice a segment's size free. Tried again each
                                second and at each release */
    bool failed;             /* a write or a sync failed: appends are over */
};

struct journal; /* made by journal_open(), freed by journal_close() */

/*
 * Opens or creates the journal in options->dir, takes its lock, reads and checks every header and
 * the newest segment, and finds a last record torn by a crash. Syncs the newest segment and drops
 * its cached pages first, so that what is read is what the disk holds.
 *
 * On STATUS_OK the caller owns *out. Otherwise *out is untouched and *err says why:
 *   STATUS_BUSY     another process has it open
 *   STATUS_CORRUPT  a record that was once durable fails its checksum, a segment is missing, or
 *                   a bad record in the newest segment has a valid one behind it; the message
 *                   names file and byte offset
 *   STATUS_FOREIGN  segments of different journals lie in the folder, or of a newer format
 *   STATUS_INVALID  the options are wrong
 *   STATUS_IO, STATUS_DISK_FULL, STATUS_NO_MEMORY
 */
MUST_USE enum status journal_open(const struct journal_options *options, struct journal **out,
                                  struct error *err);

/* The journal's name, random when it was created, the same ever after. Valid until close. */
const uint8_t *journal_id(const struct journal *journal);

/* The oldest record that is still there, or, without any, the number the next one will get. */
uint64_t journal_seq_first(const struct journal *journal);
/* The newest record found at open or appended since; 0 for none. */
uint64_t journal_seq_last(const struct journal *journal);

/* Called for each record in order; payload is valid during the call. Anything but STATUS_OK ends
 * the replay with that status. */
typedef enum status journal_replay_fn(void *context, uint64_t seq, struct text payload,
                                      struct error *err);

/*
 * Reads the records from seq_from (at least journal_seq_first()) to the last. Before
 * journal_start() only. STATUS_CORRUPT names file and offset.
 */
MUST_USE enum status journal_replay(struct journal *journal, uint64_t seq_from,
                                    journal_replay_fn *each, void *context, struct error *err);

/*
 * Opens a new segment that states the cut, starts the helper. From here appends are welcome. With
 * a full disk it starts without a segment: appends answer STATUS_DISK_FULL until there is room,
 * which a release may make.
 *   STATUS_IO, STATUS_NO_MEMORY
 */
MUST_USE enum status journal_start(struct journal *journal, struct error *err);

/*
 * Makes one record, the parts joined, durable. On STATUS_OK *seq is its number.
 *   STATUS_TOO_LARGE  over JOURNAL_RECORD_BYTES_MAX, or does not fit into a segment
 *   STATUS_DISK_FULL  the newest segment has no room for it and none is prepared: nothing was
 *                     written, a later append may succeed
 *   STATUS_NO_MEMORY  the same for want of memory or of file descriptors
 *   STATUS_UNKNOWN    the write or the sync failed: whether it is durable nobody can say; every
 *                     later append answers STATUS_STOPPED until the journal is opened again
 *   STATUS_STOPPED    as said
 */
MUST_USE enum status journal_append(struct journal *journal, enum journal_class class,
                                    const struct text *parts, size_t part_count, uint64_t *seq,
                                    struct error *err);

/* Records up to seq are no longer needed: whole segments of them may be recycled, oldest first.
 * The work is the helper's, from journal_start() on; this only tells it. The newest stays. */
void journal_release(struct journal *journal, uint64_t seq);

void journal_get_stats(struct journal *journal, struct journal_stats *out);

/* Stops the helper and frees everything. Accepts NULL. What was appended stays durable. */
void journal_close(struct journal *journal);

#endif
