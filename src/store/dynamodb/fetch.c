/*
 * fetch.c - reading many items.
 *
 * A call keeps the part of its body that all pages share in front; what follows is written anew.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/dynamodb/fetch.h"

#include <stdlib.h>
#include <time.h>

enum {
    IDLE_TRIES_MAX = 40, /* batches that brought nothing, one behind the other */
    IDLE_PAUSE_MS = 50
};

struct fetch_call {
    struct fetch *fetch;
    struct fetch_call *next; /* while it is idle */
    struct dynamodb_call call;
    struct body body;
    size_t shared; /* bytes of it that the next page has, too */
    bool by_keys;
    int idle_tries;
};

struct fetch {
    struct dynamodb_channel *channel;
    const char *table;
    fetch_item_fn *each;
    void *context;
    struct fetch_call calls[FETCH_IN_FLIGHT];
    struct fetch_call *idle;
    size_t busy;
    enum status status;
    struct error error;
};

struct fetch *fetch_new(struct dynamodb_channel *channel, const char *table, fetch_item_fn *each,
                        void *context)
{
    struct fetch *fetch = calloc(1, sizeof *fetch);
    if (fetch == NULL)
        return NULL;
    fetch->channel = channel;
    fetch->table = table;
    fetch->each = each;
    fetch->context = context;
    for (int i = 0; i < FETCH_IN_FLIGHT; i++) {
        fetch->calls[i].fetch = fetch;
        fetch->calls[i].next = fetch->idle;
        fetch->idle = &fetch->calls[i];
    }
    return fetch;
}

static void note_failure(struct fetch *fetch, const struct error *why)
{
    if (fetch->status != STATUS_OK)
        return;
    fetch->status = why->status;
    fetch->error = *why;
}

static void give_back(struct fetch_call *call)
{
    struct fetch *fetch = call->fetch;
    call->next = fetch->idle;
    fetch->idle = call;
    fetch->busy--;
}

static void answered(void *context, const struct dynamodb_answer *answer);

static void send_call(struct fetch_call *call)
{
    struct error err;
    enum status status = STATUS_OK;
    if (!body_ok(&call->body))
        status = fail(&err, STATUS_NO_MEMORY, "no memory for a request");
    call->call = (struct dynamodb_call){.operation = call->by_keys ? "BatchGetItem" : "Query",
                                        .body = body_text(&call->body),
                                        .done = answered,
                                        .context = call};
    if (status == STATUS_OK)
        status = dynamodb_start(call->fetch->channel, &call->call, &err);
    if (status != STATUS_OK) {
        note_failure(call->fetch, &err);
        give_back(call);
    }
}

static void hand_over(struct fetch *fetch, const json_t *items)
{
    for (size_t i = 0; i < json_array_size(items) && fetch->status == STATUS_OK; i++) {
        struct error err;
        enum status status = fetch->each(fetch->context, json_array_get(items, i), &err);
        if (status != STATUS_OK)
            note_failure(fetch, &err);
    }
}

/* Puts JSON and what closes the body behind the shared part. */
static void finish_body(struct fetch_call *call, const char *name, const json_t *value,
                        const char *end)
{
    call->body.bytes.len = call->shared;
    if (value != NULL) {
        char *json = json_dumps(value, JSON_COMPACT);
        call->body.failed = call->body.failed || json == NULL;
        body_put(&call->body, name);
        body_put(&call->body, json == NULL ? "" : json);
        free(json);
    }
    body_put(&call->body, end);
}

static void after_page(struct fetch_call *call, const json_t *body)
{
    hand_over(call->fetch, json_object_get(body, "Items"));
    const json_t *last = json_object_get(body, "LastEvaluatedKey");
    if (last == NULL || call->fetch->status != STATUS_OK) {
        give_back(call);
        return;
    }
    finish_body(call, ",\"ExclusiveStartKey\":", last, "}");
    send_call(call);
}

static void after_keys(struct fetch_call *call, const json_t *body)
{
    struct fetch *fetch = call->fetch;
    const json_t *items = json_object_get(json_object_get(body, "Responses"), fetch->table);
    const json_t *rest = json_object_get(body, "UnprocessedKeys");
    hand_over(fetch, items);
    if (json_object_size(rest) == 0 || fetch->status != STATUS_OK) {
        give_back(call);
        return;
    }
    call->idle_tries = json_array_size(items) > 0 ? 0 : call->idle_tries + 1;
    if (call->idle_tries > IDLE_TRIES_MAX) {
        struct error err;
        fail(&err, STATUS_IO, "table %s: it is throttled, and answers none of the keys asked for",
             fetch->table);
        note_failure(fetch, &err);
        give_back(call);
        return;
    }
    if (call->idle_tries > 0) {
        struct timespec pause = {.tv_nsec = IDLE_PAUSE_MS * 1000000L};
        nanosleep(&pause, NULL);
    }
    body_clear(&call->body);
    body_put(&call->body, "{\"ReturnConsumedCapacity\":\"TOTAL\"");
    call->shared = call->body.bytes.len;
    finish_body(call, ",\"RequestItems\":", rest, "}");
    send_call(call);
}

static void answered(void *context, const struct dynamodb_answer *answer)
{
    struct fetch_call *call = context;
    if (answer->outcome != DYNAMODB_OK) {
        note_failure(call->fetch, &answer->error);
        give_back(call);
    } else if (call->by_keys) {
        after_keys(call, answer->body);
    } else {
        after_page(call, answer->body);
    }
}

static enum status state_of(const struct fetch *fetch, struct error *err)
{
    if (fetch->status != STATUS_OK && err != NULL)
        *err = fetch->error;
    return fetch->status;
}

static enum status take_call(struct fetch *fetch, struct fetch_call **out, struct error *err)
{
    while (fetch->idle == NULL) {
        enum status status =
            dynamodb_run(fetch->channel, dynamodb_in_flight(fetch->channel) - 1, err);
        if (status != STATUS_OK)
            return status;
    }
    if (fetch->status != STATUS_OK)
        return state_of(fetch, err);
    *out = fetch->idle;
    fetch->idle = (*out)->next;
    fetch->busy++;
    (*out)->idle_tries = 0;
    body_clear(&(*out)->body);
    return STATUS_OK;
}

enum status fetch_query(struct fetch *fetch, struct text members, struct error *err)
{
    struct fetch_call *call;
    enum status status = take_call(fetch, &call, err);
    if (status != STATUS_OK)
        return status;
    call->by_keys = false;
    body_put(&call->body, "{\"ReturnConsumedCapacity\":\"TOTAL\",\"TableName\":\"");
    body_put_escaped(&call->body, text_of(fetch->table));
    body_put(&call->body, "\",");
    body_put_text(&call->body, members);
    call->shared = call->body.bytes.len;
    body_put(&call->body, "}");
    send_call(call);
    return state_of(fetch, err);
}

enum status fetch_keys(struct fetch *fetch, struct text keys, struct text members,
                       struct error *err)
{
    struct fetch_call *call;
    enum status status = take_call(fetch, &call, err);
    if (status != STATUS_OK)
        return status;
    call->by_keys = true;
    body_put(&call->body, "{\"ReturnConsumedCapacity\":\"TOTAL\",\"RequestItems\":{\"");
    body_put_escaped(&call->body, text_of(fetch->table));
    body_put(&call->body, "\":{\"ConsistentRead\":true,\"Keys\":[");
    body_put_text(&call->body, keys);
    body_put(&call->body, "]");
    body_put_text(&call->body, members);
    body_put(&call->body, "}}}");
    send_call(call);
    return state_of(fetch, err);
}

enum status fetch_finish(struct fetch *fetch, struct error *err)
{
    while (fetch->busy > 0) {
        enum status status =
            dynamodb_run(fetch->channel, dynamodb_in_flight(fetch->channel) - 1, err);
        if (status != STATUS_OK)
            return status;
    }
    return state_of(fetch, err);
}

void fetch_free(struct fetch *fetch)
{
    if (fetch == NULL)
        return;
    while (fetch->busy > 0) { /* calls on their way refer to us */
        struct error err;
        fetch->status = fetch->status == STATUS_OK ? STATUS_STOPPED : fetch->status;
        if (dynamodb_run(fetch->channel, dynamodb_in_flight(fetch->channel) - 1, &err) != STATUS_OK)
            continue;
    }
    for (int i = 0; i < FETCH_IN_FLIGHT; i++)
        body_done(&fetch->calls[i].body);
    free(fetch);
}
