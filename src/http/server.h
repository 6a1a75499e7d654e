/*
 * server.h - HTTP in front of the facade: one loop that gathers, commits and answers.
 *
 * One thread serves all connections: a pass over the ready connections submits what they bring,
 * then it is made durable in one sync, by the same thread or, when it is much or the disk is slow,
 * beside it, and the next pass answers. Queries that can be long run on a few query threads.
 *
 *     http_server_open()   binds the port; nothing is served yet
 *     http_server_run()    serves until http_server_stop(), then finishes what is in flight
 *     http_server_close()
 *
 * It does not know where the data lies or how the configuration is written.
 *
 * Threads: run on one thread; stop from any, and from signal handlers.
 */
#ifndef FOOTFALL_HTTP_SERVER_H
#define FOOTFALL_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include "base/status.h"
#include "base/text.h"
#include "lib/instance.h"
#include "live/live.h"

/* Writes what else /metrics is to say, from the loop; it must not wait. */
struct prometheus;
typedef void http_scrape_fn(void *context, struct prometheus *writer);

struct http_options {
    const char *listen;          /* "127.0.0.1:8080", "[::1]:0", "localhost:8080" */
    bool auth_off;               /* loopback only, no key */
    struct text service_key;     /* else this; only its digest is kept */
    struct text cors_origins;    /* whose pages may read answers, cors.h; absent: none */
    struct text platforms;       /* accepted names, separated by commas; absent: the default list */
    uint32_t connections_max;    /* 0: 4096 */
    uint32_t query_threads;      /* 0: 2 */
    uint32_t head_timeout_ms;    /* for a request's head; 0: 10 s */
    uint32_t body_timeout_ms;    /* for each 8 KiB of a body; 0: 30 s */
    uint32_t idle_timeout_ms;    /* between requests; 0: 75 s */
    uint32_t stop_timeout_ms;    /* for what is in flight when stopping; 0: 10 s */
    uint64_t body_memory_bytes;  /* for the bodies of all requests together; 0: 256 MiB */
    uint64_t answer_cache_bytes; /* for answers that may be asked for again; 0: none is kept */
    struct live_options live;    /* its limits; who may is the server's business */
    const char *version;         /* of the program, for metrics */
    http_scrape_fn *scrape_more; /* NULL: nothing */
    void *scrape_context;
};

struct http_server; /* made by http_server_open(), freed by http_server_close() */

/*
 * Checks the options and binds the address, without listening yet. options' texts are copied.
 *   STATUS_INVALID  an address that cannot be read or resolved; no key and not auth_off; auth_off
 *                   beyond loopback; a bad key; a bad platform or origin list
 *   STATUS_BUSY     the port is taken
 *   STATUS_IO, STATUS_NO_MEMORY
 */
MUST_USE enum status http_server_open(const struct http_options *options, struct http_server **out,
                                      struct error *err);

/* Starts to accept connections for the opened data folder, which must outlive the server. */
MUST_USE enum status http_server_start(struct http_server *server, struct instance *instance,
                                       struct error *err);

/* "127.0.0.1:41234": the address in use, with the real port. Valid until close. */
const char *http_server_address(const struct http_server *server);

/* Serves until http_server_stop(). Then accepts no more, answers what is in flight within the stop
 * timeout, and commits. STATUS_IO when the loop itself fails. */
MUST_USE enum status http_server_run(struct http_server *server, struct error *err);

/* Asks http_server_run() to return. Callable from signal handlers; once is enough. */
void http_server_stop(struct http_server *server);

enum { HTTP_OPERATIONS_MAX = 24, HTTP_STATUS_CLASSES = 6 };

/* What was asked of an operation since the start, by the first digit of the status ([0] unused). */
struct http_operation {
    const char *name; /* static storage */
    uint64_t answers[HTTP_STATUS_CLASSES];
    const struct histogram *times; /* from a request's first line to its answer */
};

/* From any thread while the server is open; operation below the count. */
size_t http_server_operation_count(void);
void http_server_operation(const struct http_server *server, size_t operation,
                           struct http_operation *out);

/* Frees everything; accepts NULL. */
void http_server_close(struct http_server *server);

#endif
