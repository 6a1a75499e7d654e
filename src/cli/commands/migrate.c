/*
 * migrate.c - footfall migrate: from a data folder to a table, and back.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "cli/commands.h"
#include "cli/long_work.h"
#include "cli/migrate/run.h"
#include "cli/shared_flags.h"
#include "present/json_writer.h"
#include "store/dynamodb/dynamodb_store.h"

static const struct flag flag_from = {
    .name = "from",
    .value = "PLACE",
    .help = "data:DIR, a data folder, or dynamodb:TABLE. No server may use it.",
};
static const struct flag flag_to = {
    .name = "to",
    .value = "PLACE",
    .help = "data:NEWDIR, which must not be there, or dynamodb:TABLE, which must be.",
};
static const struct flag flag_writer = {
    .name = "dynamodb-writer",
    .value = "N",
    .initial = "999",
    .help = "The writer's number that the migration has for good; no node may have it. 1 to 999.",
};
static const struct flag flag_region = {
    .name = "region",
    .value = "REGION",
    .variable = "FOOTFALL_REGION",
    .help = "Without it as AWS's tools find it.",
};
static const struct flag flag_endpoint = {
    .name = "dynamodb-endpoint",
    .value = "URL",
    .variable = "FOOTFALL_DYNAMODB_ENDPOINT",
    .help = "Without it the region's own.",
};
static const struct flag flag_profile = {
    .name = "dynamodb-profile",
    .value = "NAME",
    .variable = "FOOTFALL_DYNAMODB_PROFILE",
    .help = "Of AWS's files; without it as AWS's tools find credentials.",
};
static const struct flag flag_node = {
    .name = "node",
    .value = "DIR",
    .completion = COMPLETE_DIRECTORY,
    .help = "A node's data folder over the table. To a table: made new, and remembers the ids "
            "that the source remembers. From a table: its ids are taken along.",
};
static const struct flag flag_merge = {
    .name = "merge",
    .help = "Adds to a table that holds counts already.",
};
static const struct flag flag_dry_run = {
    .name = "dry-run",
    .help = "Reads the source and says what would be moved; writes nothing.",
};

static enum status read_end(const struct arguments *arguments, const char *flag,
                            struct migrate_end *out, struct error *err)
{
    static const char data[] = "data:";
    static const char dynamodb[] = "dynamodb:";
    const char *words = argument_text(arguments, flag);
    if (words == NULL)
        return fail_usage(arguments, err, "--%s is missing: data:DIR or dynamodb:TABLE", flag);
    out->is_table = strncmp(words, dynamodb, sizeof dynamodb - 1) == 0;
    if (!out->is_table && strncmp(words, data, sizeof data - 1) != 0)
        return fail_usage(arguments, err, "--%s \"%.100s\" is neither data:DIR nor dynamodb:TABLE",
                          flag, words);
    out->name = strchr(words, ':') + 1;
    if (out->name[0] == '\0')
        return fail_usage(arguments, err, "--%s %s names nothing", flag, words);
    return STATUS_OK;
}

static enum status read_options(const struct arguments *arguments, struct migrate_options *out,
                                struct error *err)
{
    uint64_t writer = 0;
    struct migrate_options options = {.node = argument_text(arguments, "node"),
                                      .is_merge = argument_is_on(arguments, "merge"),
                                      .dry_run = argument_is_on(arguments, "dry-run")};
    enum status status = read_end(arguments, "from", &options.from, err);
    if (status == STATUS_OK)
        status = read_end(arguments, "to", &options.to, err);
    if (status == STATUS_OK)
        status = argument_number(arguments, "dynamodb-writer", 1, DYNAMODB_STORE_WRITER_MAX,
                                 &writer, err);
    if (status != STATUS_OK)
        return status;
    if (options.from.is_table == options.to.is_table)
        return fail_usage(arguments, err,
                          "one end is a data folder and the other a table; a data folder is "
                          "copied with footfall backup and restore");
    if (options.is_merge && !options.to.is_table)
        return fail_usage(arguments, err, "--merge is for a table; a data folder is made new");
    options.writer = (uint32_t)writer;
    *out = options;
    return STATUS_OK;
}

static enum status open_client(const struct arguments *arguments, struct dynamodb **out,
                               struct error *err)
{
    const struct dynamodb_options options = {
        .endpoint = argument_text(arguments, "dynamodb-endpoint"),
        .region = argument_text(arguments, "region"),
        .profile = argument_text(arguments, "dynamodb-profile"),
        .clock = clock_system()};
    return dynamodb_open(&options, out, err);
}

static void put_number(struct json_writer *json, const char *name, uint64_t number)
{
    json_put_key(json, name);
    json_put_u64(json, number);
}

static void print_json(const struct migrate_options *options, const struct migrate_result *result,
                       const struct error *error)
{
    struct bytes line = {0};
    struct json_writer json = {.out = &line};
    const struct tally *moved = &result->moved;
    json_put_object(&json);
    json_put_key(&json, "success");
    json_put_bool(&json, error == NULL);
    if (error != NULL) {
        json_put_key(&json, "error");
        json_put_string(&json, error->message);
        json_put_key(&json, "code");
        json_put_string(&json, error->code);
    }
    json_put_key(&json, "dryRun");
    json_put_bool(&json, options->dry_run);
    json_put_key(&json, "wentOn");
    json_put_bool(&json, result->was_begun);
    put_number(&json, "batches", result->batches);
    put_number(&json, "listingDays", moved->listing_days);
    put_number(&json, "views", moved->counts.of[EVENT_VIEW]);
    put_number(&json, "shares", moved->counts.of[EVENT_SHARE]);
    put_number(&json, "inquiries", moved->counts.of[EVENT_INQUIRY]);
    put_number(&json, "inquiriesWithData", moved->inquiries);
    put_number(&json, "listings", moved->listings);
    put_number(&json, "approximateListingDays", moved->approximate);
    put_number(&json, "ids", result->ids);
    json_put_key(&json, "seconds");
    json_put_double(&json, result->seconds);
    json_put_object_end(&json);
    if (!json.failed)
        printf("%.*s\n", (int)line.len, (const char *)line.at);
    bytes_done(&line);
}

static void print_words(const struct migrate_options *options, const struct migrate_result *result)
{
    const struct tally *moved = &result->moved;
    if (result->was_complete)
        printf("all was moved before\n");
    else if (result->was_begun)
        printf("went on where an earlier run stopped; in all:\n");
    printf("%s %12" PRIu64 " listing-days\n", options->dry_run ? "to be moved" : "moved      ",
           moved->listing_days);
    printf("            %12" PRIu64 " views\n", moved->counts.of[EVENT_VIEW]);
    printf("            %12" PRIu64 " shares\n", moved->counts.of[EVENT_SHARE]);
    printf("            %12" PRIu64 " inquiries, %" PRIu64 " with their data\n",
           moved->counts.of[EVENT_INQUIRY], moved->inquiries);
    printf("            %12" PRIu64 " listings with details\n", moved->listings);
    if (moved->approximate > 0)
        printf("            %12" PRIu64 " of the listing-days do not know the time of day of all "
               "their counts: these stand at noon UTC\n",
               moved->approximate);
    if (result->ids > 0)
        printf("            %12" PRIu64 " ids are remembered in %s\n", result->ids, options->node);
    printf("%.1f s%s\n", result->seconds,
           options->dry_run ? "; nothing was written" : "; read again at the target and compared");
}

static int run_migrate(const struct arguments *arguments)
{
    struct migrate_options options = {0};
    struct migrate_result result = {0};
    struct error err;
    bool began = false;

    umask(077);
    long_work_catch_signals();
    enum status status = read_options(arguments, &options, &err);
    if (status == STATUS_OK)
        status = open_client(arguments, &options.dynamodb, &err);
    if (status == STATUS_OK) {
        began = true;
        status = migrate_run(&options, &result, &err);
    }
    dynamodb_close(options.dynamodb);
    if (began && argument_is_on(arguments, "json"))
        print_json(&options, &result, status == STATUS_OK ? NULL : &err);
    else if (status == STATUS_OK)
        print_words(&options, &result);
    if (status == STATUS_OK)
        return EXIT_DONE;
    bool is_usage = status == STATUS_INVALID && strcmp(err.code, "usage") == 0;
    int code = report_error(&err);
    if (began && (status == STATUS_STOPPED || status == STATUS_IO))
        fprintf(stderr, "The same command goes on from where it came to.\n");
    return !is_usage && code == EXIT_USAGE ? EXIT_FAILED : code;
}

const struct command command_migrate = {
    .name = "migrate",
    .summary = "Move everything from a data folder to a DynamoDB table, or back.",
    .usage =
        (const char *const[]){"--from data:DIR --to dynamodb:TABLE [--node NEWDIR] [flags]",
                              "--from dynamodb:TABLE --to data:NEWDIR [--node DIR] [flags]", NULL},
    .text =
        "Moves counts with their platforms, sources and quarters of an hour, inquiries with their "
        "data, and listing details. The source stays as it is; its servers are stopped, with "
        "SIGTERM, so that everything is in its store.\n\n"
        "  footfall migrate --from data:data --to dynamodb:footfall --node node1\n"
        "  footfall migrate --from dynamodb:footfall --to data:data2\n\n"
        "Every count arrives once: after a kill, a power cut or Ctrl-C the same command goes on "
        "from where it came to, which is kept at the target. In the end all is read again at the "
        "target and compared; a new data folder gets its name only then.\n\n"
        "Exit code 0: all was moved and is the same; 1: not; 2: the command line is wrong.",
    .flags = (const struct flag *const[]){&flag_from, &flag_to, &flag_node, &flag_merge,
                                          &flag_dry_run, &flag_json_object, &flag_writer,
                                          &flag_region, &flag_endpoint, &flag_profile, NULL},
    .run = run_migrate,
};
