/*
 * rollup_visit.c - the whole batch in the store's order.
 *
 * Users are few beside days, so they are ranked first; then days sort by (rank, month, listing,
 * day), comparing listing ids only among one user's days of one month.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "model/calendar.h"
#include "rollup/rollup_parts.h"

struct sort_key {
    uint32_t user_rank;
    int32_t month;
    int32_t day;
    uint32_t item; /* of rollup->days */
    struct text listing_id;
};

static int compare_users(const void *a, const void *b, void *context)
{
    const struct rollup *rollup = context;
    return text_compare(rollup->users.at[*(const uint32_t *)a].id,
                        rollup->users.at[*(const uint32_t *)b].id);
}

static int compare_keys(const void *left, const void *right)
{
    const struct sort_key *a = left;
    const struct sort_key *b = right;
    if (a->user_rank != b->user_rank)
        return a->user_rank < b->user_rank ? -1 : 1;
    if (a->month != b->month)
        return a->month < b->month ? -1 : 1;
    int order = text_compare(a->listing_id, b->listing_id);
    if (order != 0)
        return order;
    return (a->day > b->day) - (a->day < b->day);
}

/* *out: the days' keys in order, which the caller frees; NULL when there are none. */
static enum status sort_days(const struct rollup *rollup, struct sort_key **out, struct error *err)
{
    enum status status = STATUS_OK;
    uint32_t *users = calloc(rollup->users.count + 1, sizeof *users);
    uint32_t *ranks = calloc(rollup->users.count + 1, sizeof *ranks);
    struct sort_key *keys = calloc((size_t)rollup->days.count + 1, sizeof *keys);
    if (users == NULL || ranks == NULL || keys == NULL) {
        status = fail(err, STATUS_NO_MEMORY, "no memory to sort a batch");
        goto cleanup;
    }
    for (uint32_t i = 0; i < rollup->users.count; i++)
        users[i] = i;
    qsort_r(users, rollup->users.count, sizeof *users, compare_users, (void *)(uintptr_t)rollup);
    for (uint32_t i = 0; i < rollup->users.count; i++)
        ranks[users[i]] = i;

    for (uint32_t i = 0; i < rollup->days.count; i++) {
        const struct rollup_day *day = &rollup->days.at[i];
        const struct rollup_listing *listing = &rollup->listings.at[day->listing];
        keys[i] = (struct sort_key){.user_rank = ranks[listing->user],
                                    .month = month_of_day(day->day),
                                    .day = day->day,
                                    .item = i,
                                    .listing_id = listing->id};
    }
    qsort(keys, rollup->days.count, sizeof *keys, compare_keys);
    *out = keys;
    keys = NULL;

cleanup:
    free(users);
    free(ranks);
    free(keys);
    return status;
}

static enum status visit_months(const struct rollup *rollup, const struct rollup_visitor *visitor,
                                const struct sort_key *keys, struct error *err)
{
    struct count_rows totals = {0};
    struct count_rows cells = {0};
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < rollup->days.count && status == STATUS_OK;) {
        uint32_t listing = rollup->days.at[keys[i].item].listing;
        int32_t month = keys[i].month;
        count_rows_clear(&totals);
        count_rows_clear(&cells);
        for (; i < rollup->days.count && keys[i].month == month && status == STATUS_OK; i++) {
            const struct rollup_day *day = &rollup->days.at[keys[i].item];
            if (day->listing != listing)
                break;
            status = rollup_add_day(rollup, day, false, &totals, err);
            if (status == STATUS_OK)
                status = rollup_add_day(rollup, day, true, &cells, err);
        }
        if (status == STATUS_OK)
            status = visitor->month(visitor->context,
                                    rollup->users.at[rollup->listings.at[listing].user].id, month,
                                    rollup->listings.at[listing].id, &totals, &cells, err);
    }
    count_rows_done(&totals);
    count_rows_done(&cells);
    return status;
}

enum status rollup_visit(const struct rollup *rollup, const struct rollup_visitor *visitor,
                         struct error *err)
{
    struct sort_key *keys = NULL;
    enum status status = sort_days(rollup, &keys, err);
    if (status == STATUS_OK)
        status = visit_months(rollup, visitor, keys, err);
    for (uint32_t i = 0; i < rollup->inquiries.count && status == STATUS_OK; i++)
        status = visitor->inquiry(visitor->context, &rollup->inquiries.at[i].inquiry, err);
    for (uint32_t i = 0; i < rollup->details.count && status == STATUS_OK; i++) {
        const struct rollup_details *word = &rollup->details.at[i];
        const struct rollup_listing *listing = &rollup->listings.at[word->listing];
        status = visitor->listing(visitor->context, rollup->users.at[listing->user].id, listing->id,
                                  word->removed ? NULL : &word->details, err);
    }
    free(keys);
    return status;
}
