/*
 * request_head.c - what is decided before a body is read.
 *
 * In this order: is it plain HTTP, is the target readable, who may, is there such an address, is
 * the method known there, are ids and parameters good, is the body welcome. A request that fails
 * here costs no more than its head, and with "Expect: 100-continue" its body is never sent.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "http/connection.h"
#include "http/request.h"
#include "http/server_parts.h"

/* Who it is. What that one may do here is check_grant()'s business. */
enum status request_check_access(struct request *request, bool open, struct error *err)
{
    const struct http_server *server = request->server;
    const struct access_request asked = {
        .open = open,
        .host = request->head.host,
        .origin = request->head.origin,
        .origin_is_listed = request->origin_is_listed,
        .authorization = request->head.authorization,
        .now_s = server->rules.now_ms / 1000,
    };
    switch (access_check(&server->access, &asked, &request->arena, &request->grant)) {
    case ACCESS_GRANTED:
        return STATUS_OK;
    case ACCESS_FOREIGN:
        return request_refuse(request, err, 403, "foreign_origin",
                              "this server runs without a key and answers requests from this "
                              "machine only: Host and Origin must name a loopback address");
    case ACCESS_KEY_MISSING:
        return fail(err, STATUS_UNAUTHORIZED,
                    "this needs the service key or a user's token: send it as "
                    "\"Authorization: Bearer KEY\"");
    case ACCESS_TOKEN_EXPIRED:
        return fail_code(err, STATUS_UNAUTHORIZED, "token_expired",
                         "the token has expired: get a new one");
    case ACCESS_NO_MEMORY:
        return fail(err, STATUS_NO_MEMORY, "access: no memory");
    case ACCESS_KEY_WRONG:
        break;
    }
    return fail(err, STATUS_UNAUTHORIZED,
                "the key is neither the service key nor a token made with it");
}

/* A token is for one user's data; where the path names no user, the handler looks (events.c). */
static enum status check_grant(const struct request *request, struct error *err)
{
    const struct grant *grant = &request->grant;
    const struct route *route = request->route;
    if (grant->is_service || route->open)
        return STATUS_OK;
    if (route->right == 0)
        return fail(err, STATUS_FORBIDDEN,
                    "only the service key may do this, and a user's token was sent");
    if (request->user_id.at != NULL && !text_equal(request->user_id, grant->user_id))
        return fail_code(err, STATUS_FORBIDDEN, "other_user",
                         "the token is for another user than the one this is about");
    if ((grant->rights & route->right) == 0)
        return fail(err, STATUS_FORBIDDEN, "the token's access, \"%s\", does not include this",
                    token_rights_word(grant->rights));
    return STATUS_OK;
}

/* Who may comes before what there is: without a key nobody learns which addresses exist. */
static enum status find_route(struct request *request, struct error *err)
{
    struct route_match match;
    request->origin_is_listed = cors_allows(&request->server->cors, request->head.origin);
    route_find(text_of(request->method), &request->uri, &match);
    request->route = match.route;
    /* A browser asks beforehand what a page of a listed origin may send, without its key. */
    bool preflight = request->origin_is_listed && match.route == NULL && match.path_known &&
                     strcmp(request->method, "OPTIONS") == 0;
    if (preflight) {
        memcpy(request->allow, match.allow, sizeof request->allow);
        request->http_status = 204;
        return fail(err, STATUS_INVALID, "a preflight: its answer is in the header's fields");
    }
    enum status status =
        request_check_access(request, match.route != NULL && match.route->open, err);
    if (status != STATUS_OK)
        return status;
    if (match.route == NULL && match.path_known) {
        memcpy(request->allow, match.allow, sizeof request->allow);
        return request_refuse(request, err, 405, "method_not_allowed",
                              "this address does not know that method; it knows %s", match.allow);
    }
    if (match.route == NULL)
        return fail(err, STATUS_NOT_FOUND, "there is nothing at this address");
    request->user_id = match.user_id;
    request->listing_id = match.listing_id;
    request->date = match.date;
    request->name = match.name;
    if (match.user_id.at != NULL)
        status = id_check(match.user_id, ID_BYTES_MAX, "userId", err);
    if (status == STATUS_OK)
        status = check_grant(request, err);
    if (status == STATUS_OK && match.listing_id.at != NULL)
        status = id_check(match.listing_id, ID_BYTES_MAX, "listingId", err);
    if (status == STATUS_OK && !match.route->page)
        status = route_check_parameters(match.route, &request->uri, err);
    return status;
}

static enum status check_length(struct request *request, struct error *err)
{
    size_t max = request->route->body_bytes_max;
    if (request->media == MEDIA_NDJSON || request->head.content_length <= max || max == 0)
        return STATUS_OK;
    return request_too_large(request, err);
}

static enum status look_at_head(struct request *request, const struct head_field *fields,
                                size_t count, const char *version, bool gapless, struct error *err)
{
    enum status status = STATUS_OK;
    request->must_close = true; /* until it is plain where this request ends */
    if (count > HEAD_FIELDS_MAX)
        return request_refuse(request, err, 431, "head_too_large",
                              "more than %d header fields, or a head over %d bytes",
                              HEAD_FIELDS_MAX, HEAD_BYTES_MAX);
    if (request->target.at == NULL)
        return fail(err, STATUS_NO_MEMORY, "request: no memory");
    status = head_read(fields, count, version, &request->head, err);
    if (status != STATUS_OK)
        return status;
    if (!gapless)
        return fail_input(err, "invalid_request", "",
                          "the request is not plain HTTP: its head holds a folded line, a bare "
                          "line feed, a NUL or a doubled space");
    request->must_close = false;

    status = uri_parse(request->target, &request->arena, &request->uri, err);
    if (status == STATUS_OK || status == STATUS_NOT_FOUND) {
        enum status found = find_route(request, err);
        status = status == STATUS_OK || found != STATUS_NOT_FOUND ? found : status;
    }
    if (status == STATUS_OK && request->route->begin != NULL)
        status = request->route->begin(request, err);
    if (status == STATUS_OK)
        status = check_length(request, err);
    return status;
}

bool request_head_came(struct request *request, const struct head_field *fields, size_t count,
                       const char *method, const char *version, bool gapless)
{
    request->server->progress++;
    request->state = REQUEST_BODY;
    if (strlen(method) < sizeof request->method)
        memcpy(request->method, method, strlen(method) + 1);
    enum status status = look_at_head(request, fields, count, version, gapless, &request->error);
    request->failed = status != STATUS_OK;
    if (request->failed && (request->must_close || request->head.expects_continue))
        return false;
    bool has_body = request->head.chunked || request->head.content_length > 0;
    connection_enter(request->server, request->connection, has_body ? PHASE_BODY : PHASE_WORK);
    return true;
}
