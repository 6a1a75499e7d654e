/*
 * counts.h - what was counted, as rows: the one shape that rollups, stores and queries share.
 *
 * A listing's engagement on UTC days is a set of rows in two grains:
 *
 *   totals   (day, platform) -> counts, newest receive time      "none" is PLATFORM_NONE
 *            (day, source)   -> counts                           named sources only
 *   cells    the same two per quarter of an hour of the UTC day
 *
 * The sum over a day's platforms, "none" included, is the day's total, in totals and in cells.
 * What the named sources leave of it had no source, so "no source" is never stored.
 *
 * At most SOURCES_PER_DAY_MAX names stand per listing and day, first come; counts of further
 * ones stand under "(other)". sources_admit() is the only place that decides this.
 *
 * A set may hold several rows of one key; readers add them up.
 *
 * Threads: a set belongs to one thread at a time.
 */
#ifndef FOOTFALL_MODEL_COUNTS_H
#define FOOTFALL_MODEL_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"
#include "model/event.h"

enum { SOURCES_PER_DAY_MAX = 64 };

/* Indexed by enum event_type. */
struct counts {
    uint64_t of[EVENT_TYPES];
};

static inline void counts_add(struct counts *into, const struct counts *from)
{
    for (int i = 0; i < EVENT_TYPES; i++)
        into->of[i] += from->of[i];
}

static inline uint64_t counts_sum(const struct counts *counts)
{
    return counts->of[EVENT_VIEW] + counts->of[EVENT_SHARE] + counts->of[EVENT_INQUIRY];
}

struct platform_row {
    int32_t day;
    int16_t quarter; /* 0 to 95 in cells; 0 in totals */
    uint8_t platform;
    struct counts counts;
    int64_t updated_ms; /* receive time of the newest event counted here */
};

struct source_row {
    int32_t day;
    int16_t quarter;    /* as above */
    struct text source; /* owned by whoever filled the set */
    struct counts counts;
};

/* Rows of one listing, of any number of days, all totals or all cells. Start as {0}. */
struct count_rows {
    struct platform_row *platforms;
    size_t platform_count;
    size_t platform_cap;
    struct source_row *sources;
    size_t source_count;
    size_t source_cap;
};

/* Appends a row and returns it, or NULL when out of memory. */
MUST_USE struct platform_row *count_rows_add_platform(struct count_rows *rows);
MUST_USE struct source_row *count_rows_add_source(struct count_rows *rows);
/* Empties the set and keeps its memory. */
void count_rows_clear(struct count_rows *rows);
void count_rows_done(struct count_rows *rows);

/* The names already standing on one listing-day, in the order they came. Start as {0}. */
struct source_names {
    struct text names[SOURCES_PER_DAY_MAX + 1]; /* the last place is for "(other)" */
    uint32_t count;
};

/* The name under which `source` counts on this day: itself, or "(other)" when 64 stand. */
struct text sources_admit(struct source_names *names, struct text source);

#endif
