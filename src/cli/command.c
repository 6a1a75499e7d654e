/*
 * command.c - from the words of the command line to a command that runs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/command.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"

enum { COMMANDS_MAX = 64 };

int report_error(const struct error *error)
{
    fprintf(stderr, "footfall: %s\n", error->message);
    return error->status == STATUS_INVALID ? EXIT_USAGE : EXIT_FAILED;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool asks_for_help(int count, char **words)
{
    for (int i = 0; i < count && strcmp(words[i], "--") != 0; i++)
        if (is_help(words[i]))
            return true;
    return false;
}

static const struct command *find(const struct command *const *list, const char *name)
{
    for (size_t i = 0; list[i] != NULL; i++)
        if (strcmp(list[i]->name, name) == 0)
            return list[i];
    return NULL;
}

/* path: "footfall", "footfall record". */
static int unknown_command(const struct command *const *list, const char *path, const char *name)
{
    const char *names[COMMANDS_MAX];
    size_t count = 0;
    for (; count < COMMANDS_MAX && list[count] != NULL; count++)
        names[count] = list[count]->name;
    const char *nearest = nearest_name(text_of(name), names, count);
    fprintf(stderr, "footfall: unknown command \"%s%s%.100s\"; ",
            strchr(path, ' ') == NULL ? "" : strchr(path, ' ') + 1,
            strchr(path, ' ') == NULL ? "" : " ", name);
    if (nearest != NULL)
        fprintf(stderr, "did you mean \"%s\"?\n", nearest);
    else
        fprintf(stderr, "see %s --help\n", path);
    return EXIT_USAGE;
}

/* Whether whoever read stdout has gone: `footfall ... | head` is no failure to talk about. */
static bool reader_has_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

/* What was printed must have arrived: a full disk behind stdout is a failure of the command. */
static int finish_output(int code)
{
    bool failed = ferror(stdout) != 0;
    errno = 0;
    if (fflush(stdout) == 0 && !failed)
        return code;
    if (errno == 0) /* it failed earlier, and the reason is forgotten: ask again */
        (void)!write(STDOUT_FILENO, "\n", 1);
    if (code == EXIT_DONE && errno != EPIPE && !reader_has_gone())
        fprintf(stderr, "footfall: stdout cannot be written%s%s\n", errno == 0 ? "" : ": ",
                errno == 0 ? "" : strerror(errno));
    return code == EXIT_DONE ? EXIT_FAILED : code;
}

static int run(const struct command *command, const char *path, int count, char **words)
{
    struct arguments arguments;
    struct error error;
    if (asks_for_help(count, words)) {
        command_print_help(stdout, path, command);
        return finish_output(EXIT_DONE);
    }
    if (arguments_read(command, path, count, words, &arguments, &error) != STATUS_OK)
        return report_error(&error);
    if (!command->has_settings)
        (void)signal(SIGPIPE, SIG_IGN);
    return finish_output(command->run(&arguments));
}

/* Goes down the subcommands. */
static int dispatch(const struct command *const *list, char path[COMMAND_PATH_BYTES], int count,
                    char **words)
{
    for (;;) {
        const struct command *command = find(list, words[0]);
        if (command == NULL)
            return unknown_command(list, path, words[0]);
        size_t used = strlen(path);
        snprintf(path + used, COMMAND_PATH_BYTES - used, " %s", command->name);
        count--;
        words++;
        if (command->subcommands == NULL)
            return run(command, path, count, words);
        if (count == 0 || is_help(words[0])) {
            command_print_help(count == 0 ? stderr : stdout, path, command);
            return count == 0 ? EXIT_USAGE : finish_output(EXIT_DONE);
        }
        list = command->subcommands;
    }
}

/* footfall help, footfall help record view */
static int help_for(const struct command *const *commands, int count, char **words)
{
    char path[COMMAND_PATH_BYTES] = "footfall";
    const struct command *command = NULL;
    for (int i = 0; i < count; i++) {
        const struct command *const *list = command == NULL ? commands : command->subcommands;
        const struct command *found = list == NULL ? NULL : find(list, words[i]);
        if (list == NULL)
            break;
        if (found == NULL)
            return unknown_command(list, path, words[i]);
        size_t used = strlen(path);
        snprintf(path + used, sizeof path - used, " %s", found->name);
        command = found;
    }
    if (command == NULL)
        command_print_overview(stdout, commands);
    else
        command_print_help(stdout, path, command);
    return finish_output(EXIT_DONE);
}

int command_run(const struct command *const *commands, int count, char **words)
{
    char path[COMMAND_PATH_BYTES] = "footfall";
    if (count == 0) {
        command_print_overview(stderr, commands);
        return EXIT_USAGE;
    }
    if (is_help(words[0]) || strcmp(words[0], "help") == 0)
        return help_for(commands, count - 1, words + 1);
    if (strcmp(words[0], "--version") == 0) {
        puts("footfall " FOOTFALL_VERSION);
        return finish_output(EXIT_DONE);
    }
    return dispatch(commands, path, count, words);
}
