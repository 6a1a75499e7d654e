/*
 * traffic.h - who looks at a listing, day by day: the rhythm of the week, the rush of a launch that
 * dies down, a post that takes off, platforms of different weight.
 *
 *     views of a day = appeal × launch × week × weather × burst × (little once it is sold)
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_DEMO_TRAFFIC_H
#define FOOTFALL_DEMO_TRAFFIC_H

#include <stdint.h>
#include <stdio.h>

#include "listings.h"

struct demo {
    uint64_t seed;
    int32_t first_day; /* since 1970-01-01 */
    int32_t days;      /* the last is the day of now_ms */
    int64_t now_ms;    /* nothing happens behind it */
};

/* Writes the events of one listing on one day (0: the first) as NDJSON; returns how many. */
uint64_t traffic_write_day(const struct demo *demo, unsigned number, const struct listing *listing,
                           int32_t day, FILE *out);

#endif
