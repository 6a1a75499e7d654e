/*
 * range.c - from a request's texts to days.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "query/range.h"

#include "model/calendar.h"

enum { SHOWN_BYTES_MAX = 40 }; /* of a wrong value, in the words of a refusal */

static const struct {
    const char *name;
    int32_t days; /* today included; 0: not a period that one can ask for by name */
} periods[] = {
    [PERIOD_DAILY] = {"daily", 1},
    [PERIOD_WEEKLY] = {"weekly", 7},
    [PERIOD_MONTHLY] = {"monthly", 30},
    [PERIOD_CUSTOM] = {"custom", 0},
};

const char *period_name(enum period period)
{
    return periods[period].name;
}

static int shown_bytes(struct text text)
{
    return text.len < SHOWN_BYTES_MAX ? (int)text.len : SHOWN_BYTES_MAX;
}

static bool looks_like_a_date(struct text text)
{
    if (text.len != DATE_BYTES)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (i == 4 || i == 7 ? c != '-' : c < '0' || c > '9')
            return false;
    }
    return true;
}

static enum status parse_period(struct text name, enum period *period, struct error *err)
{
    for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
        if (periods[i].days > 0 && text_is(name, periods[i].name)) {
            *period = (enum period)i;
            return STATUS_OK;
        }
    }
    return fail_input(err, "invalid_period", "period",
                      "\"%.*s\" is not a period; use daily, weekly or monthly, or startDate and "
                      "endDate",
                      shown_bytes(name), name.at);
}

static enum status resolve_dates(const struct range_request *request, struct range *range,
                                 struct error *err)
{
    if (request->start_date.at == NULL || request->end_date.at == NULL)
        return fail_input(err, "invalid_range",
                          request->end_date.at == NULL ? "endDate" : "startDate",
                          "startDate and endDate are needed together");
    enum status status = range_parse_date(request->start_date, "startDate", &range->first_day, err);
    if (status != STATUS_OK)
        return status;
    status = range_parse_date(request->end_date, "endDate", &range->last_day, err);
    if (status != STATUS_OK)
        return status;

    if (range->last_day < range->first_day)
        return fail_input(err, "invalid_range", "endDate", "endDate %.*s is before startDate %.*s",
                          TEXT_ARGS(request->end_date), TEXT_ARGS(request->start_date));
    int32_t days = range->last_day - range->first_day + 1;
    if (days > RANGE_DAYS_MAX)
        return fail_input(err, "invalid_range", "endDate",
                          "the range has %d days; at most %d can be asked for at once", days,
                          RANGE_DAYS_MAX);
    range->period = PERIOD_CUSTOM;
    return STATUS_OK;
}

enum status range_resolve(const struct range_request *request, int64_t now_ms, struct range *out,
                          struct error *err)
{
    enum status status = STATUS_OK;
    struct range range = {.period = PERIOD_WEEKLY, .zone = zone_utc()};

    if (request->timezone.at != NULL) {
        status = zone_find(request->timezone, &range.zone, err);
        if (status != STATUS_OK)
            return status;
    }
    bool has_dates = request->start_date.at != NULL || request->end_date.at != NULL;
    if (has_dates && request->period.at != NULL)
        return fail_input(err, "invalid_range", "period",
                          "give either period or startDate and endDate, not both");
    if (has_dates) {
        status = resolve_dates(request, &range, err);
        if (status != STATUS_OK)
            return status;
    } else {
        if (request->period.at != NULL)
            status = parse_period(request->period, &range.period, err);
        if (status != STATUS_OK)
            return status;
        range.last_day = zone_day_of_ms(range.zone, now_ms);
        range.first_day = range.last_day - periods[range.period].days + 1;
    }
    *out = range;
    return STATUS_OK;
}

enum status range_parse_date(struct text text, const char *field, int32_t *day, struct error *err)
{
    if (date_parse(text, day))
        return STATUS_OK;
    if (looks_like_a_date(text))
        return fail_input(err, "invalid_date", field, "%.*s does not exist", TEXT_ARGS(text));
    return fail_input(err, "invalid_date", field, "\"%.*s\" is not a date; write YYYY-MM-DD",
                      shown_bytes(text), text.at == NULL ? "" : text.at);
}

struct range range_before(const struct range *range)
{
    int32_t days = range->last_day - range->first_day + 1;
    return (struct range){.period = PERIOD_CUSTOM,
                          .first_day = range->first_day - days,
                          .last_day = range->first_day - 1,
                          .zone = range->zone};
}
