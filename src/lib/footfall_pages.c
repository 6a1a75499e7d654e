/*
 * footfall_pages.c - the published library: inquiries, and details of listings.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <footfall.h>

#include "lib/footfall_parts.h"
#include "model/platform.h"

static enum status page_limit(size_t given, size_t *out, struct error *err)
{
    *out = given == 0 ? INSTANCE_PAGE_DEFAULT : given;
    return instance_check_limit(*out, INSTANCE_PAGE_MAX, err);
}

/* ---- inquiries ---- */

/* given may be NULL. *range is filled where the request names days, or only a zone, which is then
 * checked and means nothing. */
static enum status read_inquiries_request(const struct footfall *footfall,
                                          const struct footfall_inquiries_request *given,
                                          struct inquiries_request *out, struct range *range,
                                          struct error *err)
{
    struct footfall_inquiries_request known = {0};
    enum status status = STATUS_OK;
    if (given != NULL)
        status =
            read_sized(&known, sizeof known, given, given->size, "footfall_inquiries_request", err);
    if (status != STATUS_OK)
        return status;
    const struct range_request asked = {.start_date = text_given(known.start_date),
                                        .end_date = text_given(known.end_date),
                                        .timezone = text_given(known.timezone)};
    bool has_dates = asked.start_date.at != NULL || asked.end_date.at != NULL;
    out->listing_id = text_given(known.listing_id);
    out->cursor = text_given(known.cursor);
    status = check_ids(out->user_id, out->listing_id, err);
    if (status == STATUS_OK)
        status = page_limit(known.limit, &out->limit, err);
    if (status == STATUS_OK && (has_dates || asked.timezone.at != NULL))
        status = instance_resolve_range(footfall->instance, &asked, range, err);
    out->range = has_dates ? range : NULL;
    return status;
}

static const struct footfall_inquiry *const *put_inquiries(struct builder *builder,
                                                           const struct inquiry *from, size_t count)
{
    struct footfall_inquiry *items = builder_take(builder, count, sizeof *items);
    const struct footfall_inquiry **list = builder_list(builder, count);
    for (size_t i = 0; i < count && !builder->failed; i++) {
        items[i] = (struct footfall_inquiry){
            .id = builder_text(builder, from[i].key),
            .listing_id = builder_text(builder, from[i].listing_id),
            .timestamp_ms = from[i].time_ms,
            .received_at_ms = from[i].received_ms,
            .platform = from[i].platform == PLATFORM_NONE
                            ? NULL
                            : builder_text(builder, platform_name(from[i].platform)),
            .source = builder_text(builder, from[i].source),
            .inquiry = builder_text(builder, from[i].content),
        };
        list[i] = &items[i];
    }
    return list;
}

static enum status make_inquiries(const struct inquiries_page *page,
                                  struct footfall_inquiries_page **out, struct error *err)
{
    struct builder builder = {0};
    struct footfall_inquiries_page *result = result_new(sizeof *result, &builder);
    if (result == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for a result");
    result->inquiries = put_inquiries(&builder, page->inquiries, page->count);
    result->count = page->count;
    result->next_cursor = builder_text(&builder, page->next_cursor);
    enum status status = builder_finish(&builder, result, err);
    if (status == STATUS_OK)
        *out = result;
    return status;
}

enum footfall_status footfall_get_inquiries(struct footfall *footfall, const char *user_id,
                                            const struct footfall_inquiries_request *request,
                                            struct footfall_inquiries_page **out,
                                            struct footfall_error *error)
{
    struct error err;
    struct arena scratch = {0};
    struct range range;
    struct inquiries_request asked = {.user_id = text_given(user_id)};
    struct inquiries_page page;
    enum status status = read_inquiries_request(footfall, request, &asked, &range, &err);
    if (status == STATUS_OK)
        status = instance_get_inquiries(footfall->instance, &asked, &scratch, &page, &err);
    if (status == STATUS_OK)
        status = make_inquiries(&page, out, &err);
    arena_done(&scratch);
    return tell(status, &err, error);
}

/* ---- details of listings ---- */

static void put_listing(struct builder *builder, struct text listing_id,
                        const struct listing_details *from, struct footfall_listing *to)
{
    *to = (struct footfall_listing){
        .listing_id = builder_text(builder, listing_id),
        .address = builder_text(builder, from->address),
        .currency = builder_text(builder, from->currency),
        .image = builder_text(builder, from->image),
        .status = builder_text(builder, from->status),
        .price = from->price,
        .has_price = from->has_price,
        .updated_at_ms = from->updated_ms,
    };
}

static enum status make_listing(struct text listing_id, const struct listing_details *details,
                                struct footfall_listing **out, struct error *err)
{
    struct builder builder = {0};
    struct footfall_listing *result = result_new(sizeof *result, &builder);
    if (result == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for a result");
    put_listing(&builder, listing_id, details, result);
    enum status status = builder_finish(&builder, result, err);
    if (status == STATUS_OK)
        *out = result;
    return status;
}

enum footfall_status footfall_get_listing(struct footfall *footfall, const char *user_id,
                                          const char *listing_id, struct footfall_listing **out,
                                          struct footfall_error *error)
{
    struct error err;
    struct arena scratch = {0};
    struct listing_details details;
    struct text user = text_given(user_id);
    struct text listing = text_given(listing_id);
    enum status status = check_listing(user, listing, &err);
    if (status == STATUS_OK)
        status = instance_get_listing(footfall->instance, user, listing, &scratch, &details, &err);
    if (status == STATUS_OK)
        status = make_listing(listing, &details, out, &err);
    arena_done(&scratch);
    return tell(status, &err, error);
}

static enum status make_listings(const struct listings_page *page,
                                 struct footfall_listings_page **out, struct error *err)
{
    struct builder builder = {0};
    struct footfall_listings_page *result = result_new(sizeof *result, &builder);
    if (result == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for a result");
    struct footfall_listing *items = builder_take(&builder, page->count, sizeof *items);
    const struct footfall_listing **list = builder_list(&builder, page->count);
    for (size_t i = 0; i < page->count && !builder.failed; i++) {
        put_listing(&builder, page->listings[i].listing_id, &page->listings[i].details, &items[i]);
        list[i] = &items[i];
    }
    result->listings = list;
    result->count = page->count;
    result->next_cursor = builder_text(&builder, page->next_cursor);
    enum status status = builder_finish(&builder, result, err);
    if (status == STATUS_OK)
        *out = result;
    return status;
}

enum footfall_status footfall_get_listings(struct footfall *footfall, const char *user_id,
                                           size_t limit, const char *cursor,
                                           struct footfall_listings_page **out,
                                           struct footfall_error *error)
{
    struct error err;
    struct arena scratch = {0};
    struct listings_page page;
    size_t page_size = 0;
    struct text user = text_given(user_id);
    enum status status = check_ids(user, (struct text){NULL, 0}, &err);
    if (status == STATUS_OK)
        status = page_limit(limit, &page_size, &err);
    if (status == STATUS_OK)
        status = instance_get_listings(footfall->instance, user, page_size, text_given(cursor),
                                       &scratch, &page, &err);
    if (status == STATUS_OK)
        status = make_listings(&page, out, &err);
    arena_done(&scratch);
    return tell(status, &err, error);
}
