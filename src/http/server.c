/*
 * server.c - opening, starting, stopping and closing; the loop between them is loop.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/server.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/answer_cache.h"
#include "http/committer.h"
#include "http/handover.h"
#include "http/library.h"
#include "http/listen.h"
#include "http/query_pool.h"
#include "http/request.h"
#include "http/respond.h"
#include "http/server_parts.h"

enum {
    CONNECTIONS_DEFAULT = 4096,
    QUERY_THREADS_DEFAULT = 2,
    HEAD_TIMEOUT_MS = 10 * 1000,
    BODY_TIMEOUT_MS = 30 * 1000,
    IDLE_TIMEOUT_MS = 75 * 1000,
    STOP_TIMEOUT_MS = 10 * 1000,
    LISTEN_BACKLOG = 1024
};

static const uint64_t body_memory_default = 256u * 1024 * 1024;

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
    server->blank_fd = -1;
    server->options = *options;
    fill_defaults(&server->options);
    snprintf(server->version, sizeof server->version, "%s",
             options->version == NULL ? "unknown" : options->version);

    status = open_access(options, &server->access, err);
    if (status != STATUS_OK)
        goto cleanup;
    status = cors_init(&server->cors, server->options.cors_origins, err);
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
    server->answers = answer_cache_new(server->options.answer_cache_bytes, respond_drop_prepared);
    if (server->answers == NULL) {
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
    server->options.cors_origins = (struct text){NULL, 0};
    server->options.listen = NULL;
    server->options.version = NULL;

    *out = server;
    server = NULL;

cleanup:
    http_server_close(server);
    return status;
}

enum status http_server_start(struct http_server *server, struct instance *instance,
                              struct error *err)
{
    server->instance = instance;
    server->store_is_shared = instance_is_shared(instance);
    server->started_ms = instance_now_ms(instance);
    server->now_ns = monotonic_ns();
    respond_tick(server);
    if (listen(server->listen_fd, LISTEN_BACKLOG) != 0)
        return fail_errno(err, "listen on %s", server->address);
    enum status status =
        query_pool_new(server->options.query_threads, request_run_query, &server->pool, err);
    if (status == STATUS_OK)
        status = committer_open(instance, server->wake_fd, &server->committer, err);
    if (status == STATUS_OK)
        status = handover_open(server, err);
    return status == STATUS_OK ? library_start(server, err) : status;
}

const char *http_server_address(const struct http_server *server)
{
    return server->address;
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
    committer_close(server->committer);
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
    handover_close(server); /* after the library, which hands over */
    requests_collect_orphans(server);
    while (server->idle_requests != NULL) {
        struct request *request = server->idle_requests;
        server->idle_requests = request->next;
        request_free(request);
    }
    respond_done(server);
    answer_cache_free(server->answers);
    event_list_done(&server->events);
    free(server->event_lines);
    if (server->wake_fd >= 0)
        close(server->wake_fd);
    free(server);
}
