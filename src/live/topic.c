/*
 * topic.c - what is watched, and finding out what has changed.
 *
 * All topics stand in one array that is walked once a turn when anything was committed since the
 * last: a look at each one's mark, some ten nanoseconds. One whose mark has moved is read as soon
 * as LIVE_INTERVAL_MS have passed since it was last told of, so that changes in between coalesce
 * and a lone change goes out at once. It is told of only when its metrics are others than before:
 * another listing may have the same mark, or the events may be of other days.
 *
 * The mark is read before the metrics. A commit between the two is in the metrics and moves the
 * mark once more, for a look that finds nothing; it is never missed.
 *
 * A topic outlives its last link for a while: who reconnects within that time and resumes is not
 * sent again what it has.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/clock.h"
#include "base/log.h"
#include "live/live_parts.h"
#include "present/metrics_json.h"

enum { LINGER_S = 30, RETRY_MS = 1000, TOPICS_FIRST = 256 };

void live_read_failed(struct live *live, const struct error *err)
{
    stat_add(&live->stats.failures, 1);
    if (live->failure_logged_ns != 0 && live->now_ns - live->failure_logged_ns < 10 * ns_per_s)
        return;
    live->failure_logged_ns = live->now_ns;
    log_event(LOG_WARN, "live", "read_failed", LOG_TEXT("error", err->message));
}

static uint64_t hash_of(struct text user_id, struct text listing_id, const struct zone *zone)
{
    uint64_t hash = XXH3_64bits_withSeed(user_id.at, user_id.len, (uintptr_t)zone);
    return XXH3_64bits_withSeed(listing_id.at, listing_id.len, hash);
}

static void forget_messages(struct topic *topic)
{
    for (int protocol = 0; protocol < LIVE_PROTOCOLS; protocol++)
        for (int type = 0; type < MESSAGE_TYPES; type++) {
            message_unref(topic->messages[protocol][type]);
            topic->messages[protocol][type] = NULL;
        }
}

static void topic_free(struct live *live, struct topic *topic)
{
    struct topic **at = &live->buckets[topic->hash % TOPIC_BUCKETS];
    assert(topic->links == NULL && topic->feed == NULL);
    while (*at != topic)
        at = &(*at)->next;
    *at = topic->next;
    live->topic_count--;
    live->topics[topic->place] = live->topics[live->topic_count];
    live->topics[topic->place]->place = topic->place;
    stat_take(&live->stats.listings, 1);
    forget_messages(topic);
    bytes_done(&topic->metrics);
    free(topic);
}

static bool reserve_place(struct live *live)
{
    if (live->topic_count < live->topic_cap)
        return true;
    uint32_t cap = live->topic_cap == 0 ? TOPICS_FIRST : 2 * live->topic_cap;
    struct topic **topics = realloc(live->topics, cap * sizeof(struct topic *));
    if (topics == NULL)
        return false;
    live->topics = topics;
    live->topic_cap = cap;
    return true;
}

static struct topic *topic_new(struct live *live, uint64_t hash, struct text user_id,
                               struct text listing_id, const struct zone *zone)
{
    if (!reserve_place(live))
        return NULL;
    struct topic *topic = calloc(1, sizeof *topic + user_id.len + listing_id.len);
    if (topic == NULL)
        return NULL;
    char *ids = (char *)(topic + 1);
    memcpy(ids, user_id.at, user_id.len);
    memcpy(ids + user_id.len, listing_id.at, listing_id.len);
    topic->user_id = (struct text){ids, user_id.len};
    topic->listing_id = (struct text){ids + user_id.len, listing_id.len};
    topic->hash = hash;
    topic->zone = zone;
    topic->mark = instance_mark_of(user_id, listing_id);
    topic->idle_since_ns = live->now_ns;
    topic->next = live->buckets[hash % TOPIC_BUCKETS];
    live->buckets[hash % TOPIC_BUCKETS] = topic;
    topic->place = live->topic_count;
    live->topics[live->topic_count++] = topic;
    stat_add(&live->stats.listings, 1);
    return topic;
}

enum status topic_find(struct live *live, struct text user_id, struct text listing_id,
                       const struct zone *zone, struct topic **out, struct error *err)
{
    uint64_t hash = hash_of(user_id, listing_id, zone);
    struct topic *topic = live->buckets[hash % TOPIC_BUCKETS];
    while (topic != NULL &&
           !(topic->hash == hash && topic->zone == zone && text_equal(topic->user_id, user_id) &&
             text_equal(topic->listing_id, listing_id)))
        topic = topic->next;
    if (topic == NULL)
        topic = topic_new(live, hash, user_id, listing_id, zone);
    if (topic == NULL)
        return fail(err, STATUS_NO_MEMORY, "live: no memory to watch a listing");
    *out = topic;
    return STATUS_OK;
}

void topic_tell(struct live *live, struct topic *topic, uint64_t changed_ns)
{
    topic->seq = ++live->seq;
    forget_messages(topic);
    for (struct link *link = topic->links; link != NULL; link = link->topic_next)
        link_wait(link, changed_ns);
}

enum status topic_take(struct live *live, struct topic *topic, int32_t day,
                       const struct day_metrics *metrics, uint64_t changed_ns, struct error *err)
{
    bool is_new = topic->seq == 0;
    bool is_other_day = !is_new && topic->day != day;
    live->json.len = 0;
    if (!performance_metrics_json(&live->json, topic->listing_id, metrics))
        return fail(err, STATUS_NO_MEMORY, "live: no memory for a message");
    if (!is_new && !is_other_day && live->json.len == topic->metrics.len &&
        memcmp(live->json.at, topic->metrics.at, live->json.len) == 0)
        return STATUS_OK;

    if (!bytes_reserve(&topic->metrics, live->json.len))
        return fail(err, STATUS_NO_MEMORY, "live: no memory for a message");
    memcpy(topic->metrics.at, live->json.at, live->json.len);
    topic->metrics.len = live->json.len;
    topic->day = day;
    topic->fresh_as_of_ms = instance_fresh_as_of_ms(live->instance);
    topic->approximate = metrics->approximate;
    topic->due_ns = live->now_ns + LIVE_INTERVAL_MS * ns_per_ms;
    for (struct link *link = topic->links; is_other_day && link != NULL; link = link->topic_next)
        link->is_fresh = true;
    topic_tell(live, topic, is_other_day ? 0 : changed_ns);
    return STATUS_OK;
}

/* Reads the listing as it is now. */
static enum status topic_read(struct live *live, struct topic *topic, struct error *err)
{
    struct day_metrics metrics;
    int32_t day = zone_day_of_ms(topic->zone, live->now_ms);
    const struct range range = {
        .period = PERIOD_DAILY, .first_day = day, .last_day = day, .zone = topic->zone};
    uint64_t changed_ns = topic->changed_ns;
    topic->seen_ns = instance_mark_changed_ns(live->instance, topic->mark);
    topic->changed_ns = 0;
    stat_add(&live->stats.reads, 1);
    arena_reset(&live->scratch);
    enum status status = instance_get_metrics_for_date(
        live->instance, topic->user_id, topic->listing_id, &range, &live->scratch, &metrics, err);
    if (status == STATUS_OK)
        status = topic_take(live, topic, day, &metrics, changed_ns, err);
    if (status != STATUS_OK) {
        topic->changed_ns = changed_ns == 0 ? live->now_ns : changed_ns; /* it is not known */
        topic->due_ns = live->now_ns + RETRY_MS * ns_per_ms;
        live_read_failed(live, err);
    }
    return status;
}

enum status topic_watch(struct live *live, struct topic *topic, struct error *err)
{
    int32_t day = zone_day_of_ms(topic->zone, live->now_ms);
    instance_watch(live->instance, topic->mark); /* before the read */
    if (topic->direct_links > 0 && topic->seq != 0 && topic->day == day && topic->changed_ns == 0 &&
        topic->seen_ns == instance_mark_changed_ns(live->instance, topic->mark))
        return STATUS_OK;
    return topic_read(live, topic, err);
}

/* Whether it was seen to change, now or before. */
static bool look_at(const struct live *live, struct topic *topic)
{
    if (topic->links == NULL)
        return false;
    if (topic->direct_links > 0) {
        uint64_t mark_ns = instance_mark_changed_ns(live->instance, topic->mark);
        if (mark_ns != topic->seen_ns && topic->changed_ns == 0)
            topic->changed_ns = mark_ns;
    }
    if (topic->changed_ns == 0 && topic->day != zone_day_of_ms(topic->zone, live->now_ms))
        topic->changed_ns = live->now_ns;
    return topic->changed_ns != 0;
}

bool topics_look(struct live *live, uint64_t deadline_ns)
{
    enum { LOOKS_PER_CLOCK = 64 };
    struct error err;
    bool anything_left = false;
    for (uint32_t looked = 0; looked < live->topic_count; looked++) {
        if (live->topic_next >= live->topic_count)
            live->topic_next = 0;
        struct topic *topic = live->topics[live->topic_next++];
        if (look_at(live, topic)) {
            if (topic->due_ns <= live->now_ns)
                (void)topic_read(live, topic, &err); /* counted, and tried again */
            anything_left = anything_left || topic->changed_ns != 0;
        }
        if (looked % LOOKS_PER_CLOCK == 0 && monotonic_ns() >= deadline_ns) {
            live->anything_changed = true;
            return false;
        }
    }
    live->anything_changed = anything_left;
    return true;
}

void topics_sweep(struct live *live)
{
    for (uint32_t i = live->topic_count; i-- > 0;) {
        struct topic *topic = live->topics[i];
        if (topic->links == NULL && topic->feed == NULL &&
            live->now_ns - topic->idle_since_ns > LINGER_S * ns_per_s)
            topic_free(live, topic);
    }
    if (live->topic_count == 0)
        instance_unwatch_all(live->instance);
}

void topics_free(struct live *live)
{
    while (live->topic_count > 0)
        topic_free(live, live->topics[live->topic_count - 1]);
    free(live->topics);
    live->topics = NULL;
}
