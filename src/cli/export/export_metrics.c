/*
 * export_metrics.c - listing-days: PerformanceMetrics a line, or rows of a table.
 *
 * Listings are paged by id, so that events which arrive meanwhile move none of them to another
 * page. A range longer than the API answers at once is asked for in windows, the oldest first. Days
 * on which nothing happened are left out.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <jansson.h>
#include <string.h>

#include "cli/display/figures.h"
#include "cli/export/export.h"
#include "cli/moment.h"
#include "model/calendar.h"
#include "present/csv.h"

enum { DAYS_BY_DEFAULT = 365 };

static enum status unknown_answer(struct error *err)
{
    return figures_unknown_answer(err);
}

/* ---- a day ---- */

static int append(const char *from, size_t len, void *context)
{
    return bytes_append(context, from, len) ? 0 : -1;
}

static void put_counts(struct csv_writer *writer, const uint64_t *counts)
{
    for (int kind = 0; kind < FIGURES_KINDS; kind++)
        csv_put_u64(writer, counts[kind]);
}

static bool is_zero(const uint64_t *counts)
{
    return counts[0] == 0 && counts[1] == 0 && counts[2] == 0;
}

static void put_total_row(struct export *export, struct csv_writer *writer, const char *listing,
                          const char *date, const json_t *day, const uint64_t *counts)
{
    char updated[MOMENT_BYTES];
    moment_words(json_integer_value(json_object_get(day, "updatedAt")), updated);
    csv_put_string(writer, listing);
    csv_put_string(writer, date);
    put_counts(writer, counts);
    csv_put_string(writer, updated);
    csv_end_row(writer);
    export->count++;
}

static void put_platform_row(struct export *export, struct csv_writer *writer, const char *listing,
                             const char *date, const char *platform, const uint64_t *counts)
{
    csv_put_string(writer, listing);
    csv_put_string(writer, date);
    csv_put_string(writer, platform);
    put_counts(writer, counts);
    csv_end_row(writer);
    export->count++;
}

/* The platforms, and a row without a name for the rest: the rows add up to the day. */
static enum status put_platform_rows(struct export *export, struct csv_writer *writer,
                                     const char *listing, const char *date, json_t *platforms,
                                     const uint64_t *counts, struct error *err)
{
    const char *platform;
    json_t *value;
    uint64_t rest[FIGURES_KINDS];
    memcpy(rest, counts, sizeof rest);
    json_object_foreach(platforms, platform, value)
    {
        uint64_t own[FIGURES_KINDS];
        enum status status = figures_counts(value, own, err);
        if (status != STATUS_OK)
            return status;
        for (int kind = 0; kind < FIGURES_KINDS; kind++) {
            if (own[kind] > rest[kind])
                return unknown_answer(err);
            rest[kind] -= own[kind];
        }
        put_platform_row(export, writer, listing, date, platform, own);
    }
    if (!is_zero(rest))
        put_platform_row(export, writer, listing, date, "", rest);
    return STATUS_OK;
}

static enum status put_day(struct export *export, const json_t *day, struct error *err)
{
    uint64_t counts[FIGURES_KINDS];
    const char *listing = json_string_value(json_object_get(day, "listingId"));
    const char *date = json_string_value(json_object_get(day, "date"));
    json_t *platforms = json_object_get(day, "platforms");
    enum status status = figures_counts(day, counts, err);
    if (status != STATUS_OK)
        return status;
    if (listing == NULL || date == NULL || !json_is_object(platforms))
        return unknown_answer(err);
    if (is_zero(counts))
        return STATUS_OK;
    if (export->format == EXPORT_NDJSON) {
        export->count++;
        if (json_dump_callback(day, append, &export->lines, JSON_COMPACT) != 0 ||
            !bytes_append(&export->lines, "\n", 1))
            return export_no_memory(err);
        return STATUS_OK;
    }
    struct csv_writer writer = {.out = &export->lines};
    if (export->by_platform)
        status = put_platform_rows(export, &writer, listing, date, platforms, counts, err);
    else
        put_total_row(export, &writer, listing, date, day, counts);
    if (status == STATUS_OK && writer.failed)
        status = export_no_memory(err);
    return status;
}

static enum status put_days(struct export *export, const json_t *days, struct error *err)
{
    size_t count = json_array_size(days);
    enum status status = json_is_array(days) ? STATUS_OK : unknown_answer(err);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = put_day(export, json_array_get(days, i), err);
    if (status == STATUS_OK)
        status = export_flush(export, "rows", err);
    return status;
}

/* ---- asking ---- */

static enum status ask(struct export *export, const struct target_path *path, json_t **out,
                       struct error *err)
{
    char *json = NULL;
    size_t len = 0;
    enum status status = path_check(path, err);
    if (status == STATUS_OK)
        status = export_get(export, path->text, &json, &len, err);
    if (status != STATUS_OK)
        return status;
    *out = json_loadb(json, len, 0, NULL);
    return *out == NULL ? unknown_answer(err) : STATUS_OK;
}

static enum status put_listing(struct export *export, int32_t first_day, int32_t last_day,
                               struct error *err)
{
    struct target_path path = {""};
    json_t *answer = NULL;
    path_put(&path, "/v1/users/");
    path_put_escaped(&path, export->user);
    path_put(&path, "/listings/");
    path_put_escaped(&path, export->listing);
    path_put(&path, "/days");
    export_put_window(&path, first_day, last_day);
    path_put_query(&path, "timezone", export->timezone);
    enum status status = ask(export, &path, &answer, err);
    if (status == STATUS_OK)
        status = put_days(export, json_object_get(answer, "metrics"), err);
    json_decref(answer);
    return status;
}

/* The path of a page of all listings. */
static void page_path(const struct export *export, int32_t first_day, int32_t last_day,
                      const char *cursor, struct target_path *path)
{
    path_put(path, "/v1/users/");
    path_put_escaped(path, export->user);
    path_put(path, "/metrics?include=dailyBreakdown&sort=listingId&direction=asc&limit=1000");
    export_put_window(path, first_day, last_day);
    path_put_query(path, "timezone", export->timezone);
    path_put_query(path, "cursor", cursor);
}

static enum status put_page(struct export *export, const json_t *answer, struct error *err)
{
    const json_t *order = json_object_get(answer, "order");
    const json_t *listings = json_object_get(answer, "metricsByListing");
    enum status status = STATUS_OK;
    if (!json_is_array(order) || !json_is_object(listings))
        return unknown_answer(err);
    for (size_t i = 0; i < json_array_size(order) && status == STATUS_OK; i++) {
        const char *listing = json_string_value(json_array_get(order, i));
        const json_t *metrics = listing == NULL ? NULL : json_object_get(listings, listing);
        status = put_days(export, json_object_get(metrics, "dailyBreakdown"), err);
    }
    return status;
}

static enum status put_pages(struct export *export, int32_t first_day, int32_t last_day,
                             struct error *err)
{
    char cursor[TARGET_PATH_BYTES] = "";
    for (;;) {
        struct target_path path = {""};
        json_t *answer = NULL;
        page_path(export, first_day, last_day, cursor[0] == '\0' ? NULL : cursor, &path);
        enum status status = ask(export, &path, &answer, err);
        if (status == STATUS_OK)
            status = put_page(export, answer, err);
        const char *next = json_string_value(json_object_get(answer, "nextCursor"));
        snprintf(cursor, sizeof cursor, "%s", next == NULL ? "" : next);
        json_decref(answer);
        if (status != STATUS_OK || cursor[0] == '\0')
            return status;
    }
}

/* The year that ends today, in the zone of the days; the server knows which day that is. */
static enum status choose_range(struct export *export, struct error *err)
{
    struct target_path path = {""};
    json_t *answer = NULL;
    path_put(&path, "/v1/users/");
    path_put_escaped(&path, export->user);
    path_put(&path, "/metrics?period=daily&limit=1");
    path_put_query(&path, "timezone", export->timezone);
    enum status status = ask(export, &path, &answer, err);
    const char *today = json_string_value(json_object_get(answer, "startDate"));
    if (status == STATUS_OK && (today == NULL || !date_parse(text_of(today), &export->last_day)))
        status = unknown_answer(err);
    json_decref(answer);
    export->first_day = export->last_day - DAYS_BY_DEFAULT + 1;
    export->has_range = true;
    return status;
}

static enum status put_titles(struct export *export, struct error *err)
{
    static const char totals[] = "listingId,date,views,shares,inquiries,updatedAt\r\n";
    static const char platforms[] = "listingId,date,platform,views,shares,inquiries\r\n";
    const char *titles = export->by_platform ? platforms : totals;
    if (export->format == EXPORT_CSV && !bytes_append(&export->lines, titles, strlen(titles)))
        return export_no_memory(err);
    return STATUS_OK;
}

enum status export_metrics(struct export *export, struct error *err)
{
    enum status status = export->has_range ? STATUS_OK : choose_range(export, err);
    if (status == STATUS_OK)
        status = put_titles(export, err);
    for (int32_t first = export->first_day; first <= export->last_day && status == STATUS_OK;
         first += EXPORT_WINDOW_DAYS) {
        int32_t last = first + EXPORT_WINDOW_DAYS - 1;
        if (last > export->last_day)
            last = export->last_day;
        status = export->listing != NULL ? put_listing(export, first, last, err)
                                         : put_pages(export, first, last, err);
    }
    if (status == STATUS_OK)
        status = export_flush(export, "rows", err); /* the titles, where nothing came */
    return status;
}
