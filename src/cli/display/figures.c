/*
 * figures.c - from the API's names to numbers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/display/figures.h"

#include "cli/display/terminal.h"

static const char *const total_names[] = {"totalViews", "totalShares", "totalInquiries"};
static const char *const change_names[] = {"viewsChange", "sharesChange", "inquiriesChange"};
static const char *const count_names[] = {"views", "shares", "inquiries"};

enum status figures_unknown_answer(struct error *err)
{
    return fail(err, STATUS_IO,
                "the answer is not shaped as a Footfall's: are server and program of one version?");
}

static bool take_count(const json_t *object, const char *name, uint64_t *out)
{
    const json_t *number = json_object_get(object, name);
    if (!json_is_integer(number) || json_integer_value(number) < 0)
        return false;
    *out = (uint64_t)json_integer_value(number);
    return true;
}

static bool take_number(const json_t *object, const char *name, double *out)
{
    const json_t *number = json_object_get(object, name);
    if (!json_is_number(number))
        return false;
    *out = json_number_value(number);
    return true;
}

static enum status take_text(const json_t *object, const char *name, struct arena *arena,
                             struct text *out, struct error *err)
{
    const json_t *string = json_object_get(object, name);
    if (!json_is_string(string))
        return figures_unknown_answer(err);
    *out = printable(arena, (struct text){json_string_value(string), json_string_length(string)});
    return out->at == NULL ? fail(err, STATUS_NO_MEMORY, "no memory for the report") : STATUS_OK;
}

enum status figures_counts(const json_t *object, uint64_t out[FIGURES_KINDS], struct error *err)
{
    for (int kind = 0; kind < FIGURES_KINDS; kind++)
        if (!take_count(object, count_names[kind], &out[kind]))
            return figures_unknown_answer(err);
    return STATUS_OK;
}

static enum status take_days(const json_t *days, struct arena *arena, struct figures *out,
                             struct error *err)
{
    size_t count = json_array_size(days);
    bool has_memory = true;
    out->dates = arena_zalloc(arena, count + 1, sizeof *out->dates);
    has_memory = out->dates != NULL;
    for (int kind = 0; kind < FIGURES_KINDS; kind++) {
        out->days[kind] = arena_zalloc(arena, count + 1, sizeof *out->days[kind]);
        has_memory = has_memory && out->days[kind] != NULL;
    }
    if (!has_memory)
        return fail(err, STATUS_NO_MEMORY, "no memory for the report");
    for (size_t i = 0; i < count; i++) {
        uint64_t counts[FIGURES_KINDS];
        const json_t *day = json_array_get(days, i);
        enum status status = take_text(day, "date", arena, &out->dates[i], err);
        if (status == STATUS_OK)
            status = figures_counts(day, counts, err);
        if (status != STATUS_OK)
            return status;
        for (int kind = 0; kind < FIGURES_KINDS; kind++)
            out->days[kind][i] = counts[kind];
    }
    out->day_count = count;
    return STATUS_OK;
}

enum status figures_read(const json_t *metrics, struct arena *arena, struct figures *out,
                         struct error *err)
{
    const json_t *trends = json_object_get(metrics, "trends");
    const json_t *days = json_object_get(metrics, "dailyBreakdown");
    *out = (struct figures){
        .by_platform = json_object_get(metrics, "byPlatform"),
        .by_source = json_object_get(metrics, "bySource"),
    };
    for (int kind = 0; kind < FIGURES_KINDS; kind++)
        if (!take_count(metrics, total_names[kind], &out->totals[kind]) ||
            !take_number(trends, change_names[kind], &out->changes[kind]))
            return figures_unknown_answer(err);
    if (!take_number(metrics, "conversionRate", &out->conversion_rate) ||
        !json_is_object(out->by_platform) || !json_is_object(out->by_source) ||
        (days != NULL && !json_is_array(days)))
        return figures_unknown_answer(err);

    enum status status = take_text(metrics, "startDate", arena, &out->start_date, err);
    if (status == STATUS_OK)
        status = take_text(metrics, "endDate", arena, &out->end_date, err);
    if (status == STATUS_OK)
        status = take_text(metrics, "timezone", arena, &out->timezone, err);
    if (status == STATUS_OK)
        status = take_text(metrics, "period", arena, &out->period, err);
    if (status == STATUS_OK)
        status = take_days(days, arena, out, err);
    return status;
}
