/*
 * read.c - one cut through store, frozen and live rollup.
 *
 * A reader first takes what the rollups hold for its question, and their numbers, under the lock;
 * then looks at a store transaction that holds every batch before them, and at the last one that
 * it holds; and uses the taken parts whose number is above it. A batch is thus counted once, on
 * whichever side of the moment it was applied. Rows are copied under the lock, texts are not: they
 * live as long as the rollup, of which a reference is kept.
 *
 * Rows are given store first, then frozen, then live: the order in which they came.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "base/arena.h"
#include "engine/engine_parts.h"

/* What a rollup gave for some listing: rows, or what they add up to. */
struct taken {
    struct text listing_id;
    struct count_rows rows;
    struct counts sum;
    struct taken *next;
};

/* A rollup's part of an answer. */
struct part {
    struct rollup *rollup; /* NULL: none */
    struct taken *first;
    struct taken *last;
    struct arena arena; /* of what was taken, not of the rows' arrays */
};

enum { PARTS = 2 }; /* frozen, live */

/* A question on its way; of each and each_sum one is NULL. */
struct cut {
    struct engine *engine;
    const struct store_scope *scope;
    bool by_cells;
    store_rows_fn *each;
    store_sums_fn *each_sum;
    void *context;
    struct part parts[PARTS];
};

static struct taken *take(struct part *part, struct text listing_id)
{
    struct taken *taken = arena_zalloc(&part->arena, 1, sizeof *taken);
    if (taken == NULL)
        return NULL;
    taken->listing_id = listing_id;
    if (part->last == NULL)
        part->first = taken;
    else
        part->last->next = taken;
    part->last = taken;
    return taken;
}

static enum status no_memory(struct error *err)
{
    return fail(err, STATUS_NO_MEMORY, "no memory to read a listing");
}

static enum status take_rows(void *context, struct text listing_id, const struct count_rows *rows,
                             struct error *err)
{
    struct taken *taken = take(context, listing_id);
    if (taken == NULL ||
        !count_rows_reserve(&taken->rows, rows->platform_count, rows->source_count))
        return no_memory(err);
    memcpy(taken->rows.platforms, rows->platforms,
           rows->platform_count * sizeof *taken->rows.platforms);
    if (rows->source_count > 0)
        memcpy(taken->rows.sources, rows->sources,
               rows->source_count * sizeof *taken->rows.sources);
    taken->rows.platform_count = rows->platform_count;
    taken->rows.source_count = rows->source_count;
    return STATUS_OK;
}

static enum status take_sum(void *context, struct text listing_id, const struct counts *sum,
                            struct error *err)
{
    struct taken *taken = take(context, listing_id);
    if (taken == NULL)
        return no_memory(err);
    taken->sum = *sum;
    return STATUS_OK;
}

static enum status take_from(const struct cut *cut, struct part *part, struct error *err)
{
    const struct store_scope *scope = cut->scope;
    if (part->rollup == NULL)
        return STATUS_OK;
    if (cut->each_sum != NULL)
        return rollup_read_sums(part->rollup, scope->user_id, scope->first_day, scope->last_day,
                                take_sum, part, err);
    return (cut->by_cells ? rollup_read_cells : rollup_read_totals)(
        part->rollup, scope->user_id, scope->listing_ids, scope->listing_count, scope->first_day,
        scope->last_day, take_rows, part, err);
}

static enum status take_parts(struct cut *cut, struct error *err)
{
    struct engine *engine = cut->engine;
    pthread_rwlock_rdlock(&engine->rollup_lock);
    cut->parts[0].rollup = engine->frozen == NULL ? NULL : rollup_ref(engine->frozen);
    cut->parts[1].rollup = rollup_ref(engine->live);
    enum status status = take_from(cut, &cut->parts[1], err);
    pthread_rwlock_unlock(&engine->rollup_lock);
    if (status == STATUS_OK) /* frozen: needs no lock */
        status = take_from(cut, &cut->parts[0], err);
    return status;
}

static enum status give_store(const struct cut *cut, struct store_reader *reader, struct error *err)
{
    if (cut->each_sum != NULL)
        return store_reader_sums(reader, cut->scope, cut->each_sum, cut->context, err);
    return (cut->by_cells ? store_reader_cells : store_reader_totals)(reader, cut->scope, cut->each,
                                                                      cut->context, err);
}

static enum status give_part(const struct cut *cut, const struct part *part, struct error *err)
{
    enum status status = STATUS_OK;
    for (struct taken *taken = part->first; taken != NULL && status == STATUS_OK;
         taken = taken->next)
        status = cut->each_sum != NULL
                     ? cut->each_sum(cut->context, taken->listing_id, &taken->sum, err)
                     : cut->each(cut->context, taken->listing_id, &taken->rows, err);
    return status;
}

static void cut_done(struct cut *cut)
{
    for (int i = 0; i < PARTS; i++) {
        for (struct taken *taken = cut->parts[i].first; taken != NULL; taken = taken->next)
            count_rows_done(&taken->rows);
        rollup_unref(cut->parts[i].rollup);
        arena_done(&cut->parts[i].arena);
    }
}

static enum status read_cut(struct cut *cut, struct error *err)
{
    struct reader_slot *reader = NULL;
    uint64_t applied = 0;

    enum status status = take_parts(cut, err);
    const struct rollup *oldest = cut->parts[0].rollup;
    if (oldest == NULL)
        oldest = cut->parts[1].rollup;
    if (status == STATUS_OK)
        status = engine_begin_read(cut->engine, rollup_batch(oldest), &reader, &applied, err);
    if (status == STATUS_OK)
        status = give_store(cut, reader->reader, err);
    for (int i = 0; i < PARTS && status == STATUS_OK; i++) {
        if (cut->parts[i].rollup != NULL && rollup_batch(cut->parts[i].rollup) > applied)
            status = give_part(cut, &cut->parts[i], err);
    }
    engine_end_read(cut->engine, reader, status);
    cut_done(cut);
    return status;
}

enum status engine_read_totals(struct engine *engine, const struct store_scope *scope,
                               store_rows_fn *each, void *context, struct error *err)
{
    struct cut cut = {.engine = engine, .scope = scope, .each = each, .context = context};
    return read_cut(&cut, err);
}

enum status engine_read_cells(struct engine *engine, const struct store_scope *scope,
                              store_rows_fn *each, void *context, struct error *err)
{
    struct cut cut = {
        .engine = engine, .scope = scope, .by_cells = true, .each = each, .context = context};
    return read_cut(&cut, err);
}

enum status engine_read_sums(struct engine *engine, struct text user_id, int32_t first_day,
                             int32_t last_day, store_sums_fn *each, void *context,
                             struct error *err)
{
    const struct store_scope scope = {
        .user_id = user_id, .first_day = first_day, .last_day = last_day};
    struct cut cut = {.engine = engine, .scope = &scope, .each_sum = each, .context = context};
    return read_cut(&cut, err);
}
