/*
 * metrics_routes.c - aggregates and days of listings.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/handlers.h"
#include "http/server_parts.h"
#include "present/metrics_json.h"

static enum status resolve(struct request *request, const struct range_request *asked,
                           struct error *err)
{
    enum status status =
        instance_resolve_range(request->server->instance, asked, &request->range, err);
    request->has_range = status == STATUS_OK;
    return status;
}

enum status range_prepare(struct request *request, struct error *err)
{
    return resolve(request,
                   &(struct range_request){
                       .period = request_parameter(request, "period"),
                       .start_date = request_parameter(request, "startDate"),
                       .end_date = request_parameter(request, "endDate"),
                       .timezone = request_parameter(request, "timezone"),
                   },
                   err);
}

/* Asked before the metrics are, so that they are never older than is said. */
static int64_t fresh_as_of(const struct request *request)
{
    return instance_fresh_as_of_ms(request->server->instance);
}

enum status listing_metrics_answer(struct request *request, struct error *err)
{
    struct aggregated_metrics metrics;
    int64_t fresh_as_of_ms = fresh_as_of(request);
    enum status status = instance_get_aggregated_metrics(
        request->server->instance, request->user_id, request->listing_id, &request->range,
        &request->arena, &metrics, err);
    if (status != STATUS_OK)
        return status;
    return answer_written(aggregated_json(&request->out, &metrics, fresh_as_of_ms), err);
}

enum status date_prepare(struct request *request, struct error *err)
{
    int32_t day = 0;
    enum status status = range_parse_date(request->date, "date", &day, err);
    if (status != STATUS_OK)
        return status;
    return resolve(request,
                   &(struct range_request){
                       .start_date = request->date,
                       .end_date = request->date,
                       .timezone = request_parameter(request, "timezone"),
                   },
                   err);
}

enum status date_answer(struct request *request, struct error *err)
{
    struct day_metrics day;
    int64_t fresh_as_of_ms = fresh_as_of(request);
    enum status status = instance_get_metrics_for_date(request->server->instance, request->user_id,
                                                       request->listing_id, &request->range,
                                                       &request->arena, &day, err);
    if (status != STATUS_OK)
        return status;
    return answer_written(day_json(&request->out, request->listing_id, &day, fresh_as_of_ms), err);
}

enum status days_prepare(struct request *request, struct error *err)
{
    if (request_parameter(request, "startDate").at == NULL &&
        request_parameter(request, "endDate").at == NULL)
        return fail_input(err, "missing_parameter", "startDate",
                          "startDate and endDate are required, as YYYY-MM-DD");
    return range_prepare(request, err);
}

enum status days_answer(struct request *request, struct error *err)
{
    const struct day_metrics *days = NULL;
    size_t count = 0;
    int64_t fresh_as_of_ms = fresh_as_of(request);
    enum status status = instance_get_metrics_for_date_range(
        request->server->instance, request->user_id, request->listing_id, &request->range,
        &request->arena, &days, &count, err);
    if (status != STATUS_OK)
        return status;
    return answer_written(
        days_json(&request->out, request->listing_id, days, count, fresh_as_of_ms), err);
}

static enum status read_include(struct request *request, struct error *err)
{
    struct text include = request_parameter(request, "include");
    request->page.include_days = include.at != NULL;
    if (include.at != NULL && !text_is(include, "dailyBreakdown"))
        return fail_input(err, "invalid_include", "include", "include must be dailyBreakdown");
    return STATUS_OK;
}

enum status all_metrics_prepare(struct request *request, struct error *err)
{
    request->page.limit = METRICS_PAGE_DEFAULT;
    request->page.cursor = request_parameter(request, "cursor");
    enum status status = range_prepare(request, err);
    if (status == STATUS_OK)
        status =
            metrics_order_resolve(request_parameter(request, "sort"),
                                  request_parameter(request, "direction"), &request->page, err);
    if (status == STATUS_OK)
        status = read_include(request, err);
    if (status == STATUS_OK)
        status = read_limit(request, METRICS_PAGE_MAX, &request->page.limit, err);
    return status;
}

enum status all_metrics_answer(struct request *request, struct error *err)
{
    struct metrics_page page;
    int64_t fresh_as_of_ms = fresh_as_of(request);
    enum status status = instance_get_all_listings_metrics(
        request->server->instance, request->user_id, &request->range, &request->page,
        &request->arena, &page, err);
    if (status != STATUS_OK)
        return status;
    return answer_written(metrics_page_json(&request->out, &request->range, &page, fresh_as_of_ms),
                          err);
}

enum status compare_prepare(struct request *request, struct error *err)
{
    struct text *listings = arena_zalloc(&request->arena, METRICS_COMPARE_MAX, sizeof *listings);
    size_t count = 0;
    if (listings == NULL)
        return fail(err, STATUS_NO_MEMORY, "request: no memory");
    for (size_t i = 0; i < request->uri.parameter_count; i++) {
        const struct uri_parameter *parameter = &request->uri.parameters[i];
        if (!text_is(parameter->name, "listing"))
            continue;
        if (count == METRICS_COMPARE_MAX) {
            count++;
            break;
        }
        enum status status = id_check(parameter->value, ID_BYTES_MAX, "listing", err);
        if (status != STATUS_OK)
            return status;
        listings[count++] = parameter->value;
    }
    enum status status = instance_check_compared(count, err);
    if (status != STATUS_OK)
        return status;
    request->compared = listings;
    request->compared_count = count;
    return range_prepare(request, err);
}

enum status compare_answer(struct request *request, struct error *err)
{
    struct aggregated_metrics metrics[METRICS_COMPARE_MAX];
    int64_t fresh_as_of_ms = fresh_as_of(request);
    enum status status = instance_compare_listings(request->server->instance, request->user_id,
                                                   request->compared, request->compared_count,
                                                   &request->range, &request->arena, metrics, err);
    if (status != STATUS_OK)
        return status;
    return answer_written(
        compare_json(&request->out, metrics, request->compared_count, fresh_as_of_ms), err);
}
