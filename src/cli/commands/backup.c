/*
 * backup.c - footfall backup: a copy of a data folder, while a server uses it or not.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "cli/backup/make.h"
#include "cli/commands.h"
#include "cli/shared_flags.h"
#include "present/json_writer.h"

static const struct flag flag_data_served =
    DATA_FOLDER_FLAG("The data folder. A server may use it.");

static enum status say_json(const char *path, const struct manifest *manifest, struct error *err)
{
    struct bytes bytes = {0};
    struct json_writer json = {.out = &bytes};
    char moment[MOMENT_BYTES];
    enum status status = STATUS_OK;
    json_put_object(&json);
    json_put_key(&json, "backup");
    json_put_string(&json, path);
    json_put_key(&json, "journalId");
    json_put_string(&json, manifest->journal_id);
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {{"batch", manifest->batch},
                   {"storeRecord", manifest->store_record},
                   {"firstRecord", manifest->first_record},
                   {"lastRecord", manifest->last_record},
                   {"files", manifest->count},
                   {"bytes", manifest_bytes(manifest)}};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        json_put_key(&json, numbers[i].name);
        json_put_u64(&json, numbers[i].value);
    }
    json_put_key(&json, "began");
    moment_words(manifest->began_ms, moment);
    json_put_string(&json, moment);
    json_put_key(&json, "ended");
    moment_words(manifest->ended_ms, moment);
    json_put_string(&json, moment);
    json_put_object_end(&json);
    if (json.failed)
        status = fail(err, STATUS_NO_MEMORY, "no memory for the answer");
    else
        printf("%.*s\n", (int)bytes.len, (const char *)bytes.at);
    bytes_done(&bytes);
    return status;
}

static void say_text(const char *path, const struct manifest *manifest)
{
    char began[MOMENT_BYTES];
    moment_words(manifest->began_ms, began);
    printf("%s: %zu files, %" PRIu64 " bytes, in %.1f s\n", path, manifest->count,
           manifest_bytes(manifest), (double)(manifest->ended_ms - manifest->began_ms) / 1000);
    printf("It holds everything that was acknowledged before %s: the store's batches to %" PRIu64
           ", and the journal's records to %" PRIu64 ".\n",
           began, manifest->batch, manifest->last_record);
}

static int run_backup(const struct arguments *arguments)
{
    struct manifest manifest = {0};
    struct error error;
    const char *path = arguments->operands[0];

    umask(077);
    long_work_catch_signals();
    enum status status = backup_make(argument_text(arguments, "data"), path, &manifest, &error);
    if (status == STATUS_OK && argument_is_on(arguments, "json"))
        status = say_json(path, &manifest, &error);
    else if (status == STATUS_OK)
        say_text(path, &manifest);
    manifest_done(&manifest);
    if (status == STATUS_OK)
        return EXIT_DONE;
    (void)report_error(&error);
    return EXIT_FAILED;
}

const struct command command_backup = {
    .name = "backup",
    .summary = "Copy a data folder, while a server uses it or not.",
    .usage = (const char *const[]){"DIR [--data DIR] [--json]", NULL},
    .text = "Makes the folder DIR, which must not be there, with a copy of the data folder in it. "
            "The server goes on meanwhile. The backup holds every event that was acknowledged "
            "before it began, and of those after it the first ones; ids in it stay known. It "
            "appears under its name when it is whole and durable, or not at all.\n\n"
            "footfall restore makes a data folder of it again; footfall verify looks into it. "
            "docs/operations/backup.md says how often, where to, and what it costs.",
    .flags = (const struct flag *const[]){&flag_data_served, &flag_json_object, NULL},
    .operands_min = 1,
    .operands_max = 1,
    .run = run_backup,
};
