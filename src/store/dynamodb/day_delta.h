/*
 * day_delta.h - what a batch adds to one listing-day, and how it is split into parts.
 *
 * A part is what one guarded update adds: DynamoDB allows 4 KB and 300 operators in an expression.
 * Parts are numbered from 0, and an item's marker, batch * 1024 + part, says which are in it. So
 * whoever applies a part and whoever adds to what was read, or takes off it, must agree about what
 * part k is: this file is the only place that knows.
 *
 *   units     counts of one (quarter, platform) or (quarter, source), each key once.
 *             Platforms by quarter and name first, then sources in the order in which they came
 *   fold      sources that have no place of their own on the day become "(other)". Which those are
 *             follows from the names that stand on the item, and never changes once the day is full
 *   parts     units one behind the other, until the budget of a part is spent. What a source costs
 *             does not depend on its counts, so a part without folded names is the same part
 *             whether the rest was folded or not
 *
 * A unit of a part brings its share of the day's totals along: after every part the totals equal
 * the sum of the cells. Platforms come first, so the sources never add up to more than the total.
 *
 * All this is format: docs/formats/dynamodb.md.
 *
 * Threads: pure functions over the caller's arena.
 */
#ifndef FOOTFALL_STORE_DYNAMODB_DAY_DELTA_H
#define FOOTFALL_STORE_DYNAMODB_DAY_DELTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "model/counts.h"

enum {
    DELTA_PARTS_MAX = 1024, /* of a batch on one item: the marker's base */
    DELTA_PART_COST = 240,  /* operators that a part may need */
    DELTA_SOURCE_COST = 8   /* what a source unit is charged */
};

struct delta_unit {
    int16_t quarter;
    uint8_t platform; /* of a platform unit */
    uint32_t name;    /* of a source unit: place in names */
    struct counts counts;
    int64_t updated_ms; /* of a platform unit */
};

/* A platform of the delta and the newest receive time counted for it, in whatever part. */
struct delta_platform {
    uint8_t platform;
    int64_t updated_ms;
};

/* Texts are whoever's rows it was made from; arrays are in the arena. */
struct day_delta {
    int32_t day;
    struct delta_unit *units;
    size_t platform_units; /* the first ones */
    size_t unit_count;
    struct delta_platform *platforms;
    size_t platform_count;
    struct text *names; /* sources in the order they came */
    size_t name_count;
    int64_t updated_ms;
    const size_t *part_ends; /* by part: the unit behind its last one */
    uint32_t part_count;     /* 0: nothing is added */
};

/* Makes the delta of a day's cells, all of which are of that day. STATUS_NO_MEMORY. */
MUST_USE enum status day_delta_build(const struct count_rows *cells, int32_t day,
                                     struct arena *arena, struct day_delta *out, struct error *err);

/* A delta may be applied without looking at the item first only if each name may have a place. */
static inline bool day_delta_needs_fold(const struct day_delta *delta)
{
    return delta->name_count > SOURCES_PER_DAY_MAX;
}

/*
 * *out is the delta with its names admitted to those that stand, in order; *standing has them
 * admitted afterwards. Arrays are shared with `delta` where nothing changes. STATUS_NO_MEMORY.
 */
MUST_USE enum status day_delta_fold(const struct day_delta *delta, struct source_names *standing,
                                    struct arena *arena, struct day_delta *out, struct error *err);

/* The units of parts first to last are units[*from] to units[*end - 1]. */
void day_delta_units(const struct day_delta *delta, uint32_t first_part, uint32_t last_part,
                     size_t *from, size_t *end);

static inline bool day_delta_is_source(const struct day_delta *delta, size_t unit)
{
    return unit >= delta->platform_units;
}

/* The newest receive time of the platform in the whole delta. */
int64_t day_delta_platform_updated(const struct day_delta *delta, uint8_t platform);

/* An item's marker and what it says. */
static inline uint64_t day_marker(uint64_t batch, uint32_t part)
{
    return batch * DELTA_PARTS_MAX + part;
}

/* How many of the batch's parts are in an item with this marker; DELTA_PARTS_MAX: all. */
static inline uint32_t day_marker_parts(uint64_t marker, uint64_t batch)
{
    if (marker / DELTA_PARTS_MAX != batch)
        return marker / DELTA_PARTS_MAX > batch ? DELTA_PARTS_MAX : 0;
    return (uint32_t)(marker % DELTA_PARTS_MAX) + 1;
}

#endif
