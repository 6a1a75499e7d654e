/*
 * plan.h - what a load is: how much, how fast, of what, to whom; and when each request is due.
 *
 * Threads: constant once made.
 */
#ifndef FOOTFALL_CLI_LOAD_PLAN_H
#define FOOTFALL_CLI_LOAD_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/status.h"

enum {
    LOAD_PLATFORMS_MAX = 32,
    LOAD_PLATFORM_BYTES = 65,
    LOAD_PREFIX_BYTES = 65,
    LOAD_HOST_BYTES = 256,
    LOAD_RUN_BYTES = 16,
    LOAD_CONNECTIONS_MAX = 10000,
    LOAD_THREADS_MAX = 64,
    LOAD_BATCH_MAX = 10000,
    LOAD_LISTINGS_MAX = 100 * 1000 * 1000,
    LOAD_LISTINGS_PER_USER_MAX = 100 * 1000 /* with a check, which reads all of a user's listings */
};

enum { LOAD_VIEW, LOAD_SHARE, LOAD_INQUIRY, LOAD_TYPES }; /* in the order of the API's names */

struct load_plan {
    char host[LOAD_HOST_BYTES];     /* for the Host header, with the port */
    const char *key;                /* NULL: none */
    char prefix[LOAD_PREFIX_BYTES]; /* of user names: letters, digits, ".", "_", "-" */
    char run[LOAD_RUN_BYTES];       /* begins every event's id, and no other run has it */
    uint64_t seed;

    double rate;          /* requests a second in all; 0: the next when the last is answered */
    uint64_t duration_ns; /* 0: until all events are sent */
    uint64_t events_max;  /* 0: until the time is over */
    uint32_t connections;
    uint32_t threads;
    uint64_t timeout_ns; /* for one answer, and for those outstanding at the end */

    uint32_t batch; /* events a request */
    bool stream;    /* as NDJSON; else one object, or an array */
    bool ids;
    uint32_t query_percent; /* of requests */

    uint32_t listings;
    uint32_t users;
    double zipf_exponent;
    uint32_t mix[LOAD_TYPES]; /* weights; their sum is above 0 */
    char platforms[LOAD_PLATFORMS_MAX][LOAD_PLATFORM_BYTES];
    uint32_t platform_count; /* 0: events have none */
};

/* "view=95,share=4,inquiry=1" in any order; what is not named has no weight. STATUS_INVALID. */
MUST_USE enum status load_plan_read_mix(const char *text, struct load_plan *plan,
                                        struct error *err);
/* "facebook,instagram", or "none". STATUS_INVALID. */
MUST_USE enum status load_plan_read_platforms(const char *text, struct load_plan *plan,
                                              struct error *err);
/* STATUS_INVALID: empty, too long, or with a character that a path would have to escape. */
MUST_USE enum status load_plan_read_prefix(const char *text, struct load_plan *plan,
                                           struct error *err);
/* A number above 0, or "max" (0). STATUS_INVALID. */
MUST_USE enum status load_plan_read_rate(const char *text, double *out, struct error *err);
/* A decimal number from min to max. STATUS_INVALID, naming the flag. */
MUST_USE enum status load_read_decimal(const char *flag, const char *text, double min, double max,
                                       double *out, struct error *err);

/*
 * When the request with this number (from 0) is due, in ns after the start: evenly spaced,
 * whatever happened to those before it. A late one keeps its due time, and its latency counts from
 * there; else a server that stands still for a second would hide all the requests that nobody sent
 * in that second (Tene: "How not to measure latency"; wrk2).
 */
static inline uint64_t load_due_ns(uint64_t number, double rate)
{
    return (uint64_t)((double)number * ((double)ns_per_s / rate));
}

#endif
