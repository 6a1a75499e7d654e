/*
 * check.h - whether what was acknowledged is counted: asks for all listings of the load's users
 * before and after it.
 *
 * Threads: one at a time.
 */
#ifndef FOOTFALL_CLI_LOAD_CHECK_H
#define FOOTFALL_CLI_LOAD_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/load/plan.h"
#include "cli/load/tally.h"
#include "cli/target.h"

/* What the server counts of the load's users. */
struct load_totals {
    uint64_t all;
    uint64_t by_type[LOAD_TYPES];
};

/*
 * Asks for everything from first_day (as in model/calendar.h) to tomorrow. With show_progress, says
 * on stderr how far it is. Errors are those of target_get().
 */
MUST_USE enum status load_check_read(struct target *target, const struct load_plan *plan,
                                     int32_t first_day, bool show_progress, struct load_totals *out,
                                     struct error *err);

struct load_verdict {
    bool holds;
    uint64_t counted; /* since the load began */
    uint64_t counted_by_type[LOAD_TYPES];
    bool types_compared;
};

/*
 * Holds when exactly what was acknowledged was counted, by type too; events whose outcome nobody
 * knows may be counted or not. For events without ids, or when all sendings ended clearly, that
 * leaves no room; with ids, neither does a load whose unknown outcomes were all cleared up.
 */
struct load_verdict load_check_judge(const struct load_totals *before,
                                     const struct load_totals *after,
                                     const struct load_tally *tally);

#endif
