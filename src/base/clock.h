/*
 * clock.h - what time it is, from outside, so that tests bring their own.
 *
 * Threads: any; whoever brings a clock sees to it.
 */
#ifndef FOOTFALL_BASE_CLOCK_H
#define FOOTFALL_BASE_CLOCK_H

#include <stdint.h>

static const uint64_t ns_per_ms = 1000 * 1000;
static const uint64_t ns_per_s = 1000 * 1000 * 1000;

/* Wall-clock time in milliseconds since 1970-01-01 UTC; callable from any thread. */
struct clock {
    int64_t (*now_ms)(void *context);
    void *context;
};

static inline int64_t clock_now_ms(const struct clock *clock)
{
    return clock->now_ms(clock->context);
}

/* The machine's clock. It can jump; whoever needs order keeps its own maximum. */
struct clock clock_system(void);

/* For durations only: nanoseconds since some fixed moment, never going back. */
uint64_t monotonic_ns(void);

#endif
