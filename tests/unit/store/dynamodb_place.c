/*
 * dynamodb_place.c - a table of its own for each test.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dynamodb_place.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "store/dynamodb/dynamodb_table.h"

struct dynamodb *place_client;
struct dynamodb_channel *place_channel;

void places_begin(void)
{
    struct error err = {0};
    if (getenv("FOOTFALL_DYNAMODB_ENDPOINT") == NULL) {
        fprintf(stderr, "FOOTFALL_DYNAMODB_ENDPOINT is not set: run this by "
                        "node tests/dynamodb/with-engine.mjs -- PROGRAM\n");
        exit(2);
    }
    const struct dynamodb_options options = {.endpoint = getenv("FOOTFALL_DYNAMODB_ENDPOINT")};
    if (dynamodb_open(&options, &place_client, &err) != STATUS_OK ||
        dynamodb_channel_open(place_client, &place_channel, &err) != STATUS_OK) {
        fprintf(stderr, "%s\n", err.message);
        exit(2);
    }
}

void places_end(void)
{
    dynamodb_channel_close(place_channel);
    dynamodb_close(place_client);
}

void *table_place_new(void)
{
    struct table_place *place = calloc(1, sizeof *place);
    struct error err = {0};
    uint64_t lot = 0;
    bool existed = true;
    if (place == NULL || getrandom(&lot, sizeof lot, 0) != sizeof lot)
        abort();
    snprintf(place->table, sizeof place->table, "footfall-%d-%016llx", (int)getpid(),
             (unsigned long long)lot);
    place->writer = 1;
    place->cells = true;
    ASSERT_OK(dynamodb_table_create(place_channel, place->table, &existed, &err), err);
    return place;
}

void table_place_free(void *context)
{
    struct table_place *place = context;
    json_decref(ask_engine("DeleteTable", DYNAMODB_OK, "{\"TableName\":\"%s\"}", place->table));
    free(place);
}

enum status table_place_open(void *context, const uint8_t journal_id[STORE_JOURNAL_ID_BYTES],
                             struct store **out, struct error *err)
{
    const struct table_place *place = context;
    const struct dynamodb_store_options options = {.dynamodb = place_client,
                                                   .table = place->table,
                                                   .writer = place->writer,
                                                   .journal_id = journal_id,
                                                   .cells = place->cells};
    return dynamodb_store_open(&options, out, err);
}

json_t *ask_engine(const char *operation, enum dynamodb_outcome want, const char *format, ...)
{
    static char body[64 * 1024];
    json_t *answer = NULL;
    enum dynamodb_outcome outcome = DYNAMODB_UNKNOWN;
    struct error err = {0};
    va_list args;
    va_start(args, format);
    int len = vsnprintf(body, sizeof body, format, args);
    va_end(args);
    assert_true(len > 0 && (size_t)len < sizeof body);
    enum status status =
        dynamodb_ask(place_channel, operation, text_of(body), &answer, &outcome, &err);
    if (outcome != want) {
        print_error("%s: outcome %d: %s\n%s\n", operation, (int)outcome,
                    status == STATUS_OK ? "" : err.message, body);
        UNIT_FAIL();
    }
    return answer;
}
