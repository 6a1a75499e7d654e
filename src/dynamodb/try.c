/*
 * try.c - one request, signed, and what came back.
 *
 * Signed headers are those that mean something: content-type, host, x-amz-date, x-amz-target and,
 * with a session, x-amz-security-token. curl adds others, which go unsigned.
 *
 * An answer counts only when it is whole: curl checks its length, x-amz-crc32 (of the body as it
 * came, by zlib) its bytes, jansson that it is JSON. Whatever is not whole leaves the outcome open,
 * whatever its status says. No compression is asked for, so the checksum is of what is read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "dynamodb/dynamodb_parts.h"

enum {
    FIELD_BYTES = CREDENTIALS_TOKEN_BYTES + 64,
    CLOCK_TOLERANCE_MS = 60 * 1000, /* AWS allows 5 minutes; Date has seconds, networks delays */
    CONNECT_MS_MAX = 3000
};

static const char content_type[] = "application/x-amz-json-1.0";
static const char target_prefix[] = "DynamoDB_20120810.";

int64_t dynamodb_now_ms(const struct dynamodb *dynamodb)
{
    return clock_now_ms(&dynamodb->clock) +
           atomic_load_explicit(&dynamodb->skew_ms, memory_order_relaxed);
}

static size_t take_body(char *from, size_t size, size_t count, void *context)
{
    struct dynamodb_slot *slot = context;
    size_t len = size * count;
    slot->too_large = len > DYNAMODB_ANSWER_BYTES_MAX - slot->answer.len;
    slot->no_memory = !slot->too_large && !bytes_append(&slot->answer, from, len);
    return slot->too_large || slot->no_memory ? 0 : len;
}

/* The value of a header line, when it is that header. */
static bool header_is(struct text line, const char *name, char *value, size_t cap)
{
    size_t name_len = strlen(name);
    if (line.len <= name_len || line.at[name_len] != ':' ||
        strncasecmp(line.at, name, name_len) != 0)
        return false;
    const char *at = line.at + name_len + 1;
    const char *end = line.at + line.len;
    while (at < end && *at == ' ')
        at++;
    while (end > at && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
        end--;
    if ((size_t)(end - at) >= cap)
        return false;
    memcpy(value, at, (size_t)(end - at));
    value[end - at] = '\0';
    return true;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): curl says what it is */
static size_t take_header(char *from, size_t size, size_t count, void *context)
{
    struct dynamodb_slot *slot = context;
    struct text line = {from, size * count};
    char value[64];
    if (header_is(line, "x-amz-crc32", value, sizeof value)) {
        slot->crc = (uint32_t)strtoul(value, NULL, 10);
        slot->has_crc = true;
    } else if (header_is(line, "date", value, sizeof value)) {
        time_t date = curl_getdate(value, NULL);
        slot->date_ms = date > 0 ? (int64_t)date * 1000 : 0;
    }
    return line.len;
}

static bool add_field(struct dynamodb_slot *slot, const char *name, const char *value)
{
    char line[FIELD_BYTES];
    snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *longer = curl_slist_append(slot->fields, line);
    if (longer == NULL)
        return false;
    slot->fields = longer;
    return true;
}

/* The newest credentials into the channel's key. */
static enum status renew_key(struct dynamodb_channel *channel, int64_t now_ms, struct error *err)
{
    struct dynamodb *dynamodb = channel->dynamodb;
    struct sigv4_key *key = &channel->key;
    uint64_t before = channel->generation;
    enum status status = credentials_get(dynamodb->credentials, now_ms, &channel->credentials,
                                         &channel->generation, err);
    if (status != STATUS_OK || channel->generation == before)
        return status;
    memcpy(key->access_key, channel->credentials.access_key, sizeof key->access_key);
    memcpy(key->secret_key, channel->credentials.secret_key, sizeof key->secret_key);
    memcpy(key->region, dynamodb->region, sizeof key->region);
    snprintf(key->service, sizeof key->service, "dynamodb");
    key->day[0] = '\0';
    return STATUS_OK;
}

/* The request's header fields, signed. */
static enum status sign(struct dynamodb_slot *slot, struct error *err)
{
    struct dynamodb_channel *channel = slot->channel;
    struct dynamodb *dynamodb = channel->dynamodb;
    char time[SIGV4_TIME_BYTES];
    char target[sizeof target_prefix + SIGV4_NAME_BYTES_MAX];
    char authorization[SIGV4_AUTHORIZATION_BYTES];
    int64_t now_ms = dynamodb_now_ms(dynamodb);

    enum status status = renew_key(channel, now_ms, err);
    if (status != STATUS_OK)
        return status;
    slot->generation = channel->generation;
    snprintf(target, sizeof target, "%s%s", target_prefix, slot->call->operation);
    if (!sigv4_time(now_ms, time))
        return fail(err, STATUS_IO,
                    "the machine's clock is not in this age; requests cannot be signed");

    bool has_token = channel->credentials.token[0] != '\0';
    const struct sigv4_header headers[] = {
        {text_of("content-type"), text_of(content_type)},
        {text_of("host"), text_of(dynamodb->host)},
        {text_of("x-amz-date"), text_of(time)},
        {text_of("x-amz-target"), text_of(target)},
        {text_of("x-amz-security-token"), text_of(channel->credentials.token)},
    };
    size_t count = sizeof headers / sizeof headers[0] - (has_token ? 0 : 1);
    status = sigv4_sign(&channel->key,
                        &(struct sigv4_request){.method = text_of("POST"),
                                                .path = text_of("/"),
                                                .query = text_of(""),
                                                .headers = headers,
                                                .header_count = count,
                                                .body = slot->call->body},
                        time, authorization, err);
    if (status != STATUS_OK)
        return status;

    curl_slist_free_all(slot->fields);
    slot->fields = NULL;
    bool ok = add_field(slot, "Content-Type", content_type) &&
              add_field(slot, "Host", dynamodb->host) && add_field(slot, "X-Amz-Date", time) &&
              add_field(slot, "X-Amz-Target", target) &&
              (!has_token || add_field(slot, "X-Amz-Security-Token", channel->credentials.token)) &&
              add_field(slot, "Authorization", authorization) &&
              add_field(slot, "Expect", ""); /* "Expect:" alone: no waiting for 100 Continue */
    return ok ? STATUS_OK : fail(err, STATUS_NO_MEMORY, "no memory to ask DynamoDB");
}

enum status try_prepare(struct dynamodb_slot *slot, struct error *err)
{
    const struct dynamodb *dynamodb = slot->channel->dynamodb;
    const struct text body = slot->call->body;
    CURL *curl = slot->curl;
    enum status status = sign(slot, err);
    if (status != STATUS_OK)
        return status;

    slot->answer.len = 0;
    slot->too_large = false;
    slot->no_memory = false;
    slot->has_crc = false;
    slot->date_ms = 0;
    slot->curl_words[0] = '\0';
    uint32_t connect_ms = dynamodb->request_timeout_ms < CONNECT_MS_MAX
                              ? dynamodb->request_timeout_ms
                              : CONNECT_MS_MAX;
    bool ok = curl_easy_setopt(curl, CURLOPT_URL, dynamodb->endpoint) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_HTTPHEADER, slot->fields) == CURLE_OK &&
              (dynamodb->ca_bundle[0] == '\0' ||
               curl_easy_setopt(curl, CURLOPT_CAINFO, dynamodb->ca_bundle) == CURLE_OK);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)dynamodb->request_timeout_ms);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.len == 0 ? "" : body.at); /* not copied */
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "footfall");
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, slot->curl_words);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, slot);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, slot);
    curl_easy_setopt(curl, CURLOPT_PRIVATE, slot);
    return ok ? STATUS_OK : fail(err, STATUS_NO_MEMORY, "no memory to ask DynamoDB");
}

/* An answer that did not come, or not whole. */
static void explain_broken(const struct dynamodb_slot *slot, CURLcode code, struct try_result *out)
{
    const char *endpoint = slot->channel->dynamodb->endpoint;
    const char *operation = slot->call->operation;
    out->verdict = VERDICT_UNKNOWN;
    if (slot->too_large) {
        out->verdict = VERDICT_REFUSED;
        fail(&out->error, STATUS_TOO_LARGE, "DynamoDB %s: the answer is longer than %d MiB",
             operation, DYNAMODB_ANSWER_BYTES_MAX >> 20);
    } else if (slot->no_memory) {
        fail(&out->error, STATUS_IO, "DynamoDB %s: no memory for the answer", operation);
    } else {
        fail(&out->error, STATUS_IO, "DynamoDB %s: %s: %s", operation, endpoint,
             slot->curl_words[0] != '\0' ? slot->curl_words : curl_easy_strerror(code));
    }
}

static bool is_whole(const struct dynamodb_slot *slot)
{
    return !slot->has_crc || (uint32_t)crc32_z(0, slot->answer.at, slot->answer.len) == slot->crc;
}

void try_finish(struct dynamodb_slot *slot, CURLcode code, struct try_result *out)
{
    long http_status = 0;
    *out = (struct try_result){0};
    if (code != CURLE_OK) {
        explain_broken(slot, code, out);
        return;
    }
    curl_easy_getinfo(slot->curl, CURLINFO_RESPONSE_CODE, &http_status);
    if (!is_whole(slot)) {
        out->verdict = VERDICT_UNKNOWN;
        fail(&out->error, STATUS_IO, "DynamoDB %s: the answer fails its checksum",
             slot->call->operation);
        return;
    }
    out->body = json_loadb((const char *)slot->answer.at, slot->answer.len, 0, NULL);
    struct refusal refusal = outcome_read_refusal(out->body);
    out->verdict = outcome_judge(http_status, out->body, &refusal);
    if (out->verdict == VERDICT_DONE)
        return;
    if (refusal.type[0] == '\0')
        fail(&out->error, STATUS_IO,
             "DynamoDB %s: %s answers %ld without an error of DynamoDB's: is it a DynamoDB?",
             slot->call->operation, slot->channel->dynamodb->endpoint, http_status);
    else
        fail(&out->error, STATUS_IO, "DynamoDB %s: %s: %s", slot->call->operation, refusal.type,
             refusal.message[0] == '\0' ? "(no words)" : refusal.message);
}

bool try_correct_clock(struct dynamodb_slot *slot)
{
    struct dynamodb *dynamodb = slot->channel->dynamodb;
    int64_t off_ms = slot->date_ms - dynamodb_now_ms(dynamodb);
    if (slot->date_ms == 0 || (off_ms < CLOCK_TOLERANCE_MS && off_ms > -CLOCK_TOLERANCE_MS))
        return false;
    /* set, not added: many calls find it out at once */
    atomic_store_explicit(&dynamodb->skew_ms, slot->date_ms - clock_now_ms(&dynamodb->clock),
                          memory_order_relaxed);
    return true;
}
