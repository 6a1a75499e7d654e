/*
 * journal.c - footfall journal: finds the tool and reads its flags.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/nearest.h"
#include "cli/commands.h"
#include "cli/journal_tools.h"

static const struct {
    const char *name;
    enum status (*run)(const struct journal_tool_options *options, bool *damaged,
                       struct error *err);
    const char *help;
} tools[] = {
    {"verify", journal_verify,
     "usage: footfall journal verify [--data DIR] [--json]\n\n"
     "Reads every record, and compares the journal with the store and the fingerprints of ids.\n"
     "Changes nothing. Exit code 0: everything is as it should be; 1: something is wrong, and "
     "what\n"
     "to do is said.\n\n"
     "  --data DIR   the data folder (FOOTFALL_DATA, or data); no server may use it\n"
     "  --json       one JSON object instead of text\n"},
    {"dump", journal_dump,
     "usage: footfall journal dump [--data DIR] [--from SEQ] [--to SEQ] [--json] [--contents]\n\n"
     "Prints the records: number, file and offset, kind, receive time, entries. What is wrong is\n"
     "said on stderr, and the reading goes on behind it. Changes nothing. Exit code 0, or 1 when\n"
     "something is wrong.\n\n"
     "  --data DIR   the data folder (FOOTFALL_DATA, or data); no server may use it\n"
     "  --from SEQ   the first record (the oldest)\n"
     "  --to SEQ     the last record (the newest)\n"
     "  --json       a JSON object a line, a line a record\n"
     "  --contents   also visitors and what they wrote in inquiries: personal data\n"},
    {"salvage", journal_salvage,
     "usage: footfall journal salvage [--data DIR] --to NEWDIR [--without-store]\n\n"
     "Makes a new data folder of everything that can still be read: the store, the records that\n"
     "the store does not have yet, the fingerprints of ids. DIR is not changed. What is lost is\n"
     "said. footfall serve --data NEWDIR starts on it. Exit code 0: NEWDIR is ready, whatever\n"
     "was lost; 1: it could not be made.\n\n"
     "  --data DIR        the data folder (FOOTFALL_DATA, or data); no server may use it\n"
     "  --to NEWDIR       the folder to make; must not be there, or be empty\n"
     "  --without-store   go on although the store is lost and records before the journal's\n"
     "                    oldest were only there: NEWDIR will count only what the journal has\n"},
};

enum { TOOL_COUNT = sizeof tools / sizeof tools[0] };

static void print_help(FILE *to)
{
    fputs("usage: footfall journal verify|dump|salvage [flags]\n\n"
          "  verify   Say whether journal, store and fingerprints are whole and fit together.\n"
          "  dump     Print the journal's records.\n"
          "  salvage  Make a new data folder of everything that can still be read.\n\n"
          "None of them changes the data folder. footfall journal TOOL --help explains the flags;\n"
          "docs/operations/journal-tools.md explains when to use which.\n",
          to);
}

static enum status read_number(const char *flag, const char *value, uint64_t *out,
                               struct error *err)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0)
        return fail_input(err, "usage", "", "%s %.40s: a record's number is wanted", flag, value);
    *out = number;
    return STATUS_OK;
}

static enum status unknown_flag(const char *tool, const char *flag, struct error *err)
{
    static const char *const names[] = {"--data",     "--json", "--from",         "--to",
                                        "--contents", "--help", "--without-store"};
    const char *nearest = nearest_name(text_of(flag), names, sizeof names / sizeof names[0]);
    return fail_input(err, "usage", "",
                      "footfall journal %s does not know \"%.100s\"%s%s%s; see footfall journal %s "
                      "--help",
                      tool, flag, nearest == NULL ? "" : " (did you mean ",
                      nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?)", tool);
}

/* The flag's value: behind '=' or the next argument. */
static enum status take_value(int count, char **arguments, int *at, const char *equals,
                              const char **out, struct error *err)
{
    if (equals != NULL)
        *out = equals + 1;
    else if (*at + 1 < count)
        *out = arguments[++*at];
    else
        return fail_input(err, "usage", "", "%.100s needs a value", arguments[*at]);
    return STATUS_OK;
}

static enum status read_flags(const char *tool, int count, char **arguments,
                              struct journal_tool_options *out, struct error *err)
{
    bool salvage = strcmp(tool, "salvage") == 0;
    bool dump = strcmp(tool, "dump") == 0;
    for (int at = 0; at < count; at++) {
        char name[32];
        const char *value = "";
        const char *equals = strchr(arguments[at], '=');
        size_t len = equals == NULL ? strlen(arguments[at]) : (size_t)(equals - arguments[at]);
        snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1),
                 arguments[at]);
        enum status status = STATUS_OK;
        if (equals == NULL && !salvage && strcmp(name, "--json") == 0)
            out->json = true;
        else if (equals == NULL && dump && strcmp(name, "--contents") == 0)
            out->contents = true;
        else if (equals == NULL && salvage && strcmp(name, "--without-store") == 0)
            out->without_store = true;
        else if (strcmp(name, "--data") == 0)
            status = take_value(count, arguments, &at, equals, &out->data, err);
        else if (salvage && strcmp(name, "--to") == 0)
            status = take_value(count, arguments, &at, equals, &out->to, err);
        else if (dump && (strcmp(name, "--from") == 0 || strcmp(name, "--to") == 0)) {
            status = take_value(count, arguments, &at, equals, &value, err);
            if (status == STATUS_OK)
                status = read_number(
                    name, value, strcmp(name, "--from") == 0 ? &out->seq_from : &out->seq_to, err);
        } else
            status = unknown_flag(tool, arguments[at], err);
        if (status != STATUS_OK)
            return status;
    }
    if (salvage && out->to == NULL)
        return fail_input(err, "usage", "",
                          "footfall journal salvage needs --to NEWDIR, the folder to make");
    return STATUS_OK;
}

static int unknown_tool(const char *name)
{
    const char *names[TOOL_COUNT];
    for (size_t i = 0; i < TOOL_COUNT; i++)
        names[i] = tools[i].name;
    const char *nearest = nearest_name(text_of(name), names, TOOL_COUNT);
    fprintf(stderr, "footfall: unknown command \"journal %s\"%s%s%s\n", name,
            nearest == NULL ? "; see footfall journal --help" : "; did you mean \"",
            nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
    return EXIT_USAGE;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int run_tool(size_t tool, int count, char **arguments)
{
    const char *from_environment = getenv("FOOTFALL_DATA");
    struct journal_tool_options options = {
        .data = from_environment != NULL ? from_environment : "data", .seq_to = UINT64_MAX};
    struct error error;
    bool damaged = false;

    for (int i = 0; i < count; i++)
        if (is_help(arguments[i])) {
            fputs(tools[tool].help, stdout);
            return EXIT_DONE;
        }
    umask(077);
    enum status status = read_flags(tools[tool].name, count, arguments, &options, &error);
    if (status != STATUS_OK)
        return report_error(&error);
    status = tools[tool].run(&options, &damaged, &error);
    if (status == STATUS_OK && fflush(stdout) != 0)
        status = fail_errno(&error, "stdout");
    if (status == STATUS_BUSY)
        status = fail(&error, status,
                      "a server uses %s: stop it, or use a copy that was made while it was stopped",
                      options.data);
    if (status != STATUS_OK) {
        int code = report_error(&error);
        return code == EXIT_USAGE && strcmp(error.code, "usage") != 0 ? EXIT_FAILED : code;
    }
    return damaged ? EXIT_FAILED : EXIT_DONE;
}

int command_journal(int count, char **arguments)
{
    if (count == 0) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (is_help(arguments[0])) {
        print_help(stdout);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < TOOL_COUNT; i++)
        if (strcmp(arguments[0], tools[i].name) == 0)
            return run_tool(i, count - 1, arguments + 1);
    return unknown_tool(arguments[0]);
}
