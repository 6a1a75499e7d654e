/*
 * csv.h - CSV as RFC 4180 has it, harmless to spreadsheets.
 *
 *     csv_put_string(w, "listing-123");
 *     csv_put_u64(w, 7);
 *     csv_end_row(w);
 *
 * Rows end with CR LF; a cell with a comma, a quote or a line's end is quoted, and quotes in it are
 * doubled. A spreadsheet takes a cell that begins with = + - @, a tab, a CR or LF, or a full-width
 * = + - @, for a formula, quoted or not; a text that does gets an apostrophe in front, which is
 * what spreadsheets themselves mark a text with (OWASP, "CSV Injection"). Numbers are never
 * touched. So such a text reads back changed: who needs it to the byte takes NDJSON.
 *
 * Memory running out is remembered in the writer and asked once, at the end.
 *
 * Threads: a writer belongs to one thread at a time.
 */
#ifndef FOOTFALL_PRESENT_CSV_H
#define FOOTFALL_PRESENT_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/text.h"

/* Start as {.out = buffer}. */
struct csv_writer {
    struct bytes *out;
    bool need_comma;
    bool failed; /* out of memory */
};

void csv_put_text(struct csv_writer *writer, struct text text); /* absent: an empty cell */
void csv_put_string(struct csv_writer *writer, const char *string);
void csv_put_u64(struct csv_writer *writer, uint64_t number);
void csv_end_row(struct csv_writer *writer);

#endif
