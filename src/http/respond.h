/*
 * respond.h - answers: which status a code of ours is, which header fields go with it.
 *
 * Threads: the loop's only, but http_status_of(), http_reason() and error_for_public(), which are
 * pure.
 */
#ifndef FOOTFALL_HTTP_RESPOND_H
#define FOOTFALL_HTTP_RESPOND_H

#include <stdbool.h>

#include "base/status.h"

struct MHD_Response;
struct answer;
struct http_server;
struct request;

/* The one table from our statuses to HTTP's. */
unsigned http_status_of(enum status status);
/* "Bad Request"; for the statuses that answer_early() says. */
const char *http_reason(unsigned http_status);

/*
 * The error as a stranger may read it: what the input was blamed for stays, what the machine
 * suffered becomes a plain sentence without paths.
 */
void error_for_public(const struct error *error, struct error *out);

/* Queues the request's answer: its http_status, the body in its `out`, its fields. false when the
 * library refuses, and the connection must be closed. */
bool respond(struct request *request);

/* The same with a response of the caller's making. */
bool respond_with(struct request *request, struct MHD_Response *response);
/* The answer is another's business from here on; it is counted. */
void respond_handed_over(struct request *request);

/* Fills `out` with the error's body and sets the status, unless one is set already. */
void respond_error(struct request *request);

/*
 * Says the error's body on the socket while the client is still sending: the library can answer
 * only before or after a body. What still comes is then thrown away.
 */
void respond_early(struct request *request);

/* Once a pass: keeps the date, and what was prepared with it, fresh. */
void respond_tick(struct http_server *server);
void respond_done(struct http_server *server);
/* For the cache of answers. */
void respond_drop_prepared(struct answer *answer);

#endif
