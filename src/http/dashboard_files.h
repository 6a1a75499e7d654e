/*
 * dashboard_files.h - web/dist as the build put it into the program (pages_embed.py).
 *
 * Threads: read-only.
 */
#ifndef FOOTFALL_HTTP_DASHBOARD_FILES_H
#define FOOTFALL_HTTP_DASHBOARD_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "http/encoding.h"
#include "http/etag.h"

struct dashboard_file {
    const char *name; /* "index.html", or with a hash of its content: "app-3KQ7XJ2M.js" */
    const char *content_type;
    struct {
        const unsigned char *at; /* NULL where compression gains nothing */
        size_t bytes;
        char etag[ETAG_BYTES + 1]; /* of these bytes */
    } variants[ENCODINGS];
};

/* The first is the page; the others have names that change with their content. */
extern const struct dashboard_file dashboard_files[];
extern const size_t dashboard_file_count; /* 0: this build has no dashboard */

#endif
