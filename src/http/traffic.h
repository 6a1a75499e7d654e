/*
 * traffic.h - what was asked and how it went, counted per operation.
 *
 * Threads: the loop's only, but for what a histogram allows; answers may be read by any.
 */
#ifndef FOOTFALL_HTTP_TRAFFIC_H
#define FOOTFALL_HTTP_TRAFFIC_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/histogram.h"

/* Operations are the routes by their place in the table, then one for what matched none. */
enum { TRAFFIC_OPERATIONS_MAX = 24, TRAFFIC_CLASSES = 6 };

struct traffic {
    struct {
        _Atomic uint64_t
            answers[TRAFFIC_CLASSES]; /* by the first digit of the status; [0] unused */
        struct histogram times;       /* from the request's first line to its answer */
    } operations[TRAFFIC_OPERATIONS_MAX];
    uint64_t abandoned;       /* clients that left before their answer */
    uint64_t reaped;          /* connections closed for being too slow */
    uint64_t refused_by_http; /* answered by the HTTP library itself: not HTTP, or too long */
    uint64_t events_rejected; /* requests and lines that were not valid */
    uint64_t commits;
    uint64_t connections; /* now */
    uint64_t connections_total;
};

static inline void traffic_add(struct traffic *traffic, size_t operation, unsigned http_status,
                               uint64_t duration_ns)
{
    /* one thread counts: a store suffices */
    _Atomic uint64_t *answers =
        &traffic->operations[operation].answers[http_status / 100 % TRAFFIC_CLASSES];
    atomic_store_explicit(answers, atomic_load_explicit(answers, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    histogram_add(&traffic->operations[operation].times, duration_ns);
}

#endif
