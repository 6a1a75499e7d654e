/*
 * facts.c - inquiries and listing details as items.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/dynamodb/facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/platform.h"
#include "store/dynamodb/day_item.h"
#include "store/dynamodb/day_update.h"

static void begin_put(struct body *body, const struct fact_origin *origin)
{
    body_clear(body);
    body_put(body, "{\"TableName\":\"");
    body_put_escaped(body, text_of(origin->table));
    body_put(body, "\",\"ReturnConsumedCapacity\":\"TOTAL\",\"Item\":{");
}

static void put_origin(struct body *body, const struct fact_origin *origin)
{
    body_put_member_n(body, "_w", origin->writer);
    body_put_member_n(body, "_n", (int64_t)origin->batch);
}

/* Empty texts stand as null: not every engine keeps empty strings. */
static void put_if_present(struct body *body, const char *name, struct text text)
{
    if (text.len > 0) {
        body_put_member_s(body, name, text);
    } else if (text.at != NULL) {
        body_put(body, ",\"");
        body_put(body, name);
        body_put(body, "\":{\"NULL\":true}");
    }
}

void put_inquiry_sort_key(struct body *body, struct text listing_id, int64_t time_ms,
                          struct text key)
{
    body_put(body, "INQUIRY#");
    body_put_escaped(body, listing_id);
    body_put(body, "#");
    body_put_moment(body, time_ms);
    body_put(body, "#");
    body_put_escaped(body, key);
}

void put_asked_sort_key(struct body *body, int64_t time_ms, struct text key, struct text listing_id)
{
    body_put(body, "ASKED#");
    body_put_moment(body, time_ms);
    body_put(body, "#");
    body_put_escaped(body, key);
    body_put(body,
             "\\u001f"); /* below whatever a key may hold: the order is by key, then listing */
    body_put_escaped(body, listing_id);
}

void put_inquiry_key(struct body *body, const struct inquiry *inquiry)
{
    put_user_key(body, inquiry->user_id);
    body_put(body, ",\"SK\":{\"S\":\"");
    put_inquiry_sort_key(body, inquiry->listing_id, inquiry->time_ms, inquiry->key);
    body_put(body, "\"}");
}

void inquiry_index_body(struct body *body, const struct fact_origin *origin,
                        const struct inquiry *inquiry)
{
    begin_put(body, origin);
    put_user_key(body, inquiry->user_id);
    body_put(body, ",\"SK\":{\"S\":\"");
    put_asked_sort_key(body, inquiry->time_ms, inquiry->key, inquiry->listing_id);
    body_put(body, "\"}");
    body_put_member_s(body, "listingId", inquiry->listing_id);
    body_put_member_n(body, "timestamp", inquiry->time_ms);
    body_put_member_s(body, "id", inquiry->key);
    body_put(body, "}}");
}

void inquiry_body(struct body *body, const struct fact_origin *origin,
                  const struct inquiry *inquiry)
{
    begin_put(body, origin);
    put_inquiry_key(body, inquiry);
    body_put_member_s(body, "listingId", inquiry->listing_id);
    body_put_member_n(body, "timestamp", inquiry->time_ms);
    body_put_member_s(body, "id", inquiry->key);
    body_put_member_n(body, "receivedAt", inquiry->received_ms);
    if (inquiry->platform != PLATFORM_NONE)
        body_put_member_s(body, "platform", platform_name(inquiry->platform));
    put_if_present(body, "source", inquiry->source);
    put_if_present(body, "inquiry", inquiry->content);
    put_origin(body, origin);
    body_put(body, "},\"ConditionExpression\":\"attribute_not_exists(PK)\"}");
}

void listing_order(const struct fact_origin *origin, int64_t received_ms,
                   char out[LISTING_ORDER_BYTES])
{
    snprintf(out, LISTING_ORDER_BYTES, "%015" PRId64 "#%.32s#%019" PRIu64, received_ms,
             origin->journal_id, origin->batch);
}

/* Digits that read back as the same double; as a text where DynamoDB knows no such number: what one
 * user may say must not keep a batch out. */
static void put_price(struct body *body, double price)
{
    static const double least = 1e-120;
    static const double most = 1e120;
    double size = price < 0 ? -price : price;
    bool is_number = size == 0 || (size > least && size < most);
    char digits[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, price);
        if (strtod(digits, NULL) == price)
            break;
    }
    body_put(body, is_number ? ",\"price\":{\"N\":\"" : ",\"price\":{\"S\":\"");
    body_put(body, digits);
    body_put(body, "\"}");
}

void listing_body(struct body *body, const struct fact_origin *origin, struct text user_id,
                  struct text listing_id, const struct listing_details *details,
                  int64_t received_ms)
{
    char order[LISTING_ORDER_BYTES];
    listing_order(origin, received_ms, order);
    begin_put(body, origin);
    put_user_key(body, user_id);
    body_put(body, ",\"SK\":{\"S\":\"LISTING#");
    body_put_escaped(body, listing_id);
    body_put(body, "\"}");
    body_put_member_s(body, "listingId", listing_id);
    body_put_member_n(body, "updatedAt", received_ms);
    if (details != NULL) {
        put_if_present(body, "address", details->address);
        put_if_present(body, "currency", details->currency);
        put_if_present(body, "image", details->image);
        put_if_present(body, "status", details->status);
        if (details->has_price)
            put_price(body, details->price);
    } else {
        body_put(body, ",\"removed\":{\"BOOL\":true}");
    }
    body_put_member_s(body, "_o", text_of(order));
    put_origin(body, origin);
    body_put(body, "},\"ConditionExpression\":\"attribute_not_exists(PK) OR "
                   "attribute_not_exists(#o) OR #o<:o\",\"ExpressionAttributeNames\":{\"#o\":"
                   "\"_o\"},\"ExpressionAttributeValues\":{\":o\":");
    body_put_s(body, text_of(order));
    body_put(body, "}}");
}

bool fact_is_later(const json_t *item, uint32_t writer, uint64_t batch)
{
    return attribute_count(item, "_w") == writer && attribute_count(item, "_n") > batch;
}

bool inquiry_read(const json_t *item, struct text user_id, struct inquiry *out)
{
    struct text platform = attribute_text(item, "platform");
    *out = (struct inquiry){
        .user_id = user_id,
        .listing_id = attribute_text(item, "listingId"),
        .key = attribute_text(item, "id"),
        .source = attribute_text(item, "source"),
        .content = attribute_text(item, "inquiry"),
        .time_ms = attribute_number(item, "timestamp", INT64_MIN),
        .received_ms = attribute_number(item, "receivedAt", 0),
    };
    if (platform.at != NULL && platform_intern(platform, &out->platform, NULL) != STATUS_OK)
        out->platform = PLATFORM_NONE;
    return out->listing_id.at != NULL && out->key.at != NULL && out->time_ms != INT64_MIN;
}

bool listing_read(const json_t *item, struct text *listing_id, struct listing_details *out,
                  bool *removed, struct text *order)
{
    struct text key = attribute_text(item, "SK");
    const size_t prefix = sizeof "LISTING#" - 1;
    if (!text_starts_with(key, "LISTING#") || key.len == prefix)
        return false;
    const json_t *value = json_object_get(item, "price");
    const char *price = json_string_value(json_object_get(value, "N"));
    if (price == NULL)
        price = json_string_value(json_object_get(value, "S"));
    *listing_id = (struct text){key.at + prefix, key.len - prefix};
    *removed = json_is_true(json_object_get(json_object_get(item, "removed"), "BOOL"));
    *order = attribute_text(item, "_o");
    *out = (struct listing_details){
        .address = attribute_text(item, "address"),
        .currency = attribute_text(item, "currency"),
        .image = attribute_text(item, "image"),
        .status = attribute_text(item, "status"),
        .has_price = price != NULL,
        .price = price == NULL ? 0 : strtod(price, NULL),
        .updated_ms = attribute_number(item, "updatedAt", 0),
    };
    return true;
}
