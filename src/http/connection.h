/*
 * connection.h - one TCP connection: how long it may take, and how it ends when it takes longer.
 *
 * The library's own timeout counts inactivity only, so that a byte every few seconds holds a
 * connection for ever. Here each phase has a deadline of its own, and a body also a lowest rate;
 * who misses it gets 408 where something can still be said, and the socket is shut down.
 *
 * Threads: the loop's only.
 */
#ifndef FOOTFALL_HTTP_CONNECTION_H
#define FOOTFALL_HTTP_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct MHD_Connection;
struct http_server;
struct request;

enum phase {
    PHASE_IDLE,   /* between requests */
    PHASE_HEAD,   /* the first line has come, the rest of the head has not */
    PHASE_BODY,   /* the body is coming */
    PHASE_WORK,   /* ours: waiting for a commit or a query */
    PHASE_ANSWER, /* the answer is being sent */
    PHASE_LINGER  /* answered early; what still comes is thrown away for a moment */
};

struct connection {
    struct connection *next;
    struct connection *previous;
    struct MHD_Connection *mhd;
    struct request *request; /* being served; NULL between requests */
    int fd;                  /* the library's: shut down here, never closed */
    enum phase phase;
    bool served;          /* has had a request: the next head's time starts with its first line */
    bool looked;          /* since it became idle, for an end that the library has missed */
    uint64_t deadline_ns; /* of the phase; 0 for none */
    uint64_t rate_window_ns;    /* when the current window of the body began */
    uint64_t rate_window_bytes; /* what came in it */
};

/* NULL when out of memory: the connection must be closed. */
struct connection *connection_new(struct http_server *server, struct MHD_Connection *mhd, int fd);
void connection_free(struct http_server *server, struct connection *connection);

void connection_enter(struct http_server *server, struct connection *connection, enum phase phase);
/* The answer of that many bytes is being sent. */
void connection_answers(struct http_server *server, struct connection *connection, size_t bytes);
/* Some of the body came. */
void connection_received(struct http_server *server, struct connection *connection, size_t bytes);

/*
 * Says an answer on the socket beside the library, which can answer only before or after a body,
 * and closes our direction. What the client still sends is to be thrown away: closing at once would
 * make its system drop the answer unread.
 */
void connection_answer_early(struct http_server *server, struct connection *connection,
                             unsigned http_status, struct text body);

/* Ends the connection as soon as the library looks at it. */
void connection_shut(struct connection *connection);

/* Once in a while: shuts down what missed its deadline, and when stopping what is idle. */
void connections_reap(struct http_server *server);

#endif
