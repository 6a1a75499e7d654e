/*
 * dry_run.c - the decoder of src/ingest over the lines of a piece.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/import/dry_run.h"

#include <stdio.h>

#include "base/clock.h"
#include "ingest/event_json.h"
#include "model/calendar.h"

enum { SHOWN_MAX = 3 };

enum status dry_run_init(struct dry_run *dry_run, const char *oldest, bool is_quiet,
                         struct error *err)
{
    int32_t day = 0;
    struct clock clock = clock_system();
    *dry_run = (struct dry_run){.shown = is_quiet ? SHOWN_MAX : 0};
    enum status status =
        event_rules_init(&dry_run->rules, text_of(event_rules_default_platforms()), err);
    if (status != STATUS_OK)
        return status;
    dry_run->rules.now_ms = clock_now_ms(&clock);
    dry_run->rules.has_oldest = date_parse(text_of(oldest), &day);
    dry_run->rules.oldest_ms = day * ms_per_day;
    return STATUS_OK;
}

enum status dry_run_check(struct dry_run *dry_run, struct piece *piece,
                          struct import_totals *totals, struct error *err)
{
    for (size_t i = 0; i < piece->record_count; i++) {
        size_t start = piece->records[i].body_at;
        size_t end = i + 1 < piece->record_count ? piece->records[i + 1].body_at : piece->body.len;
        struct event event;
        struct error why;
        char *line = (char *)piece->body.at + start;
        size_t len = end - start - 1; /* without its LF */
        if (dry_run->shown < SHOWN_MAX) {
            printf("%.*s\n", (int)len, line);
            dry_run->shown++;
        }
        enum status status = event_json_decode(line, len, &dry_run->rules, &event, &why);
        if (status == STATUS_OK)
            totals->recorded++;
        else
            status = piece_reject(piece, &piece->records[i], &why, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}
