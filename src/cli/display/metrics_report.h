/*
 * metrics_report.h - the API's answers about metrics, for a person.
 *
 * An answer that is not shaped as docs/api/http.md says is refused with STATUS_IO.
 *
 * Threads: no shared state.
 */
#ifndef FOOTFALL_CLI_DISPLAY_METRICS_REPORT_H
#define FOOTFALL_CLI_DISPLAY_METRICS_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "base/status.h"
#include "cli/display/terminal.h"

/* One listing's AggregatedMetrics: totals, trends, days, platforms, sources. */
MUST_USE enum status report_listing(const json_t *metrics, const char *user, const char *listing,
                                    const struct look *look, FILE *to, struct error *err);
/* The answer of /v1/users/{user}/metrics?include=dailyBreakdown, in its order. */
MUST_USE enum status report_ranking(const json_t *answer, const char *user, const struct look *look,
                                    FILE *to, struct error *err);
/* The answer of /v1/users/{user}/compare. */
MUST_USE enum status report_comparison(const json_t *answer, const char *user,
                                       const struct look *look, FILE *to, struct error *err);

#endif
