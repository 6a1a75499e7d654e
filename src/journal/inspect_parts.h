/*
 * inspect_parts.h - what inspect.c and inspect_walk.c share. For these two only.
 *
 * Threads: as inspect.h says.
 */
#ifndef FOOTFALL_JOURNAL_INSPECT_PARTS_H
#define FOOTFALL_JOURNAL_INSPECT_PARTS_H

#include "journal/inspect.h"
#include "journal/reader.h"

struct inspection {
    char *dir;
    int lock_fd; /* -1: there is no lock file, as in a copy */
    uint8_t id[JOURNAL_ID_BYTES];
    struct found_segment *segments; /* by number */
    size_t count;
    size_t cap;
    struct reader reader;
    struct inspect_totals totals;
};

struct finding finding_of(enum finding_kind kind, uint64_t number, uint64_t offset,
                          const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Whether the header names this journal. */
bool inspect_has_id(const struct found_segment *segment, const uint8_t *id);

/* Opens a segment file that may be anything. *bytes is its size; -1, with words, when it cannot be
 * read. */
int inspect_open_segment(const char *path, uint64_t *bytes, struct error *err);

#endif
