/*
 * commands.h - the subcommands, each in a file of its name in commands/.
 */
#ifndef FOOTFALL_CLI_COMMANDS_H
#define FOOTFALL_CLI_COMMANDS_H

#include "cli/command.h"

extern const struct command command_backup;
extern const struct command command_completion;
extern const struct command command_dynamodb;
extern const struct command command_export;
extern const struct command command_import;
extern const struct command command_journal;
extern const struct command command_load;
extern const struct command command_man;
extern const struct command command_metrics;
extern const struct command command_migrate;
extern const struct command command_record;
extern const struct command command_restore;
extern const struct command command_serve;
extern const struct command command_sql;
extern const struct command command_verify;

/* All of them, in the order in which help and manual show them; NULL-ended. */
extern const struct command *const commands[];

#endif
