/*
 * session.c - GET /v1/session: who the sender is to this server.
 *
 * A page asks it first: whether there is anything to sign in with, whose token it was given, what
 * it may do, and until when. Without a credential it says only whether one is needed; with one that
 * is no good it is refused like everywhere.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/handlers.h"
#include "http/server_parts.h"
#include "present/json_writer.h"

static void put_text_or_null(struct json_writer *writer, const char *key, struct text text)
{
    json_put_key(writer, key);
    if (text.at == NULL)
        json_put_null(writer);
    else
        json_put_text(writer, text);
}

enum status session_answer(struct request *request, struct error *err)
{
    bool has_key = request->server->access.has_key;
    bool is_anonymous = request->head.authorization.at == NULL;
    /* This address is open, so the key has not been looked at. */
    enum status status = request_check_access(request, is_anonymous, err);
    if (status != STATUS_OK)
        return status;

    const struct grant *grant = &request->grant;
    bool is_user = grant->user_id.at != NULL;
    const char *holder = grant->is_service ? "service" : is_user ? "user" : "nobody";
    struct text access = {NULL, 0};
    if (is_user)
        access = text_of(token_rights_word(grant->rights));
    struct json_writer writer = {.out = &request->out};
    json_put_object(&writer);
    json_put_key(&writer, "success");
    json_put_bool(&writer, true);
    json_put_key(&writer, "auth");
    json_put_string(&writer, has_key ? "key" : "off");
    json_put_key(&writer, "holder");
    json_put_string(&writer, holder);
    put_text_or_null(&writer, "userId", grant->user_id);
    put_text_or_null(&writer, "access", access);
    json_put_key(&writer, "expiresAt");
    if (is_user)
        json_put_i64(&writer, grant->expires_s * 1000);
    else
        json_put_null(&writer);
    json_put_object_end(&writer);
    return answer_written(!writer.failed, err);
}
