/*
 * chart.h - numbers as small pictures made of characters.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_CLI_DISPLAY_CHART_H
#define FOOTFALL_CLI_DISPLAY_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHART_COLUMNS_MAX = 64, CHART_BYTES = 3 * CHART_COLUMNS_MAX + 1 };

/* How many values a column of the sparkline stands for: as few as make it fit. */
size_t sparkline_values_per_column(size_t count, size_t columns);

/*
 * One character a value, or the sum of neighbours when there are more than `columns` (at most
 * CHART_COLUMNS_MAX); the tallest is the greatest. Zero has a character of its own, which none but
 * zero gets: "▁" to "█" with "·" for zero; in ASCII ".:-=+*#@" with a space for zero.
 */
void sparkline(const uint64_t *values, size_t count, size_t columns, bool unicode,
               char out[CHART_BYTES]);

/* A bar whose full length, `columns`, is `whole`; something is never shown as nothing. */
void bar(uint64_t part, uint64_t whole, size_t columns, bool unicode, char out[CHART_BYTES]);

#endif
