/*
 * report.h - what a load did, for people and for programs.
 *
 * Threads: one at a time.
 */
#ifndef FOOTFALL_CLI_LOAD_REPORT_H
#define FOOTFALL_CLI_LOAD_REPORT_H

#include <stdio.h>

#include "cli/load/check.h"
#include "cli/load/plan.h"
#include "cli/load/tally.h"

struct load_report {
    const struct load_plan *plan;
    const struct load_tally *tally;
    const char *url;
    double seconds;                     /* from the first request to the last answer */
    const struct load_verdict *verdict; /* NULL: not checked */
};

/* One line for a terminal, without its end. */
void load_report_progress(FILE *to, const struct load_plan *plan, double seconds, uint64_t requests,
                          uint64_t events, uint64_t troubles, double requests_a_second);
void load_report_text(FILE *to, const struct load_report *report);
/* One object: documented in docs/operations/load.md. false: no memory, or not written. */
bool load_report_json(FILE *to, const struct load_report *report);

#endif
