/*
 * segment_numbers.h - which segments a folder holds, as a growing list of their numbers.
 *
 * Threads: one at a time.
 */
#ifndef FOOTFALL_JOURNAL_SEGMENT_NUMBERS_H
#define FOOTFALL_JOURNAL_SEGMENT_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Start as {0}. */
struct segment_numbers {
    uint64_t *at;
    size_t count;
    size_t cap;
};

void segment_numbers_done(struct segment_numbers *numbers);
/* false: no memory. */
MUST_USE bool segment_numbers_add(struct segment_numbers *numbers, uint64_t number);
/* Oldest first. */
void segment_numbers_sort(struct segment_numbers *numbers);

#endif
