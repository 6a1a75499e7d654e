/*
 * output.h - where an export goes: stdout, or a file that is there whole or not at all.
 *
 * A file is written beside its name, synced and renamed, readable by its owner alone (0600): it may
 * hold what people wrote. Until then what had the name stays as it was; a failure, SIGINT or
 * SIGTERM leaves nothing behind. What is no plain file, such as a pipe, is written as it is.
 *
 * Threads: one output at a time.
 */
#ifndef FOOTFALL_CLI_EXPORT_OUTPUT_H
#define FOOTFALL_CLI_EXPORT_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/files.h"
#include "base/status.h"

struct output {
    const char *path;                /* NULL: stdout */
    char real[FILE_PATH_BYTES];      /* what path is, behind its links */
    char temporary[FILE_PATH_BYTES]; /* "": none */
    FILE *file;
    bool shows_progress; /* stderr is a terminal that stdout does not share */
    uint64_t shown_ns;
};

/* path: NULL or "-" is stdout. */
MUST_USE enum status output_open(const char *path, struct output *out, struct error *err);
/* STATUS_IO, code "reader_gone", when the reader of a pipe has gone. */
MUST_USE enum status output_write(struct output *output, const void *from, size_t len,
                                  struct error *err);
/* Says how far it is, now and then, from the first second on. */
void output_progress(struct output *output, uint64_t count, const char *what);
/* Makes it whole with STATUS_OK, else takes it away. Returns status, or the failure to finish. */
MUST_USE enum status output_close(struct output *output, enum status status, struct error *err);

#endif
