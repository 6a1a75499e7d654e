/*
 * count_table.c - counts as sorted lines.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "count_table.h"

#include <stdlib.h>
#include <string.h>

#include "model/platform.h"

static void *must(void *pointer)
{
    if (pointer == NULL)
        abort();
    return pointer;
}

static struct text keep(struct arena *arena, struct text text)
{
    if (text.at == NULL)
        return text;
    struct text copy = arena_copy(arena, text);
    must((void *)(uintptr_t)copy.at);
    return copy;
}

void count_table_done(struct count_table *table)
{
    arena_done(&table->arena);
    free(table->at);
    *table = (struct count_table){0};
}

void count_table_add_line(struct count_table *table, const struct count_line *line)
{
    if (table->count == table->cap) {
        table->cap = table->cap == 0 ? 64 : table->cap * 2;
        table->at = must(reallocarray(table->at, table->cap, sizeof *table->at));
    }
    struct count_line *copy = &table->at[table->count++];
    *copy = *line;
    copy->listing_id = keep(&table->arena, line->listing_id);
    copy->source = keep(&table->arena, line->source);
}

enum status count_table_add(void *context, struct text listing_id, const struct count_rows *rows,
                            struct error *err)
{
    (void)err;
    struct count_table *table = context;
    for (size_t i = 0; i < rows->platform_count; i++) {
        const struct platform_row *row = &rows->platforms[i];
        struct count_line line = {.listing_id = listing_id,
                                  .day = row->day,
                                  .quarter = row->quarter,
                                  .platform = row->platform,
                                  .counts = row->counts,
                                  .updated_ms = row->updated_ms};
        count_table_add_line(table, &line);
    }
    for (size_t i = 0; i < rows->source_count; i++) {
        const struct source_row *row = &rows->sources[i];
        struct count_line line = {.listing_id = listing_id,
                                  .day = row->day,
                                  .quarter = row->quarter,
                                  .source = row->source,
                                  .counts = row->counts};
        count_table_add_line(table, &line);
    }
    return STATUS_OK;
}

static int compare_lines(const void *left, const void *right)
{
    const struct count_line *a = left;
    const struct count_line *b = right;
    int order = text_compare(a->listing_id, b->listing_id);
    if (order == 0)
        order = (a->day > b->day) - (a->day < b->day);
    if (order == 0)
        order = (a->quarter > b->quarter) - (a->quarter < b->quarter);
    if (order == 0)
        order = (a->source.at != NULL) - (b->source.at != NULL);
    if (order == 0)
        order = text_compare(a->source, b->source);
    if (order == 0)
        order = (a->platform > b->platform) - (a->platform < b->platform);
    return order;
}

void count_table_settle(struct count_table *table)
{
    if (table->count == 0)
        return;
    qsort(table->at, table->count, sizeof *table->at, compare_lines);
    size_t kept = 0;
    for (size_t i = 1; i < table->count; i++) {
        struct count_line *last = &table->at[kept];
        if (compare_lines(last, &table->at[i]) == 0) {
            counts_add(&last->counts, &table->at[i].counts);
            if (table->at[i].updated_ms > last->updated_ms)
                last->updated_ms = table->at[i].updated_ms;
        } else {
            table->at[++kept] = table->at[i];
        }
    }
    table->count = kept + 1;
}

static void show_line(const char *which, const struct count_table *table, size_t i)
{
    if (i >= table->count) {
        print_error("  %s: ends after %zu lines\n", which, table->count);
        return;
    }
    const struct count_line *line = &table->at[i];
    print_error("  %s: listing %.*s day %d quarter %d %s %.*s: %llu %llu %llu, updated %lld\n",
                which, TEXT_ARGS(line->listing_id), line->day, line->quarter,
                line->source.at != NULL ? "source" : "platform",
                TEXT_ARGS(line->source.at != NULL ? line->source : platform_name(line->platform)),
                (unsigned long long)line->counts.of[EVENT_VIEW],
                (unsigned long long)line->counts.of[EVENT_SHARE],
                (unsigned long long)line->counts.of[EVENT_INQUIRY], (long long)line->updated_ms);
}

void count_tables_equal(const char *row, struct count_table *got, struct count_table *want)
{
    count_table_settle(got);
    count_table_settle(want);
    size_t lines = got->count > want->count ? got->count : want->count;
    for (size_t i = 0; i < lines; i++) {
        if (i < got->count && i < want->count && compare_lines(&got->at[i], &want->at[i]) == 0 &&
            memcmp(&got->at[i].counts, &want->at[i].counts, sizeof want->at[i].counts) == 0 &&
            (got->at[i].updated_ms == want->at[i].updated_ms ||
             (want->later_updates_do && got->at[i].updated_ms > want->at[i].updated_ms)))
            continue;
        print_error("row \"%s\": line %zu differs\n", row, i);
        show_line("got ", got, i);
        show_line("want", want, i);
        UNIT_FAIL();
    }
}
