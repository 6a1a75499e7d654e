/*
 * cors.h - whose pages may read our answers: the Fetch standard's CORS protocol.
 *
 * A browser lets a page of another origin read an answer only if we name that origin in it. We name
 * those that are configured and no others, never "*", and never allow credentials: a page shows who
 * it speaks for by a token in a header, which a browser does not send by itself.
 *
 * Threads: read-only once made.
 */
#ifndef FOOTFALL_HTTP_CORS_H
#define FOOTFALL_HTTP_CORS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/text.h"

enum { CORS_ORIGINS_MAX = 64, CORS_TEXT_BYTES = 4096 };

struct cors {
    char text[CORS_TEXT_BYTES]; /* what the origins point into */
    struct text origins[CORS_ORIGINS_MAX];
    size_t origin_count;
};

/*
 * Reads "https://a.example, https://b.example:8443"; absent or empty: none. STATUS_INVALID says
 * what is no origin: "*", "null", a path or an upper-case letter in it (browsers send lower case).
 */
MUST_USE enum status cors_init(struct cors *out, struct text origins, struct error *err);

/* Whether the Origin field's page may read answers. Absent: false. */
bool cors_allows(const struct cors *cors, struct text origin);

#endif
