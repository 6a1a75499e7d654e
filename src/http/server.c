/*
 * server.c - the loop: gather, commit, answer.
 *
 *      ┌─► pass: the library reads, calls, sends ──► has anything gathered?
 *      │                                              │ yes          │ no
 *      ├───── more are about to come: linger ◄────────┤              │
 *      ├───── commit ◄────────────────────────────────┘              │
 *      └───── poll, unless the pass moved something ◄────────────────┘
 *
 * The thread that gathered commits: waking another costs more than the sync saves (measured: 72 %
 * of the bare library's requests against 45 to 48 %). A handler whose submission is not done simply
 * returns; the library calls it again in the next pass.
 *
 * A sync costs the same for one event as for hundreds, so a group should not leave without those
 * who are about to come: the clients that were just answered and, under load, send their next
 * request at once. The loop lingers until as many have come as were answered and as came during the
 * sync, but no longer than a quarter of what a commit takes: with one client there is nobody to
 * wait for, with a slow disk groups grow to all clients that there are.
 *
 * The library is never allowed to block (its epoll_wait repeats with the same timeout after exactly
 * 128 events): its epoll descriptor is polled here, with its timeout, together with the eventfd
 * that http_server_stop() writes to. Queries on their threads suspend their connection, so that
 * nothing is looked at until they are done; resuming wakes the library's epoll.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/connection.h"
#include "http/listen.h"
#include "http/query_pool.h"
#include "http/request.h"
#include "http/respond.h"
#include "http/route.h"
#include "http/server_parts.h"
#include "present/metrics_json.h"

enum {
    CONNECTIONS_DEFAULT = 4096,
    QUERY_THREADS_DEFAULT = 2,
    HEAD_TIMEOUT_MS = 10 * 1000,
    BODY_TIMEOUT_MS = 30 * 1000,
    IDLE_TIMEOUT_MS = 75 * 1000,
    STOP_TIMEOUT_MS = 10 * 1000,
    /* The head, what the library notes of 100 fields (6.4 KiB), and the head of the answer. It
       clears all of it after each request, so more would cost. */
    CONNECTION_MEMORY_BYTES = 16 * 1024,
    LINGER_PASSES = 2, /* while they bring something, whatever is expected */
    LINGER_PART = 4,   /* of a commit's time */
    LINGER_MS_MAX = 2,
    STREAM_MS_MAX = 8,
    STOP_POLL_MS = 20,
    LISTEN_BACKLOG = 1024
};

static const uint64_t body_memory_default = 256u * 1024 * 1024;

/* ---- what the library calls ---- */

/* The library decodes before it splits; we do it the other way round (uri.h). */
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

static struct connection *connection_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

static void on_connection(void *context, struct MHD_Connection *mhd, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        connection_free(server, *socket_context);
        *socket_context = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    *socket_context = info == NULL ? NULL : connection_new(server, mhd, info->connect_fd);
}

/* The first line is here, untouched yet: afterwards the library cuts the query to pieces. */
static void *on_target(void *context, const char *target, struct MHD_Connection *mhd)
{
    struct http_server *server = context;
    struct connection *connection = connection_of(mhd);
    if (connection == NULL)
        return NULL; /* on_request() closes it */
    return request_new(server, mhd, connection, text_of(target == NULL ? "" : target));
}

struct field_list {
    struct head_field fields[HEAD_FIELDS_MAX + 1];
    size_t count;
};

static enum MHD_Result take_field(void *context, enum MHD_ValueKind kind, const char *name,
                                  size_t name_len, const char *value, size_t value_len)
{
    struct field_list *list = context;
    (void)kind;
    list->fields[list->count++] =
        (struct head_field){{name, name_len}, {value == NULL ? "" : value, value_len}};
    return list->count > HEAD_FIELDS_MAX ? MHD_NO : MHD_YES;
}

/* Counted as too many fields: the limit is one for both. */
static bool is_too_long(const union MHD_ConnectionInfo *info)
{
    return info != NULL && info->header_size > HEAD_BYTES_MAX;
}

static bool head_came(struct request *request, const char *method, const char *version)
{
    struct field_list list;
    list.count = 0;
    MHD_get_connection_values_n(request->mhd, MHD_HEADER_KIND, take_field, &list);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (is_too_long(info))
        list.count = HEAD_FIELDS_MAX + 1;
    bool gapless = true;
    if (request->server->heads_are_laid_out && list.count <= HEAD_FIELDS_MAX) {
        const struct head_layout layout = {.method = method,
                                           .target_bytes = request->target.len,
                                           .version = version,
                                           .head_bytes = info == NULL ? 0 : info->header_size};
        gapless = head_is_gapless(&layout, list.fields, list.count);
    }
    return request_head_came(request, list.fields, list.count, method, version, gapless);
}

/* Called for the head, for each piece of the body, and on every pass from its end to the answer. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *mhd, const char *url,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_len, void **request_context)
{
    struct request *request = *request_context;
    (void)context;
    (void)mhd;
    (void)url;
    if (request == NULL)
        return MHD_NO; /* no memory for it */
    if (request->state == REQUEST_HEAD) {
        if (head_came(request, method, version))
            return MHD_YES; /* answering a GET already here would close the connection */
        respond_error(request);
        return respond(request) ? MHD_YES : MHD_NO;
    }
    if (*body_len > 0) {
        request_body_came(request, body, *body_len);
        *body_len = 0;
        return MHD_YES;
    }
    if (request->state == REQUEST_ANSWERED_EARLY)
        return MHD_NO; /* it has its answer; the connection ends with the body */
    if (!request_proceed(request))
        return MHD_YES;
    return respond(request) ? MHD_YES : MHD_NO;
}

static void on_completed(void *context, struct MHD_Connection *mhd, void **request_context,
                         enum MHD_RequestTerminationCode code)
{
    struct request *request = *request_context;
    (void)context;
    (void)mhd;
    (void)code;
    if (request != NULL)
        request_over(request);
    *request_context = NULL;
}

/*
 * What 0.9.75 refuses between the end of the head and our first call, a bad Content-Length, it
 * answers with its header twice. The connection it is about is the one whose head is complete and
 * whose request we have not seen yet: the answer is said here instead, and the library finds the
 * socket shut.
 */
static void answer_for_library(struct http_server *server, unsigned http_status)
{
    struct error error;
    struct bytes body = {0};
    for (struct connection *each = server->connections; each != NULL; each = each->next) {
        if (each->phase != PHASE_HEAD ||
            MHD_get_connection_info(each->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE) == NULL)
            continue;
        (void)fail_input(
            &error, "invalid_request", "",
            "the request is not plain HTTP: Content-Length is not a number, or far too "
            "large");
        if (error_json(&body, &error))
            connection_answer_early(server, each, http_status,
                                    (struct text){(const char *)body.at, body.len});
        bytes_done(&body);
        return;
    }
}

/* The library says here what it refuses by itself; its other words are of no use to an operator. */
static void on_library_message(void *context, const char *format, va_list args)
{
    struct http_server *server = context;
    if (strncmp(format, "Error processing request (HTTP response code is %u", 50) != 0)
        return;
    server->traffic.refused_by_http++;
    answer_for_library(server, va_arg(args, unsigned));
}

/* ---- opening ---- */

static void fill_defaults(struct http_options *options)
{
#define DEFAULT(field, value)                                                                      \
    if (options->field == 0)                                                                       \
    options->field = (value)
    DEFAULT(connections_max, CONNECTIONS_DEFAULT);
    DEFAULT(query_threads, QUERY_THREADS_DEFAULT);
    DEFAULT(head_timeout_ms, HEAD_TIMEOUT_MS);
    DEFAULT(body_timeout_ms, BODY_TIMEOUT_MS);
    DEFAULT(idle_timeout_ms, IDLE_TIMEOUT_MS);
    DEFAULT(stop_timeout_ms, STOP_TIMEOUT_MS);
    DEFAULT(body_memory_bytes, body_memory_default);
#undef DEFAULT
    if (options->platforms.at == NULL)
        options->platforms = text_of(event_rules_default_platforms());
}

static enum status open_access(const struct http_options *options, struct access *out,
                               struct error *err)
{
    if (options->auth_off) {
        access_init_loopback(out);
        return STATUS_OK;
    }
    if (options->service_key.at == NULL)
        return fail_code(err, STATUS_INVALID, "no_key",
                         "there is no service key: set FOOTFALL_SERVICE_KEY to one of at least %d "
                         "characters (openssl rand -hex 32 makes one), or, for this machine alone, "
                         "start with --auth off",
                         ACCESS_KEY_BYTES_MIN);
    return access_init_key(out, options->service_key, err);
}

enum status http_server_open(const struct http_options *options, struct http_server **out,
                             struct error *err)
{
    enum status status = STATUS_OK;
    struct http_server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return fail(err, STATUS_NO_MEMORY, "http: no memory");
    server->listen_fd = -1;
    server->wake_fd = -1;
    server->options = *options;
    fill_defaults(&server->options);
    snprintf(server->version, sizeof server->version, "%s",
             options->version == NULL ? "unknown" : options->version);

    status = open_access(options, &server->access, err);
    if (status != STATUS_OK)
        goto cleanup;
    status = event_rules_init(&server->rules, server->options.platforms, err);
    if (status != STATUS_OK)
        goto cleanup;
    server->event_lines = malloc(EVENTS_MAX * sizeof *server->event_lines);
    if (server->event_lines == NULL) {
        status = fail(err, STATUS_NO_MEMORY, "http: no memory");
        goto cleanup;
    }
    server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->wake_fd < 0) {
        status = fail_errno(err, "http: eventfd");
        goto cleanup;
    }
    status = listen_bind(options->listen, options->auth_off, &server->listen_fd, server->address,
                         sizeof server->address, err);
    if (status != STATUS_OK)
        goto cleanup;
    server->options.service_key = (struct text){NULL, 0};
    server->options.platforms = (struct text){NULL, 0};
    server->options.listen = NULL;
    server->options.version = NULL;

    *out = server;
    server = NULL;

cleanup:
    http_server_close(server);
    return status;
}

static enum status start_library(struct http_server *server, struct error *err)
{
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK |
            MHD_USE_ERROR_LOG,
        0, NULL, NULL, on_request, server,                      /* */
        MHD_OPTION_EXTERNAL_LOGGER, on_library_message, server, /* first, says the library */
        MHD_OPTION_LISTEN_SOCKET, server->listen_fd,            /* */
        MHD_OPTION_CONNECTION_LIMIT, server->options.connections_max,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, 0u,    /* ours are stricter */
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, /* cli/serve.c ignores it */
        MHD_OPTION_STRICT_FOR_CLIENT, 0,      /* head.h is stricter, and answers in JSON */
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,    /* */
        MHD_OPTION_URI_LOG_CALLBACK, on_target, server,      /* */
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,   /* */
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, /* */
        MHD_OPTION_END);
    if (server->daemon == NULL)
        return fail(err, STATUS_IO, "the HTTP library refuses to start");
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL || info->epoll_fd < 0)
        return fail(err, STATUS_IO, "the HTTP library has no epoll on this system");
    server->epoll_fd = info->epoll_fd;
    server->heads_are_laid_out = strncmp(MHD_get_version(), "0.9.75", 6) == 0;
    return STATUS_OK;
}

enum status http_server_start(struct http_server *server, struct footfall *footfall,
                              struct error *err)
{
    server->footfall = footfall;
    server->started_ms = footfall_now_ms(footfall);
    server->now_ns = monotonic_ns();
    respond_tick(server);
    if (listen(server->listen_fd, LISTEN_BACKLOG) != 0)
        return fail_errno(err, "listen on %s", server->address);
    enum status status =
        query_pool_new(server->options.query_threads, request_run_query, &server->pool, err);
    if (status != STATUS_OK)
        return status;
    return start_library(server, err);
}

const char *http_server_address(const struct http_server *server)
{
    return server->address;
}

/* ---- the loop ---- */

static void tick(struct http_server *server)
{
    server->now_ns = monotonic_ns();
    server->rules.now_ms = footfall_now_ms(server->footfall);
    if (server->now_ns < server->reap_at_ns)
        return;
    /* Short limits, as tests have them, are looked at as often as they need. */
    uint32_t shortest_ms = server->options.head_timeout_ms < server->options.body_timeout_ms
                               ? server->options.head_timeout_ms
                               : server->options.body_timeout_ms;
    uint64_t interval_ns = shortest_ms < 4000 ? shortest_ms / 4 * ns_per_ms : ns_per_second;
    server->reap_at_ns = server->now_ns + interval_ns;
    respond_tick(server);
    connections_reap(server);
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
    const struct timespec wait = {.tv_sec = (time_t)(wait_ns / ns_per_second),
                                  .tv_nsec = (long)(wait_ns % ns_per_second)};
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

static void commit(struct http_server *server)
{
    uint64_t from_ns = monotonic_ns();
    footfall_commit(server->footfall);
    uint64_t took_ns = monotonic_ns() - from_ns;
    server->commit_time_ns += took_ns / 8 - server->commit_time_ns / 8;
    server->traffic.commits++;
    server->answered = server->waiting;
    server->waiting = 0;
    server->linger_passes = 0;
    server->linger_end_ns = 0;
    server->is_first_pass = true;
    if (server->orphans != NULL)
        requests_collect_orphans(server);
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

enum status http_server_run(struct http_server *server, struct error *err)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        uint64_t wait_ns = 0;
        tick(server);
        if (atomic_load_explicit(&server->stop_asked, memory_order_relaxed) && !server->stopping)
            begin_stop(server);
        if (is_stopped(server))
            break;

        status = pass(server, err);
        if (status != STATUS_OK)
            break;
        if (!footfall_has_gathered(server->footfall)) {
            if (server->progress == 0)
                status = wait_for_work(server, err);
        } else if (!lingers(server, &wait_ns)) {
            commit(server);
        } else if (wait_ns > 0) {
            status = wait_for(server, wait_ns, err);
        }
    }
    if (footfall_has_gathered(server->footfall))
        commit(server);
    return status;
}

void http_server_stop(struct http_server *server)
{
    const uint64_t one = 1;
    atomic_store_explicit(&server->stop_asked, true, memory_order_relaxed);
    (void)!write(server->wake_fd, &one, sizeof one);
}

void http_server_close(struct http_server *server)
{
    if (server == NULL)
        return;
    query_pool_free(server->pool); /* before the library: a query resumes its connection */
    if (server->daemon != NULL) {
        if (server->listen_fd >= 0) {
            int fd = MHD_quiesce_daemon(server->daemon);
            if (fd >= 0)
                close(fd);
        }
        MHD_stop_daemon(server->daemon);
    } else if (server->listen_fd >= 0) {
        close(server->listen_fd);
    }
    requests_collect_orphans(server);
    while (server->idle_requests != NULL) {
        struct request *request = server->idle_requests;
        server->idle_requests = request->next;
        request_free(request);
    }
    respond_done(server);
    event_list_done(&server->events);
    free(server->event_lines);
    if (server->wake_fd >= 0)
        close(server->wake_fd);
    free(server);
}
