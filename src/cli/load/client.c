/*
 * client.c - edge-triggered: whatever epoll reported, it sends until it would block and reads
 * until it would block, so no edge is missed. A read that fills less than the room it had has
 * emptied the socket; the peer's end then comes with an edge of its own.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/load/client.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024 };

bool client_open(struct client *client, int epoll_fd, void *context, const struct sockaddr *address,
                 socklen_t address_len)
{
    const int on = 1;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = context};

    client->in.len = 0;
    client->sending = false;
    client->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0)
        return false;
    /* a request is one send; waiting for more to put into its packet would only delay it */
    (void)setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    client->connecting = true;
    /* epoll calls a socket that was never told to connect a broken one, so that comes first */
    if (connect(client->fd, address, address_len) == 0)
        client->connecting = false;
    else if (errno != EINPROGRESS)
        goto cleanup;
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, client->fd, &event) == 0)
        return true;

cleanup:
    client_close(client);
    return false;
}

void client_close(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd); /* which takes it out of epoll */
    client->fd = -1;
    client->connecting = false;
    client->sending = false;
    client->in.len = 0;
}

static enum client_news ended(struct client *client, enum client_news news)
{
    client_close(client);
    return news;
}

/* false: the peer takes no more. */
static bool send_more(struct client *client)
{
    while (client->sending && !client->connecting) {
        ssize_t sent = send(client->fd, client->out + client->sent_bytes,
                            client->out_bytes - client->sent_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK;
        client->sent_bytes += (size_t)sent;
        client->sending = client->sent_bytes < client->out_bytes;
    }
    return true;
}

enum client_news client_send(struct client *client, const uint8_t *bytes, size_t len)
{
    client->out = bytes;
    client->out_bytes = len;
    client->sent_bytes = 0;
    client->sending = true;
    return send_more(client) ? CLIENT_WAITS : ended(client, CLIENT_CUT);
}

static enum client_news read_more(struct client *client, bool *at_end)
{
    for (;;) {
        if (!bytes_reserve(&client->in, READ_BYTES))
            return CLIENT_NO_MEMORY;
        size_t room = client->in.cap - client->in.len;
        ssize_t got = recv(client->fd, client->in.at + client->in.len, room, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return CLIENT_WAITS;
        if (got <= 0) {
            *at_end = true;
            return CLIENT_WAITS;
        }
        client->in.len += (size_t)got;
        if (client->in.len > RESPONSE_HEAD_BYTES_MAX + RESPONSE_BODY_BYTES_MAX)
            return CLIENT_UNREADABLE;
        if ((size_t)got < room)
            return CLIENT_WAITS;
    }
}

/* What the bytes that came amount to. */
static enum client_news judge(const struct client *client, struct response *out, const char **body,
                              const char **why)
{
    const char *at = (const char *)client->in.at;
    if (client->in.len == 0)
        return CLIENT_WAITS;
    if (client->out == NULL) {
        *why = "an answer came without a request";
        return CLIENT_UNREADABLE;
    }
    switch (response_parse(at, client->in.len, out, why)) {
    case RESPONSE_INCOMPLETE:
        return CLIENT_WAITS;
    case RESPONSE_BAD:
        return CLIENT_UNREADABLE;
    case RESPONSE_COMPLETE:
        break;
    }
    if (client->in.len > out->head_bytes + out->body_bytes) {
        *why = "more came than one answer";
        return CLIENT_UNREADABLE;
    }
    *body = at + out->head_bytes;
    return CLIENT_ANSWERED;
}

enum client_news client_work(struct client *client, struct response *out, const char **body,
                             const char **why)
{
    bool at_end = false;
    *why = "the answer is too long";

    if (client->connecting) {
        int failed = 0;
        socklen_t len = sizeof failed;
        if (getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &failed, &len) != 0 || failed != 0)
            return ended(client, CLIENT_CUT);
        client->connecting = false;
    }
    /* a server may refuse a body before it read all of it: its answer is there to be read */
    bool broken = !send_more(client);
    enum client_news news = read_more(client, &at_end);
    if (news == CLIENT_WAITS)
        news = judge(client, out, body, why);
    if (news == CLIENT_ANSWERED) {
        /* an answer before the whole request was read: the rest would be taken for the next one */
        out->close = out->close || at_end || client->sending;
        return news;
    }
    if (news == CLIENT_WAITS && (at_end || broken))
        news = CLIENT_CUT;
    return news == CLIENT_WAITS ? news : ended(client, news);
}

void client_done_reading(struct client *client)
{
    client->in.len = 0;
    client->out = NULL;
    client->sending = false;
}

void client_done(struct client *client)
{
    client_close(client);
    bytes_done(&client->in);
}
