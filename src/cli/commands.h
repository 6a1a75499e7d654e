/*
 * commands.h - the subcommands, each in a file of its name.
 */
#ifndef FOOTFALL_CLI_COMMANDS_H
#define FOOTFALL_CLI_COMMANDS_H

#include "base/status.h"

/* Exit codes: 0 done, 1 it could not be done, 2 the command line is wrong. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Serves until SIGTERM or SIGINT. arguments are those behind the subcommand's name. */
int command_serve(int count, char **arguments);

/* verify, dump, salvage: looks into a data folder that no server uses. */
int command_journal(int count, char **arguments);

/* Says an error on stderr, as "footfall: <message>", and returns the exit code for it. */
int report_error(const struct error *error);

#endif
