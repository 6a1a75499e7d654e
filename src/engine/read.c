/*
 * read.c - one cut through store, frozen and live rollup.
 *
 * A reader first takes what the rollups hold for its question, and their numbers, under the lock;
 * then begins its store transaction, whose first read is the last applied batch; and uses the
 * taken parts whose number is above it. A batch is thus counted once, on whichever side of the
 * moment it was applied. Rows are copied under the lock, texts are not: they live as long as the
 * rollup, of which a reference is kept.
 *
 * Rows are given store first, then frozen, then live: the order in which they came.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "base/arena.h"
#include "engine/engine_parts.h"

/* Rows that a rollup gave for some listing. */
struct taken_rows {
    struct text listing_id;
    struct count_rows rows;
    struct taken_rows *next;
};

/* A rollup's part of an answer. */
struct part {
    struct rollup *rollup; /* NULL: none */
    struct taken_rows *first;
    struct taken_rows *last;
    struct arena arena; /* of the taken_rows, not of their arrays */
};

enum { PARTS = 2 }; /* frozen, live */

static enum status take_rows(void *context, struct text listing_id, const struct count_rows *rows,
                             struct error *err)
{
    struct part *part = context;
    struct taken_rows *taken = arena_zalloc(&part->arena, 1, sizeof *taken);
    if (taken == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to read a listing");
    taken->listing_id = listing_id;
    if (part->last == NULL)
        part->first = taken;
    else
        part->last->next = taken;
    part->last = taken;
    taken->rows.platforms = malloc((rows->platform_count + 1) * sizeof *taken->rows.platforms);
    taken->rows.sources = malloc((rows->source_count + 1) * sizeof *taken->rows.sources);
    if (taken->rows.platforms == NULL || taken->rows.sources == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to read a listing");
    memcpy(taken->rows.platforms, rows->platforms,
           rows->platform_count * sizeof *taken->rows.platforms);
    if (rows->source_count > 0)
        memcpy(taken->rows.sources, rows->sources,
               rows->source_count * sizeof *taken->rows.sources);
    taken->rows.platform_count = rows->platform_count;
    taken->rows.source_count = rows->source_count;
    return STATUS_OK;
}

static void parts_done(struct part parts[PARTS])
{
    for (int i = 0; i < PARTS; i++) {
        for (struct taken_rows *taken = parts[i].first; taken != NULL; taken = taken->next)
            count_rows_done(&taken->rows);
        rollup_unref(parts[i].rollup);
        arena_done(&parts[i].arena);
    }
}

typedef enum status rollup_reading(const struct rollup *rollup, struct text user_id,
                                   const struct text *listing_ids, size_t listing_count,
                                   int32_t first_day, int32_t last_day, rollup_rows_fn *each,
                                   void *context, struct error *err);
typedef enum status store_reading(struct store_reader *reader, const struct store_scope *scope,
                                  store_rows_fn *each, void *context, struct error *err);

static enum status read_rows(struct engine *engine, const struct store_scope *scope,
                             rollup_reading *from_rollup, store_reading *from_store,
                             store_rows_fn *each, void *context, struct error *err)
{
    struct part parts[PARTS] = {0};
    struct reader_slot *reader = NULL;
    uint64_t applied = 0;
    enum status status = STATUS_OK;

    pthread_rwlock_rdlock(&engine->rollup_lock);
    parts[0].rollup = engine->frozen == NULL ? NULL : rollup_ref(engine->frozen);
    parts[1].rollup = rollup_ref(engine->live);
    status = from_rollup(engine->live, scope->user_id, scope->listing_ids, scope->listing_count,
                         scope->first_day, scope->last_day, take_rows, &parts[1], err);
    pthread_rwlock_unlock(&engine->rollup_lock);

    if (status == STATUS_OK && parts[0].rollup != NULL) /* frozen: needs no lock */
        status =
            from_rollup(parts[0].rollup, scope->user_id, scope->listing_ids, scope->listing_count,
                        scope->first_day, scope->last_day, take_rows, &parts[0], err);
    if (status == STATUS_OK)
        status = engine_begin_read(engine, &reader, &applied, err);
    if (status == STATUS_OK)
        status = from_store(reader->reader, scope, each, context, err);
    for (int i = 0; i < PARTS && status == STATUS_OK; i++) {
        if (parts[i].rollup == NULL || rollup_batch(parts[i].rollup) <= applied)
            continue;
        for (struct taken_rows *taken = parts[i].first; taken != NULL && status == STATUS_OK;
             taken = taken->next)
            status = each(context, taken->listing_id, &taken->rows, err);
    }
    engine_end_read(engine, reader);
    parts_done(parts);
    return status;
}

enum status engine_read_totals(struct engine *engine, const struct store_scope *scope,
                               store_rows_fn *each, void *context, struct error *err)
{
    return read_rows(engine, scope, rollup_read_totals, store_reader_totals, each, context, err);
}

enum status engine_read_cells(struct engine *engine, const struct store_scope *scope,
                              store_rows_fn *each, void *context, struct error *err)
{
    return read_rows(engine, scope, rollup_read_cells, store_reader_cells, each, context, err);
}
