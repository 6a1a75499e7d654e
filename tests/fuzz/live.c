/*
 * live.c - fuzz target: a WebSocket's client that sends anything.
 *
 * One live part lives as long as the process; every input is a subscriber of its own, through the
 * real thread, wslay and our callbacks. The first byte says how the rest is sent: as it is, in
 * pieces, or, with the second bit, as lines that are each put into a masked text frame, so that
 * messages are reached and not only frames. Whatever was sent, what comes back are whole unmasked
 * frames of known kinds, whose texts are JSON objects, and an end.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "live/live.h"

enum { ANSWER_BYTES_MAX = 1024 * 1024, WAIT_MS = 10000, TEXT_BYTES_MAX = 125 };

static struct live *live;
static struct instance *instance;

static bool admit(void *context, struct text credential, struct live_subject *out)
{
    (void)context;
    out->may_see_all = true;
    return text_is(credential, "the key");
}

static bool may_see(void *context, const struct live_subject *subject, struct text user_id)
{
    (void)context;
    (void)user_id;
    return subject->may_see_all;
}

static void stop(void)
{
    struct error err;
    live_close(live);
    FUZZ_CHECK(instance_close(instance, &err) == STATUS_OK, "%s", err.message);
}

static void start(void)
{
    struct error err;
    const struct live_options options = {.admit = admit, .may_see = may_see, .watches_max = 64};
    const struct engine_options data = {.data_dir = fuzz_temp_dir(),
                                        .clock = clock_system(),
                                        .journal_segment_bytes = 1024 * 1024,
                                        .rollup_bytes = 64 * 1024 * 1024,
                                        .dedupe_ids = 100000};
    signal(SIGPIPE, SIG_IGN);
    log_set_level(LOG_ERROR);
    FUZZ_CHECK(instance_open(&data, &instance, &err) == STATUS_OK, "%s", err.message);
    FUZZ_CHECK(live_open(&options, instance, &live, &err) == STATUS_OK, "%s", err.message);
    atexit(stop);
}

static void send_bytes(int fd, const uint8_t *at, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* closed for what came before */
        at += sent;
        len -= (size_t)sent;
    }
}

/* Each line as a masked frame; the mask is zeros. */
static void send_lines(int fd, const uint8_t *at, size_t len)
{
    while (len > 0) {
        const uint8_t *end = memchr(at, '\n', len);
        size_t line = end == NULL ? len : (size_t)(end - at);
        size_t text = line > TEXT_BYTES_MAX ? TEXT_BYTES_MAX : line;
        uint8_t frame[6 + TEXT_BYTES_MAX] = {0x81, (uint8_t)(0x80 | text)};
        memcpy(frame + 6, at, text);
        send_bytes(fd, frame, 6 + text);
        at += end == NULL ? line : line + 1;
        len -= end == NULL ? line : line + 1;
    }
}

/* Whole frames, as a server may send them. */
static void check_frames(const uint8_t *at, size_t len)
{
    bool closed = false;
    while (len > 0) {
        FUZZ_CHECK(!closed, "something behind the close");
        FUZZ_CHECK(len >= 2 && (at[1] & 0x80) == 0, "half a frame, or a masked one");
        size_t head = at[1] < 126 ? 2 : 4;
        FUZZ_CHECK(at[1] != 127 && len >= head, "a frame over 64 KiB, or half a head");
        size_t body = at[1] < 126 ? at[1] : (size_t)at[2] << 8 | at[3];
        FUZZ_CHECK(len >= head + body, "half a frame");
        FUZZ_CHECK(at[0] == 0x81 || at[0] == 0x88 || at[0] == 0x89 || at[0] == 0x8a, "frame %02x",
                   at[0]);
        if (at[0] == 0x81)
            FUZZ_CHECK(body > 2 && at[head] == '{' && at[head + body - 1] == '}', "no object: %.*s",
                       (int)body, at + head);
        closed = at[0] == 0x88;
        FUZZ_CHECK(!closed || body != 1, "half a code");
        at += head + body;
        len -= head + body;
    }
}

static void read_to_end(int fd)
{
    static uint8_t answer[ANSWER_BYTES_MAX];
    size_t len = 0;
    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        FUZZ_CHECK(poll(&ready, 1, WAIT_MS) > 0, "no end within %d s", WAIT_MS / 1000);
        ssize_t got = recv(fd, answer + len, sizeof answer - len, 0);
        if (got <= 0)
            break;
        len += (size_t)got;
        FUZZ_CHECK(len < sizeof answer, "an answer without an end");
    }
    check_frames(answer, len);
}

int fuzz_one(const uint8_t *data, size_t size)
{
    int pair[2];
    const struct live_subject all = {.may_see_all = true};
    if (live == NULL)
        start();
    if (size == 0)
        return 0;
    uint8_t how = data[0];
    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "no sockets");
    size_t early = (how & 4) != 0 && size > 16 && (how & 2) == 0 ? 8 : 0;
    live_add_websocket(live, pair[1], (how & 1) != 0 ? NULL : &all,
                       (struct text){(const char *)data + 1, early});
    if ((how & 2) != 0) {
        static const uint8_t goodbye[] = {0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8};
        send_lines(pair[0], data + 1, size - 1);
        send_bytes(pair[0], goodbye, sizeof goodbye); /* the answers come before the end */
    } else {
        send_bytes(pair[0], data + 1 + early, size - 1 - early);
        shutdown(pair[0], SHUT_WR);
    }
    read_to_end(pair[0]);
    close(pair[0]);
    return 0;
}
