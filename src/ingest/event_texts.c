/*
 * event_texts.c - each text to its rule, in the order of the table of fields.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest/event_texts.h"

#include <stddef.h>

#include "ingest/inquiry_json.h"
#include "ingest/json_cursor.h"
#include "model/platform.h"

static enum status check_required(const struct event_texts *texts, struct error *err)
{
    const struct {
        const char *field;
        struct text text;
    } required[] = {{"userId", texts->user_id},
                    {"listingId", texts->listing_id},
                    {"eventType", texts->event_type}};
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++)
        if (required[i].text.at == NULL)
            return fail_input(err, "missing_field", required[i].field,
                              "%s is missing; an event needs userId, listingId and eventType",
                              required[i].field);
    return STATUS_OK;
}

static enum status check_ids(const struct event_texts *texts, struct error *err)
{
    const struct {
        const char *field;
        struct text text;
        size_t bytes_max;
    } ids[] = {{"userId", texts->user_id, ID_BYTES_MAX},
               {"listingId", texts->listing_id, ID_BYTES_MAX},
               {"id", texts->id, EVENT_ID_BYTES_MAX},
               {"visitor", texts->visitor, VISITOR_BYTES_MAX}};
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < sizeof ids / sizeof ids[0]; i++)
        if (ids[i].text.at != NULL)
            status = id_check(ids[i].text, ids[i].bytes_max, ids[i].field, err);
    return status;
}

/* *inquiry becomes the object without the space around it. */
static enum status check_inquiry(struct text *inquiry, enum event_type type, struct error *err)
{
    /* A cursor may change what it reads; taking an inquiry does not. */
    struct json_cursor cursor = json_cursor_of((char *)(uintptr_t)inquiry->at, inquiry->len);
    json_skip_space(&cursor);
    enum status status = inquiry_json_take(&cursor, inquiry, err);
    if (status == STATUS_OK)
        status = json_only_space_left(&cursor, err);
    return status == STATUS_OK ? inquiry_check_type(type, err) : status;
}

enum status event_from_texts(const struct event_texts *texts, const struct event_rules *rules,
                             struct event *out, struct error *err)
{
    struct event event = {.user_id = texts->user_id,
                          .listing_id = texts->listing_id,
                          .source = texts->source,
                          .id = texts->id,
                          .visitor = texts->visitor,
                          .inquiry = texts->inquiry,
                          .time_ms = texts->has_time ? texts->time_ms : rules->now_ms,
                          .platform = PLATFORM_NONE};
    enum status status = check_required(texts, err);
    if (status == STATUS_OK)
        status = check_ids(texts, err);
    if (status == STATUS_OK)
        status = event_rules_find_type(texts->event_type, &event.type, err);
    if (status == STATUS_OK && texts->platform.at != NULL)
        status = event_rules_find_platform(rules, texts->platform, &event.platform, err);
    if (status == STATUS_OK && texts->source.at != NULL)
        status = source_check(texts->source, err);
    if (status == STATUS_OK && texts->has_time)
        status = event_rules_check_time(rules, texts->time_ms, err);
    if (status == STATUS_OK && texts->inquiry.at != NULL)
        status = check_inquiry(&event.inquiry, event.type, err);
    if (status == STATUS_OK)
        *out = event;
    return status;
}
