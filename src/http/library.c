/*
 * library.c - what libmicrohttpd calls, and how it is started.
 *
 * The only file beside loop.c, request.c and respond.c that knows it. Its traps, met with 0.9.75,
 * and what is done about them:
 *
 *   the path comes decoded, the query cut to pieces   the raw target is copied before (on_target)
 *   answering on the first call closes                only refusals are answered there
 *   its timeout counts inactivity only                connection.h
 *   doubtful heads are accepted                       head.h
 *   its own refusals may bear their header twice      answer_for_library()
 *   no answer while a body is coming                  connection_answer_early()
 *   out of memory in a head, a request is forgotten   on_connection()
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/library.h"

#include <microhttpd.h>
#include <string.h>

#include "http/connection.h"
#include "http/request.h"
#include "http/respond.h"
#include "http/server_parts.h"
#include "present/metrics_json.h"

enum {
    /* The head, what the library notes of 100 fields (6.4 KiB), and the head of the answer. It
       clears all of it after each request, so more would cost. */
    CONNECTION_MEMORY_BYTES = 16 * 1024
};

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
        struct connection *gone = *socket_context;
        if (gone != NULL && gone->request != NULL)
            request_over(gone->request); /* on_completed() was not called */
        connection_free(server, gone);
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
    if (request->state == REQUEST_HANDED_OVER)
        return MHD_NO; /* its socket is a blank one */
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

enum status library_start(struct http_server *server, struct error *err)
{
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE |
            MHD_USE_SUPPRESS_DATE_NO_CLOCK | MHD_USE_ERROR_LOG,
        0, NULL, NULL, on_request, server,                      /* */
        MHD_OPTION_EXTERNAL_LOGGER, on_library_message, server, /* first, says the library */
        MHD_OPTION_LISTEN_SOCKET, server->listen_fd,            /* */
        MHD_OPTION_CONNECTION_LIMIT, server->options.connections_max,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, 0u,    /* ours are stricter */
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, /* src/cli/commands/serve.c does */
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
