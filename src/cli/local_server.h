/*
 * local_server.h - a data folder served inside this process, for this process alone.
 *
 * Threads: open and close on one thread; the serving runs on another.
 */
#ifndef FOOTFALL_CLI_LOCAL_SERVER_H
#define FOOTFALL_CLI_LOCAL_SERVER_H

#include "base/status.h"

struct local_server; /* made by local_server_open(), freed by local_server_close() */

/* Errors as target_open(). */
MUST_USE enum status local_server_open(const char *data, struct local_server **out,
                                       struct error *err);
/* Finishes what is in flight and stores everything. Frees in any case; accepts NULL. */
enum status local_server_close(struct local_server *server, struct error *err);

const char *local_server_address(const struct local_server *server); /* "127.0.0.1:41234" */
const char *local_server_key(const struct local_server *server);

#endif
