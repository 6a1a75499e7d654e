/*
 * client.h - one keep-alive connection: the request that it carries goes out, its answer comes
 * in.
 *
 * Never waits. It does not know what an answer means, or when to send again.
 *
 * Threads: the worker's that owns it.
 */
#ifndef FOOTFALL_CLI_LOAD_CLIENT_H
#define FOOTFALL_CLI_LOAD_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "cli/load/response.h"

struct client {
    int fd; /* -1: closed */
    bool connecting;
    bool sending; /* less than all of it is out */
    const uint8_t *out;
    size_t out_bytes;
    size_t sent_bytes;
    struct bytes in; /* the answer so far */
};

enum client_news {
    CLIENT_WAITS,
    CLIENT_ANSWERED,   /* the answer is whole; client_done_reading() when it was read */
    CLIENT_CUT,        /* the connection ended or failed; it is closed now */
    CLIENT_UNREADABLE, /* what came is no answer, or more than one; it is closed now */
    CLIENT_NO_MEMORY   /* the same */
};

/* Begins to connect, and has the kernel tell epoll_fd, edge-triggered, with data.ptr = context.
 * false: refused at once. */
bool client_open(struct client *client, int epoll_fd, void *context, const struct sockaddr *address,
                 socklen_t address_len);
/* Closes; the buffers stay. Accepts one that is closed. */
void client_close(struct client *client);
/* Sends these bytes, now or as soon as the connection is made; they stay the caller's and in place
 * until the answer. The connection must be open and carry no other request. */
enum client_news client_send(struct client *client, const uint8_t *bytes, size_t len);
/* To be called when epoll said something. On CLIENT_ANSWERED *out and *body are set; the body
 * lies in the connection's buffer. On CLIENT_UNREADABLE *why says why. */
enum client_news client_work(struct client *client, struct response *out, const char **body,
                             const char **why);
/* Makes the connection ready for another request. */
void client_done_reading(struct client *client);
/* Frees the buffers, too. */
void client_done(struct client *client);

#endif
