/*
 * scrape_test.c - the page of metrics, whole, over a real data folder.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <string.h>

#include "http/answer_cache.h"
#include "http/handlers.h"
#include "http/query_pool.h"
#include "http/server_parts.h"
#include "prometheus_grammar.h"

static void run_nothing(struct request *request)
{
    (void)request;
}

/* The value that the page gives the sample; "" when it is not there. */
static void find_sample(const char *page, const char *sample, char *out, size_t bytes)
{
    const char *at = page;
    size_t len = strlen(sample);
    out[0] = '\0';
    while ((at = strstr(at, sample)) != NULL && (at[-1] != '\n' || at[len] != ' '))
        at += len;
    if (at != NULL)
        snprintf(out, bytes, "%.*s", (int)strcspn(at + len + 1, "\n"), at + len + 1);
}

TEST(scrape_page_is_prometheus_and_counts)
{
    struct unit_clock clock = {.now_ms = 1767225600000};
    char *dir = unit_temp_dir();
    struct http_server server = {.version = "1.2.3",
                                 .started_ms = 1767225600000,
                                 .answers = answer_cache_new(1024 * 1024, NULL)};
    struct request request = {.server = &server};
    struct record_result result;
    struct error err;
    const struct engine_options options = {
        .data_dir = dir, .clock = unit_clock(&clock), .journal_segment_bytes = 256 * 1024};
    const struct event events[] = {
        {.user_id = text_of("secret-user"),
         .listing_id = text_of("secret-listing"),
         .time_ms = 1767225600000,
         .type = EVENT_VIEW},
        {.user_id = text_of("secret-user"),
         .listing_id = text_of("secret-listing"),
         .time_ms = 1767225600000,
         .type = EVENT_SHARE,
         .id = text_of("a")},
        {.user_id = text_of("secret-user"),
         .listing_id = text_of("secret-listing"),
         .time_ms = 1767225600000,
         .type = EVENT_SHARE,
         .id = text_of("a")},
    };
    ASSERT_OK(instance_open(&options, &server.instance, &err), err);
    ASSERT_OK(live_open(&(struct live_options){0}, server.instance, &server.live, &err), err);
    ASSERT_OK(query_pool_new(1, run_nothing, &server.pool, &err), err);
    ASSERT_OK(instance_record_events(server.instance, events, 3, &result, &err), err);
    traffic_add(&server.traffic, 0, 200, 1000);
    traffic_add(&server.traffic, route_count, 404, 1000);
    server.traffic.events_rejected = 5;

    ASSERT_OK(scrape_answer(&request, &err), err);
    assert_true(bytes_append(&request.out, "", 1));
    const char *page = (const char *)request.out.at;
    const char *wrong = "";
    int line = prometheus_grammar_check(page, &wrong);
    ROW(line == 0, "page", "line %d: %s", line, wrong);

    static const struct {
        const char *sample;
        const char *want; /* NULL: any */
    } cases[] = {
        {"footfall_events_total{type=\"view\",outcome=\"recorded\"}", "1"},
        {"footfall_events_total{type=\"share\",outcome=\"recorded\"}", "1"},
        {"footfall_events_total{type=\"inquiry\",outcome=\"recorded\"}", "0"},
        {"footfall_events_total{type=\"\",outcome=\"duplicate\"}", "1"},
        {"footfall_events_total{type=\"\",outcome=\"rejected\"}", "5"},
        {"footfall_http_requests_total{operation=\"record_events\",status=\"2xx\"}", "1"},
        {"footfall_http_requests_total{operation=\"unknown\",status=\"4xx\"}", "1"},
        {"footfall_http_request_seconds_count{operation=\"record_events\"}", "1"},
        {"footfall_sync_seconds_count", NULL},
        {"footfall_apply_seconds_count", NULL},
        {"footfall_query_queue_depth", "0"},
        {"footfall_answer_cache_bytes", "0"},
        {"footfall_answer_cache_bytes_max", "1048576"},
        {"footfall_answer_cache_hits_total", "0"},
        {"footfall_live_subscribers{protocol=\"websocket\"}", "0"},
        {"footfall_live_closes_total{reason=\"too_slow\"}", "0"},
        {"footfall_live_delivery_seconds_count", "0"},
        {"footfall_gathered_bytes", "0"},
        {"footfall_rollup_live_listing_days", NULL},
        {"footfall_dedupe_ids", "1"},
        {"footfall_store_lag_seconds", NULL},
        {"footfall_accepting", "1"},
        {"footfall_build_info{version=\"1.2.3\"}", "1"},
        {"process_resident_memory_bytes", NULL},
        {"process_open_fds", NULL},
        {"process_start_time_seconds", "1767225600"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char value[64];
        find_sample(page, cases[i].sample, value, sizeof value);
        ROW(value[0] != '\0', cases[i].sample, "is missing");
        ROW(cases[i].want == NULL || strcmp(value, cases[i].want) == 0, cases[i].sample, "is %s",
            value);
    }
    assert_null(strstr(page, "secret"));

    bytes_done(&request.out);
    query_pool_free(server.pool);
    answer_cache_free(server.answers);
    live_close(server.live);
    ASSERT_OK(instance_close(server.instance, &err), err);
    unit_remove(dir);
}

UNIT_MAIN(UNIT(scrape_page_is_prometheus_and_counts))
