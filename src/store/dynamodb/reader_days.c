/*
 * reader_days.c - counts from the table, brought to the reader's moment.
 *
 *     named listings   a query each: METRICS#<listing>#<first> to METRICS#<listing>#<last>
 *     all of a user's  the DAY# items of these days, page by page, and their listing-days by the
 *                      hundred
 *
 * All reads are consistent. An item's marker says which batches of ours are in it. What a batch of
 * the moment, still on its way, has for an item is added from the part that is not in it; what
 * later batches put there is taken off (moments.h). Listing-days that only the batch on its way
 * has are given at the end.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "store/dynamodb/day_update.h"
#include "store/dynamodb/fetch.h"
#include "store/dynamodb/parts.h"

/* What the unfinished batch has for a listing-day of the scope. */
struct owed_day {
    struct text listing_id; /* the rollup's */
    struct day_delta delta; /* in owed.arena */
    bool seen;              /* the table has the item */
};

struct owed {
    struct rollup *rollup; /* NULL: no batch of the moment is on its way */
    struct arena arena;
    struct owed_day *days;
    size_t count;
    size_t cap;
    uint32_t *slots; /* by hash: place + 1 */
    size_t mask;
};

/* A question on its way. Of each and each_sum one is NULL. */
struct asking {
    struct dynamodb_reader *reader;
    const struct store_scope *scope;
    bool by_cells;
    store_rows_fn *each;
    store_sums_fn *each_sum;
    void *context;
    struct owed owed;
    struct fetch *fetch;
    struct body keys; /* of the batch being gathered */
    size_t key_count;
    struct body members;
};

static struct dynamodb_reader *of(struct store_reader *reader)
{
    return (struct dynamodb_reader *)reader;
}

static enum status no_memory(struct error *err)
{
    return fail(err, STATUS_NO_MEMORY, "no memory to read listings");
}

/* ---- the batch on its way ---- */

static uint64_t hash_day(struct text listing_id, int32_t day)
{
    return XXH3_64bits_withSeed(listing_id.at, listing_id.len, (uint64_t)day);
}

static bool index_owed(struct owed *owed)
{
    size_t slots = 16;
    while (slots < owed->count * 2)
        slots *= 2;
    owed->slots = arena_zalloc(&owed->arena, slots, sizeof *owed->slots);
    if (owed->slots == NULL)
        return false;
    owed->mask = slots - 1;
    for (size_t i = 0; i < owed->count; i++) {
        size_t at =
            (size_t)hash_day(owed->days[i].listing_id, owed->days[i].delta.day) & owed->mask;
        while (owed->slots[at] != 0)
            at = (at + 1) & owed->mask;
        owed->slots[at] = (uint32_t)i + 1;
    }
    return true;
}

static struct owed_day *find_owed(const struct owed *owed, struct text listing_id, int32_t day)
{
    if (owed->count == 0)
        return NULL;
    size_t at = (size_t)hash_day(listing_id, day) & owed->mask;
    for (; owed->slots[at] != 0; at = (at + 1) & owed->mask) {
        struct owed_day *found = &owed->days[owed->slots[at] - 1];
        if (found->delta.day == day && text_equal(found->listing_id, listing_id))
            return found;
    }
    return NULL;
}

static enum status owe_listing(void *context, struct text listing_id,
                               const struct count_rows *cells, struct error *err)
{
    struct owed *owed = context;
    struct count_rows rest = *cells;
    while (rest.platform_count > 0) {
        struct count_rows day_rows;
        int32_t day = count_rows_take_day(&rest, &day_rows);
        if (owed->count == owed->cap) {
            size_t cap = owed->cap == 0 ? 16 : owed->cap * 2;
            struct owed_day *grown = realloc(owed->days, cap * sizeof *grown);
            if (grown == NULL)
                return no_memory(err);
            owed->days = grown;
            owed->cap = cap;
        }
        struct owed_day *owes = &owed->days[owed->count];
        *owes = (struct owed_day){.listing_id = listing_id};
        enum status status = day_delta_build(&day_rows, day, &owed->arena, &owes->delta, err);
        if (status != STATUS_OK)
            return status;
        owed->count++;
    }
    return STATUS_OK;
}

static enum status gather_owed(struct asking *asking, struct error *err)
{
    struct owed *owed = &asking->owed;
    const struct store_scope *scope = asking->scope;
    owed->rollup = moments_unfinished(&asking->reader->store->moments, &asking->reader->moment);
    if (owed->rollup == NULL)
        return STATUS_OK;
    enum status status =
        rollup_read_cells(owed->rollup, scope->user_id, scope->listing_ids, scope->listing_count,
                          scope->first_day, scope->last_day, owe_listing, owed, err);
    if (status == STATUS_OK && !index_owed(owed))
        status = no_memory(err);
    return status;
}

static void owed_done(struct owed *owed)
{
    rollup_unref(owed->rollup);
    arena_done(&owed->arena);
    free(owed->days);
}

/* ---- an item ---- */

struct one_day {
    struct arena *arena;
    struct day_delta *out;
};

static enum status build_one(void *context, struct text listing_id, const struct count_rows *cells,
                             struct error *err)
{
    struct one_day *one = context;
    (void)listing_id;
    return day_delta_build(cells, cells->platforms[0].day, one->arena, one->out, err);
}

/* Takes what batches behind the moment put there off the item, the newest first. */
static enum status go_back(struct asking *asking, struct error *err)
{
    struct dynamodb_reader *reader = asking->reader;
    struct day_item *item = &reader->item;
    bool with_cells = asking->by_cells && reader->store->cells;
    enum status status = STATUS_OK;
    for (uint64_t batch = item->marker / DELTA_PARTS_MAX;
         batch > reader->moment.batch && status == STATUS_OK; batch--) {
        struct rollup *rollup = NULL;
        struct day_delta delta = {.day = item->day};
        struct one_day one = {&reader->arena, &delta};
        status = moments_find(&reader->store->moments, &reader->moment, batch, &rollup, err);
        if (status != STATUS_OK || rollup == NULL)
            return status;
        status = rollup_read_cells(rollup, asking->scope->user_id, &item->listing_id, 1, item->day,
                                   item->day, build_one, &one, err);
        if (status == STATUS_OK && delta.part_count > 0)
            status = day_item_take_off(item, &delta, day_marker_parts(item->marker, batch),
                                       with_cells, &reader->arena, err);
        rollup_unref(rollup);
    }
    return status;
}

static enum status give_item(const struct asking *asking, struct error *err)
{
    struct day_item *item = &asking->reader->item;
    enum status status = day_item_settle(item, asking->by_cells, err);
    if (status != STATUS_OK)
        return status;
    if (asking->each_sum != NULL) {
        struct counts sum = {0};
        for (size_t i = 0; i < item->totals.platform_count; i++)
            counts_add(&sum, &item->totals.platforms[i].counts);
        return counts_sum(&sum) == 0
                   ? STATUS_OK
                   : asking->each_sum(asking->context, item->listing_id, &sum, err);
    }
    const struct count_rows *rows = asking->by_cells ? &item->cells : &item->totals;
    return rows->platform_count + rows->source_count == 0
               ? STATUS_OK
               : asking->each(asking->context, item->listing_id, rows, err);
}

static bool is_asked_for(const struct store_scope *scope, struct text listing_id, int32_t day)
{
    if (day < scope->first_day || day > scope->last_day)
        return false;
    for (size_t i = 0; i < scope->listing_count; i++)
        if (text_equal(scope->listing_ids[i], listing_id))
            return true;
    return scope->listing_count == 0;
}

static enum status take_item(struct asking *asking, const json_t *from, struct error *err)
{
    struct dynamodb_reader *reader = asking->reader;
    struct day_item *item = &reader->item;
    bool is_day = false;
    arena_reset(&reader->arena);
    enum status status =
        day_item_read(item, from, reader->store->number, asking->by_cells, &is_day, err);
    if (status != STATUS_OK || !is_day || !is_asked_for(asking->scope, item->listing_id, item->day))
        return status;
    struct owed_day *owed = find_owed(&asking->owed, item->listing_id, item->day);
    status = go_back(asking, err);
    if (status == STATUS_OK && owed != NULL) {
        owed->seen = true;
        status =
            day_item_add(item, &owed->delta, day_marker_parts(item->marker, reader->moment.batch),
                         asking->by_cells && reader->store->cells, &reader->arena, err);
    }
    return status == STATUS_OK ? give_item(asking, err) : status;
}

static enum status give_unseen(struct asking *asking, struct error *err)
{
    struct dynamodb_reader *reader = asking->reader;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < asking->owed.count && status == STATUS_OK; i++) {
        struct owed_day *owed = &asking->owed.days[i];
        if (owed->seen)
            continue;
        arena_reset(&reader->arena);
        day_item_clear(&reader->item, owed->listing_id, owed->delta.day);
        status = day_item_add(&reader->item, &owed->delta, 0,
                              asking->by_cells && reader->store->cells, &reader->arena, err);
        if (status == STATUS_OK)
            status = give_item(asking, err);
    }
    return status;
}

/* ---- requests ---- */

/* What of an item is needed: everything for cells, else all but the map of cells. */
static void put_projection(struct body *body, const struct dynamodb_reader *reader, bool by_cells)
{
    if (by_cells)
        return;
    body_put(body, ",\"ProjectionExpression\":\"SK,#v,#h,#i,#p,updatedAt,#u,#s,#f\","
                   "\"ExpressionAttributeNames\":{\"#v\":\"views\",\"#h\":\"shares\","
                   "\"#i\":\"inquiries\",\"#p\":\"platforms\",\"#u\":\"_u\",\"#s\":\"_s\","
                   "\"#f\":\"_f");
    body_put_number(body, reader->store->number);
    body_put(body, "\"}");
}

static void put_user_value(struct body *body, struct text user_id)
{
    body_put(body, "\"ExpressionAttributeValues\":{\":p\":{\"S\":\"USER#");
    body_put_escaped(body, user_id);
    body_put(body, "\"}");
}

static enum status on_item(void *context, const json_t *item, struct error *err)
{
    return take_item(context, item, err);
}

static enum status ask_for_listing(struct asking *asking, struct text listing_id, int32_t first,
                                   int32_t last, struct error *err)
{
    struct body *members = &asking->members;
    body_clear(members);
    body_put(members, "\"ConsistentRead\":true,\"KeyConditionExpression\":"
                      "\"PK=:p AND SK BETWEEN :a AND :b\",");
    put_user_value(members, asking->scope->user_id);
    for (int end = 0; end < 2; end++) {
        body_put(members, end == 0 ? ",\":a\":{\"S\":\"METRICS#" : ",\":b\":{\"S\":\"METRICS#");
        body_put_escaped(members, listing_id);
        body_put(members, "#");
        body_put_date(members, end == 0 ? first : last);
        body_put(members, "\"}");
    }
    body_put(members, "}");
    put_projection(members, asking->reader, asking->by_cells);
    if (!body_ok(members))
        return no_memory(err);
    return fetch_query(asking->fetch, body_text(members), err);
}

static enum status send_keys(struct asking *asking, struct error *err)
{
    struct body *members = &asking->members;
    if (asking->key_count == 0)
        return STATUS_OK;
    body_clear(members);
    put_projection(members, asking->reader, asking->by_cells);
    if (!body_ok(members) || !body_ok(&asking->keys))
        return no_memory(err);
    enum status status =
        fetch_keys(asking->fetch, body_text(&asking->keys), body_text(members), err);
    body_clear(&asking->keys);
    asking->key_count = 0;
    return status;
}

/* DAY#<date>#<listing>, to be read as METRICS#<listing>#<date>. */
static enum status take_index(struct asking *asking, const json_t *item, struct error *err)
{
    const size_t prefix = sizeof "DAY#" - 1;
    struct text key = attribute_text(item, "SK");
    int32_t day;
    if (!text_starts_with(key, "DAY#") || key.len < prefix + DATE_BYTES + 2 ||
        !date_parse((struct text){key.at + prefix, DATE_BYTES}, &day))
        return STATUS_OK;
    const struct day_target target = {
        .table = asking->reader->store->table,
        .user_id = asking->scope->user_id,
        .listing_id = {key.at + prefix + DATE_BYTES + 1, key.len - prefix - DATE_BYTES - 1},
        .day = day};
    body_put(&asking->keys, asking->key_count == 0 ? "{" : ",{");
    put_day_key(&asking->keys, &target);
    body_put(&asking->keys, "}");
    return ++asking->key_count == FETCH_KEYS_MAX ? send_keys(asking, err) : STATUS_OK;
}

/* The pages of the index one behind the other; listing-days are read meanwhile. */
static enum status ask_for_all(struct asking *asking, int32_t first, int32_t last,
                               struct error *err)
{
    struct dynamodb_reader *reader = asking->reader;
    struct body *body = &reader->body;
    json_t *start = NULL;
    enum status status = STATUS_OK;
    do {
        json_t *answer = NULL;
        enum dynamodb_outcome outcome;
        body_clear(body);
        body_put(body, "{\"ReturnConsumedCapacity\":\"TOTAL\",\"ConsistentRead\":true,"
                       "\"TableName\":\"");
        body_put_escaped(body, text_of(reader->store->table));
        body_put(body, "\",\"KeyConditionExpression\":\"PK=:p AND SK BETWEEN :a AND :b\","
                       "\"ProjectionExpression\":\"SK\",");
        put_user_value(body, asking->scope->user_id);
        body_put(body, ",\":a\":{\"S\":\"DAY#");
        body_put_date(body, first);
        body_put(body, "#\"},\":b\":{\"S\":\"DAY#");
        body_put_date(body, last);
        body_put(body, "$\"}}"); /* the byte behind '#': every listing of the day */
        if (start != NULL) {
            char *key = json_dumps(start, JSON_COMPACT);
            body->failed = body->failed || key == NULL;
            body_put(body, ",\"ExclusiveStartKey\":");
            body_put(body, key == NULL ? "" : key);
            free(key);
        }
        body_put(body, "}");
        json_decref(start);
        start = NULL;
        status = body_ok(body) ? dynamodb_ask(reader->channel, "Query", body_text(body), &answer,
                                              &outcome, err)
                               : no_memory(err);
        const json_t *items = json_object_get(answer, "Items");
        for (size_t i = 0; i < json_array_size(items) && status == STATUS_OK; i++)
            status = take_index(asking, json_array_get(items, i), err);
        if (status == STATUS_OK)
            start = json_incref(json_object_get(answer, "LastEvaluatedKey"));
        json_decref(answer);
    } while (start != NULL && status == STATUS_OK);
    json_decref(start);
    return status == STATUS_OK ? send_keys(asking, err) : status;
}

static int32_t within_calendar(int32_t day)
{
    if (day < CALENDAR_DAY_MIN)
        return CALENDAR_DAY_MIN;
    return day > CALENDAR_DAY_MAX ? CALENDAR_DAY_MAX : day;
}

static enum status ask(struct asking *asking, struct error *err)
{
    const struct store_scope *scope = asking->scope;
    struct dynamodb_reader *reader = asking->reader;
    if (scope->last_day < scope->first_day)
        return STATUS_OK;
    int32_t first = within_calendar(scope->first_day);
    int32_t last = within_calendar(scope->last_day);
    enum status status = gather_owed(asking, err);
    asking->fetch = fetch_new(reader->channel, reader->store->table, on_item, asking);
    if (status == STATUS_OK && asking->fetch == NULL)
        status = no_memory(err);
    if (status == STATUS_OK && scope->listing_count == 0)
        status = ask_for_all(asking, first, last, err);
    for (size_t i = 0; i < scope->listing_count && status == STATUS_OK; i++)
        status = ask_for_listing(asking, scope->listing_ids[i], first, last, err);
    if (status == STATUS_OK)
        status = fetch_finish(asking->fetch, err);
    if (status == STATUS_OK)
        status = give_unseen(asking, err);
    fetch_free(asking->fetch);
    owed_done(&asking->owed);
    body_done(&asking->keys);
    body_done(&asking->members);
    return status;
}

enum status dynamodb_reader_totals(struct store_reader *reader, const struct store_scope *scope,
                                   store_rows_fn *each, void *context, struct error *err)
{
    struct asking asking = {.reader = of(reader), .scope = scope, .each = each, .context = context};
    return ask(&asking, err);
}

enum status dynamodb_reader_cells(struct store_reader *reader, const struct store_scope *scope,
                                  store_rows_fn *each, void *context, struct error *err)
{
    struct asking asking = {
        .reader = of(reader), .scope = scope, .by_cells = true, .each = each, .context = context};
    return ask(&asking, err);
}

enum status dynamodb_reader_sums(struct store_reader *reader, const struct store_scope *scope,
                                 store_sums_fn *each, void *context, struct error *err)
{
    struct asking asking = {
        .reader = of(reader), .scope = scope, .each_sum = each, .context = context};
    return ask(&asking, err);
}
