/*
 * client_probe.c - the client of DynamoDB, driven by a test in another language: an order a line on
 * stdin, an answer a line on stdout, both JSON.
 *
 *     {"sign": {method, path, query, headers: [[name, value]], body, accessKey, secretKey, region,
 *               service, time}}                       {"authorization"}
 *     {"open": {endpoint, profile, region, timeoutMs, deadlineMs, connections}}   {} or {"error"}
 *     {"behindMs": 600000}                            how far its clock is behind
 *     {"calls": [[operation, body, times]]}           {"answers": [{outcome, tries, body, code,
 * error}]}
 *     {"stopAfter": 1}                                the next "calls" are stopped when one is done
 *     {"rows": true}                                  {"rows": {name: {calls, ...}}, "skewMs"}
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dynamodb/dynamodb.h"
#include "dynamodb/sigv4.h"

static struct dynamodb *dynamodb;
static struct dynamodb_channel *channel;
static int64_t behind_ms;
static json_int_t stop_after;
static json_int_t done_count;

static int64_t now_ms(void *context)
{
    struct clock system = clock_system();
    (void)context;
    return clock_now_ms(&system) - behind_ms;
}

static struct text text_at(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value))
        return (struct text){"", 0};
    return (struct text){json_string_value(value), json_string_length(value)};
}

static const char *string_at(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static json_t *sign(const json_t *order)
{
    struct sigv4_key key = {0};
    struct sigv4_header headers[SIGV4_HEADERS_MAX + 1];
    char time[SIGV4_TIME_BYTES];
    char authorization[SIGV4_AUTHORIZATION_BYTES];
    struct error err;
    size_t count = json_array_size(json_object_get(order, "headers"));
    if (count > SIGV4_HEADERS_MAX)
        count = SIGV4_HEADERS_MAX + 1;
    for (size_t i = 0; i < count; i++) {
        const json_t *pair = json_array_get(json_object_get(order, "headers"), i);
        const json_t *value = json_array_get(pair, 1);
        headers[i].name = text_of(json_string_value(json_array_get(pair, 0)));
        headers[i].value = (struct text){json_string_value(value), json_string_length(value)};
    }
    snprintf(key.access_key, sizeof key.access_key, "%s", string_at(order, "accessKey"));
    snprintf(key.secret_key, sizeof key.secret_key, "%s", string_at(order, "secretKey"));
    snprintf(key.region, sizeof key.region, "%s", string_at(order, "region"));
    snprintf(key.service, sizeof key.service, "%s", string_at(order, "service"));
    if (!sigv4_time(json_integer_value(json_object_get(order, "time")), time))
        return json_pack("{s:s}", "error", "time");
    struct sigv4_request request = {.method = text_at(order, "method"),
                                    .path = text_at(order, "path"),
                                    .query = text_at(order, "query"),
                                    .headers = headers,
                                    .header_count = count,
                                    .body = text_at(order, "body")};
    if (sigv4_sign(&key, &request, time, authorization, &err) != STATUS_OK)
        return json_pack("{s:s}", "error", err.message);
    return json_pack("{s:s}", "authorization", authorization);
}

static uint32_t number_at(const json_t *object, const char *name)
{
    return (uint32_t)json_integer_value(json_object_get(object, name));
}

static json_t *open_client(const json_t *order)
{
    struct error err;
    struct dynamodb_options options = {.endpoint = string_at(order, "endpoint"),
                                       .profile = string_at(order, "profile"),
                                       .region = string_at(order, "region"),
                                       .connections = number_at(order, "connections"),
                                       .request_timeout_ms = number_at(order, "timeoutMs"),
                                       .deadline_ms = number_at(order, "deadlineMs"),
                                       .clock = {.now_ms = now_ms}};
    if (dynamodb_open(&options, &dynamodb, &err) != STATUS_OK ||
        dynamodb_channel_open(dynamodb, &channel, &err) != STATUS_OK)
        return json_pack("{s:s, s:s}", "error", err.message, "code", err.code);
    return json_object();
}

static const char *outcome_name(enum dynamodb_outcome outcome)
{
    static const char *const names[] = {"ok",           "condition", "no path", "no table",
                                        "table exists", "refused",   "unknown", "throttled"};
    return names[outcome];
}

static void take(void *context, const struct dynamodb_answer *answer)
{
    json_t *row = json_pack("{s:s, s:i, s:O?}", "outcome", outcome_name(answer->outcome), "tries",
                            (int)answer->tries, "body", answer->body);
    if (answer->outcome != DYNAMODB_OK) {
        json_object_set_new(row, "code", json_string(answer->error.code));
        json_object_set_new(row, "error", json_string(answer->error.message));
    }
    json_array_append_new(context, row);
    if (++done_count == stop_after)
        dynamodb_stop(dynamodb);
}

static json_t *call_all(const json_t *order)
{
    struct error err;
    json_t *answers = json_array();
    size_t count = 0;
    size_t index = 0;
    const json_t *entry;
    json_array_foreach(order, index, entry) count +=
        (size_t)json_integer_value(json_array_get(entry, 2));
    struct dynamodb_call *calls = calloc(count + 1, sizeof *calls);
    struct dynamodb_call *next = calls;
    enum status status = STATUS_OK;
    json_array_foreach(order, index, entry) for (json_int_t i = 0;
                                                 i < json_integer_value(json_array_get(entry, 2));
                                                 i++)
    {
        next->operation = json_string_value(json_array_get(entry, 0));
        next->body = text_of(json_string_value(json_array_get(entry, 1)));
        next->done = take;
        next->context = answers;
        if (status == STATUS_OK)
            status = dynamodb_start(channel, next++, &err);
    }
    if (status == STATUS_OK)
        status = dynamodb_run(channel, 0, &err);
    free(calls);
    if (status != STATUS_OK) {
        json_decref(answers);
        return json_pack("{s:s, s:s}", "error", err.message, "code", err.code);
    }
    return json_pack("{s:o}", "answers", answers);
}

static json_t *rows(void)
{
    size_t count = 0;
    json_t *out = json_object();
    const struct dynamodb_operation *row = dynamodb_operations(dynamodb, &count);
    for (size_t i = 0; i < count; i++) {
        uint64_t timed = 0;
        for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++)
            timed += row[i].latency.buckets[b];
        if (row[i].tries > 0 || row[i].calls > 0)
            json_object_set_new(
                out, row[i].name,
                json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "calls", (json_int_t)row[i].calls,
                          "failures", (json_int_t)row[i].failures, "tries",
                          (json_int_t)row[i].tries, "throttles", (json_int_t)row[i].throttles,
                          "unknown", (json_int_t)row[i].unknown, "consumedMilli",
                          (json_int_t)row[i].consumed_milli, "timed", (json_int_t)timed));
    }
    return json_pack("{s:o, s:I}", "rows", out, "skewMs",
                     (json_int_t)dynamodb_clock_skew_ms(dynamodb));
}

static json_t *obey(const json_t *order)
{
    const json_t *value;
    if ((value = json_object_get(order, "sign")) != NULL)
        return sign(value);
    if ((value = json_object_get(order, "open")) != NULL)
        return open_client(value);
    if ((value = json_object_get(order, "calls")) != NULL)
        return call_all(value);
    if ((value = json_object_get(order, "rows")) != NULL)
        return rows();
    if ((value = json_object_get(order, "behindMs")) != NULL)
        behind_ms = json_integer_value(value);
    else if ((value = json_object_get(order, "stopAfter")) != NULL)
        stop_after = json_integer_value(value);
    else
        return json_pack("{s:s}", "error", "what?");
    return json_object();
}

int main(void)
{
    char *line = NULL;
    size_t cap = 0;
    while (getline(&line, &cap, stdin) > 0) {
        json_t *order = json_loads(line, 0, NULL);
        json_t *answer = obey(order);
        json_dumpf(answer, stdout, JSON_COMPACT);
        putchar('\n');
        fflush(stdout);
        json_decref(answer);
        json_decref(order);
    }
    free(line);
    dynamodb_channel_close(channel);
    dynamodb_close(dynamodb);
    return 0;
}
