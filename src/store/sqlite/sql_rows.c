/*
 * sql_rows.c - the rows that a block is, as the tables of sql_tables.h show it.
 *
 * A block decodes into platforms and sources by day and quarter of an hour, in that order, so that
 * one pass makes the rows of any grain.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/sql_rows.h"

#include <stdlib.h>

#include "model/platform.h"

static struct sql_row *add_row(struct sql_rows *rows)
{
    if (rows->at == NULL || rows->count == rows->cap) {
        size_t cap = rows->cap == 0 ? 64 : rows->cap * 2;
        struct sql_row *larger = reallocarray(rows->at, cap, sizeof *larger);
        if (larger == NULL)
            return NULL;
        rows->at = larger;
        rows->cap = cap;
    }
    struct sql_row *row = &rows->at[rows->count++];
    *row = (struct sql_row){0};
    return row;
}

static bool same_slot(const struct sql_row *row, int32_t day, int16_t quarter)
{
    return row->day == day && row->quarter == quarter;
}

/* A row a platform; by listing, a row a day. Rows of a slot stand together. */
static bool add_platforms(struct sql_rows *rows, bool by_listing)
{
    const struct count_rows *counts = &rows->counts;
    for (size_t i = 0; i < counts->platform_count; i++) {
        const struct platform_row *from = &counts->platforms[i];
        struct sql_row *row = rows->count > 0 ? &rows->at[rows->count - 1] : NULL;
        if (row == NULL || !by_listing || !same_slot(row, from->day, from->quarter)) {
            row = add_row(rows);
            if (row == NULL)
                return false;
            row->day = from->day;
            row->quarter = from->quarter;
            row->name =
                from->platform == PLATFORM_NONE ? text_of("none") : platform_name(from->platform);
        }
        counts_add(&row->counts, &from->counts);
        if (from->updated_ms > row->updated_ms)
            row->updated_ms = from->updated_ms;
    }
    return true;
}

static bool any(const struct counts *counts)
{
    return (counts->of[EVENT_VIEW] | counts->of[EVENT_SHARE] | counts->of[EVENT_INQUIRY]) != 0;
}

/* A row a named source of each slot, and "none" for what they leave of its platforms. */
static bool add_sources(struct sql_rows *rows)
{
    const struct count_rows *counts = &rows->counts;
    size_t source = 0;
    for (size_t i = 0; i < counts->platform_count;) {
        int32_t day = counts->platforms[i].day;
        int16_t quarter = counts->platforms[i].quarter;
        struct counts rest = {{0}};
        for (; i < counts->platform_count && counts->platforms[i].day == day &&
               counts->platforms[i].quarter == quarter;
             i++)
            counts_add(&rest, &counts->platforms[i].counts);
        for (; source < counts->source_count; source++) {
            const struct source_row *from = &counts->sources[source];
            if (from->day != day || from->quarter != quarter)
                break;
            struct sql_row *row = add_row(rows);
            if (row == NULL)
                return false;
            *row = (struct sql_row){
                .day = day, .quarter = quarter, .name = from->source, .counts = from->counts};
            for (int type = 0; type < EVENT_TYPES; type++)
                rest.of[type] -=
                    from->counts.of[type] < rest.of[type] ? from->counts.of[type] : rest.of[type];
        }
        if (any(&rest)) {
            struct sql_row *row = add_row(rows);
            if (row == NULL)
                return false;
            *row = (struct sql_row){
                .day = day, .quarter = quarter, .name = text_of("none"), .counts = rest};
        }
    }
    return true;
}

bool sql_rows_make(struct sql_rows *rows, enum sql_grain grain)
{
    rows->count = 0;
    return grain == SQL_BY_SOURCE ? add_sources(rows)
                                  : add_platforms(rows, grain == SQL_BY_LISTING);
}

void sql_rows_done(struct sql_rows *rows)
{
    count_rows_done(&rows->counts);
    free(rows->at);
    *rows = (struct sql_rows){0};
}
