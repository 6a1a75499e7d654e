/*
 * connection.c - deadlines.
 *
 * All connections are in one list that is walked about once a second: with 10,000 of them that is
 * some 50 µs, and no request pays for a timer. The file descriptor belongs to the library until
 * it reports the connection closed, and this runs on the loop's thread, so shutting it down in
 * between is safe; the library then reads the end of the stream and cleans up.
 *
 * The lowest rate of a body, 8 KiB in each idle limit (30 s), bounds how long the largest body can
 * hold memory; streams that bring less are better sent as several requests.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/status.h"
#include "http/respond.h"
#include "http/server_parts.h"
#include "present/metrics_json.h"

enum {
    BODY_WINDOW_BYTES_MIN = 8 * 1024,
    ANSWER_BYTES_PER_MS_MIN = 16, /* a client that reads more slowly is cut off */
    ANSWER_TIMEOUT_MS = 30 * 1000,
    LINGER_TIMEOUT_MS = 5 * 1000
};

struct connection *connection_new(struct http_server *server, struct MHD_Connection *mhd, int fd)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        return NULL;
    connection->mhd = mhd;
    connection->fd = fd;
    connection->phase = PHASE_IDLE;
    connection->deadline_ns = server->now_ns + server->options.head_timeout_ms * ns_per_ms;
    connection->next = server->connections;
    if (server->connections != NULL)
        server->connections->previous = connection;
    server->connections = connection;
    server->traffic.connections++;
    server->traffic.connections_total++;
    return connection;
}

void connection_free(struct http_server *server, struct connection *connection)
{
    if (connection == NULL)
        return;
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        server->connections = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    server->traffic.connections--;
    free(connection);
}

void connection_enter(struct http_server *server, struct connection *connection, enum phase phase)
{
    const struct http_options *options = &server->options;
    uint64_t limit_ms = 0;
    connection->phase = phase;
    switch (phase) {
    case PHASE_IDLE:
        connection->served = true;
        connection->looked = false;
        limit_ms = options->idle_timeout_ms;
        break;
    case PHASE_HEAD:
        if (!connection->served)
            return; /* the first head's time began when it connected */
        limit_ms = options->head_timeout_ms;
        break;
    case PHASE_BODY:
        connection->rate_window_ns = server->now_ns;
        connection->rate_window_bytes = 0;
        limit_ms = options->body_timeout_ms;
        break;
    case PHASE_WORK: /* what we owe has no deadline but our own */
        break;
    case PHASE_ANSWER:
        limit_ms = ANSWER_TIMEOUT_MS;
        break;
    case PHASE_LINGER:
        limit_ms = LINGER_TIMEOUT_MS;
        break;
    }
    connection->deadline_ns = limit_ms == 0 ? 0 : server->now_ns + limit_ms * ns_per_ms;
}

void connection_answers(struct http_server *server, struct connection *connection, size_t bytes)
{
    connection_enter(server, connection, PHASE_ANSWER);
    connection->deadline_ns += bytes / ANSWER_BYTES_PER_MS_MIN * ns_per_ms;
}

void connection_received(struct http_server *server, struct connection *connection, size_t bytes)
{
    uint64_t window_ns = server->options.body_timeout_ms * ns_per_ms;
    connection->rate_window_bytes += bytes;
    if (connection->phase != PHASE_BODY)
        return;
    if (connection->rate_window_bytes >= BODY_WINDOW_BYTES_MIN) {
        connection->rate_window_ns = server->now_ns;
        connection->rate_window_bytes = 0;
        connection->deadline_ns = server->now_ns + window_ns;
    }
    /* else the deadline stays: a window must bring its bytes within the limit */
}

void connection_answer_early(struct http_server *server, struct connection *connection,
                             unsigned http_status, struct text body)
{
    char head[256];
    int len = snprintf(head, sizeof head,
                       "HTTP/1.1 %u %s\r\n"
                       "Date: %s\r\n"
                       "Connection: close\r\n"
                       "Content-Type: application/json; charset=utf-8\r\n"
                       "%s"
                       "Content-Length: %zu\r\n"
                       "\r\n",
                       http_status, http_reason(http_status), server->date,
                       http_status == 503 ? "Retry-After: 1\r\n" : "", body.len);
    /* Both are small against an empty send buffer; what does not fit is lost with the rest. */
    if (len > 0 && (size_t)len < sizeof head &&
        send(connection->fd, head, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE) == len)
        (void)!send(connection->fd, body.at, body.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    shutdown(connection->fd, SHUT_WR);
    connection_enter(server, connection, PHASE_LINGER);
}

void connection_shut(struct connection *connection)
{
    shutdown(connection->fd, SHUT_RDWR);
    connection->deadline_ns = 0; /* once is enough */
}

static void answer_timeout(struct http_server *server, struct connection *connection)
{
    struct error error;
    struct bytes body = {0};
    (void)fail_code(&error, STATUS_INVALID, "request_timeout",
                    connection->phase == PHASE_BODY
                        ? "the request's body stalled; unless it was a stream of lines, nothing of "
                          "it was recorded"
                        : "the request's head did not come in time");
    if (error_json(&body, &error))
        connection_answer_early(server, connection, 408,
                                (struct text){(const char *)body.at, body.len});
    bytes_done(&body);
}

static void reap(struct http_server *server, struct connection *connection)
{
    bool owes_request = connection->phase == PHASE_HEAD || connection->phase == PHASE_BODY ||
                        (connection->phase == PHASE_IDLE && !connection->served);
    if (connection->phase != PHASE_IDLE || !connection->served)
        server->traffic.reaped++;
    if (owes_request)
        answer_timeout(server, connection);
    connection_shut(connection);
}

/*
 * The library waits for edges (epoll), and takes a short read for the end of what there is. When
 * the client's last bytes and the end of its stream come together, it reads the bytes and never
 * hears of the end: nothing more will happen on that socket. Shutting our reading side down, which
 * is over anyhow, is another edge. What comes later is an edge of its own, so an idle connection is
 * looked at once.
 */
static void look_for_end(struct connection *connection)
{
    char byte;
    bool waits = connection->phase == PHASE_HEAD || connection->phase == PHASE_BODY ||
                 (connection->phase == PHASE_IDLE && !(connection->served && connection->looked));
    if (!waits)
        return;
    connection->looked = true;
    if (recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
        shutdown(connection->fd, SHUT_RD);
}

void connections_reap(struct http_server *server)
{
    struct connection *next = NULL;
    for (struct connection *each = server->connections; each != NULL; each = next) {
        next = each->next;
        if (each->deadline_ns != 0 && each->deadline_ns <= server->now_ns)
            reap(server, each);
        else if (server->stopping && each->phase == PHASE_IDLE)
            connection_shut(each);
        else
            look_for_end(each);
    }
}
