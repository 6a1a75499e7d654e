/*
 * footfall_record.c - the published library: events and details of listings become durable.
 *
 * Events of the caller's become events of ours by the rules of ingest; their texts stay where they
 * are until the engine copies them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <footfall.h>

#include <stdlib.h>

#include "ingest/event_texts.h"
#include "ingest/listing_rules.h"
#include "lib/footfall_parts.h"

/* ---- events ---- */

static enum status read_event(const struct footfall_metric_event *given, size_t size,
                              const struct event_rules *rules, struct event *out, struct error *err)
{
    struct footfall_metric_event event;
    enum status status =
        require(given->size == size, "size", "differs from that of the first event", err);
    if (status == STATUS_OK)
        status = read_sized(&event, sizeof event, given, size, "footfall_metric_event", err);
    if (status != STATUS_OK)
        return status;
    const struct event_texts texts = {
        .user_id = text_given(event.user_id),
        .listing_id = text_given(event.listing_id),
        .event_type = text_given(event.event_type),
        .platform = text_given(event.platform),
        .source = text_given(event.source),
        .id = text_given(event.id),
        .visitor = text_given(event.visitor),
        .inquiry = text_given(event.inquiry),
        .has_time = event.has_timestamp,
        .time_ms = event.timestamp_ms,
    };
    return event_from_texts(&texts, rules, out, err);
}

/* The given events as ours; err has the index of one that breaks a rule. */
static enum status read_events(const struct footfall *footfall,
                               const struct footfall_metric_event *given, size_t count,
                               struct event *out, struct error *err)
{
    struct event_rules rules = footfall->rules;
    const size_t size = given->size; /* of the caller's header, which may not be this one */
    const unsigned char *at = (const unsigned char *)given;
    rules.now_ms = instance_now_ms(footfall->instance);
    for (size_t i = 0; i < count; i++, at += size) {
        enum status status = read_event((const struct footfall_metric_event *)(const void *)at,
                                        size, &rules, &out[i], err);
        if (status != STATUS_OK) {
            err->index = (int64_t)i;
            return status;
        }
    }
    return STATUS_OK;
}

static enum status record(struct footfall *footfall, const struct footfall_metric_event *given,
                          size_t count, struct record_result *result, struct error *err)
{
    if (given == NULL)
        return require(false, "events", "must be given", err);
    if (count > ENGINE_SUBMISSION_EVENTS_MAX)
        return fail_code(err, STATUS_TOO_LARGE, "too_many_events",
                         "%zu events; at most %d can be recorded at once", count,
                         ENGINE_SUBMISSION_EVENTS_MAX);
    struct event *events = calloc(count, sizeof *events);
    if (events == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for %zu events", count);
    enum status status = read_events(footfall, given, count, events, err);
    if (status == STATUS_OK)
        status = instance_record_events(footfall->instance, events, count, result, err);
    free(events);
    return status;
}

enum footfall_status footfall_record_events(struct footfall *footfall,
                                            const struct footfall_metric_event *events,
                                            size_t count, struct footfall_recorded *out,
                                            struct footfall_error *error)
{
    struct error err;
    struct record_result result = {0};
    enum status status = STATUS_OK;
    if (count > 0)
        status = record(footfall, events, count, &result, &err);
    if (status == STATUS_OK && out != NULL)
        *out = (struct footfall_recorded){result.recorded, result.duplicates};
    return tell(status, &err, error);
}

/* An event alone: which of the events is wrong is no question. */
static enum footfall_status record_one(struct footfall *footfall,
                                       const struct footfall_metric_event *event,
                                       struct footfall_error *error)
{
    enum footfall_status status = footfall_record_events(footfall, event, 1, NULL, error);
    if (status != FOOTFALL_OK && error != NULL)
        error->index = -1;
    return status;
}

enum footfall_status footfall_record_view(struct footfall *footfall, const char *user_id,
                                          const char *listing_id, const char *platform,
                                          const char *source, struct footfall_error *error)
{
    const struct footfall_metric_event event = {.size = sizeof event,
                                                .user_id = user_id,
                                                .listing_id = listing_id,
                                                .event_type = "view",
                                                .platform = platform,
                                                .source = source};
    return record_one(footfall, &event, error);
}

enum footfall_status footfall_record_share(struct footfall *footfall, const char *user_id,
                                           const char *listing_id, const char *platform,
                                           struct footfall_error *error)
{
    const struct footfall_metric_event event = {.size = sizeof event,
                                                .user_id = user_id,
                                                .listing_id = listing_id,
                                                .event_type = "share",
                                                .platform = platform};
    return record_one(footfall, &event, error);
}

enum footfall_status footfall_record_inquiry(struct footfall *footfall, const char *user_id,
                                             const char *listing_id, const char *platform,
                                             const char *inquiry_json, struct footfall_error *error)
{
    const struct footfall_metric_event event = {.size = sizeof event,
                                                .user_id = user_id,
                                                .listing_id = listing_id,
                                                .event_type = "inquiry",
                                                .platform = platform,
                                                .inquiry = inquiry_json};
    return record_one(footfall, &event, error);
}

/* ---- details of listings ---- */

static enum status read_details(const struct footfall_listing_details *given,
                                struct listing_details *out, struct error *err)
{
    struct footfall_listing_details known;
    if (given == NULL)
        return require(false, "details", "must be given", err);
    enum status status =
        read_sized(&known, sizeof known, given, given->size, "footfall_listing_details", err);
    if (status != STATUS_OK)
        return status;
    *out = (struct listing_details){.address = text_given(known.address),
                                    .currency = text_given(known.currency),
                                    .image = text_given(known.image),
                                    .status = text_given(known.status),
                                    .has_price = known.has_price,
                                    .price = known.has_price ? known.price + 0.0 : 0};
    const struct {
        const char *field;
        struct text text;
    } texts[] = {{"address", out->address},
                 {"currency", out->currency},
                 {"image", out->image},
                 {"status", out->status}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].text.at == NULL)
            continue;
        if (!utf8_valid(texts[i].text))
            return fail_input(err, "invalid_listing", texts[i].field, "%s is not valid UTF-8",
                              texts[i].field);
        status = listing_check_text(texts[i].field, texts[i].text, err);
        if (status != STATUS_OK)
            return status;
    }
    return out->has_price ? listing_check_price(out->price, err) : STATUS_OK;
}

enum footfall_status footfall_put_listing(struct footfall *footfall, const char *user_id,
                                          const char *listing_id,
                                          const struct footfall_listing_details *details,
                                          struct footfall_error *error)
{
    struct error err;
    struct listing_details read;
    struct text user = text_given(user_id);
    struct text listing = text_given(listing_id);
    enum status status = check_listing(user, listing, &err);
    if (status == STATUS_OK)
        status = read_details(details, &read, &err);
    if (status == STATUS_OK)
        status = instance_record_listing(footfall->instance, user, listing, &read, &err);
    return tell(status, &err, error);
}

enum footfall_status footfall_delete_listing(struct footfall *footfall, const char *user_id,
                                             const char *listing_id, struct footfall_error *error)
{
    struct error err;
    struct text user = text_given(user_id);
    struct text listing = text_given(listing_id);
    enum status status = check_listing(user, listing, &err);
    if (status == STATUS_OK)
        status = instance_record_listing(footfall->instance, user, listing, NULL, &err);
    return tell(status, &err, error);
}
