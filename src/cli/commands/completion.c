/*
 * completion.c - footfall completion: the script for a shell.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/completion.h"

#include "cli/commands.h"

static int run_bash(const struct arguments *arguments)
{
    (void)arguments;
    completion_print_bash(stdout, commands);
    return EXIT_DONE;
}

static int run_zsh(const struct arguments *arguments)
{
    (void)arguments;
    completion_print_zsh(stdout, commands);
    return EXIT_DONE;
}

static int run_fish(const struct arguments *arguments)
{
    (void)arguments;
    completion_print_fish(stdout, commands);
    return EXIT_DONE;
}

static const char *const no_usage[] = {"", NULL};

static const struct command bash = {
    .name = "bash",
    .summary = "For bash: source <(footfall completion bash)",
    .usage = no_usage,
    .run = run_bash,
};
static const struct command zsh = {
    .name = "zsh",
    .summary = "For zsh: source <(footfall completion zsh)",
    .usage = no_usage,
    .run = run_zsh,
};
static const struct command fish = {
    .name = "fish",
    .summary = "For fish: footfall completion fish | source",
    .usage = no_usage,
    .run = run_fish,
};

const struct command command_completion = {
    .name = "completion",
    .summary = "Print the completion script for a shell.",
    .usage = (const char *const[]){"bash|zsh|fish", NULL},
    .text = "Installing Footfall installs the scripts too; this is for a program that was only "
            "built. Put the line into the shell's start file:\n"
            "\n"
            "  source <(footfall completion bash)\n"
            "  source <(footfall completion zsh)\n"
            "  footfall completion fish | source",
    .subcommands = (const struct command *const[]){&bash, &zsh, &fish, NULL},
};
