/*
 * target_ask.c - libcurl asks, jansson reads.
 *
 * One easy handle keeps its connection between calls. Every call sets what it needs anew, so
 * nothing of one call reaches the next. Redirects are not followed: the key would travel with them.
 * A loopback server is asked without the proxy that the environment may name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <glib.h>
#include <string.h>

#include "cli/target_parts.h"

enum {
    CONNECT_SECONDS_MAX = 10,
    SILENCE_SECONDS_MAX = 120,
    FIELD_BYTES = ACCESS_KEY_BYTES_MAX + 64,
    CODE_BYTES_MAX = 64
};

static size_t take_body(char *from, size_t size, size_t count, void *context)
{
    struct target *target = context;
    size_t len = size * count;
    if (len > TARGET_ANSWER_BYTES_MAX - target->answer.len) {
        target->too_large = true;
        return 0;
    }
    return bytes_append(&target->answer, from, len) ? len : 0;
}

/* The options of a call; false when out of memory. */
static bool prepare(struct target *target, const char *method, const char *url,
                    struct curl_slist *fields, const void *body, size_t body_bytes)
{
    CURL *curl = target->curl;
    curl_easy_reset(curl); /* keeps the connection */
    bool ok = curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields) == CURLE_OK &&
              (!target->is_loopback || curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS_MAX);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_SECONDS_MAX);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, target->curl_words);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, target);
    if (body != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body_bytes);
    }
    return ok;
}

static bool add_field(struct curl_slist **fields, const char *name, const char *value)
{
    char line[FIELD_BYTES];
    snprintf(line, sizeof line, "%s%s", name, value);
    struct curl_slist *longer = curl_slist_append(*fields, line);
    explicit_bzero(line, sizeof line);
    if (longer == NULL)
        return false;
    *fields = longer;
    return true;
}

static enum status explain_curl(const struct target *target, CURLcode code, struct error *err)
{
    const char *words =
        target->curl_words[0] != '\0' ? target->curl_words : curl_easy_strerror(code);
    if (target->too_large)
        return fail(err, STATUS_TOO_LARGE, "the answer is longer than %d MiB: ask for less at once",
                    TARGET_ANSWER_BYTES_MAX / (1024 * 1024));
    switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
        return fail_code(
            err, STATUS_IO, "no_server",
            "no server answers at %s (%s); start one with footfall serve, or name another "
            "with --url or a data folder with --data",
            target->url, words);
    case CURLE_OUT_OF_MEMORY:
    case CURLE_WRITE_ERROR: /* take_body() had no memory */
        return fail(err, STATUS_NO_MEMORY, "no memory for the answer of %s", target->url);
    case CURLE_OPERATION_TIMEDOUT:
        return fail(err, STATUS_IO, "%s does not answer (%s)", target->url, words);
    default:
        return fail(err, STATUS_IO, "%s: the connection failed (%s)", target->url, words);
    }
}

static enum status status_of(long http_status)
{
    if (http_status == 401 || http_status == 403)
        return STATUS_UNAUTHORIZED;
    if (http_status == 404)
        return STATUS_NOT_FOUND;
    if (http_status == 413)
        return STATUS_TOO_LARGE;
    if (http_status == 503 || http_status == 429)
        return STATUS_OVERLOADED;
    return http_status >= 400 && http_status < 500 && http_status != 408 ? STATUS_INVALID
                                                                         : STATUS_IO;
}

/* The server's code, kept for good: codes are a few dozen words. */
static const char *keep_code(const char *code, enum status status)
{
    if (code == NULL || strlen(code) > CODE_BYTES_MAX ||
        strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(code))
        return status_code(status);
    return g_intern_string(code);
}

static int64_t number_of(const json_t *answer, const char *name)
{
    const json_t *number = json_object_get(answer, name);
    return json_is_integer(number) ? json_integer_value(number) : -1;
}

/* An error answer in our words where the server cannot know what to do about it. */
static enum status explain_answer(const struct target *target, long http_status,
                                  const json_t *answer, struct error *err)
{
    enum status status = status_of(http_status);
    const char *words = json_string_value(json_object_get(answer, "error"));
    const char *field = json_string_value(json_object_get(answer, "field"));
    if (words == NULL && http_status != 401)
        return fail(err, STATUS_IO, "%s answers %ld and not in Footfall's words: is it a Footfall?",
                    target->url, http_status);
    if (http_status == 401)
        fail(err, status, "%s wants %s key: set FOOTFALL_KEY, or name a file with --key-file",
             target->url, target->key[0] == '\0' ? "a" : "another");
    else
        fail(err, status, "%s", words);
    err->code = keep_code(json_string_value(json_object_get(answer, "code")), status);
    snprintf(err->field, sizeof err->field, "%s", field == NULL ? "" : field);
    err->index = number_of(answer, "index");
    err->line = number_of(answer, "line");
    err->offset = number_of(answer, "offset");
    return status;
}

static enum status perform(struct target *target, long *http_status, struct error *err)
{
    curl_off_t retry_after = 0;
    target->answer.len = 0;
    target->too_large = false;
    target->curl_words[0] = '\0';
    target->retry_after_s = 0;
    CURLcode code = curl_easy_perform(target->curl);
    if (code != CURLE_OK)
        return explain_curl(target, code, err);
    curl_easy_getinfo(target->curl, CURLINFO_RESPONSE_CODE, http_status);
    if (curl_easy_getinfo(target->curl, CURLINFO_RETRY_AFTER, &retry_after) == CURLE_OK &&
        retry_after > 0 && retry_after < UINT32_MAX)
        target->retry_after_s = (unsigned)retry_after;
    return STATUS_OK;
}

/* Asks and waits for the whole answer, of whatever HTTP status. */
static enum status exchange(struct target *target, const char *method, const char *path,
                            const char *content_type, const void *body, size_t body_bytes,
                            long *http_status, struct error *err)
{
    char url[TARGET_URL_BYTES + TARGET_PATH_BYTES];
    struct curl_slist *fields = NULL;
    enum status status = STATUS_OK;

    snprintf(url, sizeof url, "%s%s", target->url, path);
    if ((target->key[0] != '\0' && !add_field(&fields, "Authorization: Bearer ", target->key)) ||
        (content_type != NULL && !add_field(&fields, "Content-Type: ", content_type)) ||
        !add_field(&fields, "Accept: ", "application/json") ||
        !add_field(&fields, "Expect:", "") || /* no waiting for 100 Continue */
        !prepare(target, method, url, fields, body, body_bytes))
        status = fail(err, STATUS_NO_MEMORY, "no memory to ask %s", target->url);
    else
        status = perform(target, http_status, err);
    curl_slist_free_all(fields);
    return status;
}

static json_t *parse(const struct target *target)
{
    return json_loadb((const char *)target->answer.at, target->answer.len, 0, NULL);
}

enum status target_send(struct target *target, const char *method, const char *path,
                        const char *content_type, const void *body, size_t body_bytes, json_t **out,
                        struct error *err)
{
    long http_status = 0;
    *out = NULL;
    enum status status =
        exchange(target, method, path, content_type, body, body_bytes, &http_status, err);
    if (status != STATUS_OK)
        return status;
    json_t *answer = parse(target);
    bool has_counts = json_object_get(answer, "recorded") != NULL;
    if (http_status != 200)
        status = explain_answer(target, http_status, answer, err);
    else if (!json_is_object(answer))
        status = fail(err, STATUS_IO, "%s does not answer in JSON: is it a Footfall?", target->url);
    if (status == STATUS_OK || has_counts)
        *out = answer; /* now the caller's */
    else
        json_decref(answer);
    return status;
}

enum status target_get(struct target *target, const char *path, json_t **out, struct error *err)
{
    return target_send(target, "GET", path, NULL, NULL, 0, out, err);
}

enum status target_get_raw(struct target *target, const char *path, char **out, size_t *out_len,
                           struct error *err)
{
    long http_status = 0;
    enum status status = exchange(target, "GET", path, NULL, NULL, 0, &http_status, err);
    if (status == STATUS_OK && http_status != 200) {
        json_t *answer = parse(target);
        status = explain_answer(target, http_status, answer, err);
        json_decref(answer);
    }
    if (status != STATUS_OK)
        return status;
    *out = (char *)target->answer.at;
    *out_len = target->answer.len;
    return STATUS_OK;
}

unsigned target_retry_after(const struct target *target)
{
    return target->retry_after_s;
}
