/*
 * counts.c - growing sets of rows, and which sources stand on a day.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model/counts.h"

#include <stdlib.h>

enum { ROWS_MIN = 16 };

/* Makes room for `more` behind count in an array of size-byte rows; NULL when out of memory. */
static void *grow(void *rows, size_t count, size_t *cap, size_t more, size_t size)
{
    if (more > SIZE_MAX / 2 / size - count)
        return NULL;
    size_t wanted = *cap < ROWS_MIN ? ROWS_MIN : *cap;
    while (wanted < count + more)
        wanted *= 2;
    void *grown = realloc(rows, wanted * size);
    if (grown != NULL)
        *cap = wanted;
    return grown;
}

bool count_rows_reserve(struct count_rows *rows, size_t more_platforms, size_t more_sources)
{
    if (rows->platform_cap - rows->platform_count < more_platforms) {
        struct platform_row *grown =
            grow(rows->platforms, rows->platform_count, &rows->platform_cap, more_platforms,
                 sizeof *rows->platforms);
        if (grown == NULL)
            return false;
        rows->platforms = grown;
    }
    if (rows->source_cap - rows->source_count < more_sources) {
        struct source_row *grown = grow(rows->sources, rows->source_count, &rows->source_cap,
                                        more_sources, sizeof *rows->sources);
        if (grown == NULL)
            return false;
        rows->sources = grown;
    }
    return true;
}

struct platform_row *count_rows_add_platform(struct count_rows *rows)
{
    if (!count_rows_reserve(rows, 1, 0))
        return NULL;
    struct platform_row *row = &rows->platforms[rows->platform_count++];
    *row = (struct platform_row){0};
    return row;
}

struct source_row *count_rows_add_source(struct count_rows *rows)
{
    if (!count_rows_reserve(rows, 0, 1))
        return NULL;
    struct source_row *row = &rows->sources[rows->source_count++];
    *row = (struct source_row){0};
    return row;
}

void count_rows_clear(struct count_rows *rows)
{
    rows->platform_count = 0;
    rows->source_count = 0;
    rows->approximate = false;
}

void count_rows_done(struct count_rows *rows)
{
    free(rows->platforms);
    free(rows->sources);
    *rows = (struct count_rows){0};
}

int32_t count_rows_take_day(struct count_rows *rest, struct count_rows *day_rows)
{
    int32_t day = rest->platform_count > 0 ? rest->platforms[0].day : rest->sources[0].day;
    size_t platforms = 0;
    while (platforms < rest->platform_count && rest->platforms[platforms].day == day)
        platforms++;
    size_t sources = 0;
    while (sources < rest->source_count && rest->sources[sources].day == day)
        sources++;

    *day_rows = (struct count_rows){.platforms = rest->platforms,
                                    .platform_count = platforms,
                                    .sources = rest->sources,
                                    .source_count = sources};
    if (platforms > 0) /* what is not there cannot be moved along */
        rest->platforms += platforms;
    if (sources > 0)
        rest->sources += sources;
    rest->platform_count -= platforms;
    rest->source_count -= sources;
    return day;
}

struct text sources_admit(struct source_names *names, struct text source)
{
    static const struct text other = {"(other)", 7};
    for (uint32_t i = names->count; i-- > 0;) /* the newest are the likeliest */
        if (names->names[i].len == source.len &&
            memcmp(names->names[i].at, source.at, source.len) == 0)
            return names->names[i];
    if (names->count == SOURCES_PER_DAY_MAX || text_equal(source, other)) {
        names->names[SOURCES_PER_DAY_MAX] = other;
        return other;
    }
    names->names[names->count++] = source;
    return source;
}
