/*
 * lane.c - a request's life after it is made: out, in, what the answer says, and again if need be.
 *
 * Why the counts are right: a request's events are counted once, in finish(), which ends the
 * request's life. `maybe_recorded` remembers that some sending of it had no clear answer; a later
 * refusal then does not say that the events are not recorded.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/load/worker_parts.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/load/answer.h"

enum { BACKOFF_STEPS_MAX = 7, RETRY_AFTER_S_MAX = 60 };

static const uint64_t backoff_first_ns = 20 * 1000 * 1000; /* doubled 7 times: 2.5 s */

void lane_set_idle(struct load_worker *worker, struct lane *lane)
{
    lane->state = LANE_IDLE;
    lane->next_idle = NULL;
    if (worker->idle_first == NULL)
        worker->idle_first = lane;
    else
        worker->idle_last->next_idle = lane;
    worker->idle_last = lane;
}

/* ---- how a request ends ---- */

enum outcome { ACKNOWLEDGED, REFUSED, UNKNOWN };

/* The request's life is over; of its events, so many were acknowledged and so many refused. */
static void finish(struct load_worker *worker, struct lane *lane, uint64_t acknowledged,
                   uint64_t refused)
{
    struct load_tally *tally = &worker->tally;
    const struct load_request *request = &lane->request;

    assert(acknowledged + refused <= request->events);
    tally->acknowledged += acknowledged;
    tally->refused += refused;
    tally->unknown += request->events - acknowledged - refused;
    if (acknowledged == request->events) {
        for (int type = 0; type < LOAD_TYPES; type++)
            tally->acknowledged_by_type[type] += request->by_type[type];
    } else if (refused < request->events) {
        tally->types_unknown = true;
    }
    atomic_fetch_add_explicit(&worker->run->progress.events, acknowledged, memory_order_relaxed);
    worker->unfinished--;
    lane_set_idle(worker, lane);
}

static void finish_whole(struct load_worker *worker, struct lane *lane, enum outcome outcome)
{
    uint64_t events = lane->request.events;
    if (outcome == REFUSED && lane->maybe_recorded)
        outcome = UNKNOWN;
    finish(worker, lane, outcome == ACKNOWLEDGED ? events : 0, outcome == REFUSED ? events : 0);
}

/* The same request is to go out again, not before this time has passed. */
static void pause_lane(struct load_worker *worker, struct lane *lane, uint64_t wait_ns)
{
    lane->state = LANE_PAUSING;
    lane->wake_ns = monotonic_ns() + wait_ns;
    worker->tally.resent++;
}

static uint64_t backoff_ns(struct lane *lane)
{
    unsigned steps = lane->failures < BACKOFF_STEPS_MAX ? lane->failures : BACKOFF_STEPS_MAX;
    lane->failures++;
    return backoff_first_ns << steps;
}

/* No clear answer to what was sent: with ids, or when it is a question, it is sent again. */
static void outcome_is_unknown(struct load_worker *worker, struct lane *lane, uint64_t wait_ns)
{
    lane->maybe_recorded = true;
    atomic_fetch_add_explicit(&worker->run->progress.troubles, 1, memory_order_relaxed);
    if (lane->request.is_query || worker->plan->ids)
        pause_lane(worker, lane, wait_ns);
    else
        finish_whole(worker, lane, UNKNOWN);
}

static void count_time(const struct lane *lane, struct load_latencies *into)
{
    uint64_t now_ns = monotonic_ns();
    latency_add(&into->service, now_ns - lane->sent_ns);
    latency_add(&into->response, now_ns - lane->due_ns);
}

static void on_recorded(struct load_worker *worker, struct lane *lane, const char *body, size_t len)
{
    const uint64_t events = lane->request.events;
    struct answer answer;

    if (!answer_read(body, len, &answer) || !answer.success ||
        answer.recorded + answer.duplicates + answer.rejected != events) {
        snprintf(worker->tally.unreadable_why, sizeof worker->tally.unreadable_why,
                 "a 200 does not account for the %u events that were sent", lane->request.events);
        worker->tally.unreadable++;
        outcome_is_unknown(worker, lane, backoff_ns(lane));
        return;
    }
    count_time(lane, &worker->tally.record);
    atomic_fetch_add_explicit(&worker->run->progress.requests, 1, memory_order_relaxed);
    worker->tally.duplicates += answer.duplicates;
    if (answer.rejected > 0)
        load_tally_answer(&worker->tally, 200, "lines rejected", answer.rejected);
    finish(worker, lane, events - answer.rejected, answer.rejected);
}

/* Neither 200 nor a cut: what does this status say of the events? */
static void on_other_answer(struct load_worker *worker, struct lane *lane,
                            const struct response *response, const char *body)
{
    struct answer answer = {0};
    const struct load_request *request = &lane->request;

    if (!answer_read(body, response->body_bytes, &answer))
        answer = (struct answer){0};
    load_tally_answer(&worker->tally, response->status, answer.code, 1);
    if (response->status == 401 || response->status == 403)
        worker_give_up(worker, STATUS_UNAUTHORIZED,
                       response->status == 401
                           ? "the server answered 401: it wants a key, or another one"
                           : "the server answered 403: this key, host or origin may not record");

    int retry_s = response->retry_after_s;
    uint64_t wait_ns =
        retry_s < 0
            ? backoff_ns(lane)
            : (uint64_t)(retry_s < RETRY_AFTER_S_MAX ? retry_s : RETRY_AFTER_S_MAX) * ns_per_s;
    bool in_part = answer.recorded + answer.duplicates > 0; /* of a stream */
    bool is_clear = response->status < 500 ||
                    (response->status == 503 && strcmp(answer.code, "outcome_unknown") != 0);
    if (!is_clear || (in_part && worker->plan->ids)) {
        outcome_is_unknown(worker, lane, wait_ns);
        return;
    }
    atomic_fetch_add_explicit(&worker->run->progress.troubles, 1, memory_order_relaxed);
    if (in_part && answer.recorded + answer.duplicates <= request->events)
        finish(worker, lane, answer.recorded + answer.duplicates,
               request->events - answer.recorded - answer.duplicates);
    else if (response->status == 503)
        pause_lane(worker, lane, wait_ns);
    else
        finish_whole(worker, lane, REFUSED);
}

/* ---- sending ---- */

/* The connection carries nothing any more, by whatever fault. */
static void lost(struct load_worker *worker, struct lane *lane)
{
    client_done_reading(&lane->client);
    outcome_is_unknown(worker, lane, backoff_ns(lane));
}

void lane_send(struct load_worker *worker, struct lane *lane)
{
    const struct load_request *request = &lane->request;

    lane->state = LANE_BUSY;
    lane->sent_ns = monotonic_ns();
    if (lane->client.fd < 0 &&
        !client_open(&lane->client, worker->epoll_fd, lane,
                     (const struct sockaddr *)&worker->run->address, worker->run->address_len)) {
        worker->tally.connect_failures++;
        pause_lane(worker, lane, backoff_ns(lane)); /* nothing went out */
        return;
    }
    if (client_send(&lane->client, request->bytes.at + request->begin,
                    request->bytes.len - request->begin) == CLIENT_CUT) {
        worker->tally.cut++;
        lost(worker, lane);
    }
}

/* ---- receiving ---- */

static void on_answer(struct load_worker *worker, struct lane *lane,
                      const struct response *response, const char *body)
{
    if (response->status != 200) {
        on_other_answer(worker, lane, response, body);
    } else if (lane->request.is_query) {
        count_time(lane, &worker->tally.query);
        atomic_fetch_add_explicit(&worker->run->progress.requests, 1, memory_order_relaxed);
        finish_whole(worker, lane, ACKNOWLEDGED);
    } else {
        on_recorded(worker, lane, body, response->body_bytes);
    }
}

void lane_on_ready(struct load_worker *worker, struct lane *lane)
{
    struct response response = {0};
    const char *body = NULL;
    const char *why = NULL;
    bool was_connecting = lane->client.connecting;

    if (lane->client.fd < 0)
        return;
    switch (client_work(&lane->client, &response, &body, &why)) {
    case CLIENT_WAITS:
        return;
    case CLIENT_ANSWERED:
        on_answer(worker, lane, &response, body);
        client_done_reading(&lane->client);
        if (response.close)
            client_close(&lane->client);
        return;
    case CLIENT_CUT:
        if (lane->state != LANE_BUSY)
            return; /* the server closed an idle one, as it may */
        if (was_connecting) {
            worker->tally.connect_failures++;
            client_done_reading(&lane->client);
            pause_lane(worker, lane, backoff_ns(lane)); /* nothing went out */
            return;
        }
        worker->tally.cut++;
        break;
    case CLIENT_UNREADABLE:
        worker->tally.unreadable++;
        snprintf(worker->tally.unreadable_why, sizeof worker->tally.unreadable_why, "%s", why);
        break;
    case CLIENT_NO_MEMORY:
        worker_give_up(worker, STATUS_NO_MEMORY, "no memory for an answer");
        break;
    }
    if (lane->state == LANE_BUSY)
        lost(worker, lane);
}

void lane_on_timeout(struct load_worker *worker, struct lane *lane)
{
    worker->tally.timeouts++;
    client_close(&lane->client);
    lost(worker, lane);
}

void lane_abandon(struct load_worker *worker, struct lane *lane)
{
    if (lane->state == LANE_BUSY) {
        worker->tally.timeouts++;
        lane->maybe_recorded = true;
    }
    if (lane->state != LANE_IDLE)
        finish_whole(worker, lane, REFUSED);
}
