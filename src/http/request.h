/*
 * request.h - one request's life, and what handlers may do with it.
 *
 *     first line ─► head ─► body ─► submit ─► (commit) ─► finish ─► answer
 *                    │        │        └ or: prepare ─► (query thread) ─► answer
 *                    └ refused: the body is thrown away, the error is the answer
 *
 * A request's memory is one arena and two buffers, kept for the next request.
 *
 * Threads: the loop's; while a query thread has it (state REQUEST_QUERYING), that thread's.
 */
#ifndef FOOTFALL_HTTP_REQUEST_H
#define FOOTFALL_HTTP_REQUEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"
#include "http/access.h"
#include "http/etag.h"
#include "http/handover.h"
#include "http/head.h"
#include "http/media.h"
#include "http/route.h"
#include "http/uri.h"
#include "lib/instance.h"

struct answer;
struct MHD_Connection;
struct MHD_Daemon;
struct connection;
struct http_server;
struct stream;

enum {
    TARGET_INLINE_BYTES = 512,
    BUFFER_KEPT_BYTES = 16 * 1024,       /* a larger body is freed after the request */
    ANSWER_KEPT_BYTES = 64 * 1024,       /* a larger answer is: 30 days of 13 platforms fit */
    DISCARD_BYTES_MAX = 8 * 1024 * 1024, /* of a refused body; then the answer comes early */
    WEBSOCKET_ACCEPT_BYTES = 29          /* the base64 of a SHA-1, and a NUL */
};

/* A field of an answer's head. Static texts. */
struct answer_field {
    const char *name;
    const char *value;
};

enum request_state {
    REQUEST_HEAD,           /* the first line is known */
    REQUEST_BODY,           /* the body, if any, is coming */
    REQUEST_SUBMITTED,      /* waiting for the commit */
    REQUEST_QUERYING,       /* suspended: on a query thread */
    REQUEST_ANSWERED,       /* the library has the answer */
    REQUEST_ANSWERED_EARLY, /* said on the socket; the rest is thrown away */
    REQUEST_HANDED_OVER     /* the socket is live/'s; what is left here is to be closed */
};

struct request {
    struct request *next; /* in idle_requests, orphans, or the query queue */
    struct http_server *server;
    struct connection *connection;
    struct MHD_Connection *mhd;
    enum request_state state;
    uint64_t started_ns;  /* its first line came */
    uint64_t received_ns; /* its last byte came; 0 before */

    struct text target; /* path and query, raw */
    char target_inline[TARGET_INLINE_BYTES];
    char method[8]; /* longer ones match no route anyway */
    struct head head;
    struct uri uri;
    const struct route *route; /* NULL: none matched */
    struct grant grant;        /* what the sender may do */
    bool origin_is_listed;     /* its Origin may read the answer */
    struct text user_id;       /* of the path; absent without one */
    struct text listing_id;
    struct text date;
    struct text name;

    struct arena arena;
    struct bytes body;
    size_t body_charged; /* of server->body_bytes_held */
    uint64_t discarded;  /* bytes of a refused body */
    enum media media;
    struct stream *stream; /* of NDJSON; NULL otherwise */
    bool has_oldest;       /* events as old as oldest_ms are taken, and none older */
    int64_t oldest_ms;
    struct submission submission;

    /* parsed by prepare(), used by answer() */
    struct range range;
    bool has_range;
    struct metrics_page_request page;
    const struct text *compared;
    size_t compared_count;
    struct listing_details details;
    struct live_request live;
    enum handover handover;
    bool is_admitted; /* a WebSocket's key was good */
    char websocket_accept[WEBSOCKET_ACCEPT_BYTES];
    char etag[ETAG_BYTES + 1]; /* "" without one */
    uint64_t user_version;     /* read before the data, where there is an etag */

    bool failed; /* error holds why; http_status is then its status, or 0 for the table's */
    struct error error;
    unsigned http_status; /* of the answer; 0: 200, or the error's */
    char allow[ROUTE_ALLOW_BYTES];
    bool must_close;
    bool answers_counts;               /* the answer is recorded and duplicates of the submission */
    bool matches_any;                  /* If-None-Match: * */
    struct bytes out;                  /* the answer's body */
    struct answer *answer;             /* instead: a kept one, borrowed until it is queued */
    const char *content_type;          /* of the answer */
    const char *content_encoding;      /* of the answer; NULL: as it is */
    const char *cache_control;         /* NULL: as usual, by whether there is an etag */
    const struct answer_field *fields; /* more of the answer's; a name of NULL ends them */
    enum status query_status;
    _Atomic bool query_done; /* set by the query thread, with what it wrote before */
};

/* A request for a first line that came; NULL when out of memory. The target is copied. */
struct request *request_new(struct http_server *server, struct MHD_Connection *mhd,
                            struct connection *connection, struct text target);
/* The library is through with it: it is kept for the next, or among the orphans until what it
 * submitted is done. */
void request_over(struct request *request);
/* After a commit: lets go of orphans that are done. */
void requests_collect_orphans(struct http_server *server);
void request_free(struct request *request); /* accepts NULL */

/* The head is complete. Checks it, finds the route, decides whether the body is welcome. false: the
 * answer must be queued now and the connection closed. */
bool request_head_came(struct request *request, const struct head_field *fields, size_t count,
                       const char *method, const char *version, bool gapless);
/* A piece of the body. */
void request_body_came(struct request *request, const char *piece, size_t len);
/* The body is whole, or a pass has gone by since. true when the answer stands in the request. */
bool request_proceed(struct request *request);

/* For the query threads: answers, and hands the request back to the loop. */
void request_run_query(struct request *request);

/* For handlers of open addresses: who sent it, into request->grant; open as in access.h. Otherwise
 * the refusal, with its words. */
MUST_USE enum status request_check_access(struct request *request, bool open, struct error *err);

/* For handlers: refuses with an HTTP status of its own instead of the table's. Returns
 * STATUS_INVALID. */
enum status request_refuse(struct request *request, struct error *err, unsigned http_status,
                           const char *code, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/*
 * For submit handlers: puts the events, or the listing's details (NULL: removed), into the group.
 * What the engine answers. request_submit_listing() commits a full group by itself and sets the
 * request's state; after request_submit_events() both are the caller's.
 */
MUST_USE enum status request_submit_events(struct request *request, const struct event *events,
                                           size_t count, struct submission *submission,
                                           struct error *err);
MUST_USE enum status request_submit_listing(struct request *request,
                                            const struct listing_details *details,
                                            struct error *err);

/* STATUS_TOO_LARGE with the words for the request's route. */
enum status request_too_large(const struct request *request, struct error *err);
/* For receive handlers: appends to the body, within the route's limit and the server's memory. */
MUST_USE enum status request_collect(struct request *request, const char *piece, size_t len,
                                     struct error *err);
/* Makes room for more bytes in the body, charged to the server's memory for bodies. */
MUST_USE enum status request_reserve_body(struct request *request, size_t more, struct error *err);

/* The value of a query parameter; absent when it is not given. */
struct text request_parameter(const struct request *request, const char *name);

#endif
