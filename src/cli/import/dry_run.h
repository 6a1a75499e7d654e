/*
 * dry_run.h - what an import would send, looked at and not sent.
 *
 * Events are checked by the server's own rules, with the default list of platforms: a server that
 * was given another list may accept others.
 *
 * Threads: one.
 */
#ifndef FOOTFALL_CLI_IMPORT_DRY_RUN_H
#define FOOTFALL_CLI_IMPORT_DRY_RUN_H

#include "base/bytes.h"
#include "base/status.h"
#include "cli/import/bookmark.h"
#include "cli/import/piece.h"
#include "ingest/event_rules.h"

struct dry_run {
    struct event_rules rules;
    unsigned shown; /* lines printed */
};

/* oldest: YYYY-MM-DD; is_quiet: prints none. */
MUST_USE enum status dry_run_init(struct dry_run *dry_run, const char *oldest, bool is_quiet,
                                  struct error *err);

/* Counts good events as recorded, rejects bad ones, and prints the first few. */
MUST_USE enum status dry_run_check(struct dry_run *dry_run, struct piece *piece,
                                   struct import_totals *totals, struct error *err);

#endif
