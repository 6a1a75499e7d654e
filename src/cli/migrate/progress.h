/*
 * progress.h - how far a migration is, kept at its target: written before a batch is applied.
 *
 * A batch is what lies between two places of the source. What the target has applied says which of
 * the two to go on from: crashed before the batch was applied, it is made again from `before`;
 * after it, the next one begins at `behind`.
 *
 * Threads: none.
 */
#ifndef FOOTFALL_CLI_MIGRATE_PROGRESS_H
#define FOOTFALL_CLI_MIGRATE_PROGRESS_H

#include "base/bytes.h"
#include "base/status.h"
#include "cli/migrate/tally.h"
#include "store/store.h"

enum {
    MIGRATE_PLACE_BYTES = 4096,   /* a place as text, with its NUL */
    MIGRATE_IDENTITY_BYTES = 4096 /* what tells a source from another one, and from a later self */
};

struct progress {
    char source[MIGRATE_IDENTITY_BYTES];
    uint8_t journal_id[STORE_JOURNAL_ID_BYTES]; /* the migration's own, as a writer */
    uint64_t batch;                             /* 0: none yet */
    char before[MIGRATE_PLACE_BYTES];           /* "": the source's beginning */
    char behind[MIGRATE_PLACE_BYTES];
    struct tally moved_before; /* of all batches before this one */
    struct tally moved;        /* and with it */
    struct tally there;        /* what the target held at first */
    bool complete;             /* all is applied and compared; only tidying is left */
};

/* As JSON; false when out of memory. */
MUST_USE bool progress_encode(const struct progress *progress, struct bytes *out);
/* false: it is none. */
MUST_USE bool progress_decode(struct text json, struct progress *out);

#endif
