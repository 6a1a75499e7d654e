/*
 * restore.c - footfall restore: a data folder out of a backup, or whether one could be made.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "cli/backup/manifest.h"
#include "cli/backup/new_folder.h"
#include "cli/commands.h"
#include "cli/shared_flags.h"
#include "present/json_writer.h"

enum { DAMAGES_LISTED_MAX = 100 };

static const struct flag flag_new_folder = {
    .name = "to",
    .value = "NEWDIR",
    .completion = COMPLETE_DIRECTORY,
    .help = "The data folder to make. It must not be there.",
};
static const struct flag flag_check = {
    .name = "check",
    .help = "Only compares every file with the manifest; makes nothing.",
};

struct restore {
    const char *backup;
    bool json;
    struct bytes bytes; /* the damages' array */
    struct json_writer damages;
    uint64_t listed;
    char first[ERROR_MESSAGE_BYTES];
};

static void on_damage(void *context, const char *words)
{
    struct restore *restore = context;
    if (restore->listed++ == 0)
        snprintf(restore->first, sizeof restore->first, "%s", words);
    if (restore->listed > DAMAGES_LISTED_MAX)
        return;
    if (restore->json)
        json_put_string(&restore->damages, words);
    else
        printf("DAMAGE: %s\n", words);
}

/* Compares, and copies unless `to` is NULL. */
static enum status go_through(struct restore *restore, const struct manifest *manifest,
                              const char *to, struct error *err)
{
    struct long_work work;
    uint64_t damages = 0;
    long_work_begin(&work, to == NULL ? "comparing" : "restoring", "bytes",
                    manifest_bytes(manifest));
    enum status status =
        manifest_check(manifest, restore->backup, to, on_damage, restore, &work, &damages, err);
    long_work_end(&work);
    if (status == STATUS_OK && damages > 0)
        status = fail(err, STATUS_CORRUPT, "the backup %.200s is damaged: %.200s%s",
                      restore->backup, restore->first, damages > 1 ? ", and more" : "");
    return status;
}

static enum status make_folder(struct restore *restore, const struct manifest *manifest,
                               const char *to, struct error *err)
{
    struct new_folder folder;
    enum status status = new_folder_begin(&folder, to, restore->backup, err);
    if (status != STATUS_OK)
        return status;
    status = new_folder_add(&folder, "journal", err);
    if (status == STATUS_OK)
        status = new_folder_add(&folder, "dedupe", err);
    if (status == STATUS_OK)
        status = go_through(restore, manifest, folder.partial, err);
    if (status == STATUS_OK)
        status = new_folder_finish(&folder, err);
    new_folder_abandon(&folder);
    return status;
}

static enum status say_json(struct restore *restore, const struct manifest *manifest,
                            const char *to, enum status result, struct error *err)
{
    struct bytes bytes = {0};
    struct json_writer json = {.out = &bytes};
    enum status status = result;
    char began[MOMENT_BYTES];
    moment_words(manifest->began_ms, began);
    json_put_array_end(&restore->damages);
    json_put_object(&json);
    json_put_key(&json, "whole");
    json_put_bool(&json, result == STATUS_OK);
    json_put_key(&json, "restoredTo");
    if (to == NULL || result != STATUS_OK)
        json_put_null(&json);
    else
        json_put_string(&json, to);
    json_put_key(&json, "began");
    json_put_string(&json, began);
    json_put_key(&json, "batch");
    json_put_u64(&json, manifest->batch);
    json_put_key(&json, "lastRecord");
    json_put_u64(&json, manifest->last_record);
    json_put_key(&json, "files");
    json_put_u64(&json, manifest->count);
    json_put_key(&json, "bytes");
    json_put_u64(&json, manifest_bytes(manifest));
    json_put_key(&json, "damages");
    json_put_raw(&json, (struct text){(const char *)restore->bytes.at, restore->bytes.len});
    json_put_object_end(&json);
    if (json.failed || restore->damages.failed)
        status = fail(err, STATUS_NO_MEMORY, "no memory for the answer");
    else
        printf("%.*s\n", (int)bytes.len, (const char *)bytes.at);
    bytes_done(&bytes);
    return status;
}

static void say_text(const struct restore *restore, const struct manifest *manifest, const char *to)
{
    char began[MOMENT_BYTES];
    moment_words(manifest->began_ms, began);
    printf("%s is whole: %zu files, %" PRIu64 " bytes. It holds everything that was acknowledged "
           "before %s.\n",
           restore->backup, manifest->count, manifest_bytes(manifest), began);
    if (to != NULL)
        printf("Ready: footfall serve --data %s\n"
               "Never serve both this and the folder that the backup was made of: clients would be "
               "counted in two places.\n",
               to);
}

static int run_restore(const struct arguments *arguments)
{
    struct restore restore = {.backup = arguments->operands[0],
                              .json = argument_is_on(arguments, "json")};
    struct manifest manifest = {0};
    struct error error;
    const char *to = argument_text(arguments, "to");
    bool check = argument_is_on(arguments, "check");

    if (check == (to != NULL)) {
        (void)fail_usage(arguments, &error, "footfall restore needs --to NEWDIR, or --check%s",
                         check ? ", not both" : "");
        return report_error(&error);
    }
    umask(077);
    long_work_catch_signals();
    restore.damages.out = &restore.bytes;
    json_put_array(&restore.damages);
    enum status status = manifest_read(restore.backup, &manifest, &error);
    bool has_manifest = status == STATUS_OK;
    if (status == STATUS_OK)
        status = check ? go_through(&restore, &manifest, NULL, &error)
                       : make_folder(&restore, &manifest, to, &error);
    if (has_manifest && restore.json && (status == STATUS_OK || status == STATUS_CORRUPT))
        status = say_json(&restore, &manifest, to, status, &error);
    else if (status == STATUS_OK)
        say_text(&restore, &manifest, to);
    manifest_done(&manifest);
    bytes_done(&restore.bytes);
    if (status == STATUS_OK)
        return EXIT_DONE;
    (void)report_error(&error);
    return EXIT_FAILED;
}

const struct command command_restore = {
    .name = "restore",
    .summary = "Make a data folder of a backup, or check one.",
    .usage = (const char *const[]){"BACKUP --to NEWDIR [--json]", "BACKUP --check [--json]", NULL},
    .text = "Compares every file of the backup with its manifest, by size and SHA-256, and copies "
            "it to the new data folder NEWDIR, which appears under its name when it is whole and "
            "durable. A damaged backup is refused: every file that is missing, too much, cut off "
            "or changed is named. Nothing is ever overwritten.\n\n"
            "footfall serve --data NEWDIR starts on it as after a crash. Ids that were recorded "
            "stay known.",
    .flags = (const struct flag *const[]){&flag_new_folder, &flag_check, &flag_json_object, NULL},
    .operands_min = 1,
    .operands_max = 1,
    .run = run_restore,
};
