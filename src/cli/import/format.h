/*
 * format.h - whether a file is NDJSON or CSV.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_CLI_IMPORT_FORMAT_H
#define FOOTFALL_CLI_IMPORT_FORMAT_H

#include <stdbool.h>

#include "base/status.h"
#include "base/text.h"

/*
 * asked: "ndjson", "csv" or NULL; head: the file's first bytes. STATUS_INVALID, code "usage":
 * nothing says what it is, or it is one JSON array.
 */
MUST_USE enum status import_format_find(const char *path, const char *asked, struct text head,
                                        const char **out, struct error *err);

/* In small letters or capitals. */
bool import_name_ends_with(const char *text, const char *end);

#endif
