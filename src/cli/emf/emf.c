/*
 * emf.c - two snapshots of the counters, and their difference as lines.
 *
 * CloudWatch adds up what lines say, so counters go out as differences; gauges as they are. Times
 * go out as mean and as percentiles of the interval, from histograms whose buckets double: a
 * percentile is the upper bound of its bucket, at most twice too long, never too short.
 *
 * A line that cannot be written is lost, and that is said once; figures must not stop a server.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/emf/emf.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "cli/emf/line.h"
#include "dynamodb/dynamodb.h"
#include "store/dynamodb/dynamodb_store.h"

enum { DYNAMODB_OPERATIONS_MAX = 32 };

static const double ns_per_milli = 1e6;

struct times {
    uint64_t buckets[HISTOGRAM_BUCKETS];
    uint64_t sum_ns;
};

struct http_figures {
    uint64_t answers[HTTP_STATUS_CLASSES];
    struct times times;
};

struct dynamodb_figures {
    uint64_t succeeded; /* calls */
    uint64_t failures;
    uint64_t tries;
    uint64_t retries;
    uint64_t throttles;
    uint64_t unknown;
    uint64_t consumed_milli;
    struct times times;
};

struct snapshot {
    struct engine_stats engine;
    struct times apply;
    struct dynamodb_store_stats store;
    struct http_figures http[HTTP_OPERATIONS_MAX];
    struct dynamodb_figures dynamodb[DYNAMODB_OPERATIONS_MAX];
};

struct emf {
    struct emf_options options;
    struct clock clock;
    struct snapshot before;
    struct snapshot now;
    struct bytes words;
    bool has_failed; /* and said so */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
};

/* ---- snapshots ---- */

static void take_times(const struct histogram *histogram, struct times *out)
{
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        out->buckets[i] = atomic_load_explicit(&histogram->buckets[i], memory_order_relaxed);
    out->sum_ns = atomic_load_explicit(&histogram->sum_ns, memory_order_relaxed);
}

static uint64_t load(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_acquire);
}

/* A call that fails in this moment may be among the failures and not yet among the calls: then one
 * that succeeded shows in the next line, and none is ever taken back. */
static void take_row(const struct dynamodb_operation *row, const struct dynamodb_figures *before,
                     struct dynamodb_figures *out)
{
    uint64_t calls = load(&row->calls); /* the order matters: dynamodb_operations() */
    uint64_t failures = load(&row->failures);
    uint64_t succeeded = calls > failures ? calls - failures : 0;
    *out = (struct dynamodb_figures){.succeeded = succeeded > before->succeeded ? succeeded
                                                                                : before->succeeded,
                                     .failures = failures,
                                     .tries = load(&row->tries),
                                     .retries = load(&row->retries),
                                     .throttles = load(&row->throttles),
                                     .unknown = load(&row->unknown),
                                     .consumed_milli = load(&row->consumed_milli)};
    take_times(&row->latency, &out->times);
}

static void take_dynamodb(const struct dynamodb *dynamodb, const struct snapshot *before,
                          struct snapshot *out)
{
    size_t count = 0;
    const struct dynamodb_operation *rows = dynamodb_operations(dynamodb, &count);
    for (size_t i = 0; i < count && i < DYNAMODB_OPERATIONS_MAX; i++)
        take_row(&rows[i], &before->dynamodb[i], &out->dynamodb[i]);
}

static void take_snapshot(const struct emf *emf, struct snapshot *out)
{
    const struct node *node = emf->options.node;
    memset(out, 0, sizeof *out);
    instance_get_stats(node_instance(node), &out->engine);
    take_times(instance_apply_times(node_instance(node)), &out->apply);
    if (node_store(node) != NULL)
        dynamodb_store_get_stats(node_store(node), &out->store);
    if (node_dynamodb(node) != NULL)
        take_dynamodb(node_dynamodb(node), &emf->before, out);
    for (size_t i = 0; i < http_server_operation_count(); i++) {
        struct http_operation operation;
        http_server_operation(emf->options.server, i, &operation);
        memcpy(out->http[i].answers, operation.answers, sizeof operation.answers);
        take_times(operation.times, &out->http[i].times);
    }
}

/* ---- lines ---- */

static void count(struct emf_line *line, const char *name, uint64_t before, uint64_t now)
{
    emf_add(line, name, "Count", (double)(now - before));
}

/* The upper bound of the bucket in which the given part of all is reached, in milliseconds. */
static double percentile_ms(const uint64_t buckets[HISTOGRAM_BUCKETS], uint64_t all, double part)
{
    uint64_t seen = 0;
    for (unsigned i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
        seen += buckets[i];
        if ((double)seen >= part * (double)all)
            return (double)histogram_bound_ns(i) / ns_per_milli;
    }
    return (double)histogram_bound_ns(HISTOGRAM_BUCKETS - 1) / ns_per_milli;
}

/* names: mean, median, 99th percentile. Nothing is said when nothing was timed. */
static void add_times(struct emf_line *line, const char *const names[3], const struct times *before,
                      const struct times *now)
{
    uint64_t buckets[HISTOGRAM_BUCKETS];
    uint64_t all = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        buckets[i] = now->buckets[i] - before->buckets[i];
        all += buckets[i];
    }
    if (all == 0)
        return;
    emf_add(line, names[0], "Milliseconds",
            (double)(now->sum_ns - before->sum_ns) / (double)all / ns_per_milli);
    emf_add(line, names[1], "Milliseconds", percentile_ms(buckets, all, 0.5));
    emf_add(line, names[2], "Milliseconds", percentile_ms(buckets, all, 0.99));
}

static struct emf_line begin_line(const struct emf *emf, int64_t now_ms)
{
    struct emf_line line = {.time_ms = now_ms};
    if (emf->options.table != NULL) {
        emf_add_dimension(&line, "Table", emf->options.table);
        emf_add_dimension(&line, "Writer", emf->options.writer);
    }
    return line;
}

static void put_line(struct emf *emf, const struct emf_line *line)
{
    FILE *to = emf->options.to;
    bool ok = emf_write(line, &emf->words) &&
              fwrite(emf->words.at, 1, emf->words.len, to) == emf->words.len && fflush(to) == 0;
    if (!ok && !emf->has_failed)
        log_event(LOG_WARN, "emf", "line_lost", LOG_TEXT("to", "stdout"));
    emf->has_failed = !ok;
}

static void put_node(struct emf *emf, int64_t now_ms)
{
    static const char *const apply[3] = {"ApplyTimeMean", "ApplyTimeMedian", "ApplyTimeP99"};
    const struct engine_stats *before = &emf->before.engine;
    const struct engine_stats *now = &emf->now.engine;
    struct emf_line line = begin_line(emf, now_ms);
    count(&line, "ViewsRecorded", before->events_recorded[EVENT_VIEW],
          now->events_recorded[EVENT_VIEW]);
    count(&line, "SharesRecorded", before->events_recorded[EVENT_SHARE],
          now->events_recorded[EVENT_SHARE]);
    count(&line, "InquiriesRecorded", before->events_recorded[EVENT_INQUIRY],
          now->events_recorded[EVENT_INQUIRY]);
    count(&line, "EventsDuplicate", before->events_duplicate, now->events_duplicate);
    count(&line, "EventsRefused", before->events_refused, now->events_refused);
    emf_add(&line, "Accepting", "None", now->accepting ? 1 : 0);
    emf_add(&line, "FlushLag", "Milliseconds", (double)now->store_lag_ms);
    count(&line, "BatchesApplied", before->batch_applied, now->batch_applied);
    count(&line, "BatchFailures", before->store_failures, now->store_failures);
    emf_add(&line, "JournalHeld", "Bytes", (double)now->journal.held_bytes);
    add_times(&line, apply, &emf->before.apply, &emf->now.apply);
    if (emf->options.table != NULL) {
        emf_add(&line, "Halted", "None", (double)now->store_halted);
        count(&line, "Halts", before->store_halts, now->store_halts);
        emf_add(&line, "FreshLag", "Milliseconds", (double)now->fresh_lag_ms);
        count(&line, "ItemsCreated", emf->before.store.created, emf->now.store.created);
        count(&line, "PartsAdded", emf->before.store.parts, emf->now.store.parts);
        count(&line, "PartsRepeated", emf->before.store.repeated, emf->now.store.repeated);
    }
    put_line(emf, &line);
}

static void put_http(struct emf *emf, int64_t now_ms, size_t i)
{
    static const char *const times[3] = {"RequestTimeMean", "RequestTimeMedian", "RequestTimeP99"};
    const struct http_figures *before = &emf->before.http[i];
    const struct http_figures *now = &emf->now.http[i];
    struct http_operation operation;
    uint64_t answers[HTTP_STATUS_CLASSES];
    uint64_t all = 0;
    for (size_t class = 0; class < HTTP_STATUS_CLASSES; class ++) {
        answers[class] = now->answers[class] - before->answers[class];
        all += answers[class];
    }
    if (all == 0)
        return;
    http_server_operation(emf->options.server, i, &operation);
    struct emf_line line = begin_line(emf, now_ms);
    emf_add_dimension(&line, "Operation", operation.name);
    emf_add(&line, "Requests", "Count", (double)all);
    emf_add(&line, "Succeeded", "Count", (double)(answers[2] + answers[3]));
    emf_add(&line, "ClientErrors", "Count", (double)answers[4]);
    emf_add(&line, "ServerErrors", "Count", (double)answers[5]);
    add_times(&line, times, &before->times, &now->times);
    put_line(emf, &line);
}

static void put_dynamodb(struct emf *emf, int64_t now_ms, const struct dynamodb_operation *row,
                         size_t i)
{
    static const char *const times[3] = {"TryTimeMean", "TryTimeMedian", "TryTimeP99"};
    const struct dynamodb_figures *before = &emf->before.dynamodb[i];
    const struct dynamodb_figures *now = &emf->now.dynamodb[i];
    uint64_t succeeded = now->succeeded - before->succeeded;
    uint64_t failed = now->failures - before->failures;
    if (succeeded + failed == 0 && now->tries == before->tries)
        return;
    struct emf_line line = begin_line(emf, now_ms);
    emf_add_dimension(&line, "DynamoDBOperation", row->name);
    emf_add(&line, "Calls", "Count", (double)(succeeded + failed));
    emf_add(&line, "CallsSucceeded", "Count", (double)succeeded);
    emf_add(&line, "CallsFailed", "Count", (double)failed);
    count(&line, "Tries", before->tries, now->tries);
    count(&line, "Retries", before->retries, now->retries);
    count(&line, "Throttles", before->throttles, now->throttles);
    count(&line, "UnknownOutcomes", before->unknown, now->unknown);
    emf_add(&line, row->writes ? "ConsumedWriteCapacityUnits" : "ConsumedReadCapacityUnits",
            "Count", (double)(now->consumed_milli - before->consumed_milli) / 1000);
    add_times(&line, times, &before->times, &now->times);
    put_line(emf, &line);
}

/* All lines of an interval. */
static void put_all(struct emf *emf)
{
    int64_t now_ms = clock_now_ms(&emf->clock);
    take_snapshot(emf, &emf->now);
    put_node(emf, now_ms);
    for (size_t i = 0; i < http_server_operation_count(); i++)
        put_http(emf, now_ms, i);
    if (node_dynamodb(emf->options.node) != NULL) {
        size_t rows = 0;
        const struct dynamodb_operation *row =
            dynamodb_operations(node_dynamodb(emf->options.node), &rows);
        for (size_t i = 0; i < rows && i < DYNAMODB_OPERATIONS_MAX; i++)
            put_dynamodb(emf, now_ms, &row[i], i);
    }
    emf->before = emf->now;
}

/* ---- the thread ---- */

static struct timespec at_ns(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / ns_per_s), .tv_nsec = (long)(ns % ns_per_s)};
}

static void *run(void *context)
{
    struct emf *emf = context;
    uint64_t interval_ns = (uint64_t)emf->options.interval_ms * ns_per_ms;
    uint64_t due_ns = monotonic_ns();
    pthread_mutex_lock(&emf->lock);
    while (!emf->stopping) {
        uint64_t now_ns = monotonic_ns();
        if (now_ns < due_ns) {
            const struct timespec until = at_ns(due_ns);
            pthread_cond_timedwait(&emf->changed, &emf->lock, &until);
            continue;
        }
        pthread_mutex_unlock(&emf->lock);
        put_all(emf);
        pthread_mutex_lock(&emf->lock);
        due_ns += interval_ns;
        if (due_ns < monotonic_ns()) /* it was asleep: what was missed is in this line */
            due_ns = monotonic_ns() + interval_ns;
    }
    pthread_mutex_unlock(&emf->lock);
    return NULL;
}

static void free_emf(struct emf *emf)
{
    pthread_mutex_destroy(&emf->lock);
    pthread_cond_destroy(&emf->changed);
    bytes_done(&emf->words);
    free(emf);
}

enum status emf_start(const struct emf_options *options, struct emf **out, struct error *err)
{
    pthread_condattr_t monotonic;
    struct emf *emf = calloc(1, sizeof *emf);
    if (emf == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for figures");
    emf->options = *options;
    emf->clock = clock_system();
    pthread_mutex_init(&emf->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&emf->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    take_snapshot(emf, &emf->before);
    /* The start has asked the table already, and that costs as well: it is in the first line. */
    memset(emf->before.dynamodb, 0, sizeof emf->before.dynamodb);
    if (pthread_create(&emf->thread, NULL, run, emf) != 0) {
        free_emf(emf);
        return fail(err, STATUS_NO_MEMORY, "no thread for figures");
    }
    *out = emf;
    return STATUS_OK;
}

void emf_stop(struct emf *emf)
{
    if (emf == NULL)
        return;
    pthread_mutex_lock(&emf->lock);
    emf->stopping = true;
    pthread_cond_broadcast(&emf->changed);
    pthread_mutex_unlock(&emf->lock);
    pthread_join(emf->thread, NULL);
    put_all(emf);
    free_emf(emf);
}
