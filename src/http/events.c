/*
 * events.c - POST /v1/events: one event, an array, or a stream of lines (stream.h).
 *
 * An array is all or nothing and is decoded when it is whole. Events point into the request's body;
 * the engine copies them when they are submitted, so the scratch list serves the next request.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/handlers.h"
#include "http/server_parts.h"
#include "http/stream.h"
#include "model/calendar.h"

/* Imports say how old their events may be. A page has no business with the past. */
static enum status read_oldest(struct request *request, struct error *err)
{
    int32_t day = 0;
    struct text text = request_parameter(request, "oldest");
    if (text.at == NULL)
        return STATUS_OK;
    if (!request->grant.is_service)
        return fail(err, STATUS_FORBIDDEN,
                    "only the service key may use oldest, and a user's token was sent");
    if (!date_parse(text, &day))
        return fail_input(err, "invalid_date", "oldest",
                          "oldest must be a date that exists, as YYYY-MM-DD: events before it are "
                          "refused");
    request->has_oldest = true;
    request->oldest_ms = day * ms_per_day;
    return STATUS_OK;
}

const struct event_rules *events_rules(const struct request *request)
{
    const struct grant *grant = &request->grant;
    struct event_rules *rules = &request->server->rules;
    rules->has_oldest = request->has_oldest;
    rules->oldest_ms = request->oldest_ms;
    rules->only_user = grant->is_service ? (struct text){NULL, 0} : grant->user_id;
    return rules;
}

enum status events_begin(struct request *request, struct error *err)
{
    enum status status = require_media(request, true, err);
    if (status == STATUS_OK)
        status = read_oldest(request, err);
    if (status != STATUS_OK || request->media != MEDIA_NDJSON)
        return status;
    request->stream = stream_new();
    return answer_written(request->stream != NULL, err);
}

enum status events_receive(struct request *request, const char *piece, size_t len,
                           struct error *err)
{
    if (request->media == MEDIA_NDJSON)
        return stream_receive(request, piece, len, err);
    return request_collect(request, piece, len, err);
}

static enum status submit_list(struct request *request, const struct event_list *events,
                               struct error *err)
{
    for (int attempt = 0;; attempt++) {
        enum status status =
            request_submit_events(request, events->at, events->count, &request->submission, err);
        if (status == STATUS_OK)
            request->state = REQUEST_SUBMITTED;
        if (status != STATUS_OVERLOADED || attempt > 0)
            return status;
        instance_commit(request->server->instance); /* the group is full */
    }
}

enum status events_submit(struct request *request, struct error *err)
{
    struct http_server *server = request->server;
    if (request->stream != NULL) {
        enum status status = stream_end(request, err);
        if (status == STATUS_OK)
            request->state = REQUEST_SUBMITTED;
        return status;
    }
    event_list_clear(&server->events);
    enum status status = events_json_decode((char *)request->body.at, request->body.len,
                                            events_rules(request), &server->events, err);
    if (status != STATUS_OK) {
        server->traffic.events_rejected++;
        return status;
    }
    if (server->events.count > 0)
        return submit_list(request, &server->events, err);
    request->submission.recorded = 0; /* an empty array is no mistake */
    request->submission.duplicates = 0;
    request->answers_counts = true;
    return STATUS_OK;
}

enum status events_finish(struct request *request, struct error *err)
{
    if (request->stream != NULL)
        return stream_finish(request, err);
    request->answers_counts = true;
    return STATUS_OK;
}
