/*
 * etag.h - a short name for an answer, so that who has it need not get it again.
 *
 * The tag is a hash of everything an answer depends on, not of the answer: a 304 costs no read.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_HTTP_ETAG_H
#define FOOTFALL_HTTP_ETAG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* What an answer depends on. user_version must be read before the data. */
struct etag_parts {
    uint64_t boot_nonce;
    uint64_t user_version;
    int32_t first_day; /* as resolved: "weekly" is another range tomorrow */
    int32_t last_day;
    const char *zone_data_version;
    struct text target; /* path and query as they came */
};

enum { ETAG_BYTES = 18 }; /* quotes included */

/* Writes the tag with its quotes and a NUL behind. */
void etag_make(const struct etag_parts *parts, char out[ETAG_BYTES + 1]);

enum etag_match {
    ETAG_NO_MATCH,
    ETAG_MATCH,
    ETAG_MATCH_ANY /* "*": whatever there is, if there is something */
};

/* Compares weakly with an If-None-Match field: a list, W/ allowed (RFC 9110, 13.1.2). Absent or
 * malformed fields match nothing. */
enum etag_match etag_matches(struct text if_none_match, const char *etag);

#endif
