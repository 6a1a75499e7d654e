/*
 * nearest.c - Levenshtein's distance, one row of the table at a time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/nearest.h"

#include <stdint.h>

static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static size_t edit_distance(struct text a, struct text b)
{
    size_t row[NEAREST_BYTES_MAX + 1]; /* from the first i of a to the first j of b */
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t best = corner + (lower(a.at[i - 1]) != lower(b.at[j - 1]));
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            corner = row[j];
            row[j] = best;
        }
    }
    return row[b.len];
}

const char *nearest_name(struct text word, const char *const *names, size_t count)
{
    const char *found = NULL;
    size_t found_distance = SIZE_MAX;
    if (word.len > NEAREST_BYTES_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (names[i] == NULL || strlen(names[i]) > NEAREST_BYTES_MAX)
            continue;
        struct text name = text_of(names[i]);
        size_t distance = edit_distance(word, name);
        size_t longer = word.len > name.len ? word.len : name.len;
        if (distance * 2 < longer && distance < found_distance) {
            found = names[i];
            found_distance = distance;
        }
    }
    return found;
}
