/*
 * worker.c - one epoll loop over a share of the connections, each of which is in one of these
 * states:
 *
 *     idle ──► busy ──► idle         its request was answered 200, refused, or given up
 *               │ ▲
 *               ▼ │
 *             pausing                the request is to be sent again, at wake_ns
 *
 * With a rate, request number k of worker w is number k * threads + w of the whole schedule and is
 * due at a time that only its number decides (plan.h). When it is due and no connection is idle it
 * waits; its response time counts from when it was due. Without a rate a request is due when a
 * connection is idle.
 *
 * Why the counts are right: a request's events are counted once, in finish(), which ends the
 * request's life. `maybe_recorded` remembers that some sending of it had no clear answer; a later
 * refusal then does not say that the events are not recorded.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/load/worker.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/load/answer.h"
#include "cli/load/client.h"
#include "cli/load/source.h"

enum { EPOLL_EVENTS = 256, BACKOFF_STEPS_MAX = 7, RETRY_AFTER_S_MAX = 60 };

static const uint64_t tick_ns = 20 * 1000 * 1000; /* between looks at what waits for a time */
static const uint64_t backoff_first_ns = 20 * 1000 * 1000; /* doubled 7 times: 2.5 s */

enum lane_state { LANE_IDLE, LANE_BUSY, LANE_PAUSING };

/* A connection and the request that it carries. */
struct lane {
    struct client client;
    enum lane_state state;
    struct load_request request;
    uint64_t due_ns;  /* all times by monotonic_ns() */
    uint64_t sent_ns; /* of the last sending */
    uint64_t wake_ns; /* when pausing */
    unsigned failures;
    bool maybe_recorded;
    struct lane *next_idle;
};

struct load_worker {
    pthread_t thread;
    struct load_run *run;
    const struct load_plan *plan;
    uint32_t number;
    int epoll_fd;
    struct lane *lanes;
    uint32_t lane_count;
    struct lane *idle_first; /* a queue, so that all connections are used alike */
    struct lane *idle_last;
    uint32_t unfinished; /* lanes that are busy or pausing */
    struct load_source source;
    uint64_t next_number; /* of the schedule's requests that are this worker's */
    uint64_t events_left;
    struct load_tally tally;
    enum status status; /* why it gave up */
    struct error error;
};

static void idle_push(struct load_worker *worker, struct lane *lane)
{
    lane->state = LANE_IDLE;
    lane->next_idle = NULL;
    if (worker->idle_first == NULL)
        worker->idle_first = lane;
    else
        worker->idle_last->next_idle = lane;
    worker->idle_last = lane;
}

static struct lane *idle_pop(struct load_worker *worker)
{
    struct lane *lane = worker->idle_first;
    worker->idle_first = lane->next_idle;
    return lane;
}

static void give_up(struct load_worker *worker, enum status status, const char *words)
{
    worker->status = fail(&worker->error, status, "%s", words);
    atomic_store(&worker->run->stop, true);
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
    idle_push(worker, lane);
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
        give_up(worker, STATUS_UNAUTHORIZED,
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

/* Sends the lane's request, connecting first where that is needed. */
static void send_request(struct load_worker *worker, struct lane *lane)
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

static bool begin_request(struct load_worker *worker, uint64_t due_ns)
{
    struct lane *lane = idle_pop(worker);
    bool made = false;

    if (load_source_wants_query(&worker->source)) {
        made = load_source_query(&worker->source, &lane->request);
    } else {
        uint32_t events = worker->plan->batch;
        if (events > worker->events_left)
            events = (uint32_t)worker->events_left;
        made = load_source_record(&worker->source, events, &lane->request);
        worker->events_left -= events;
    }
    worker->unfinished++;
    lane->due_ns = due_ns;
    lane->failures = 0;
    lane->maybe_recorded = false;
    if (!made) {
        lane->request.events = 0;
        finish_whole(worker, lane, REFUSED);
        give_up(worker, STATUS_NO_MEMORY, "no memory for a request");
        return false;
    }
    send_request(worker, lane);
    return true;
}

/* When this worker's next request is due. */
static uint64_t next_due_ns(const struct load_worker *worker)
{
    uint64_t number = worker->next_number * worker->plan->threads + worker->number;
    return worker->run->begun_ns + load_due_ns(number, worker->plan->rate);
}

static void send_what_is_due(struct load_worker *worker, uint64_t now_ns)
{
    while (worker->idle_first != NULL && worker->events_left > 0) {
        uint64_t due_ns = now_ns;
        if (worker->plan->rate > 0) {
            due_ns = next_due_ns(worker);
            if (due_ns > now_ns)
                break;
        }
        worker->next_number++;
        if (!begin_request(worker, due_ns))
            break;
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

static void on_ready(struct load_worker *worker, struct lane *lane)
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
        give_up(worker, STATUS_NO_MEMORY, "no memory for an answer");
        break;
    }
    if (lane->state == LANE_BUSY)
        lost(worker, lane);
}

/* Wakes what paused, and cuts what has waited too long. */
static void look_at_times(struct load_worker *worker, uint64_t now_ns, bool ending)
{
    for (uint32_t i = 0; i < worker->lane_count; i++) {
        struct lane *lane = &worker->lanes[i];
        if (lane->state == LANE_PAUSING && now_ns >= lane->wake_ns) {
            send_request(worker, lane);
        } else if (lane->state == LANE_BUSY && !ending &&
                   now_ns > lane->sent_ns + worker->plan->timeout_ns) {
            worker->tally.timeouts++;
            client_close(&lane->client);
            lost(worker, lane);
        }
    }
}

/* The time is over for what is still under way. */
static void abandon(struct load_worker *worker)
{
    for (uint32_t i = 0; i < worker->lane_count; i++) {
        struct lane *lane = &worker->lanes[i];
        if (lane->state == LANE_BUSY) {
            worker->tally.timeouts++;
            lane->maybe_recorded = true;
        }
        if (lane->state != LANE_IDLE)
            finish_whole(worker, lane, REFUSED);
    }
}

/* ---- the loop ---- */

/* How long nothing needs to be done by itself. */
static uint64_t idle_time_ns(const struct load_worker *worker, uint64_t now_ns, bool ending)
{
    if (ending || worker->plan->rate == 0 || worker->idle_first == NULL || worker->events_left == 0)
        return tick_ns;
    uint64_t due_ns = next_due_ns(worker);
    if (due_ns <= now_ns)
        return 0;
    return due_ns - now_ns < tick_ns ? due_ns - now_ns : tick_ns;
}

static void count_never_sent(struct load_worker *worker, uint64_t end_ns)
{
    while (worker->plan->rate > 0 && worker->events_left > 0 && next_due_ns(worker) < end_ns) {
        worker->tally.never_sent++;
        worker->next_number++;
    }
}

static void *work(void *context)
{
    struct load_worker *worker = context;
    const struct load_plan *plan = worker->plan;
    const uint64_t end_ns =
        plan->duration_ns == 0 ? UINT64_MAX : worker->run->begun_ns + plan->duration_ns;
    uint64_t last_look_ns = 0;
    uint64_t abandon_ns = 0; /* 0 until the end has come */
    const uint64_t one = 1;

    for (;;) {
        uint64_t now_ns = monotonic_ns();
        bool is_over = now_ns >= end_ns || worker->events_left == 0 ||
                       atomic_load_explicit(&worker->run->stop, memory_order_relaxed);
        if (is_over && abandon_ns == 0) {
            count_never_sent(worker, now_ns < end_ns ? now_ns : end_ns);
            abandon_ns = now_ns + plan->timeout_ns;
        }
        if (abandon_ns == 0)
            send_what_is_due(worker, now_ns);
        else if (worker->unfinished == 0)
            break;
        else if (now_ns >= abandon_ns || worker->status != STATUS_OK) {
            abandon(worker);
            break;
        }
        if (now_ns - last_look_ns >= tick_ns) {
            last_look_ns = now_ns;
            look_at_times(worker, now_ns, abandon_ns != 0);
        }

        struct epoll_event events[EPOLL_EVENTS];
        uint64_t wait_ns = idle_time_ns(worker, monotonic_ns(), abandon_ns != 0);
        const struct timespec wait = {(time_t)(wait_ns / ns_per_s), (long)(wait_ns % ns_per_s)};
        int count = epoll_pwait2(worker->epoll_fd, events, EPOLL_EVENTS, &wait, NULL);
        for (int i = 0; i < count; i++)
            on_ready(worker, events[i].data.ptr);
    }
    /* an eventfd takes 2^64 - 2 of these before it would block */
    ssize_t written = write(worker->run->done_fd, &one, sizeof one);
    assert(written == sizeof one);
    return NULL;
}

static void worker_free(struct load_worker *worker)
{
    if (worker == NULL)
        return;
    for (uint32_t i = 0; i < worker->lane_count; i++) {
        client_done(&worker->lanes[i].client);
        bytes_done(&worker->lanes[i].request.bytes);
    }
    if (worker->epoll_fd >= 0)
        close(worker->epoll_fd);
    free(worker->lanes);
    free(worker);
}

/* The share of one worker: the first ones take what does not divide. */
static uint64_t share_of(uint64_t total, uint32_t number, uint32_t count)
{
    return total / count + (number < total % count ? 1 : 0);
}

enum status load_worker_start(struct load_run *run, uint32_t thread, struct load_worker **out,
                              struct error *err)
{
    const struct load_plan *plan = run->plan;
    enum status status = STATUS_OK;
    struct load_worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for a load of this size");

    worker->epoll_fd = -1;
    worker->run = run;
    worker->plan = plan;
    worker->number = thread;
    uint32_t lanes = (uint32_t)share_of(plan->connections, thread, plan->threads);
    worker->events_left =
        plan->events_max == 0 ? UINT64_MAX : share_of(plan->events_max, thread, plan->threads);
    worker->lanes = calloc(lanes, sizeof *worker->lanes);
    if (worker->lanes == NULL) {
        status = fail(err, STATUS_NO_MEMORY, "no memory for a load of this size");
        goto cleanup;
    }
    worker->lane_count = lanes;
    for (uint32_t i = 0; i < lanes; i++) {
        worker->lanes[i].client.fd = -1;
        idle_push(worker, &worker->lanes[i]);
    }
    load_source_init(&worker->source, plan, thread);
    worker->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (worker->epoll_fd < 0) {
        status = fail_errno(err, "epoll");
        goto cleanup;
    }
    errno = pthread_create(&worker->thread, NULL, work, worker);
    if (errno != 0) {
        status = fail_errno(err, "a thread of the load");
        goto cleanup;
    }
    *out = worker;
    worker = NULL;

cleanup:
    worker_free(worker);
    return status;
}

enum status load_worker_join(struct load_worker *worker, struct load_tally *tally,
                             struct error *err)
{
    if (worker == NULL)
        return STATUS_OK;
    pthread_join(worker->thread, NULL);
    load_tally_merge(tally, &worker->tally);
    enum status status = worker->status;
    if (status != STATUS_OK && err != NULL)
        *err = worker->error;
    worker_free(worker);
    return status;
}
