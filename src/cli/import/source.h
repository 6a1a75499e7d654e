/*
 * source.h - a file, or standard input, as lines; with the places where they are.
 *
 * Reads through a window of a fixed size, so a file of any size costs the same memory. The caller
 * looks at lines ahead and then takes what it has used. A byte order mark at the start is not part
 * of the first line.
 *
 * It does not know what the lines mean.
 *
 * Threads: one.
 */
#ifndef FOOTFALL_CLI_IMPORT_SOURCE_H
#define FOOTFALL_CLI_IMPORT_SOURCE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum {
    SOURCE_LINE_BYTES_MAX = 64 * 1024, /* and its end */
    SOURCE_HEAD_BYTES = 64 * 1024      /* of the file's start, for its fingerprint */
};

struct source; /* made by source_open(), freed by source_close() */

/*
 * Opens a file, or standard input for "-". *stop ends a wait for input (STATUS_STOPPED).
 *   STATUS_IO    it cannot be opened or read, or is a folder
 *   STATUS_BUSY  another process imports it
 *   STATUS_INVALID  it is UTF-16, or compressed
 */
MUST_USE enum status source_open(const char *path, const volatile sig_atomic_t *stop,
                                 struct source **out, struct error *err);
void source_close(struct source *source); /* accepts NULL */

/* Whether it can be read again from any place: a regular file. */
bool source_is_file(const struct source *source);
/* Bytes in the file now; 0 when it is none. */
uint64_t source_bytes(const struct source *source);
/* Its first bytes, up to SOURCE_HEAD_BYTES; valid until the first source_take(). */
struct text source_head(const struct source *source);

/* XXH3 of up to SOURCE_HEAD_BYTES of the file before `end`: of its start, and of the last ones. For
 * files only. STATUS_CORRUPT when it is shorter than `end`. */
MUST_USE enum status source_hash_before(const struct source *source, uint64_t end, uint64_t *head,
                                        uint64_t *tail, struct error *err);

/* Goes to a place that lines_before line ends precede. For files only. */
MUST_USE enum status source_seek(struct source *source, uint64_t offset, uint64_t lines_before,
                                 struct error *err);

/* Where the next byte is, and the number of its line, from 1. */
uint64_t source_offset(const struct source *source);
uint64_t source_line_number(const struct source *source);

struct source_line {
    struct text text; /* with its LF; empty at the end of the input */
    bool is_whole;    /* it has a LF */
    bool is_too_long; /* text is its beginning, SOURCE_LINE_BYTES_MAX bytes */
};

/*
 * The line that begins `skip` bytes (at most 2 * SOURCE_LINE_BYTES_MAX) behind the place. Its bytes
 * may be changed, and are good until the next call of any function here but those that only tell.
 * STATUS_IO, STATUS_STOPPED.
 */
MUST_USE enum status source_look(struct source *source, size_t skip, struct source_line *out,
                                 struct error *err);

/* Moves the place over bytes that were looked at. */
void source_take(struct source *source, size_t bytes);
/* Moves the place over the rest of a line that is too long. */
MUST_USE enum status source_skip_line(struct source *source, struct error *err);

#endif
