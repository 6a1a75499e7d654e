/*
 * traffic.c - a mean for the day, a number of visits by chance, and for each its hour, platform and
 * source; from some visits shares and inquiries.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "traffic.h"

#include <math.h>
#include <stdbool.h>

#include "model/calendar.h"
#include "random.h"

enum { HOUR_MS = 60 * 60 * 1000, NEWSLETTER_WEEKDAY = 4, THURSDAY = 4, BURST_ONE_IN = 140 };

/* 1970-01-01 was a Thursday; 0 is Sunday. Homes are looked at when people are at home. */
static const double week[7] = {1.56, 0.88, 0.86, 0.90, 0.98, 0.92, 1.42};

static const unsigned hours[24] = {5,  3,  2,  1,  1,  2,  6,  14, 22, 28, 30, 32,
                                   36, 32, 30, 32, 36, 42, 52, 64, 70, 62, 38, 16};

/* What struct agency's weights are of: where views come from. */
static const struct {
    const char *platform; /* NULL: none */
    const char *source;
} origins[6] = {
    {NULL, "website"},
    {"facebook", "social-media"},
    {"instagram", "social-media"},
    {"linkedin", "social-media"},
    {"tiktok", "social-media"},
    {NULL, "portal"},
};
enum { ORIGIN_TIKTOK = 4 };

static const char *const share_platforms[] = {"whatsapp",  "facebook", "messenger",
                                              "instagram", "x",        "pinterest"};
static const unsigned share_weights[] = {38, 26, 14, 12, 6, 4};

static const char *const messages[] = {
    "Is it still to be had?",
    "Could we see it on Saturday?",
    "Is there a floor plan, and how old is the roof?",
    "What do heating and water cost in a year?",
    "We would like to visit with two children. Is the garden fenced?",
    "Is the price fixed?",
    "How far is it to the station on foot?",
    "May a dog live there?",
};
enum { MESSAGES = sizeof messages / sizeof messages[0] };

static int weekday_of(int32_t day)
{
    return (int)(((day + THURSDAY) % 7 + 7) % 7);
}

/* One for an ordinary day; a post that takes off lifts a day, and the next one a little. */
static double burst_of(const struct demo *demo, unsigned number, int32_t day)
{
    double factor = 1;
    for (int32_t before = 0; before < 2; before++) {
        struct random random =
            random_of(demo->seed, 3, (uint64_t)number << 20 | (uint32_t)(day - before + 1));
        if (random_below(&random, BURST_ONE_IN) == 0)
            factor = before == 0 ? 6 + 6 * random_part(&random) : 3;
        if (factor > 1)
            break;
    }
    return factor;
}

static double mean_of(const struct demo *demo, unsigned number, const struct listing *listing,
                      int32_t day)
{
    int32_t age = day - listing->launch_day;
    if (age < 0)
        return 0;
    double launch = 0.55 + 3.6 * exp(-(double)age / 4.5);
    double mean = listing->appeal * launch * week[weekday_of(demo->first_day + day)];
    struct random weather = random_of(demo->seed, 4, (uint32_t)day);
    mean *= 0.88 + 0.24 * random_part(&weather); /* the same for all */
    mean *= burst_of(demo, number, day);
    return day > listing->sold_day ? mean * 0.06 : mean;
}

struct visit {
    int64_t time_ms;
    const char *platform; /* NULL: none */
    const char *source;   /* NULL: none */
};

static void write_event(FILE *out, const struct listing *listing, const char *type,
                        const struct visit *visit, const char *rest)
{
    fprintf(out, "{\"userId\":\"%s\",\"listingId\":\"%s\",\"eventType\":\"%s\",\"timestamp\":%lld",
            listing->agency->user_id, listing->id, type, (long long)visit->time_ms);
    if (visit->platform != NULL)
        fprintf(out, ",\"platform\":\"%s\"", visit->platform);
    if (visit->source != NULL)
        fprintf(out, ",\"source\":\"%s\"", visit->source);
    fprintf(out, "%s}\n", rest);
}

static void write_inquiry(FILE *out, struct random *random, const struct listing *listing,
                          const struct visit *visit)
{
    char rest[256];
    unsigned prospect = (unsigned)random_below(random, 9000) + 1000;
    snprintf(rest, sizeof rest,
             ",\"inquiry\":{\"name\":\"Prospect %u\",\"email\":\"prospect-%u@post.example\","
             "\"message\":\"%s\"}",
             prospect, prospect, messages[random_below(random, MESSAGES)]);
    write_event(out, listing, "inquiry", visit, rest);
}

/* A visit and what comes of it; returns the events that happened before now. */
static uint64_t write_visit(const struct demo *demo, struct random *random,
                            const struct listing *listing, struct visit visit, FILE *out)
{
    uint64_t written = 0;
    bool shares = random_below(random, 1000) < 28;
    bool asks = random_below(random, 1000) < 9;
    if (visit.time_ms <= demo->now_ms) {
        write_event(out, listing, "view", &visit, "");
        written++;
    }
    struct visit later = visit;
    later.time_ms += 20000 + (int64_t)random_below(random, 400000);
    if (shares && later.time_ms <= demo->now_ms) {
        struct visit share = later;
        share.platform = share_platforms[random_choice(random, share_weights, 6)];
        share.source = NULL;
        write_event(out, listing, "share", &share, "");
        written++;
    }
    if (asks && later.time_ms <= demo->now_ms) {
        write_inquiry(out, random, listing, &later);
        written++;
    }
    return written;
}

uint64_t traffic_write_day(const struct demo *demo, unsigned number, const struct listing *listing,
                           int32_t day, FILE *out)
{
    struct random random = random_of(demo->seed, 2, (uint64_t)number << 20 | (uint32_t)day);
    double mean = mean_of(demo, number, listing, day);
    bool took_off = burst_of(demo, number, day) > 1;
    unsigned letters = weekday_of(demo->first_day + day) == NEWSLETTER_WEEKDAY && mean > 0
                           ? random_poisson(&random, 1.5 * listing->agency->fame)
                           : 0;
    unsigned visits = random_poisson(&random, mean);
    uint64_t written = 0;
    for (unsigned i = 0; i < visits + letters; i++) {
        struct visit visit = {0};
        unsigned origin = random_choice(&random, listing->agency->platforms, 6);
        if (took_off && random_below(&random, 10) < 7)
            origin = ORIGIN_TIKTOK;
        unsigned hour = random_choice(&random, hours, 24);
        if (i >= visits) { /* the newsletter comes at nine */
            hour = 9 + (unsigned)random_below(&random, 3);
            origin = 0;
        }
        visit.platform = origins[origin].platform;
        visit.source = i >= visits ? "newsletter" : origins[origin].source;
        visit.time_ms = (demo->first_day + day) * ms_per_day + (int64_t)hour * HOUR_MS +
                        (int64_t)random_below(&random, HOUR_MS);
        written += write_visit(demo, &random, listing, visit, out);
    }
    return written;
}
