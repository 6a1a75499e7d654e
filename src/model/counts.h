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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"
#include "model/event.h"

enum { SOURCES_PER_DAY_MAX = 64 };

/* A count ends here, and stays here, instead of wrapping: 2^63 - 1. */
static const uint64_t count_max = INT64_MAX;

/* Indexed by enum event_type. Each is at most count_max. */
struct counts {
    uint64_t of[EVENT_TYPES];
};

/*
 * Saturates at count_max. Two counts cannot wrap 64 bits, and ending at a maximum keeps addition
 * independent of order, so folding in any split still gives one answer.
 */
static inline uint64_t count_add(uint64_t a, uint64_t b)
{
    return a + b < count_max ? a + b : count_max;
}

/* Written out: most of what reading costs is this, and a loop would keep its sums in memory. */
static inline void counts_add(struct counts *into, const struct counts *from)
{
    _Static_assert(EVENT_TYPES == 3, "every type is added");
    into->of[EVENT_VIEW] = count_add(into->of[EVENT_VIEW], from->of[EVENT_VIEW]);
    into->of[EVENT_SHARE] = count_add(into->of[EVENT_SHARE], from->of[EVENT_SHARE]);
    into->of[EVENT_INQUIRY] = count_add(into->of[EVENT_INQUIRY], from->of[EVENT_INQUIRY]);
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
    bool approximate; /* cells only: of some of these counts the day is known but not the quarter;
                         they stand at noon UTC */
};

/* Makes room for that many more rows. false when out of memory; the rows stay. */
MUST_USE bool count_rows_reserve(struct count_rows *rows, size_t more_platforms,
                                 size_t more_sources);
/* Appends a row, cleared, and returns it, or NULL when out of memory. */
MUST_USE struct platform_row *count_rows_add_platform(struct count_rows *rows);
MUST_USE struct source_row *count_rows_add_source(struct count_rows *rows);
/* Empties the set and keeps its memory. */
void count_rows_clear(struct count_rows *rows);
void count_rows_done(struct count_rows *rows);

/*
 * Takes the rows of the day that comes first off *rest, a view that holds some; *day_rows is a view
 * of them. Returns the day. Days may stand in any order, as they came to a rollup: but rows of one
 * day lie together, the order is the same in both grains, and a day that has sources has platforms,
 * since every event counts for one.
 */
int32_t count_rows_take_day(struct count_rows *rest, struct count_rows *day_rows);

/*
 * The names already standing on one listing-day, in the order they came. Start with count 0 and
 * the last place absent, or as {0}.
 */
struct source_names {
    /* count names, whose bytes are the caller's; the last place is for "(other)" alone: absent
     * until something was counted under it. */
    struct text names[SOURCES_PER_DAY_MAX + 1];
    uint32_t count; /* "(other)" not included, so at most 64 */
};

/*
 * The name under which `source` counts on this day: itself, or "(other)" when 64 others stand.
 * "(other)" itself always counts as such and takes none of the 64 places.
 */
struct text sources_admit(struct source_names *names, struct text source);

#endif
