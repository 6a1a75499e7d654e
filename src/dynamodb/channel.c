/*
 * channel.c - many calls over a few connections, and the times at which they are tried again.
 *
 *     start ──► ready ──► slot (a try under way) ──► done
 *                 ▲          │ outcome open, deadline not reached
 *                 └─ due ─ waiting
 *
 * A call is in exactly one of the three, or done. A slot owns a curl handle; the multi handle keeps
 * the connections, so a slot's next try reuses whichever is free. `waiting` is sorted by due time;
 * putting a call into it takes a step for each that waits, of which callers keep hundreds at most.
 *
 * Before try k + 1 a call waits a time drawn evenly between nothing and
 * BACKOFF_FIRST × 2^(k-1), at most BACKOFF_MOST ("full jitter": the herd of calls that were
 * throttled together comes back spread out). A try is not begun when it would begin after the
 * deadline; one under way may end up to its own timeout later.
 *
 * When a reused connection turns out to be closed before anything came back, libcurl itself sends
 * the request again over a new one, unseen: which is why nobody may conclude from tries = 1 that
 * the request was sent once.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dynamodb/call_list.h"
#include "dynamodb/dynamodb_parts.h"

enum { POLL_MS_MAX = 200 /* until dynamodb_stop() is noticed */ };

static void count_one(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_release);
}

/* The call is over: counts it and tells its owner, who may free or start it. */
static void finish(struct dynamodb_channel *channel, struct dynamodb_call *call,
                   enum verdict verdict, json_t *body, const struct error *error)
{
    struct dynamodb_answer answer = {.outcome = outcome_of(verdict, call->doubtful),
                                     .body = body,
                                     .tries = call->tries,
                                     .error = *error};
    struct dynamodb_operation *row = dynamodb_operation_row(channel->dynamodb, call->operation);
    if (answer.outcome != DYNAMODB_OK) {
        if (answer.error.status == STATUS_IO)
            answer.error.code = outcome_code(answer.outcome);
        if (answer.outcome != DYNAMODB_CONDITION_FAILED && answer.outcome != DYNAMODB_NO_PATH)
            count_one(&row->failures); /* before the call: dynamodb_operations() */
    }
    count_one(&row->calls);
    assert(channel->in_flight > 0);
    channel->in_flight--;
    call->done(call->context, &answer);
}

static void release_slot(struct dynamodb_slot *slot)
{
    struct dynamodb_channel *channel = slot->channel;
    enum { KEPT_BYTES = 256 * 1024 };
    slot->call->slot = NULL;
    slot->call = NULL;
    if (slot->answer.cap > KEPT_BYTES)
        bytes_done(&slot->answer);
    slot->next_free = channel->free;
    channel->free = slot;
}

/* Full jitter: see above. */
static uint64_t draw_wait_ns(struct dynamodb_channel *channel, uint32_t tries)
{
    uint64_t most_ms = DYNAMODB_BACKOFF_FIRST_MS;
    for (uint32_t i = 1; i < tries && most_ms < DYNAMODB_BACKOFF_MOST_MS; i++)
        most_ms *= 2;
    if (most_ms > DYNAMODB_BACKOFF_MOST_MS)
        most_ms = DYNAMODB_BACKOFF_MOST_MS;
    return random_below(&channel->random, most_ms * ns_per_ms + 1);
}

/* After a try whose outcome is open: again later, or given up. */
static void try_later(struct dynamodb_channel *channel, struct dynamodb_call *call,
                      enum verdict verdict, json_t *body, const struct error *error)
{
    call->due_ns = monotonic_ns() + draw_wait_ns(channel, call->tries);
    if (call->due_ns >= call->deadline_ns)
        finish(channel, call, verdict, body, error);
    else
        call_list_insert(&channel->waiting, call);
}

/* Takes a try's end in: answers the call or puts it back. */
static void settle(struct dynamodb_slot *slot, CURLcode code)
{
    struct dynamodb_channel *channel = slot->channel;
    struct dynamodb *dynamodb = channel->dynamodb;
    struct dynamodb_call *call = slot->call;
    struct dynamodb_operation *row = dynamodb_operation_row(dynamodb, call->operation);
    struct try_result result;
    bool at_once = false;

    histogram_add(&row->latency, monotonic_ns() - slot->sent_ns);
    try_finish(slot, code, &result);
    dynamodb_count_capacity(row, result.body);
    enum verdict verdict = result.verdict;
    switch (verdict) {
    case VERDICT_THROTTLED:
        count_one(&row->throttles);
        break;
    case VERDICT_UNKNOWN:
        count_one(&row->unknown);
        call->doubtful = true;
        break;
    case VERDICT_EXPIRED:
        if (!call->has_refreshed)
            credentials_refused(dynamodb->credentials, slot->generation);
        at_once = !call->has_refreshed;
        call->has_refreshed = true;
        break;
    case VERDICT_CLOCK:
        /* others may have corrected the clock since this try was signed */
        at_once = !call->has_corrected &&
                  (try_correct_clock(slot) || atomic_load(&dynamodb->skew_ms) != 0);
        call->has_corrected = true;
        break;
    case VERDICT_DONE:
    case VERDICT_CONDITION:
    case VERDICT_NO_PATH:
    case VERDICT_NO_TABLE:
    case VERDICT_TABLE_EXISTS:
    case VERDICT_REFUSED:
        break;
    }
    release_slot(slot);
    if (at_once)
        call_list_push(&channel->ready, call);
    else if (verdict == VERDICT_THROTTLED || verdict == VERDICT_UNKNOWN)
        try_later(channel, call, verdict, result.body, &result.error);
    else
        finish(channel, call, verdict, result.body, &result.error);
    json_decref(result.body);
}

/* A try that could not even begin: without credentials, or memory. It was not applied. */
static void settle_unsent(struct dynamodb_slot *slot, const struct error *error)
{
    struct dynamodb_channel *channel = slot->channel;
    struct dynamodb_call *call = slot->call;
    struct error words;
    fail(&words, STATUS_IO, "DynamoDB %s: %s", call->operation, error->message);
    release_slot(slot);
    try_later(channel, call, call->doubtful ? VERDICT_UNKNOWN : VERDICT_REFUSED, NULL, &words);
}

/* Calls whose time has come, into free slots. */
static void send_ready(struct dynamodb_channel *channel)
{
    while (channel->waiting.first != NULL && channel->waiting.first->due_ns <= monotonic_ns())
        call_list_push(&channel->ready, call_list_pop(&channel->waiting));

    while (channel->free != NULL && channel->ready.first != NULL) {
        struct dynamodb_slot *slot = channel->free;
        struct dynamodb_call *call = call_list_pop(&channel->ready);
        struct error error = {0};
        channel->free = slot->next_free;
        slot->call = call;
        call->slot = slot;
        call->tries++;
        enum status status = try_prepare(slot, &error);
        if (status == STATUS_OK && curl_multi_add_handle(channel->multi, slot->curl) != CURLM_OK)
            status = fail(&error, STATUS_NO_MEMORY, "no memory for a request");
        if (status != STATUS_OK) {
            settle_unsent(slot, &error);
            continue;
        }
        slot->sent_ns = monotonic_ns();
        struct dynamodb_operation *row = dynamodb_operation_row(channel->dynamodb, call->operation);
        count_one(&row->tries);
        if (call->tries > 1)
            count_one(&row->retries);
    }
}

static void take_ended(struct dynamodb_channel *channel)
{
    int left = 0;
    for (CURLMsg *news; (news = curl_multi_info_read(channel->multi, &left)) != NULL;) {
        struct dynamodb_slot *slot = NULL;
        CURLcode code = news->data.result;
        if (news->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(news->easy_handle, CURLINFO_PRIVATE, &slot);
        curl_multi_remove_handle(channel->multi, slot->curl);
        settle(slot, code);
    }
}

/* Every call ends, tries under way are cut off. What is started meanwhile stays. */
static void give_up_all(struct dynamodb_channel *channel, const struct error *why)
{
    struct call_list given_up = channel->ready;
    channel->ready = (struct call_list){0};
    for (struct dynamodb_call *call; (call = call_list_pop(&channel->waiting)) != NULL;)
        call_list_push(&given_up, call);
    for (size_t i = 0; i < channel->dynamodb->connections; i++) {
        struct dynamodb_slot *slot = &channel->slots[i];
        struct dynamodb_call *call = slot->call;
        if (call == NULL)
            continue;
        curl_multi_remove_handle(channel->multi, slot->curl);
        release_slot(slot);
        call_list_push(&given_up, call);
    }
    for (struct dynamodb_call *call; (call = call_list_pop(&given_up)) != NULL;)
        finish(channel, call, VERDICT_UNKNOWN, NULL, why);
}

static int poll_ms(const struct dynamodb_channel *channel)
{
    if (channel->waiting.first == NULL)
        return POLL_MS_MAX;
    uint64_t now_ns = monotonic_ns();
    uint64_t due_ns = channel->waiting.first->due_ns;
    uint64_t wait_ms = due_ns <= now_ns ? 0 : (due_ns - now_ns + ns_per_ms - 1) / ns_per_ms;
    return wait_ms < POLL_MS_MAX ? (int)wait_ms : POLL_MS_MAX;
}

enum status dynamodb_channel_open(struct dynamodb *dynamodb, struct dynamodb_channel **out,
                                  struct error *err)
{
    enum status status = STATUS_OK;
    struct dynamodb_channel *channel = calloc(1, sizeof *channel);
    if (channel == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for connections to DynamoDB");
    channel->dynamodb = dynamodb;
    channel->random.state =
        monotonic_ns() + (atomic_fetch_add(&dynamodb->channels_opened, 1) << 32);
    channel->multi = curl_multi_init();
    channel->slots = calloc(dynamodb->connections, sizeof *channel->slots);
    bool ok = channel->multi != NULL && channel->slots != NULL;
    for (uint32_t i = 0; i < dynamodb->connections && ok; i++) {
        struct dynamodb_slot *slot = &channel->slots[i];
        slot->channel = channel;
        slot->curl = curl_easy_init();
        slot->next_free = channel->free;
        channel->free = slot;
        ok = slot->curl != NULL;
    }
    if (!ok) {
        status = fail(err, STATUS_NO_MEMORY, "no memory for connections to DynamoDB");
        goto cleanup;
    }
    curl_multi_setopt(channel->multi, CURLMOPT_MAXCONNECTS, (long)dynamodb->connections);
    *out = channel; /* now the caller's */
    channel = NULL;

cleanup:
    dynamodb_channel_close(channel);
    return status;
}

enum status dynamodb_start(struct dynamodb_channel *channel, struct dynamodb_call *call,
                           struct error *err)
{
    struct dynamodb *dynamodb = channel->dynamodb;
    if (call->body.len > DYNAMODB_BODY_BYTES_MAX)
        return fail(err, STATUS_TOO_LARGE, "DynamoDB %s: the request is longer than %d MiB",
                    call->operation, DYNAMODB_BODY_BYTES_MAX >> 20);
    if (channel->in_flight >= DYNAMODB_IN_FLIGHT_MAX)
        return fail(err, STATUS_OVERLOADED, "more than %d requests to DynamoDB are under way",
                    DYNAMODB_IN_FLIGHT_MAX);
    if (atomic_load_explicit(&dynamodb->stopped, memory_order_relaxed))
        return fail(err, STATUS_STOPPED, "DynamoDB is not asked any more: stopping");
    uint64_t deadline_ms = call->deadline_ms == 0 ? dynamodb->deadline_ms : call->deadline_ms;
    call->slot = NULL;
    call->deadline_ns = monotonic_ns() + deadline_ms * ns_per_ms;
    call->tries = 0;
    call->doubtful = false;
    call->has_refreshed = false;
    call->has_corrected = false;
    channel->in_flight++;
    call_list_push(&channel->ready, call);
    return STATUS_OK;
}

size_t dynamodb_in_flight(const struct dynamodb_channel *channel)
{
    return channel->in_flight;
}

/* One turn: sends what can be sent, waits for news unless some are there, takes them in. */
static enum status turn(struct dynamodb_channel *channel, struct error *err)
{
    int running = 0;
    if (atomic_load_explicit(&channel->dynamodb->stopped, memory_order_relaxed)) {
        struct error why;
        fail(&why, STATUS_STOPPED, "DynamoDB is not waited for any more: stopping");
        give_up_all(channel, &why);
        return STATUS_OK;
    }
    size_t before = channel->in_flight;
    send_ready(channel);
    if (curl_multi_perform(channel->multi, &running) != CURLM_OK)
        return fail(err, STATUS_NO_MEMORY, "no memory to talk to DynamoDB");
    take_ended(channel);
    if (channel->in_flight != before || channel->ready.first != NULL)
        if (channel->free != NULL)
            return STATUS_OK;
    if (channel->in_flight > 0 &&
        curl_multi_poll(channel->multi, NULL, 0, poll_ms(channel), NULL) != CURLM_OK)
        return fail(err, STATUS_NO_MEMORY, "no memory to talk to DynamoDB");
    return STATUS_OK;
}

enum status dynamodb_run(struct dynamodb_channel *channel, size_t until_in_flight,
                         struct error *err)
{
    enum status status = STATUS_OK;
    while (channel->in_flight > until_in_flight && status == STATUS_OK)
        status = turn(channel, err);
    return status;
}

/* What dynamodb_ask() waits for. */
struct asked {
    bool is_done;
    struct dynamodb_answer answer;
};

static void take_answer(void *context, const struct dynamodb_answer *answer)
{
    struct asked *asked = context;
    asked->is_done = true;
    asked->answer = *answer;
    json_incref(asked->answer.body);
}

enum status dynamodb_ask(struct dynamodb_channel *channel, const char *operation, struct text body,
                         json_t **out, enum dynamodb_outcome *outcome, struct error *err)
{
    struct asked asked = {0};
    struct dynamodb_call call = {
        .operation = operation, .body = body, .done = take_answer, .context = &asked};
    *outcome = DYNAMODB_UNKNOWN;
    if (out != NULL)
        *out = NULL;
    enum status status = dynamodb_start(channel, &call, err);
    if (status != STATUS_OK)
        return status;
    /* the call is on the stack, so it must be done before this returns, whatever happens */
    while (!asked.is_done) {
        struct error why;
        if (turn(channel, &why) != STATUS_OK)
            give_up_all(channel, &why);
    }

    *outcome = asked.answer.outcome;
    if (*outcome != DYNAMODB_OK) {
        status = asked.answer.error.status;
        if (err != NULL)
            *err = asked.answer.error;
    }
    if (out != NULL)
        *out = asked.answer.body; /* now the caller's */
    else
        json_decref(asked.answer.body);
    return status;
}

void dynamodb_channel_close(struct dynamodb_channel *channel)
{
    if (channel == NULL)
        return;
    for (uint32_t i = 0; channel->slots != NULL && i < channel->dynamodb->connections; i++) {
        struct dynamodb_slot *slot = &channel->slots[i];
        if (slot->call != NULL)
            curl_multi_remove_handle(channel->multi, slot->curl);
        curl_easy_cleanup(slot->curl);
        curl_slist_free_all(slot->fields);
        bytes_done(&slot->answer);
    }
    curl_multi_cleanup(channel->multi);
    free(channel->slots);
    explicit_bzero(channel, sizeof *channel);
    free(channel);
}
