/*
 * run.h - an import from beginning to end.
 *
 *     file ─► piece of records ─► server ─► rejects to their file ─► bookmark ─► next piece
 *
 * One piece is on its way at a time, in order. So the bookmark says exactly what was acknowledged,
 * and what a kill leaves in doubt is the piece on its way and what was acknowledged since the
 * bookmark moved last (BOOKMARK_MS and BOOKMARK_RECORDS at most): those are sent again with the
 * same ids, the youngest in the server's window of ids, however long the file is and however fast.
 *
 * Threads: one import at a time in a process: signals end it.
 */
#ifndef FOOTFALL_CLI_IMPORT_RUN_H
#define FOOTFALL_CLI_IMPORT_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/files.h"
#include "base/status.h"
#include "cli/import/bookmark.h"
#include "cli/import/mapping.h"
#include "cli/target.h"

struct import_options {
    const char *path;   /* "-": standard input */
    const char *format; /* "ndjson", "csv"; NULL: by the name, else by the first byte */
    char delimiter;     /* of CSV; 0: found in the header */
    bool no_header;
    struct mapping_options mapping;
    const char *oldest;        /* YYYY-MM-DD */
    const char *target;        /* what the bookmark is for: a URL, or "data:" and a folder */
    const char *bookmark_path; /* NULL: the file's path and ".bookmark" */
    const char *errors_path;   /* NULL: none */
    uint64_t errors_max;       /* more rejected records end the import */
    uint64_t patience_s;
    bool restart;  /* from the file's beginning */
    bool dry_run;  /* reads and converts, sends nothing */
    bool is_quiet; /* a dry run prints no events */
};

struct import_result {
    struct import_totals run;      /* of this run */
    struct import_totals all_runs; /* with those before that the bookmark knows */
    uint64_t from_line;            /* where it began: 1, or behind the bookmark */
    uint64_t lines;                /* line ends read so far, in the whole file */
    double seconds;
    bool was_resumed;
    char bookmark_path[FILE_PATH_BYTES]; /* "" without one */
};

/*
 * target is NULL in a dry run. *out is filled on errors too, as far as it got.
 *   STATUS_INVALID   code "usage": options that do not fit the file; "too_many_rejected";
 *                    "changed_file": it is not what the bookmark was kept for
 *   STATUS_STOPPED   by SIGINT or SIGTERM; the bookmark is kept
 *   STATUS_BUSY, STATUS_CORRUPT, STATUS_IO, STATUS_OVERLOADED, ...   as source.h, bookmark.h and
 *                    delivery.h say
 */
MUST_USE enum status import_run(const struct import_options *options, struct target *target,
                                struct import_result *out, struct error *err);

#endif
