/*
 * latency.h - how long answers took, within one percent, from a nanosecond to hours.
 *
 * Counts by powers of two, each cut into 128 even parts, as HdrHistogram does: fixed memory, no
 * sample lost, percentiles at any fineness, and histograms of several threads add up.
 *
 * Threads: one at a time.
 */
#ifndef FOOTFALL_CLI_LOAD_LATENCY_H
#define FOOTFALL_CLI_LOAD_LATENCY_H

#include <stdint.h>
#include <stdio.h>

enum {
    LATENCY_PART_BITS = 7,
    LATENCY_PARTS = 1 << LATENCY_PART_BITS,
    LATENCY_OCTAVES = 44 - LATENCY_PART_BITS, /* up to 2^44 ns, five hours; longer counts as that */
    LATENCY_BUCKETS = (LATENCY_OCTAVES + 1) * LATENCY_PARTS
};

/* Start as {0}. */
struct latency {
    uint64_t count;
    uint64_t min_ns; /* 0 while there is none */
    uint64_t max_ns;
    long double sum_ns;
    uint64_t buckets[LATENCY_BUCKETS];
};

void latency_add(struct latency *latency, uint64_t ns);
/* Adds what the other has counted. */
void latency_merge(struct latency *latency, const struct latency *other);
/* The least time that at least this percentage of answers did not exceed, to a bucket's upper end;
 * 100 gives the exact maximum. 0 without any. */
uint64_t latency_percentile_ns(const struct latency *latency, double percent);
double latency_mean_ns(const struct latency *latency);

/* Writes the percentile distribution in microseconds as HdrHistogram's tools read and plot it
 * (columns Value, Percentile, TotalCount, 1/(1-Percentile)). */
void latency_print_hdr(const struct latency *latency, FILE *to);

#endif
