/*
 * nearest.c - Levenshtein's distance, one row at a time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/nearest.h"

#include <stdint.h>
#include <string.h>

enum { WORD_BYTES_MAX = 64 };

static size_t least(size_t a, size_t b, size_t c)
{
    size_t two = a < b ? a : b;
    return two < c ? two : c;
}

static size_t distance(const char *a, const char *b)
{
    size_t row[WORD_BYTES_MAX + 1];
    size_t len = strlen(b);
    for (size_t k = 0; k <= len; k++)
        row[k] = k;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t k = 1; k <= len; k++) {
            size_t above = row[k];
            size_t same = diagonal + (a[i - 1] != b[k - 1]);
            row[k] = least(row[k - 1] + 1, above + 1, same);
            diagonal = above;
        }
    }
    return row[len];
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
    const char *nearest = NULL;
    size_t best = SIZE_MAX;
    if (strlen(word) > WORD_BYTES_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) > WORD_BYTES_MAX)
            continue;
        size_t changes = distance(word, words[i]);
        if (changes < best && changes <= strlen(words[i]) / 3 + 1) {
            best = changes;
            nearest = words[i];
        }
    }
    return nearest;
}
