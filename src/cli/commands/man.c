/*
 * man.c - footfall man: the manual.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "cli/commands.h"
#include "cli/manual.h"

static const struct flag flag_format = {
    .name = "format",
    .value = "FORMAT",
    .initial = "roff",
    .choices = "roff|markdown",
    .help = "What man reads, or the page of docs/.",
};

static int run_man(const struct arguments *arguments)
{
    if (strcmp(argument_text(arguments, "format"), "markdown") == 0)
        manual_print_markdown(stdout, commands);
    else
        manual_print_roff(stdout, commands);
    return EXIT_DONE;
}

const struct command command_man = {
    .name = "man",
    .summary = "Print the manual page.",
    .usage = (const char *const[]){"[--format roff|markdown]", NULL},
    .text = "All commands with all flags, as --help shows them one by one.\n"
            "\n"
            "  footfall man | man -l -",
    .flags = (const struct flag *const[]){&flag_format, NULL},
    .run = run_man,
};
