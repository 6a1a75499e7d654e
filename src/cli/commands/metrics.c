/*
 * metrics.c - footfall metrics: one listing, several beside each other, or a user's ranking.
 *
 * Dates, zones and numbers are checked by the server, which has the words for them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/display/metrics_report.h"
#include "cli/target.h"

enum { LISTINGS_MAX = 20, RANKING_MAX = 1000 };

static const struct flag flag_period = {
    .name = "period",
    .value = "PERIOD",
    .choices = "daily|weekly|monthly",
    .help = "Today, the last 7 days or the last 30, today included. Without any range: weekly.",
};
static const struct flag flag_start = {
    .name = "start",
    .value = "DATE",
    .help = "The first day, YYYY-MM-DD; with --end, instead of --period. Up to 400 days.",
};
static const struct flag flag_end = {
    .name = "end",
    .value = "DATE",
    .help = "The last day.",
};
static const struct flag flag_date = {
    .name = "date",
    .value = "DATE",
    .help = "This day alone: --start and --end at once.",
};
static const struct flag flag_timezone = {
    .name = "timezone",
    .value = "ZONE",
    .help = "Whose days: a name such as Europe/Berlin. Without it: UTC.",
};
static const struct flag flag_sort = {
    .name = "sort",
    .value = "BY",
    .choices = "views|shares|inquiries|conversionRate|listingId",
    .help = "What a user's listings are ranked by. Without it: views.",
};
static const struct flag flag_direction = {
    .name = "direction",
    .value = "WAY",
    .choices = "asc|desc",
    .help = "The greatest first (desc) or last (asc).",
};
static const struct flag flag_limit = {
    .name = "limit",
    .value = "N",
    .initial = "20",
    .help = "How many listings of a user are shown, up to 1000.",
};
static const struct flag flag_json = {
    .name = "json",
    .help = "Prints the server's answer instead of tables.",
};

static const char *const ranking_flags[] = {"sort", "direction"};

static bool is_ranking(const struct arguments *arguments)
{
    return arguments->operand_count == 1;
}

/* A listing beside itself is a slip: another was meant. */
static enum status check_listings(const struct arguments *arguments, struct error *err)
{
    for (size_t i = 1; i < arguments->operand_count; i++)
        for (size_t k = i + 1; k < arguments->operand_count; k++)
            if (strcmp(arguments->operands[i], arguments->operands[k]) == 0)
                return fail_usage(arguments, err, "the listing \"%.200s\" is named twice",
                                  arguments->operands[i]);
    return STATUS_OK;
}

static enum status check_flags(const struct arguments *arguments, struct error *err)
{
    uint64_t limit = 0;
    const char *date = argument_text(arguments, "date");
    const char *period = argument_text(arguments, "period");
    bool has_range =
        argument_text(arguments, "start") != NULL || argument_text(arguments, "end") != NULL;
    if ((date != NULL) + (period != NULL) + has_range > 1)
        return fail_usage(arguments, err,
                          "--period, --date, and --start with --end, each name the days: which is "
                          "it?");
    if (has_range &&
        (argument_text(arguments, "start") == NULL || argument_text(arguments, "end") == NULL))
        return fail_usage(arguments, err, "--start and --end go together");
    for (size_t i = 0; i < sizeof ranking_flags / sizeof ranking_flags[0]; i++)
        if (!is_ranking(arguments) && argument_text(arguments, ranking_flags[i]) != NULL)
            return fail_usage(arguments, err, "--%s orders a user's listings: leave LISTING out",
                              ranking_flags[i]);
    if (!is_ranking(arguments) && argument_is_given(arguments, "limit"))
        return fail_usage(arguments, err, "--limit is for a user's listings: leave LISTING out");
    return argument_number(arguments, "limit", 1, RANKING_MAX, &limit, err);
}

static enum status make_path(const struct arguments *arguments, struct target_path *path,
                             struct error *err)
{
    const char *date = argument_text(arguments, "date");
    path_put(path, "/v1/users/");
    path_put_escaped(path, arguments->operands[0]);
    if (is_ranking(arguments)) {
        path_put(path, "/metrics?include=dailyBreakdown");
        path_put_query(path, "sort", argument_text(arguments, "sort"));
        path_put_query(path, "direction", argument_text(arguments, "direction"));
        path_put_query(path, "limit", argument_text(arguments, "limit"));
    } else if (arguments->operand_count == 2) {
        path_put(path, "/listings/");
        path_put_escaped(path, arguments->operands[1]);
        path_put(path, "/metrics");
    } else {
        path_put(path, "/compare");
        for (size_t i = 1; i < arguments->operand_count; i++)
            path_put_query(path, "listing", arguments->operands[i]);
    }
    path_put_query(path, "period", argument_text(arguments, "period"));
    path_put_query(path, "startDate", date != NULL ? date : argument_text(arguments, "start"));
    path_put_query(path, "endDate", date != NULL ? date : argument_text(arguments, "end"));
    path_put_query(path, "timezone", argument_text(arguments, "timezone"));
    return path_check(path, err);
}

static enum status show(const struct arguments *arguments, const json_t *answer, struct error *err)
{
    const struct look look = terminal_look(stdout);
    const char *user = arguments->operands[0];
    if (argument_is_on(arguments, "json")) {
        json_dumpf(answer, stdout, look.columns > 0 ? JSON_INDENT(2) : JSON_COMPACT);
        putchar('\n');
        return STATUS_OK;
    }
    if (is_ranking(arguments))
        return report_ranking(answer, user, &look, stdout, err);
    if (arguments->operand_count == 2)
        return report_listing(json_object_get(answer, "metrics"), user, arguments->operands[1],
                              &look, stdout, err);
    return report_comparison(answer, user, &look, stdout, err);
}

static int run_metrics(const struct arguments *arguments)
{
    struct target_path path = {""};
    struct target *target = NULL;
    struct error error;
    json_t *answer = NULL;
    enum status status = check_listings(arguments, &error);
    if (status == STATUS_OK)
        status = check_flags(arguments, &error);
    if (status == STATUS_OK)
        status = make_path(arguments, &path, &error);
    if (status == STATUS_OK)
        status = target_open(arguments, &target, &error);
    if (status == STATUS_OK)
        status = target_get(target, path.text, &answer, &error);
    if (status == STATUS_OK)
        status = show(arguments, answer, &error);
    json_decref(answer);
    return target_finish(target, status, &error);
}

const struct command command_metrics = {
    .name = "metrics",
    .summary = "Show views, shares and inquiries of listings.",
    .usage =
        (const char *const[]){
            "USER LISTING [flags]",
            "USER LISTING LISTING... [flags]",
            "USER [--sort BY] [--limit N] [flags]",
            NULL,
        },
    .text =
        "With one listing: its totals, their change against the equally long time before, the "
        "days, platforms and sources. With 2 to 20 listings: a line each, beside each other. "
        "Without a listing: the user's listings, ranked.\n"
        "\n"
        "Conversion is inquiries per 100 views. On a terminal there are colours, unless NO_COLOR "
        "is set, and block characters, unless TERM is dumb or the locale is not UTF-8. "
        "Control characters in names are shown as \\x1b. Programs should take --json.\n"
        "\n"
        "  footfall metrics agent-7 listing-123 --period monthly\n"
        "  footfall metrics agent-7 --sort conversionRate --limit 10",
    .flags = (const struct flag *const[]){&flag_period, &flag_start, &flag_end, &flag_date,
                                          &flag_timezone, &flag_sort, &flag_direction, &flag_limit,
                                          &flag_json, &flag_url, &flag_data, &flag_key_file, NULL},
    .operands_min = 1,
    .operands_max = 1 + LISTINGS_MAX,
    .run = run_metrics,
};
