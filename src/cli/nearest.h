/*
 * nearest.h - what somebody may have meant.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_CLI_NEAREST_H
#define FOOTFALL_CLI_NEAREST_H

#include <stddef.h>

/* The word that takes the fewest changed letters, at most a third of its length; NULL when none is
 * that near. */
const char *nearest_word(const char *word, const char *const *words, size_t count);

#endif
