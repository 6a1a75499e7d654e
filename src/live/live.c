/*
 * live.c - the thread: take what loops hand over, read what clients say, look for changes, send.
 *
 *      ┌─► wait for sockets, arrivals, or the next look
 *      │   what clients say, and where there is room again
 *      │   arrivals become subscribers
 *      │   changed topics and feeds are read: their links wait
 *      │   who has something waiting is sent it
 *      └── who has ended is freed
 *
 * It looks for changes LOOK_MS apart while anything is watched; a look finds at once, by one
 * number, that nothing was committed. What a look reads is bounded by time, so that sending does
 * not wait for ten thousand reads; the next one goes on where it stopped.
 *
 * Subscribers are freed at the end of a turn only: until then everybody may hold them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "live/live_parts.h"

enum {
    SUBSCRIBERS_DEFAULT = 10 * 1000,
    WATCHES_DEFAULT = 200 * 1000,
    SEND_BUFFER_BYTES = 64 * 1024,
    PING_INTERVAL_MS = 30 * 1000,
    SLOW_TIMEOUT_MS = 10 * 1000,
    LOOK_MS = 20,     /* between looks for changes */
    LOOK_MS_MAX = 20, /* that a look may take before something is sent */
    SWEEP_MS = 1000,  /* between looks at every subscriber */
    STOP_MS = 2000,   /* for last words */
    EVENTS_PER_TURN = 256,
    NICE = 10
};

/* ---- handing over: any thread ---- */

static void wake(struct live *live)
{
    const uint64_t one = 1;
    (void)!write(live->wake_fd, &one, sizeof one);
}

static enum status too_many(const struct live *live, struct error *err)
{
    return fail_code(err, STATUS_OVERLOADED, "too_many_subscribers",
                     "%u subscribers are connected, the most that this server takes",
                     live->options.subscribers_max);
}

enum status live_check_room(struct live *live, struct error *err)
{
    if (atomic_load(&live->stop_asked))
        return fail(err, STATUS_STOPPED, "the server is stopping");
    return atomic_load(&live->places) < live->options.subscribers_max ? STATUS_OK
                                                                      : too_many(live, err);
}

static struct arrival *arrival_new(struct live *live, int fd, enum live_protocol protocol,
                                   const struct live_subject *subject)
{
    struct arrival *arrival = calloc(1, sizeof *arrival);
    atomic_fetch_add(&live->places, 1);
    if (arrival == NULL)
        return NULL;
    arrival->fd = fd;
    arrival->protocol = protocol;
    arrival->is_admitted = subject != NULL;
    if (subject != NULL)
        arrival->subject = *subject;
    arrival->arena.chunk_bytes = 1024;
    return arrival;
}

static void arrival_free(struct arrival *arrival)
{
    if (arrival == NULL)
        return;
    arena_done(&arrival->arena);
    free(arrival);
}

static void arrive(struct live *live, struct arrival *arrival)
{
    pthread_mutex_lock(&live->arrivals_lock);
    arrival->next = live->arrivals;
    live->arrivals = arrival;
    pthread_mutex_unlock(&live->arrivals_lock);
    wake(live);
}

static void lose(struct live *live, int fd, struct arrival *arrival)
{
    arrival_free(arrival);
    close(fd);
    atomic_fetch_sub(&live->places, 1);
    stat_add(&live->stats.closes[LIVE_CLOSE_FAILED], 1);
}

void live_add_websocket(struct live *live, int fd, const struct live_subject *subject,
                        struct text early)
{
    struct arrival *arrival = arrival_new(live, fd, LIVE_WEBSOCKET, subject);
    if (arrival != NULL && early.len > 0)
        arrival->early = arena_copy(&arrival->arena, early);
    if (arrival == NULL || (early.len > 0 && arrival->early.at == NULL))
        lose(live, fd, arrival);
    else
        arrive(live, arrival);
}

static bool copy_request(struct arena *arena, const struct live_request *from,
                         struct live_request *to)
{
    *to = *from;
    to->user_id = arena_copy(arena, from->user_id);
    if (to->user_id.at == NULL)
        return false;
    to->since = arena_copy(arena, from->since);
    to->cors_origin = arena_copy(arena, from->cors_origin);
    if ((to->since.at == NULL) != (from->since.at == NULL) ||
        (to->cors_origin.at == NULL) != (from->cors_origin.at == NULL))
        return false;
    struct text *ids = arena_zalloc(arena, from->listing_count + 1, sizeof *ids);
    if (ids == NULL)
        return false;
    to->listing_ids = ids;
    for (size_t i = 0; i < from->listing_count; i++) {
        ids[i] = arena_copy(arena, from->listing_ids[i]);
        if (ids[i].at == NULL)
            return false;
    }
    return true;
}

void live_add_event_stream(struct live *live, int fd, const struct live_subject *subject,
                           const struct live_request *request)
{
    struct arrival *arrival = arrival_new(live, fd, LIVE_EVENT_STREAM, subject);
    if (arrival == NULL || !copy_request(&arrival->arena, request, &arrival->request))
        lose(live, fd, arrival);
    else
        arrive(live, arrival);
}

/* ---- the thread ---- */

static void settle(struct live *live, const struct arrival *arrival)
{
    struct error err;
    struct subscriber *subscriber = subscriber_new(live, arrival);
    if (subscriber == NULL)
        return;
    bool is_full = atomic_load(&live->places) > live->options.subscribers_max;
    if (arrival->protocol == LIVE_EVENT_STREAM) {
        if (is_full) {
            (void)too_many(live, &err);
            event_stream_refuse(subscriber, &err);
        } else {
            event_stream_begin(subscriber, &arrival->request);
        }
    } else if (is_full) {
        subscriber_close(subscriber, LIVE_CLOSE_FULL);
    } else if (subscriber->early.len > 0) {
        subscriber_read(subscriber);
    }
}

static void settle_arrivals(struct live *live)
{
    pthread_mutex_lock(&live->arrivals_lock);
    struct arrival *arrival = live->arrivals;
    live->arrivals = NULL;
    pthread_mutex_unlock(&live->arrivals_lock);
    while (arrival != NULL) {
        struct arrival *next = arrival->next;
        settle(live, arrival);
        arrival_free(arrival);
        arrival = next;
    }
}

static void serve_sockets(struct live *live, const struct epoll_event *events, int count)
{
    uint64_t wakes = 0;
    for (int i = 0; i < count; i++) {
        struct subscriber *subscriber = events[i].data.ptr;
        if (subscriber == NULL) {
            (void)!read(live->wake_fd, &wakes, sizeof wakes);
            continue;
        }
        if ((events[i].events & EPOLLOUT) != 0)
            subscriber_flush(subscriber);
        if ((events[i].events & ~(uint32_t)EPOLLOUT) != 0)
            subscriber_read(subscriber);
    }
}

static void look_for_changes(struct live *live)
{
    uint64_t changed_ns = instance_changed_ns(live->instance);
    bool has_changed = changed_ns != live->changed_seen_ns;
    bool day_may_have_changed = live->now_ns >= live->sweep_ns;
    feeds_look(live);
    if (!has_changed && !live->anything_changed && !day_may_have_changed)
        return;
    live->changed_seen_ns = changed_ns;
    (void)topics_look(live, live->now_ns + LOOK_MS_MAX * ns_per_ms);
}

static void flush_ready(struct live *live)
{
    while (live->ready != NULL) {
        struct subscriber *subscriber = live->ready;
        live->ready = subscriber->ready_next;
        subscriber->is_ready = false;
        subscriber_flush(subscriber);
    }
}

static void free_ended(struct live *live)
{
    while (live->ended != NULL) {
        struct subscriber *subscriber = live->ended;
        live->ended = subscriber->ended_next;
        subscriber_free(subscriber);
    }
}

static void look_at_subscribers(struct live *live)
{
    for (struct subscriber *each = live->subscribers; each != NULL; each = each->next)
        subscriber_look(each);
}

static void begin_stop(struct live *live)
{
    live->stop_deadline_ns = live->now_ns + STOP_MS * ns_per_ms;
    for (struct subscriber *each = live->subscribers; each != NULL; each = each->next)
        subscriber_close(each, LIVE_CLOSE_STOPPING);
}

/* Short limits, as tests have them, are looked at as often as they need. */
static uint64_t sweep_interval_ms(const struct live *live)
{
    uint64_t shortest_ms = live->options.ping_interval_ms < live->options.slow_timeout_ms
                               ? live->options.ping_interval_ms
                               : live->options.slow_timeout_ms;
    return shortest_ms / 4 < SWEEP_MS ? shortest_ms / 4 : SWEEP_MS;
}

/* For at most how long to wait for sockets. */
static int wait_ms(const struct live *live)
{
    if (live->ready != NULL)
        return 0;
    if (live->topic_count > 0 || live->feeds != NULL)
        return LOOK_MS;
    bool is_idle = live->subscribers == NULL && live->stop_deadline_ns == 0;
    return is_idle ? -1 : (int)sweep_interval_ms(live);
}

static void sweep(struct live *live)
{
    if (live->now_ns < live->sweep_ns)
        return;
    live->sweep_ns = live->now_ns + sweep_interval_ms(live) * ns_per_ms;
    look_at_subscribers(live);
    topics_sweep(live);
}

static void *run(void *context)
{
    struct live *live = context;
    struct epoll_event events[EVENTS_PER_TURN];
    /* Where all cores are busy, recording comes first: this thread then gets a tenth of one, and
       messages coalesce more. A hint, as everything about priorities. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    for (;;) {
        int count = epoll_wait(live->epoll_fd, events, EVENTS_PER_TURN, wait_ms(live));
        live->now_ns = monotonic_ns();
        live->now_ms = instance_now_ms(live->instance);
        if (count < 0 && errno != EINTR) {
            log_event(LOG_ERROR, "live", "wait_failed", LOG_NUMBER("errno", errno));
            count = 0;
        }
        serve_sockets(live, events, count);
        settle_arrivals(live); /* after the wake-up was read: who comes now wakes again */
        if (atomic_load(&live->stop_asked) && live->stop_deadline_ns == 0)
            begin_stop(live);
        if (live->stop_deadline_ns == 0)
            look_for_changes(live);
        sweep(live);
        flush_ready(live);
        free_ended(live);
        if (live->stop_deadline_ns != 0 &&
            (live->subscribers == NULL || live->now_ns >= live->stop_deadline_ns))
            return NULL;
    }
}

/* ---- opening and closing ---- */

static void fill_defaults(struct live_options *options)
{
    if (options->subscribers_max == 0)
        options->subscribers_max = SUBSCRIBERS_DEFAULT;
    if (options->watches_max == 0)
        options->watches_max = WATCHES_DEFAULT;
    if (options->send_buffer_bytes == 0)
        options->send_buffer_bytes = SEND_BUFFER_BYTES;
    if (options->ping_interval_ms == 0)
        options->ping_interval_ms = PING_INTERVAL_MS;
    if (options->slow_timeout_ms == 0)
        options->slow_timeout_ms = SLOW_TIMEOUT_MS;
}

enum status live_open(const struct live_options *options, struct instance *instance,
                      struct live **out, struct error *err)
{
    enum status status = STATUS_OK;
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = NULL}};
    struct live *live = calloc(1, sizeof *live);
    if (live == NULL)
        return fail(err, STATUS_NO_MEMORY, "live: no memory");
    live->options = *options;
    fill_defaults(&live->options);
    live->instance = instance;
    live->stream = instance_boot_nonce(instance);
    live->wake_fd = -1;
    live->epoll_fd = -1;
    live->now_ns = monotonic_ns();
    if (pthread_mutex_init(&live->arrivals_lock, NULL) != 0) {
        free(live);
        return fail(err, STATUS_NO_MEMORY, "live: no memory");
    }
    live->buckets = calloc(TOPIC_BUCKETS, sizeof(struct topic *));
    if (live->buckets == NULL) {
        status = fail(err, STATUS_NO_MEMORY, "live: no memory");
        goto cleanup;
    }
    live->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    live->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (live->epoll_fd < 0 || live->wake_fd < 0 ||
        epoll_ctl(live->epoll_fd, EPOLL_CTL_ADD, live->wake_fd, &event) != 0) {
        status = fail_errno(err, "live: epoll");
        goto cleanup;
    }
    if (pthread_create(&live->thread, NULL, run, live) != 0) {
        status = fail(err, STATUS_NO_MEMORY, "live: the system has no thread for it");
        goto cleanup;
    }
    live->has_thread = true;
    *out = live;
    live = NULL;

cleanup:
    live_close(live);
    return status;
}

void live_stop(struct live *live)
{
    atomic_store(&live->stop_asked, true);
    wake(live);
}

void live_close(struct live *live)
{
    if (live == NULL)
        return;
    if (live->has_thread) {
        live_stop(live);
        pthread_join(live->thread, NULL);
    }
    while (live->arrivals != NULL) {
        struct arrival *arrival = live->arrivals;
        live->arrivals = arrival->next;
        lose(live, arrival->fd, arrival);
    }
    live->ready = NULL;
    while (live->subscribers != NULL) {
        live->subscribers->is_ready = false;
        subscriber_free(live->subscribers);
    }
    topics_free(live);
    free(live->buckets);
    arena_done(&live->scratch);
    bytes_done(&live->json);
    if (live->epoll_fd >= 0)
        close(live->epoll_fd);
    if (live->wake_fd >= 0)
        close(live->wake_fd);
    pthread_mutex_destroy(&live->arrivals_lock);
    free(live);
}

void live_get_numbers(const struct live *live, struct live_numbers *out)
{
    const struct live_stats *stats = &live->stats;
    for (int i = 0; i < LIVE_PROTOCOLS; i++)
        out->subscribers[i] = atomic_load(&stats->subscribers[i]);
    for (int i = 0; i < LIVE_CLOSES; i++)
        out->closes[i] = atomic_load(&stats->closes[i]);
    out->watches = atomic_load(&stats->watches);
    out->listings = atomic_load(&stats->listings);
    out->snapshots = atomic_load(&stats->snapshots);
    out->deltas = atomic_load(&stats->deltas);
    out->coalesced = atomic_load(&stats->coalesced);
    out->dropped = atomic_load(&stats->dropped);
    out->reads = atomic_load(&stats->reads);
    out->failures = atomic_load(&stats->failures);
}

const struct histogram *live_delivery_times(const struct live *live)
{
    return &live->stats.delivery_times;
}
