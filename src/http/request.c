/*
 * request.c - from the first line to the answer.
 *
 * The library calls for each step, and while a request waits it calls again on every pass; each
 * call looks at the state and either moves it on or returns. Whatever goes wrong is kept in the
 * request as an error, and the rest of the body is read and thrown away, so that the connection can
 * serve the next request and the client's system does not drop an answer that came before its last
 * byte.
 *
 * Requests whose client left while their submission waits stay in memory as orphans until its
 * commit is over.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/request.h"

#include <assert.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/answer_cache.h"
#include "http/connection.h"
#include "http/query_pool.h"
#include "http/respond.h"
#include "http/server_parts.h"
#include "http/stream.h"

enum {
    IDLE_REQUESTS_MAX = 512,
    BODY_FIRST_BYTES = 64 * 1024,
    ARENA_CHUNK_BYTES = 16 * 1024 /* adding up 30 days takes one; made when it is needed */
};

static void forget(struct request *request)
{
    request->next = NULL;
    request->state = REQUEST_HEAD;
    request->received_ns = 0;
    request->method[0] = '\0';
    request->uri.segment_count = 0;
    request->uri.parameter_count = 0;
    request->route = NULL;
    request->grant = (struct grant){.is_service = false};
    request->origin_is_listed = false;
    request->user_id = (struct text){NULL, 0};
    request->listing_id = (struct text){NULL, 0};
    request->date = (struct text){NULL, 0};
    request->name = (struct text){NULL, 0};
    request->body.len = 0;
    request->discarded = 0;
    request->media = MEDIA_NONE;
    request->stream = NULL;
    request->has_range = false;
    request->has_oldest = false;
    request->etag[0] = '\0';
    request->handover = HANDOVER_NONE;
    request->failed = false;
    request->http_status = 0;
    request->must_close = false;
    request->answers_counts = false;
    request->matches_any = false;
    request->out.len = 0;
    request->answer = NULL;
    request->content_type = NULL;
    request->content_encoding = NULL;
    request->cache_control = NULL;
    request->fields = NULL;
    atomic_store_explicit(&request->query_done, false, memory_order_relaxed);
}

struct request *request_new(struct http_server *server, struct MHD_Connection *mhd,
                            struct connection *connection, struct text target)
{
    struct request *request = server->idle_requests;
    if (request != NULL) {
        server->idle_requests = request->next;
        server->idle_request_count--;
    } else {
        request = calloc(1, sizeof *request);
        if (request == NULL)
            return NULL;
        request->server = server;
        request->arena.chunk_bytes = ARENA_CHUNK_BYTES;
    }
    forget(request);
    request->mhd = mhd;
    request->connection = connection;
    connection->request = request;
    request->started_ns = monotonic_ns();
    server->requests_active++;
    connection_enter(server, connection, PHASE_HEAD);

    char *to = request->target_inline;
    if (target.len > sizeof request->target_inline)
        to = arena_alloc(&request->arena, target.len);
    if (to != NULL)
        memcpy(to, target.at, target.len);
    request->target = (struct text){to, to == NULL ? 0 : target.len}; /* absent is refused later */
    return request;
}

void request_free(struct request *request)
{
    if (request == NULL)
        return;
    stream_free(request->stream);
    arena_done(&request->arena);
    bytes_done(&request->body);
    bytes_done(&request->out);
    free(request);
}

static void keep(struct request *request)
{
    struct http_server *server = request->server;
    stream_free(request->stream);
    request->stream = NULL;
    server->body_bytes_held -= request->body_charged;
    request->body_charged = 0;
    if (request->body.cap > BUFFER_KEPT_BYTES)
        bytes_done(&request->body);
    if (request->out.cap > ANSWER_KEPT_BYTES)
        bytes_done(&request->out);
    if (server->idle_request_count >= IDLE_REQUESTS_MAX) {
        request_free(request);
        return;
    }
    arena_reset(&request->arena);
    request->next = server->idle_requests;
    server->idle_requests = request;
    server->idle_request_count++;
}

static bool is_pending(const struct request *request)
{
    if (request->stream != NULL)
        return stream_is_pending(request->stream);
    return request->state == REQUEST_SUBMITTED &&
           !atomic_load_explicit(&request->submission.done, memory_order_acquire);
}

void request_over(struct request *request)
{
    struct http_server *server = request->server;
    assert(request->state != REQUEST_QUERYING || atomic_load(&request->query_done));
    if (request->state < REQUEST_ANSWERED)
        server->traffic.abandoned++;
    server->requests_active--;
    connection_enter(server, request->connection, PHASE_IDLE);
    request->connection->request = NULL;
    request->connection = NULL;
    request->mhd = NULL;
    if (is_pending(request)) {
        request->next = server->orphans;
        server->orphans = request;
    } else {
        keep(request);
    }
}

void requests_collect_orphans(struct http_server *server)
{
    struct request *left = NULL;
    struct request *next = NULL;
    for (struct request *each = server->orphans; each != NULL; each = next) {
        next = each->next;
        if (is_pending(each)) {
            each->next = left;
            left = each;
        } else {
            keep(each);
        }
    }
    server->orphans = left;
}

enum status request_refuse(struct request *request, struct error *err, unsigned http_status,
                           const char *code, const char *format, ...)
{
    char words[ERROR_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    request->http_status = http_status;
    return fail_code(err, STATUS_INVALID, code, "%s", words);
}

struct text request_parameter(const struct request *request, const char *name)
{
    return uri_parameter(&request->uri, name);
}

/* ---- the body ---- */

enum status request_reserve_body(struct request *request, size_t more, struct error *err)
{
    struct http_server *server = request->server;
    size_t need = request->body.len + more;
    if (need <= request->body.cap)
        return STATUS_OK;
    size_t charge = need > BUFFER_KEPT_BYTES ? 2 * need : 0; /* they grow by doubling */
    size_t held = server->body_bytes_held - request->body_charged + charge;
    if (held > server->options.body_memory_bytes)
        return fail(err, STATUS_OVERLOADED, "the memory for request bodies is in use");
    if (!bytes_reserve(&request->body, more))
        return fail(err, STATUS_NO_MEMORY, "request: no memory");
    server->body_bytes_held = held;
    request->body_charged = charge;
    return STATUS_OK;
}

enum status request_too_large(const struct request *request, struct error *err)
{
    const char *instead = request->route->too_large;
    return fail_code(err, STATUS_TOO_LARGE, "body_too_large", "the body is over %zu bytes%s%s",
                     request->route->body_bytes_max, instead == NULL ? "" : "; ",
                     instead == NULL ? "" : instead);
}

enum status request_collect(struct request *request, const char *piece, size_t len,
                            struct error *err)
{
    size_t max = request->route->body_bytes_max;
    if (request->body.len + len > max)
        return request_too_large(request, err);
    size_t more = len;
    if (request->body.len == 0 && request->head.content_length > len)
        more = request->head.content_length < BODY_FIRST_BYTES
                   ? (size_t)request->head.content_length
                   : BODY_FIRST_BYTES;
    if (more < len)
        more = len;
    enum status status = request_reserve_body(request, more, err);
    if (status != STATUS_OK)
        return status;
    memcpy(request->body.at + request->body.len, piece, len);
    request->body.len += len;
    return STATUS_OK;
}

static void discard(struct request *request, size_t len)
{
    request->discarded += len;
    if (request->discarded > DISCARD_BYTES_MAX && request->state == REQUEST_BODY)
        respond_early(request);
}

void request_body_came(struct request *request, const char *piece, size_t len)
{
    request->server->progress++;
    connection_received(request->server, request->connection, len);
    if (request->failed || request->state != REQUEST_BODY) {
        discard(request, len);
        return;
    }
    enum status status = STATUS_OK;
    if (request->route->receive != NULL)
        status = request->route->receive(request, piece, len, &request->error);
    else
        discard(request, len); /* a body where none means anything */
    request->failed = status != STATUS_OK;
}

/* ---- the work ---- */

enum status request_submit_events(struct request *request, const struct event *events, size_t count,
                                  struct submission *submission, struct error *err)
{
    request->server->submitted++;
    return instance_submit_events(request->server->instance, events, count, submission, err);
}

enum status request_submit_listing(struct request *request, const struct listing_details *details,
                                   struct error *err)
{
    struct http_server *server = request->server;
    server->submitted++;
    for (int attempt = 0;; attempt++) {
        enum status status =
            instance_submit_listing(server->instance, request->user_id, request->listing_id,
                                    details, &request->submission, err);
        if (status == STATUS_OK)
            request->state = REQUEST_SUBMITTED;
        if (status != STATUS_OVERLOADED || attempt > 0)
            return status;
        instance_commit(server->instance); /* the group is full */
    }
}

static bool finished(struct request *request, enum status status)
{
    request->failed = status != STATUS_OK;
    if (request->failed)
        respond_error(request);
    return true;
}

static bool proceed_write(struct request *request)
{
    struct error *err = &request->error;
    if (request->state == REQUEST_BODY) {
        connection_enter(request->server, request->connection, PHASE_WORK);
        if (is_pending(request))
            return false; /* a stream's batch, which its end comes behind */
        enum status status = request->route->submit(request, err);
        if (status != STATUS_OK || request->state != REQUEST_SUBMITTED)
            return finished(request, status);
        request->server->waiting++;
        return false;
    }
    if (is_pending(request))
        return false;
    if (request->stream == NULL && request->submission.error.status != STATUS_OK) {
        *err = request->submission.error;
        return finished(request, err->status);
    }
    return finished(request, request->route->finish(request, err));
}

static struct answer_key answer_key_of(const struct request *request)
{
    return (struct answer_key){
        .target = request->target,
        .first_day = request->has_range ? request->range.first_day : 0,
        .last_day = request->has_range ? request->range.last_day : 0,
        .version = request->user_version,
    };
}

/*
 * Whether no read is needed: the client has the answer already, or it is kept. Reads the version
 * before anything else is read.
 */
static bool is_known(struct request *request)
{
    const struct http_server *server = request->server;
    request->user_version = instance_user_version(server->instance, request->user_id);
    struct answer_key key = answer_key_of(request);
    struct answer *kept = answer_cache_find(server->answers, &key);
    if (kept != NULL) {
        memcpy(request->etag, kept->etag, sizeof request->etag);
    } else {
        const struct etag_parts parts = {
            .boot_nonce = instance_boot_nonce(server->instance),
            .user_version = key.version,
            .first_day = key.first_day,
            .last_day = key.last_day,
            .zone_data_version = zone_data_version(),
            .target = key.target,
        };
        etag_make(&parts, request->etag);
    }
    enum etag_match match = etag_matches(request->head.if_none_match, request->etag);
    request->matches_any = match == ETAG_MATCH_ANY;
    if (match == ETAG_MATCH || (match == ETAG_MATCH_ANY && kept != NULL)) {
        request->http_status = 304;
        return true;
    }
    request->answer = kept;
    return kept != NULL;
}

/* A store over a network that does not answer is to be asked again, and why is the operator's. */
static enum status explain_unreachable(struct request *request)
{
    struct error why = request->error;
    log_event(LOG_WARN, "http", "store_unreachable",
              LOG_TEXT("operation", request->route->operation), LOG_TEXT("code", why.code),
              LOG_TEXT("error", why.message));
    return fail_code(&request->error, STATUS_BEHIND, "store_unreachable", "%.400s", why.message);
}

static bool answer_read(struct request *request, enum status status)
{
    if (status == STATUS_IO && request->server->store_is_shared)
        status = explain_unreachable(request);
    if (status == STATUS_OK && request->route->cached) {
        struct answer_key key = answer_key_of(request);
        struct text body = {(const char *)request->out.at, request->out.len};
        answer_cache_offer(request->server->answers, &key, request->etag, request->content_type,
                           body);
    }
    if (status == STATUS_OK && request->matches_any) {
        request->http_status = 304;
        request->out.len = 0;
    }
    return finished(request, status);
}

/* On a query thread. */
void request_run_query(struct request *request)
{
    const uint64_t one = 1;
    int wake_fd = request->server->wake_fd;
    request->query_status = request->route->answer(request, &request->error);
    struct MHD_Connection *mhd = request->mhd;
    atomic_store_explicit(&request->query_done, true, memory_order_release);
    MHD_resume_connection(mhd); /* from here on the request is the loop's again */
    /* Only daemons with threads of their own have the library's wake-up. */
    (void)!write(wake_fd, &one, sizeof one);
}

static bool proceed_read(struct request *request)
{
    struct http_server *server = request->server;
    struct error *err = &request->error;
    const struct route *route = request->route;
    if (request->state == REQUEST_QUERYING) {
        if (!atomic_load_explicit(&request->query_done, memory_order_acquire))
            return false;
        return answer_read(request, request->query_status);
    }
    connection_enter(server, request->connection, PHASE_WORK);
    enum status status = route->prepare == NULL ? STATUS_OK : route->prepare(request, err);
    if (status != STATUS_OK)
        return finished(request, status);
    if (route->cached && is_known(request))
        return true;
    if (route->kind == ROUTE_LIVE)
        return finished(request, status);
    /* What has an ETag reads the store: a shared one lies behind a network. */
    bool slow = route->kind == ROUTE_POOL || (route->cached && server->store_is_shared);
    if (!slow)
        return answer_read(request, route->answer(request, err));
    if (!query_pool_has_room(server->pool))
        return finished(request, fail(err, STATUS_OVERLOADED, "the queue of queries is full"));
    request->state = REQUEST_QUERYING;
    MHD_suspend_connection(request->mhd);
    query_pool_offer(server->pool, request);
    return false;
}

bool request_proceed(struct request *request)
{
    if (request->received_ns == 0)
        request->received_ns = request->server->now_ns;
    if (request->failed)
        return finished(request, request->error.status);
    if (request->route->kind == ROUTE_WRITE)
        return proceed_write(request);
    return proceed_read(request);
}
