/*
 * handover.h - a connection that leaves HTTP: its socket becomes live/'s.
 *
 * Threads: the loop's.
 */
#ifndef FOOTFALL_HTTP_HANDOVER_H
#define FOOTFALL_HTTP_HANDOVER_H

#include <stdbool.h>

#include "base/status.h"
#include "live/live.h"

struct http_server;
struct request;

enum handover { HANDOVER_NONE, HANDOVER_WEBSOCKET, HANDOVER_EVENT_STREAM };

/* Opens the server's live part. */
MUST_USE enum status handover_open(struct http_server *server, struct error *err);
void handover_close(struct http_server *server);

/* Hands over what the request's route has prepared. false: the connection must be closed. */
MUST_USE bool hand_over(struct request *request);

#endif
