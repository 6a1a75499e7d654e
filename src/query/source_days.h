/*
 * source_days.h - which sources keep their names on which UTC day of one listing.
 *
 * The first SOURCES_PER_DAY_MAX names of a listing's day stand, in the order of recording; model/
 * counts.h has the rule. A store has kept to it, and a rollup has never heard of it: whoever adds
 * up rows of both asks here, so that an answer is the same before a seal and after it.
 *
 * A source is known by a number of the caller's, given out in the order in which sources come.
 *
 * Threads: belongs to one thread at a time.
 */
#ifndef FOOTFALL_QUERY_SOURCE_DAYS_H
#define FOOTFALL_QUERY_SOURCE_DAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "query/text_index.h"

struct source_day {
    uint64_t early; /* a bit for each of the sources 0 to 63 that stands */
    uint32_t count; /* of all that stand */
};

/* Start as {.arena = ..., .first_day = ..., .last_day = ...}; UTC days, inclusive. */
struct source_days {
    struct arena *arena;
    int32_t first_day;
    int32_t last_day;
    struct source_day *days; /* NULL before the first source */
    struct text_index late;  /* (day, number) of sources from 64 on that stand */
};

/*
 * Whether the source stands on the day, which must lie within the days; *stands is true also when
 * it does from now on, because there was room. false when out of memory.
 */
MUST_USE bool source_days_admit(struct source_days *sources, int32_t day, uint32_t number,
                                bool *stands);

#endif
