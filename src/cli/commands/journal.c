/*
 * journal.c - footfall journal: what the tools are called, and their flags.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "cli/journal/data_folder.h"
#include "cli/journal/tools.h"
#include "cli/shared_flags.h"

typedef enum status tool(const struct journal_tool_options *options, bool *damaged,
                         struct error *err);

/* Runs it; what it says about the command line itself is all that ends with EXIT_USAGE. */
static int run_tool(tool *run, const struct journal_tool_options *options)
{
    struct error error;
    bool damaged = false;
    umask(077);
    enum status status = run(options, &damaged, &error);
    if (status == STATUS_BUSY)
        status = fail(&error, status,
                      "a server uses %s: stop it, or use a copy that was made while it was stopped",
                      options->data);
    if (status == STATUS_OK)
        return damaged ? EXIT_FAILED : EXIT_DONE;
    int code = report_error(&error);
    return code == EXIT_USAGE && strcmp(error.code, "usage") != 0 ? EXIT_FAILED : code;
}

static const struct flag flag_data_unused =
    DATA_FOLDER_FLAG("The data folder; no server may use it.");

/* ---- verify ---- */

static int run_verify(const struct arguments *arguments)
{
    const struct journal_tool_options options = {
        .data = argument_text(arguments, "data"),
        .json = argument_is_on(arguments, "json"),
    };
    return run_tool(journal_verify, &options);
}

static const struct command verify = {
    .name = "verify",
    .summary = "Say whether journal, store and fingerprints are whole and fit together.",
    .usage = (const char *const[]){"[--data DIR] [--json]", NULL},
    .text = "Reads every record, and compares the journal with the store and the fingerprints of "
            "ids. Changes nothing. Exit code 0: everything is as it should be; 1: something is "
            "wrong, and what to do is said.",
    .flags = (const struct flag *const[]){&flag_data_unused, &flag_json_object, NULL},
    .run = run_verify,
};

/* ---- dump ---- */

static const struct flag flag_from = {
    .name = "from",
    .value = "SEQ",
    .help = "The first record; without it the oldest.",
};
static const struct flag flag_to = {
    .name = "to",
    .value = "SEQ",
    .help = "The last record; without it the newest.",
};
static const struct flag flag_json_lines = {
    .name = "json",
    .help = "A JSON object a line, a line a record.",
};
static const struct flag flag_contents = {
    .name = "contents",
    .help = "Also visitors and what they wrote in inquiries: personal data.",
};

static int run_dump(const struct arguments *arguments)
{
    struct error error;
    struct journal_tool_options options = {
        .data = argument_text(arguments, "data"),
        .seq_to = UINT64_MAX,
        .json = argument_is_on(arguments, "json"),
        .contents = argument_is_on(arguments, "contents"),
    };
    enum status status =
        argument_number(arguments, "from", 0, UINT64_MAX, &options.seq_from, &error);
    if (status == STATUS_OK)
        status = argument_number(arguments, "to", 0, UINT64_MAX, &options.seq_to, &error);
    if (status == STATUS_OK && options.seq_from > options.seq_to)
        status = fail_usage(arguments, &error, "--from lies after --to");
    return status == STATUS_OK ? run_tool(journal_dump, &options) : report_error(&error);
}

static const struct command dump = {
    .name = "dump",
    .summary = "Print the journal's records.",
    .usage =
        (const char *const[]){"[--data DIR] [--from SEQ] [--to SEQ] [--json] [--contents]", NULL},
    .text = "Prints the records: number, file and offset, kind, receive time, entries. What is "
            "wrong is said on stderr, and the reading goes on behind it. Changes nothing. Exit "
            "code 0, or 1 when something is wrong.",
    .flags = (const struct flag *const[]){&flag_data_unused, &flag_from, &flag_to, &flag_json_lines,
                                          &flag_contents, NULL},
    .run = run_dump,
};

/* ---- salvage ---- */

static const struct flag flag_new_folder = {
    .name = "to",
    .value = "NEWDIR",
    .completion = COMPLETE_DIRECTORY,
    .help = "The folder to make; must not be there, or be empty.",
};
static const struct flag flag_without_store = {
    .name = "without-store",
    .help = "Go on although the store is lost and records before the journal's oldest were only "
            "there: NEWDIR will count only what the journal has.",
};

static int run_salvage(const struct arguments *arguments)
{
    struct error error;
    const struct journal_tool_options options = {
        .data = argument_text(arguments, "data"),
        .to = argument_text(arguments, "to"),
        .without_store = argument_is_on(arguments, "without-store"),
    };
    if (options.to == NULL) {
        (void)fail_usage(arguments, &error,
                         "footfall journal salvage needs --to NEWDIR, the "
                         "folder to make");
        return report_error(&error);
    }
    return run_tool(journal_salvage, &options);
}

static const struct command salvage = {
    .name = "salvage",
    .summary = "Make a new data folder of everything that can still be read.",
    .usage = (const char *const[]){"[--data DIR] --to NEWDIR [--without-store]", NULL},
    .text = "Makes a new data folder of everything that can still be read: the store, the records "
            "that the store does not have yet, the fingerprints of ids. DIR is not changed. What "
            "is lost is said. footfall serve --data NEWDIR starts on it. Exit code 0: NEWDIR is "
            "ready, whatever was lost; 1: it could not be made.",
    .flags = (const struct flag *const[]){&flag_data_unused, &flag_new_folder, &flag_without_store,
                                          NULL},
    .run = run_salvage,
};

const struct command command_journal = {
    .name = "journal",
    .summary = "Look into a data folder: verify, dump, salvage.",
    .usage = (const char *const[]){"verify|dump|salvage [flags]", NULL},
    .text = "None of them changes the data folder. docs/operations/journal-tools.md explains when "
            "to use which.",
    .subcommands = (const struct command *const[]){&verify, &dump, &salvage, NULL},
};
