/*
 * worker.c - one epoll loop over a share of the connections; when requests go out.
 *
 * With a rate, request number k of worker w is number k * threads + w of the whole schedule and is
 * due at a time that only its number decides (plan.h). When it is due and no connection is idle it
 * waits; its response time counts from when it was due. Without a rate a request is due when a
 * connection is idle.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/load/worker.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/load/worker_parts.h"

enum { EPOLL_EVENTS = 256 };

static const uint64_t tick_ns = 20 * 1000 * 1000; /* between looks at what waits for a time */

void worker_give_up(struct load_worker *worker, enum status status, const char *words)
{
    worker->status = fail(&worker->error, status, "%s", words);
    atomic_store(&worker->run->stop, true);
}

static struct lane *idle_pop(struct load_worker *worker)
{
    struct lane *lane = worker->idle_first;
    worker->idle_first = lane->next_idle;
    return lane;
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
        lane->state = LANE_PAUSING;
        lane_abandon(worker, lane);
        worker_give_up(worker, STATUS_NO_MEMORY, "no memory for a request");
        return false;
    }
    lane_send(worker, lane);
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

/* Wakes what paused, and cuts what has waited too long. */
static void look_at_times(struct load_worker *worker, uint64_t now_ns, bool ending)
{
    for (uint32_t i = 0; i < worker->lane_count; i++) {
        struct lane *lane = &worker->lanes[i];
        if (lane->state == LANE_PAUSING && now_ns >= lane->wake_ns) {
            lane_send(worker, lane);
        } else if (lane->state == LANE_BUSY && !ending &&
                   now_ns > lane->sent_ns + worker->plan->timeout_ns) {
            lane_on_timeout(worker, lane);
        }
    }
}

/* The time is over for what is still under way. */
static void abandon(struct load_worker *worker)
{
    for (uint32_t i = 0; i < worker->lane_count; i++)
        lane_abandon(worker, &worker->lanes[i]);
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
            lane_on_ready(worker, events[i].data.ptr);
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
        lane_set_idle(worker, &worker->lanes[i]);
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
