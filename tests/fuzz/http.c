/*
 * http.c - fuzz target: a client that sends anything.
 *
 * One server lives as long as the process; every input is a new connection to it. The first byte
 * chooses the pieces in which the rest is sent. Whatever was sent, what comes back is nothing or
 * answers, and the server answers the next client.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "http/server.h"

enum { ANSWER_BYTES_MAX = 256 * 1024, WAIT_MS = 10000, SILENCE_MS = 3, HEALTH_EVERY = 64 };

static struct http_server *server;
static struct instance *instance;
static pthread_t loop;
static struct sockaddr_in address;

static void *serve(void *context)
{
    struct error err;
    (void)context;
    FUZZ_CHECK(http_server_run(server, &err) == STATUS_OK, "%s", err.message);
    return NULL;
}

static void stop(void)
{
    struct error err;
    http_server_stop(server);
    pthread_join(loop, NULL);
    http_server_close(server);
    FUZZ_CHECK(instance_close(instance, &err) == STATUS_OK, "%s", err.message);
}

static void start(void)
{
    struct error err;
    /* short, because the connections are looked after as often as the shortest needs */
    const struct http_options options = {.listen = "127.0.0.1:0",
                                         .auth_off = true,
                                         .head_timeout_ms = 400,
                                         .body_timeout_ms = 400,
                                         .stop_timeout_ms = 100};
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
    const char *name = http_server_address(server);
    address = (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)atoi(strrchr(name, ':') + 1)),
        .sin_addr = {htonl(INADDR_LOOPBACK)},
    };
    FUZZ_CHECK(pthread_create(&loop, NULL, serve, NULL) == 0, "no thread");
    atexit(stop); /* before the folder goes: the last one registered runs first */
}

static int connect_to_server(void)
{
    const int on = 1;
    const struct linger reset = {.l_onoff = 1}; /* millions of closed ones must not linger */
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    FUZZ_CHECK(fd >= 0, "no socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    FUZZ_CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0, "no connection");
    return fd;
}

/*
 * Sends it all and reads what comes until the server closes, or, behind an answer, is silent for
 * SILENCE_MS: it may keep the connection. *len is how much came.
 */
static void exchange(const char *bytes, size_t size, size_t piece, char *answer, size_t *len)
{
    int fd = connect_to_server();
    for (size_t at = 0; at < size;) {
        size_t part = size - at < piece ? size - at : piece;
        ssize_t sent = send(fd, bytes + at, part, 0);
        if (sent < 0)
            break; /* refused early: what it says is read below */
        at += (size_t)sent;
    }
    shutdown(fd, SHUT_WR);
    *len = 0;
    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, *len > 0 ? SILENCE_MS : WAIT_MS) == 0) {
            FUZZ_CHECK(*len > 0, "silence for %d s", WAIT_MS / 1000);
            break;
        }
        ssize_t got = recv(fd, answer + *len, ANSWER_BYTES_MAX - *len, 0);
        if (got <= 0)
            break;
        *len += (size_t)got;
        FUZZ_CHECK(*len < ANSWER_BYTES_MAX, "an answer without an end");
    }
    close(fd);
}

static void check_answer(const char *answer, size_t len)
{
    static const char start_line[] = "HTTP/1.";
    FUZZ_CHECK(len == 0 || (len > 12 && memcmp(answer, start_line, sizeof start_line - 1) == 0),
               "no answer: %.*s", (int)len, answer);
    FUZZ_CHECK(len == 0 || memcmp(answer + 8, " 500", 4) != 0, "500: %.*s", (int)len, answer);
}

int fuzz_one(const uint8_t *data, size_t size)
{
    static char answer[ANSWER_BYTES_MAX];
    static uint64_t rounds;
    static const char health[] =
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    size_t len = 0;
    if (server == NULL)
        start();
    if (size < 2)
        return 0;
    exchange((const char *)data + 1, size - 1, data[0] == 0 ? size : data[0], answer, &len);
    check_answer(answer, len);
    if (++rounds % HEALTH_EVERY == 0) {
        exchange(health, sizeof health - 1, sizeof health, answer, &len);
        FUZZ_CHECK(len > 12 && memcmp(answer + 8, " 200", 4) == 0, "not healthy any more: %.*s",
                   (int)len, answer);
    }
    return 0;
}
