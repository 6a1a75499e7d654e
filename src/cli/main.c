/*
 * main.c - finds the subcommand.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/commands.h"

static const struct {
    const char *name;
    int (*run)(int count, char **arguments);
    const char *summary;
} commands[] = {
    {"serve", command_serve, "Serve the HTTP API from a data folder."},
    {"journal", command_journal, "Look into a data folder: verify, dump, salvage."},
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void print_help(FILE *to)
{
    fputs("Footfall counts views, shares and inquiries of property listings: durably, and each\n"
          "exactly once.\n\n"
          "usage: footfall COMMAND [flags]\n\n",
          to);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fputs("\nfootfall COMMAND --help explains a command's flags; footfall --version names the\n"
          "version. The manual is in docs/.\n",
          to);
}

static int unknown_command(const char *name)
{
    const char *names[COMMAND_COUNT];
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i].name;
    const char *nearest = nearest_name(text_of(name), names, COMMAND_COUNT);
    fprintf(stderr, "footfall: unknown command \"%s\"%s%s%s\n", name,
            nearest == NULL ? "; see footfall --help" : "; did you mean \"",
            nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("footfall " FOOTFALL_VERSION);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 2, argv + 2);
    }
    return unknown_command(argv[1]);
}
