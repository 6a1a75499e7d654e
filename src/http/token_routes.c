/*
 * token_routes.c - POST /v1/users/{u}/tokens: a token for one user's page.
 *
 * Only the service key may ask (the route grants no right to tokens), so a token cannot make
 * another that lasts longer. Nothing is kept: a token ends by its own time or with the service key.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <jansson.h>

#include "http/handlers.h"
#include "http/server_parts.h"
#include "present/json_writer.h"

enum status token_begin(struct request *request, struct error *err)
{
    if (!request->server->access.has_key)
        return fail_input(err, "auth_off", "",
                          "this server runs with --auth off: it needs no tokens and makes none");
    return require_media(request, false, err);
}

static enum status wrong_field(const char *key, struct error *err)
{
    return fail_input(err, "unknown_field", key,
                      "unknown field \"%.60s\"; a token has access and expiresIn", key);
}

static enum status read_access(const json_t *value, struct user_token *out, struct error *err)
{
    if (json_is_string(value))
        out->rights = token_rights_of(text_of(json_string_value(value)));
    if (out->rights == 0)
        return fail_input(err, "invalid_access", "access",
                          "access must be \"read\" (see metrics), \"record\" (send events) or "
                          "\"all\" (both, and set listing details)");
    return STATUS_OK;
}

static enum status read_seconds(const json_t *value, int64_t now_s, struct user_token *out,
                                struct error *err)
{
    json_int_t seconds = json_integer_value(value);
    if (!json_is_integer(value) || seconds < TOKEN_SECONDS_MIN || seconds > TOKEN_SECONDS_MAX)
        return fail_input(err, "invalid_expiry", "expiresIn",
                          "expiresIn must be a whole number of seconds from %d to %d",
                          TOKEN_SECONDS_MIN, TOKEN_SECONDS_MAX);
    out->expires_s = now_s + seconds;
    return STATUS_OK;
}

/* {"access":"read","expiresIn":3600}; expiresIn may be left out. */
static enum status read_body(const struct request *request, int64_t now_s, struct user_token *out,
                             struct error *err)
{
    enum status status = STATUS_OK;
    const char *key = NULL;
    json_t *value = NULL;
    json_error_t where;
    json_t *body = json_loadb((const char *)request->body.at, request->body.len,
                              JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(body)) {
        status = fail_input(err, "invalid_json", "",
                            "the body must be a JSON object such as "
                            "{\"access\":\"read\",\"expiresIn\":3600}");
        goto cleanup;
    }
    *out = (struct user_token){.user_id = request->user_id,
                               .expires_s = now_s + TOKEN_SECONDS_DEFAULT};
    json_object_foreach(body, key, value)
    {
        if (text_is(text_of(key), "access"))
            status = read_access(value, out, err);
        else if (text_is(text_of(key), "expiresIn"))
            status = read_seconds(value, now_s, out, err);
        else
            status = wrong_field(key, err);
        if (status != STATUS_OK)
            goto cleanup;
    }
    if (out->rights == 0)
        status = fail_input(err, "missing_field", "access",
                            "access is missing: \"read\", \"record\" or \"all\"");

cleanup:
    json_decref(body);
    return status;
}

enum status token_submit(struct request *request, struct error *err)
{
    const struct http_server *server = request->server;
    int64_t now_s = server->rules.now_ms / 1000;
    struct user_token token;
    struct bytes text = {0};
    enum status status = read_body(request, now_s, &token, err);
    if (status != STATUS_OK)
        return status;

    struct json_writer writer = {.out = &request->out};
    if (!user_token_write(server->access.token_key, &token, now_s, &text)) {
        status = fail(err, STATUS_NO_MEMORY, "token: no memory");
        goto cleanup;
    }
    json_put_object(&writer);
    json_put_key(&writer, "success");
    json_put_bool(&writer, true);
    json_put_key(&writer, "token");
    json_put_text(&writer, (struct text){(const char *)text.at, text.len});
    json_put_key(&writer, "userId");
    json_put_text(&writer, token.user_id);
    json_put_key(&writer, "access");
    json_put_string(&writer, token_rights_word(token.rights));
    json_put_key(&writer, "expiresAt");
    json_put_i64(&writer, token.expires_s * 1000);
    json_put_object_end(&writer);
    status = answer_written(!writer.failed, err);

cleanup:
    bytes_done(&text);
    return status;
}
