/*
 * range.h - which days a question is about.
 *
 * Periods are the specification's: daily is today, weekly the last 7 days, monthly the last 30,
 * today included; or a custom range, both ends included. Days are those of a time zone.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_QUERY_RANGE_H
#define FOOTFALL_QUERY_RANGE_H

#include <stdint.h>

#include "base/status.h"
#include "base/text.h"
#include "query/zone.h"

enum period { PERIOD_DAILY, PERIOD_WEEKLY, PERIOD_MONTHLY, PERIOD_CUSTOM };

enum { RANGE_DAYS_MAX = 400 };

struct range {
    enum period period;
    int32_t first_day; /* local days of the zone, inclusive */
    int32_t last_day;
    const struct zone *zone;
};

/* What a caller asked, texts as they came; absent where it said nothing. */
struct range_request {
    struct text period;
    struct text start_date;
    struct text end_date;
    struct text timezone;
};

/* "daily", "weekly", "monthly", "custom". */
const char *period_name(enum period period);

/*
 * Resolves a request at the moment now_ms. Without anything: weekly, in UTC. STATUS_INVALID with
 * the field for: an unknown period (naming the known ones), a period together with dates, one date
 * without the other, dates that do not exist, an end before the start, over RANGE_DAYS_MAX days,
 * an unknown time zone.
 */
MUST_USE enum status range_resolve(const struct range_request *request, int64_t now_ms,
                                   struct range *out, struct error *err);

/* Reads one date field: STATUS_INVALID, code "invalid_date", with the field's name. */
MUST_USE enum status range_parse_date(struct text text, const char *field, int32_t *day,
                                      struct error *err);

/* The equally long range that ends the day before. */
struct range range_before(const struct range *range);

#endif
