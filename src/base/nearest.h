/*
 * nearest.h - the name that somebody probably meant.
 *
 * Nearest by edit distance (Levenshtein: letters put in, left out or changed), case aside. A name
 * is near when less than half of the longer of the two would have to change: "listingID" and
 * "listing_id" are near to "listingId", "ts" is near to nothing.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_BASE_NEAREST_H
#define FOOTFALL_BASE_NEAREST_H

#include <stddef.h>

#include "base/text.h"

enum { NEAREST_BYTES_MAX = 64 /* longer words and names are near to nothing */ };

/* One of the names (NULL ones are passed over), the first of the nearest; NULL when none is near.
 */
const char *nearest_name(struct text word, const char *const *names, size_t count);

#endif
