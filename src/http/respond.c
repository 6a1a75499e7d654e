/*
 * respond.c - answers as the library wants them.
 *
 * The body lies in the request's buffer until the request is over, which the library reports when
 * it has sent the last byte, so nothing is copied. The answer to a single event is the same nearly
 * every time; it is made once a second, date included, and shared. So are the kept answers to
 * queries (answer_cache.h), whose memory the library lets go of when it has sent the last of them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/respond.h"

#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/answer_cache.h"
#include "http/connection.h"
#include "http/request.h"
#include "http/server_parts.h"
#include "http/stream.h"
#include "present/json_writer.h"
#include "present/metrics_json.h"

enum { LOG_LINES_PER_SECOND = 10 };

static const uint64_t slow_ns = 1000 * 1000 * 1000;
static const char json_type[] = "application/json; charset=utf-8";

/* NULL: the error's own words are for the client. */
static const struct {
    enum status status;
    unsigned http_status;
    const char *words;
} answers[] = {
    {STATUS_OK, 200, NULL},
    {STATUS_INVALID, 400, NULL},
    {STATUS_UNAUTHORIZED, 401, NULL},
    {STATUS_FORBIDDEN, 403, NULL},
    {STATUS_NOT_FOUND, 404, NULL},
    {STATUS_TOO_LARGE, 413, NULL},
    {STATUS_BUSY, 503, "the data is in use by another process; try again"},
    {STATUS_CORRUPT, 500, "stored data is damaged; the server's log says where"},
    {STATUS_FOREIGN, 500, "stored data does not belong together; the server's log says more"},
    {STATUS_IO, 500, "the server's disk or system refused; its log says more"},
    {STATUS_NO_MEMORY, 503, "the server is out of memory or of open files; try again"},
    {STATUS_DISK_FULL, 503, "the server's disk is full; nothing was recorded; try again later"},
    {STATUS_BEHIND, 503,
     "the store is behind and memory or journal is full; nothing was recorded; try again"},
    {STATUS_OVERLOADED, 503, "the server is overloaded; nothing was done; try again"},
    {STATUS_UNKNOWN, 503,
     "a disk sync failed: whether this was recorded cannot be known; events with an id can safely "
     "be sent again"},
    {STATUS_STOPPED, 503, "the server does not record events now; try again later"},
};

/* Where the code says more than the status. */
static const struct {
    const char *code;
    const char *words;
} code_words[] = {
    {"id_undecided",
     "another node has begun to record an event with this id, and whether it did is "
     "not known yet; nothing was recorded; try again"},
    {"ids_unavailable", "the table of ids that the nodes share cannot be asked now; nothing was "
                        "recorded; try again"},
    {"store_unreachable", "the store cannot be reached now; try again"},
};

unsigned http_status_of(enum status status)
{
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        if (answers[i].status == status)
            return answers[i].http_status;
    }
    return 500;
}

const char *http_reason(unsigned http_status)
{
    const char *reason = MHD_get_reason_phrase_for(http_status);
    return reason == NULL ? "Error" : reason;
}

void error_for_public(const struct error *error, struct error *out)
{
    const char *words = NULL;
    *out = *error;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        if (answers[i].status == error->status)
            words = answers[i].words;
    for (size_t i = 0; i < sizeof code_words / sizeof code_words[0] && error->code != NULL; i++)
        if (strcmp(code_words[i].code, error->code) == 0)
            words = code_words[i].words;
    if (words != NULL)
        snprintf(out->message, sizeof out->message, "%s", words);
}

void respond_error(struct request *request)
{
    struct error shown;
    if (request->http_status == 0)
        request->http_status = http_status_of(request->error.status);
    error_for_public(&request->error, &shown);
    request->out.len = 0;
    request->etag[0] = '\0';
    request->content_type = json_type;
    request->content_encoding = NULL;
    request->fields = NULL;
    if (request->http_status == 204)
        return; /* a preflight: its answer is in the fields alone */
    bool written = request->stream != NULL
                       ? stream_error_json(request->stream, &shown, &request->out)
                       : error_json(&request->out, &shown);
    if (!written) {
        request->out.len = 0; /* no memory even for that: the status must do */
        request->must_close = true;
    }
}

static bool may_log(struct http_server *server)
{
    if (server->now_ns - server->log_window_ns >= ns_per_s) {
        uint32_t suppressed = server->log_suppressed;
        server->log_window_ns = server->now_ns;
        server->log_lines = 0;
        server->log_suppressed = 0;
        if (suppressed > 0)
            log_event(LOG_WARN, "http", "lines_suppressed", LOG_NUMBER("count", suppressed));
    }
    if (server->log_lines < LOG_LINES_PER_SECOND) {
        server->log_lines++;
        return true;
    }
    server->log_suppressed++;
    return false;
}

/* Slow is what we were slow with, and not how long a client took to send it. */
static void log_request(const struct request *request, uint64_t duration_ns)
{
    bool failed = request->http_status >= 500;
    uint64_t ours_ns = 0;
    if (request->received_ns != 0)
        ours_ns = request->started_ns + duration_ns - request->received_ns;
    if ((!failed && ours_ns < slow_ns) || !may_log(request->server))
        return;
    const char *operation = request->route == NULL ? "unknown" : request->route->operation;
    if (failed)
        log_event(LOG_WARN, "http", "request_failed", LOG_TEXT("operation", operation),
                  LOG_NUMBER("status", request->http_status),
                  LOG_TEXT("code", request->error.code == NULL ? "" : request->error.code),
                  LOG_TEXT("error", request->error.message),
                  LOG_NUMBER("ms", duration_ns / ns_per_ms));
    else
        log_event(LOG_WARN, "http", "request_slow", LOG_TEXT("operation", operation),
                  LOG_NUMBER("status", request->http_status),
                  LOG_NUMBER("ms", ours_ns / ns_per_ms));
}

/* The field or nothing: an answer without it is better than none. */
static void add(struct MHD_Response *response, const char *name, const char *value)
{
    (void)MHD_add_response_header(response, name, value);
}

static void add_common(const struct http_server *server, struct MHD_Response *response)
{
    add(response, MHD_HTTP_HEADER_DATE, server->date);
    add(response, "X-Content-Type-Options", "nosniff");
}

/* For a page of a listed origin: it may read the answer, and what it may send (preflight). */
static void add_cors(const struct request *request, struct MHD_Response *response)
{
    char origin[CORS_TEXT_BYTES];
    if (request->server->cors.origin_count > 0)
        add(response, MHD_HTTP_HEADER_VARY, "Origin");
    if (!request->origin_is_listed)
        return;
    snprintf(origin, sizeof origin, "%.*s", TEXT_ARGS(request->head.origin));
    add(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if (request->http_status != 204) {
        add(response, MHD_HTTP_HEADER_ACCESS_CONTROL_EXPOSE_HEADERS, "ETag, Retry-After");
        return;
    }
    add(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_METHODS, request->allow);
    add(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_HEADERS,
        "Authorization, Content-Type, If-None-Match");
    add(response, MHD_HTTP_HEADER_ACCESS_CONTROL_MAX_AGE, "7200");
}

static void account(struct request *request)
{
    uint64_t duration_ns = monotonic_ns() - request->started_ns;
    size_t operation = request->route == NULL ? route_count : route_index(request->route);
    traffic_add(&request->server->traffic, operation, request->http_status, duration_ns);
    log_request(request, duration_ns);
}

void respond_early(struct request *request)
{
    respond_error(request);
    account(request);
    request->state = REQUEST_ANSWERED_EARLY;
    connection_answer_early(request->server, request->connection, request->http_status,
                            (struct text){(const char *)request->out.at, request->out.len});
}

static bool queue(struct request *request, struct MHD_Response *response, size_t bytes)
{
    struct http_server *server = request->server;
    account(request);
    bool queued = MHD_queue_response(request->mhd, request->http_status, response) == MHD_YES;
    request->state = REQUEST_ANSWERED;
    server->progress++;
    connection_answers(server, request->connection, bytes);
    return queued;
}

bool respond_with(struct request *request, struct MHD_Response *response)
{
    add_common(request->server, response);
    return queue(request, response, 0);
}

void respond_handed_over(struct request *request)
{
    account(request);
    request->state = REQUEST_HANDED_OVER;
    request->server->progress++; /* the next pass comes at once, and closes it */
}

static bool recorded_json(struct bytes *out, uint64_t recorded, uint64_t duplicates)
{
    char text[96];
    int len = snprintf(text, sizeof text,
                       "{\"success\":true,\"recorded\":%" PRIu64 ",\"duplicates\":%" PRIu64 "}",
                       recorded, duplicates);
    out->len = 0;
    return bytes_append(out, text, (size_t)len);
}

/* Nearly every answer is one of two: they are made beforehand. */
static bool respond_counts(struct request *request)
{
    struct http_server *server = request->server;
    uint64_t recorded = request->submission.recorded;
    uint64_t duplicates = request->submission.duplicates;
    struct MHD_Response *easy = NULL;
    if (recorded + duplicates == 1 && !server->stopping && !request->origin_is_listed)
        easy = server->easy_answers[duplicates];
    if (easy != NULL) {
        request->http_status = 200;
        return queue(request, easy, 64);
    }
    request->answers_counts = false;
    return recorded_json(&request->out, recorded, duplicates) && respond(request);
}

/* Everything but the length, which the library writes. */
static void add_fields(const struct request *request, struct MHD_Response *response)
{
    const struct http_server *server = request->server;
    add_common(server, response);
    add_cors(request, response);
    if (request->http_status != 304 && request->http_status != 204)
        add(response, MHD_HTTP_HEADER_CONTENT_TYPE,
            request->content_type == NULL ? json_type : request->content_type);
    if (request->http_status != 304 && request->content_encoding != NULL)
        add(response, MHD_HTTP_HEADER_CONTENT_ENCODING, request->content_encoding);
    const char *cache_control = "no-store";
    if (request->etag[0] != '\0') {
        add(response, MHD_HTTP_HEADER_ETAG, request->etag);
        cache_control =
            request->cache_control != NULL ? request->cache_control : "private, no-cache";
    }
    add(response, MHD_HTTP_HEADER_CACHE_CONTROL, cache_control);
    for (const struct answer_field *field = request->fields; field != NULL && field->name != NULL;
         field++)
        add(response, field->name, field->value);
    if (request->http_status == 503)
        add(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (request->http_status == 401)
        add(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer realm=\"footfall\"");
    if (request->http_status == 426) {
        add(response, MHD_HTTP_HEADER_UPGRADE, "websocket");
        add(response, "Sec-WebSocket-Version", "13");
    }
    if (request->http_status == 405)
        add(response, MHD_HTTP_HEADER_ALLOW, request->allow);
    if (request->must_close || server->stopping)
        add(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

void respond_drop_prepared(struct answer *answer)
{
    MHD_destroy_response(answer->prepared);
    answer->prepared = NULL;
}

/* The library needs the answer no more. */
static void on_sent(void *context)
{
    answer_unref(context);
}

/* A kept answer, made ready to be sent; it serves everybody for a second, which its date names. */
static bool prepare(const struct request *request, struct answer *answer)
{
    if (answer->prepared != NULL && answer->prepared_second == request->server->date_second)
        return true;
    if (answer->prepared != NULL)
        respond_drop_prepared(answer);
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        answer->body.len, (void *)(uintptr_t)answer->body.at, on_sent, answer);
    if (response == NULL)
        return false;
    answer_ref(answer);
    add_fields(request, response);
    answer->prepared = response;
    answer->prepared_second = request->server->date_second;
    return true;
}

static bool respond_kept(struct request *request)
{
    struct answer *answer = request->answer;
    bool is_usual =
        !request->must_close && !request->server->stopping && !request->origin_is_listed;
    request->answer = NULL;
    request->http_status = 200;
    request->content_type = answer->content_type;
    if (is_usual)
        return prepare(request, answer) && queue(request, answer->prepared, answer->body.len);
    request->out.len = 0; /* with fields of its own */
    return bytes_append(&request->out, answer->body.at, answer->body.len) && respond(request);
}

bool respond(struct request *request)
{
    if (request->answers_counts)
        return respond_counts(request);
    if (request->answer != NULL)
        return respond_kept(request);
    if (request->handover != HANDOVER_NONE)
        return hand_over(request);
    if (request->http_status == 0)
        request->http_status = 200;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(request->out.len, request->out.at, MHD_RESPMEM_PERSISTENT);
    if (response == NULL)
        return false;
    add_fields(request, response);
    bool queued = queue(request, response, request->out.len);
    MHD_destroy_response(response); /* our share of it */
    return queued;
}

static struct MHD_Response *make_easy_answer(struct http_server *server, unsigned duplicates)
{
    struct MHD_Response *response = NULL;
    struct bytes body = {0};
    if (recorded_json(&body, 1 - duplicates, duplicates))
        response = MHD_create_response_from_buffer(body.len, body.at, MHD_RESPMEM_MUST_COPY);
    bytes_done(&body);
    if (response == NULL)
        return NULL; /* respond() does without */
    add_common(server, response);
    add(response, MHD_HTTP_HEADER_CONTENT_TYPE, json_type);
    add(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    return response;
}

void respond_tick(struct http_server *server)
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec == server->date_second)
        return;
    server->date_second = now.tv_sec;
    gmtime_r(&now.tv_sec, &utc);
    /* IMF-fixdate of RFC 9110, section 5.6.7; the process keeps the C locale */
    strftime(server->date, sizeof server->date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    respond_done(server);
    for (unsigned i = 0; i < EASY_ANSWERS; i++)
        server->easy_answers[i] = make_easy_answer(server, i);
}

void respond_done(struct http_server *server)
{
    for (unsigned i = 0; i < EASY_ANSWERS; i++) {
        if (server->easy_answers[i] != NULL)
            MHD_destroy_response(server->easy_answers[i]);
        server->easy_answers[i] = NULL;
    }
}
