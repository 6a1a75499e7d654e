/*
 * metrics_report.c - one listing in full, or many a line each.
 *
 * What no platform or source has is the rest of the totals, shown as "(none)", so that every table
 * adds up to what stands above it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/display/metrics_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/display/chart.h"
#include "cli/display/figures.h"
#include "cli/display/table.h"

enum {
    SPARK_COLUMNS = 60,       /* of one listing */
    SPARK_COLUMNS_SMALL = 30, /* in a line of many */
    BAR_COLUMNS = 20,
    DAYS_LISTED_MAX = 31, /* more are in the sparkline, and in `footfall export` */
    PERCENT_BYTES = 32
};

static const char *const kind_titles[] = {"Views", "Shares", "Inquiries"};

struct report {
    const struct look *look;
    FILE *to;
    struct arena arena;
};

/* ---- words ---- */

/* "+12.5 %", "-3.0 %", "0.0 %": one decimal always, so that a column of them stands in line. */
static const char *signed_percent(double percent, char out[PERCENT_BYTES])
{
    double rounded = round(percent * 10) / 10;
    snprintf(out, PERCENT_BYTES, rounded == 0 ? "%.1f %%" : "%+.1f %%",
             rounded == 0 ? 0.0 : rounded);
    return out;
}

static enum style style_of_change(double percent)
{
    if (fabs(percent) < 0.05)
        return STYLE_DIM;
    return percent > 0 ? STYLE_UP : STYLE_DOWN;
}

static void put_count(struct table *table, uint64_t count)
{
    char digits[GROUPED_BYTES];
    table_put(table, count == 0 ? STYLE_DIM : STYLE_PLAIN, grouped(count, digits));
}

static void put_change(struct table *table, double percent)
{
    char words[PERCENT_BYTES];
    table_put(table, style_of_change(percent), signed_percent(percent, words));
}

static void put_sparkline(struct table *table, const struct report *report, const uint64_t *days,
                          size_t count, size_t columns)
{
    char line[CHART_BYTES];
    sparkline(days, count, columns, report->look->unicode, line);
    table_put(table, STYLE_PLAIN, line);
}

static enum status put_name(struct table *table, struct report *report, const char *name,
                            struct error *err)
{
    struct text shown = printable(&report->arena, text_of(name));
    if (shown.at == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for the report");
    table_put_text(table, STYLE_PLAIN, shown);
    return STATUS_OK;
}

static enum status print_title(struct report *report, const char *listing, const char *user,
                               struct error *err)
{
    struct text shown = printable(&report->arena, text_of(listing == NULL ? user : listing));
    struct text of = printable(&report->arena, text_of(user));
    if (shown.at == NULL || of.at == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for the report");
    fprintf(report->to, "%s%.*s%s", style_begin(report->look, STYLE_BOLD), TEXT_ARGS(shown),
            style_end(report->look, STYLE_BOLD));
    if (listing != NULL)
        fprintf(report->to, " of %.*s", TEXT_ARGS(of));
    fputc('\n', report->to);
    return STATUS_OK;
}

static void print_range(const struct report *report, const struct figures *figures)
{
    fprintf(report->to, "%s%.*s", style_begin(report->look, STYLE_DIM),
            TEXT_ARGS(figures->start_date));
    if (!text_equal(figures->start_date, figures->end_date))
        fprintf(report->to, " to %.*s", TEXT_ARGS(figures->end_date));
    fprintf(report->to, ", %.*s, %.*s%s\n", TEXT_ARGS(figures->period),
            TEXT_ARGS(figures->timezone), style_end(report->look, STYLE_DIM));
}

/* Says what a character of a sparkline is, unless it is plain: a day. */
static void print_fold(const struct report *report, size_t days, size_t columns)
{
    size_t each = sparkline_values_per_column(days, columns);
    if (each > 1)
        fprintf(report->to, "%s(a column of the days is %zu days)%s\n",
                style_begin(report->look, STYLE_DIM), each, style_end(report->look, STYLE_DIM));
}

/* ---- one listing ---- */

static enum status print_totals(struct report *report, const struct figures *figures,
                                struct error *err)
{
    const struct table_column columns[] = {
        {"", false}, {"total", true}, {"change", true}, {"days", false}};
    struct table table = {.arena = &report->arena, .columns = columns, .column_count = 4};
    for (int kind = 0; kind < FIGURES_KINDS; kind++) {
        table_put(&table, STYLE_BOLD, kind_titles[kind]);
        put_count(&table, figures->totals[kind]);
        put_change(&table, figures->changes[kind]);
        put_sparkline(&table, report, figures->days[kind], figures->day_count, SPARK_COLUMNS);
    }
    table_put(&table, STYLE_BOLD, "Conversion");
    table_put_format(&table, STYLE_PLAIN, "%.2f %%", figures->conversion_rate);
    table_put(&table, STYLE_PLAIN, "");
    table_put(&table, STYLE_PLAIN, "");
    fputc('\n', report->to);
    enum status status = table_print(&table, report->look, report->to, err);
    print_fold(report, figures->day_count, SPARK_COLUMNS);
    return status;
}

struct share {
    const char *name;
    uint64_t counts[FIGURES_KINDS];
};

static int most_first(const void *left, const void *right)
{
    const struct share *a = left;
    const struct share *b = right;
    for (int kind = 0; kind < FIGURES_KINDS; kind++)
        if (a->counts[kind] != b->counts[kind])
            return a->counts[kind] < b->counts[kind] ? 1 : -1;
    return strcmp(a->name, b->name);
}

/* The names in the object, the most seen first, and what none of them has. */
static enum status take_shares(const json_t *object, const struct figures *figures,
                               struct report *report, struct share **out, size_t *out_count,
                               struct error *err)
{
    const char *name;
    json_t *value;
    size_t count = 0;
    struct share rest = {.name = "(none)"};
    struct share *shares =
        arena_zalloc(&report->arena, json_object_size(object) + 1, sizeof *shares);
    if (shares == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for the report");
    memcpy(rest.counts, figures->totals, sizeof rest.counts);
    json_object_foreach((json_t *)object, name, value)
    {
        struct share *share = &shares[count++];
        share->name = name;
        enum status status = figures_counts(value, share->counts, err);
        if (status != STATUS_OK)
            return status;
        for (int kind = 0; kind < FIGURES_KINDS; kind++) {
            uint64_t left = rest.counts[kind];
            rest.counts[kind] = share->counts[kind] < left ? left - share->counts[kind] : 0;
        }
    }
    qsort(shares, count, sizeof *shares, most_first);
    if (count > 0 && (rest.counts[0] > 0 || rest.counts[1] > 0 || rest.counts[2] > 0))
        shares[count++] = rest;
    *out = shares;
    *out_count = count;
    return STATUS_OK;
}

static enum status print_shares(struct report *report, const struct figures *figures,
                                const char *title, const json_t *object, struct error *err)
{
    const struct table_column columns[] = {
        {title, false}, {"views", true}, {"shares", true}, {"inquiries", true}, {"", false}};
    struct table table = {.arena = &report->arena, .columns = columns, .column_count = 5};
    struct share *shares = NULL;
    size_t count = 0;
    enum status status = take_shares(object, figures, report, &shares, &count, err);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        char line[CHART_BYTES];
        status = put_name(&table, report, shares[i].name, err);
        for (int kind = 0; kind < FIGURES_KINDS; kind++)
            put_count(&table, shares[i].counts[kind]);
        bar(shares[i].counts[0], figures->totals[0], BAR_COLUMNS, report->look->unicode, line);
        table_put(&table, STYLE_PLAIN, line);
    }
    if (status != STATUS_OK || count == 0)
        return status;
    fputc('\n', report->to);
    return table_print(&table, report->look, report->to, err);
}

static enum status print_days(struct report *report, const struct figures *figures,
                              struct error *err)
{
    static const struct table_column columns[] = {
        {"day", false}, {"views", true}, {"shares", true}, {"inquiries", true}, {"", false}};
    struct table table = {.arena = &report->arena, .columns = columns, .column_count = 5};
    uint64_t most = 0;
    if (figures->day_count < 2 || figures->day_count > DAYS_LISTED_MAX)
        return STATUS_OK;
    for (size_t i = 0; i < figures->day_count; i++)
        if (figures->days[0][i] > most)
            most = figures->days[0][i];
    for (size_t i = 0; i < figures->day_count; i++) {
        char line[CHART_BYTES];
        table_put_text(&table, STYLE_PLAIN, figures->dates[i]);
        for (int kind = 0; kind < FIGURES_KINDS; kind++)
            put_count(&table, figures->days[kind][i]);
        bar(figures->days[0][i], most, BAR_COLUMNS, report->look->unicode, line);
        table_put(&table, STYLE_PLAIN, line);
    }
    fputc('\n', report->to);
    return table_print(&table, report->look, report->to, err);
}

enum status report_listing(const json_t *metrics, const char *user, const char *listing,
                           const struct look *look, FILE *to, struct error *err)
{
    struct report report = {.look = look, .to = to};
    struct figures figures;
    enum status status = figures_read(metrics, &report.arena, &figures, err);
    if (status == STATUS_OK)
        status = print_title(&report, listing, user, err);
    if (status == STATUS_OK) {
        print_range(&report, &figures);
        status = print_totals(&report, &figures, err);
    }
    if (status == STATUS_OK)
        status = print_shares(&report, &figures, "platform", figures.by_platform, err);
    if (status == STATUS_OK)
        status = print_shares(&report, &figures, "source", figures.by_source, err);
    if (status == STATUS_OK)
        status = print_days(&report, &figures, err);
    arena_done(&report.arena);
    return status;
}

/* ---- many listings ---- */

static const struct table_column many_columns[] = {
    {"listing", false},  {"views", true},      {"change", true}, {"shares", true},
    {"inquiries", true}, {"conversion", true}, {"days", false},
};

static enum status put_line(struct table *table, struct report *report, const char *listing,
                            const json_t *metrics, struct figures *figures, struct error *err)
{
    enum status status = figures_read(metrics, &report->arena, figures, err);
    if (status == STATUS_OK)
        status = put_name(table, report, listing, err);
    if (status != STATUS_OK)
        return status;
    put_count(table, figures->totals[0]);
    put_change(table, figures->changes[0]);
    put_count(table, figures->totals[1]);
    put_count(table, figures->totals[2]);
    table_put_format(table, STYLE_PLAIN, "%.2f %%", figures->conversion_rate);
    put_sparkline(table, report, figures->days[0], figures->day_count, SPARK_COLUMNS_SMALL);
    return STATUS_OK;
}

static struct table many_table(struct report *report)
{
    return (struct table){
        .arena = &report->arena,
        .columns = many_columns,
        .column_count = sizeof many_columns / sizeof many_columns[0],
    };
}

static enum status print_many(struct report *report, const struct table *table,
                              const struct figures *figures, const char *user, struct error *err)
{
    enum status status = print_title(report, NULL, user, err);
    if (status != STATUS_OK)
        return status;
    print_range(report, figures);
    fputc('\n', report->to);
    status = table_print(table, report->look, report->to, err);
    print_fold(report, figures->day_count, SPARK_COLUMNS_SMALL);
    return status;
}

enum status report_ranking(const json_t *answer, const char *user, const struct look *look,
                           FILE *to, struct error *err)
{
    struct report report = {.look = look, .to = to};
    struct table table = many_table(&report);
    struct figures figures = {0};
    enum status status = STATUS_OK;
    const json_t *order = json_object_get(answer, "order");
    const json_t *listings = json_object_get(answer, "metricsByListing");
    size_t count = json_array_size(order);

    if (!json_is_array(order) || !json_is_object(listings)) {
        status = figures_unknown_answer(err);
        goto cleanup;
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        const char *listing = json_string_value(json_array_get(order, i));
        if (listing == NULL)
            status = figures_unknown_answer(err);
        else
            status = put_line(&table, &report, listing, json_object_get(listings, listing),
                              &figures, err);
    }
    if (status != STATUS_OK)
        goto cleanup;
    if (count == 0) {
        status = print_title(&report, NULL, user, err);
        fputs("no listing of this user was viewed, shared or asked about in these days\n", to);
        goto cleanup;
    }
    status = print_many(&report, &table, &figures, user, err);
    if (status == STATUS_OK && json_is_string(json_object_get(answer, "nextCursor")))
        fprintf(to, "%s(the first %zu; more with --limit)%s\n", style_begin(look, STYLE_DIM), count,
                style_end(look, STYLE_DIM));

cleanup:
    arena_done(&report.arena);
    return status;
}

enum status report_comparison(const json_t *answer, const char *user, const struct look *look,
                              FILE *to, struct error *err)
{
    struct report report = {.look = look, .to = to};
    struct table table = many_table(&report);
    struct figures figures = {0};
    enum status status = STATUS_OK;
    const json_t *listings = json_object_get(answer, "listings");
    size_t count = json_array_size(listings);

    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        const json_t *each = json_array_get(listings, i);
        const char *listing = json_string_value(json_object_get(each, "listingId"));
        if (listing == NULL)
            status = figures_unknown_answer(err);
        else
            status =
                put_line(&table, &report, listing, json_object_get(each, "metrics"), &figures, err);
    }
    if (status == STATUS_OK && count == 0)
        status = figures_unknown_answer(err);
    if (status == STATUS_OK)
        status = print_many(&report, &table, &figures, user, err);
    arena_done(&report.arena);
    return status;
}
