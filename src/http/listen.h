/*
 * listen.h - "HOST:PORT" to a bound socket.
 *
 * Threads: no shared state.
 */
#ifndef FOOTFALL_HTTP_LISTEN_H
#define FOOTFALL_HTTP_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/*
 * Binds, without listening, to "127.0.0.1:8080", "[::1]:8080" or "localhost:0"; port 0 picks a free
 * one. *fd is the caller's; name gets the address in use, written the same way. STATUS_INVALID when
 * the address cannot be read or resolved, or when loopback_only and it is not loopback (code
 * "not_loopback"); STATUS_BUSY when the port is taken; STATUS_IO.
 */
MUST_USE enum status listen_bind(const char *address, bool loopback_only, int *fd, char *name,
                                 size_t name_bytes, struct error *err);

#endif
