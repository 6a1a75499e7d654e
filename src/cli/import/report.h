/*
 * report.h - what an import says: progress, rejected records, the end.
 *
 * On a terminal one line moves; elsewhere a line appears every ten seconds. Rejected records go to
 * a file, each a JSON object with the line, the reason and the record itself; without a file the
 * first few are said.
 *
 * Threads: one.
 */
#ifndef FOOTFALL_CLI_IMPORT_REPORT_H
#define FOOTFALL_CLI_IMPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"
#include "cli/import/bookmark.h"
#include "cli/import/piece.h"

struct report {
    const char *name;        /* of the file, for people */
    const char *errors_path; /* NULL: none */
    FILE *errors;
    bool on_terminal;
    bool line_is_open; /* the moving line stands on the terminal */
    uint64_t started_ns;
    uint64_t shown_ns;
    uint64_t start_offset;
    uint64_t shown_rejects;
    uint64_t untimed;
};

/* Opens the file for rejected records; more are added behind what it has. STATUS_IO. */
MUST_USE enum status report_open(struct report *report, const char *name, const char *errors_path,
                                 uint64_t start_offset, struct error *err);
/* Accepts what report_open() never saw, zeroed. */
void report_close(struct report *report);

/* Writes the piece's rejects. They are on disk when this returns. STATUS_IO. */
MUST_USE enum status report_rejects(struct report *report, const struct piece *piece,
                                    struct error *err);

/* Shows how far it is, if it is time; of total_bytes (0: nobody knows). */
void report_progress(struct report *report, const struct import_totals *totals, uint64_t offset,
                     uint64_t total_bytes);

/* A line of its own, on stderr. */
void report_say(struct report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Seconds since it was opened. */
double report_seconds(const struct report *report);

/* Takes the moving line away. */
void report_clear(struct report *report);

#endif
