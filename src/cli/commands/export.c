/*
 * export.c - footfall export: everything of a user, for other programs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/export/export.h"
#include "model/calendar.h"

static const struct flag flag_format = {
    .name = "format",
    .value = "FORMAT",
    .initial = "ndjson",
    .choices = "ndjson|csv",
    .help = "A JSON object a line, or a table with a line of titles.",
};
static const struct flag flag_listing = {
    .name = "listing",
    .value = "LISTING",
    .help = "Only this listing.",
};
static const struct flag flag_start = {
    .name = "start",
    .value = "DATE",
    .help = "The first day, YYYY-MM-DD; with --end. Any length.",
};
static const struct flag flag_end = {
    .name = "end",
    .value = "DATE",
    .help = "The last day.",
};
static const struct flag flag_timezone = {
    .name = "timezone",
    .value = "ZONE",
    .help = "Whose days: a name such as Europe/Berlin. Without it: UTC.",
};
static const struct flag flag_output = {
    .name = "output",
    .value = "FILE",
    .completion = COMPLETE_FILE,
    .help = "Where to; readable by its owner alone, and there whole or not at all. Without it, or "
            "as -: standard output.",
};
static const struct flag flag_by_platform = {
    .name = "by-platform",
    .help = "With csv: a row for each day and platform, and one without a platform for the rest, "
            "instead of a row for each day.",
};

static enum status read_day(const struct arguments *arguments, const char *flag, int32_t *out,
                            struct error *err)
{
    const char *text = argument_text(arguments, flag);
    if (date_parse(text_of(text), out))
        return STATUS_OK;
    return fail_usage(arguments, err, "--%s \"%.40s\" is no date; write YYYY-MM-DD", flag, text);
}

static enum status read_range(const struct arguments *arguments, struct export *out,
                              struct error *err)
{
    const char *start = argument_text(arguments, "start");
    const char *end = argument_text(arguments, "end");
    if (start == NULL && end == NULL)
        return STATUS_OK;
    if (start == NULL || end == NULL)
        return fail_usage(arguments, err, "--start and --end go together");
    enum status status = read_day(arguments, "start", &out->first_day, err);
    if (status == STATUS_OK)
        status = read_day(arguments, "end", &out->last_day, err);
    if (status == STATUS_OK && out->first_day > out->last_day)
        status = fail_usage(arguments, err, "--start %s lies after --end %s", start, end);
    out->has_range = true;
    return status;
}

static bool is_metrics(const struct arguments *arguments)
{
    return strcmp(arguments->command->name, "metrics") == 0;
}

static enum status read_export(const struct arguments *arguments, struct export *out,
                               struct error *err)
{
    *out = (struct export){
        .user = arguments->operands[0],
        .listing = argument_text(arguments, "listing"),
        .timezone = argument_text(arguments, "timezone"),
        .format =
            strcmp(argument_text(arguments, "format"), "csv") == 0 ? EXPORT_CSV : EXPORT_NDJSON,
        .by_platform = is_metrics(arguments) && argument_is_on(arguments, "by-platform"),
    };
    if (out->by_platform && out->format != EXPORT_CSV)
        return fail_usage(arguments, err,
                          "--by-platform goes with --format csv; NDJSON has the "
                          "platforms in each line");
    enum status status = read_range(arguments, out, err);
    if (status == STATUS_OK && !is_metrics(arguments) && out->timezone != NULL && !out->has_range)
        return fail_usage(arguments, err,
                          "--timezone says whose days --start and --end are: give "
                          "them too");
    return status;
}

static int run_export(const struct arguments *arguments)
{
    struct export export;
    struct error error;
    bool reader_gone = false;
    enum status status = read_export(arguments, &export, &error);
    if (status == STATUS_OK)
        status = target_open(arguments, &export.target, &error);
    if (status != STATUS_OK)
        return target_finish(export.target, status, &error);
    status = output_open(argument_text(arguments, "output"), &export.output, &error);
    if (status == STATUS_OK)
        status = is_metrics(arguments) ? export_metrics(&export, &error)
                                       : export_inquiries(&export, &error);
    status = output_close(&export.output, status, &error);
    bytes_done(&export.lines);
    reader_gone = status != STATUS_OK && strcmp(error.code, "reader_gone") == 0;
    if (!reader_gone)
        return target_finish(export.target, status, &error);
    (void)target_close(export.target, &error);
    return EXIT_FAILED; /* quietly: whoever read it had enough */
}

#define EXPORT_FLAGS                                                                               \
    &flag_format, &flag_listing, &flag_start, &flag_end, &flag_timezone, &flag_output, &flag_url,  \
        &flag_data, &flag_key_file

static const char *const export_usage[] = {
    "USER [--format ndjson|csv] [--start DATE --end DATE] [flags]", NULL};

static const struct command metrics = {
    .name = "metrics",
    .summary = "Every day of every listing on which something was counted.",
    .usage = export_usage,
    .text =
        "Without --start and --end: the 365 days up to today. Days on which nothing happened are "
        "left out. NDJSON has the API's PerformanceMetrics: listingId, date, views, shares, "
        "inquiries, platforms, updatedAt (milliseconds). CSV has listingId, date, views, shares, "
        "inquiries, updatedAt (RFC 3339); with --by-platform: listingId, date, platform, views, "
        "shares, inquiries. Lines are ordered by listing, then day, within each 366 days.",
    .flags = (const struct flag *const[]){EXPORT_FLAGS, &flag_by_platform, NULL},
    .operands_min = 1,
    .operands_max = 1,
    .run = run_export,
};

static const struct command inquiries = {
    .name = "inquiries",
    .summary = "Every inquiry with what its sender wrote, the newest first.",
    .usage = export_usage,
    .text =
        "Without --start and --end: of all time. NDJSON has each inquiry as the API answers it, "
        "what was written to the byte. CSV has id, listingId, timestamp, receivedAt (both RFC "
        "3339), platform, source, and inquiry: what was written, as JSON. This is personal data.",
    .flags = (const struct flag *const[]){EXPORT_FLAGS, NULL},
    .operands_min = 1,
    .operands_max = 1,
    .run = run_export,
};

const struct command command_export = {
    .name = "export",
    .summary = "Write out metrics or inquiries as NDJSON or CSV.",
    .usage = (const char *const[]){"metrics|inquiries USER [flags]", NULL},
    .text = "CSV is that of RFC 4180. A cell whose text begins with = + - @, a tab or a line's end "
            "would be run as a formula by a spreadsheet; such a text gets an apostrophe in front. "
            "NDJSON is never changed.\n"
            "\n"
            "  footfall export metrics agent-7 --format csv --output metrics.csv\n"
            "  footfall export inquiries agent-7 --start 2026-01-01 --end 2026-03-31",
    .subcommands = (const struct command *const[]){&metrics, &inquiries, NULL},
};
