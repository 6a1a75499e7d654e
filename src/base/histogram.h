/*
 * histogram.h - how long things took, countable from any thread.
 *
 * Bounds are powers of two of 16 µs: 16 µs, 32 µs, ... 8.4 s, then "longer". Twenty numbers say
 * enough for a percentile within a factor of two, and Prometheus sums them over machines.
 *
 * Threads: any; all counters are atomic. A reader may see a value in `count` before its sum.
 */
#ifndef FOOTFALL_BASE_HISTOGRAM_H
#define FOOTFALL_BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 21, HISTOGRAM_FIRST_NS = 16384 };

struct histogram {
    _Atomic uint64_t buckets[HISTOGRAM_BUCKETS]; /* not cumulative; the last one is "longer" */
    _Atomic uint64_t sum_ns;
};

static inline void histogram_add(struct histogram *histogram, uint64_t duration_ns)
{
    unsigned bucket = 0;
    if (duration_ns > HISTOGRAM_FIRST_NS)
        bucket = 64 - (unsigned)__builtin_clzll((duration_ns - 1) / HISTOGRAM_FIRST_NS);
    if (bucket >= HISTOGRAM_BUCKETS)
        bucket = HISTOGRAM_BUCKETS - 1;
    atomic_fetch_add_explicit(&histogram->buckets[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum_ns, duration_ns, memory_order_relaxed);
}

/* The inclusive upper bound of a bucket but the last, in nanoseconds. */
static inline uint64_t histogram_bound_ns(unsigned bucket)
{
    return (uint64_t)HISTOGRAM_FIRST_NS << bucket;
}

#endif
