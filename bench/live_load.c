/*
 * live_load.c - subscribers that check, and events that flow meanwhile; see bench/live.mjs.
 *
 *     live_load PORT SUBSCRIBERS LISTINGS EVENTS-PER-SECOND SECONDS
 *
 * Opens the WebSockets, each on one listing, then posts arrays of events over a few keep-alive
 * connections, at the rate or, with 0, as fast as they are answered. Each event's latency is from
 * the moment its acknowledgement was read to the moment a message with it was: for an event that
 * is shown before its acknowledgement is read, 0. At the end every subscriber must show the exact
 * count of what was acknowledged. Prints one JSON object.
 *
 * One thread and one epoll for all: on two cores the other one is the server's.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    POSTERS = 8,
    BATCH = 100,
    EVENT_BYTES = 96,
    INPUT_BYTES = 4096,
    LISTINGS_A_USER = 10,
    LATENCY_MS_MAX = 5000,
    EVENTS_PER_TURN = 512
};

struct listing {
    uint64_t acknowledged;
    uint64_t *at_ns; /* of acknowledgement, by number of the event */
    uint64_t cap;
};

struct subscriber {
    int fd;
    uint32_t listing;
    uint64_t before; /* views at its snapshot, of runs before this one */
    uint64_t shown;  /* views since */
    bool has_head;
    size_t len;
    char input[INPUT_BYTES];
};

struct poster {
    int fd;
    bool is_waiting;
    uint32_t count;
    uint32_t listings[BATCH];
    size_t len;
    char input[INPUT_BYTES];
};

static int epoll_fd;
static uint32_t subscriber_count;
static uint32_t listing_count;
static struct subscriber *subscribers;
static struct listing *listings;
static struct poster posters[POSTERS];
static uint64_t latencies[LATENCY_MS_MAX + 1];
static uint64_t samples;
static uint64_t messages;
static uint64_t random_state = 88172645463325252u;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static uint32_t random_below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % bound;
}

static void sample(uint64_t latency_ns)
{
    uint64_t ms = latency_ns / 1000000;
    latencies[ms > LATENCY_MS_MAX ? LATENCY_MS_MAX : ms]++;
    samples++;
}

static int connect_to(uint16_t port)
{
    const int on = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static void watch(int fd, uint64_t tag)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = tag}};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        die("epoll_ctl");
}

static void send_all(int fd, const char *at, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);
        if (sent < 0)
            die("send");
        at += sent;
        len -= (size_t)sent;
    }
}

/* A masked text frame; the mask is zeros. */
static void send_frame(int fd, const char *text)
{
    char frame[128] = {(char)0x81};
    size_t len = strlen(text);
    if (len > 119) {
        fputs("live_load: too long for one of our frames\n", stderr);
        exit(1);
    }
    frame[1] = (char)(0x80 | len);
    memcpy(frame + 6, text, len);
    send_all(fd, frame, 6 + len);
}

static void open_subscriber(uint32_t i, uint16_t port)
{
    static const char head[] = "GET /v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                               "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                               "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    struct subscriber *subscriber = &subscribers[i];
    subscriber->listing = i % listing_count;
    subscriber->shown = UINT64_MAX; /* no snapshot yet */
    subscriber->fd = connect_to(port);
    send_all(subscriber->fd, head, sizeof head - 1);
    watch(subscriber->fd, POSTERS + i);
}

static void subscribe(const struct subscriber *subscriber)
{
    char text[256];
    snprintf(text, sizeof text,
             "{\"type\":\"subscribe\",\"userId\":\"agent-%u\",\"listings\":[\"listing-%u\"]}",
             subscriber->listing / LISTINGS_A_USER, subscriber->listing);
    send_frame(subscriber->fd, text);
}

/* A message of the subscriber's: which events of its listing does it show for the first time? */
static void take_message(struct subscriber *subscriber, const char *at, size_t len,
                         uint64_t time_ns)
{
    static const char key[] = "\"views\":";
    const struct listing *listing = &listings[subscriber->listing];
    const char *found = memmem(at, len, key, sizeof key - 1);
    if (found == NULL)
        return; /* "subscribed" */
    uint64_t views = strtoull(found + sizeof key - 1, NULL, 10);
    messages++;
    if (subscriber->shown == UINT64_MAX) {
        subscriber->before = views;
        subscriber->shown = 0;
    }
    views -= subscriber->before;
    for (uint64_t i = subscriber->shown; i < views && i < listing->acknowledged; i++)
        sample(time_ns - listing->at_ns[i]);
    subscriber->shown = views;
}

/* Whole frames in the input; false: the server closed. */
static bool read_subscriber(struct subscriber *subscriber, uint64_t time_ns)
{
    ssize_t got = recv(subscriber->fd, subscriber->input + subscriber->len,
                       sizeof subscriber->input - 1 - subscriber->len, MSG_DONTWAIT);
    if (got <= 0)
        return got < 0 && errno == EAGAIN;
    subscriber->len += (size_t)got;
    subscriber->input[subscriber->len] = '\0';
    size_t at = 0;
    if (!subscriber->has_head) {
        const char *end = strstr(subscriber->input, "\r\n\r\n");
        if (end == NULL)
            return true;
        if (strncmp(subscriber->input, "HTTP/1.1 101", 12) != 0)
            return false;
        subscriber->has_head = true;
        at = (size_t)(end + 4 - subscriber->input);
        subscribe(subscriber);
    }
    while (at + 4 <= subscriber->len) {
        const uint8_t *frame = (const uint8_t *)subscriber->input + at;
        size_t head = frame[1] < 126 ? 2 : 4;
        size_t len = frame[1] < 126 ? frame[1] : (size_t)frame[2] << 8 | frame[3];
        if (at + head + len > subscriber->len)
            break;
        if (frame[0] == 0x88)
            return false;
        if (frame[0] == 0x81)
            take_message(subscriber, (const char *)frame + head, len, time_ns);
        at += head + len;
    }
    memmove(subscriber->input, subscriber->input + at, subscriber->len - at);
    subscriber->len -= at;
    return true;
}

static void post(struct poster *poster, uint32_t count)
{
    char head[160];
    char body[BATCH * EVENT_BYTES + 2];
    size_t len = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t listing = random_below(listing_count);
        poster->listings[i] = listing;
        len += (size_t)snprintf(
            body + len, sizeof body - len,
            "%c{\"userId\":\"agent-%u\",\"listingId\":\"listing-%u\",\"eventType\":\"view\"}",
            i == 0 ? '[' : ',', listing / LISTINGS_A_USER, listing);
    }
    body[len++] = ']';
    int head_len = snprintf(head, sizeof head,
                            "POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                            "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                            len);
    send_all(poster->fd, head, (size_t)head_len);
    send_all(poster->fd, body, len);
    poster->count = count;
    poster->is_waiting = true;
}

static void acknowledge(uint32_t number, uint64_t time_ns)
{
    struct listing *listing = &listings[number];
    if (listing->acknowledged == listing->cap) {
        listing->cap = listing->cap == 0 ? 64 : 2 * listing->cap;
        listing->at_ns = realloc(listing->at_ns, listing->cap * sizeof *listing->at_ns);
        if (listing->at_ns == NULL)
            die("realloc");
    }
    listing->at_ns[listing->acknowledged++] = time_ns;
    for (uint32_t i = number; i < subscriber_count; i += listing_count)
        if (subscribers[i].shown != UINT64_MAX && subscribers[i].shown >= listing->acknowledged)
            sample(0);
}

static void read_poster(struct poster *poster, uint64_t time_ns)
{
    ssize_t got = recv(poster->fd, poster->input + poster->len,
                       sizeof poster->input - 1 - poster->len, MSG_DONTWAIT);
    if (got <= 0) {
        if (got < 0 && errno == EAGAIN)
            return;
        die("the server closed a connection");
    }
    poster->len += (size_t)got;
    poster->input[poster->len] = '\0';
    const char *end = strstr(poster->input, "\"duplicates\":");
    if (end == NULL || strchr(end, '}') == NULL)
        return;
    if (strncmp(poster->input, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "%s\n", poster->input);
        exit(1);
    }
    poster->len = 0;
    poster->is_waiting = false;
    for (uint32_t i = 0; i < poster->count; i++)
        acknowledge(poster->listings[i], time_ns);
}

static uint32_t closed;

static void turn(int wait_ms)
{
    struct epoll_event events[EVENTS_PER_TURN];
    int count = epoll_wait(epoll_fd, events, EVENTS_PER_TURN, wait_ms);
    for (int i = 0; i < count; i++) {
        uint64_t tag = events[i].data.u64;
        uint64_t time_ns = now_ns();
        if (tag < POSTERS) {
            read_poster(&posters[tag], time_ns);
        } else if (!read_subscriber(&subscribers[tag - POSTERS], time_ns)) {
            epoll_ctl(epoll_fd, EPOLL_CTL_DEL, subscribers[tag - POSTERS].fd, NULL);
            closed++;
        }
    }
}

static uint32_t lagging(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < subscriber_count; i++)
        count += subscribers[i].shown != listings[subscribers[i].listing].acknowledged;
    return count;
}

static uint64_t percentile(double part)
{
    uint64_t seen = 0;
    for (uint64_t ms = 0; ms <= LATENCY_MS_MAX; ms++) {
        seen += latencies[ms];
        if ((double)seen >= part * (double)samples)
            return ms + 1; /* the bucket's upper end */
    }
    return LATENCY_MS_MAX;
}

/* Sends what is due; with rate 0, whatever the posters take. */
static uint64_t send_due(uint64_t sent, uint64_t rate, uint64_t elapsed_ns)
{
    for (int i = 0; i < POSTERS; i++) {
        uint64_t due = rate == 0 ? UINT64_MAX : (uint64_t)((double)rate * (double)elapsed_ns / 1e9);
        if (posters[i].is_waiting || due <= sent)
            continue;
        uint32_t count = due - sent > BATCH ? BATCH : (uint32_t)(due - sent);
        post(&posters[i], count);
        sent += count;
    }
    return sent;
}

static bool any_waiting(void)
{
    bool waiting = false;
    for (int i = 0; i < POSTERS; i++)
        waiting = waiting || posters[i].is_waiting;
    return waiting;
}

int main(int argc, char **argv)
{
    const struct rlimit files = {65536, 65536};
    if (argc != 6) {
        fputs("usage: live_load PORT SUBSCRIBERS LISTINGS EVENTS-PER-SECOND SECONDS\n", stderr);
        return 2;
    }
    uint16_t port = (uint16_t)atoi(argv[1]);
    subscriber_count = (uint32_t)atoi(argv[2]);
    listing_count = (uint32_t)atoi(argv[3]);
    uint64_t rate = strtoull(argv[4], NULL, 10);
    uint64_t duration_ns = strtoull(argv[5], NULL, 10) * 1000000000u;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    subscribers = calloc(subscriber_count + 1, sizeof *subscribers);
    listings = calloc(listing_count, sizeof *listings);
    if (epoll_fd < 0 || subscribers == NULL || listings == NULL)
        die("start");

    uint64_t connecting_ns = now_ns();
    for (uint32_t i = 0; i < subscriber_count; i++) {
        open_subscriber(i, port);
        if (i % 64 == 0)
            turn(0);
    }
    while (lagging() > closed && now_ns() - connecting_ns < 30000000000u)
        turn(100);
    uint64_t connected_ns = now_ns() - connecting_ns;
    for (uint64_t i = 0; i < POSTERS; i++) {
        posters[i].fd = connect_to(port);
        watch(posters[i].fd, i);
    }
    puts("ready"); /* so that the caller can look at the server's memory */
    fflush(stdout);

    uint64_t start_ns = now_ns();
    uint64_t sent = 0;
    while (now_ns() - start_ns < duration_ns) {
        sent = send_due(sent, rate, now_ns() - start_ns);
        turn(1);
    }
    while (any_waiting())
        turn(10);
    double seconds = (double)(now_ns() - start_ns) / 1e9;
    uint64_t ended_ns = now_ns();
    while (lagging() > 0 && now_ns() - ended_ns < 10000000000u)
        turn(10);
    printf("{\"subscribers\":%u,\"closed\":%u,\"connectSeconds\":%.2f,\"events\":%llu,"
           "\"eventsPerSecond\":%.0f,\"messages\":%llu,\"lagging\":%u,\"samples\":%llu,"
           "\"p50Ms\":%llu,\"p90Ms\":%llu,\"p99Ms\":%llu,\"p999Ms\":%llu}\n",
           subscriber_count, closed, (double)connected_ns / 1e9, (unsigned long long)sent,
           (double)sent / seconds, (unsigned long long)messages, lagging(),
           (unsigned long long)samples, (unsigned long long)percentile(.5),
           (unsigned long long)percentile(.9), (unsigned long long)percentile(.99),
           (unsigned long long)percentile(.999));
    return 0;
}
