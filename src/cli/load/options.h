/*
 * options.h - the flags of footfall load, and the plan that they make.
 *
 * Threads: one at a time.
 */
#ifndef FOOTFALL_CLI_LOAD_OPTIONS_H
#define FOOTFALL_CLI_LOAD_OPTIONS_H

#include "cli/command.h"
#include "cli/load/plan.h"

extern const struct flag *const load_flags[]; /* NULL-ended */

/* Reads all but host, key and run. STATUS_INVALID, code "usage": a value out of its bounds, values
 * that do not go together. */
MUST_USE enum status load_options_read(const struct arguments *arguments, struct load_plan *plan,
                                       struct error *err);

#endif
