/*
 * completion.h - what the shells know of our commands.
 *
 * The scripts are made of the tables once and ask nobody when they complete: a shell offers
 * commands, flags, choices, files and folders without starting the program.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_CLI_COMPLETION_H
#define FOOTFALL_CLI_COMPLETION_H

#include <stdio.h>

#include "cli/command.h"

void completion_print_bash(FILE *to, const struct command *const *commands);
void completion_print_zsh(FILE *to, const struct command *const *commands);
void completion_print_fish(FILE *to, const struct command *const *commands);

#endif
