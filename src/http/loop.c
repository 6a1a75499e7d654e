/*
 * loop.c - gather, commit, answer.
 *
 *      ┌─► pass: the library reads, calls, sends ──► has anything gathered?
 *      │                                              │ yes          │ no
 *      ├───── more are about to come: linger ◄────────┤              │
 *      ├───── a few: commit ◄─────────────────────────┤              │
 *      ├───── many: commit beside, and read on ◄──────┘              │
 *      └───── poll, unless the pass moved something ◄────────────────┘
 *
 * A few requests are committed by the thread that gathered them: waking another costs more than the
 * wait for the disk. With many, a thread beside the loop commits the group while the loop reads the
 * next one; two wake-ups a group are little among so many. The same when a commit takes long, as on
 * a slow disk, so that questions need not wait for it. Either way a handler whose submission is not
 * done simply returns; the library calls it again in the next pass.
 *
 * A sync costs the same for one event as for hundreds, so a group should not leave without those
 * who are about to come: the clients that were just answered and, under load, send their next
 * request at once. The loop lingers until as many have come as were answered and as came during the
 * sync, but no longer than half of what a commit takes: with one client there is nobody to
 * wait for, with a slow disk groups grow to all clients that there are.
 *
 * The library is never allowed to block (its epoll_wait repeats with the same timeout after exactly
 * 128 events): its epoll descriptor is polled here, with its timeout, together with the eventfd
 * that http_server_stop() and finished queries write to. Queries on their threads suspend their
 * connection, so that nothing is looked at until they are done; resuming alone would wake nobody.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/committer.h"
#include "http/connection.h"
#include "http/request.h"
#include "http/respond.h"
#include "http/server_parts.h"

enum {
    LINGER_PASSES = 2, /* while they bring something, whatever is expected */
    LINGER_PART = 2,   /* of a commit's time */
    LINGER_MS_MAX = 2,
    STREAM_MS_MAX = 8,
    STOP_POLL_MS = 20,
    BESIDE_REQUESTS = 8, /* in a group, for it to be committed beside the loop */
    BESIDE_MS = 2,       /* or what a commit takes */
    BESIDE_WAIT_MS = 20  /* at most, then deadlines are looked at */
};

static void tick(struct http_server *server)
{
    server->now_ns = monotonic_ns();
    server->rules.now_ms = instance_now_ms(server->instance);
    if (server->now_ns < server->reap_at_ns)
        return;
    /* Short limits, as tests have them, are looked at as often as they need. */
    uint32_t shortest_ms = server->options.head_timeout_ms < server->options.body_timeout_ms
                               ? server->options.head_timeout_ms
                               : server->options.body_timeout_ms;
    uint64_t interval_ns = shortest_ms < 4000 ? shortest_ms / 4 * ns_per_ms : ns_per_s;
    server->reap_at_ns = server->now_ns + interval_ns;
    respond_tick(server);
    connections_reap(server);
    requests_collect_orphans(server); /* a handler may have made the last commit */
}

static void begin_stop(struct http_server *server)
{
    server->stopping = true;
    server->stop_deadline_ns = server->now_ns + server->options.stop_timeout_ms * ns_per_ms;
    server->reap_at_ns = 0; /* idle connections go now */
    int fd = MHD_quiesce_daemon(server->daemon);
    if (fd >= 0)
        close(fd);
    server->listen_fd = -1;
    live_stop(server->live);
}

/* Nobody waits, or it has taken too long. */
static bool is_stopped(const struct http_server *server)
{
    return server->stopping && ((server->requests_active == 0 && server->orphans == NULL) ||
                                server->now_ns >= server->stop_deadline_ns);
}

/* Sleeps until a socket or http_server_stop() has something, at most for that long. */
static enum status wait_for(struct http_server *server, uint64_t wait_ns, struct error *err)
{
    struct pollfd ready[] = {{.fd = server->epoll_fd, .events = POLLIN},
                             {.fd = server->wake_fd, .events = POLLIN}};
    const struct timespec wait = {.tv_sec = (time_t)(wait_ns / ns_per_s),
                                  .tv_nsec = (long)(wait_ns % ns_per_s)};
    if (ppoll(ready, 2, &wait, NULL) < 0 && errno != EINTR)
        return fail_errno(err, "http: poll");
    uint64_t count = 0;
    if ((ready[1].revents & POLLIN) != 0)
        (void)!read(server->wake_fd, &count, sizeof count);
    return STATUS_OK;
}

static enum status wait_for_work(struct http_server *server, struct error *err)
{
    MHD_UNSIGNED_LONG_LONG library_ms = 0;
    uint64_t now_ns = monotonic_ns();
    uint64_t wait_ns = server->reap_at_ns <= now_ns ? 0 : server->reap_at_ns - now_ns;
    if (MHD_get_timeout(server->daemon, &library_ms) == MHD_YES && library_ms < wait_ns / ns_per_ms)
        wait_ns = library_ms * ns_per_ms;
    if (server->stopping && wait_ns > STOP_POLL_MS * ns_per_ms)
        wait_ns = STOP_POLL_MS * ns_per_ms;
    return wait_ns == 0 ? STATUS_OK : wait_for(server, wait_ns, err);
}

/* What has gathered is a group now; the next one begins. */
static void begin_commit(struct http_server *server)
{
    server->commit_from_ns = monotonic_ns();
    server->answered = server->waiting;
    server->waiting = 0;
    server->linger_passes = 0;
    server->linger_end_ns = 0;
    server->is_first_pass = true;
}

static void end_commit(struct http_server *server)
{
    uint64_t took_ns = monotonic_ns() - server->commit_from_ns;
    server->commit_time_ns += took_ns / 8 - server->commit_time_ns / 8;
    server->traffic.commits++;
    if (server->orphans != NULL)
        requests_collect_orphans(server);
}

static void commit(struct http_server *server)
{
    begin_commit(server);
    instance_commit(server->instance);
    end_commit(server);
}

/* A thread beside the loop pays when many wait, or when the wait is one that others would feel. */
static bool goes_beside(const struct http_server *server)
{
    return instance_has_gathered(server->instance) &&
           (server->waiting >= BESIDE_REQUESTS || server->commit_time_ns >= BESIDE_MS * ns_per_ms);
}

static void commit_beside(struct http_server *server)
{
    begin_commit(server);
    committer_start(server->committer);
}

/* The commit beside the loop has ended: its requests are answered in the next pass, and who came
 * meanwhile is on the way to the disk before that. */
static void follow_up(struct http_server *server)
{
    end_commit(server);
    if (!instance_has_gathered(server->instance))
        server->waiting = 0; /* they came before the commit began, and went with it */
    else if (goes_beside(server))
        commit_beside(server);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Whether to wait for more before the group is committed, and then for how long, 0 for a pass. */
static bool lingers(struct http_server *server, uint64_t *wait_ns)
{
    *wait_ns = 0;
    if (server->linger_end_ns == 0) {
        uint64_t commit_ns = server->commit_time_ns;
        server->linger_end_ns =
            server->now_ns + least(commit_ns / LINGER_PART, LINGER_MS_MAX * ns_per_ms);
        server->stream_end_ns = server->now_ns + least(commit_ns, STREAM_MS_MAX * ns_per_ms);
    }
    if (server->streamed > 0 && server->now_ns < server->stream_end_ns)
        return true;
    if (server->submitted > 0 && server->linger_passes++ < LINGER_PASSES)
        return true;
    if (server->waiting >= server->expected)
        return false;
    uint64_t now_ns = monotonic_ns();
    if (now_ns >= server->linger_end_ns)
        return false;
    *wait_ns = server->progress > 0 ? 0 : server->linger_end_ns - now_ns;
    return true;
}

static enum status pass(struct http_server *server, struct error *err)
{
    server->submitted = 0;
    server->progress = 0;
    server->streamed = 0;
    if (MHD_run(server->daemon) != MHD_YES)
        return fail(err, STATUS_IO, "the HTTP library's loop failed");
    if (server->is_first_pass) {
        server->expected = server->answered + server->waiting;
        server->is_first_pass = false;
    }
    return STATUS_OK;
}

bool loop_tick(struct http_server *server)
{
    tick(server);
    if (atomic_load_explicit(&server->stop_asked, memory_order_relaxed) && !server->stopping)
        begin_stop(server);
    return !is_stopped(server);
}

enum status loop_turn(struct http_server *server, bool may_wait, struct error *err)
{
    uint64_t wait_ns = 0;
    if (committer_is_busy(server->committer) && committer_has_ended(server->committer))
        follow_up(server);
    enum status status = pass(server, err);
    if (status != STATUS_OK)
        return status;
    if (committer_is_busy(server->committer))
        return server->progress == 0 && may_wait ? wait_for(server, BESIDE_WAIT_MS * ns_per_ms, err)
                                                 : STATUS_OK;
    if (goes_beside(server)) {
        commit_beside(server);
        return STATUS_OK;
    }
    if (!instance_has_gathered(server->instance))
        return server->progress == 0 && may_wait ? wait_for_work(server, err) : STATUS_OK;
    if (!lingers(server, &wait_ns))
        commit(server);
    else if (wait_ns > 0)
        status = wait_for(server, wait_ns, err);
    return status;
}

enum status http_server_run(struct http_server *server, struct error *err)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && loop_tick(server))
        status = loop_turn(server, true, err);
    if (instance_has_gathered(server->instance))
        commit(server);
    return status;
}
