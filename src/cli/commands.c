/*
 * commands.c - the table of subcommands: a line here makes a command known to the parser, the help,
 * the manual and the shells.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/commands.h"

/* A line each: */
/* clang-format off */
const struct command *const commands[] = {
    &command_serve,
    &command_record,
    &command_import,
    &command_metrics,
    &command_export,
    &command_backup,
    &command_restore,
    &command_migrate,
    &command_verify,
    &command_sql,
    &command_journal,
    &command_dynamodb,
    &command_load,
    &command_completion,
    &command_man,
    NULL,
};
/* clang-format on */
