/*
 * tally.h - what came of a load: events by outcome, answers by status and code, latencies.
 *
 * Every event that a request carried ends in exactly one of
 *
 *     acknowledged   a 200 said that it is recorded (now, or by an earlier sending of this request)
 *     refused        an answer said that it is not
 *     unknown        no answer, or one that cannot say: it may be recorded or not
 *
 * Threads: one at a time, but for the numbers of struct load_progress.
 */
#ifndef FOOTFALL_CLI_LOAD_TALLY_H
#define FOOTFALL_CLI_LOAD_TALLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/load/answer.h"
#include "cli/load/latency.h"
#include "cli/load/plan.h"

enum { LOAD_ANSWER_KINDS_MAX = 48 };

/* Written by a worker, read by whoever shows it. */
struct load_progress {
    _Atomic uint64_t requests; /* answered 200 */
    _Atomic uint64_t events;   /* acknowledged */
    _Atomic uint64_t troubles; /* other answers, cut connections, timeouts */
};

/* How often an answer other than 200 came. */
struct load_answer_kind {
    int status; /* 0: the last row, for what found no other */
    char code[ANSWER_CODE_BYTES];
    uint64_t count;
};

/* Answers of 200 by how long they took. */
struct load_latencies {
    struct latency service;  /* from the sending that was answered */
    struct latency response; /* from when the request was due */
};

struct load_tally {
    struct load_latencies record;
    struct load_latencies query;

    uint64_t acknowledged;
    uint64_t acknowledged_by_type[LOAD_TYPES];
    uint64_t duplicates; /* of them: recorded by an earlier sending whose answer was lost */
    uint64_t refused;
    uint64_t unknown;
    bool types_unknown; /* a stream was recorded in part: which events of it, nobody said */

    uint64_t resent;     /* requests sent once more, each time counted */
    uint64_t cut;        /* connections that ended before an answer */
    uint64_t timeouts;   /* answers that did not come in time */
    uint64_t unreadable; /* answers that could not be followed */
    uint64_t connect_failures;
    uint64_t never_sent; /* requests that were due and found no free connection to the end */
    char unreadable_why[96];

    struct load_answer_kind answers[LOAD_ANSWER_KINDS_MAX];
    unsigned answer_kinds;
};

/* Counts an answer other than 200. */
void load_tally_answer(struct load_tally *tally, int status, const char *code, uint64_t count);
/* Adds what the other has counted. */
void load_tally_merge(struct load_tally *tally, const struct load_tally *other);

#endif
