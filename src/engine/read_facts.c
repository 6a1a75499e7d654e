/*
 * read_facts.c - inquiries and listing details at one cut: what the rollups hold, merged with the
 * store's ordered answer.
 *
 * The cut is read.c's: what is taken from a rollup counts only if its batch is above the one that
 * the store's transaction sees.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "engine/engine_parts.h"

enum { PARTS = 2 }; /* frozen, live */

/* A fact from a rollup, and which part it came from: the later part has the last word. */
struct taken_inquiry {
    struct inquiry inquiry;
    int part;
    uint32_t order; /* as recorded */
};

struct taken_listing {
    struct text listing_id;
    struct listing_details details;
    bool removed;
    int part;
};

/* Texts stay where the rollups have them, which are kept by reference. */
struct taken {
    struct rollup *rollups[PARTS]; /* NULL: none */
    int part;                      /* being taken */
    const struct store_inquiry_query *inquiry_query;
    const struct store_listing_query *listing_query;
    struct bytes items; /* struct taken_inquiry or taken_listing */
    uint32_t order;
};

typedef enum status take_fn(struct taken *taken, struct error *err);

/* Takes from both rollups under the lock. */
static enum status take(struct engine *engine, struct taken *taken, take_fn *from_rollup,
                        struct error *err)
{
    enum status status = STATUS_OK;
    pthread_rwlock_rdlock(&engine->rollup_lock);
    taken->rollups[0] = engine->frozen == NULL ? NULL : rollup_ref(engine->frozen);
    taken->rollups[1] = rollup_ref(engine->live);
    for (taken->part = 0; taken->part < PARTS && status == STATUS_OK; taken->part++)
        if (taken->rollups[taken->part] != NULL)
            status = from_rollup(taken, err);
    pthread_rwlock_unlock(&engine->rollup_lock);
    return status;
}

static void taken_done(struct taken *taken)
{
    for (int i = 0; i < PARTS; i++)
        rollup_unref(taken->rollups[i]);
    bytes_done(&taken->items);
}

static uint64_t oldest_batch(const struct taken *taken)
{
    return rollup_batch(taken->rollups[taken->rollups[0] == NULL ? 1 : 0]);
}

static bool counts(const struct taken *taken, int part, uint64_t applied)
{
    return rollup_batch(taken->rollups[part]) > applied;
}

/* The order of answers: newest first, then key, then listing, all descending. <0: a comes first. */
static int compare_places(int64_t a_ms, struct text a_key, struct text a_listing, int64_t b_ms,
                          struct text b_key, struct text b_listing)
{
    if (a_ms != b_ms)
        return a_ms > b_ms ? -1 : 1;
    int order = text_compare(b_key, a_key);
    return order != 0 ? order : text_compare(b_listing, a_listing);
}

static int compare_inquiries(const struct inquiry *a, const struct inquiry *b)
{
    return compare_places(a->time_ms, a->key, a->listing_id, b->time_ms, b->key, b->listing_id);
}

static int compare_taken_inquiries(const void *left, const void *right)
{
    const struct taken_inquiry *a = left;
    const struct taken_inquiry *b = right;
    int order = compare_inquiries(&a->inquiry, &b->inquiry);
    if (order != 0)
        return order;
    return (a->order > b->order) - (a->order < b->order); /* of equals the first stays */
}

static enum status take_inquiry(void *context, const struct inquiry *inquiry, struct error *err)
{
    struct taken *taken = context;
    const struct store_inquiry_query *query = taken->inquiry_query;
    if (inquiry->time_ms < query->from_ms || inquiry->time_ms >= query->to_ms)
        return STATUS_OK;
    if (query->listing_id.at != NULL && !text_equal(query->listing_id, inquiry->listing_id))
        return STATUS_OK;
    if (query->resume &&
        compare_places(inquiry->time_ms, inquiry->key, inquiry->listing_id, query->behind_ms,
                       query->behind_key, query->behind_listing_id) <= 0)
        return STATUS_OK;
    struct taken_inquiry item = {*inquiry, taken->part, taken->order++};
    if (!bytes_append(&taken->items, &item, sizeof item))
        return fail(err, STATUS_NO_MEMORY, "no memory to read inquiries");
    return STATUS_OK;
}

static enum status take_inquiries(struct taken *taken, struct error *err)
{
    return rollup_read_inquiries(taken->rollups[taken->part], taken->inquiry_query->user_id,
                                 take_inquiry, taken, err);
}

/* Two ordered streams becoming one, at most limit long. */
struct inquiry_merge {
    const struct taken *taken;
    uint64_t applied;
    size_t next; /* of the taken ones */
    size_t given;
    size_t limit;
    store_inquiry_fn *each;
    void *context;
};

static size_t taken_inquiry_count(const struct taken *taken)
{
    return taken->items.len / sizeof(struct taken_inquiry);
}

static enum status give_inquiry(struct inquiry_merge *merge, const struct inquiry *inquiry,
                                struct error *err)
{
    if (merge->given == merge->limit)
        return STATUS_OK;
    merge->given++;
    return merge->each(merge->context, inquiry, err);
}

/* Gives the taken inquiries that come before `until` (NULL: all), and skips its equal: an
 * inquiry under a key that stands already is not kept, in the store or here. */
static enum status give_taken_inquiries(struct inquiry_merge *merge, const struct inquiry *until,
                                        struct error *err)
{
    const struct taken_inquiry *items = (const void *)merge->taken->items.at;
    enum status status = STATUS_OK;
    while (merge->next < taken_inquiry_count(merge->taken) && status == STATUS_OK) {
        const struct taken_inquiry *item = &items[merge->next];
        int order = until == NULL ? -1 : compare_inquiries(&item->inquiry, until);
        if (order > 0)
            break;
        bool repeats = false;
        for (size_t i = merge->next; i-- > 0 && !repeats;) {
            if (compare_inquiries(&items[i].inquiry, &item->inquiry) != 0)
                break;
            repeats = counts(merge->taken, items[i].part, merge->applied);
        }
        merge->next++;
        if (order < 0 && !repeats && counts(merge->taken, item->part, merge->applied))
            status = give_inquiry(merge, &item->inquiry, err);
    }
    return status;
}

static enum status merge_inquiry(void *context, const struct inquiry *inquiry, struct error *err)
{
    struct inquiry_merge *merge = context;
    enum status status = give_taken_inquiries(merge, inquiry, err);
    if (status == STATUS_OK)
        status = give_inquiry(merge, inquiry, err);
    return status;
}

enum status engine_read_inquiries(struct engine *engine, const struct store_inquiry_query *query,
                                  store_inquiry_fn *each, void *context, struct error *err)
{
    struct taken taken = {.inquiry_query = query};
    struct reader_slot *reader = NULL;
    struct inquiry_merge merge = {
        .taken = &taken, .limit = query->limit, .each = each, .context = context};

    enum status status = take(engine, &taken, take_inquiries, err);
    if (status == STATUS_OK && taken.items.len > 0)
        qsort(taken.items.at, taken_inquiry_count(&taken), sizeof(struct taken_inquiry),
              compare_taken_inquiries);
    if (status == STATUS_OK)
        status = engine_begin_read(engine, oldest_batch(&taken), &reader, &merge.applied, err);
    if (status == STATUS_OK)
        status = store_reader_inquiries(reader->reader, query, merge_inquiry, &merge, err);
    if (status == STATUS_OK)
        status = give_taken_inquiries(&merge, NULL, err);
    engine_end_read(engine, reader, status);
    taken_done(&taken);
    return status;
}

static int compare_taken_listings(const void *left, const void *right)
{
    const struct taken_listing *a = left;
    const struct taken_listing *b = right;
    int order = text_compare(a->listing_id, b->listing_id);
    return order != 0 ? order : b->part - a->part; /* the last word first */
}

static enum status take_listing(void *context, struct text user_id, struct text listing_id,
                                const struct listing_details *details, struct error *err)
{
    (void)user_id;
    struct taken *taken = context;
    if (taken->listing_query->behind.at != NULL &&
        text_compare(listing_id, taken->listing_query->behind) <= 0)
        return STATUS_OK;
    struct taken_listing item = {
        .listing_id = listing_id, .removed = details == NULL, .part = taken->part};
    if (details != NULL)
        item.details = *details;
    if (!bytes_append(&taken->items, &item, sizeof item))
        return fail(err, STATUS_NO_MEMORY, "no memory to read listings");
    return STATUS_OK;
}

static enum status take_listings(struct taken *taken, struct error *err)
{
    return rollup_read_listings(taken->rollups[taken->part], taken->listing_query->user_id,
                                taken->listing_query->listing_id, take_listing, taken, err);
}

struct listing_merge {
    const struct taken *taken;
    uint64_t applied;
    size_t next;
    size_t given;
    size_t limit;
    store_listing_fn *each;
    void *context;
};

static size_t taken_listing_count(const struct taken *taken)
{
    return taken->items.len / sizeof(struct taken_listing);
}

/* Gives the taken words on listings before `until` (absent: all); *spoken says whether there was
 * one on `until` itself. */
static enum status give_taken_listings(struct listing_merge *merge, struct text until, bool *spoken,
                                       struct error *err)
{
    const struct taken_listing *items = (const void *)merge->taken->items.at;
    enum status status = STATUS_OK;
    *spoken = false;
    while (merge->next < taken_listing_count(merge->taken) && status == STATUS_OK) {
        const struct taken_listing *item = &items[merge->next];
        if (until.at != NULL && text_compare(item->listing_id, until) > 0)
            break;
        merge->next++;
        if (!counts(merge->taken, item->part, merge->applied))
            continue;
        *spoken = until.at != NULL && text_equal(item->listing_id, until);
        while (merge->next < taken_listing_count(merge->taken) &&
               text_equal(items[merge->next].listing_id, item->listing_id))
            merge->next++; /* earlier words */
        if (!item->removed && merge->given < merge->limit) {
            merge->given++;
            status = merge->each(merge->context, item->listing_id, &item->details, err);
        }
    }
    return status;
}

static enum status merge_listing(void *context, struct text listing_id,
                                 const struct listing_details *details, struct error *err)
{
    struct listing_merge *merge = context;
    bool spoken = false;
    enum status status = give_taken_listings(merge, listing_id, &spoken, err);
    if (status != STATUS_OK || spoken || merge->given == merge->limit)
        return status;
    merge->given++;
    return merge->each(merge->context, listing_id, details, err);
}

enum status engine_read_listings(struct engine *engine, const struct store_listing_query *query,
                                 store_listing_fn *each, void *context, struct error *err)
{
    struct taken taken = {.listing_query = query};
    struct reader_slot *reader = NULL;
    struct listing_merge merge = {
        .taken = &taken, .limit = query->limit, .each = each, .context = context};
    struct store_listing_query from_store = *query;

    enum status status = take(engine, &taken, take_listings, err);
    if (status == STATUS_OK && taken.items.len > 0)
        qsort(taken.items.at, taken_listing_count(&taken), sizeof(struct taken_listing),
              compare_taken_listings);
    /* every removal taken here may cost the page one of the store's rows */
    from_store.limit += taken_listing_count(&taken);
    if (status == STATUS_OK)
        status = engine_begin_read(engine, oldest_batch(&taken), &reader, &merge.applied, err);
    if (status == STATUS_OK)
        status = store_reader_listings(reader->reader, &from_store, merge_listing, &merge, err);
    bool spoken;
    if (status == STATUS_OK)
        status = give_taken_listings(&merge, (struct text){NULL, 0}, &spoken, err);
    engine_end_read(engine, reader, status);
    taken_done(&taken);
    return status;
}
