/*
 * day_delta.c - what a batch adds to one listing-day, and how it is split into parts.
 *
 * Rows of a rollup may repeat a key, and codes of platforms that are not built in differ from
 * process to process. So units are sorted by what every process agrees on, and added up.
 *
 * Why the folded and the plain delta share their first parts: source units are sorted by the rank
 * of their name, and folding keeps the ranks of all names before the first that loses its place.
 * A part is a run of units that ends where the next one would not fit; a source's cost is one
 * number, so where a run ends depends on how many came before it, not on which.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/dynamodb/day_delta.h"

#include <assert.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "model/platform.h"

/* Names that were met, by hash; slots hold a place + 1. */
struct name_index {
    uint32_t *slots;
    size_t mask;
};

static enum status no_memory(struct error *err)
{
    return fail(err, STATUS_NO_MEMORY, "no memory for what a listing's day gains");
}

static int order_platforms(uint8_t a, uint8_t b)
{
    if (a <= PLATFORM_BUILTIN_LAST || b <= PLATFORM_BUILTIN_LAST || a == b)
        return (int)a - (int)b;
    return text_compare(platform_name(a), platform_name(b));
}

static int compare_platform_units(const void *left, const void *right)
{
    const struct delta_unit *a = left;
    const struct delta_unit *b = right;
    if (a->quarter != b->quarter)
        return a->quarter - b->quarter;
    return order_platforms(a->platform, b->platform);
}

static int compare_source_units(const void *left, const void *right)
{
    const struct delta_unit *a = left;
    const struct delta_unit *b = right;
    if (a->name != b->name)
        return a->name < b->name ? -1 : 1;
    return a->quarter - b->quarter;
}

/* Sorts and adds up what has one key; the number of units left. */
static size_t settle(struct delta_unit *units, size_t count,
                     int (*compare)(const void *, const void *))
{
    if (count == 0)
        return 0;
    qsort(units, count, sizeof *units, compare);
    size_t last = 0;
    for (size_t i = 1; i < count; i++) {
        if (compare(&units[last], &units[i]) != 0) {
            units[++last] = units[i];
            continue;
        }
        counts_add(&units[last].counts, &units[i].counts);
        if (units[i].updated_ms > units[last].updated_ms)
            units[last].updated_ms = units[i].updated_ms;
    }
    return last + 1;
}

static bool make_index(struct name_index *index, size_t names, struct arena *arena)
{
    size_t slots = 8;
    while (slots < names * 2)
        slots *= 2;
    index->mask = slots - 1;
    index->slots = arena_zalloc(arena, slots, sizeof *index->slots);
    return index->slots != NULL;
}

static uint32_t place_of(struct name_index *index, struct day_delta *delta, struct text name)
{
    size_t at = (size_t)XXH3_64bits(name.at, name.len) & index->mask;
    for (; index->slots[at] != 0; at = (at + 1) & index->mask)
        if (text_equal(delta->names[index->slots[at] - 1], name))
            return index->slots[at] - 1;
    delta->names[delta->name_count++] = name;
    index->slots[at] = (uint32_t)delta->name_count;
    return (uint32_t)delta->name_count - 1;
}

static uint32_t platform_cost(const struct counts *counts)
{
    uint32_t types = 0;
    for (int type = 0; type < EVENT_TYPES; type++)
        types += counts->of[type] > 0;
    return 2 * types + 2; /* cell and total of each type, and both receive times */
}

/* Where parts end. */
static enum status split(struct day_delta *delta, struct arena *arena, struct error *err)
{
    if (delta->unit_count == 0) {
        delta->part_count = 0;
        delta->part_ends = NULL;
        return STATUS_OK;
    }
    size_t *ends = NULL;
    for (int pass = 0; pass < 2; pass++) { /* counts them, then notes them */
        uint32_t spent = 0;
        uint32_t part = 0;
        for (size_t i = 0; i < delta->unit_count; i++) {
            uint32_t cost = day_delta_is_source(delta, i) ? DELTA_SOURCE_COST
                                                          : platform_cost(&delta->units[i].counts);
            if (spent + cost > DELTA_PART_COST) {
                if (ends != NULL)
                    ends[part] = i;
                part++;
                spent = 0;
            }
            spent += cost;
        }
        delta->part_count = part + 1;
        if (ends != NULL) {
            ends[part] = delta->unit_count;
            break;
        }
        ends = arena_zalloc(arena, delta->part_count, sizeof *ends);
        if (ends == NULL)
            return no_memory(err);
    }
    delta->part_ends = ends;
    return STATUS_OK;
}

static void note_platform(struct day_delta *delta, const struct delta_unit *unit)
{
    if (unit->updated_ms > delta->updated_ms)
        delta->updated_ms = unit->updated_ms;
    for (size_t i = 0; i < delta->platform_count; i++) {
        struct delta_platform *known = &delta->platforms[i];
        if (known->platform != unit->platform)
            continue;
        if (unit->updated_ms > known->updated_ms)
            known->updated_ms = unit->updated_ms;
        return;
    }
    delta->platforms[delta->platform_count++] =
        (struct delta_platform){unit->platform, unit->updated_ms};
}

enum status day_delta_build(const struct count_rows *cells, int32_t day, struct arena *arena,
                            struct day_delta *out, struct error *err)
{
    struct day_delta delta = {.day = day};
    struct name_index index;
    size_t platforms =
        cells->platform_count < PLATFORMS_MAX ? cells->platform_count : PLATFORMS_MAX;
    delta.units =
        arena_zalloc(arena, cells->platform_count + cells->source_count + 1, sizeof *delta.units);
    delta.platforms = arena_zalloc(arena, platforms + 1, sizeof *delta.platforms);
    delta.names = arena_zalloc(arena, cells->source_count + 1, sizeof *delta.names);
    if (delta.units == NULL || delta.platforms == NULL || delta.names == NULL ||
        !make_index(&index, cells->source_count, arena))
        return no_memory(err);

    for (size_t i = 0; i < cells->platform_count; i++) {
        const struct platform_row *row = &cells->platforms[i];
        assert(row->day == day);
        delta.units[i] = (struct delta_unit){.quarter = row->quarter,
                                             .platform = row->platform,
                                             .counts = row->counts,
                                             .updated_ms = row->updated_ms};
    }
    delta.platform_units = settle(delta.units, cells->platform_count, compare_platform_units);
    for (size_t i = 0; i < delta.platform_units; i++)
        note_platform(&delta, &delta.units[i]);

    struct delta_unit *sources = delta.units + delta.platform_units;
    for (size_t i = 0; i < cells->source_count; i++) {
        const struct source_row *row = &cells->sources[i];
        assert(row->day == day);
        sources[i] = (struct delta_unit){.quarter = row->quarter,
                                         .name = place_of(&index, &delta, row->source),
                                         .counts = row->counts};
    }
    delta.unit_count =
        delta.platform_units + settle(sources, cells->source_count, compare_source_units);
    enum status status = split(&delta, arena, err);
    if (status == STATUS_OK)
        *out = delta;
    return status;
}

enum status day_delta_fold(const struct day_delta *delta, struct source_names *standing,
                           struct arena *arena, struct day_delta *out, struct error *err)
{
    struct day_delta folded = *delta;
    uint32_t *places = arena_zalloc(arena, delta->name_count + 1, sizeof *places);
    folded.names = arena_zalloc(arena, delta->name_count + 1, sizeof *folded.names);
    if (places == NULL || folded.names == NULL)
        return no_memory(err);

    bool changed = false;
    uint32_t other = UINT32_MAX;
    folded.name_count = 0;
    for (size_t i = 0; i < delta->name_count; i++) {
        struct text name = sources_admit(standing, delta->names[i]);
        bool is_other = text_equal(name, standing->names[SOURCES_PER_DAY_MAX]);
        changed = changed || !text_equal(name, delta->names[i]);
        if (is_other && other != UINT32_MAX) {
            places[i] = other;
            continue;
        }
        places[i] = (uint32_t)folded.name_count;
        if (is_other)
            other = places[i];
        folded.names[folded.name_count++] = is_other ? name : delta->names[i];
    }
    if (!changed) {
        *out = *delta;
        return STATUS_OK;
    }

    folded.units = arena_zalloc(arena, delta->unit_count, sizeof *folded.units);
    if (folded.units == NULL)
        return no_memory(err);
    memcpy(folded.units, delta->units, delta->unit_count * sizeof *folded.units);
    struct delta_unit *sources = folded.units + folded.platform_units;
    size_t source_count = delta->unit_count - delta->platform_units;
    for (size_t i = 0; i < source_count; i++)
        sources[i].name = places[sources[i].name];
    folded.unit_count = folded.platform_units + settle(sources, source_count, compare_source_units);
    enum status status = split(&folded, arena, err);
    if (status == STATUS_OK)
        *out = folded;
    return status;
}

void day_delta_units(const struct day_delta *delta, uint32_t first_part, uint32_t last_part,
                     size_t *from, size_t *end)
{
    if (first_part >= delta->part_count || first_part > last_part) {
        *from = *end = 0;
        return;
    }
    if (last_part >= delta->part_count)
        last_part = delta->part_count - 1;
    *from = first_part == 0 ? 0 : delta->part_ends[first_part - 1];
    *end = delta->part_ends[last_part];
}

int64_t day_delta_platform_updated(const struct day_delta *delta, uint8_t platform)
{
    for (size_t i = 0; i < delta->platform_count; i++)
        if (delta->platforms[i].platform == platform)
            return delta->platforms[i].updated_ms;
    return 0;
}
