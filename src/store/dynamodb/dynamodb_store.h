/*
 * dynamodb_store.h - the store that many nodes share: one table of DynamoDB, or of what speaks its
 * protocol.
 *
 * Each node gives its batches under a writer number of its own. A batch is claimed, then applied
 * listing-day by listing-day behind guards, then acknowledged; so each counts once, whatever is
 * lost, repeated or late on the way. Readers see whole batches of their own node, and of the other
 * nodes what the table holds. Items: docs/formats/dynamodb.md; why:
 * docs/decisions/0018-dynamodb.md.
 *
 * Where it differs from a store of one's own: a receive time that a later batch has overwritten
 * cannot be had back, so a reader that began before it may see the newer lastUpdated; and words on
 * listings are the newest there are.
 *
 * Threads: as store.h says.
 */
#ifndef FOOTFALL_STORE_DYNAMODB_DYNAMODB_STORE_H
#define FOOTFALL_STORE_DYNAMODB_DYNAMODB_STORE_H

#include "base/clock.h"
#include "dynamodb/dynamodb.h"
#include "store/store.h"

enum { DYNAMODB_STORE_WRITER_MAX = 999, DYNAMODB_STORE_IN_FLIGHT = 256 };

struct dynamodb_store_options {
    struct dynamodb *dynamodb; /* outlives the store */
    const char *table;         /* copied */
    uint32_t writer;           /* 1 to DYNAMODB_STORE_WRITER_MAX */
    const uint8_t *journal_id; /* STORE_JOURNAL_ID_BYTES: the journal that gives the batches */
    bool cells;                /* quarter-hours are kept; without them items stay small, and days
                                  of other zones are approximate */
    uint32_t in_flight;        /* updates; 0: DYNAMODB_STORE_IN_FLIGHT */
    uint32_t ids_hours;        /* how long claimed ids are kept; 0: 24 */
    struct clock clock;        /* {0}: the machine's */
};

/*
 * Opens the store, and makes the writer this journal's if it is nobody's.
 *   STATUS_FOREIGN    the writer belongs to another journal
 *   STATUS_NOT_FOUND  there is no such table; the words name the command that makes it
 *   STATUS_INVALID    the table has other keys, or the writer is out of range
 *   STATUS_IO, STATUS_NO_MEMORY
 */
MUST_USE enum status dynamodb_store_open(const struct dynamodb_store_options *options,
                                         struct store **out, struct error *err);

/* Since it was opened; from any thread. store was opened here. */
struct dynamodb_store_stats {
    bool halted;       /* another journal writes in our place: batches wait */
    uint64_t batches;  /* applied */
    uint64_t created;  /* listing-days that were not there */
    uint64_t parts;    /* added to listing-days that were */
    uint64_t repaired; /* updates that only made maps */
    uint64_t repeated; /* parts that were found applied already */
    uint64_t facts;    /* inquiries and words on listings */
};
void dynamodb_store_get_stats(struct store *store, struct dynamodb_store_stats *out);

/* What the table says of a writer. */
struct dynamodb_writer_state {
    bool exists;
    char journal_id[2 * STORE_JOURNAL_ID_BYTES + 1]; /* hexadecimal digits */
    uint64_t claimed;                                /* batch */
    uint64_t applied;                                /* batch; below claimed: in part */
    int64_t as_of_ms;
};
MUST_USE enum status dynamodb_store_read_writer(struct dynamodb *dynamodb, const char *table,
                                                uint32_t writer, struct dynamodb_writer_state *out,
                                                struct error *err);

/*
 * A writer whose journal is lost becomes another journal's, which goes on behind the claimed batch.
 * What the lost journal had acknowledged and not given is lost.
 *   STATUS_FOREIGN    the writer is not old_id's, or is still in use
 *   STATUS_NOT_FOUND  there is no such writer, or table
 */
MUST_USE enum status dynamodb_store_takeover(struct dynamodb *dynamodb, const char *table,
                                             uint32_t writer,
                                             const uint8_t old_id[STORE_JOURNAL_ID_BYTES],
                                             const uint8_t new_id[STORE_JOURNAL_ID_BYTES],
                                             struct error *err);

#endif
