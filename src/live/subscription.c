/*
 * subscription.c - who watches what, and what they have not been told yet.
 *
 * A new subscription gets every listing as it is, in the order of the topics' numbers, so that a
 * client which is cut off in the middle can resume from the last number it got. One that resumes
 * gets only what has a higher number. A topic that was forgotten in between has been made anew,
 * with a new number: it is sent, which is never wrong, since messages carry whole counts.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "live/live_parts.h"

bool live_read_since(struct text since, uint64_t *stream, uint64_t *seq)
{
    enum { STREAM_DIGITS = 16, SEQ_DIGITS_MAX = 19 };
    uint64_t high = 0;
    uint64_t low = 0;
    if (since.len < STREAM_DIGITS + 2 || since.len > STREAM_DIGITS + 1 + SEQ_DIGITS_MAX ||
        since.at[STREAM_DIGITS] != '-')
        return false;
    for (size_t i = 0; i < STREAM_DIGITS; i++) {
        char c = since.at[i];
        if (c >= '0' && c <= '9')
            high = high << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            high = high << 4 | (uint64_t)(c - 'a' + 10);
        else
            return false;
    }
    for (size_t i = STREAM_DIGITS + 1; i < since.len; i++) {
        if (since.at[i] < '0' || since.at[i] > '9')
            return false;
        low = low * 10 + (uint64_t)(since.at[i] - '0');
    }
    *stream = high;
    *seq = low;
    return true;
}

void link_stop_waiting(struct link *link)
{
    struct subscriber *subscriber = link->subscription->subscriber;
    if (!link->is_waiting)
        return;
    if (link->waiting_previous != NULL)
        link->waiting_previous->waiting_next = link->waiting_next;
    else
        subscriber->waiting_first = link->waiting_next;
    if (link->waiting_next != NULL)
        link->waiting_next->waiting_previous = link->waiting_previous;
    else
        subscriber->waiting_last = link->waiting_previous;
    link->is_waiting = false;
    link->waiting_next = NULL;
    link->waiting_previous = NULL;
}

void link_wait(struct link *link, uint64_t since_ns)
{
    struct subscriber *subscriber = link->subscription->subscriber;
    if (subscriber->state != SUBSCRIBER_OPEN)
        return;
    if (link->is_waiting) {
        stat_add(&subscriber->live->stats.coalesced, 1);
        link_stop_waiting(link);
    } else {
        link->since_ns = link->is_fresh ? 0 : since_ns;
    }
    link->waiting_previous = subscriber->waiting_last;
    if (subscriber->waiting_last != NULL)
        subscriber->waiting_last->waiting_next = link;
    else
        subscriber->waiting_first = link;
    subscriber->waiting_last = link;
    link->is_waiting = true;
    subscriber_make_ready(subscriber);
}

enum status link_add(struct live *live, struct subscription *subscription, struct topic *topic,
                     struct error *err)
{
    if (atomic_load_explicit(&live->stats.watches, memory_order_relaxed) >=
        live->options.watches_max)
        return fail_code(err, STATUS_OVERLOADED, "too_many_watches",
                         "too many listings are watched: try again later");
    struct link *link = calloc(1, sizeof *link);
    if (link == NULL)
        return fail(err, STATUS_NO_MEMORY, "live: no memory to watch a listing");
    link->topic = topic;
    link->subscription = subscription;
    link->is_fresh = true;
    link->topic_next = topic->links;
    if (topic->links != NULL)
        topic->links->topic_previous = link;
    topic->links = link;
    if (subscription->feed == NULL)
        topic->direct_links++;
    link->next = subscription->links;
    subscription->links = link;
    subscription->link_count++;
    stat_add(&live->stats.watches, 1);
    return STATUS_OK;
}

static void link_free(struct live *live, struct link *link)
{
    struct topic *topic = link->topic;
    if (link->is_waiting)
        stat_add(&live->stats.dropped, link->since_ns != 0);
    link_stop_waiting(link);
    if (link->topic_previous != NULL)
        link->topic_previous->topic_next = link->topic_next;
    else
        topic->links = link->topic_next;
    if (link->topic_next != NULL)
        link->topic_next->topic_previous = link->topic_previous;
    if (link->subscription->feed == NULL)
        topic->direct_links--;
    if (topic->links == NULL)
        topic->idle_since_ns = live->now_ns;
    stat_take(&live->stats.watches, 1);
    free(link);
}

static void subscription_free(struct live *live, struct subscription *subscription)
{
    while (subscription->links != NULL) {
        struct link *link = subscription->links;
        subscription->links = link->next;
        link_free(live, link);
    }
    if (subscription->feed != NULL)
        feed_leave(live, subscription);
    free(subscription);
}

static enum status watch_named(struct live *live, struct subscription *subscription,
                               const struct live_request *request, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < request->listing_count && status == STATUS_OK; i++) {
        struct topic *topic = NULL;
        status =
            topic_find(live, request->user_id, request->listing_ids[i], request->zone, &topic, err);
        if (status == STATUS_OK)
            status = topic_watch(live, topic, err);
        if (status == STATUS_OK)
            status = link_add(live, subscription, topic, err);
    }
    return status;
}

static enum status watch_all(struct live *live, struct subscription *subscription,
                             const struct live_request *request, struct error *err)
{
    struct feed *feed = NULL;
    enum status status = feed_find(live, request->user_id, request->zone, &feed, err);
    if (status != STATUS_OK)
        return status;
    subscription->feed = feed;
    subscription->feed_next = feed->subscriptions;
    feed->subscriptions = subscription;
    for (struct topic *topic = feed->topics; topic != NULL && status == STATUS_OK;
         topic = topic->feed_next)
        status = link_add(live, subscription, topic, err);
    return status;
}

static int by_seq(const void *a, const void *b)
{
    uint64_t seq_a = (*(struct link *const *)a)->topic->seq;
    uint64_t seq_b = (*(struct link *const *)b)->topic->seq;
    return (seq_a > seq_b) - (seq_a < seq_b);
}

/* What has a number above `seen` waits, in the order of the numbers. */
static enum status begin(struct subscription *subscription, uint64_t seen, struct error *err)
{
    size_t count = 0;
    struct link **links = malloc((subscription->link_count + 1) * sizeof(struct link *));
    if (links == NULL)
        return fail(err, STATUS_NO_MEMORY, "live: no memory to subscribe");
    for (struct link *link = subscription->links; link != NULL; link = link->next)
        links[count++] = link;
    qsort(links, count, sizeof(struct link *), by_seq);
    for (size_t i = 0; i < count; i++) {
        if (links[i]->topic->seq > seen)
            link_wait(links[i], 0);
        else
            links[i]->is_fresh = false;
    }
    free(links);
    return STATUS_OK;
}

static enum status check_subscription(const struct subscriber *subscriber, struct text user_id,
                                      struct error *err)
{
    if (subscriber->subscription_count >= LIVE_SUBSCRIPTIONS_MAX)
        return fail_code(err, STATUS_TOO_LARGE, "too_many_subscriptions",
                         "a connection has %d subscriptions at most: unsubscribe one, or open "
                         "another connection",
                         LIVE_SUBSCRIPTIONS_MAX);
    for (const struct subscription *each = subscriber->subscriptions; each != NULL;
         each = each->next) {
        if (text_equal(each->user_id, user_id))
            return fail_input(err, "already_subscribed", "userId",
                              "this connection watches that user already: unsubscribe first");
    }
    return STATUS_OK;
}

enum status subscription_add(struct subscriber *subscriber, const struct live_request *request,
                             const struct subscription **out, bool *resumed, struct error *err)
{
    struct live *live = subscriber->live;
    uint64_t stream = 0;
    uint64_t seen = 0;
    enum status status = check_subscription(subscriber, request->user_id, err);
    if (status != STATUS_OK)
        return status;
    bool resumes = request->since.at != NULL && live_read_since(request->since, &stream, &seen) &&
                   stream == live->stream && seen <= live->seq;
    struct subscription *subscription = calloc(1, sizeof *subscription + request->user_id.len);
    if (subscription == NULL)
        return fail(err, STATUS_NO_MEMORY, "live: no memory to subscribe");
    memcpy(subscription + 1, request->user_id.at, request->user_id.len);
    subscription->user_id = (struct text){(const char *)(subscription + 1), request->user_id.len};
    subscription->subscriber = subscriber;

    status = request->listing_count > 0 ? watch_named(live, subscription, request, err)
                                        : watch_all(live, subscription, request, err);
    if (status == STATUS_OK)
        status = begin(subscription, resumes ? seen : 0, err);
    if (status != STATUS_OK) {
        subscription_free(live, subscription);
        return status;
    }
    subscription->next = subscriber->subscriptions;
    subscriber->subscriptions = subscription;
    subscriber->subscription_count++;
    *out = subscription;
    *resumed = resumes;
    return STATUS_OK;
}

enum status subscription_remove(struct subscriber *subscriber, struct text user_id,
                                struct error *err)
{
    struct subscription **at = &subscriber->subscriptions;
    while (*at != NULL && !text_equal((*at)->user_id, user_id))
        at = &(*at)->next;
    if (*at == NULL)
        return fail_code(err, STATUS_NOT_FOUND, "not_subscribed",
                         "this connection does not watch that user");
    struct subscription *subscription = *at;
    *at = subscription->next;
    subscriber->subscription_count--;
    subscription_free(subscriber->live, subscription);
    return STATUS_OK;
}

void subscriptions_free(struct subscriber *subscriber)
{
    while (subscriber->subscriptions != NULL) {
        struct subscription *subscription = subscriber->subscriptions;
        subscriber->subscriptions = subscription->next;
        subscription_free(subscriber->live, subscription);
    }
    subscriber->subscription_count = 0;
}
