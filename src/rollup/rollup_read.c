/*
 * rollup_read.c - what a rollup adds to an answer: rows of a user's listings, and facts.
 *
 * A row is given for every cell, or added to one of the last few rows of its key: readers add
 * rows up anyway, and adding all of them up here would need a table of its own.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model/calendar.h"
#include "rollup/rollup_parts.h"

enum { LOOK_BACK = 16 };

/* The row for the cell's platform: one of the last few of this day and quarter, or a new one. */
static struct platform_row *platform_row(struct count_rows *rows, int32_t day, int16_t quarter,
                                         uint8_t platform)
{
    for (size_t i = 0; i < LOOK_BACK && i < rows->platform_count; i++) {
        struct platform_row *row = &rows->platforms[rows->platform_count - 1 - i];
        if (row->day != day)
            break;
        if (row->quarter == quarter && row->platform == platform)
            return row;
    }
    struct platform_row *row = count_rows_add_platform(rows);
    if (row != NULL)
        *row = (struct platform_row){.day = day, .quarter = quarter, .platform = platform};
    return row;
}

/* A rollup keeps a source once: equal names have equal addresses. */
static struct source_row *source_row(struct count_rows *rows, int32_t day, int16_t quarter,
                                     struct text source)
{
    for (size_t i = 0; i < LOOK_BACK && i < rows->source_count; i++) {
        struct source_row *row = &rows->sources[rows->source_count - 1 - i];
        if (row->day != day)
            break;
        if (row->quarter == quarter && row->source.at == source.at)
            return row;
    }
    struct source_row *row = count_rows_add_source(rows);
    if (row != NULL)
        *row = (struct source_row){.day = day, .quarter = quarter, .source = source};
    return row;
}

static enum status add_cell(const struct rollup *rollup, const struct rollup_cell *cell,
                            int32_t day, int16_t quarter, struct count_rows *rows,
                            struct error *err)
{
    enum event_type type = cell_type(cell->key);
    struct platform_row *platform = platform_row(rows, day, quarter, cell_platform(cell->key));
    if (platform == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to read a listing's day");
    platform->counts.of[type] += cell->count;
    if (cell->updated_ms > platform->updated_ms)
        platform->updated_ms = cell->updated_ms;

    if (cell_source(cell->key) == 0)
        return STATUS_OK;
    struct source_row *source =
        source_row(rows, day, quarter, rollup->sources.at[cell_source(cell->key)]);
    if (source == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to read a listing's day");
    source->counts.of[type] += cell->count;
    return STATUS_OK;
}

enum status rollup_add_day(const struct rollup *rollup, const struct rollup_day *day, bool by_cells,
                           struct count_rows *rows, struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t i = day->cells.first; i != NO_ITEM && status == STATUS_OK;
         i = rollup->cells.at[i].next) {
        const struct rollup_cell *cell = &rollup->cells.at[i];
        int16_t quarter = by_cells ? (int16_t)cell_quarter(cell->key) : 0;
        status = add_cell(rollup, cell, day->day, quarter, rows, err);
    }
    return status;
}

struct reading {
    const struct rollup *rollup;
    int32_t first_day;
    int32_t last_day;
    bool by_cells;
    rollup_rows_fn *each;
    void *context;
    struct count_rows rows;
};

static enum status read_listing(struct reading *reading, uint32_t listing, struct error *err)
{
    const struct rollup *rollup = reading->rollup;
    count_rows_clear(&reading->rows);
    for (uint32_t i = rollup->listings.at[listing].days.first; i != NO_ITEM;
         i = rollup->days.at[i].next) {
        const struct rollup_day *day = &rollup->days.at[i];
        if (day->day < reading->first_day || day->day > reading->last_day)
            continue;
        enum status status = rollup_add_day(rollup, day, reading->by_cells, &reading->rows, err);
        if (status != STATUS_OK)
            return status;
    }
    if (reading->rows.platform_count == 0)
        return STATUS_OK;
    return reading->each(reading->context, rollup->listings.at[listing].id, &reading->rows, err);
}

static enum status read_rows(struct reading *reading, struct text user_id,
                             const struct text *listing_ids, size_t listing_count,
                             struct error *err)
{
    const struct rollup *rollup = reading->rollup;
    enum status status = STATUS_OK;
    uint32_t user = rollup_find_user(rollup, user_id);
    if (user == NO_ITEM)
        return STATUS_OK;

    if (listing_count == 0) {
        for (uint32_t i = rollup->users.at[user].listings.first;
             i != NO_ITEM && status == STATUS_OK; i = rollup->listings.at[i].next)
            status = read_listing(reading, i, err);
    }
    for (size_t i = 0; i < listing_count && status == STATUS_OK; i++) {
        uint32_t listing = rollup_find_listing(rollup, user, listing_ids[i]);
        if (listing != NO_ITEM)
            status = read_listing(reading, listing, err);
    }
    count_rows_done(&reading->rows);
    return status;
}

enum status rollup_read_totals(const struct rollup *rollup, struct text user_id,
                               const struct text *listing_ids, size_t listing_count,
                               int32_t first_day, int32_t last_day, rollup_rows_fn *each,
                               void *context, struct error *err)
{
    struct reading reading = {.rollup = rollup,
                              .first_day = first_day,
                              .last_day = last_day,
                              .each = each,
                              .context = context};
    return read_rows(&reading, user_id, listing_ids, listing_count, err);
}

enum status rollup_read_cells(const struct rollup *rollup, struct text user_id,
                              const struct text *listing_ids, size_t listing_count,
                              int32_t first_day, int32_t last_day, rollup_rows_fn *each,
                              void *context, struct error *err)
{
    struct reading reading = {.rollup = rollup,
                              .first_day = first_day,
                              .last_day = last_day,
                              .by_cells = true,
                              .each = each,
                              .context = context};
    return read_rows(&reading, user_id, listing_ids, listing_count, err);
}

static struct counts sum_of(const struct rollup *rollup, const struct rollup_listing *listing,
                            int32_t first_day, int32_t last_day)
{
    struct counts sum = {0};
    for (uint32_t i = listing->days.first; i != NO_ITEM; i = rollup->days.at[i].next) {
        const struct rollup_day *day = &rollup->days.at[i];
        if (day->day < first_day || day->day > last_day)
            continue;
        for (uint32_t k = day->cells.first; k != NO_ITEM; k = rollup->cells.at[k].next)
            sum.of[cell_type(rollup->cells.at[k].key)] += rollup->cells.at[k].count;
    }
    return sum;
}

enum status rollup_read_sums(const struct rollup *rollup, struct text user_id, int32_t first_day,
                             int32_t last_day, rollup_sums_fn *each, void *context,
                             struct error *err)
{
    enum status status = STATUS_OK;
    uint32_t user = rollup_find_user(rollup, user_id);
    if (user == NO_ITEM)
        return STATUS_OK;
    for (uint32_t i = rollup->users.at[user].listings.first; i != NO_ITEM && status == STATUS_OK;
         i = rollup->listings.at[i].next) {
        const struct rollup_listing *listing = &rollup->listings.at[i];
        struct counts sum = sum_of(rollup, listing, first_day, last_day);
        if (counts_sum(&sum) > 0)
            status = each(context, listing->id, &sum, err);
    }
    return status;
}

enum status rollup_read_inquiries(const struct rollup *rollup, struct text user_id,
                                  rollup_inquiry_fn *each, void *context, struct error *err)
{
    uint32_t user = rollup_find_user(rollup, user_id);
    if (user == NO_ITEM)
        return STATUS_OK;
    enum status status = STATUS_OK;
    for (uint32_t i = rollup->users.at[user].inquiries.first; i != NO_ITEM && status == STATUS_OK;
         i = rollup->inquiries.at[i].next)
        status = each(context, &rollup->inquiries.at[i].inquiry, err);
    return status;
}

static enum status give_details(const struct rollup *rollup, uint32_t listing,
                                rollup_listing_fn *each, void *context, struct error *err)
{
    const struct rollup_listing *owner = &rollup->listings.at[listing];
    if (owner->details == NO_ITEM)
        return STATUS_OK;
    const struct rollup_details *word = &rollup->details.at[owner->details];
    return each(context, rollup->users.at[owner->user].id, owner->id,
                word->removed ? NULL : &word->details, err);
}

enum status rollup_read_listings(const struct rollup *rollup, struct text user_id,
                                 struct text listing_id, rollup_listing_fn *each, void *context,
                                 struct error *err)
{
    uint32_t user = rollup_find_user(rollup, user_id);
    if (user == NO_ITEM)
        return STATUS_OK;
    if (listing_id.at != NULL) {
        uint32_t listing = rollup_find_listing(rollup, user, listing_id);
        return listing == NO_ITEM ? STATUS_OK : give_details(rollup, listing, each, context, err);
    }
    enum status status = STATUS_OK;
    for (uint32_t i = rollup->users.at[user].listings.first; i != NO_ITEM && status == STATUS_OK;
         i = rollup->listings.at[i].next)
        status = give_details(rollup, i, each, context, err);
    return status;
}

int64_t rollup_listing_received_ms(const struct rollup *rollup, struct text user_id,
                                   struct text listing_id)
{
    uint32_t user = rollup_find_user(rollup, user_id);
    uint32_t listing = user == NO_ITEM ? NO_ITEM : rollup_find_listing(rollup, user, listing_id);
    if (listing == NO_ITEM || rollup->listings.at[listing].details == NO_ITEM)
        return 0;
    return rollup->details.at[rollup->listings.at[listing].details].received_ms;
}
