/*
 * export.c - asking in portions.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/export/export.h"

#include <unistd.h>

#include "model/calendar.h"

enum { RETRY_SECONDS_MAX = 5 };

enum status export_no_memory(struct error *err)
{
    return fail(err, STATUS_NO_MEMORY, "no memory for the export");
}

void export_put_window(struct target_path *path, int32_t first_day, int32_t last_day)
{
    char first[DATE_BYTES + 1] = "";
    char last[DATE_BYTES + 1] = "";
    date_format(first_day, first);
    date_format(last_day, last);
    path_put_query(path, "startDate", first);
    path_put_query(path, "endDate", last);
}

enum status export_get(struct export *export, const char *path, char **json, size_t *len,
                       struct error *err)
{
    for (int try = 1;; try++) {
        enum status status = target_get_raw(export->target, path, json, len, err);
        if (status != STATUS_OVERLOADED || try == EXPORT_TRIES)
            return status;
        unsigned wait_s = target_retry_after(export->target);
        (void)sleep(wait_s == 0 ? 1 : wait_s < RETRY_SECONDS_MAX ? wait_s : RETRY_SECONDS_MAX);
    }
}

enum status export_flush(struct export *export, const char *what, struct error *err)
{
    enum status status = output_write(&export->output, export->lines.at, export->lines.len, err);
    export->lines.len = 0;
    output_progress(&export->output, export->count, what);
    return status;
}
