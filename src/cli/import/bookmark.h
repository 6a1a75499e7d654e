/*
 * bookmark.h - how far a file has been imported: what was acknowledged, and nothing more.
 *
 * A small JSON file beside the imported one. It is replaced as a whole (written, synced, renamed),
 * so a kill leaves the old one or the new one. It names the place it belongs to, the server, how
 * records were read, the identity that ids are made from, and fingerprints of the file before the
 * place: a file that only grew fits, one that was changed or replaced does not.
 *
 * Threads: one.
 */
#ifndef FOOTFALL_CLI_IMPORT_BOOKMARK_H
#define FOOTFALL_CLI_IMPORT_BOOKMARK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/files.h"
#include "base/status.h"

enum { BOOKMARK_TARGET_BYTES = 1024, BOOKMARK_FORMAT_BYTES = 8 };

struct import_totals {
    uint64_t recorded;
    uint64_t duplicates;
    uint64_t rejected;
    uint64_t skipped; /* records that --values leaves out */
};

struct bookmark {
    char target[BOOKMARK_TARGET_BYTES]; /* a URL, or "data:" and a folder */
    char format[BOOKMARK_FORMAT_BYTES]; /* "ndjson", "csv" */
    uint64_t reading;                   /* hash of the options that say what a record means */
    uint64_t identity;                  /* what ids are made from */
    uint64_t offset;                    /* everything before was acknowledged */
    uint64_t lines;                     /* line ends before it */
    uint64_t head_hash;                 /* source_hash_before(offset) */
    uint64_t tail_hash;
    struct import_totals totals; /* of all runs since it was begun */
};

/* STATUS_NOT_FOUND when there is none; STATUS_CORRUPT when it is no bookmark; STATUS_IO. */
MUST_USE enum status bookmark_read(const char *path, struct bookmark *out, struct error *err);

/* Replaces it. STATUS_IO, STATUS_DISK_FULL. */
MUST_USE enum status bookmark_write(const char *path, const struct bookmark *bookmark,
                                    struct error *err);

#endif
