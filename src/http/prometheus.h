/*
 * prometheus.h - the text format that Prometheus scrapes (exposition format 0.0.4).
 *
 *     prometheus_family(&writer, "footfall_commits_total", "counter", "Groups made durable.");
 *     prometheus_u64(&writer, "", NULL, 17);
 *
 * Threads: a writer belongs to one thread at a time.
 */
#ifndef FOOTFALL_HTTP_PROMETHEUS_H
#define FOOTFALL_HTTP_PROMETHEUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/histogram.h"

/* Start as {.out = buffer}. */
struct prometheus {
    struct bytes *out;
    const char *family;
    bool failed; /* out of memory */
};

/* Begins a family: HELP and TYPE. Samples follow. type: counter, gauge or histogram. */
void prometheus_family(struct prometheus *writer, const char *name, const char *type,
                       const char *help);

/* One sample of the family; suffix as "" or "_bucket"; labels as "a=\"b\",c=\"d\"" or NULL, their
 * values from prometheus_label() where they are not our own words. */
void prometheus_u64(struct prometheus *writer, const char *suffix, const char *labels,
                    uint64_t value);
void prometheus_double(struct prometheus *writer, const char *suffix, const char *labels,
                       double value);

/* All samples of a histogram, in seconds. */
void prometheus_histogram(struct prometheus *writer, const char *labels,
                          const struct histogram *histogram);

/* Writes name="value" with the value escaped, and a NUL; false when it does not fit. */
bool prometheus_label(const char *name, const char *value, char *out, size_t bytes);

#endif
