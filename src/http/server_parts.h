/*
 * server_parts.h - the server's insides, shared by the files of this folder that serve requests.
 *
 * Threads: the loop's, unless a field says otherwise.
 */
#ifndef FOOTFALL_HTTP_SERVER_PARTS_H
#define FOOTFALL_HTTP_SERVER_PARTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/access.h"
#include "http/cors.h"
#include "http/server.h"
#include "http/traffic.h"
#include "ingest/event_json.h"
#include "ingest/event_rules.h"

struct answer_cache;
struct MHD_Daemon;
struct MHD_Response;
struct committer;
struct connection;
struct query_pool;
struct request;

enum { SERVER_ADDRESS_BYTES = 80, DATE_HEADER_BYTES = 30, EASY_ANSWERS = 2 };

struct http_server {
    struct http_options options; /* every 0 replaced; texts are not kept */
    char version[32];
    char address[SERVER_ADDRESS_BYTES];
    struct access access;
    struct cors cors;
    struct instance *instance; /* not owned */
    bool store_is_shared;      /* and behind a network */

    int listen_fd; /* -1 when closed or handed over */
    int wake_fd;   /* an eventfd: ends a wait for work */
    int epoll_fd;  /* the library's */
    struct MHD_Daemon *daemon;
    bool heads_are_laid_out; /* head_is_gapless() means something with this library */
    struct query_pool *pool;
    struct committer *committer;
    struct live *live;
    int blank_fd; /* what a descriptor is made to name when its socket is handed over */

    /* of the current pass */
    uint64_t now_ns;
    uint32_t submitted; /* submissions, or tries that must wait for a commit */
    uint32_t progress;  /* calls that moved a request on */
    uint32_t streamed;  /* pieces of streams */

    /* of the current group; loop.c says what for */
    uint32_t waiting;       /* requests in it */
    uint32_t answered;      /* requests of the group before, whose clients may come back */
    uint32_t expected;      /* requests that the group is likely to get */
    uint32_t linger_passes; /* that brought something, since the commit */
    bool is_first_pass;     /* since the commit: what it brings came during the sync */
    uint64_t linger_end_ns; /* 0: nothing has gathered */
    uint64_t stream_end_ns; /* the same for streams */
    uint64_t commit_from_ns;
    uint64_t commit_time_ns; /* what a commit takes, smoothed */

    /* scratch, for one call at a time */
    struct event_rules rules;
    struct event_list events;
    uint64_t *event_lines; /* EVENTS_MAX of them */

    struct connection *connections; /* all */
    uint64_t reap_at_ns;
    struct request *idle_requests; /* to be used again */
    size_t idle_request_count;
    struct request *orphans; /* their clients left; a commit will finish them */
    size_t requests_active;
    size_t body_bytes_held;

    struct answer_cache *answers; /* to queries; respond.c prepares them */

    /* the answers to single events, made once a second */
    struct MHD_Response *easy_answers[EASY_ANSWERS]; /* by `duplicates`; may be NULL */
    int64_t date_second;
    char date[DATE_HEADER_BYTES];

    struct traffic traffic;
    int64_t started_ms; /* wall clock */
    uint64_t log_window_ns;
    uint32_t log_lines;      /* about requests, in this second */
    uint32_t log_suppressed; /* in this second */
    bool stopping;
    uint64_t stop_deadline_ns;
    _Atomic bool stop_asked; /* any thread */
};

/* The two halves of the loop, for tests that take its turns themselves. */

/* Looks at the clock: deadlines, and whether to stop. False when nothing is left to be done. */
bool loop_tick(struct http_server *server);
/* Serves what there is. With nothing to do it waits for something, if it may. */
MUST_USE enum status loop_turn(struct http_server *server, bool may_wait, struct error *err);

#endif
