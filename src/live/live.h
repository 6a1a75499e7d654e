/*
 * live.h - counts pushed to whoever watches: the thread that owns all subscribers.
 *
 * A subscriber is a socket that an HTTP loop has handed over, a WebSocket or a stream of
 * Server-Sent Events. It names a user and up to LIVE_LISTINGS_MAX listings, or all of the user's;
 * it gets each listing's day as it is, then again whenever events were made durable that changed
 * it, at most once in LIVE_INTERVAL_MS a listing. docs/api/live.md has the messages.
 *
 * The engine never waits for a subscriber: this thread asks which watched listings have changed
 * (engine.h), reads each once however many watch it, and shares the message among them. A
 * subscriber owes no message but the newest of each listing, so nothing queues for the slow.
 *
 * It knows neither keys nor header fields: who may see what is asked of its caller.
 *
 * Threads: one of its own. live_add_...(), live_check_room() and live_get_numbers() from any.
 */
#ifndef FOOTFALL_LIVE_LIVE_H
#define FOOTFALL_LIVE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include "base/status.h"
#include "base/text.h"
#include "lib/instance.h"
#include "query/zone.h"

enum {
    LIVE_LISTINGS_MAX = 100,        /* named in one subscription */
    LIVE_USER_LISTINGS_MAX = 10000, /* of a user whose listings are all watched */
    LIVE_SUBSCRIPTIONS_MAX = 16,    /* of one WebSocket */
    LIVE_INTERVAL_MS = 200,         /* between two messages about a listing */
    LIVE_MESSAGE_BYTES_MAX = 32 * 1024
};

/* Who a subscriber is, filled in by admit() and given back to may_see(). */
struct live_subject {
    bool may_see_all;
    uint8_t user_id_len; /* else that user's listings; 0: nobody's */
    char user_id[ID_BYTES_MAX];
};

/* Whether the credential is good; then *out says whose. */
typedef bool live_admit_fn(void *context, struct text credential, struct live_subject *out);
/* Whether the subject may watch that user's listings. */
typedef bool live_may_see_fn(void *context, const struct live_subject *subject,
                             struct text user_id);

struct live_options {
    uint32_t subscribers_max;   /* 0: 10,000 */
    uint32_t watches_max;       /* listings, counted once a subscriber; 0: 200,000 */
    uint32_t send_buffer_bytes; /* that the system keeps for a subscriber; 0: 64 KiB */
    uint32_t ping_interval_ms;  /* 0: 30 s; a WebSocket silent for 2.5 of them is closed */
    uint32_t slow_timeout_ms;   /* not caught up for so long: closed; 0: 10 s */
    live_admit_fn *admit;       /* called from the live thread, as is may_see */
    live_may_see_fn *may_see;
    void *access_context;
};

struct live; /* made by live_open(), freed by live_close() */

/* Starts the thread. The instance must outlive it. STATUS_NO_MEMORY, STATUS_IO. */
MUST_USE enum status live_open(const struct live_options *options, struct instance *instance,
                               struct live **out, struct error *err);
/* Tells all subscribers that the server goes away, and takes no more. */
void live_stop(struct live *live);
/* Stops, waits a moment until they have read it, ends the thread, frees. Accepts NULL. */
void live_close(struct live *live);

/* STATUS_OVERLOADED, code "too_many_subscribers", when one more would be too many; STATUS_STOPPED.
 * What is added nevertheless is closed with the same words. */
MUST_USE enum status live_check_room(struct live *live, struct error *err);

/* What is to be watched. Texts are copied. */
struct live_request {
    struct text user_id;
    const struct text *listing_ids; /* no listing twice */
    size_t listing_count;           /* 0: all of the user's */
    const struct zone *zone;
    struct text since;       /* "stream-sequence", as the last message had it; absent or of another
                                form: from anew */
    struct text cors_origin; /* a page of which may read a stream of events; absent: none */
};

/* "stream-sequence": 16 hexadecimal digits, '-', a decimal. false for anything else. */
bool live_read_since(struct text since, uint64_t *stream, uint64_t *seq);

/*
 * Hand a socket over: it is live's from now on, closed also when that fails, for which there is
 * nobody left to tell. The head of the answer of a WebSocket has been sent; `early` is what the
 * client sent behind its own head. Without a subject it must first send a credential. The head of
 * a stream of events is live's to send. The subject's right to see the user has been checked.
 */
void live_add_websocket(struct live *live, int fd, const struct live_subject *subject,
                        struct text early);
void live_add_event_stream(struct live *live, int fd, const struct live_subject *subject,
                           const struct live_request *request);

enum live_protocol { LIVE_WEBSOCKET, LIVE_EVENT_STREAM, LIVE_PROTOCOLS };

/* Why subscribers were closed. */
enum live_close {
    LIVE_CLOSE_CLIENT,   /* it left */
    LIVE_CLOSE_STOPPING, /* we do */
    LIVE_CLOSE_SLOW,
    LIVE_CLOSE_IDLE,
    LIVE_CLOSE_PROTOCOL, /* not the protocol, not UTF-8 */
    LIVE_CLOSE_NOT_TEXT, /* a binary message */
    LIVE_CLOSE_TOO_BIG,  /* a message or its fragments */
    LIVE_CLOSE_FLOOD,    /* too many messages */
    LIVE_CLOSE_DENIED,   /* no credential, or a wrong one */
    LIVE_CLOSE_FULL,     /* too many subscribers, or listings to watch */
    LIVE_CLOSE_FAILED,   /* no memory */
    LIVE_CLOSES
};
/* "client", "stopping", ... for metrics and messages. */
const char *live_close_name(enum live_close reason);

struct live_numbers {
    uint64_t subscribers[LIVE_PROTOCOLS]; /* now */
    uint64_t watches;                     /* now */
    uint64_t listings;                    /* now, watched by anybody */
    uint64_t snapshots;                   /* sent */
    uint64_t deltas;                      /* sent */
    uint64_t coalesced; /* deltas that a newer one replaced before they were sent */
    uint64_t dropped;   /* deltas that were waiting when their subscriber was closed */
    uint64_t reads;     /* of listings or users, to see what has changed */
    uint64_t failures;  /* of reads */
    uint64_t closes[LIVE_CLOSES];
};
void live_get_numbers(const struct live *live, struct live_numbers *out);
/* From the commit of an event to the message's last byte in a subscriber's socket. */
const struct histogram *live_delivery_times(const struct live *live);

#endif
