/*
 * check.c - pages through each user's listings, ordered by id so that no page depends on counts.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/load/check.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "cli/load/source.h"
#include "model/calendar.h"

enum { LISTINGS_A_PAGE = 1000, USERS_A_WORD = 100 };

static const char *const total_names[LOAD_TYPES] = {"totalViews", "totalShares", "totalInquiries"};

static void add_listings(json_t *listings, struct load_totals *totals)
{
    const char *id = NULL;
    json_t *metrics = NULL;
    json_object_foreach(listings, id, metrics)
    {
        for (int type = 0; type < LOAD_TYPES; type++) {
            json_int_t value = json_integer_value(json_object_get(metrics, total_names[type]));
            totals->by_type[type] += (uint64_t)value;
            totals->all += (uint64_t)value;
        }
    }
}

static enum status read_user(struct target *target, const char *user, const char *first,
                             const char *last, struct load_totals *totals, struct error *err)
{
    char cursor[1024] = "";
    do {
        char limit[16];
        struct target_path path = {""};
        json_t *answer = NULL;
        snprintf(limit, sizeof limit, "%d", LISTINGS_A_PAGE);
        path_put(&path, "/v1/users/");
        path_put_escaped(&path, user);
        path_put(&path, "/metrics");
        path_put_query(&path, "startDate", first);
        path_put_query(&path, "endDate", last);
        path_put_query(&path, "sort", "listingId");
        path_put_query(&path, "limit", limit);
        path_put_query(&path, "cursor", cursor[0] == '\0' ? NULL : cursor);
        enum status status = path_check(&path, err);
        if (status == STATUS_OK)
            status = target_get(target, path.text, &answer, err);
        if (status != STATUS_OK)
            return status;
        add_listings(json_object_get(answer, "metricsByListing"), totals);
        const char *next = json_string_value(json_object_get(answer, "nextCursor"));
        snprintf(cursor, sizeof cursor, "%s", next == NULL ? "" : next);
        json_decref(answer);
    } while (cursor[0] != '\0');
    return STATUS_OK;
}

static void put_date(int32_t day, char out[DATE_BYTES + 1])
{
    date_format(day, out);
    out[DATE_BYTES] = '\0';
}

enum status load_check_read(struct target *target, const struct load_plan *plan, int32_t first_day,
                            bool show_progress, struct load_totals *out, struct error *err)
{
    struct load_totals totals = {0};
    struct clock clock = clock_system();
    char first[DATE_BYTES + 1];
    char last[DATE_BYTES + 1];

    put_date(first_day, first);
    put_date(day_of_ms(clock_now_ms(&clock)) + 1, last);
    for (uint32_t user = 0; user < plan->users; user++) {
        char name[LOAD_USER_BYTES];
        load_user_name(plan, user, name);
        enum status status = read_user(target, name, first, last, &totals, err);
        if (status != STATUS_OK)
            return status;
        if (show_progress && (user + 1) % USERS_A_WORD == 0)
            fprintf(stderr, "\r\033[Kreading the counts of user %" PRIu32 " of %" PRIu32, user + 1,
                    plan->users);
    }
    if (show_progress)
        fputs("\r\033[K", stderr);
    *out = totals;
    return STATUS_OK;
}

struct load_verdict load_check_judge(const struct load_totals *before,
                                     const struct load_totals *after,
                                     const struct load_tally *tally)
{
    struct load_verdict verdict = {
        .counted = after->all - before->all,
        .types_compared = tally->unknown == 0 && !tally->types_unknown,
    };
    verdict.holds = after->all >= before->all && verdict.counted >= tally->acknowledged &&
                    verdict.counted - tally->acknowledged <= tally->unknown;
    for (int type = 0; type < LOAD_TYPES; type++) {
        verdict.counted_by_type[type] = after->by_type[type] - before->by_type[type];
        if (verdict.types_compared &&
            verdict.counted_by_type[type] != tally->acknowledged_by_type[type])
            verdict.holds = false;
    }
    return verdict;
}
