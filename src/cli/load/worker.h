/*
 * worker.h - a thread that keeps its share of the connections busy until the load is over.
 *
 * A request is repeated, byte for byte, until it is known what became of it: after a 503 as soon as
 * its Retry-After allows, after a cut connection or any other 5xx a little later each time. Without
 * ids only what was certainly not recorded is repeated. After the end nothing new is sent, and what
 * is under way has the plan's timeout to end.
 *
 * Threads: made, started, joined and freed by one; load_progress may be read by any.
 */
#ifndef FOOTFALL_CLI_LOAD_WORKER_H
#define FOOTFALL_CLI_LOAD_WORKER_H

#include <stdatomic.h>
#include <sys/socket.h>

#include "base/status.h"
#include "cli/load/plan.h"
#include "cli/load/tally.h"

struct load_worker; /* made by load_worker_start(), freed by load_worker_join() */

/* What all workers of a load share. */
struct load_run {
    const struct load_plan *plan;
    struct sockaddr_storage address;
    socklen_t address_len;
    uint64_t begun_ns; /* monotonic_ns() of the start */
    _Atomic bool stop; /* set by anybody: end now, in order */
    int done_fd;       /* an eventfd; each worker adds 1 when it is done */
    struct load_progress progress;
};

/* Starts worker number `thread` of the plan's threads. STATUS_NO_MEMORY, STATUS_IO. */
MUST_USE enum status load_worker_start(struct load_run *run, uint32_t thread,
                                       struct load_worker **out, struct error *err);
/* Waits for its end, adds what it counted to *tally, frees it. Accepts NULL. A worker that had to
 * give up says why. */
enum status load_worker_join(struct load_worker *worker, struct load_tally *tally,
                             struct error *err);

#endif
