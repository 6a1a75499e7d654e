/*
 * source.c - a body is written behind room for its head; the head, whose length is known only then,
 * is put right before it:
 *
 *     [ ......... POST /v1/events ... \r\n\r\n {"userId":...} ]
 *                 ^ begin                                     ^ len
 *
 * Events are put together from copied pieces, not printed: one core must write millions a second.
 * A popular listing's number is its rank times a prime, modulo the count: every listing has one
 * rank, and neighbours in rank are strangers by name. Listing n belongs to user n modulo users.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/load/source.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    HEAD_BYTES_MAX = 2048,
    /* an event without its names; user prefix, platform and run come on top */
    EVENT_BYTES_MAX = 320 + LOAD_PREFIX_BYTES + LOAD_PLATFORM_BYTES + LOAD_RUN_BYTES
};

static const uint64_t scramble = 2654435761; /* a prime above LOAD_LISTINGS_MAX */

static const char *const type_names[LOAD_TYPES] = {"view", "share", "inquiry"};
static const char *const source_names[] = {"website", "mobile-app", "social-media", "email"};
enum { SOURCES = sizeof source_names / sizeof source_names[0] };

static char *put(char *to, const char *word)
{
    return mempcpy(to, word, strlen(word));
}

static char *put_number(char *to, uint64_t value, unsigned digits_min)
{
    char digits[20];
    unsigned count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0 || count < digits_min);
    while (count > 0)
        *to++ = digits[--count];
    return to;
}

void load_user_name(const struct load_plan *plan, uint32_t user, char out[LOAD_USER_BYTES])
{
    snprintf(out, LOAD_USER_BYTES, "%s-%" PRIu32, plan->prefix, user);
}

void load_source_init(struct load_source *source, const struct load_plan *plan, uint32_t thread)
{
    *source = (struct load_source){.plan = plan, .thread = thread};
    struct random of_threads = {plan->seed + thread};
    source->random.state = random_next(&of_threads);
    for (int type = 0; type < LOAD_TYPES; type++)
        source->mix_sum += plan->mix[type];
    zipf_init(&source->zipf, plan->listings, plan->zipf_exponent);
}

bool load_source_wants_query(struct load_source *source)
{
    uint32_t percent = source->plan->query_percent;
    return percent > 0 && random_below(&source->random, 100) < percent;
}

static uint32_t next_listing(struct load_source *source)
{
    uint64_t rank = zipf_next(&source->zipf, &source->random);
    return (uint32_t)(rank * scramble % source->plan->listings);
}

static int next_type(struct load_source *source)
{
    uint64_t dice = random_below(&source->random, source->mix_sum);
    int type = LOAD_VIEW;
    while (type < LOAD_INQUIRY && dice >= source->plan->mix[type])
        dice -= source->plan->mix[type++];
    return type;
}

static char *put_user(char *to, const struct load_plan *plan, uint32_t listing)
{
    to = put(to, plan->prefix);
    *to++ = '-';
    return put_number(to, listing % plan->users, 1);
}

static char *put_event(char *to, struct load_source *source, int type)
{
    const struct load_plan *plan = source->plan;
    uint32_t listing = next_listing(source);

    to = put(to, "{\"userId\":\"");
    to = put_user(to, plan, listing);
    to = put(to, "\",\"listingId\":\"l-");
    to = put_number(to, listing, 10);
    to = put(to, "\",\"eventType\":\"");
    to = put(to, type_names[type]);
    if (plan->platform_count > 0) {
        to = put(to, "\",\"platform\":\"");
        to = put(to, plan->platforms[random_below(&source->random, plan->platform_count)]);
    }
    to = put(to, "\",\"source\":\"");
    to = put(to, source_names[random_below(&source->random, SOURCES)]);
    if (plan->ids) {
        to = put(to, "\",\"id\":\"");
        to = put(to, plan->run);
        *to++ = '-';
        to = put_number(to, source->thread, 1);
        *to++ = '-';
        to = put_number(to, source->serial++, 1);
    }
    if (type == LOAD_INQUIRY)
        to = put(to, "\",\"inquiry\":{\"message\":\"Written by footfall load.\"}}");
    else
        to = put(to, "\"}");
    return to;
}

static bool begin_request(struct load_request *request, size_t body_bytes_max)
{
    request->bytes.len = 0;
    if (!bytes_reserve(&request->bytes, HEAD_BYTES_MAX + body_bytes_max))
        return false;
    request->bytes.len = HEAD_BYTES_MAX;
    request->events = 0;
    memset(request->by_type, 0, sizeof request->by_type);
    return true;
}

/* Puts the head before the body, which begins behind HEAD_BYTES_MAX. */
static void end_request(struct load_request *request, const struct load_plan *plan,
                        const char *first_line, const char *type)
{
    char head[HEAD_BYTES_MAX];
    char content[96] = "";
    if (!request->is_query)
        snprintf(content, sizeof content, "Content-Type: %s\r\nContent-Length: %zu\r\n", type,
                 request->bytes.len - HEAD_BYTES_MAX);
    int len =
        snprintf(head, sizeof head, "%s HTTP/1.1\r\nHost: %s\r\n%s%s%s%s\r\n", first_line,
                 plan->host, plan->key == NULL ? "" : "Authorization: Bearer ",
                 plan->key == NULL ? "" : plan->key, plan->key == NULL ? "" : "\r\n", content);
    assert(len > 0 && len < HEAD_BYTES_MAX); /* target.h bounds the key, plan.h all else */
    request->begin = HEAD_BYTES_MAX - (size_t)len;
    memcpy(request->bytes.at + request->begin, head, (size_t)len);
}

bool load_source_record(struct load_source *source, uint32_t events, struct load_request *request)
{
    const struct load_plan *plan = source->plan;
    bool as_array = !plan->stream && plan->batch > 1;
    if (!begin_request(request, (size_t)events * EVENT_BYTES_MAX + 2))
        return false;

    char *to = (char *)request->bytes.at + HEAD_BYTES_MAX;
    if (as_array)
        *to++ = '[';
    for (uint32_t i = 0; i < events; i++) {
        int type = next_type(source);
        if (as_array && i > 0)
            *to++ = ',';
        to = put_event(to, source, type);
        if (plan->stream)
            *to++ = '\n';
        request->by_type[type]++;
    }
    if (as_array)
        *to++ = ']';
    request->bytes.len = (size_t)(to - (char *)request->bytes.at);
    request->events = events;
    request->is_query = false;
    end_request(request, plan, "POST /v1/events",
                plan->stream ? "application/x-ndjson" : "application/json");
    return true;
}

bool load_source_query(struct load_source *source, struct load_request *request)
{
    char line[256];
    char *to = line;
    uint32_t listing = next_listing(source);
    if (!begin_request(request, 0))
        return false;
    to = put(to, "GET /v1/users/");
    to = put_user(to, source->plan, listing);
    to = put(to, "/listings/l-");
    to = put_number(to, listing, 10);
    to = put(to, "/metrics?period=monthly");
    *to = '\0';
    request->is_query = true;
    end_request(request, source->plan, line, "");
    return true;
}
