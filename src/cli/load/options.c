/*
 * options.c - each flag's bounds, and what follows from several together.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/load/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/target.h"

enum {
    IN_FLIGHT_MAX = 1000 * 1000, /* events; each takes up to half a kilobyte here */
    LISTINGS_A_USER = 1000       /* unless --users says otherwise: one page of answers a user */
};
static const double duration_s_max = 7 * 86400;

/* Without a default: a load must not fall upon a server that nobody named. */
static const struct flag flag_server = {
    .name = "url",
    .value = "URL",
    .variable = "FOOTFALL_URL",
    .help = "The server to load, which must be named: the events stay in its store.",
};
static const struct flag flag_rate = {
    .name = "rate",
    .value = "N",
    .initial = "max",
    .help = "Requests a second in all, sent when they are due, however slow the answers; \"max\": "
            "each connection sends the next when the last is answered.",
};
static const struct flag flag_connections = {
    .name = "connections", .value = "N", .initial = "64", .help = "Keep-alive connections."};
static const struct flag flag_threads = {
    .name = "threads",
    .value = "N",
    .initial = "1",
    .help = "Threads, which share the connections. One sends over 100,000 requests a second.",
};
static const struct flag flag_duration = {
    .name = "duration",
    .value = "SECONDS",
    .help = "How long to send; 10 without it, or until --events are sent.",
};
static const struct flag flag_events = {
    .name = "events", .value = "N", .help = "How many events to send."};
static const struct flag flag_batch = {
    .name = "batch",
    .value = "N",
    .initial = "1",
    .help = "Events a request: 1 is sent as an object, more as an array of up to 10,000.",
};
static const struct flag flag_stream = {.name = "stream",
                                        .help = "Sends each batch as lines of NDJSON instead."};
static const struct flag flag_ids = {
    .name = "ids",
    .value = "on|off",
    .initial = "on",
    .choices = "on|off",
    .help = "Whether events bear ids. Without them, what a cut connection leaves unknown is not "
            "sent again.",
};
static const struct flag flag_queries = {
    .name = "queries",
    .value = "PERCENT",
    .initial = "0",
    .help = "How many requests of a hundred ask for a listing's last 30 days instead.",
};
static const struct flag flag_listings = {.name = "listings",
                                          .value = "N",
                                          .initial = "10000",
                                          .help = "Listings that events are about."};
static const struct flag flag_users = {
    .name = "users",
    .value = "N",
    .help = "Users whom the listings belong to, in turn; one for 1,000 listings without it.",
};
static const struct flag flag_zipf = {
    .name = "zipf",
    .value = "S",
    .initial = "0.99",
    .help = "How uneven listings are: the k-th most popular comes in proportion to 1/k^S; 0 is "
            "even.",
};
static const struct flag flag_mix = {
    .name = "mix",
    .value = "TYPE=WEIGHT,...",
    .initial = "view=95,share=4,inquiry=1",
    .help = "How often each type of event comes.",
};
static const struct flag flag_platforms = {
    .name = "platforms",
    .value = "NAME,...",
    .initial = "facebook,instagram,linkedin",
    .help = "Platforms of events, all alike; \"none\" for events without one.",
};
static const struct flag flag_user_prefix = {
    .name = "user-prefix",
    .value = "WORD",
    .help = "Begins the names of the load's users, by which you know its data later; load-SEED "
            "without it.",
};
static const struct flag flag_seed = {
    .name = "seed",
    .value = "N",
    .initial = "1",
    .help = "The same seed sends the same events, under ids of their own.",
};
static const struct flag flag_timeout = {
    .name = "timeout",
    .value = "SECONDS",
    .initial = "30",
    .help = "For one answer; and, at the end, for those that are still to come.",
};
static const struct flag flag_check = {
    .name = "check",
    .value = "on|off",
    .initial = "on",
    .choices = "on|off",
    .help = "Whether to ask at the end if what was acknowledged is counted.",
};
static const struct flag flag_yes = {
    .name = "yes",
    .help = "Sends to a server that is not on this machine, without more questions."};
static const struct flag flag_json = {.name = "json", .help = "Prints the result as JSON."};
static const struct flag flag_hdr = {
    .name = "hdr",
    .value = "FILE",
    .completion = COMPLETE_FILE,
    .help = "Writes how response times are distributed, as HdrHistogram's tools plot it.",
};

const struct flag *const load_flags[] = {
    &flag_server,      &flag_rate,  &flag_connections, &flag_threads, &flag_duration,
    &flag_events,      &flag_batch, &flag_stream,      &flag_ids,     &flag_queries,
    &flag_listings,    &flag_users, &flag_zipf,        &flag_mix,     &flag_platforms,
    &flag_user_prefix, &flag_seed,  &flag_timeout,     &flag_check,   &flag_yes,
    &flag_json,        &flag_hdr,   &flag_key_file,    &flag_data,    NULL,
};

static enum status read_u32(const struct arguments *arguments, const char *flag, uint32_t min,
                            uint32_t max, uint32_t *out, struct error *err)
{
    uint64_t value = *out;
    enum status status = argument_number(arguments, flag, min, max, &value, err);
    *out = (uint32_t)value;
    return status;
}

static enum status read_seconds(const struct arguments *arguments, const char *flag,
                                uint64_t *out_ns, struct error *err)
{
    double seconds = 0;
    const char *text = argument_text(arguments, flag);
    if (text == NULL)
        return STATUS_OK;
    enum status status = load_read_decimal(flag, text, 0.001, duration_s_max, &seconds, err);
    *out_ns = (uint64_t)(seconds * (double)ns_per_s);
    return status;
}

static enum status read_size(const struct arguments *arguments, struct load_plan *plan,
                             struct error *err)
{
    enum status status = load_plan_read_rate(argument_text(arguments, "rate"), &plan->rate, err);
    if (status == STATUS_OK)
        status =
            read_u32(arguments, "connections", 1, LOAD_CONNECTIONS_MAX, &plan->connections, err);
    if (status == STATUS_OK)
        status = read_u32(arguments, "threads", 1, LOAD_THREADS_MAX, &plan->threads, err);
    if (status == STATUS_OK)
        status = read_seconds(arguments, "duration", &plan->duration_ns, err);
    if (status == STATUS_OK)
        status = read_seconds(arguments, "timeout", &plan->timeout_ns, err);
    if (status == STATUS_OK)
        status = argument_number(arguments, "events", 1, UINT64_C(1) << 40, &plan->events_max, err);
    if (status == STATUS_OK)
        status = read_u32(arguments, "batch", 1, LOAD_BATCH_MAX, &plan->batch, err);
    if (status != STATUS_OK)
        return status;
    if (plan->threads > plan->connections)
        return fail_usage(arguments, err, "--threads: %" PRIu32 " for %" PRIu32 " connections",
                          plan->threads, plan->connections);
    if ((uint64_t)plan->connections * plan->batch > IN_FLIGHT_MAX)
        return fail_usage(arguments, err,
                          "--connections times --batch is over %d events at once, more than this "
                          "client holds",
                          IN_FLIGHT_MAX);
    if (plan->duration_ns == 0 && plan->events_max == 0)
        plan->duration_ns = 10 * ns_per_s;
    return STATUS_OK;
}

static enum status read_content(const struct arguments *arguments, struct load_plan *plan,
                                struct error *err)
{
    enum status status = load_plan_read_mix(argument_text(arguments, "mix"), plan, err);
    if (status == STATUS_OK)
        status = load_plan_read_platforms(argument_text(arguments, "platforms"), plan, err);
    if (status == STATUS_OK)
        status = load_read_decimal("zipf", argument_text(arguments, "zipf"), 0, 10,
                                   &plan->zipf_exponent, err);
    if (status == STATUS_OK)
        status = read_u32(arguments, "queries", 0, 100, &plan->query_percent, err);
    if (status == STATUS_OK)
        status = read_u32(arguments, "listings", 1, LOAD_LISTINGS_MAX, &plan->listings, err);
    plan->users = (plan->listings + LISTINGS_A_USER - 1) / LISTINGS_A_USER;
    if (status == STATUS_OK)
        status = read_u32(arguments, "users", 1, plan->listings, &plan->users, err);
    if (status == STATUS_OK)
        status = argument_number(arguments, "seed", 0, UINT64_MAX, &plan->seed, err);
    if (status != STATUS_OK)
        return status;

    const char *prefix = argument_text(arguments, "user-prefix");
    char of_seed[LOAD_PREFIX_BYTES];
    snprintf(of_seed, sizeof of_seed, "load-%" PRIu64, plan->seed);
    status = load_plan_read_prefix(prefix == NULL ? of_seed : prefix, plan, err);
    if (status != STATUS_OK)
        return status;
    bool checks = strcmp(argument_text(arguments, "check"), "on") == 0;
    if (checks && plan->listings / plan->users > LOAD_LISTINGS_PER_USER_MAX)
        return fail_usage(arguments, err,
                          "more than %d listings a user take too long to check: give more --users, "
                          "or --check off",
                          LOAD_LISTINGS_PER_USER_MAX);
    if (plan->query_percent == 100 && plan->events_max > 0)
        return fail_usage(arguments, err, "--queries 100 sends no --events");
    return STATUS_OK;
}

enum status load_options_read(const struct arguments *arguments, struct load_plan *out,
                              struct error *err)
{
    struct load_plan plan = {
        .stream = argument_is_on(arguments, "stream"),
        .ids = strcmp(argument_text(arguments, "ids"), "on") == 0,
    };
    if (argument_text(arguments, "url") == NULL && argument_text(arguments, "data") == NULL)
        return fail_usage(arguments, err,
                          "say with --url which server to load: its events stay in that server's "
                          "store");
    enum status status = read_size(arguments, &plan, err);
    if (status == STATUS_OK)
        status = read_content(arguments, &plan, err);
    if (status == STATUS_OK)
        *out = plan;
    return status;
}
