/*
 * library.h - starting the HTTP library for a server.
 *
 * The library starts no thread: it does what it has to when the loop calls it.
 *
 * Threads: before the loop runs.
 */
#ifndef FOOTFALL_HTTP_LIBRARY_H
#define FOOTFALL_HTTP_LIBRARY_H

#include "base/status.h"

struct http_server;

/* Fills the server's daemon and epoll_fd. STATUS_IO when the library refuses. */
MUST_USE enum status library_start(struct http_server *server, struct error *err);

#endif
