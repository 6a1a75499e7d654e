/*
 * worker_parts.h - what the files of a worker share: worker.c decides when requests go out, lane.c
 * what becomes of each.
 *
 * A lane is a connection and the request that it carries:
 *
 *     idle ──► busy ──► idle         its request was answered 200, refused, or given up
 *               │ ▲
 *               ▼ │
 *             pausing                the request is to be sent again, at wake_ns
 *
 * Threads: the worker's own.
 */
#ifndef FOOTFALL_CLI_LOAD_WORKER_PARTS_H
#define FOOTFALL_CLI_LOAD_WORKER_PARTS_H

#include <pthread.h>

#include "cli/load/client.h"
#include "cli/load/source.h"
#include "cli/load/worker.h"

enum lane_state { LANE_IDLE, LANE_BUSY, LANE_PAUSING };

/* A connection and the request that it carries. */
struct lane {
    struct client client;
    enum lane_state state;
    struct load_request request;
    uint64_t due_ns;  /* all times by monotonic_ns() */
    uint64_t sent_ns; /* of the last sending */
    uint64_t wake_ns; /* when pausing */
    unsigned failures;
    bool maybe_recorded;
    struct lane *next_idle;
};

struct load_worker {
    pthread_t thread;
    struct load_run *run;
    const struct load_plan *plan;
    uint32_t number;
    int epoll_fd;
    struct lane *lanes;
    uint32_t lane_count;
    struct lane *idle_first; /* a queue, so that all connections are used alike */
    struct lane *idle_last;
    uint32_t unfinished; /* lanes that are busy or pausing */
    struct load_source source;
    uint64_t next_number; /* of the schedule's requests that are this worker's */
    uint64_t events_left;
    struct load_tally tally;
    enum status status; /* why it gave up */
    struct error error;
};

/* worker.c: stops the whole load, with words for its end. */
void worker_give_up(struct load_worker *worker, enum status status, const char *words);

/* lane.c. A lane enters the queue of idle ones. */
void lane_set_idle(struct load_worker *worker, struct lane *lane);
/* Sends the lane's request, for the first time or again, connecting where that is needed. */
void lane_send(struct load_worker *worker, struct lane *lane);
/* epoll said something about the lane's connection. */
void lane_on_ready(struct load_worker *worker, struct lane *lane);
/* Its answer did not come in time: the connection is cut. */
void lane_on_timeout(struct load_worker *worker, struct lane *lane);
/* The load is over: what is under way or waiting ends here. Leaves an idle lane alone. */
void lane_abandon(struct load_worker *worker, struct lane *lane);

#endif
