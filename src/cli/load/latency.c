/*
 * latency.c - buckets: the first 128 hold one nanosecond each; then every power of two from 2^7 on
 * has 128, so that a bucket is never wider than 1/128 of what it holds.
 *
 *     ns = 1xxxxxxx00110    the leading one says which octave, the 7 bits behind it which part
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/load/latency.h"

#include <math.h>

static unsigned bucket_of(uint64_t ns)
{
    if (ns < LATENCY_PARTS)
        return (unsigned)ns;
    unsigned shift = 63 - (unsigned)__builtin_clzll(ns) - LATENCY_PART_BITS;
    unsigned bucket = (shift + 1) * LATENCY_PARTS + (unsigned)(ns >> shift) - LATENCY_PARTS;
    return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

/* The longest time that a bucket holds. */
static uint64_t bucket_end_ns(unsigned bucket)
{
    if (bucket < LATENCY_PARTS)
        return bucket;
    unsigned shift = bucket / LATENCY_PARTS - 1;
    return ((uint64_t)(bucket % LATENCY_PARTS + LATENCY_PARTS + 1) << shift) - 1;
}

void latency_add(struct latency *latency, uint64_t ns)
{
    if (latency->count == 0 || ns < latency->min_ns)
        latency->min_ns = ns;
    if (ns > latency->max_ns)
        latency->max_ns = ns;
    latency->count++;
    latency->sum_ns += (long double)ns;
    latency->buckets[bucket_of(ns)]++;
}

void latency_merge(struct latency *latency, const struct latency *other)
{
    if (other->count == 0)
        return;
    if (latency->count == 0 || other->min_ns < latency->min_ns)
        latency->min_ns = other->min_ns;
    if (other->max_ns > latency->max_ns)
        latency->max_ns = other->max_ns;
    latency->count += other->count;
    latency->sum_ns += other->sum_ns;
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
        latency->buckets[i] += other->buckets[i];
}

uint64_t latency_percentile_ns(const struct latency *latency, double percent)
{
    uint64_t wanted = (uint64_t)ceil(percent / 100 * (double)latency->count);
    uint64_t seen = 0;

    if (wanted >= latency->count)
        return latency->max_ns;
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
        seen += latency->buckets[i];
        if (seen >= wanted && seen > 0) {
            uint64_t end_ns = bucket_end_ns(i);
            return end_ns < latency->max_ns ? end_ns : latency->max_ns;
        }
    }
    return latency->max_ns;
}

double latency_mean_ns(const struct latency *latency)
{
    return latency->count == 0 ? 0 : (double)(latency->sum_ns / (long double)latency->count);
}

void latency_print_hdr(const struct latency *latency, FILE *to)
{
    uint64_t seen = 0;
    fprintf(to, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    for (unsigned i = 0; i < LATENCY_BUCKETS && seen < latency->count; i++) {
        if (latency->buckets[i] == 0)
            continue;
        seen += latency->buckets[i];
        uint64_t end_ns = bucket_end_ns(i) < latency->max_ns ? bucket_end_ns(i) : latency->max_ns;
        double below = (double)seen / (double)latency->count;
        fprintf(to, "%12.3f %2.12f %10llu", (double)end_ns / 1e3, below, (unsigned long long)seen);
        if (seen < latency->count)
            fprintf(to, " %14.2f", 1 / (1 - below));
        fputc('\n', to);
    }
    fprintf(to, "#[Mean    = %12.3f, Max     = %12.3f]\n#[Total count    = %12llu]\n",
            latency_mean_ns(latency) / 1e3, (double)latency->max_ns / 1e3,
            (unsigned long long)latency->count);
}
