/*
 * times.h - the times of a CSV file, in the shapes that exports have.
 *
 * By itself it reads what has one meaning only: RFC 3339, milliseconds since 1970, and with a zone
 * local times ("2026-01-31", "2026-01-31 08:15", "2026-01-31 08:15:00"). Day and month in other
 * orders, and seconds, are read only when the format is told.
 *
 * Threads: read-only once made.
 */
#ifndef FOOTFALL_CLI_IMPORT_TIMES_H
#define FOOTFALL_CLI_IMPORT_TIMES_H

#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

struct zone;

enum time_kind { TIME_OF_ITSELF, TIME_MILLISECONDS, TIME_SECONDS, TIME_PATTERN };

struct time_format {
    enum time_kind kind;
    const char *pattern;     /* of strptime(3) */
    const struct zone *zone; /* of times without an offset; NULL: they are refused */
};

/*
 * format: NULL, "milliseconds", "seconds", or a pattern of strptime(3). zone: a name of the IANA
 * database, or NULL. Texts are not copied. STATUS_INVALID: an unknown zone; a pattern without "%",
 * or with "%s".
 */
MUST_USE enum status time_format_init(struct time_format *out, const char *format, const char *zone,
                                      struct error *err);

/* Milliseconds since 1970-01-01 UTC. STATUS_INVALID, code "invalid_timestamp". */
MUST_USE enum status time_format_read(const struct time_format *format, struct text text,
                                      int64_t *time_ms, struct error *err);

#endif
