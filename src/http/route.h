/*
 * route.h - every address of the API, in one table.
 *
 * Method, path, query parameters, what right it needs, who answers, and under which name it is
 * counted: 404, 405 with Allow, unknown parameters and the metrics' labels all come from here.
 *
 * Threads: read-only.
 */
#ifndef FOOTFALL_HTTP_ROUTE_H
#define FOOTFALL_HTTP_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/text.h"
#include "http/uri.h"

struct request;

enum { ROUTE_PARAMETERS_MAX = 9, ROUTE_ALLOW_BYTES = 48 };

enum route_kind {
    ROUTE_READ,  /* prepare, then answer, at once */
    ROUTE_POOL,  /* the same, but answer runs on a query thread: it can take long */
    ROUTE_WRITE, /* a body or not; submit, and finish when it is durable */
    ROUTE_LIVE   /* prepare, then the connection is handed over: handover.h */
};

struct route {
    const char *method;
    const char *pattern;   /* "/v1/users/{u}/metrics"; {u}, {l}: ids; {date}, {name}: any segment */
    const char *operation; /* its name in metrics and logs */
    enum route_kind kind;
    bool open;      /* answered without a key */
    bool page;      /* for browsers, no part of the API; the query is its own business */
    unsigned right; /* enum right that a user's token needs; 0: the service key only */
    bool cached;    /* has an ETag */
    size_t body_bytes_max;
    const char *too_large; /* what to do instead, for the 413; NULL: nothing */
    const char *parameters[ROUTE_PARAMETERS_MAX]; /* allowed in the query; NULL ends them */

    /* Reads: checks ids, parameters and dates before anything is read. */
    enum status (*prepare)(struct request *request, struct error *err);
    /* Reads: asks and writes the answer's body. */
    enum status (*answer)(struct request *request, struct error *err);
    /* Writes: looks at the head, before the body comes. NULL: nothing to look at. */
    enum status (*begin)(struct request *request, struct error *err);
    /* Writes: a piece of the body. NULL: it is thrown away. */
    enum status (*receive)(struct request *request, const char *piece, size_t len,
                           struct error *err);
    /* Writes: the body is whole: submit (request.h), or answer. */
    enum status (*submit)(struct request *request, struct error *err);
    /* Writes: what was submitted is durable: write the answer's body. NULL: submit answers. */
    enum status (*finish)(struct request *request, struct error *err);
};

extern const struct route routes[];
extern const size_t route_count;

struct route_match {
    const struct route *route;     /* NULL when nothing matches */
    bool path_known;               /* but not with this method: 405 */
    char allow[ROUTE_ALLOW_BYTES]; /* then: "GET, HEAD, PUT" */
    struct text user_id;           /* segments of the path; absent where the pattern has none */
    struct text listing_id;
    struct text date;
    struct text name;
};

/* HEAD finds what GET does. */
void route_find(struct text method, const struct uri *uri, struct route_match *out);

/*
 * Whether the query names only parameters of the route, each once (but "listing", which may be
 * repeated). STATUS_INVALID with the field, and the list of those that the route has.
 */
MUST_USE enum status route_check_parameters(const struct route *route, const struct uri *uri,
                                            struct error *err);

/* A route's place in the table: 0 to route_count - 1. */
size_t route_index(const struct route *route);

#endif
