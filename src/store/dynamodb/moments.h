/*
 * moments.h - which batches readers still need: a reader's moment in a table that goes on changing.
 *
 * A table has no transactions that a reader could begin. So a reader's moment is a batch number,
 * chosen here without asking anybody: the batch that is being applied, as if it were applied, else
 * the last one that was. Each listing-day that is read is then brought to that moment by its
 * marker: parts that the moment has and the item lacks are added from the batch's rollup, parts
 * that the item has and the moment lacks are taken off. For that the rollup being applied is kept,
 * and those behind the moment of a reader that is still open.
 *
 *     marker in the table      ...n n n+1 n n+1...        n+1 is being applied
 *     moment of a reader               n+1                parts of n+1 are added
 *     moment of an older one            n                 parts of n+1 are taken off
 *
 * A start may find a batch claimed in the table that was not handed over yet: parts of it may stand
 * in items. Then moments wait until it is.
 *
 * Threads: any.
 */
#ifndef FOOTFALL_STORE_DYNAMODB_MOMENTS_H
#define FOOTFALL_STORE_DYNAMODB_MOMENTS_H

#include <pthread.h>

#include "store/store.h"

enum {
    MOMENTS_KEPT_MAX = 8, /* rollups; a reader that is slower than that many batches fails */
    MOMENTS_HANDOVER_WAIT_MS = 5000 /* for a claimed batch to be handed over, after a start */
};

/* A reader's. Start as {0}. */
struct moment {
    uint64_t batch;
    struct moment *next;
};

struct moments {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* CLOCK_MONOTONIC */
    struct store_position applied;
    uint64_t claimed; /* what the table's claim says; above applied: parts may be in the table */
    struct rollup *kept[MOMENTS_KEPT_MAX]; /* by number, oldest first */
    size_t kept_count;
    struct store_position in_flight; /* batch 0: none */
    struct moment *open;
    bool halted; /* nothing is applied; what is not at hand is read as it is */
};

MUST_USE enum status moments_init(struct moments *moments, const struct store_position *applied,
                                  uint64_t claimed, struct error *err);
void moments_done(struct moments *moments);

struct store_position moments_applied(struct moments *moments);

/* The batch is about to be applied, or tried again. */
void moments_begin_batch(struct moments *moments, const struct store_batch *batch);
/* It is applied whole. */
void moments_end_batch(struct moments *moments, const struct store_batch *batch);
/* It waits: somebody else has our place. claimed: parts of it may be in the table all the same. */
void moments_halt(struct moments *moments, bool claimed);
bool moments_are_halted(struct moments *moments);

/* A reader's moment begins; STATUS_BUSY when a claimed batch was not handed over in time. */
MUST_USE enum status moments_enter(struct moments *moments, struct moment *moment,
                                   struct store_position *out, struct error *err);
void moments_leave(struct moments *moments, struct moment *moment);

/* The rollup of the moment's own batch until it is applied whole, else NULL. The caller unrefs. */
struct rollup *moments_unfinished(struct moments *moments, const struct moment *moment);

/*
 * *out: the rollup of a batch behind the moment, whose parts stand in an item; the caller unrefs.
 * NULL when the table is to be read as it is.
 *   STATUS_BUSY     it was let go: the question took too long
 *   STATUS_FOREIGN  it was never handed over: somebody else writes in our place
 */
MUST_USE enum status moments_find(struct moments *moments, const struct moment *moment,
                                  uint64_t batch, struct rollup **out, struct error *err);

#endif
