/*
 * feed.c - all listings of a user.
 *
 * Which listings a user has is only known by reading them all, and then their counts are known,
 * too: so a feed reads the whole day at one cut whenever the user's version has changed
 * (instance_user_version()), and gives each listing's part to its topic, which tells its links if
 * it is another. A read costs what the user has, so the next one waits REST_FACTOR times as long
 * as the last took: one large user takes no more than a small part of the thread.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "base/clock.h"
#include "live/live_parts.h"

enum { REST_FACTOR = 20, RETRY_MS = 1000 };

/* The topic is one of the feed's from now on; those who watch the feed watch it. */
static void adopt(struct live *live, struct feed *feed, struct topic *topic)
{
    struct error err;
    topic->feed = feed;
    topic->feed_next = feed->topics;
    feed->topics = topic;
    feed->topic_count++;
    for (struct subscription *each = feed->subscriptions; each != NULL; each = each->feed_next) {
        if (each->subscriber->state != SUBSCRIBER_OPEN)
            continue;
        if (link_add(live, each, topic, &err) != STATUS_OK) {
            subscriber_close(each->subscriber,
                             err.status == STATUS_OVERLOADED ? LIVE_CLOSE_FULL : LIVE_CLOSE_FAILED);
        }
    }
    /* Somebody else has watched it: its number may lie behind what the feed's were sent. */
    if (feed->subscriptions != NULL && topic->seq != 0)
        topic_tell(live, topic, 0);
}

static enum status take_listing(struct live *live, struct feed *feed,
                                const struct listing_day *listing, int32_t day, uint64_t changed_ns,
                                struct error *err)
{
    struct topic *topic = NULL;
    enum status status =
        topic_find(live, feed->user_id, listing->listing_id, feed->zone, &topic, err);
    if (status != STATUS_OK)
        return status;
    if (topic->feed == NULL) {
        if (feed->topic_count >= LIVE_USER_LISTINGS_MAX)
            return fail_code(err, STATUS_TOO_LARGE, "too_many_listings",
                             "the user has more than %d listings today: name those to watch",
                             LIVE_USER_LISTINGS_MAX);
        adopt(live, feed, topic);
    }
    return topic_take(live, topic, day, &listing->day, changed_ns, err);
}

static enum status feed_read(struct live *live, struct feed *feed, struct error *err)
{
    const struct listing_day *listings = NULL;
    size_t count = 0;
    int32_t day = zone_day_of_ms(feed->zone, live->now_ms);
    const struct range range = {
        .period = PERIOD_DAILY, .first_day = day, .last_day = day, .zone = feed->zone};
    uint64_t from_ns = monotonic_ns();
    uint64_t changed_ns = instance_changed_ns(live->instance);
    uint64_t version = instance_user_version(live->instance, feed->user_id); /* before the read */
    stat_add(&live->stats.reads, 1);
    arena_reset(&live->scratch);
    enum status status = instance_get_all_listings_of_day(live->instance, feed->user_id, &range,
                                                          &live->scratch, &listings, &count, err);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = take_listing(live, feed, &listings[i], day, changed_ns, err);
    uint64_t rest_ns = (monotonic_ns() - from_ns) * REST_FACTOR;
    if (rest_ns < LIVE_INTERVAL_MS * ns_per_ms)
        rest_ns = LIVE_INTERVAL_MS * ns_per_ms;
    feed->stale = status != STATUS_OK;
    if (feed->stale) {
        rest_ns += RETRY_MS * ns_per_ms;
        live_read_failed(live, err);
    } else {
        feed->version = version;
    }
    feed->due_ns = live->now_ns + rest_ns;
    return status;
}

static void feed_free(struct live *live, struct feed *feed)
{
    struct feed **at = &live->feeds;
    while (*at != feed)
        at = &(*at)->next;
    *at = feed->next;
    for (struct topic *topic = feed->topics; topic != NULL;) {
        struct topic *next = topic->feed_next;
        topic->feed = NULL;
        topic->feed_next = NULL;
        topic = next;
    }
    free(feed);
}

static struct feed *feed_new(struct live *live, struct text user_id, const struct zone *zone)
{
    struct feed *feed = calloc(1, sizeof *feed + user_id.len);
    if (feed == NULL)
        return NULL;
    memcpy(feed + 1, user_id.at, user_id.len);
    feed->user_id = (struct text){(const char *)(feed + 1), user_id.len};
    feed->zone = zone;
    feed->stale = true;
    feed->next = live->feeds;
    live->feeds = feed;
    return feed;
}

enum status feed_find(struct live *live, struct text user_id, const struct zone *zone,
                      struct feed **out, struct error *err)
{
    struct feed *feed = live->feeds;
    while (feed != NULL && !(feed->zone == zone && text_equal(feed->user_id, user_id)))
        feed = feed->next;
    bool is_new = feed == NULL;
    if (is_new)
        feed = feed_new(live, user_id, zone);
    if (feed == NULL)
        return fail(err, STATUS_NO_MEMORY, "live: no memory to watch a user");
    if (feed->stale || feed->version != instance_user_version(live->instance, user_id)) {
        enum status status = feed_read(live, feed, err);
        if (status != STATUS_OK) {
            if (is_new)
                feed_free(live, feed);
            return status;
        }
    }
    *out = feed;
    return STATUS_OK;
}

void feeds_look(struct live *live)
{
    struct error err;
    for (struct feed *feed = live->feeds; feed != NULL; feed = feed->next)
        if (feed->due_ns <= live->now_ns &&
            (feed->stale || feed->version != instance_user_version(live->instance, feed->user_id)))
            (void)feed_read(live, feed, &err); /* counted, and tried again */
}

void feed_leave(struct live *live, struct subscription *subscription)
{
    struct feed *feed = subscription->feed;
    struct subscription **at = &feed->subscriptions;
    while (*at != NULL && *at != subscription)
        at = &(*at)->feed_next;
    if (*at != NULL)
        *at = subscription->feed_next;
    if (feed->subscriptions == NULL)
        feed_free(live, feed);
}
