/*
 * pages.c - pages of inquiries and of listings.
 *
 * A page asks for one row more than it shows: if that row comes, there is a next page.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdio.h>

#include "lib/instance_parts.h"
#include "lib/page_cursor.h"

/* Kind, two ids and two times, with their separators. */
enum { QUESTION_BYTES_MAX = 16 + 2 * ID_BYTES_MAX + 2 * 20 + 4 + 1 };

/* Rows of a page as they arrive, copied into the arena. */
struct inquiry_rows {
    struct inquiry *rows;
    size_t count;
    struct arena *arena;
};

static bool copy_text(struct arena *arena, struct text from, struct text *to)
{
    *to = arena_copy(arena, from);
    return to->at != NULL || from.at == NULL;
}

static enum status keep_inquiry(void *context, const struct inquiry *inquiry, struct error *err)
{
    struct inquiry_rows *page = context;
    struct inquiry *row = &page->rows[page->count++];
    *row = *inquiry;
    if (!copy_text(page->arena, inquiry->user_id, &row->user_id) ||
        !copy_text(page->arena, inquiry->listing_id, &row->listing_id) ||
        !copy_text(page->arena, inquiry->key, &row->key) ||
        !copy_text(page->arena, inquiry->source, &row->source) ||
        !copy_text(page->arena, inquiry->content, &row->content))
        return fail(err, STATUS_NO_MEMORY, "no memory for a page of inquiries");
    return STATUS_OK;
}

/* What the next page must ask alike. Parts are separated by '#', which no id contains. */
static struct text question_of(struct arena *arena, const char *kind, struct text user_id,
                               struct text listing_id, int64_t from_ms, int64_t to_ms)
{
    char *text = arena_alloc(arena, QUESTION_BYTES_MAX);
    if (text == NULL)
        return (struct text){NULL, 0};
    int len = snprintf(text, QUESTION_BYTES_MAX, "%s#%.*s#%.*s#%lld#%lld", kind, TEXT_ARGS(user_id),
                       (int)listing_id.len, listing_id.at == NULL ? "" : listing_id.at,
                       (long long)from_ms, (long long)to_ms);
    assert(len > 0 && len < QUESTION_BYTES_MAX);
    return (struct text){text, (size_t)len};
}

enum status instance_get_inquiries(struct instance *instance,
                                   const struct inquiries_request *request, struct arena *arena,
                                   struct inquiries_page *out, struct error *err)
{
    assert(request->limit >= 1 && request->limit <= INSTANCE_PAGE_MAX);
    struct store_inquiry_query query = {.user_id = request->user_id,
                                        .listing_id = request->listing_id,
                                        .from_ms = INT64_MIN,
                                        .to_ms = INT64_MAX,
                                        .limit = request->limit + 1};
    if (request->range != NULL) {
        query.from_ms = zone_day_start_ms(request->range->zone, request->range->first_day);
        query.to_ms = zone_day_start_ms(request->range->zone, request->range->last_day + 1);
    }
    struct text question = question_of(arena, "inquiries", request->user_id, request->listing_id,
                                       query.from_ms, query.to_ms);
    struct inquiry_rows page = {.rows = arena_zalloc(arena, query.limit, sizeof *page.rows),
                                .arena = arena};
    if (question.at == NULL || page.rows == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for a page of inquiries");

    enum status status = STATUS_OK;
    if (request->cursor.at != NULL) {
        struct page_place behind;
        status = page_cursor_read(request->cursor, question, arena, &behind, err);
        if (status != STATUS_OK)
            return status;
        query.resume = true;
        query.behind_ms = behind.time_ms;
        query.behind_key = behind.key;
        query.behind_listing_id = behind.listing_id;
    }
    status = engine_read_inquiries(instance->engine, &query, keep_inquiry, &page, err);
    if (status != STATUS_OK)
        return status;

    struct inquiries_page result = {.inquiries = page.rows, .count = page.count};
    if (page.count > request->limit) {
        result.count = request->limit;
        const struct inquiry *last = &page.rows[result.count - 1];
        struct page_place place = {last->time_ms, last->key, last->listing_id};
        result.next_cursor = page_cursor_write(&place, question, arena);
        if (result.next_cursor.at == NULL)
            return fail(err, STATUS_NO_MEMORY, "no memory for a page of inquiries");
    }
    *out = result;
    return STATUS_OK;
}

struct listing_rows {
    struct listing_entry *rows;
    size_t count;
    struct arena *arena;
};

static enum status keep_listing(void *context, struct text listing_id,
                                const struct listing_details *details, struct error *err)
{
    struct listing_rows *page = context;
    struct listing_entry *row = &page->rows[page->count++];
    row->details = *details;
    if (!copy_text(page->arena, listing_id, &row->listing_id) ||
        !copy_text(page->arena, details->address, &row->details.address) ||
        !copy_text(page->arena, details->currency, &row->details.currency) ||
        !copy_text(page->arena, details->image, &row->details.image) ||
        !copy_text(page->arena, details->status, &row->details.status))
        return fail(err, STATUS_NO_MEMORY, "no memory for listings");
    return STATUS_OK;
}

enum status instance_get_listing(struct instance *instance, struct text user_id,
                                 struct text listing_id, struct arena *arena,
                                 struct listing_details *out, struct error *err)
{
    struct store_listing_query query = {.user_id = user_id, .listing_id = listing_id, .limit = 1};
    struct listing_entry row;
    struct listing_rows found = {.rows = &row, .arena = arena};
    enum status status = engine_read_listings(instance->engine, &query, keep_listing, &found, err);
    if (status != STATUS_OK)
        return status;
    if (found.count == 0)
        return fail_code(err, STATUS_NOT_FOUND, "listing_not_found",
                         "no details are kept of this listing");
    *out = row.details;
    return STATUS_OK;
}

enum status instance_get_listings(struct instance *instance, struct text user_id, size_t limit,
                                  struct text cursor, struct arena *arena,
                                  struct listings_page *out, struct error *err)
{
    assert(limit >= 1 && limit <= INSTANCE_PAGE_MAX);
    struct store_listing_query query = {.user_id = user_id, .limit = limit + 1};
    struct text question = question_of(arena, "listings", user_id, (struct text){NULL, 0}, 0, 0);
    struct listing_rows page = {.rows = arena_zalloc(arena, query.limit, sizeof *page.rows),
                                .arena = arena};
    if (question.at == NULL || page.rows == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for a page of listings");

    enum status status = STATUS_OK;
    if (cursor.at != NULL) {
        struct page_place behind;
        status = page_cursor_read(cursor, question, arena, &behind, err);
        if (status != STATUS_OK)
            return status;
        query.behind = behind.listing_id;
    }
    status = engine_read_listings(instance->engine, &query, keep_listing, &page, err);
    if (status != STATUS_OK)
        return status;

    struct listings_page result = {.listings = page.rows, .count = page.count};
    if (page.count > limit) {
        result.count = limit;
        struct page_place place = {.listing_id = page.rows[limit - 1].listing_id};
        result.next_cursor = page_cursor_write(&place, question, arena);
        if (result.next_cursor.at == NULL)
            return fail(err, STATUS_NO_MEMORY, "no memory for a page of listings");
    }
    *out = result;
    return STATUS_OK;
}
