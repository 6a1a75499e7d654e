/*
 * state.h - what the journal's own files share: the struct behind journal.h.
 *
 * Only src/journal/ and its tests include this.
 *
 * Threads: three parties, and each field below says whose it is. The appender is whoever calls
 * journal_append(), one at a time. The helper is the thread in spares.c. Anybody may ask for
 * figures or release. The chain's last segment is changed by the appender only, its first ones
 * go through the helper only.
 */
#ifndef FOOTFALL_JOURNAL_STATE_H
#define FOOTFALL_JOURNAL_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "journal/journal.h"
#include "journal/segment.h"

enum { SPARES_WANTED_MAX = 16, SPARES_KEPT_MAX = 4 * SPARES_WANTED_MAX };

/* A segment of the chain. For the newest one seq_last and end are true only while nobody
 * appends to it. */
struct chained {
    struct segment_header header;
    uint64_t seq_last; /* header.seq_first - 1 when it is empty */
    uint64_t end;      /* where its records end */
};

struct journal {
    /* Set by journal_open(), then constant. */
    char *dir;
    int dir_fd; /* held, so that syncing it needs no descriptor when there are none left */
    int lock_fd;
    uint8_t id[JOURNAL_ID_BYTES];
    uint64_t segment_bytes; /* of new segments */
    uint32_t spares_wanted;
    uint64_t cut_bytes;

    /* The appender's. */
    bool started;
    bool replace_newest; /* the newest segment was found empty and untouched: reuse its number */
    int fd;              /* of the newest segment, once this process appends to it; else -1 */
    uint64_t number;     /* its number */
    uint64_t salt;       /* and its salt */
    uint64_t end;        /* where the next record goes */
    uint8_t *buffer;     /* block-aligned */
    size_t buffer_bytes;

    /* Anybody's. */
    _Atomic uint64_t seq_first;
    _Atomic uint64_t seq_last;
    _Atomic uint64_t appended_bytes;
    _Atomic bool direct;
    _Atomic bool failed;
    _Atomic bool stopping;
    _Atomic int refuse_errno; /* for tests: preparing a segment fails with this; 0: it does not */

    /* Under mutex; every change is broadcast. */
    pthread_mutex_t mutex;
    pthread_cond_t changed;   /* CLOCK_MONOTONIC */
    struct chained *segments; /* oldest first, numbers without gaps */
    size_t segment_count;
    size_t segment_cap;
    uint64_t released;                   /* records up to here may go */
    uint64_t ready[SPARES_KEPT_MAX + 1]; /* numbers of whole spares; one more for a returned one */
    size_t ready_count;
    uint64_t spare_next; /* the number of the next spare file */
    bool spare_refused;  /* the last try to prepare one failed, and spare_error says why */
    struct error spare_error;
    uint64_t make_after_ns;   /* not before, as the last try failed; 0: at once */
    uint64_t remove_after_ns; /* the same for recycling */
    bool removing_over;       /* the folder failed to sync: no more recycling */
    bool settled;             /* the helper found nothing to do */
    bool helper_started;
    pthread_t helper;
};

/* Adds to the chain's end; the room was made by chain_reserve(). Call with the mutex held. */
MUST_USE enum status chain_reserve(struct journal *journal, struct error *err);
void chain_push(struct journal *journal, const struct chained *segment);

/* Makes renames and removals durable. */
MUST_USE enum status journal_sync_dir(const struct journal *journal, struct error *err);

/* The path of a file in the journal's folder. */
MUST_USE enum status journal_path(const struct journal *journal, const char *name, char *out,
                                  struct error *err);

#endif
