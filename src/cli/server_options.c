/*
 * server_options.c - from the settings to what engine and HTTP server take.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/server_options.h"

#include <stdio.h>
#include <string.h>

struct engine_options engine_options_of(const struct config *config)
{
    return (struct engine_options){
        .data_dir = config->texts[SETTING_DATA],
        .clock = clock_system(),
        .journal_io =
            config->numbers[SETTING_JOURNAL_IO] == 0 ? JOURNAL_IO_BUFFERED : JOURNAL_IO_DIRECT,
        .journal_segment_bytes = config->numbers[SETTING_JOURNAL_SEGMENT_BYTES],
        .rollup_bytes = config->numbers[SETTING_MEMORY_BYTES],
        .seal_journal_bytes = config->numbers[SETTING_SEAL_JOURNAL_BYTES],
        .seal_interval_ms = (uint32_t)config->numbers[SETTING_SEAL_INTERVAL_MS],
        .dedupe_hours = (uint32_t)config->numbers[SETTING_DEDUPE_HOURS],
        .dedupe_ids = config->numbers[SETTING_DEDUPE_IDS],
        .store_cache_bytes = config->numbers[SETTING_STORE_CACHE_BYTES],
        .journal_bytes = config->numbers[SETTING_JOURNAL_BYTES],
        .refresh_interval_ms = (uint32_t)config->numbers[SETTING_REFRESH_INTERVAL_MS],
        .claim_ids = config->numbers[SETTING_DEDUPE] == 1,
    };
}

/* Over a network a query waits more than it works. */
static uint32_t query_threads(const struct config *config)
{
    enum { NETWORK_QUERY_THREADS = 16 };
    return config->numbers[SETTING_STORE] == STORE_CHOICE_DYNAMODB &&
                   config->sources[SETTING_QUERY_THREADS] == FROM_DEFAULT
               ? NETWORK_QUERY_THREADS
               : (uint32_t)config->numbers[SETTING_QUERY_THREADS];
}

struct http_options http_options_of(const struct config *config, struct text key,
                                    uint32_t connections_max)
{
    const char *platforms = config->texts[SETTING_PLATFORMS];
    const char *origins = config->texts[SETTING_CORS_ORIGIN];
    return (struct http_options){
        .listen = config->texts[SETTING_LISTEN],
        .auth_off = config->numbers[SETTING_AUTH] == 1,
        .service_key = key,
        .cors_origins = origins == NULL ? (struct text){NULL, 0} : text_of(origins),
        .platforms = platforms == NULL ? (struct text){NULL, 0} : text_of(platforms),
        .connections_max = connections_max,
        .query_threads = query_threads(config),
        .head_timeout_ms = (uint32_t)config->numbers[SETTING_HEAD_TIMEOUT_MS],
        .body_timeout_ms = (uint32_t)config->numbers[SETTING_BODY_TIMEOUT_MS],
        .idle_timeout_ms = (uint32_t)config->numbers[SETTING_IDLE_TIMEOUT_MS],
        .stop_timeout_ms = (uint32_t)config->numbers[SETTING_STOP_TIMEOUT_MS],
        .body_memory_bytes = config->numbers[SETTING_BODY_MEMORY_BYTES],
        .answer_cache_bytes = config->numbers[SETTING_ANSWER_CACHE_BYTES],
        .live =
            {
                .subscribers_max = (uint32_t)config->numbers[SETTING_LIVE_SUBSCRIBERS],
                .watches_max = (uint32_t)config->numbers[SETTING_LIVE_WATCHES],
                .send_buffer_bytes = (uint32_t)config->numbers[SETTING_LIVE_SEND_BUFFER_BYTES],
                .ping_interval_ms = (uint32_t)config->numbers[SETTING_LIVE_PING_INTERVAL_MS],
                .slow_timeout_ms = (uint32_t)config->numbers[SETTING_LIVE_SLOW_TIMEOUT_MS],
            },
        .version = FOOTFALL_VERSION,
    };
}

enum status explain_open(enum status status, const struct config *config, struct error *err)
{
    const char *data = config->texts[SETTING_DATA];
    bool elsewhere = config->numbers[SETTING_STORE] != STORE_CHOICE_SQLITE;
    char words[ERROR_MESSAGE_BYTES];
    snprintf(words, sizeof words, "%s", err->message);
    if (status == STATUS_BUSY)
        return fail(err, status,
                    "%s: another server uses this data folder; stop it, or choose another with "
                    "--data (%s)",
                    data, words);
    if ((status == STATUS_IO && !elsewhere) || status == STATUS_DISK_FULL)
        return fail(err, status,
                    "%s: this data folder cannot be used; choose one that can be "
                    "written to, with room, by --data (%s)",
                    data, words);
    if ((status == STATUS_CORRUPT || status == STATUS_FOREIGN) && !elsewhere &&
        strcmp(err->code, "other_store") != 0)
        return fail(err, status, "%.400s. Find out more: footfall journal verify --data %s", words,
                    data);
    return status;
}
