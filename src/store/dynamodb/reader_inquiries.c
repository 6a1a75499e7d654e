/*
 * reader_inquiries.c - inquiries from the table, merged with what the batch on its way has of them.
 *
 *     of a listing       INQUIRY#<listing>#..., backwards
 *     of all listings    ASKED#..., backwards, and the inquiries that a page names by the hundred
 *
 * An inquiry of a batch behind the moment is left out.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "store/dynamodb/day_update.h"
#include "store/dynamodb/facts.h"
#include "store/dynamodb/fetch.h"
#include "store/dynamodb/page.h"

static struct dynamodb_reader *of(struct store_reader *reader)
{
    return (struct dynamodb_reader *)reader;
}

static enum status no_memory(struct error *err)
{
    return fail(err, STATUS_NO_MEMORY, "no memory to read inquiries");
}

enum { INQUIRY_PAGE_MAX = FETCH_KEYS_MAX };

/* Two ordered streams becoming one: what the batch on its way has, and what the table gives. */
struct inquiry_reading {
    struct dynamodb_reader *reader;
    const struct store_inquiry_query *query;
    struct rollup *rollup; /* of the batch on its way; or NULL */
    struct bytes owed;     /* struct inquiry, newest first */
    size_t next;           /* of the owed ones */
    size_t given;
    store_inquiry_fn *each;
    void *context;
    struct bytes page; /* struct inquiry; texts in `kept` */
    struct bytes kept; /* json_t *, referenced */
};

static int compare_inquiries(const struct inquiry *a, const struct inquiry *b)
{
    if (a->time_ms != b->time_ms)
        return a->time_ms > b->time_ms ? -1 : 1;
    int order = text_compare(b->key, a->key);
    return order != 0 ? order : text_compare(b->listing_id, a->listing_id);
}

static int newest_first(const void *left, const void *right)
{
    return compare_inquiries(left, right);
}

static bool is_asked_for(const struct store_inquiry_query *query, const struct inquiry *inquiry)
{
    const struct inquiry behind = {.time_ms = query->behind_ms,
                                   .key = query->behind_key,
                                   .listing_id = query->behind_listing_id};
    return inquiry->time_ms >= query->from_ms && inquiry->time_ms < query->to_ms &&
           (query->listing_id.at == NULL || text_equal(query->listing_id, inquiry->listing_id)) &&
           (!query->resume || compare_inquiries(inquiry, &behind) > 0);
}

static size_t count_in(const struct bytes *inquiries)
{
    return inquiries->len / sizeof(struct inquiry);
}

static enum status owe_inquiry(void *context, const struct inquiry *inquiry, struct error *err)
{
    struct inquiry_reading *reading = context;
    if (!is_asked_for(reading->query, inquiry))
        return STATUS_OK;
    const struct inquiry *owed = (const void *)reading->owed.at;
    for (size_t i = count_in(&reading->owed); i-- > 0;)
        if (compare_inquiries(&owed[i], inquiry) == 0)
            return STATUS_OK; /* the first of a key stands */
    return bytes_append(&reading->owed, inquiry, sizeof *inquiry) ? STATUS_OK : no_memory(err);
}

static enum status give(struct inquiry_reading *reading, const struct inquiry *inquiry,
                        struct error *err)
{
    if (reading->given == reading->query->limit)
        return STATUS_OK;
    reading->given++;
    return reading->each(reading->context, inquiry, err);
}

/* Gives the owed ones before `until` (NULL: all) and skips its equal. */
static enum status give_owed(struct inquiry_reading *reading, const struct inquiry *until,
                             struct error *err)
{
    const struct inquiry *owed = (const void *)reading->owed.at;
    enum status status = STATUS_OK;
    while (reading->next < count_in(&reading->owed) && status == STATUS_OK) {
        int order = until == NULL ? -1 : compare_inquiries(&owed[reading->next], until);
        if (order > 0)
            break;
        if (order < 0)
            status = give(reading, &owed[reading->next], err);
        reading->next++;
    }
    return status;
}

static enum status take_inquiry(void *context, const json_t *item, struct error *err)
{
    struct inquiry_reading *reading = context;
    const struct dynamodb_reader *reader = reading->reader;
    struct inquiry inquiry;
    if (!inquiry_read(item, reading->query->user_id, &inquiry) ||
        fact_is_later(item, reader->store->number, reader->moment.batch) ||
        !is_asked_for(reading->query, &inquiry))
        return STATUS_OK;
    json_t *kept = json_incref((json_t *)(uintptr_t)item);
    if (!bytes_append(&reading->kept, &kept, sizeof(json_t *))) {
        json_decref(kept);
        return no_memory(err);
    }
    return bytes_append(&reading->page, &inquiry, sizeof inquiry) ? STATUS_OK : no_memory(err);
}

static void forget_page(struct inquiry_reading *reading)
{
    json_t **kept = (void *)reading->kept.at;
    for (size_t i = 0; i < reading->kept.len / sizeof(json_t *); i++)
        json_decref(kept[i]);
    reading->kept.len = 0;
    reading->page.len = 0;
}

/* A page of the index names inquiries; they are read by their keys. */
static enum status read_named(struct inquiry_reading *reading, const json_t *index,
                              struct error *err)
{
    struct body keys = {0};
    struct fetch *fetch = NULL;
    size_t count = 0;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < json_array_size(index); i++) {
        struct inquiry named;
        if (!inquiry_read(json_array_get(index, i), reading->query->user_id, &named))
            continue;
        body_put(&keys, count++ == 0 ? "{" : ",{");
        put_inquiry_key(&keys, &named);
        body_put(&keys, "}");
    }
    if (count == 0)
        goto cleanup;
    fetch =
        fetch_new(reading->reader->channel, reading->reader->store->table, take_inquiry, reading);
    if (fetch == NULL || !body_ok(&keys)) {
        status = no_memory(err);
        goto cleanup;
    }
    status = fetch_keys(fetch, body_text(&keys), (struct text){"", 0}, err);
    if (status == STATUS_OK)
        status = fetch_finish(fetch, err);

cleanup:
    fetch_free(fetch);
    body_done(&keys);
    return status;
}

/* A moment as part of a sort key; what lies outside of the calendar sorts before or behind it. */
static void put_moment_bound(struct body *body, int64_t time_ms)
{
    if (time_ms > calendar_ms_max)
        body_put(body, "~");
    else if (time_ms >= calendar_ms_min)
        body_put_moment(body, time_ms);
}

static void put_bounds(const struct store_inquiry_query *query, struct body *low, struct body *high)
{
    bool all = query->listing_id.at == NULL;
    for (int end = 0; end < 2; end++) {
        struct body *body = end == 0 ? low : high;
        body_clear(body);
        body_put(body, all ? "ASKED#" : "INQUIRY#");
        if (!all) {
            body_put_escaped(body, query->listing_id);
            body_put(body, "#");
        }
    }
    put_moment_bound(low, query->from_ms);
    if (!query->resume || query->behind_ms >= query->to_ms) {
        put_moment_bound(high, query->to_ms);
        return;
    }
    put_moment_bound(high, query->behind_ms);
    body_put(high, "#");
    body_put_escaped(high, query->behind_key);
    if (all) {
        body_put(high, "\\u001f");
        body_put_escaped(high, query->behind_listing_id);
    }
}

static enum status read_page(struct inquiry_reading *reading, const json_t *items,
                             struct error *err)
{
    enum status status = STATUS_OK;
    if (reading->query->listing_id.at == NULL)
        status = read_named(reading, items, err);
    else
        for (size_t i = 0; i < json_array_size(items) && status == STATUS_OK; i++)
            status = take_inquiry(reading, json_array_get(items, i), err);
    size_t count = count_in(&reading->page);
    if (count > 1)
        qsort(reading->page.at, count, sizeof(struct inquiry), newest_first);
    const struct inquiry *page = (const void *)reading->page.at;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = give_owed(reading, &page[i], err);
        if (status == STATUS_OK)
            status = give(reading, &page[i], err);
    }
    forget_page(reading);
    return status;
}

static enum status read_inquiries(struct inquiry_reading *reading, struct error *err)
{
    struct dynamodb_reader *reader = reading->reader;
    const struct store_inquiry_query *query = reading->query;
    struct body low = {0};
    struct body high = {0};
    json_t *start = NULL;
    enum status status = STATUS_OK;
    size_t page = query->limit < INQUIRY_PAGE_MAX ? query->limit : INQUIRY_PAGE_MAX;
    put_bounds(query, &low, &high);
    if (text_compare(body_text(&low), body_text(&high)) > 0)
        goto cleanup; /* nothing lies between */
    do {
        json_t *answer = NULL;
        page_begin(reader, &reader->body, page, true);
        page_put_values(&reader->body, query->user_id, body_text(&low), body_text(&high));
        status = body_ok(&low) && body_ok(&high) ? page_ask(reader, &start, &answer, err)
                                                 : no_memory(err);
        if (status == STATUS_OK)
            status = read_page(reading, json_object_get(answer, "Items"), err);
        json_decref(answer);
    } while (start != NULL && status == STATUS_OK && reading->given < query->limit);

cleanup:
    json_decref(start);
    body_done(&low);
    body_done(&high);
    return status;
}

enum status dynamodb_reader_inquiries(struct store_reader *base,
                                      const struct store_inquiry_query *query,
                                      store_inquiry_fn *each, void *context, struct error *err)
{
    struct dynamodb_reader *reader = of(base);
    struct inquiry_reading reading = {
        .reader = reader, .query = query, .each = each, .context = context};
    enum status status = STATUS_OK;
    if (query->limit == 0 || query->from_ms >= query->to_ms)
        return STATUS_OK;
    reading.rollup = moments_unfinished(&reader->store->moments, &reader->moment);
    if (reading.rollup != NULL)
        status = rollup_read_inquiries(reading.rollup, query->user_id, owe_inquiry, &reading, err);
    if (status == STATUS_OK && count_in(&reading.owed) > 1)
        qsort(reading.owed.at, count_in(&reading.owed), sizeof(struct inquiry), newest_first);
    if (status == STATUS_OK)
        status = read_inquiries(&reading, err);
    if (status == STATUS_OK)
        status = give_owed(&reading, NULL, err);
    forget_page(&reading);
    bytes_done(&reading.kept);
    bytes_done(&reading.page);
    bytes_done(&reading.owed);
    rollup_unref(reading.rollup);
    return status;
}
