/*
 * settings.c - the table. Whatever is added here is a flag, a variable, a line of the file, a line
 * of --help and a row of docs/operations/configuration.md, which a test compares.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/config.h"
#include "engine/engine.h"

#define KIB ((uint64_t)1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

const struct setting settings[SETTING_COUNT] = {
    [SETTING_DATA] = {"data", KIND_TEXT, "data", 0, 0, NULL,
                      "The folder that holds journal, window of ids and store; made if missing. "
                      "One server at a time."},
    [SETTING_LISTEN] = {"listen", KIND_TEXT, "127.0.0.1:8080", 0, 0, NULL,
                        "The address to serve: HOST:PORT or [IPV6]:PORT. Port 0 picks a free one; "
                        "the first line of output names it."},
    [SETTING_AUTH] = {"auth", KIND_CHOICE, "key", 0, 0, "key|off",
                      "key: every request but the health checks needs the service key, as "
                      "\"Authorization: Bearer KEY\". off: no key; then only a loopback address "
                      "may be served, and requests with a foreign Host or Origin are refused."},
    [SETTING_SERVICE_KEY_FILE] = {"service-key-file", KIND_TEXT, NULL, 0, 0, NULL,
                                  "A file whose first line is the service key, instead of the "
                                  "variable FOOTFALL_SERVICE_KEY. 16 to 512 printable characters; "
                                  "openssl rand -hex 32 makes one."},
    [SETTING_CORS_ORIGIN] = {"cors-origin", KIND_TEXT, NULL, 0, 0, NULL,
                             "The origins whose pages may read answers, separated by commas, such "
                             "as https://www.example.com. Their pages hold a user's token, never "
                             "the service key."},
    [SETTING_PLATFORMS] = {"platforms", KIND_TEXT, NULL, 0, 0, NULL,
                           "The platforms that events may name, separated by commas. Without it: "
                           "facebook, instagram, linkedin, x, tiktok, youtube, pinterest, "
                           "whatsapp, messenger, snapchat, reddit, threads, nextdoor."},
    [SETTING_LOG_LEVEL] = {"log-level", KIND_CHOICE, "info", 0, 0, "debug|info|warn|error",
                           "The least important lines that are written to stderr."},
    [SETTING_LOG_EMF] = {"log-emf", KIND_CHOICE, "off", 0, 0, "off|on",
                         "on: figures for CloudWatch on stdout, a JSON line each in its Embedded "
                         "Metric Format: docs/operations/cloudwatch.md. --log-emf alone is on."},
    [SETTING_LOG_EMF_INTERVAL_MS] = {"log-emf-interval-ms", KIND_DURATION, "60s", 100, 3600000,
                                     NULL, "How often, with log-emf on."},
    [SETTING_MEMORY_BYTES] = {"memory-bytes", KIND_BYTES, "512MiB", ENGINE_ROLLUP_BYTES_MIN,
                              ENGINE_ROLLUP_BYTES_MAX, NULL,
                              "Memory for what is counted but not in the store yet. When it is "
                              "full, events are refused with store_behind until the store has "
                              "caught up."},
    [SETTING_SEAL_INTERVAL_MS] = {"seal-interval-ms", KIND_DURATION, "10s",
                                  ENGINE_SEAL_INTERVAL_MS_MIN, ENGINE_SEAL_INTERVAL_MS_MAX, NULL,
                                  "How often what was recorded goes to the store."},
    [SETTING_SEAL_JOURNAL_BYTES] = {"seal-journal-bytes", KIND_BYTES, "256MiB", 64 * KIB,
                                    1024 * GIB, NULL,
                                    "How much journal goes to the store at once, at the latest. "
                                    "The journal takes about three times that on disk."},
    [SETTING_DEDUPE_HOURS] = {"dedupe-hours", KIND_NUMBER, "24", 1, ENGINE_DEDUPE_HOURS_MAX, NULL,
                              "How long an event's id is remembered, in hours: within that time a "
                              "repeated event counts once."},
    [SETTING_DEDUPE_IDS] =
        {"dedupe-ids", KIND_NUMBER, "10000000", ENGINE_DEDUPE_IDS_MIN, ENGINE_DEDUPE_IDS_MAX, NULL,
         "How many ids are remembered; when there are more, the oldest go early, "
         "with a warning and footfall_dedupe_dropped_total."},
    [SETTING_DEDUPE] = {"dedupe", KIND_CHOICE, "local", 0, 0, "local|shared",
                        "Where an event's id counts once. local: on this node. shared, with store "
                        "dynamodb: on all nodes of the table, for one conditional write more an "
                        "event with an id, and its latency."},
    [SETTING_JOURNAL_IO] = {"journal-io", KIND_CHOICE, "buffered", 0, 0, "buffered|direct",
                            "How the journal is written: buffered (write, then fdatasync) or "
                            "direct (O_DIRECT with RWF_DSYNC, where the file system can)."},
    [SETTING_JOURNAL_SEGMENT_BYTES] = {"journal-segment-bytes", KIND_BYTES, "64MiB", 64 * KIB,
                                       1 * GIB, NULL,
                                       "The size of a journal file, a multiple of 4 KiB. Half of "
                                       "it bounds a group of events."},
    [SETTING_JOURNAL_BYTES] =
        {"journal-bytes", KIND_BYTES, "16GiB", 0, 1024 * 1024 * GIB, NULL,
         "The most that the journal may take on disk with what the store does not have yet; "
         "then events are refused with store_behind until the store has caught up. At least four "
         "segments; what goes to the store at once is at most a quarter of it. 0: as much as the "
         "disk has room for."},
    [SETTING_STORE] = {"store", KIND_CHOICE, "sqlite", 0, 0, "sqlite|dynamodb",
                       "Where counts come to rest. sqlite: in the data folder. dynamodb: in a "
                       "table of DynamoDB, or of what speaks its protocol, that other nodes may "
                       "share. A data folder stays with the one that it began with."},
    [SETTING_STORE_CACHE_BYTES] = {"store-cache-bytes", KIND_BYTES, "64MiB", 1 * MIB, 1024 * GIB,
                                   NULL, "Memory that a store of SQLite keeps pages in."},
    [SETTING_DYNAMODB_TABLE] = {"dynamodb-table", KIND_TEXT, "footfall", 0, 0, NULL,
                                "The table. footfall dynamodb create-table makes it."},
    [SETTING_DYNAMODB_WRITER] = {"dynamodb-writer", KIND_NUMBER, "1", 1, 999, NULL,
                                 "This node's number as a writer of the table. Each node has its "
                                 "own, and keeps it for as long as it keeps its data folder: the "
                                 "number belongs to the journal there."},
    [SETTING_DYNAMODB_REGION] = {"region", KIND_TEXT, NULL, 0, 0, NULL,
                                 "AWS's region. Without it AWS_REGION, AWS_DEFAULT_REGION, or the "
                                 "profile's."},
    [SETTING_DYNAMODB_ENDPOINT] = {"dynamodb-endpoint", KIND_TEXT, NULL, 0, 0, NULL,
                                   "http[s]://HOST[:PORT] of the service. Without it "
                                   "AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL, or the region's."},
    [SETTING_DYNAMODB_PROFILE] = {"dynamodb-profile", KIND_TEXT, NULL, 0, 0, NULL,
                                  "The profile in the files of AWS whose credentials sign the "
                                  "requests. Without it AWS_PROFILE, after the environment's "
                                  "keys. docs/operations/aws-credentials.md has the order."},
    [SETTING_CELLS] = {"cells", KIND_CHOICE, "on", 0, 0, "on|off",
                       "off, with store dynamodb: quarter-hours are not kept, so that items stay "
                       "small; answers in other zones than UTC are then approximate."},
    [SETTING_REFRESH_INTERVAL_MS] = {"refresh-interval-ms", KIND_DURATION, "5s", 100, 3600000, NULL,
                                     "With store dynamodb: how often what other nodes wrote is "
                                     "looked after. Kept answers, ETags and live connections are "
                                     "at most that much behind the table."},
    [SETTING_MAX_CONNECTIONS] = {"max-connections", KIND_NUMBER, "4096", 1, 1000000, NULL,
                                 "Connections at one moment; further ones wait to be accepted. "
                                 "Each takes about 17 KiB and a file descriptor."},
    [SETTING_QUERY_THREADS] =
        {"query-threads", KIND_NUMBER, "2", 1, 64, NULL,
         "Threads for queries about many listings. Events and queries about one listing do not "
         "wait for them. With store dynamodb all queries need one, and unless told otherwise there "
         "are 16."},
    [SETTING_BODY_MEMORY_BYTES] = {"body-memory-bytes", KIND_BYTES, "256MiB", 32 * MIB, 1024 * GIB,
                                   NULL,
                                   "Memory for the bodies of all requests together; beyond it "
                                   "requests are refused with overloaded."},
    [SETTING_ANSWER_CACHE_BYTES] = {"answer-cache-bytes", KIND_BYTES, "128MiB", 0, 1024 * GIB, NULL,
                                    "Memory for answers to queries, which are sent again for as "
                                    "long as nothing changed; 0 keeps none."},
    [SETTING_HEAD_TIMEOUT_MS] = {"head-timeout-ms", KIND_DURATION, "10s", 50, 600000, NULL,
                                 "Within that time a request's head must have come."},
    [SETTING_BODY_TIMEOUT_MS] = {"body-timeout-ms", KIND_DURATION, "30s", 50, 600000, NULL,
                                 "Within that time 8 KiB of a body must have come, or its end, and "
                                 "again and again; otherwise 408."},
    [SETTING_IDLE_TIMEOUT_MS] = {"idle-timeout-ms", KIND_DURATION, "75s", 50, 3600000, NULL,
                                 "How long a connection is kept between requests."},
    [SETTING_STOP_TIMEOUT_MS] = {"stop-timeout-ms", KIND_DURATION, "10s", 1, 600000, NULL,
                                 "How long stopping waits for requests that are being served."},
    [SETTING_LIVE_SUBSCRIBERS] =
        {"live-subscribers", KIND_NUMBER, "10000", 1, 1000000, NULL,
         "Live connections at one moment, beside max-connections; further "
         "ones are refused with too_many_subscribers. Each takes a file "
         "descriptor and about 10 KiB as a WebSocket, 1 KiB as a stream of "
         "events."},
    [SETTING_LIVE_WATCHES] = {"live-watches", KIND_NUMBER, "200000", 1, 100000000, NULL,
                              "Listings watched by all live connections together, one counted as "
                              "often as it is watched. Each takes about 120 bytes."},
    [SETTING_LIVE_SEND_BUFFER_BYTES] =
        {"live-send-buffer-bytes", KIND_BYTES, "64KiB", 4 * KIB, 16 * MIB, NULL,
         "What the system keeps for a live connection that does not read, beside one message. "
         "Nothing else queues for it."},
    [SETTING_LIVE_PING_INTERVAL_MS] = {"live-ping-interval-ms", KIND_DURATION, "30s", 50, 3600000,
                                       NULL,
                                       "How often a live connection is pinged; a WebSocket that "
                                       "is silent for two and a half times as long is closed."},
    [SETTING_LIVE_SLOW_TIMEOUT_MS] = {"live-slow-timeout-ms", KIND_DURATION, "10s", 50, 600000,
                                      NULL,
                                      "A live connection that has not read all that waits for it "
                                      "within that time is closed, with the reason too_slow."},
};
