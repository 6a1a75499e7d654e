/*
 * claimed_ids.h - an event's id counts once on all nodes: its item, ID#<user>#<id> / ID, names the
 * journal record that has the event.
 *
 *   jid, writer   whose journal
 *   epoch, seq    the record, and the epoch of that journal in which it was claimed
 *   expires       seconds since 1970; the table lets it go some time after
 *
 * A claim is made before its record is appended, so a claim alone says nothing. An epoch is a
 * stretch of a journal's life in which every record was appended with just the claims that name it:
 * it ends with the process, and when a claim or a release fails. The writer's STATE item has the
 * open one, `epoch`, and up to which record the closed ones hold, `_e`. So of another's claim:
 *
 *     epoch closed at record n   seq <= n: recorded;  seq > n: never appended, free for all
 *     epoch open                 seq <= appliedSeq: recorded;  else nobody knows yet
 *     epoch forgotten, or another journal has the writer now: taken for recorded
 *
 * Threads: one at a time.
 */
#ifndef FOOTFALL_STORE_DYNAMODB_CLAIMED_IDS_H
#define FOOTFALL_STORE_DYNAMODB_CLAIMED_IDS_H

#include "store/dynamodb/writer.h"

enum { CLAIMED_IDS_HOURS = 24, CLAIMED_IDS_EPOCHS_MAX = 64, CLAIMED_IDS_DEADLINE_MS = 4000 };

/* Start as {0} with the fields before `epoch` filled in; claimed_ids_done() ends it. */
struct claimed_ids {
    struct writer writer; /* with a channel and a body of its own */
    uint32_t hours;       /* that claims are kept */
    uint32_t in_flight;
    struct clock clock;

    uint64_t epoch;       /* 0: none is open */
    uint64_t broken_from; /* the record from which on the epoch's claims mean nothing; 0: none */
    struct claim_job *jobs;
    struct claim_job *idle;
};

void claimed_ids_done(struct claimed_ids *ids);

/*
 * As store_claim_ids() and store_release_ids() say. Claiming nothing before record `seq` opens an
 * epoch: it says that the journal ends before `seq`. Whoever opens a journal does that first.
 */
MUST_USE enum status claimed_ids_claim(struct claimed_ids *ids, struct store_claim *claims,
                                       size_t count, uint64_t seq, struct error *err);
MUST_USE enum status claimed_ids_release(struct claimed_ids *ids, const struct store_claim *claims,
                                         size_t count, uint64_t seq, struct error *err);

#endif
