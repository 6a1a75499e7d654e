/*
 * subscriber.c - one socket: what goes out of it, and when it is given up.
 *
 * In this order, at the boundaries of messages: the rest of a message that did not fit, then what
 * is said to this one alone (answers, pings, last words), then the listings that wait. Nothing is
 * copied for it and nothing queues: a listing that changes while it waits is sent once, as it then
 * is. So what a subscriber can hold is one message, its answers, and the system's send buffer,
 * whose size is set; and what is bounded by time: whoever has not caught up for slow_timeout is
 * told so and closed.
 *
 * Closing: the last words are sent, our direction is shut, and the socket is kept until the other
 * side ends, a moment at most; closed at once, its system would drop what it has not read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "live/live_parts.h"

enum { ADMISSION_MS = 10000, CLOSING_MS = 2000, READ_BYTES_PER_TURN = 16 * 1024 };

static void set_socket(const struct live *live, int fd)
{
    const int on = 1;
    const int send_bytes = (int)live->options.send_buffer_bytes;
    const int receive_bytes = LIVE_MESSAGE_BYTES_MAX;
    /* behind our own limit: then the last words get nowhere, either */
    const unsigned unanswered_ms = 2 * (live->options.slow_timeout_ms + ADMISSION_MS);
    /* Hints: without one of them it works as well, with more memory or later. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof send_bytes);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered_ms, sizeof unanswered_ms);
}

static bool take_early(struct subscriber *subscriber, struct text early)
{
    if (early.len == 0)
        return true;
    subscriber->early_bytes = malloc(early.len);
    if (subscriber->early_bytes == NULL)
        return false;
    memcpy(subscriber->early_bytes, early.at, early.len);
    subscriber->early = (struct text){subscriber->early_bytes, early.len};
    return true;
}

struct subscriber *subscriber_new(struct live *live, const struct arrival *arrival)
{
    struct error err;
    struct epoll_event event = {.events = EPOLLIN};
    struct subscriber *subscriber = calloc(1, sizeof *subscriber);
    if (subscriber == NULL)
        goto refused;
    subscriber->live = live;
    subscriber->fd = arrival->fd;
    subscriber->protocol = arrival->protocol;
    subscriber->is_admitted = arrival->is_admitted;
    subscriber->subject = arrival->subject;
    subscriber->received_ns = live->now_ns;
    subscriber->said_ns = live->now_ns;
    subscriber->frames_since_ns = live->now_ns;
    if (!arrival->is_admitted)
        subscriber->deadline_ns = live->now_ns + ADMISSION_MS * ns_per_ms;
    event.data.ptr = subscriber;
    if (!take_early(subscriber, arrival->early) ||
        (arrival->protocol == LIVE_WEBSOCKET && websocket_open(subscriber, &err) != STATUS_OK) ||
        epoll_ctl(live->epoll_fd, EPOLL_CTL_ADD, arrival->fd, &event) != 0)
        goto refused;
    set_socket(live, arrival->fd);
    subscriber->next = live->subscribers;
    if (live->subscribers != NULL)
        live->subscribers->previous = subscriber;
    live->subscribers = subscriber;
    stat_add(&live->stats.subscribers[subscriber->protocol], 1);
    return subscriber;

refused:
    if (subscriber != NULL) {
        websocket_done(subscriber);
        free(subscriber->early_bytes);
        free(subscriber);
    }
    close(arrival->fd);
    atomic_fetch_sub(&live->places, 1);
    stat_add(&live->stats.closes[LIVE_CLOSE_FAILED], 1);
    return NULL;
}

void subscriber_free(struct subscriber *subscriber)
{
    struct live *live = subscriber->live;
    assert(!subscriber->is_ready);
    subscriptions_free(subscriber);
    if (subscriber->previous != NULL)
        subscriber->previous->next = subscriber->next;
    else
        live->subscribers = subscriber->next;
    if (subscriber->next != NULL)
        subscriber->next->previous = subscriber->previous;
    websocket_done(subscriber);
    message_unref(subscriber->sending);
    bytes_done(&subscriber->out);
    free(subscriber->early_bytes);
    close(subscriber->fd);
    stat_take(&live->stats.subscribers[subscriber->protocol], 1);
    stat_add(&live->stats.closes[subscriber->reason], 1);
    atomic_fetch_sub(&live->places, 1);
    free(subscriber);
}

void subscriber_make_ready(struct subscriber *subscriber)
{
    if (subscriber->is_ready || subscriber->wants_write)
        return;
    subscriber->is_ready = true;
    subscriber->ready_next = subscriber->live->ready;
    subscriber->live->ready = subscriber;
}

void subscriber_end(struct subscriber *subscriber, enum live_close reason)
{
    struct live *live = subscriber->live;
    if (subscriber->state == SUBSCRIBER_ENDED)
        return;
    if (subscriber->state == SUBSCRIBER_OPEN)
        subscriber->reason = reason;
    subscriber->state = SUBSCRIBER_ENDED;
    subscriber->ended_next = live->ended;
    live->ended = subscriber;
    (void)epoll_ctl(live->epoll_fd, EPOLL_CTL_DEL, subscriber->fd, NULL);
}

void subscriber_close(struct subscriber *subscriber, enum live_close reason)
{
    if (subscriber->state != SUBSCRIBER_OPEN)
        return;
    subscriber->reason = reason;
    subscriber->state = SUBSCRIBER_CLOSING;
    subscriber->deadline_ns = subscriber->live->now_ns + CLOSING_MS * ns_per_ms;
    if (subscriber->protocol == LIVE_WEBSOCKET)
        websocket_close(subscriber, reason);
    else
        event_stream_close(subscriber, reason);
    subscriber_make_ready(subscriber);
}

static void want_write(struct subscriber *subscriber, bool wants)
{
    struct epoll_event event = {.events = wants ? EPOLLIN | EPOLLOUT : EPOLLIN,
                                .data = {.ptr = subscriber}};
    if (subscriber->wants_write == wants)
        return;
    subscriber->wants_write = wants;
    if (epoll_ctl(subscriber->live->epoll_fd, EPOLL_CTL_MOD, subscriber->fd, &event) != 0)
        subscriber_end(subscriber, LIVE_CLOSE_FAILED);
}

ssize_t subscriber_send(struct subscriber *subscriber, const void *from, size_t len, bool more,
                        bool *broken)
{
    ssize_t sent =
        send(subscriber->fd, from, len, MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    *broken = sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
    return sent;
}

ssize_t subscriber_receive(struct subscriber *subscriber, void *to, size_t len, bool *broken)
{
    *broken = false;
    if (subscriber->early.len > 0) {
        size_t part = len < subscriber->early.len ? len : subscriber->early.len;
        memcpy(to, subscriber->early.at, part);
        subscriber->early.at += part;
        subscriber->early.len -= part;
        return (ssize_t)part;
    }
    if (subscriber->read_budget == 0)
        return -1; /* others have their turn first */
    if (len > subscriber->read_budget)
        len = subscriber->read_budget;
    ssize_t got = recv(subscriber->fd, to, len, MSG_DONTWAIT);
    *broken = got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
    if (got > 0) {
        subscriber->read_budget -= (uint32_t)got;
        subscriber->received_ns = subscriber->live->now_ns;
    }
    return got;
}

/* The rest of what is being sent; false when it did not all go. */
static bool send_rest(struct subscriber *subscriber)
{
    struct live_stats *stats = &subscriber->live->stats;
    struct message *message = subscriber->sending;
    bool broken = false;
    while (message != NULL && subscriber->sent < message->len) {
        ssize_t sent = subscriber_send(subscriber, message->bytes + subscriber->sent,
                                       message->len - subscriber->sent,
                                       subscriber->waiting_first != NULL, &broken);
        if (broken)
            subscriber_end(subscriber, LIVE_CLOSE_CLIENT);
        if (sent < 0)
            return false;
        subscriber->sent += (size_t)sent;
    }
    if (message == NULL)
        return true;
    if (subscriber->sending_since_ns != 0)
        histogram_add(&stats->delivery_times, monotonic_ns() - subscriber->sending_since_ns);
    message_unref(message);
    subscriber->sending = NULL;
    return true;
}

/* What is said to event streams beside messages; false when it did not all go. */
static bool send_words(struct subscriber *subscriber)
{
    struct bytes *out = &subscriber->out;
    bool broken = false;
    while (subscriber->out_sent < out->len) {
        ssize_t sent = subscriber_send(subscriber, out->at + subscriber->out_sent,
                                       out->len - subscriber->out_sent,
                                       subscriber->waiting_first != NULL, &broken);
        if (broken)
            subscriber_end(subscriber, LIVE_CLOSE_CLIENT);
        if (sent < 0)
            return false;
        subscriber->out_sent += (size_t)sent;
    }
    bytes_done(out); /* it is said rarely: no memory is kept for it */
    subscriber->out_sent = 0;
    return true;
}

static bool send_one_waiting(struct subscriber *subscriber)
{
    struct live *live = subscriber->live;
    struct link *link = subscriber->waiting_first;
    enum message_type type = link->is_fresh ? MESSAGE_SNAPSHOT : MESSAGE_DELTA;
    subscriber->sending = topic_message(live, link->topic, subscriber->protocol, type);
    subscriber->sent = 0;
    subscriber->sending_since_ns = link->since_ns;
    if (subscriber->sending == NULL) {
        subscriber_end(subscriber, LIVE_CLOSE_FAILED);
        return false;
    }
    stat_add(type == MESSAGE_SNAPSHOT ? &live->stats.snapshots : &live->stats.deltas, 1);
    link_stop_waiting(link);
    link->is_fresh = false;
    link->since_ns = 0;
    return send_rest(subscriber);
}

static bool send_all(struct subscriber *subscriber)
{
    if (!send_rest(subscriber))
        return false;
    bool said = subscriber->protocol == LIVE_WEBSOCKET ? websocket_flush(subscriber)
                                                       : send_words(subscriber);
    if (!said)
        return false;
    while (subscriber->state == SUBSCRIBER_OPEN && subscriber->waiting_first != NULL)
        if (!send_one_waiting(subscriber))
            return false;
    return true;
}

void subscriber_flush(struct subscriber *subscriber)
{
    struct live *live = subscriber->live;
    if (subscriber->state == SUBSCRIBER_DRAINING || subscriber->state == SUBSCRIBER_ENDED)
        return;
    bool caught_up = send_all(subscriber);
    if (subscriber->state == SUBSCRIBER_ENDED)
        return;
    want_write(subscriber, !caught_up);
    if (!caught_up) {
        if (subscriber->blocked_ns == 0)
            subscriber->blocked_ns = live->now_ns;
        return;
    }
    subscriber->blocked_ns = 0;
    if (subscriber->state == SUBSCRIBER_CLOSING) {
        subscriber->state = SUBSCRIBER_DRAINING;
        shutdown(subscriber->fd, SHUT_WR);
    }
}

/* Nothing of it is wanted any more, but its end. */
static void read_away(struct subscriber *subscriber)
{
    char away[4096];
    bool broken = false;
    ssize_t got = 0;
    subscriber->read_budget = READ_BYTES_PER_TURN;
    while ((got = subscriber_receive(subscriber, away, sizeof away, &broken)) > 0)
        continue;
    if (got == 0 || broken)
        subscriber_end(subscriber, LIVE_CLOSE_CLIENT);
}

void subscriber_read(struct subscriber *subscriber)
{
    if (subscriber->state == SUBSCRIBER_ENDED)
        return;
    subscriber->read_budget = READ_BYTES_PER_TURN;
    if (subscriber->protocol == LIVE_WEBSOCKET && subscriber->state == SUBSCRIBER_OPEN)
        websocket_read(subscriber);
    else
        read_away(subscriber);
}

void subscriber_say(struct subscriber *subscriber, const struct bytes *json)
{
    if (subscriber->state != SUBSCRIBER_OPEN)
        return;
    if (subscriber->protocol == LIVE_WEBSOCKET)
        websocket_say(subscriber, json);
    else
        event_stream_say(subscriber, json);
    subscriber_make_ready(subscriber);
}

void subscriber_look(struct subscriber *subscriber)
{
    const struct live *live = subscriber->live;
    uint64_t ping_ns = live->options.ping_interval_ms * ns_per_ms;
    uint64_t slow_ns = live->options.slow_timeout_ms * ns_per_ms;
    if (subscriber->state == SUBSCRIBER_ENDED)
        return;
    if (subscriber->deadline_ns != 0 && live->now_ns >= subscriber->deadline_ns) {
        if (subscriber->state == SUBSCRIBER_OPEN)
            subscriber_close(subscriber, LIVE_CLOSE_DENIED);
        else
            subscriber_end(subscriber, subscriber->reason);
        return;
    }
    if (subscriber->state != SUBSCRIBER_OPEN)
        return;
    if (subscriber->blocked_ns != 0 && live->now_ns - subscriber->blocked_ns >= slow_ns) {
        subscriber_close(subscriber, LIVE_CLOSE_SLOW);
        return;
    }
    if (subscriber->protocol == LIVE_WEBSOCKET &&
        live->now_ns - subscriber->received_ns >= ping_ns * 5 / 2) {
        subscriber_close(subscriber, LIVE_CLOSE_IDLE);
        return;
    }
    if (live->now_ns - subscriber->said_ns >= ping_ns) {
        subscriber->said_ns = live->now_ns;
        if (subscriber->protocol == LIVE_WEBSOCKET)
            websocket_ping(subscriber);
        else
            event_stream_ping(subscriber);
        subscriber_make_ready(subscriber);
    }
}
