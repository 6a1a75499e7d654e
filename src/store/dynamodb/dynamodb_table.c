/*
 * dynamodb_table.c - the table itself.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/dynamodb/dynamodb_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "model/calendar.h"
#include "store/dynamodb/body.h"
#include "store/dynamodb/day_item.h"

enum { CREATE_WAIT_MS = 120 * 1000, CREATE_POLL_MS = 250, ADOPT_IN_FLIGHT = 64 };

static void begin(struct body *body, const char *table)
{
    body_clear(body);
    body_put(body, "{\"TableName\":\"");
    body_put_escaped(body, text_of(table));
    body_put(body, "\"");
}

static enum status failed(const char *table, const char *doing, const struct error *why,
                          struct error *err)
{
    return fail_code(err, why->status, why->code, "table %s %s: %s", table, doing, why->message);
}

static enum status no_table(const char *table, struct error *err)
{
    return fail(err, STATUS_NOT_FOUND,
                "there is no table %s: \"footfall dynamodb create-table\" makes it", table);
}

static void copy(char *out, size_t size, const json_t *text)
{
    const char *value = json_string_value(text);
    snprintf(out, size, "%s", value == NULL ? "" : value);
}

/* "PK S" */
static void take_key(const json_t *description, const char *role, char *out, size_t size)
{
    const json_t *keys = json_object_get(description, "KeySchema");
    const json_t *types = json_object_get(description, "AttributeDefinitions");
    out[0] = '\0';
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const json_t *key = json_array_get(keys, i);
        const char *is = json_string_value(json_object_get(key, "KeyType"));
        const char *name = json_string_value(json_object_get(key, "AttributeName"));
        if (is == NULL || name == NULL || strcmp(is, role) != 0)
            continue;
        for (size_t j = 0; j < json_array_size(types); j++) {
            const json_t *type = json_array_get(types, j);
            const char *of = json_string_value(json_object_get(type, "AttributeName"));
            const char *letter = json_string_value(json_object_get(type, "AttributeType"));
            if (of != NULL && letter != NULL && strcmp(of, name) == 0)
                snprintf(out, size, "%s %s", name, letter);
        }
    }
}

enum status dynamodb_table_describe(struct dynamodb_channel *channel, const char *table,
                                    struct dynamodb_table_facts *out, struct error *err)
{
    struct body body = {0};
    json_t *answer = NULL;
    enum dynamodb_outcome outcome = DYNAMODB_UNKNOWN;
    struct error why = {0};
    *out = (struct dynamodb_table_facts){0};
    begin(&body, table);
    body_put(&body, "}");
    enum status status = !body_ok(&body) ? fail(&why, STATUS_NO_MEMORY, "no memory for a request")
                                         : dynamodb_ask(channel, "DescribeTable", body_text(&body),
                                                        &answer, &outcome, &why);
    if (outcome == DYNAMODB_NO_TABLE) {
        status = no_table(table, err);
    } else if (status != STATUS_OK) {
        failed(table, "cannot be looked at", &why, err);
    } else {
        const json_t *description = json_object_get(answer, "Table");
        const json_t *billing = json_object_get(description, "BillingModeSummary");
        copy(out->status, sizeof out->status, json_object_get(description, "TableStatus"));
        copy(out->billing, sizeof out->billing, json_object_get(billing, "BillingMode"));
        take_key(description, "HASH", out->hash_key, sizeof out->hash_key);
        take_key(description, "RANGE", out->range_key, sizeof out->range_key);
        out->items = (uint64_t)json_integer_value(json_object_get(description, "ItemCount"));
        out->bytes = (uint64_t)json_integer_value(json_object_get(description, "TableSizeBytes"));
    }
    json_decref(answer);
    body_done(&body);
    return status;
}

enum status dynamodb_table_read_ttl(struct dynamodb_channel *channel, const char *table,
                                    struct dynamodb_table_facts *out, struct error *err)
{
    struct body body = {0};
    json_t *answer = NULL;
    enum dynamodb_outcome outcome = DYNAMODB_UNKNOWN;
    struct error why = {0};
    out->ttl_attribute[0] = '\0';
    begin(&body, table);
    body_put(&body, "}");
    enum status status = !body_ok(&body) ? fail(&why, STATUS_NO_MEMORY, "no memory for a request")
                                         : dynamodb_ask(channel, "DescribeTimeToLive",
                                                        body_text(&body), &answer, &outcome, &why);
    if (status == STATUS_OK) {
        const json_t *ttl = json_object_get(answer, "TimeToLiveDescription");
        const char *is = json_string_value(json_object_get(ttl, "TimeToLiveStatus"));
        if (is != NULL && strncmp(is, "ENABL", 5) == 0) /* ENABLED, ENABLING */
            copy(out->ttl_attribute, sizeof out->ttl_attribute,
                 json_object_get(ttl, "AttributeName"));
    } else {
        failed(table, "does not say what expires", &why, err);
    }
    json_decref(answer);
    body_done(&body);
    return status;
}

enum status dynamodb_table_check_keys(const char *table, const struct dynamodb_table_facts *facts,
                                      struct error *err)
{
    if (strcmp(facts->hash_key, "PK S") == 0 && strcmp(facts->range_key, "SK S") == 0)
        return STATUS_OK;
    return fail(err, STATUS_INVALID,
                "table %s: its keys are \"%s\" and \"%s\"; Footfall needs the strings PK and SK",
                table, facts->hash_key, facts->range_key);
}

static void pause_ms(int ms)
{
    struct timespec rest = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    nanosleep(&rest, NULL);
}

static enum status wait_until_active(struct dynamodb_channel *channel, const char *table,
                                     struct error *err)
{
    uint64_t until_ns = monotonic_ns() + CREATE_WAIT_MS * ns_per_ms;
    for (;;) {
        struct dynamodb_table_facts facts;
        enum status status = dynamodb_table_describe(channel, table, &facts, err);
        if (status == STATUS_OK && strcmp(facts.status, "ACTIVE") == 0)
            return dynamodb_table_check_keys(table, &facts, err);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            return status; /* just made, it may not be seen yet */
        if (monotonic_ns() > until_ns)
            return fail(err, STATUS_BUSY, "table %s: it is still %s after two minutes", table,
                        facts.status);
        pause_ms(CREATE_POLL_MS);
    }
}

enum status dynamodb_table_create(struct dynamodb_channel *channel, const char *table,
                                  bool *existed, struct error *err)
{
    struct body body = {0};
    enum dynamodb_outcome outcome = DYNAMODB_UNKNOWN;
    struct error why = {0};
    begin(&body, table);
    body_put(&body, ",\"BillingMode\":\"PAY_PER_REQUEST\","
                    "\"AttributeDefinitions\":[{\"AttributeName\":\"PK\",\"AttributeType\":\"S\"},"
                    "{\"AttributeName\":\"SK\",\"AttributeType\":\"S\"}],"
                    "\"KeySchema\":[{\"AttributeName\":\"PK\",\"KeyType\":\"HASH\"},"
                    "{\"AttributeName\":\"SK\",\"KeyType\":\"RANGE\"}]}");
    enum status status = !body_ok(&body) ? fail(&why, STATUS_NO_MEMORY, "no memory for a request")
                                         : dynamodb_ask(channel, "CreateTable", body_text(&body),
                                                        NULL, &outcome, &why);
    body_done(&body);
    *existed = outcome == DYNAMODB_TABLE_EXISTS;
    if (status != STATUS_OK && !*existed)
        return failed(table, "cannot be made", &why, err);
    return wait_until_active(channel, table, err);
}

enum status dynamodb_table_enable_ttl(struct dynamodb_channel *channel, const char *table,
                                      struct error *err)
{
    struct body body = {0};
    struct dynamodb_table_facts facts = {0};
    enum dynamodb_outcome outcome = DYNAMODB_UNKNOWN;
    struct error why = {0};
    enum status status = dynamodb_table_read_ttl(channel, table, &facts, err);
    if (status != STATUS_OK || strcmp(facts.ttl_attribute, DYNAMODB_TABLE_TTL_ATTRIBUTE) == 0)
        return status;
    begin(&body, table);
    body_put(&body, ",\"TimeToLiveSpecification\":{\"Enabled\":true,\"AttributeName\":\"");
    body_put(&body, DYNAMODB_TABLE_TTL_ATTRIBUTE);
    body_put(&body, "\"}}");
    status = !body_ok(&body) ? fail(&why, STATUS_NO_MEMORY, "no memory for a request")
                             : dynamodb_ask(channel, "UpdateTimeToLive", body_text(&body), NULL,
                                            &outcome, &why);
    body_done(&body);
    return status == STATUS_OK ? status : failed(table, "cannot let ids expire", &why, err);
}

/* ---- adopting ---- */

struct adopting {
    struct dynamodb_channel *channel;
    const char *table;
    struct adopt_put *idle;
    enum status status;
    struct error error;
    uint64_t seen;
    uint64_t put;
};

struct adopt_put {
    struct adopting *adopting;
    struct adopt_put *next;
    struct dynamodb_call call;
    struct body body;
};

static void adopted(void *context, const struct dynamodb_answer *answer)
{
    struct adopt_put *put = context;
    struct adopting *adopting = put->adopting;
    if (answer->outcome == DYNAMODB_OK)
        adopting->put++;
    else if (answer->outcome != DYNAMODB_CONDITION_FAILED && adopting->status == STATUS_OK)
        adopting->status =
            failed(adopting->table, "cannot be adopted", &answer->error, &adopting->error);
    put->next = adopting->idle;
    adopting->idle = put;
}

/* Puts the DAY# item of a METRICS# key. */
static enum status adopt_key(struct adopting *adopting, const json_t *item, struct error *err)
{
    const size_t prefix = sizeof "METRICS#" - 1;
    struct text user = attribute_text(item, "PK");
    struct text key = attribute_text(item, "SK");
    int32_t day;
    if (!text_starts_with(user, "USER#") || !text_starts_with(key, "METRICS#") ||
        key.len < prefix + 2 + DATE_BYTES || key.at[key.len - DATE_BYTES - 1] != '#')
        return STATUS_OK;
    struct text date = {key.at + key.len - DATE_BYTES, DATE_BYTES};
    if (!date_parse(date, &day))
        return STATUS_OK;
    adopting->seen++;
    while (adopting->idle == NULL) {
        enum status status =
            dynamodb_run(adopting->channel, dynamodb_in_flight(adopting->channel) - 1, err);
        if (status != STATUS_OK)
            return status;
    }
    struct adopt_put *put = adopting->idle;
    begin(&put->body, adopting->table);
    body_put(&put->body, ",\"ReturnConsumedCapacity\":\"TOTAL\",\"Item\":{");
    body_put(&put->body, "\"PK\":");
    body_put_s(&put->body, user);
    body_put(&put->body, ",\"SK\":{\"S\":\"DAY#");
    body_put_text(&put->body, date);
    body_put(&put->body, "#");
    body_put_escaped(&put->body, (struct text){key.at + prefix, key.len - prefix - 1 - DATE_BYTES});
    body_put(&put->body, "\"}},\"ConditionExpression\":\"attribute_not_exists(PK)\"}");
    if (!body_ok(&put->body))
        return fail(err, STATUS_NO_MEMORY, "no memory for a request");
    put->call = (struct dynamodb_call){
        .operation = "PutItem", .body = body_text(&put->body), .done = adopted, .context = put};
    enum status status = dynamodb_start(adopting->channel, &put->call, err);
    if (status == STATUS_OK)
        adopting->idle = put->next;
    return status;
}

static enum status scan_page(struct adopting *adopting, json_t **start, struct error *err)
{
    struct body body = {0};
    json_t *answer = NULL;
    enum dynamodb_outcome outcome = DYNAMODB_UNKNOWN;
    struct error why = {0};
    begin(&body, adopting->table);
    body_put(&body, ",\"ReturnConsumedCapacity\":\"TOTAL\",\"ProjectionExpression\":\"PK,SK\","
                    "\"FilterExpression\":\"begins_with(SK,:m)\","
                    "\"ExpressionAttributeValues\":{\":m\":{\"S\":\"METRICS#\"}}");
    if (*start != NULL) {
        char *key = json_dumps(*start, JSON_COMPACT);
        body.failed = body.failed || key == NULL;
        body_put(&body, ",\"ExclusiveStartKey\":");
        body_put(&body, key == NULL ? "" : key);
        free(key);
    }
    body_put(&body, "}");
    enum status status = !body_ok(&body) ? fail(&why, STATUS_NO_MEMORY, "no memory for a request")
                                         : dynamodb_ask(adopting->channel, "Scan", body_text(&body),
                                                        &answer, &outcome, &why);
    body_done(&body);
    json_decref(*start);
    *start = NULL;
    if (outcome == DYNAMODB_NO_TABLE)
        status = no_table(adopting->table, err);
    else if (status != STATUS_OK)
        failed(adopting->table, "cannot be read", &why, err);
    const json_t *items = json_object_get(answer, "Items");
    for (size_t i = 0; i < json_array_size(items) && status == STATUS_OK; i++)
        status = adopt_key(adopting, json_array_get(items, i), err);
    if (status == STATUS_OK)
        *start = json_incref(json_object_get(answer, "LastEvaluatedKey"));
    json_decref(answer);
    return status;
}

enum status dynamodb_table_adopt(struct dynamodb_channel *channel, const char *table,
                                 dynamodb_adopt_fn *progress, void *context, struct error *err)
{
    struct adopting adopting = {.channel = channel, .table = table};
    struct adopt_put *puts = calloc(ADOPT_IN_FLIGHT, sizeof *puts);
    json_t *start = NULL;
    enum status status = STATUS_OK;
    if (puts == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to adopt listing-days");
    for (int i = 0; i < ADOPT_IN_FLIGHT; i++) {
        puts[i].adopting = &adopting;
        puts[i].next = adopting.idle;
        adopting.idle = &puts[i];
    }
    do {
        status = scan_page(&adopting, &start, err);
        if (status == STATUS_OK && adopting.status == STATUS_OK && progress != NULL)
            status = progress(context, adopting.seen, adopting.put, err);
    } while (start != NULL && status == STATUS_OK && adopting.status == STATUS_OK);
    while (dynamodb_in_flight(channel) > 0) { /* they refer to what is freed here */
        struct error late;
        if (dynamodb_run(channel, 0, &late) != STATUS_OK && status == STATUS_OK)
            status = fail(err, late.status, "%s", late.message);
    }
    if (status == STATUS_OK && adopting.status != STATUS_OK) {
        status = adopting.status;
        if (err != NULL)
            *err = adopting.error;
    }
    if (status == STATUS_OK && progress != NULL)
        status = progress(context, adopting.seen, adopting.put, err);
    json_decref(start);
    for (int i = 0; i < ADOPT_IN_FLIGHT; i++)
        body_done(&puts[i].body);
    free(puts);
    return status;
}
