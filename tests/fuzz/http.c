/*
 * http.c - fuzz target: a client that sends anything.
 *
 * One server lives as long as the process; every input is a new connection to it, one end of a
 * socket pair. There is no network and no thread between the two: the input is written, then the
 * server's loop takes turns in this thread until it has closed the connection, as it must, for the
 * client's end says that nothing more comes. The first byte chooses the pieces in which the rest
 * is sent, with a turn between them, and whether commits go beside the loop, as with a slow disk.
 * An input may hold several requests.
 *
 * Whatever was sent, what comes back is nothing or whole answers, each with a length and, unless
 * the library wrote it, a JSON object; the server holds nothing of the connection afterwards, and
 * answers the next one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "http/connection.h"
#include "http/server.h"
#include "http/server_parts.h"

enum {
    ANSWER_BYTES_MAX =
        32 * 1024 * 1024, /* the largest answer, as often as an input can ask for it */
    TURNS_MAX = 30000,    /* half a minute for a query: at the end of a turn it waits for it */
    QUIET_TURNS = 2,      /* without progress: then it waits for something */
    QUERY_POLL_MS = 1,
    HEALTH_EVERY = 64
};

static const uint64_t slow_disk_ns = 100 * ns_per_ms;

static struct http_server *server;
static struct instance *instance;
static bool disk_is_slow;

static void stop(void)
{
    struct error err;
    http_server_close(server);
    FUZZ_CHECK(instance_close(instance, &err) == STATUS_OK, "%s", err.message);
}

static void start(void)
{
    struct error err;
    const struct http_options options = {
        .listen = "127.0.0.1:0", .auth_off = true, .query_threads = 1};
    const struct engine_options data = {
        .data_dir = fuzz_temp_dir(),
        .clock = clock_system(),
        .journal_segment_bytes = 16 * 1024 * 1024,
        .rollup_bytes = 64 * 1024 * 1024,
        .seal_journal_bytes = 64 * 1024 * 1024,
        .dedupe_ids = 100000,
    };
    signal(SIGPIPE, SIG_IGN);
    log_set_level(LOG_ERROR);
    FUZZ_CHECK(instance_open(&data, &instance, &err) == STATUS_OK, "%s", err.message);
    FUZZ_CHECK(http_server_open(&options, &server, &err) == STATUS_OK, "%s", err.message);
    FUZZ_CHECK(http_server_start(server, instance, &err) == STATUS_OK, "%s", err.message);
    atexit(stop); /* before the folder goes: the last one registered runs first */
}

static void turn(void)
{
    struct error err;
    server->commit_time_ns = disk_is_slow ? slow_disk_ns : 0;
    FUZZ_CHECK(loop_tick(server), "it stopped");
    FUZZ_CHECK(loop_turn(server, false, &err) == STATUS_OK, "%s", err.message);
}

/* The client's end. */
static int connect_to_server(void)
{
    const struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int ends[2];
    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0,
               "no sockets");
    FUZZ_CHECK(MHD_add_connection(server->daemon, ends[1], (const struct sockaddr *)&from,
                                  sizeof from) == MHD_YES,
               "no connection");
    turn(); /* it enters the server's list */
    return ends[0];
}

struct answer {
    char bytes[ANSWER_BYTES_MAX];
    size_t len;
};

static void receive(int fd, struct answer *answer)
{
    for (;;) {
        ssize_t got =
            recv(fd, answer->bytes + answer->len, sizeof answer->bytes - answer->len, MSG_DONTWAIT);
        if (got <= 0)
            return;
        answer->len += (size_t)got;
        FUZZ_CHECK(answer->len < sizeof answer->bytes, "an answer without an end");
    }
}

/*
 * Nothing moves any more, so it waits: for a query on its thread, for the client's last words after
 * an answer that came early, whose time is over now, or for an end that the library has missed.
 */
static void wait_with(struct connection *connection)
{
    struct pollfd ready = {.fd = server->wake_fd, .events = POLLIN};
    uint64_t count = 0;
    if (connection->phase == PHASE_WORK) {
        if (poll(&ready, 1, QUERY_POLL_MS) == 1)
            (void)!read(server->wake_fd, &count, sizeof count); /* or the next wait is none */
        return;
    }
    if (connection->phase == PHASE_LINGER)
        connection->deadline_ns = 1;
    connections_reap(server);
}

static void serve(int fd, struct answer *answer)
{
    int quiet = 0;
    for (int turns = 0; server->connections != NULL; turns++) {
        FUZZ_CHECK(turns < TURNS_MAX, "never closed, phase %d", server->connections->phase);
        turn();
        receive(fd, answer);
        quiet = server->progress > 0 ? 0 : quiet + 1;
        if (quiet > QUIET_TURNS && server->connections != NULL)
            wait_with(server->connections);
    }
    receive(fd, answer);
}

static void exchange(const char *bytes, size_t size, size_t piece, struct answer *answer)
{
    int fd = connect_to_server();
    answer->len = 0;
    for (size_t at = 0; at < size;) {
        size_t part = size - at < piece ? size - at : piece;
        ssize_t sent = send(fd, bytes + at, part, 0);
        if (sent < 0)
            break; /* refused early: what it says is read below */
        at += (size_t)sent;
        turn();
        receive(fd, answer);
    }
    shutdown(fd, SHUT_WR);
    serve(fd, answer);
    close(fd);
    FUZZ_CHECK(server->requests_active == 0 && server->body_bytes_held == 0,
               "%zu requests and %zu bytes are left of a closed connection",
               server->requests_active, server->body_bytes_held);
}

static size_t number_behind(const char *head, const char *end, const char *name)
{
    for (const char *at = head; at < end; at++) {
        if (strncasecmp(at, name, strlen(name)) == 0)
            return strtoul(at + strlen(name), NULL, 10);
    }
    return 0;
}

static bool head_says(const char *head, const char *end, const char *what)
{
    return memmem(head, (size_t)(end - head), what, strlen(what)) != NULL;
}

/* One answer from at on; how long it is. */
static size_t check_answer(const char *at, size_t left)
{
    static const char ok[] = "{\"success\":true";
    static const char refused[] = "{\"success\":false";
    FUZZ_CHECK(left > 12 && memcmp(at, "HTTP/1.", 7) == 0 && at[8] == ' ', "no answer: %.*s",
               (int)left, at);
    const char *end = memmem(at, left, "\r\n\r\n", 4);
    FUZZ_CHECK(end != NULL, "an answer without the end of its head: %.*s", (int)left, at);
    const char *body = end + 4;
    size_t body_left = left - (size_t)(body - at);
    FUZZ_CHECK(at[9] != '5' || memcmp(at + 9, "505", 3) == 0, "it failed: %.*s", (int)left, at);
    if (at[9] == '1')
        return (size_t)(body - at);
    size_t len = number_behind(at, end, "\r\nContent-Length: ");
    if (len == 0 || body_left == 0 || memcmp(body, "HTTP/", 5) == 0)
        return (size_t)(body - at); /* to HEAD */
    FUZZ_CHECK(body_left >= len, "%zu of %zu bytes came: %.*s", body_left, len, (int)left, at);
    const char *want = at[9] == '2' ? ok : refused;
    FUZZ_CHECK(!head_says(at, end, "application/json") ||
                   (len > strlen(want) && memcmp(body, want, strlen(want)) == 0),
               "success is not said: %.*s", (int)left, at);
    return (size_t)(body - at) + len;
}

int fuzz_one(const uint8_t *data, size_t size)
{
    static struct answer answer;
    static uint64_t rounds;
    static const char health[] =
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    if (server == NULL)
        start();
    if (size < 2)
        return 0;
    disk_is_slow = data[0] % 2 == 1;
    exchange((const char *)data + 1, size - 1, data[0] == 0 ? size : data[0], &answer);
    for (size_t at = 0; at < answer.len;)
        at += check_answer(answer.bytes + at, answer.len - at);
    if (++rounds % HEALTH_EVERY == 0) {
        exchange(health, sizeof health - 1, sizeof health, &answer);
        FUZZ_CHECK(answer.len > 12 && memcmp(answer.bytes + 8, " 200", 4) == 0,
                   "not healthy any more: %.*s", (int)answer.len, answer.bytes);
    }
    return 0;
}
