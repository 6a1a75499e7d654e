/*
 * figures.h - what a report shows of an AggregatedMetrics, taken out of the JSON and checked.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_CLI_DISPLAY_FIGURES_H
#define FOOTFALL_CLI_DISPLAY_FIGURES_H

#include <jansson.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

enum { FIGURES_KINDS = 3 }; /* views, shares, inquiries */

struct figures {
    struct text start_date; /* printable, as all texts here */
    struct text end_date;
    struct text timezone;
    struct text period;
    uint64_t totals[FIGURES_KINDS];
    double changes[FIGURES_KINDS]; /* percent */
    double conversion_rate;        /* percent */
    uint64_t *days[FIGURES_KINDS]; /* day_count each */
    struct text *dates;
    size_t day_count;
    const json_t *by_platform; /* {name: {views, shares, inquiries}}; the answer's */
    const json_t *by_source;
};

/* Texts and arrays live in the arena. STATUS_IO: it is something else; STATUS_NO_MEMORY. */
MUST_USE enum status figures_read(const json_t *metrics, struct arena *arena, struct figures *out,
                                  struct error *err);

/* The counts of {views, shares, inquiries}; STATUS_IO when they are no counts. */
MUST_USE enum status figures_counts(const json_t *object, uint64_t out[FIGURES_KINDS],
                                    struct error *err);

/* STATUS_IO, in words. */
enum status figures_unknown_answer(struct error *err);

#endif
