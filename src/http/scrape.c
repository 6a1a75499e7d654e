/*
 * scrape.c - GET /metrics: one table of what the engine says, then what is counted per operation.
 *
 * Names end as Prometheus has them: _total for counters, base units (seconds, bytes). Nothing here
 * bears a user's or a listing's name: the series are as many however large the installation.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "http/answer_cache.h"
#include "http/handlers.h"
#include "http/prometheus.h"
#include "http/query_pool.h"
#include "http/server_parts.h"

#define OF(field) offsetof(struct engine_stats, field)

/* What the engine counts in plain numbers. */
static const struct {
    const char *name;
    const char *type;
    const char *help;
    size_t offset;
} engine_numbers[] = {
    {"footfall_groups_total", "counter", "Groups of events made durable by one sync each.",
     OF(groups)},
    {"footfall_gathered_bytes", "gauge", "Bytes that wait for the next commit.",
     OF(gathered_bytes)},
    {"footfall_rollup_live_bytes", "gauge", "Memory of the rollup that events are counted in.",
     OF(live_bytes)},
    {"footfall_rollup_live_listing_days", "gauge", "Listing-days in the live rollup.",
     OF(live_listing_days)},
    {"footfall_rollup_frozen_bytes", "gauge", "Memory of sealed rollups on their way to the store.",
     OF(frozen_bytes)},
    {"footfall_dedupe_ids", "gauge", "Event ids in the window of repeated ids.", OF(dedupe_ids)},
    {"footfall_dedupe_ids_max", "gauge", "The most ids that the window holds.", OF(dedupe_ids_max)},
    {"footfall_dedupe_dropped_total", "counter",
     "Parts of the window that went early because it was full.", OF(dedupe_dropped)},
    {"footfall_batch_live", "gauge", "The number of the batch that is being gathered.",
     OF(batch_live)},
    {"footfall_batch_applied", "gauge", "The number of the last batch that the store has.",
     OF(batch_applied)},
    {"footfall_store_bytes", "gauge", "Bytes of the store on disk.", OF(store_bytes)},
    {"footfall_store_halted", "gauge",
     "1 while batches wait because another journal writes in this one's place.", OF(store_halted)},
    {"footfall_store_halts_total", "counter", "How often that was found.", OF(store_halts)},
    {"footfall_store_refresh_failures_total", "counter",
     "Looks at a shared store's other writers that failed.", OF(refreshes_failed)},
    {"footfall_ids_claimed_total", "counter", "Ids claimed at a shared store.", OF(ids_claimed)},
    {"footfall_claim_failures_total", "counter",
     "Groups refused because their ids could not be claimed.", OF(claims_failed)},
    {"footfall_claims_undecided_total", "counter",
     "Requests refused because another node's claim was open.", OF(claims_undecided)},
    {"footfall_store_failures_total", "counter", "Tries to apply a batch that failed.",
     OF(store_failures)},
    {"footfall_replayed_records", "gauge", "Journal records replayed at start.",
     OF(replayed_records)},
    {"footfall_journal_sequence", "gauge", "The number of the newest durable journal record.",
     OF(journal.seq_last)},
    {"footfall_journal_appended_bytes_total", "counter", "Bytes appended to the journal.",
     OF(journal.appended_bytes)},
    {"footfall_journal_segments", "gauge", "Journal segments that hold records.",
     OF(journal.segments)},
    {"footfall_journal_held_bytes", "gauge", "Size of these segments.", OF(journal.held_bytes)},
    {"footfall_journal_held_bytes_max", "gauge",
     "The size at which events are refused; 0: what the disk has.", OF(journal_bytes_max)},
    {"footfall_journal_spares", "gauge", "Journal segments prepared ahead.", OF(journal.spares)},
};

static void write_engine(struct prometheus *writer, const struct engine_stats *stats)
{
    for (size_t i = 0; i < sizeof engine_numbers / sizeof engine_numbers[0]; i++) {
        uint64_t value = 0;
        memcpy(&value, (const char *)stats + engine_numbers[i].offset, sizeof value);
        prometheus_family(writer, engine_numbers[i].name, engine_numbers[i].type,
                          engine_numbers[i].help);
        prometheus_u64(writer, "", NULL, value);
    }
    prometheus_family(writer, "footfall_store_lag_seconds", "gauge",
                      "Age of the oldest event that the store does not have yet; 0 without one.");
    prometheus_double(writer, "", NULL, (double)stats->store_lag_ms / 1e3);
    prometheus_family(writer, "footfall_store_fresh_lag_seconds", "gauge",
                      "How old others' counts in answers may be; 0 without other writers.");
    prometheus_double(writer, "", NULL, (double)stats->fresh_lag_ms / 1e3);
    prometheus_family(writer, "footfall_replay_seconds", "gauge", "How long the replay took.");
    prometheus_double(writer, "", NULL, (double)stats->replay_ns / 1e9);
    prometheus_family(writer, "footfall_accepting", "gauge",
                      "1 while events are accepted, 0 after a failed sync.");
    prometheus_u64(writer, "", NULL, stats->accepting);
    prometheus_family(writer, "footfall_disk_full", "gauge",
                      "1 while the disk has no room for the journal.");
    prometheus_u64(writer, "", NULL, stats->journal.disk_full);
}

static void write_events(struct prometheus *writer, const struct engine_stats *stats,
                         const struct traffic *traffic)
{
    char labels[96];
    prometheus_family(writer, "footfall_events_total", "counter",
                      "Events by type and outcome since start; what was not recorded has no type.");
    for (int type = 0; type < EVENT_TYPES; type++) {
        snprintf(labels, sizeof labels, "type=\"%s\",outcome=\"recorded\"",
                 event_type_name((enum event_type)type));
        prometheus_u64(writer, "", labels, stats->events_recorded[type]);
    }
    prometheus_u64(writer, "", "type=\"\",outcome=\"duplicate\"", stats->events_duplicate);
    prometheus_u64(writer, "", "type=\"\",outcome=\"refused\"", stats->events_refused);
    prometheus_u64(writer, "", "type=\"\",outcome=\"rejected\"", traffic->events_rejected);
}

static const char *operation_name(size_t operation)
{
    return operation < route_count ? routes[operation].operation : "unknown";
}

static void write_requests(struct prometheus *writer, const struct traffic *traffic)
{
    char labels[96];
    prometheus_family(writer, "footfall_http_requests_total", "counter",
                      "Answers by operation and class of status.");
    for (size_t i = 0; i <= route_count; i++) {
        for (int class = 2; class < TRAFFIC_CLASSES; class ++) {
            snprintf(labels, sizeof labels, "operation=\"%s\",status=\"%dxx\"", operation_name(i),
                     class);
            prometheus_u64(writer, "", labels, traffic->operations[i].answers[class]);
        }
    }
    prometheus_family(writer, "footfall_http_request_seconds", "histogram",
                      "Time from a request's first line to its answer.");
    for (size_t i = 0; i <= route_count; i++) {
        snprintf(labels, sizeof labels, "operation=\"%s\"", operation_name(i));
        prometheus_histogram(writer, labels, &traffic->operations[i].times);
    }
}

/* "VmRSS:     1234 kB" of proc(5); 0 when the system does not say. */
static uint64_t resident_bytes(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%*u %llu", &pages) != 1)
        pages = 0;
    fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t open_files(void)
{
    uint64_t count = 0;
    DIR *dir = opendir("/proc/self/fd");
    if (dir == NULL)
        return 0;
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count > 3 ? count - 3 : 0; /* ".", ".." and the folder itself */
}

static void write_server(struct prometheus *writer, const struct http_server *server)
{
    char labels[64];
    const struct traffic *traffic = &server->traffic;
    struct answer_cache_stats answers;
    answer_cache_get_stats(server->answers, &answers);
    const struct {
        const char *name;
        const char *type;
        const char *help;
        uint64_t value;
    } numbers[] = {
        {"footfall_commits_total", "counter", "Commits made by the loop.", traffic->commits},
        {"footfall_http_connections", "gauge", "Open connections.", traffic->connections},
        {"footfall_http_connections_total", "counter", "Connections accepted.",
         traffic->connections_total},
        {"footfall_http_requests_active", "gauge", "Requests that have no answer yet.",
         server->requests_active},
        {"footfall_http_body_bytes", "gauge", "Memory held by request bodies.",
         server->body_bytes_held},
        {"footfall_answer_cache_bytes", "gauge", "Memory held by answers that are kept.",
         answers.bytes},
        {"footfall_answer_cache_bytes_max", "gauge", "The most that kept answers may hold.",
         answers.bytes_max},
        {"footfall_answer_cache_answers", "gauge", "Answers that are kept.", answers.answers},
        {"footfall_answer_cache_hits_total", "counter", "Queries answered by a kept answer.",
         answers.hits},
        {"footfall_answer_cache_misses_total", "counter",
         "Queries whose answer was not kept, or not of the newest version.", answers.misses},
        {"footfall_answer_cache_dropped_total", "counter",
         "Kept answers that made room for others.", answers.dropped},
        {"footfall_http_abandoned_total", "counter", "Requests whose client left unanswered.",
         traffic->abandoned},
        {"footfall_http_reaped_total", "counter", "Connections closed for being too slow.",
         traffic->reaped},
        {"footfall_http_malformed_total", "counter",
         "Requests refused before they could be read as HTTP.", traffic->refused_by_http},
        {"footfall_query_queue_depth", "gauge", "Queries that wait for a thread.",
         query_pool_depth(server->pool)},
        {"process_resident_memory_bytes", "gauge", "Resident memory.", resident_bytes()},
        {"process_open_fds", "gauge", "Open file descriptors.", open_files()},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        prometheus_family(writer, numbers[i].name, numbers[i].type, numbers[i].help);
        prometheus_u64(writer, "", NULL, numbers[i].value);
    }
    prometheus_family(writer, "process_start_time_seconds", "gauge",
                      "Start of the process since the epoch.");
    prometheus_u64(writer, "", NULL, (uint64_t)(server->started_ms / 1000));
    prometheus_family(writer, "footfall_build_info", "gauge", "The program's version, always 1.");
    if (prometheus_label("version", server->version, labels, sizeof labels))
        prometheus_u64(writer, "", labels, 1);
}

static void write_live(struct prometheus *writer, const struct live *live)
{
    static const char *const protocols[LIVE_PROTOCOLS] = {"websocket", "event_stream"};
    char labels[64];
    struct live_numbers live_now;
    live_get_numbers(live, &live_now);
    const struct {
        const char *name;
        const char *type;
        const char *help;
        uint64_t value;
    } numbers[] = {
        {"footfall_live_watches", "gauge", "Listings watched, once for each who watches.",
         live_now.watches},
        {"footfall_live_listings", "gauge", "Listings that somebody watches, or did a moment ago.",
         live_now.listings},
        {"footfall_live_snapshots_total", "counter", "Snapshots sent.", live_now.snapshots},
        {"footfall_live_deltas_total", "counter", "Deltas sent.", live_now.deltas},
        {"footfall_live_coalesced_total", "counter",
         "Deltas that a newer one replaced before they were sent.", live_now.coalesced},
        {"footfall_live_dropped_total", "counter",
         "Deltas that were waiting when their subscriber was closed.", live_now.dropped},
        {"footfall_live_reads_total", "counter", "Reads to see what has changed.", live_now.reads},
        {"footfall_live_read_failures_total", "counter", "Those that failed.", live_now.failures},
    };
    prometheus_family(writer, "footfall_live_subscribers", "gauge", "Live connections.");
    for (int i = 0; i < LIVE_PROTOCOLS; i++) {
        snprintf(labels, sizeof labels, "protocol=\"%s\"", protocols[i]);
        prometheus_u64(writer, "", labels, live_now.subscribers[i]);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        prometheus_family(writer, numbers[i].name, numbers[i].type, numbers[i].help);
        prometheus_u64(writer, "", NULL, numbers[i].value);
    }
    prometheus_family(writer, "footfall_live_closes_total", "counter",
                      "Live connections that ended, by reason.");
    for (int i = 0; i < LIVE_CLOSES; i++) {
        snprintf(labels, sizeof labels, "reason=\"%s\"", live_close_name((enum live_close)i));
        prometheus_u64(writer, "", labels, live_now.closes[i]);
    }
    prometheus_family(writer, "footfall_live_delivery_seconds", "histogram",
                      "From an event's commit to a delta's last byte in a subscriber's socket.");
    prometheus_histogram(writer, NULL, live_delivery_times(live));
}

size_t http_server_operation_count(void)
{
    return route_count + 1;
}

void http_server_operation(const struct http_server *server, size_t operation,
                           struct http_operation *out)
{
    _Static_assert((int)HTTP_OPERATIONS_MAX == (int)TRAFFIC_OPERATIONS_MAX &&
                       (int)HTTP_STATUS_CLASSES == (int)TRAFFIC_CLASSES,
                   "both headers mean the same");
    *out = (struct http_operation){.name = operation_name(operation),
                                   .times = &server->traffic.operations[operation].times};
    for (int class = 0; class < TRAFFIC_CLASSES; class ++)
        out->answers[class] = atomic_load_explicit(
            &server->traffic.operations[operation].answers[class], memory_order_relaxed);
}

enum status scrape_answer(struct request *request, struct error *err)
{
    struct http_server *server = request->server;
    struct engine_stats stats;
    struct prometheus writer = {.out = &request->out};

    instance_get_stats(server->instance, &stats);
    write_events(&writer, &stats, &server->traffic);
    write_engine(&writer, &stats);
    prometheus_family(&writer, "footfall_sync_seconds", "histogram", "Time of journal syncs.");
    prometheus_histogram(&writer, NULL, instance_sync_times(server->instance));
    prometheus_family(&writer, "footfall_apply_seconds", "histogram",
                      "Time of applying batches to the store.");
    prometheus_histogram(&writer, NULL, instance_apply_times(server->instance));
    write_requests(&writer, &server->traffic);
    write_server(&writer, server);
    write_live(&writer, server->live);
    if (server->options.scrape_more != NULL)
        server->options.scrape_more(server->options.scrape_context, &writer);
    request->content_type = "text/plain; version=0.0.4; charset=utf-8";
    return answer_written(!writer.failed, err);
}
