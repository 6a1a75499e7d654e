/*
 * import.c - footfall import: files of events, of any age and size.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "cli/commands.h"
#include "cli/import/run.h"
#include "cli/target.h"
#include "model/calendar.h"
#include "present/json_writer.h"

enum { TARGET_NAME_BYTES = PATH_MAX + 8, PATIENCE_S_MAX = 24 * 60 * 60 };

static const struct flag flag_format = {
    .name = "format",
    .value = "NAME",
    .choices = "ndjson|csv",
    .help = "What the file is. Without it the name says (.csv, .tsv, .ndjson, .jsonl), else the "
            "first byte.",
};
static const struct flag flag_user = {
    .name = "user",
    .value = "USER",
    .help = "The userId of records that have none.",
};
static const struct flag flag_map = {
    .name = "map",
    .value = "LIST",
    .help = "Columns of fields, FIELD=COLUMN,...: the column's name, or #4 for the fourth. "
            "inquiry.NAME=COLUMN puts a column into an inquiry.",
};
static const struct flag flag_set = {
    .name = "set",
    .value = "LIST",
    .help = "Values for records that have none, FIELD=VALUE,...: eventType=view,platform=facebook.",
};
static const struct flag flag_values = {
    .name = "values",
    .value = "LIST",
    .help = "What values of the file mean, FIELD:VALUE=MEANING,...: \"eventType:Page view=view\". "
            "With nothing behind the = of a type, such records are skipped.",
};
static const struct flag flag_time_format = {
    .name = "time-format",
    .value = "FORMAT",
    .help = "milliseconds, seconds, or a pattern of strptime(3): \"%d.%m.%Y %H:%M\". Without it: "
            "RFC 3339, milliseconds, and with --timezone 2026-01-31 08:15:00.",
};
static const struct flag flag_timezone = {
    .name = "timezone",
    .value = "ZONE",
    .help = "The clock that times without an offset were read from: America/Denver.",
};
static const struct flag flag_delimiter = {
    .name = "delimiter",
    .value = "NAME",
    .choices = "comma|semicolon|tab|pipe",
    .help = "What stands between cells. Without it: what the header has most of.",
};
static const struct flag flag_no_header = {
    .name = "no-header",
    .help = "The first line is a record already; --map names columns by number.",
};
static const struct flag flag_encoding = {
    .name = "encoding",
    .value = "NAME",
    .help = "Of a CSV file that is not UTF-8: WINDOWS-1252, ISO-8859-15.",
};
static const struct flag flag_oldest = {
    .name = "oldest",
    .value = "DATE",
    .initial = "2000-01-01",
    .help = "Events before this day (UTC) are rejected: they are mistakes.",
};
static const struct flag flag_bookmark = {
    .name = "bookmark",
    .value = "FILE",
    .completion = COMPLETE_FILE,
    .help = "Where it is kept how far the import came. Without it: beside the file, as "
            "FILE.bookmark.",
};
static const struct flag flag_restart = {
    .name = "restart",
    .help = "From the file's beginning, whatever the bookmark says.",
};
static const struct flag flag_errors = {
    .name = "errors",
    .value = "FILE",
    .completion = COMPLETE_FILE,
    .help = "Adds each rejected record to this file: its line, the reason, the record.",
};
static const struct flag flag_max_errors = {
    .name = "max-errors",
    .value = "N",
    .initial = "1000",
    .help = "More rejected records end the import.",
};
static const struct flag flag_patience = {
    .name = "patience",
    .value = "SECONDS",
    .initial = "120",
    .help = "How long a server that is away, or too busy, is waited for.",
};
static const struct flag flag_dry_run = {
    .name = "dry-run",
    .help = "Reads and checks all, sends nothing, and prints the first three events.",
};
static const struct flag flag_json = {
    .name = "json",
    .help = "Prints the totals as JSON.",
};

static const struct flag *const import_flags[] = {&flag_format,     &flag_user,
                                                  &flag_map,        &flag_set,
                                                  &flag_values,     &flag_time_format,
                                                  &flag_timezone,   &flag_delimiter,
                                                  &flag_no_header,  &flag_encoding,
                                                  &flag_oldest,     &flag_errors,
                                                  &flag_max_errors, &flag_bookmark,
                                                  &flag_restart,    &flag_dry_run,
                                                  &flag_patience,   &flag_json,
                                                  &flag_url,        &flag_data,
                                                  &flag_key_file,   NULL};

static char delimiter_of(const char *name)
{
    static const struct {
        const char *name;
        char delimiter;
    } names[] = {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"pipe", '|'}};
    for (size_t i = 0; name != NULL && i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i].name) == 0)
            return names[i].delimiter;
    }
    return 0;
}

static enum status read_options(const struct arguments *arguments, struct import_options *out,
                                struct error *err)
{
    int32_t day = 0;
    struct import_options options = {
        .path = arguments->operands[0],
        .format = argument_text(arguments, "format"),
        .delimiter = delimiter_of(argument_text(arguments, "delimiter")),
        .no_header = argument_is_on(arguments, "no-header"),
        .mapping = {.map = argument_text(arguments, "map"),
                    .set = argument_text(arguments, "set"),
                    .values = argument_text(arguments, "values"),
                    .user = argument_text(arguments, "user"),
                    .time_format = argument_text(arguments, "time-format"),
                    .timezone = argument_text(arguments, "timezone"),
                    .encoding = argument_text(arguments, "encoding")},
        .oldest = argument_text(arguments, "oldest"),
        .bookmark_path = argument_text(arguments, "bookmark"),
        .errors_path = argument_text(arguments, "errors"),
        .restart = argument_is_on(arguments, "restart"),
        .dry_run = argument_is_on(arguments, "dry-run"),
        .is_quiet = argument_is_on(arguments, "json"),
    };
    if (!date_parse(text_of(options.oldest), &day))
        return fail_usage(arguments, err, "--oldest \"%.40s\" is no date, YYYY-MM-DD",
                          options.oldest);
    enum status status =
        argument_number(arguments, "max-errors", 0, UINT64_MAX / 2, &options.errors_max, err);
    if (status == STATUS_OK)
        status =
            argument_number(arguments, "patience", 0, PATIENCE_S_MAX, &options.patience_s, err);
    if (status == STATUS_OK)
        *out = options;
    return status;
}

/* What the bookmark is for: the server's address, or the folder's real path. */
static enum status name_target(const struct arguments *arguments, const struct target *target,
                               char out[TARGET_NAME_BYTES], struct error *err)
{
    char real[PATH_MAX];
    const char *data = argument_text(arguments, "data");
    if (data == NULL) {
        snprintf(out, TARGET_NAME_BYTES, "%s", target_url(target));
        return STATUS_OK;
    }
    if (realpath(data, real) == NULL)
        return fail_errno(err, "--data %s", data);
    snprintf(out, TARGET_NAME_BYTES, "data:%s", real);
    return STATUS_OK;
}

static void put_totals(struct json_writer *writer, const struct import_totals *totals)
{
    json_put_key(writer, "recorded");
    json_put_u64(writer, totals->recorded);
    json_put_key(writer, "duplicates");
    json_put_u64(writer, totals->duplicates);
    json_put_key(writer, "rejected");
    json_put_u64(writer, totals->rejected);
    json_put_key(writer, "skipped");
    json_put_u64(writer, totals->skipped);
}

static void print_json(const struct import_options *options, const struct import_result *result,
                       const struct error *error)
{
    struct bytes line = {0};
    struct json_writer writer = {.out = &line};
    json_put_object(&writer);
    json_put_key(&writer, "success");
    json_put_bool(&writer, error == NULL);
    if (error != NULL) {
        json_put_key(&writer, "error");
        json_put_string(&writer, error->message);
        json_put_key(&writer, "code");
        json_put_string(&writer, error->code);
    }
    json_put_key(&writer, "file");
    json_put_string(&writer, options->path);
    json_put_key(&writer, "dryRun");
    json_put_bool(&writer, options->dry_run);
    put_totals(&writer, &result->run);
    json_put_key(&writer, "fromLine");
    json_put_u64(&writer, result->from_line);
    json_put_key(&writer, "lines");
    json_put_u64(&writer, result->lines);
    json_put_key(&writer, "seconds");
    json_put_double(&writer, result->seconds);
    json_put_key(&writer, "bookmark");
    if (result->bookmark_path[0] != '\0')
        json_put_string(&writer, result->bookmark_path);
    else
        json_put_null(&writer);
    json_put_key(&writer, "allRuns");
    json_put_object(&writer);
    put_totals(&writer, &result->all_runs);
    json_put_object_end(&writer);
    json_put_object_end(&writer);
    if (!writer.failed)
        printf("%.*s\n", (int)line.len, (const char *)line.at);
    bytes_done(&line);
}

static void print_words(const struct import_options *options, const struct import_result *result)
{
    const struct import_totals *run = &result->run;
    uint64_t events = run->recorded + run->duplicates;
    if (result->was_resumed)
        printf("went on at line %" PRIu64 "\n", result->from_line);
    if (result->was_resumed && events + run->rejected + run->skipped == 0)
        printf("nothing new in it: all was imported before, says %s; --restart reads it again\n",
               result->bookmark_path);
    printf("%s   %12" PRIu64 "\n", options->dry_run ? "would be sent" : "recorded     ",
           run->recorded);
    if (!options->dry_run)
        printf("duplicates      %12" PRIu64 "   recorded before, by their ids\n", run->duplicates);
    printf("rejected        %12" PRIu64 "\n", run->rejected);
    if (run->skipped > 0)
        printf("skipped         %12" PRIu64 "   as --values says\n", run->skipped);
    if (result->was_resumed)
        printf("recorded in all %12" PRIu64 "   by all runs\n", result->all_runs.recorded);
    printf("%.1f s, %.0f events/s\n", result->seconds,
           result->seconds > 0 ? (double)events / result->seconds : 0);
}

static int run_import(const struct arguments *arguments)
{
    struct import_options options = {0};
    struct import_result result = {0};
    struct target *target = NULL;
    struct error err;
    char target_name[TARGET_NAME_BYTES] = "";
    bool began = false;

    enum status status = read_options(arguments, &options, &err);
    if (status == STATUS_OK && !options.dry_run)
        status = target_open(arguments, &target, &err);
    if (status == STATUS_OK && !options.dry_run)
        status = name_target(arguments, target, target_name, &err);
    options.target = target_name;
    if (status == STATUS_OK) {
        began = true;
        status = import_run(&options, target, &result, &err);
    }
    bool is_usage = status == STATUS_INVALID && strcmp(err.code, "usage") == 0;
    struct error closing;
    enum status closed = target_close(target, &closing);
    if (status == STATUS_OK && closed != STATUS_OK) {
        status = closed;
        err = closing;
    }
    if (began && argument_is_on(arguments, "json"))
        print_json(&options, &result, status == STATUS_OK ? NULL : &err);
    else if (began && !is_usage && (status == STATUS_OK || result.lines > 0))
        print_words(&options, &result);
    if (status == STATUS_OK)
        return EXIT_DONE;
    int code = report_error(&err);
    if (began && !is_usage && result.bookmark_path[0] != '\0' && result.lines > 0)
        fprintf(stderr, "The bookmark %s is kept: the same command goes on from there.\n",
                result.bookmark_path);
    return is_usage ? EXIT_USAGE : code == EXIT_USAGE ? EXIT_FAILED : code;
}

static const char *const import_usage[] = {"FILE [flags]", NULL};

const struct command command_import = {
    .name = "import",
    .summary = "Record the events of a file, NDJSON or CSV, of any age and size.",
    .usage = import_usage,
    .text =
        "Records the events of a file, or of standard input for -. NDJSON has one event a line, in "
        "the fields of the API. CSV has a header; columns named like the fields are taken, others "
        "are named with --map.\n\n"
        "  footfall import events.ndjson\n"
        "  footfall import visits.csv --user north-quay --set eventType=view,platform=facebook \\\n"
        "      --map \"listingId=MLS No,timestamp=When\" --time-format \"%d.%m.%Y %H:%M\" \\\n"
        "      --timezone Europe/Berlin --errors rejected.ndjson\n\n"
        "Every event counts once. Events without an id get one from their place in the file, and a "
        "bookmark beside the file says what was acknowledged: after a kill, a power cut or Ctrl-C "
        "the same command goes on from there, and when lines were added to the file, it imports "
        "those.\n\n"
        "What cannot be an event is rejected with its line and the reason, and the import goes on. "
        "The exit code is 0 when the file was read to its end, also when at most --max-errors "
        "records were rejected.",
    .flags = import_flags,
    .operands_min = 1,
    .operands_max = 1,
    .operand_completion = COMPLETE_FILE,
    .run = run_import,
};
