/*
 * chart.c - sparklines and bars.
 *
 * A value's step is ceil(value * 8 / greatest): the greatest has step 8, whatever is not zero has
 * at least step 1. Folding begins at the end: it is the first column that may stand for fewer
 * values, so the newest days do not look as if they fell.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/display/chart.h"

#include <string.h>

enum { STEPS = 8 };

static const char *const blocks[STEPS + 1] = {"·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const letters[STEPS + 1] = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};
static const char *const eighths[STEPS] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};

/* ceil(part * steps / whole), without overflow; 0 only for part 0. part <= whole. */
static size_t steps_of(uint64_t part, uint64_t whole, size_t steps)
{
    if (part == 0 || whole == 0)
        return 0;
    while (whole > UINT64_MAX / (steps + 1)) { /* so much that the lowest bit cannot matter */
        whole >>= 1;
        part >>= 1;
    }
    size_t step = (size_t)((part * steps + whole - 1) / whole);
    return step == 0 ? 1 : step;
}

size_t sparkline_values_per_column(size_t count, size_t columns)
{
    if (columns == 0 || columns > CHART_COLUMNS_MAX)
        columns = CHART_COLUMNS_MAX;
    return count <= columns ? 1 : (count + columns - 1) / columns;
}

void sparkline(const uint64_t *values, size_t count, size_t columns, bool unicode,
               char out[CHART_BYTES])
{
    uint64_t sums[CHART_COLUMNS_MAX] = {0};
    uint64_t greatest = 0;
    size_t each = sparkline_values_per_column(count, columns);
    size_t shown = (count + each - 1) / each;
    for (size_t i = 0; i < count; i++) {
        uint64_t *sum = &sums[shown - 1 - (count - 1 - i) / each];
        if (__builtin_add_overflow(*sum, values[i], sum))
            *sum = UINT64_MAX;
        if (*sum > greatest)
            greatest = *sum;
    }
    *out = '\0';
    for (size_t i = 0; i < shown; i++)
        out = stpcpy(out, (unicode ? blocks : letters)[steps_of(sums[i], greatest, STEPS)]);
}

void bar(uint64_t part, uint64_t whole, size_t columns, bool unicode, char out[CHART_BYTES])
{
    if (columns > CHART_COLUMNS_MAX)
        columns = CHART_COLUMNS_MAX;
    if (part > whole)
        part = whole;
    out[0] = '\0';
    if (!unicode) {
        size_t full = steps_of(part, whole, columns);
        memset(out, '#', full);
        out[full] = '\0';
        return;
    }
    size_t steps = steps_of(part, whole, columns * STEPS);
    for (size_t i = 0; i < steps / STEPS; i++)
        out = stpcpy(out, blocks[STEPS]);
    (void)stpcpy(out, eighths[steps % STEPS]);
}
