/*
 * node.c - SQLite in the folder, or a table of DynamoDB that others may share.
 *
 * Closing drains: what was recorded goes to the store. Over a network that can take for ever, and
 * need not: the journal keeps what did not get there. So a timer ends all waiting for the network
 * when the drain has had its time; the next start goes on from there.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/node.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "cli/server_options.h"
#include "dynamodb/dynamodb.h"
#include "store/dynamodb/dynamodb_store.h"

/* A query that the table does not answer is given up, and said to be, before its caller gives up. A
 * batch is tried again for ever, and what of it is in the table is not sent again. */
enum { DRAIN_S = 30, TRY_MS = 2000, CALL_MS = 5000 };

struct node {
    const struct config *config;
    struct dynamodb *dynamodb; /* NULL: SQLite */
    struct instance *instance;
    _Atomic(struct store *) store; /* the instance's, for figures; of DynamoDB only */

    pthread_mutex_t lock; /* of the drain's timer */
    pthread_cond_t changed;
    bool drained;
    bool draining; /* the timer runs */
    pthread_t timer;
};

/* ---- settings that belong together ---- */

/* A variable of the environment may be there for others; a flag or a line is meant. */
static bool is_meant(const struct config *config, enum setting_id id)
{
    return config->sources[id] == FROM_FLAG || config->sources[id] == FROM_FILE;
}

static enum status check_settings(const struct config *config, struct error *err)
{
    static const enum setting_id of_dynamodb[] = {
        SETTING_DYNAMODB_TABLE,    SETTING_DYNAMODB_WRITER,  SETTING_DYNAMODB_REGION,
        SETTING_DYNAMODB_ENDPOINT, SETTING_DYNAMODB_PROFILE, SETTING_REFRESH_INTERVAL_MS,
    };
    bool shared = config->numbers[SETTING_DEDUPE] == 1;
    bool no_cells = config->numbers[SETTING_CELLS] == 1;
    if (config->numbers[SETTING_STORE] == STORE_CHOICE_DYNAMODB) {
        if (is_meant(config, SETTING_STORE_CACHE_BYTES))
            return fail_input(err, "invalid_setting", "store-cache-bytes",
                              "store-cache-bytes is for store sqlite: with dynamodb there is no "
                              "such cache");
        return STATUS_OK;
    }
    for (size_t i = 0; i < sizeof of_dynamodb / sizeof of_dynamodb[0]; i++)
        if (is_meant(config, of_dynamodb[i]))
            return fail_input(err, "invalid_setting", settings[of_dynamodb[i]].name,
                              "%s is for a store of DynamoDB: say store dynamodb too, or leave it "
                              "out",
                              settings[of_dynamodb[i]].name);
    if (shared)
        return fail_input(err, "invalid_setting", "dedupe",
                          "dedupe shared needs a store that nodes share: store dynamodb");
    if (no_cells)
        return fail_input(err, "invalid_setting", "cells",
                          "cells off is for store dynamodb: SQLite keeps quarter-hours cheaply");
    return STATUS_OK;
}

enum status node_new(const struct config *config, struct node **out, struct error *err)
{
    pthread_condattr_t monotonic;
    enum status status = check_settings(config, err);
    if (status != STATUS_OK)
        return status;
    struct node *node = calloc(1, sizeof *node);
    if (node == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for a node");
    node->config = config;
    pthread_mutex_init(&node->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&node->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *out = node;
    return STATUS_OK;
}

/* ---- opening ---- */

static enum status open_dynamodb(struct node *node, struct error *err)
{
    const struct config *config = node->config;
    const struct dynamodb_options options = {
        .endpoint = config->texts[SETTING_DYNAMODB_ENDPOINT],
        .region = config->texts[SETTING_DYNAMODB_REGION],
        .profile = config->texts[SETTING_DYNAMODB_PROFILE],
        .request_timeout_ms = TRY_MS,
        .deadline_ms = CALL_MS,
        .clock = clock_system(),
    };
    return dynamodb_open(&options, &node->dynamodb, err);
}

/* An engine_open_store_fn. */
static enum status open_store(void *context, const uint8_t *journal_id, struct store **out,
                              struct error *err)
{
    struct node *node = context;
    const struct config *config = node->config;
    const struct dynamodb_store_options options = {
        .dynamodb = node->dynamodb,
        .table = config->texts[SETTING_DYNAMODB_TABLE],
        .writer = (uint32_t)config->numbers[SETTING_DYNAMODB_WRITER],
        .journal_id = journal_id,
        .cells = config->numbers[SETTING_CELLS] == 0,
        .ids_hours = (uint32_t)config->numbers[SETTING_DEDUPE_HOURS],
        .clock = clock_system(),
    };
    enum status status = dynamodb_store_open(&options, out, err);
    if (status == STATUS_OK)
        atomic_store(&node->store, *out);
    return status;
}

enum status node_open(struct node *node, struct error *err)
{
    struct engine_options engine = engine_options_of(node->config);
    if (node->config->numbers[SETTING_STORE] == STORE_CHOICE_DYNAMODB) {
        enum status status = open_dynamodb(node, err);
        if (status != STATUS_OK)
            return status;
        engine.open_store = open_store;
        engine.open_store_context = node;
        engine.store_kind = "dynamodb";
    }
    enum status status = instance_open(&engine, &node->instance, err);
    return status == STATUS_OK ? STATUS_OK : explain_open(status, node->config, err);
}

struct instance *node_instance(const struct node *node)
{
    return node->instance;
}

const struct dynamodb *node_dynamodb(const struct node *node)
{
    return node->dynamodb;
}

struct store *node_store(const struct node *node)
{
    return atomic_load(&node->store);
}

/* ---- closing ---- */

static void *end_of_patience(void *context)
{
    struct node *node = context;
    uint64_t until_ns = monotonic_ns() + DRAIN_S * ns_per_s;
    struct timespec until = {.tv_sec = (time_t)(until_ns / ns_per_s),
                             .tv_nsec = (long)(until_ns % ns_per_s)};
    pthread_mutex_lock(&node->lock);
    while (!node->drained && monotonic_ns() < until_ns)
        pthread_cond_timedwait(&node->changed, &node->lock, &until);
    bool drained = node->drained;
    pthread_mutex_unlock(&node->lock);
    if (!drained)
        dynamodb_stop(node->dynamodb);
    return NULL;
}

static void start_timer(struct node *node)
{
    if (node->dynamodb == NULL)
        return;
    node->draining = pthread_create(&node->timer, NULL, end_of_patience, node) == 0;
    if (!node->draining)
        dynamodb_stop(node->dynamodb); /* rather not drained than never closed */
}

static void stop_timer(struct node *node)
{
    if (!node->draining)
        return;
    pthread_mutex_lock(&node->lock);
    node->drained = true;
    pthread_cond_broadcast(&node->changed);
    pthread_mutex_unlock(&node->lock);
    pthread_join(node->timer, NULL);
}

enum status node_close(struct node *node, struct error *err)
{
    if (node == NULL)
        return STATUS_OK;
    start_timer(node);
    enum status status = instance_close(node->instance, err);
    stop_timer(node);
    dynamodb_close(node->dynamodb);
    pthread_mutex_destroy(&node->lock);
    pthread_cond_destroy(&node->changed);
    free(node);
    return status;
}

/* ---- figures ---- */

/* One family, a sample an operation. */
static void write_operations(struct prometheus *writer, const struct dynamodb *dynamodb,
                             const char *name, const char *help, size_t offset, double unit)
{
    size_t count = 0;
    const struct dynamodb_operation *operations = dynamodb_operations(dynamodb, &count);
    prometheus_family(writer, name, "counter", help);
    for (size_t i = 0; i < count; i++) {
        char labels[96];
        const _Atomic uint64_t *value = (const void *)((const char *)&operations[i] + offset);
        snprintf(labels, sizeof labels, "operation=\"%s\"", operations[i].name);
        prometheus_double(writer, "", labels,
                          (double)atomic_load_explicit(value, memory_order_relaxed) * unit);
    }
}

static void write_client(struct prometheus *writer, const struct dynamodb *dynamodb)
{
    static const struct {
        const char *name;
        const char *help;
        size_t offset;
    } counters[] = {
        {"footfall_dynamodb_calls_total", "Calls that are done.",
         offsetof(struct dynamodb_operation, calls)},
        {"footfall_dynamodb_failures_total",
         "Calls that were refused, or given up: throttled or unknown to the end.",
         offsetof(struct dynamodb_operation, failures)},
        {"footfall_dynamodb_requests_total",
         "Requests sent; more than calls are tries after the first.",
         offsetof(struct dynamodb_operation, tries)},
        {"footfall_dynamodb_throttles_total", "Requests answered with \"slow down\".",
         offsetof(struct dynamodb_operation, throttles)},
        {"footfall_dynamodb_unknown_total", "Requests whose outcome is unknown.",
         offsetof(struct dynamodb_operation, unknown)},
    };
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        write_operations(writer, dynamodb, counters[i].name, counters[i].help, counters[i].offset,
                         1);
    write_operations(writer, dynamodb, "footfall_dynamodb_consumed_capacity_units_total",
                     "Capacity units consumed: of writing where the operation writes, else of "
                     "reading.",
                     offsetof(struct dynamodb_operation, consumed_milli), 1e-3);
    prometheus_family(writer, "footfall_dynamodb_request_seconds", "histogram",
                      "Time of a request, from sending to the answer's last byte.");
    size_t count = 0;
    const struct dynamodb_operation *operations = dynamodb_operations(dynamodb, &count);
    for (size_t i = 0; i < count; i++) {
        char labels[96];
        snprintf(labels, sizeof labels, "operation=\"%s\"", operations[i].name);
        prometheus_histogram(writer, labels, &operations[i].latency);
    }
    prometheus_family(writer, "footfall_dynamodb_clock_skew_seconds", "gauge",
                      "How far this machine's clock was found behind the service's.");
    prometheus_double(writer, "", NULL, (double)dynamodb_clock_skew_ms(dynamodb) / 1e3);
}

static void write_store(struct prometheus *writer, struct store *store)
{
    struct dynamodb_store_stats stats;
    dynamodb_store_get_stats(store, &stats);
    const struct {
        const char *outcome;
        uint64_t value;
    } items[] = {{"created", stats.created},
                 {"added", stats.parts},
                 {"repeated", stats.repeated},
                 {"repaired", stats.repaired},
                 {"fact", stats.facts}};
    prometheus_family(writer, "footfall_dynamodb_items_total", "counter",
                      "Items of batches by outcome: listing-days made, parts added to them, found "
                      "applied already, maps made first; inquiries and details.");
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        char labels[64];
        snprintf(labels, sizeof labels, "outcome=\"%s\"", items[i].outcome);
        prometheus_u64(writer, "", labels, items[i].value);
    }
    prometheus_family(writer, "footfall_dynamodb_batches_total", "counter", "Batches applied.");
    prometheus_u64(writer, "", NULL, stats.batches);
}

void node_scrape(void *context, struct prometheus *writer)
{
    struct node *node = context;
    struct store *store = atomic_load(&node->store);
    if (node->dynamodb != NULL)
        write_client(writer, node->dynamodb);
    if (store != NULL)
        write_store(writer, store);
}
