/*
 * rollup_add.c - rows into joint cells, by the north-west corner rule.
 *
 *            source a  source b  none            For each type: platforms top down, sources left to
 *     x         3         1        .             right, each time as much as both have left. What
 *     none      .         2        4             sources leave has none. No more cells come of it
 *               3         3        4             than there are platforms and sources together.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rollup/rollup_add.h"

#include <stdlib.h>

#include "model/calendar.h"
#include "rollup/rollup_parts.h"

/* What the source rows of a day have left, row by row; those of one quarter are a chain. */
struct left_over {
    struct counts *counts;
    uint32_t *next;
    uint32_t first[QUARTERS_PER_DAY]; /* row, or NO_ITEM */
};

static enum status left_over_init(struct left_over *left, const struct count_rows *cells,
                                  struct error *err)
{
    left->counts = calloc(cells->source_count + 1, sizeof *left->counts);
    left->next = calloc(cells->source_count + 1, sizeof *left->next);
    if (left->counts == NULL || left->next == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to add a listing's day");
    for (size_t i = 0; i < QUARTERS_PER_DAY; i++)
        left->first[i] = NO_ITEM;
    for (size_t i = cells->source_count; i-- > 0;) {
        const struct source_row *row = &cells->sources[i];
        left->counts[i] = row->counts;
        left->next[i] = left->first[row->quarter];
        left->first[row->quarter] = (uint32_t)i;
    }
    return STATUS_OK;
}

static void left_over_done(struct left_over *left)
{
    free(left->counts);
    free(left->next);
}

static void add_to_cell(struct rollup *rollup, uint32_t listing, const struct platform_row *row,
                        enum event_type type, struct text source, uint64_t count)
{
    struct rollup_cell *cell =
        rollup_make_cell(rollup, listing, row->day, row->quarter, type, row->platform, source);
    cell->count = count_add(cell->count, count);
    if (row->updated_ms > cell->updated_ms)
        cell->updated_ms = row->updated_ms;
}

/* Deals a platform's counts of one type out to the sources of its quarter. */
static void deal_out(struct rollup *rollup, uint32_t listing, const struct count_rows *cells,
                     struct left_over *left, const struct platform_row *row, enum event_type type)
{
    uint64_t rest = row->counts.of[type];
    for (uint32_t i = left->first[row->quarter]; i != NO_ITEM && rest > 0; i = left->next[i]) {
        uint64_t *has = &left->counts[i].of[type];
        uint64_t count = *has < rest ? *has : rest;
        if (count == 0)
            continue;
        add_to_cell(rollup, listing, row, type, cells->sources[i].source, count);
        *has -= count;
        rest -= count;
    }
    if (rest > 0)
        add_to_cell(rollup, listing, row, type, (struct text){0}, rest);
}

static size_t bytes_of_sources(const struct count_rows *cells)
{
    size_t len = 0;
    for (size_t i = 0; i < cells->source_count; i++)
        len += cells->sources[i].source.len;
    return len;
}

enum status rollup_add_cells(struct rollup *rollup, struct text user_id, struct text listing_id,
                             const struct count_rows *cells, struct error *err)
{
    struct left_over left = {0};
    size_t entries = EVENT_TYPES * (cells->platform_count + cells->source_count) + 1;
    enum status status = STATUS_OK;
    if (entries > UINT32_MAX / 2)
        return fail(err, STATUS_NO_MEMORY, "no memory to add a listing's day");
    status = rollup_reserve(rollup, (uint32_t)entries,
                            user_id.len + listing_id.len + bytes_of_sources(cells), err);
    if (status == STATUS_OK)
        status = left_over_init(&left, cells, err);
    if (status != STATUS_OK)
        goto cleanup;

    uint32_t listing = rollup_make_listing(rollup, user_id, listing_id);
    for (size_t i = 0; i < cells->platform_count; i++)
        for (int type = 0; type < EVENT_TYPES; type++)
            deal_out(rollup, listing, cells, &left, &cells->platforms[i], (enum event_type)type);
    for (size_t i = 0; i < cells->source_count && status == STATUS_OK; i++)
        if (counts_sum(&left.counts[i]) > 0)
            status = fail(err, STATUS_CORRUPT,
                          "user %.*s, listing %.*s: sources count more than the platforms of a "
                          "quarter of an hour",
                          TEXT_ARGS(user_id), TEXT_ARGS(listing_id));

cleanup:
    left_over_done(&left);
    return status;
}

enum status rollup_add_inquiry(struct rollup *rollup, const struct inquiry *inquiry,
                               struct error *err)
{
    enum status status =
        rollup_reserve(rollup, 1,
                       inquiry->user_id.len + inquiry->listing_id.len + inquiry->key.len +
                           inquiry->source.len + inquiry->content.len,
                       err);
    if (status != STATUS_OK)
        return status;
    rollup_make_inquiry(rollup, inquiry,
                        rollup_make_listing(rollup, inquiry->user_id, inquiry->listing_id));
    return STATUS_OK;
}

enum status rollup_add_details(struct rollup *rollup, struct text user_id, struct text listing_id,
                               const struct listing_details *details, struct error *err)
{
    enum status status =
        rollup_reserve(rollup, 1,
                       user_id.len + listing_id.len + details->address.len + details->currency.len +
                           details->image.len + details->status.len,
                       err);
    if (status != STATUS_OK)
        return status;
    rollup_make_details(rollup, details, rollup_make_listing(rollup, user_id, listing_id));
    return STATUS_OK;
}
