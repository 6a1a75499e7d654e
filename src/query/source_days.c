/*
 * source_days.c - a bit a day for the first 64 sources of an answer, a table for the others.
 *
 * Almost every listing has fewer than 64 sources in all, and then each row costs one bit.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "query/source_days.h"

#include <assert.h>

#include "model/counts.h"

enum { EARLY = 64 }; /* bits of source_day.early */

/* Finds the source among the late ones of its day, or, if there is room, puts it there. */
static bool admit_late(struct source_days *sources, int32_t day, uint32_t number,
                       struct source_day *of_day, bool *stands)
{
    const uint32_t key[] = {(uint32_t)day, number};
    const struct text name = {(const char *)key, sizeof key};
    sources->late.arena = sources->arena;
    sources->late.value_bytes = 1;
    *stands = text_index_find(&sources->late, name) != NULL;
    if (*stands || of_day->count == SOURCES_PER_DAY_MAX)
        return true;
    if (text_index_add(&sources->late, name) == NULL)
        return false;
    of_day->count++;
    *stands = true;
    return true;
}

bool source_days_admit(struct source_days *sources, int32_t day, uint32_t number, bool *stands)
{
    assert(day >= sources->first_day && day <= sources->last_day);
    if (sources->days == NULL) {
        size_t count = (size_t)(sources->last_day - sources->first_day) + 1;
        sources->days = arena_zalloc(sources->arena, count, sizeof *sources->days);
        if (sources->days == NULL)
            return false;
    }
    struct source_day *of_day = &sources->days[day - sources->first_day];
    if (number >= EARLY)
        return admit_late(sources, day, number, of_day, stands);

    const uint64_t bit = UINT64_C(1) << number;
    *stands = (of_day->early & bit) != 0;
    if (!*stands && of_day->count < SOURCES_PER_DAY_MAX) {
        of_day->early |= bit;
        of_day->count++;
        *stands = true;
    }
    return true;
}
