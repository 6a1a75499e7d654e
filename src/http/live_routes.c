/*
 * live_routes.c - the head of a live connection: is it one, may it, is there room.
 *
 * GET /v1/live is answered only as the opening handshake of a WebSocket (RFC 6455, section 4.2).
 * Browsers cannot set its header fields, so the key may come later, as the first message; but a
 * page of another origin is refused here, before it can try. What the client then subscribes to is
 * live/'s business. GET /v1/users/{u}/live is one subscription.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "http/handlers.h"
#include "http/server_parts.h"

enum { KEY_CHARACTERS = 24, KEY_BYTES = 16, SHA1_BYTES = 20 };

/* Whether a list such as "keep-alive, Upgrade" has the word. */
static bool list_has(struct text list, const char *word)
{
    while (list.len > 0) {
        const char *comma = memchr(list.at, ',', list.len);
        size_t len = comma == NULL ? list.len : (size_t)(comma - list.at);
        if (text_is_caseless(text_trim((struct text){list.at, len}), word))
            return true;
        if (comma == NULL)
            return false;
        list = (struct text){list.at + len + 1, list.len - len - 1};
    }
    return false;
}

/* A key is the base64 of 16 bytes. */
static bool is_websocket_key(struct text key)
{
    uint8_t bytes[KEY_CHARACTERS];
    return key.len == KEY_CHARACTERS && key.at[KEY_CHARACTERS - 1] == '=' &&
           key.at[KEY_CHARACTERS - 2] == '=' && key.at[KEY_CHARACTERS - 3] != '=' &&
           EVP_DecodeBlock(bytes, (const uint8_t *)key.at, KEY_CHARACTERS) == KEY_BYTES + 2;
}

/* RFC 6455, section 4.2.2: proof that the handshake was understood. */
static bool make_accept(struct text key, char out[WEBSOCKET_ACCEPT_BYTES])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char joined[KEY_CHARACTERS + sizeof guid];
    uint8_t digest[SHA1_BYTES];
    memcpy(joined, key.at, KEY_CHARACTERS);
    memcpy(joined + KEY_CHARACTERS, guid, sizeof guid);
    if (EVP_Digest(joined, sizeof joined - 1, digest, NULL, EVP_sha1(), NULL) != 1)
        return false;
    return EVP_EncodeBlock((uint8_t *)out, digest, SHA1_BYTES) == WEBSOCKET_ACCEPT_BYTES - 1;
}

static enum status check_handshake(struct request *request, struct error *err)
{
    const struct head *head = &request->head;
    if (!list_has(head->upgrade, "websocket") || !list_has(head->connection, "upgrade") ||
        head->one_dot_zero)
        return request_refuse(request, err, 426, "not_a_websocket",
                              "this address speaks WebSocket: ask for the upgrade, or read "
                              "/v1/users/{user}/live as Server-Sent Events");
    if (head->websocket_version.at == NULL || !text_is(head->websocket_version, "13"))
        return request_refuse(request, err, 426, "unsupported_version",
                              "Sec-WebSocket-Version must be 13");
    if (!is_websocket_key(head->websocket_key))
        return fail_input(err, "invalid_request", "",
                          "Sec-WebSocket-Key must be the base64 of 16 bytes");
    if (head->chunked || head->content_length > 0)
        return fail_input(err, "invalid_request", "", "an upgrade has no body");
    return STATUS_OK;
}

/* Scheme aside, for a proxy may have ended TLS: "https://a.example" against "a.example". */
static bool is_same_origin(struct text origin, struct text host)
{
    const char *slashes = origin.len > 8 ? memchr(origin.at, '/', 8) : NULL;
    if (slashes == NULL || slashes[1] != '/')
        return false;
    size_t start = (size_t)(slashes - origin.at) + 2;
    char lower[256];
    struct text name = {origin.at + start, origin.len - start};
    if (host.len == 0 || host.len >= sizeof lower)
        return false;
    for (size_t i = 0; i < host.len; i++)
        lower[i] = (char)(host.at[i] >= 'A' && host.at[i] <= 'Z' ? host.at[i] + 32 : host.at[i]);
    lower[host.len] = '\0';
    return text_is_caseless(name, lower);
}

/* A browser says whose page asks; other programs say nothing. */
static enum status check_origin(struct request *request, struct error *err)
{
    const struct head *head = &request->head;
    if (head->origin.at == NULL || request->origin_is_listed || !request->server->access.has_key ||
        is_same_origin(head->origin, head->host))
        return STATUS_OK; /* without a key access_check() has looked */
    return request_refuse(request, err, 403, "foreign_origin",
                          "pages of that origin may not watch here: list it with cors-origin");
}

/* The address is open because the key may come later; one that is sent now must be good. */
static enum status check_credential(struct request *request, struct error *err)
{
    const struct http_server *server = request->server;
    const struct access_request asked = {
        .host = request->head.host,
        .origin = request->head.origin,
        .origin_is_listed = request->origin_is_listed,
        .authorization = request->head.authorization,
        .now_s = server->rules.now_ms / 1000,
    };
    request->is_admitted = !server->access.has_key;
    if (!server->access.has_key || request->head.authorization.at == NULL)
        return STATUS_OK;
    request->is_admitted =
        access_check(&server->access, &asked, &request->arena, &request->grant) == ACCESS_GRANTED;
    return request->is_admitted ? STATUS_OK
                                : fail(err, STATUS_UNAUTHORIZED,
                                       "the key is neither the service key nor a token made with "
                                       "it, or the token has expired");
}

enum status websocket_prepare(struct request *request, struct error *err)
{
    enum status status = check_origin(request, err);
    if (status == STATUS_OK)
        status = check_handshake(request, err);
    if (status == STATUS_OK)
        status = check_credential(request, err);
    if (status == STATUS_OK)
        status = live_check_room(request->server->live, err);
    if (status != STATUS_OK)
        return status;
    if (!make_accept(request->head.websocket_key, request->websocket_accept))
        return fail(err, STATUS_NO_MEMORY, "live: no digest");
    request->handover = HANDOVER_WEBSOCKET;
    return STATUS_OK;
}

static bool is_named(const struct text *listings, size_t count, struct text listing)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(listings[i], listing))
            return true;
    return false;
}

static enum status read_listings(struct request *request, struct error *err)
{
    struct text *listings = arena_zalloc(&request->arena, URI_PARAMETERS_MAX, sizeof *listings);
    size_t count = 0;
    if (listings == NULL)
        return fail(err, STATUS_NO_MEMORY, "request: no memory");
    for (size_t i = 0; i < request->uri.parameter_count; i++) {
        const struct uri_parameter *parameter = &request->uri.parameters[i];
        if (!text_is(parameter->name, "listing"))
            continue;
        enum status status = id_check(parameter->value, ID_BYTES_MAX, "listing", err);
        if (status != STATUS_OK)
            return status;
        if (!is_named(listings, count, parameter->value))
            listings[count++] = parameter->value;
    }
    request->live.listing_ids = listings;
    request->live.listing_count = count;
    return STATUS_OK;
}

/* A stream that reconnects sends the id of its last event; a new one may give it as `since`. */
static enum status read_since(struct request *request, struct error *err)
{
    uint64_t stream = 0;
    uint64_t seq = 0;
    struct text last = request->head.last_event_id;
    struct text since = request_parameter(request, "since");
    if (since.at != NULL && !live_read_since(since, &stream, &seq))
        return fail_input(err, "invalid_since", "since",
                          "since must be the id of the last event: a stream, \"-\" and a number");
    request->live.since = last.at != NULL && last.len > 0 ? last : since;
    return STATUS_OK;
}

enum status event_stream_prepare(struct request *request, struct error *err)
{
    struct text zone_name = request_parameter(request, "timezone");
    request->live = (struct live_request){.user_id = request->user_id, .zone = zone_utc()};
    enum status status = check_origin(request, err);
    if (status == STATUS_OK)
        status = read_listings(request, err);
    if (status == STATUS_OK)
        status = read_since(request, err);
    if (status == STATUS_OK && zone_name.at != NULL)
        status = zone_find(zone_name, &request->live.zone, err);
    if (status == STATUS_OK)
        status = live_check_room(request->server->live, err);
    if (status != STATUS_OK)
        return status;
    request->content_type = "text/event-stream; charset=utf-8";
    if (request->origin_is_listed)
        request->live.cors_origin = request->head.origin;
    if (strcmp(request->method, "HEAD") != 0)
        request->handover = HANDOVER_EVENT_STREAM;
    return STATUS_OK;
}
