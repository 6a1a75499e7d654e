/*
 * csv_records.h - records of a CSV file, as RFC 4180 has them, one at a time.
 *
 * Cells may be quoted, and then hold the delimiter, quotes ("" for one) and line ends; lines may
 * end with LF or CR LF; spaces around cells that are not quoted are dropped. Blank lines are
 * skipped. A record that breaks these rules is refused alone: reading goes on with the line behind
 * its first one, so that one stray quote does not swallow the file.
 *
 * It does not know what the columns mean.
 *
 * Threads: one.
 */
#ifndef FOOTFALL_CLI_IMPORT_CSV_RECORDS_H
#define FOOTFALL_CLI_IMPORT_CSV_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"
#include "cli/import/source.h"

enum { CSV_CELLS_MAX = 256, CSV_RECORD_BYTES_MAX = SOURCE_LINE_BYTES_MAX };

struct csv_records; /* made by csv_records_new(), freed by csv_records_free() */

/* delimiter: ',', ';', '|' or a tab; 0: the one that the next line of the source has most often
 * outside of quotes, or a comma. */
MUST_USE enum status csv_records_new(struct source *source, char delimiter,
                                     struct csv_records **out, struct error *err);
void csv_records_free(struct csv_records *csv); /* accepts NULL */

char csv_records_delimiter(const struct csv_records *csv);

struct csv_record {
    uint64_t line;   /* where it begins */
    uint64_t offset; /* likewise */
    struct text raw; /* its bytes, without the line end behind it; absent at the end */
    bool is_whole;   /* a line end stands behind it */
    bool is_bad;     /* *err says why; there are no cells */
    size_t bytes;    /* to take from the source once it is used */
    bool skips_line; /* then the rest of its line is still to be skipped */
    const struct text *cells;
    size_t cell_count;
};

/*
 * Looks at the next record; csv_records_take() goes on behind it. Texts are good until then.
 * STATUS_OK also for a bad record. STATUS_IO, STATUS_STOPPED, STATUS_NO_MEMORY.
 */
MUST_USE enum status csv_records_look(struct csv_records *csv, struct csv_record *out,
                                      struct error *err);
MUST_USE enum status csv_records_take(struct csv_records *csv, const struct csv_record *record,
                                      struct error *err);

#endif
