/*
 * command.h - what a subcommand is: a row of a table, from which parser, --help, man page and shell
 * completion come.
 *
 * A command's file, commands/NAME.c, defines one `const struct command command_NAME` and its run
 * function; commands.c lists them. Flags are looked up by name, so a command reads like its help.
 *
 * It does not know what any command does.
 *
 * Threads: tables are constant; struct arguments belongs to one thread.
 */
#ifndef FOOTFALL_CLI_COMMAND_H
#define FOOTFALL_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"

/* Exit codes: 0 done, 1 it could not be done, 2 the command line is wrong. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

enum { COMMAND_FLAGS_MAX = 32, COMMAND_OPERANDS_MAX = 32, COMMAND_PATH_BYTES = 64 };

/* What a shell offers for a value. */
enum completion { COMPLETE_NOTHING, COMPLETE_FILE, COMPLETE_DIRECTORY };

/* --name VALUE, or a switch. A flag is given once: a second one is refused. */
struct flag {
    const char *name;     /* without the dashes */
    const char *value;    /* the word for its value in the help, "DIR"; NULL: a switch */
    const char *initial;  /* the value when it is not given; NULL: none */
    const char *variable; /* of the environment, when the flag is not given; NULL: none */
    const char *choices;  /* "table|json": checked; NULL: anything */
    enum completion completion;
    const char *help; /* one or two sentences */
};

struct arguments;

struct command {
    const char *name;
    const char *summary;             /* one sentence, for lists */
    const char *const *usage;        /* lines behind the name, "USER LISTING [flags]"; NULL-ended */
    const char *text;                /* for --help and the manual; NULL: the summary */
    const struct flag *const *flags; /* NULL-ended; NULL: none. Shared ones: target.h */
    size_t operands_min;
    size_t operands_max;
    enum completion operand_completion;
    const struct command *const *subcommands; /* NULL-ended; then run is NULL */
    bool has_settings; /* `serve`: takes the settings of config.h instead of flags */
    int (*run)(const struct arguments *arguments); /* returns an exit code */
};
/*
 * `text` is paragraphs, parted by an empty line ("\n\n"), wrapped where they are shown. A line that
 * begins with a space stands as it is: an example, a list.
 */

/* What stood on the command line, checked against the command's table. */
struct arguments {
    const struct command *command;
    char path[COMMAND_PATH_BYTES];         /* "footfall record view" */
    const char *values[COMMAND_FLAGS_MAX]; /* by place in flags; "" for a switch that is given */
    bool given[COMMAND_FLAGS_MAX];         /* on the command line, not by variable or default */
    const char *operands[COMMAND_OPERANDS_MAX];
    size_t operand_count;
    int rest_count; /* with has_settings: everything, unread */
    char **rest;
};

/* The value of a flag of this command (a wrong name is our mistake): as given, else the variable
 * unless it is empty, else the initial value, else NULL. */
const char *argument_text(const struct arguments *arguments, const char *flag);
/* Whether a switch is on. */
bool argument_is_on(const struct arguments *arguments, const char *flag);
/* Whether it stood on the command line. */
bool argument_is_given(const struct arguments *arguments, const char *flag);
/* A whole number from min to max; *out stays as it is when the flag has no value. STATUS_INVALID,
 * code "usage", with the words. */
MUST_USE enum status argument_number(const struct arguments *arguments, const char *flag,
                                     uint64_t min, uint64_t max, uint64_t *out, struct error *err);

/* Fills *err with a mistake on the command line, where to read more included. Returns
 * STATUS_INVALID, code "usage". */
enum status fail_usage(const struct arguments *arguments, struct error *err, const char *format,
                       ...) __attribute__((format(printf, 3, 4)));

/*
 * Reads what stands behind the command's name: flags anywhere, "--name value" or "--name=value",
 * "--" ends them; "-" alone is an operand. path is the command's, "footfall record view".
 * STATUS_INVALID, code "usage": an unknown flag (with the nearest), a missing value, a wrong
 * choice, too few or too many operands.
 */
MUST_USE enum status arguments_read(const struct command *command, const char *path, int count,
                                    char **words, struct arguments *out, struct error *err);

/*
 * Finds the command in the table, reads its arguments, answers --help, runs it; returns the exit
 * code. SIGPIPE is ignored but for `serve`: a reader of stdout that goes away ends a command
 * quietly, with EXIT_FAILED; an stdout that cannot be written for other reasons is an error.
 */
int command_run(const struct command *const *commands, int count, char **words);

/* The command's help; path is "footfall record view". */
void command_print_help(FILE *to, const char *path, const struct command *command);
/* That of the program. */
void command_print_overview(FILE *to, const struct command *const *commands);
/* Paragraphs as in struct command's text, wrapped and indented. */
void print_paragraphs(FILE *to, const char *text, int indent);

/* Says an error on stderr, as "footfall: <message>", and returns the exit code for it: EXIT_USAGE
 * for STATUS_INVALID, else EXIT_FAILED. */
int report_error(const struct error *error);

#endif
