/*
 * segment_numbers.c - a folder lists its files in any order; recovery and copies want the oldest
 * first.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/segment_numbers.h"

#include <stdlib.h>

enum { NUMBERS_CAP_MIN = 64 };

void segment_numbers_done(struct segment_numbers *numbers)
{
    free(numbers->at);
    *numbers = (struct segment_numbers){0};
}

bool segment_numbers_add(struct segment_numbers *numbers, uint64_t number)
{
    if (numbers->count == numbers->cap) {
        size_t cap = numbers->cap == 0 ? NUMBERS_CAP_MIN : numbers->cap * 2;
        uint64_t *larger = reallocarray(numbers->at, cap, sizeof *larger);
        if (larger == NULL)
            return false;
        numbers->at = larger;
        numbers->cap = cap;
    }
    numbers->at[numbers->count++] = number;
    return true;
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

void segment_numbers_sort(struct segment_numbers *numbers)
{
    if (numbers->count > 0)
        qsort(numbers->at, numbers->count, sizeof *numbers->at, compare);
}
