/*
 * export.h - what the two exports share: the days asked for, the pages, the format.
 *
 * Threads: one export at a time.
 */
#ifndef FOOTFALL_CLI_EXPORT_EXPORT_H
#define FOOTFALL_CLI_EXPORT_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "cli/export/output.h"
#include "cli/target.h"

enum { EXPORT_PAGE = 1000, EXPORT_WINDOW_DAYS = 366, EXPORT_TRIES = 5 };

enum export_format { EXPORT_NDJSON, EXPORT_CSV };

struct export
{
    struct target *target;
    struct output output;
    enum export_format format;
    bool by_platform; /* CSV of metrics: a row a platform */
    const char *user;
    const char *listing;  /* NULL: all */
    const char *timezone; /* NULL: UTC */
    bool has_range;
    int32_t first_day; /* with has_range; inclusive */
    int32_t last_day;
    uint64_t count;     /* lines or rows written */
    struct bytes lines; /* of the page that is being written */
};

MUST_USE enum status export_metrics(struct export *export, struct error *err);
MUST_USE enum status export_inquiries(struct export *export, struct error *err);

/* "&startDate=...&endDate=..." of a window. */
void export_put_window(struct target_path *path, int32_t first_day, int32_t last_day);
/* Asks, again when the server is overloaded, a few times. */
MUST_USE enum status export_get(struct export *export, const char *path, char **json, size_t *len,
                                struct error *err);
/* Writes the lines out and empties them. */
MUST_USE enum status export_flush(struct export *export, const char *what, struct error *err);
MUST_USE enum status export_no_memory(struct error *err);

#endif
