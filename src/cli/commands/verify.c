/*
 * verify.c - footfall verify: journal, fingerprints and store, each in itself and with the others.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "cli/journal/tools.h"
#include "cli/long_work.h"
#include "cli/shared_flags.h"

static const struct flag flag_data_unused =
    DATA_FOLDER_FLAG("The data folder, or a backup; no server may use it.");

static int run_verify(const struct arguments *arguments)
{
    const struct journal_tool_options options = {.data = argument_text(arguments, "data"),
                                                 .json = argument_is_on(arguments, "json"),
                                                 .whole_store = true};
    struct error error;
    bool damaged = false;
    umask(077);
    long_work_catch_signals();
    enum status status = journal_verify(&options, &damaged, &error);
    if (status == STATUS_BUSY)
        status = fail(&error, status, "a server uses %s: stop it, or make a backup and verify that",
                      options.data);
    if (status == STATUS_OK && fflush(stdout) != 0)
        status = fail_errno(&error, "stdout");
    if (status == STATUS_OK)
        return damaged ? EXIT_FAILED : EXIT_DONE;
    (void)report_error(&error);
    return EXIT_FAILED;
}

const struct command command_verify = {
    .name = "verify",
    .summary = "Say whether what a data folder or a backup holds is whole, all of it.",
    .usage = (const char *const[]){"[--data DIR] [--json]", NULL},
    .text = "Reads everything: each record of the journal, each fingerprint, each page and each "
            "block of the store. Compares them with each other: positions, batches, and for each "
            "listing and day the totals with the sum of its quarter-hours, by platform and by "
            "source. Says what was looked at, and what is wrong, with user, listing, day and both "
            "numbers. Changes nothing. Bytes that nothing reads do not matter to it; of a backup, "
            "footfall restore BACKUP --check compares all.\n\n"
            "Exit code 0: everything is as it should be; 1: something is wrong. footfall journal "
            "verify does the same without what stands in the store, and is done in seconds.",
    .flags = (const struct flag *const[]){&flag_data_unused, &flag_json_object, NULL},
    .run = run_verify,
};
