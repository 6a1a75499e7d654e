/*
 * listing_routes.c - inquiries, and listings' details.
 *
 * A PUT's answer shows what was stored, its time included, so it is read back after the commit. A
 * DELETE of details that are not there is 404; between that look and the commit another request
 * of the same group may have removed them, which is then a removal of nothing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/handlers.h"
#include "http/server_parts.h"
#include "ingest/listing_json.h"
#include "present/metrics_json.h"

enum status inquiries_prepare(struct request *request, struct error *err)
{
    struct text listing_id = request_parameter(request, "listingId");
    struct range_request asked = {
        .start_date = request_parameter(request, "startDate"),
        .end_date = request_parameter(request, "endDate"),
        .timezone = request_parameter(request, "timezone"),
    };
    enum status status = STATUS_OK;
    request->page.limit = INSTANCE_PAGE_DEFAULT;
    request->page.cursor = request_parameter(request, "cursor");
    if (listing_id.at != NULL)
        status = id_check(listing_id, ID_BYTES_MAX, "listingId", err);
    if (status == STATUS_OK)
        status = read_limit(request, INSTANCE_PAGE_MAX, &request->page.limit, err);
    /* Resolved even when only a zone is given, so that a wrong one is refused. */
    if (status == STATUS_OK &&
        (asked.start_date.at != NULL || asked.end_date.at != NULL || asked.timezone.at != NULL))
        status = instance_resolve_range(request->server->instance, &asked, &request->range, err);
    request->has_range =
        status == STATUS_OK && (asked.start_date.at != NULL || asked.end_date.at != NULL);
    return status;
}

enum status inquiries_answer(struct request *request, struct error *err)
{
    struct inquiries_page page;
    const struct inquiries_request asked = {
        .user_id = request->user_id,
        .listing_id = request_parameter(request, "listingId"),
        .range = request->has_range ? &request->range : NULL,
        .limit = request->page.limit,
        .cursor = request->page.cursor,
    };
    enum status status =
        instance_get_inquiries(request->server->instance, &asked, &request->arena, &page, err);
    if (status != STATUS_OK)
        return status;
    return answer_written(
        inquiries_json(&request->out, page.inquiries, page.count, page.next_cursor), err);
}

enum status listings_prepare(struct request *request, struct error *err)
{
    request->page.limit = INSTANCE_PAGE_DEFAULT;
    request->page.cursor = request_parameter(request, "cursor");
    return read_limit(request, INSTANCE_PAGE_MAX, &request->page.limit, err);
}

enum status listings_answer(struct request *request, struct error *err)
{
    struct listings_page page;
    enum status status =
        instance_get_listings(request->server->instance, request->user_id, request->page.limit,
                              request->page.cursor, &request->arena, &page, err);
    if (status != STATUS_OK)
        return status;
    return answer_written(listings_json(&request->out, page.listings, page.count, page.next_cursor),
                          err);
}

enum status listing_answer(struct request *request, struct error *err)
{
    struct listing_details details;
    enum status status = instance_get_listing(request->server->instance, request->user_id,
                                              request->listing_id, &request->arena, &details, err);
    if (status != STATUS_OK)
        return status;
    return answer_written(listing_json(&request->out, request->listing_id, &details), err);
}

enum status listing_put_begin(struct request *request, struct error *err)
{
    return require_media(request, false, err);
}

enum status listing_put_submit(struct request *request, struct error *err)
{
    struct text body = {(const char *)request->body.at, request->body.len};
    enum status status = listing_json_decode(body, &request->arena, &request->details, err);
    if (status != STATUS_OK)
        return status;
    return request_submit_listing(request, &request->details, err);
}

enum status listing_put_finish(struct request *request, struct error *err)
{
    struct error ignored;
    if (listing_answer(request, &ignored) == STATUS_OK)
        return STATUS_OK;
    /* Removed again by another request, or not readable now: stored it was. */
    request->out.len = 0;
    request->details.updated_ms = instance_now_ms(request->server->instance);
    return answer_written(listing_json(&request->out, request->listing_id, &request->details), err);
}

enum status listing_delete_submit(struct request *request, struct error *err)
{
    struct listing_details details;
    if (request->server->store_is_shared) /* asking it takes time that a loop does not have */
        return request_submit_listing(request, NULL, err);
    enum status status = instance_get_listing(request->server->instance, request->user_id,
                                              request->listing_id, &request->arena, &details, err);
    if (status != STATUS_OK)
        return status;
    return request_submit_listing(request, NULL, err);
}

enum status listing_delete_finish(struct request *request, struct error *err)
{
    static const char done[] = "{\"success\":true}";
    return answer_written(bytes_append(&request->out, done, sizeof done - 1), err);
}
