/*
 * manual.h - the tables as documents: the man page, and docs/operations/command-line.md.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_CLI_MANUAL_H
#define FOOTFALL_CLI_MANUAL_H

#include <stdio.h>

#include "cli/command.h"

enum { FLAGS_LISTED_MAX = 64 };

/*
 * A command's flags as help and shells show them: its own or, with has_settings, the settings and
 * --config; and --help. Returns how many.
 */
size_t flags_listed(const struct command *command, struct flag out[FLAGS_LISTED_MAX]);

/* man(7), section 1. */
void manual_print_roff(FILE *to, const struct command *const *commands);
void manual_print_markdown(FILE *to, const struct command *const *commands);

#endif
