/*
 * claimed_ids.h - an event's id counts once on all nodes: its item, ID#<user>#<id> / ID, names the
 * journal record that has the event.
 *
 *   jid, writer   whose journal
 *   epoch, seq    the record, and the epoch of that journal in which it was claimed
 *   turn          orders the claims of an epoch: a late request does not undo a later one
 *   released      the record does not have it after all: free for all
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
 * An epoch that has broken may be followed by records without ids, which nobody claims for. So it
 * is closed before `appliedSeq` passes its end (claimed_ids_are_broken()), and a start closes it at
 * the last record that has an id.
 *
 * Threads: one at a time, but for claimed_ids_are_broken().
 */
#ifndef FOOTFALL_STORE_DYNAMODB_CLAIMED_IDS_H
#define FOOTFALL_STORE_DYNAMODB_CLAIMED_IDS_H

#include <pthread.h>

#include "store/dynamodb/writer.h"

enum { CLAIMED_IDS_HOURS = 24, CLAIMED_IDS_EPOCHS_MAX = 64, CLAIMED_IDS_DEADLINE_MS = 4000 };

/* Start as {0}, then claimed_ids_init(), then the fields before `lock`; claimed_ids_done() ends it.
 */
struct claimed_ids {
    struct writer writer; /* with a channel and a body of its own */
    uint32_t hours;       /* that claims are kept */
    uint32_t in_flight;
    struct clock clock;

    pthread_mutex_t lock; /* of the two that follow, when they change or another thread asks */
    uint64_t epoch;       /* 0: none is open */
    uint64_t broken_from; /* the record from which on the epoch's claims mean nothing; 0: none */
    uint64_t turn;        /* calls that claimed something, in this epoch */
    struct claim_job *jobs;
    struct claim_job *idle;
};

void claimed_ids_init(struct claimed_ids *ids);
void claimed_ids_done(struct claimed_ids *ids);

/*
 * As store_claim_ids() and store_release_ids() say. Claiming nothing before record `seq` opens an
 * epoch: it says that the journal ends before `seq`. Whoever opens a journal does that first.
 */
MUST_USE enum status claimed_ids_claim(struct claimed_ids *ids, struct store_claim *claims,
                                       size_t count, uint64_t seq, struct error *err);
MUST_USE enum status claimed_ids_release(struct claimed_ids *ids, const struct store_claim *claims,
                                         size_t count, uint64_t seq, struct error *err);

/* Whether an epoch is open in the table that holds only up to *last_seq. From any thread. */
bool claimed_ids_are_broken(struct claimed_ids *ids, uint64_t *epoch, uint64_t *last_seq);

#endif
