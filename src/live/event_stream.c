/*
 * event_stream.c - subscribers that read Server-Sent Events.
 *
 * One request is one subscription. What can still be refused when the socket is ours, because only
 * this thread knows, is answered as HTTP. Then the head, and events without end.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "live/live_parts.h"
#include "present/metrics_json.h"

static const char head[] = "HTTP/1.1 200 OK\r\n"
                           "Content-Type: text/event-stream; charset=utf-8\r\n"
                           "Cache-Control: no-store\r\n"
                           "X-Content-Type-Options: nosniff\r\n"
                           "X-Accel-Buffering: no\r\n"
                           "Connection: close\r\n";
static const char head_end[] = "\r\nretry: 2000\n\n";

static void say(struct subscriber *subscriber, const void *at, size_t len)
{
    if (!bytes_append(&subscriber->out, at, len))
        subscriber_end(subscriber, LIVE_CLOSE_FAILED);
}

static void say_event(struct subscriber *subscriber, const struct bytes *json)
{
    say(subscriber, "data: ", 6);
    say(subscriber, json->at, json->len);
    say(subscriber, "\n\n", 2);
}

/* The machine's troubles are not for the client. */
static void refuse(struct subscriber *subscriber, const struct error *error)
{
    char answer[256];
    struct bytes body = {0};
    struct error shown = *error;
    bool full = error->status == STATUS_OVERLOADED || error->status == STATUS_TOO_LARGE;
    if (!full)
        (void)fail(&shown, STATUS_IO, "the listings cannot be read now");
    int len = -1;
    if (error_json(&body, &shown))
        len = snprintf(answer, sizeof answer,
                       "HTTP/1.1 %s\r\n"
                       "Content-Type: application/json; charset=utf-8\r\n"
                       "X-Content-Type-Options: nosniff\r\n"
                       "%s"
                       "Connection: close\r\n"
                       "Content-Length: %zu\r\n"
                       "\r\n",
                       error->status == STATUS_TOO_LARGE ? "413 Content Too Large"
                       : full                            ? "503 Service Unavailable"
                                                         : "500 Internal Server Error",
                       error->status == STATUS_OVERLOADED ? "Retry-After: 1\r\n" : "", body.len);
    if (len > 0 && (size_t)len < sizeof answer) {
        say(subscriber, answer, (size_t)len);
        say(subscriber, body.at, body.len);
    }
    bytes_done(&body);
    subscriber->reason = full ? LIVE_CLOSE_FULL : LIVE_CLOSE_FAILED;
}

void event_stream_refuse(struct subscriber *subscriber, const struct error *error)
{
    refuse(subscriber, error);
    if (subscriber->state == SUBSCRIBER_OPEN)
        subscriber_close(subscriber, subscriber->reason);
}

void event_stream_begin(struct subscriber *subscriber, const struct live_request *request)
{
    struct error err;
    struct bytes json = {0};
    const struct subscription *subscription = NULL;
    bool resumed = false;
    if (subscription_add(subscriber, request, &subscription, &resumed, &err) != STATUS_OK) {
        event_stream_refuse(subscriber, &err);
        return;
    }
    subscriber->has_head = true;
    say(subscriber, head, sizeof head - 1);
    if (request->cors_origin.at != NULL) {
        static const char allow[] = "Vary: Origin\r\nAccess-Control-Allow-Origin: ";
        say(subscriber, allow, sizeof allow - 1);
        say(subscriber, request->cors_origin.at, request->cors_origin.len);
        say(subscriber, "\r\n", 2);
    }
    say(subscriber, head_end, sizeof head_end - 1);
    if (write_subscribed(&json, subscriber->live, subscription, resumed))
        subscriber_say(subscriber, &json);
    else
        subscriber_end(subscriber, LIVE_CLOSE_FAILED);
    bytes_done(&json);
}

void event_stream_say(struct subscriber *subscriber, const struct bytes *json)
{
    say_event(subscriber, json);
}

void event_stream_ping(struct subscriber *subscriber)
{
    if (subscriber->out.len < 1024) /* else it does not read, and what is there is enough */
        say(subscriber, ": ping\n\n", 8);
}

void event_stream_close(struct subscriber *subscriber, enum live_close reason)
{
    struct error error;
    struct bytes json = {0};
    const struct close_words *words = close_words(reason);
    if (!subscriber->has_head)
        return; /* it has its answer */
    (void)fail_code(&error, STATUS_STOPPED, words->name, "%s", words->words);
    if (write_error(&json, &error, (struct text){NULL, 0}))
        say_event(subscriber, &json);
    bytes_done(&json);
}
