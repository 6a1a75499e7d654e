/*
 * aggregate.c - a column a platform, "none" included, and a sum a source.
 *
 *                 range     day 0   day 1   day 2  ...
 *     none        sum       sum     sum     sum         days only when they are asked for
 *     facebook    sum       sum     sum     sum
 *     x           sum       sum     sum     sum
 *
 * Every count of the range enters exactly one column, and everything else is made of columns when
 * the answer is finished: totals are the sum of the columns' sums, a day's counts the sum of its
 * row. So totals equal the sum of days and the sum of platforms by construction. What lies in the
 * range before enters a single sum.
 *
 * Rows of a store and of rollups come in the order of recording, and only the store's have been
 * through the limit of sources a day; so every row passes it here (source_days.h). A UTC day that
 * other zones cut in two counts whole for that: its rows outside the range may take places, too.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "query/aggregate.h"

#include <stdlib.h>
#include <string.h>

#include "model/platform.h"
#include "query/source_days.h"
#include "query/text_index.h"

enum { COLUMNS_FIRST = 8, PLATFORM_CODES = 256 };

struct sum {
    struct counts counts;
    int64_t updated_ms;
};

struct column {
    uint8_t platform;
    struct sum range;
    struct sum *days; /* NULL without a breakdown */
};

struct aggregate {
    const struct day_window *window;
    struct arena *arena;
    bool with_days;
    bool approximate;
    struct counts before;
    struct column *columns;
    uint32_t column_count;
    uint32_t column_cap;
    uint8_t column_of[PLATFORM_CODES]; /* a column's number + 1; 0: none yet */
    struct text_index sources;         /* struct counts */
    struct source_days source_days;
};

static int32_t range_days(const struct aggregate *aggregate)
{
    return aggregate->window->day_count - aggregate->window->before_count;
}

static void sum_add(struct sum *sum, const struct counts *counts, int64_t updated_ms)
{
    counts_add(&sum->counts, counts);
    if (updated_ms > sum->updated_ms)
        sum->updated_ms = updated_ms;
}

/* The first UTC day of which the range, without the days before it, holds something. */
static int32_t range_first_utc_day(const struct day_window *window)
{
    if (window->by_totals)
        return window->range.first_day;
    int32_t quarter = window->bounds[window->before_count];
    return quarter / QUARTERS_PER_DAY - (quarter % QUARTERS_PER_DAY < 0);
}

struct aggregate *aggregate_new(const struct day_window *window, bool with_days,
                                struct arena *arena)
{
    struct aggregate *aggregate = arena_zalloc(arena, 1, sizeof *aggregate);
    if (aggregate == NULL)
        return NULL;
    aggregate->window = window;
    aggregate->arena = arena;
    aggregate->with_days = with_days;
    aggregate->sources = (struct text_index){.arena = arena, .value_bytes = sizeof(struct counts)};
    aggregate->source_days = (struct source_days){
        .arena = arena, .first_day = range_first_utc_day(window), .last_day = window->utc_last};
    return aggregate;
}

static struct column *column_add(struct aggregate *aggregate, uint8_t platform)
{
    if (aggregate->column_count == aggregate->column_cap) {
        uint32_t cap = aggregate->column_cap == 0 ? COLUMNS_FIRST : 2 * aggregate->column_cap;
        struct column *columns = arena_zalloc(aggregate->arena, cap, sizeof *columns);
        if (columns == NULL)
            return NULL;
        if (aggregate->column_count > 0)
            memcpy(columns, aggregate->columns, aggregate->column_count * sizeof *columns);
        aggregate->columns = columns;
        aggregate->column_cap = cap;
    }
    struct sum *days = NULL;
    if (aggregate->with_days) {
        days = arena_zalloc(aggregate->arena, (size_t)range_days(aggregate), sizeof *days);
        if (days == NULL)
            return NULL;
    }
    struct column *column = &aggregate->columns[aggregate->column_count++];
    *column = (struct column){.platform = platform, .days = days};
    aggregate->column_of[platform] = (uint8_t)aggregate->column_count;
    return column;
}

static bool add_platform_row(struct aggregate *aggregate, const struct platform_row *row)
{
    int32_t day = day_window_index(aggregate->window, row->day, row->quarter);
    if (day < 0)
        return true;
    day -= aggregate->window->before_count;
    if (day < 0) {
        counts_add(&aggregate->before, &row->counts);
        return true;
    }
    uint8_t number = aggregate->column_of[row->platform];
    struct column *column =
        number > 0 ? &aggregate->columns[number - 1] : column_add(aggregate, row->platform);
    if (column == NULL)
        return false;
    sum_add(&column->range, &row->counts, row->updated_ms);
    if (column->days != NULL)
        sum_add(&column->days[day], &row->counts, row->updated_ms);
    return true;
}

/* The counts under which a source counts on a UTC day: its own, or those of "(other)". NULL when
 * out of memory. */
static struct counts *source_counts(struct aggregate *aggregate, int32_t utc_day,
                                    struct text source)
{
    static const struct text other = {"(other)", 7};
    struct text_index *sources = &aggregate->sources;
    bool stands = true;
    if (!text_equal(source, other)) {
        const struct counts *known = text_index_find(sources, source);
        uint32_t number = known == NULL
                              ? sources->count
                              : (uint32_t)(known - (struct counts *)(void *)sources->values);
        if (!source_days_admit(&aggregate->source_days, utc_day, number, &stands))
            return NULL;
    }
    return text_index_add(sources, stands ? source : other);
}

static bool add_source_row(struct aggregate *aggregate, const struct source_row *row)
{
    const struct source_days *days = &aggregate->source_days;
    if (row->day < days->first_day || row->day > days->last_day)
        return true;
    struct counts *counts = source_counts(aggregate, row->day, row->source);
    if (counts == NULL)
        return false;
    int32_t day = day_window_index(aggregate->window, row->day, row->quarter);
    if (day >= aggregate->window->before_count)
        counts_add(counts, &row->counts);
    return true;
}

bool aggregate_add(struct aggregate *aggregate, const struct count_rows *rows)
{
    aggregate->approximate = aggregate->approximate || rows->approximate;
    for (size_t i = 0; i < rows->platform_count; i++) {
        if (!add_platform_row(aggregate, &rows->platforms[i]))
            return false;
    }
    for (size_t i = 0; i < rows->source_count; i++) {
        if (!add_source_row(aggregate, &rows->sources[i]))
            return false;
    }
    return true;
}

static int by_platform_name(const void *a, const void *b)
{
    const struct column *const *left = a;
    const struct column *const *right = b;
    return text_compare(platform_name((*left)->platform), platform_name((*right)->platform));
}

static int by_source_name(const void *a, const void *b)
{
    const struct source_metrics *left = a;
    const struct source_metrics *right = b;
    return text_compare(left->name, right->name);
}

/* The columns of named platforms that counted something, ordered by name. */
static size_t named_columns(const struct aggregate *aggregate,
                            const struct column *named[PLATFORM_CODES])
{
    size_t count = 0;
    for (uint32_t i = 0; i < aggregate->column_count; i++) {
        const struct column *column = &aggregate->columns[i];
        if (column->platform != PLATFORM_NONE && counts_sum(&column->range.counts) > 0)
            named[count++] = column;
    }
    qsort(named, count, sizeof(const struct column *), by_platform_name);
    return count;
}

static struct platform_metrics platform_of(const struct column *column, const struct sum *sum)
{
    return (struct platform_metrics){.name = platform_name(column->platform),
                                     .counts = sum->counts,
                                     .updated_ms = sum->updated_ms};
}

static bool finish_sources(const struct aggregate *aggregate, struct aggregated_metrics *out)
{
    uint32_t known = aggregate->sources.count;
    if (known == 0)
        return true;
    struct source_metrics *sources = arena_zalloc(aggregate->arena, known, sizeof *sources);
    if (sources == NULL)
        return false;
    for (uint32_t i = 0; i < known; i++) {
        const struct counts *counts = text_index_value(&aggregate->sources, i);
        if (counts_sum(counts) > 0)
            sources[out->source_count++] = (struct source_metrics){
                .name = aggregate->sources.names[i],
                .counts = *counts,
            };
    }
    qsort(sources, out->source_count, sizeof *sources, by_source_name);
    out->sources = sources;
    return true;
}

/* All days' platforms stand in one array, day after day. */
static bool finish_days(const struct aggregate *aggregate, const struct column *const *named,
                        size_t named_count, struct aggregated_metrics *out)
{
    size_t day_count = (size_t)range_days(aggregate);
    size_t filled = 0;
    for (size_t n = 0; n < named_count; n++) {
        for (size_t d = 0; d < day_count; d++)
            filled += counts_sum(&named[n]->days[d].counts) > 0;
    }
    struct day_metrics *days = arena_zalloc(aggregate->arena, day_count, sizeof *days);
    struct platform_metrics *platforms = arena_zalloc(aggregate->arena, filled, sizeof *platforms);
    if (days == NULL || platforms == NULL)
        return false;

    for (size_t d = 0; d < day_count; d++) {
        struct day_metrics *day = &days[d];
        struct sum all = {0};
        for (uint32_t i = 0; i < aggregate->column_count; i++) {
            const struct sum *sum = &aggregate->columns[i].days[d];
            sum_add(&all, &sum->counts, sum->updated_ms);
        }
        day->day = aggregate->window->range.first_day + (int32_t)d;
        day->counts = all.counts;
        day->updated_ms = all.updated_ms;
        day->approximate = aggregate->approximate;
        day->platforms = platforms;
        for (size_t n = 0; n < named_count; n++) {
            const struct sum *sum = &named[n]->days[d];
            if (counts_sum(&sum->counts) > 0)
                *platforms++ = platform_of(named[n], sum);
        }
        day->platform_count = (size_t)(platforms - day->platforms);
    }
    out->days = days;
    out->day_count = day_count;
    return true;
}

static double change_percent(uint64_t now, uint64_t before)
{
    if (before == 0)
        return now > 0 ? 100 : 0;
    return ((double)now - (double)before) / (double)before * 100;
}

bool aggregate_finish(const struct aggregate *aggregate, struct text listing_id,
                      struct aggregated_metrics *out)
{
    const struct column *named[PLATFORM_CODES];
    size_t named_count = named_columns(aggregate, named);
    struct aggregated_metrics made = {.listing_id = listing_id,
                                      .range = aggregate->window->range,
                                      .approximate = aggregate->approximate};

    for (uint32_t i = 0; i < aggregate->column_count; i++)
        counts_add(&made.totals, &aggregate->columns[i].range.counts);

    if (named_count > 0) {
        struct platform_metrics *platforms =
            arena_zalloc(aggregate->arena, named_count, sizeof *platforms);
        if (platforms == NULL)
            return false;
        for (size_t n = 0; n < named_count; n++)
            platforms[n] = platform_of(named[n], &named[n]->range);
        made.platforms = platforms;
        made.platform_count = named_count;
    }
    if (!finish_sources(aggregate, &made))
        return false;
    if (aggregate->with_days && !finish_days(aggregate, named, named_count, &made))
        return false;

    for (int type = 0; type < EVENT_TYPES; type++)
        made.change_percent[type] =
            change_percent(made.totals.of[type], aggregate->before.of[type]);
    uint64_t views = made.totals.of[EVENT_VIEW];
    if (views > 0)
        made.conversion_rate = (double)made.totals.of[EVENT_INQUIRY] / (double)views * 100;
    *out = made;
    return true;
}
