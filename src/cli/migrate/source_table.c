/*
 * source_table.c - a table, scanned page by page.
 *
 * A scan goes over the table in the order of its partitions, which stays the same while nothing is
 * written. A place is the LastEvaluatedKey of a page, as it came, or "end"; so one can go on from
 * the ends of pages only, and a batch ends at one.
 *
 * What Footfall keeps beside the listing-days (indexes, writers, claimed ids) is passed over: the
 * target makes its own. What another application wrote under the keys of listing-days is taken.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/migrate/source.h"
#include "store/dynamodb/day_item.h"
#include "store/dynamodb/dynamodb_store.h"
#include "store/dynamodb/dynamodb_table.h"
#include "store/dynamodb/facts.h"

static const char place_end[] = "end";

struct table_source {
    struct migrate_source source; /* first, so that one pointer is both */
    struct dynamodb *dynamodb;
    const char *table;
    struct dynamodb_channel *channel;
    bool with_writers;
    json_t *page;   /* the answer of the last scan */
    size_t at;      /* the next of its items */
    json_t *behind; /* where the page behind this one begins; NULL: this is the last */
    bool has_begun;
    bool is_over;
    struct day_item day;
    struct inquiry inquiry;
    struct listing_details details;
};

static struct table_source *of(struct migrate_source *source)
{
    return (struct table_source *)source;
}

static struct text string_of(const json_t *item, const char *name)
{
    struct text text = attribute_text(item, name);
    return text.at == NULL ? text_of("") : text;
}

static bool is_ours(const json_t *item)
{
    struct text key = string_of(item, "SK");
    return text_starts_with(string_of(item, "PK"), "USER#") &&
           (text_starts_with(key, "METRICS#") || text_starts_with(key, "INQUIRY#") ||
            text_starts_with(key, "LISTING#"));
}

/* Moves on to the next item of the page that is to be looked at. */
static void skip(struct table_source *source)
{
    const json_t *items = json_object_get(source->page, "Items");
    while (source->at < json_array_size(items) && !is_ours(json_array_get(items, source->at)))
        source->at++;
}

static enum status ask_for_page(struct table_source *source, json_t **out, struct error *err)
{
    enum dynamodb_outcome outcome;
    json_t *body =
        json_pack("{s:s, s:b, s:s, s:O*}", "TableName", source->table, "ConsistentRead", 1,
                  "ReturnConsumedCapacity", "TOTAL", "ExclusiveStartKey", source->behind);
    char *words = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    enum status status = STATUS_OK;
    if (words == NULL)
        status = fail(err, STATUS_NO_MEMORY, "no memory to read table %s", source->table);
    else
        status = dynamodb_ask(source->channel, "Scan", text_of(words), out, &outcome, err);
    free(words);
    json_decref(body);
    return status;
}

static enum status fetch_page(struct table_source *source, struct error *err)
{
    json_t *page = NULL;
    enum status status = ask_for_page(source, &page, err);
    if (status != STATUS_OK) {
        json_decref(page);
        return status;
    }
    json_decref(source->page);
    json_decref(source->behind);
    source->page = page;
    source->behind = json_incref(json_object_get(page, "LastEvaluatedKey"));
    source->has_begun = true;
    source->at = 0;
    skip(source);
    return STATUS_OK;
}

static struct text user_of(const json_t *item)
{
    struct text key = string_of(item, "PK");
    return (struct text){key.at + strlen("USER#"), key.len - strlen("USER#")};
}

/* false: it holds nothing to be moved. */
static enum status read_item(struct table_source *source, const json_t *item,
                             struct migrate_item *out, bool *is_one, struct error *err)
{
    struct text key = string_of(item, "SK");
    enum status status = STATUS_OK;
    *out = (struct migrate_item){.user_id = user_of(item)};
    if (text_starts_with(key, "METRICS#")) {
        out->kind = WALK_CELLS;
        status = day_item_read(&source->day, item, DYNAMODB_STORE_WRITER_MAX, true, is_one, err);
        if (status == STATUS_OK && *is_one)
            status = day_item_settle(&source->day, true, err);
        out->listing_id = source->day.listing_id;
        out->cells = &source->day.cells;
        *is_one = *is_one && source->day.cells.platform_count > 0;
    } else if (text_starts_with(key, "INQUIRY#")) {
        out->kind = WALK_INQUIRY;
        *is_one = inquiry_read(item, out->user_id, &source->inquiry);
        out->listing_id = source->inquiry.listing_id;
        out->inquiry = &source->inquiry;
    } else {
        bool removed = false;
        struct text order;
        out->kind = WALK_LISTING;
        *is_one =
            listing_read(item, &out->listing_id, &source->details, &removed, &order) && !removed;
        out->details = &source->details;
    }
    return status;
}

static enum status next(struct migrate_source *base, struct migrate_item *out, struct error *err)
{
    struct table_source *source = of(base);
    while (!source->is_over) {
        const json_t *items = json_object_get(source->page, "Items");
        bool is_one = false;
        if (source->at < json_array_size(items)) {
            const json_t *item = json_array_get(items, source->at++);
            enum status status = read_item(source, item, out, &is_one, err);
            skip(source);
            if (status != STATUS_OK || is_one)
                return status;
        } else if (source->has_begun && source->behind == NULL) {
            source->is_over = true;
        } else {
            enum status status = fetch_page(source, err);
            if (status != STATUS_OK)
                return status;
        }
    }
    *out = (struct migrate_item){.kind = WALK_END};
    return STATUS_OK;
}

static bool place(struct migrate_source *base, char out[MIGRATE_PLACE_BYTES])
{
    struct table_source *source = of(base);
    if (source->at < json_array_size(json_object_get(source->page, "Items")))
        return false;
    char *words =
        source->behind == NULL ? strdup(place_end) : json_dumps(source->behind, JSON_COMPACT);
    bool ok = words != NULL && strlen(words) < MIGRATE_PLACE_BYTES;
    if (ok)
        memcpy(out, words, strlen(words) + 1);
    free(words);
    return ok;
}

/* "writer 1 journal … batch 7; …" of all writers. STATUS_INVALID: one has a batch in part. */
static enum status describe_writer(struct table_source *source, uint32_t number, char *out,
                                   size_t cap, size_t *used, struct error *err)
{
    struct dynamodb_writer_state state = {0};
    enum status status =
        dynamodb_store_read_writer(source->dynamodb, source->table, number, &state, err);
    if (status != STATUS_OK || !state.exists)
        return status;
    if (state.claimed != state.applied)
        return fail(err, STATUS_INVALID,
                    "writer %u of table %s has batch %" PRIu64
                    " in the table in part: start its node and stop it (SIGTERM)",
                    number, source->table, state.claimed);
    int len = snprintf(out + *used, cap - *used, "; %u %s %" PRIu64, number, state.journal_id,
                       state.applied);
    if (len < 0 || (size_t)len >= cap - *used)
        return fail(err, STATUS_TOO_LARGE, "table %s has too many writers", source->table);
    *used += (size_t)len;
    return STATUS_OK;
}

static enum status describe_writers(struct table_source *source, char *out, size_t cap,
                                    struct error *err)
{
    enum dynamodb_outcome outcome;
    json_t *answer = NULL;
    json_t *body = json_pack("{s:s, s:b, s:s, s:{s:{s:s}}}", "TableName", source->table,
                             "ConsistentRead", 1, "KeyConditionExpression", "PK=:p",
                             "ExpressionAttributeValues", ":p", "S", "WRITERS");
    char *words = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    size_t used = (size_t)snprintf(out, cap, "table %s", source->table);
    enum status status =
        words == NULL
            ? fail(err, STATUS_NO_MEMORY, "no memory to read %s", source->table)
            : dynamodb_ask(source->channel, "Query", text_of(words), &answer, &outcome, err);
    const json_t *items = json_object_get(answer, "Items"); /* 999 short ones are one page */
    for (size_t i = 0; i < json_array_size(items) && status == STATUS_OK; i++) {
        struct text number = string_of(json_array_get(items, i), "SK");
        status =
            describe_writer(source, (uint32_t)strtoul(number.at, NULL, 10), out, cap, &used, err);
    }
    free(words);
    json_decref(body);
    json_decref(answer);
    return status;
}

static enum status check(struct migrate_source *base, struct error *err)
{
    struct table_source *source = of(base);
    char now[MIGRATE_IDENTITY_BYTES];
    if (!source->with_writers)
        return STATUS_OK;
    enum status status = describe_writers(source, now, sizeof now, err);
    if (status == STATUS_OK && strcmp(now, base->identity) != 0)
        status = fail(err, STATUS_FOREIGN,
                      "nodes wrote to table %s while it was read: stop them, remove what was made "
                      "of it so far, and begin again",
                      source->table);
    return status;
}

static void close_source(struct migrate_source *base)
{
    struct table_source *source = of(base);
    dynamodb_channel_close(source->channel);
    json_decref(source->page);
    json_decref(source->behind);
    day_item_done(&source->day);
    free(source);
}

static const struct migrate_source_ops table_ops = {
    .next = next, .place = place, .check = check, .close = close_source};

static enum status start_at(struct table_source *source, const char *at, struct error *err)
{
    source->is_over = strcmp(at, place_end) == 0;
    if (at[0] == '\0' || source->is_over)
        return STATUS_OK;
    source->behind = json_loads(at, 0, NULL);
    return json_is_object(source->behind)
               ? STATUS_OK
               : fail(err, STATUS_CORRUPT, "the target does not say how far the migration came");
}

enum status migrate_source_table(struct dynamodb *dynamodb, const char *table, const char *at,
                                 bool with_writers, struct migrate_source **out, struct error *err)
{
    struct dynamodb_table_facts facts;
    struct table_source *source = calloc(1, sizeof *source);
    if (source == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to read table %s", table);
    source->source.ops = &table_ops;
    source->dynamodb = dynamodb;
    source->table = table;
    source->with_writers = with_writers;
    enum status status = dynamodb_channel_open(dynamodb, &source->channel, err);
    if (status == STATUS_OK)
        status = dynamodb_table_describe(source->channel, table, &facts, err);
    if (status == STATUS_OK)
        status = dynamodb_table_check_keys(table, &facts, err);
    if (status == STATUS_OK && with_writers)
        status =
            describe_writers(source, source->source.identity, sizeof source->source.identity, err);
    if (status == STATUS_OK)
        status = start_at(source, at, err);
    if (status != STATUS_OK) {
        close_source(&source->source);
        return status;
    }
    *out = &source->source;
    return STATUS_OK;
}
