/*
 * live_parts.h - the insides: what is watched, who watches, what is on its way. For live/ only.
 *
 *     subscriber ──► subscription ──► link ──► topic (one listing of one user in one zone)
 *      a socket       one user's       │         ▲
 *                         │            │         │ all of a user's
 *                         └────────────┼──────► feed
 *                                      └ waits in the subscriber's list when its topic has changed
 *
 * Sequence numbers: every change of a topic takes the next one. A subscriber's list of waiting
 * links is ordered by their topics' numbers: a topic that changes again moves to the end. So what
 * a subscription's subscriber gets has rising numbers, and whoever got number n has got every
 * change up to n that was not overtaken by a newer one. That is what makes resuming safe.
 *
 * Threads: the live thread's only, but for what is _Atomic and the arrivals.
 */
#ifndef FOOTFALL_LIVE_LIVE_PARTS_H
#define FOOTFALL_LIVE_LIVE_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "live/live.h"

struct wslay_event_context;
struct feed;
struct link;
struct subscriber;
struct subscription;

enum message_type { MESSAGE_SNAPSHOT, MESSAGE_DELTA, MESSAGE_TYPES };

/* Bytes as they go over the wire, shared by all who get them. */
struct message {
    uint32_t refs;
    uint32_t len;
    uint8_t bytes[];
};

/* One listing's day. */
struct topic {
    struct topic *next; /* in its bucket */
    uint64_t hash;
    uint32_t place; /* in live->topics */
    uint32_t mark;
    const struct zone *zone;
    struct text user_id;
    struct text listing_id;
    int32_t day;            /* that metrics are of */
    uint32_t direct_links;  /* those that do not come through its feed: its mark is looked at */
    uint64_t seen_ns;       /* mark when it was read */
    uint64_t changed_ns;    /* the commit since which it may have changed; 0: it has not */
    uint64_t due_ns;        /* not to be read before */
    uint64_t idle_since_ns; /* without links since then */
    uint64_t seq;           /* of its last change */
    struct bytes metrics;   /* PerformanceMetrics, JSON */
    int64_t fresh_as_of_ms; /* of others' counts in them; 0: exact */
    bool approximate;
    struct message *messages[LIVE_PROTOCOLS][MESSAGE_TYPES]; /* made when needed; NULL: not yet */
    struct link *links;
    struct feed *feed; /* NULL: none */
    struct topic *feed_next;
};

/* All listings of a user, for those who watch them all. */
struct feed {
    struct feed *next;
    const struct zone *zone;
    struct text user_id;
    uint64_t version; /* of the user, when it was read */
    bool stale;       /* must be read whatever the version */
    uint64_t due_ns;
    size_t topic_count;
    struct topic *topics;
    struct subscription *subscriptions;
};

struct link {
    struct topic *topic;
    struct subscription *subscription;
    struct link *topic_next;
    struct link *topic_previous;
    struct link *next; /* of the subscription */
    struct link *waiting_next;
    struct link *waiting_previous;
    bool is_waiting;
    bool is_fresh;     /* the next message is a snapshot */
    uint64_t since_ns; /* the commit that it waits to tell of; 0: none, it is a snapshot */
};

struct subscription {
    struct subscription *next; /* of the subscriber */
    struct subscriber *subscriber;
    struct text user_id;
    struct feed *feed; /* NULL: named listings */
    struct subscription *feed_next;
    struct link *links;
    size_t link_count;
};

enum subscriber_state {
    SUBSCRIBER_OPEN,
    SUBSCRIBER_CLOSING,  /* the last words are on their way */
    SUBSCRIBER_DRAINING, /* they are sent; waiting for the other side's end */
    SUBSCRIBER_ENDED     /* to be freed at the end of the turn */
};

struct subscriber {
    struct subscriber *next;
    struct subscriber *previous;
    struct subscriber *ready_next;
    struct subscriber *ended_next;
    bool is_ready; /* in live->ready: has something to send */
    struct live *live;
    int fd;
    enum live_protocol protocol;
    enum subscriber_state state;
    enum live_close reason;
    bool is_admitted;
    bool has_head;    /* of event streams: it was sent */
    bool wants_write; /* epoll tells when it can be written to again */
    struct live_subject subject;
    struct subscription *subscriptions;
    unsigned subscription_count;

    struct link *waiting_first;
    struct link *waiting_last;
    struct message *sending; /* partly sent; NULL: none */
    size_t sent;
    uint64_t sending_since_ns; /* the commit that it tells of; 0: a snapshot */
    struct bytes out;          /* of event streams: what is said beside the messages */
    size_t out_sent;
    struct wslay_event_context *websocket;
    struct text early; /* came with the head, not read yet; in early_bytes */
    char *early_bytes;
    uint32_t read_budget; /* bytes, in this turn */
    uint32_t fragments;   /* of the message that is coming */
    uint32_t frames;      /* in this window */
    uint64_t frames_since_ns;

    uint64_t received_ns;
    uint64_t said_ns;     /* the last ping, or comment */
    uint64_t blocked_ns;  /* has not caught up since; 0: it has */
    uint64_t deadline_ns; /* of admission, or of closing; 0: none */
};

/* A socket on its way from a loop. */
struct arrival {
    struct arrival *next;
    int fd;
    enum live_protocol protocol;
    bool is_admitted;
    struct live_subject subject;
    struct live_request request;
    struct text early;
    struct arena arena;
};

enum { TOPIC_BUCKETS = 64 * 1024 };

struct live_stats {
    _Atomic uint64_t subscribers[LIVE_PROTOCOLS];
    _Atomic uint64_t watches;
    _Atomic uint64_t listings;
    _Atomic uint64_t snapshots;
    _Atomic uint64_t deltas;
    _Atomic uint64_t coalesced;
    _Atomic uint64_t dropped;
    _Atomic uint64_t reads;
    _Atomic uint64_t failures;
    _Atomic uint64_t closes[LIVE_CLOSES];
    struct histogram delivery_times;
};

struct live {
    struct live_options options; /* every 0 replaced */
    struct instance *instance;
    uint64_t stream; /* random: sequence numbers of two lives never meet */
    uint64_t seq;
    int epoll_fd;
    int wake_fd;
    pthread_t thread;
    bool has_thread;

    pthread_mutex_t arrivals_lock;
    struct arrival *arrivals; /* newest first */
    _Atomic bool stop_asked;
    _Atomic uint64_t places; /* subscribers and arrivals */

    uint64_t now_ns; /* of the turn */
    int64_t now_ms;
    uint64_t sweep_ns;
    uint64_t stop_deadline_ns; /* 0: not stopping */
    uint64_t failure_logged_ns;

    struct topic **buckets; /* TOPIC_BUCKETS */
    struct topic **topics;
    uint32_t topic_count;
    uint32_t topic_cap;
    uint32_t topic_next;      /* where the next turn goes on */
    uint64_t changed_seen_ns; /* of all listings, at the last full look */
    bool anything_changed;    /* some topic has been seen changed, and not read yet */
    struct feed *feeds;

    struct subscriber *subscribers;
    struct subscriber *ready;
    struct subscriber *ended;
    struct arena scratch; /* of one read */
    struct bytes json;    /* of one read */

    struct live_stats stats;
};

static inline void stat_add(_Atomic uint64_t *stat, uint64_t count)
{
    atomic_fetch_add_explicit(stat, count, memory_order_relaxed);
}
static inline void stat_take(_Atomic uint64_t *stat, uint64_t count)
{
    atomic_fetch_sub_explicit(stat, count, memory_order_relaxed);
}

/* ---- message.c ---- */

/* The topic's message for those who get that type, made if need be; NULL when out of memory. */
struct message *topic_message(const struct live *live, struct topic *topic,
                              enum live_protocol protocol, enum message_type type);
void message_unref(struct message *message); /* accepts NULL */
/* Appends {"type":"subscribed",...}, {"type":"error",...}, {"type":TYPE,"userId"?}. */
MUST_USE bool write_subscribed(struct bytes *out, const struct live *live,
                               const struct subscription *subscription, bool resumed);
MUST_USE bool write_error(struct bytes *out, const struct error *error, struct text user_id);
MUST_USE bool write_word(struct bytes *out, const char *type, struct text user_id);

/* ---- topic.c ---- */

/* The listing's topic, made and read if need be. Its seq says whether it changed. */
MUST_USE enum status topic_find(struct live *live, struct text user_id, struct text listing_id,
                                const struct zone *zone, struct topic **out, struct error *err);
/* Its mark is looked at from now on, and it is read once more if it was not before. */
MUST_USE enum status topic_watch(struct live *live, struct topic *topic, struct error *err);
/* Gives it a new number and all its links something to send. */
void topic_tell(struct live *live, struct topic *topic, uint64_t changed_ns);
/* A day that was read: tells the links when it is another than before. */
MUST_USE enum status topic_take(struct live *live, struct topic *topic, int32_t day,
                                const struct day_metrics *metrics, uint64_t changed_ns,
                                struct error *err);
/* Looks for changes and tells of them, until deadline_ns; false when it did not get through. */
bool topics_look(struct live *live, uint64_t deadline_ns);
/* Now and then: lets go of topics that nobody has watched for a while. */
void topics_sweep(struct live *live);
void topics_free(struct live *live);
/* Counts a read that failed, logs now and then. */
void live_read_failed(struct live *live, const struct error *err);

/* ---- feed.c ---- */

/* The user's feed, made and read if need be. */
MUST_USE enum status feed_find(struct live *live, struct text user_id, const struct zone *zone,
                               struct feed **out, struct error *err);
void feeds_look(struct live *live);
/* A subscription left: the last one frees the feed. */
void feed_leave(struct live *live, struct subscription *subscription);

/* ---- subscription.c ---- */

/* Adds a subscription and puts what it has not seen in the subscriber's list; *resumed says
 * whether that began behind `since`. STATUS_INVALID, STATUS_OVERLOADED, and what reads answer. */
MUST_USE enum status subscription_add(struct subscriber *subscriber,
                                      const struct live_request *request,
                                      const struct subscription **out, bool *resumed,
                                      struct error *err);
/* STATUS_NOT_FOUND, code "not_subscribed". */
MUST_USE enum status subscription_remove(struct subscriber *subscriber, struct text user_id,
                                         struct error *err);
void subscriptions_free(struct subscriber *subscriber);
/* A link, at the end of nothing yet. STATUS_OVERLOADED, code "too_many_watches". */
MUST_USE enum status link_add(struct live *live, struct subscription *subscription,
                              struct topic *topic, struct error *err);
/* The topic has a newer seq than what waits or was sent: the link goes to the end of the list. */
void link_wait(struct link *link, uint64_t since_ns);
void link_stop_waiting(struct link *link);

/* ---- subscriber.c ---- */

/* A new one for the arrival, whose socket it takes; NULL, with the socket closed, when that cannot
 * be. */
struct subscriber *subscriber_new(struct live *live, const struct arrival *arrival);
void subscriber_free(struct subscriber *subscriber);
/* It has something to send: flushed at the end of the turn. */
void subscriber_make_ready(struct subscriber *subscriber);
/* Sends what can be sent now. */
void subscriber_flush(struct subscriber *subscriber);
/* Says why and closes. Nothing more is read from it or waits for it. */
void subscriber_close(struct subscriber *subscriber, enum live_close reason);
/* As it is, without words. */
void subscriber_end(struct subscriber *subscriber, enum live_close reason);
/* The socket has something, or an end. */
void subscriber_read(struct subscriber *subscriber);
/* Now and then: pings, and closes those who are late. */
void subscriber_look(struct subscriber *subscriber);
/* recv(), but what came early first: > 0, 0 for the end, -1 for nothing now or broken (*broken). */
ssize_t subscriber_receive(struct subscriber *subscriber, void *to, size_t len, bool *broken);
/* send(): -1 for not now or broken (*broken). */
ssize_t subscriber_send(struct subscriber *subscriber, const void *from, size_t len, bool more,
                        bool *broken);
/* Queues a JSON text for this one alone. */
void subscriber_say(struct subscriber *subscriber, const struct bytes *json);

/* ---- websocket.c ---- */

MUST_USE enum status websocket_open(struct subscriber *subscriber, struct error *err);
void websocket_done(struct subscriber *subscriber);
void websocket_read(struct subscriber *subscriber);
/* Sends what is queued beside messages. false: it did not all go. */
bool websocket_flush(struct subscriber *subscriber);
void websocket_say(struct subscriber *subscriber, const struct bytes *json);
void websocket_ping(struct subscriber *subscriber);
void websocket_close(struct subscriber *subscriber, enum live_close reason);

/* ---- client_message.c ---- */

/* Does what a WebSocket's client asks, and says how that went. */
void client_message(struct subscriber *subscriber, struct text text);

/* ---- event_stream.c ---- */

/* Answers instead of streaming. */
void event_stream_refuse(struct subscriber *subscriber, const struct error *error);
void event_stream_begin(struct subscriber *subscriber, const struct live_request *request);
void event_stream_say(struct subscriber *subscriber, const struct bytes *json);
void event_stream_ping(struct subscriber *subscriber);
void event_stream_close(struct subscriber *subscriber, enum live_close reason);

/* ---- closes.c ---- */

struct close_words {
    const char *name;
    uint16_t code; /* RFC 6455, section 7.4.1 */
    const char *words;
};
const struct close_words *close_words(enum live_close reason);

#endif
