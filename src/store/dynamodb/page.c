/*
 * page.c - a range of one user's sort keys, page by page.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/dynamodb/page.h"

#include <stdlib.h>

void page_begin(const struct dynamodb_reader *reader, struct body *body, size_t limit,
                bool backwards)
{
    body_clear(body);
    body_put(body,
             "{\"ReturnConsumedCapacity\":\"TOTAL\",\"ConsistentRead\":true,\"TableName\":\"");
    body_put_escaped(body, text_of(reader->store->table));
    body_put(body, "\",\"Limit\":");
    body_put_number(body, (int64_t)limit);
    body_put(body, backwards ? ",\"ScanIndexForward\":false" : "");
    body_put(body, ",\"KeyConditionExpression\":\"PK=:p AND SK BETWEEN :a AND :b\"");
}

void page_put_values(struct body *body, struct text user_id, struct text low, struct text high)
{
    body_put(body, ",\"ExpressionAttributeValues\":{\":p\":{\"S\":\"USER#");
    body_put_escaped(body, user_id);
    body_put(body, "\"},\":a\":{\"S\":\"");
    body_put_text(body, low);
    body_put(body, "\"},\":b\":{\"S\":\"");
    body_put_text(body, high);
    body_put(body, "\"}}");
}

enum status page_ask(struct dynamodb_reader *reader, json_t **start, json_t **answer,
                     struct error *err)
{
    struct body *body = &reader->body;
    enum dynamodb_outcome outcome;
    if (*start != NULL) {
        char *key = json_dumps(*start, JSON_COMPACT);
        body->failed = body->failed || key == NULL;
        body_put(body, ",\"ExclusiveStartKey\":");
        body_put(body, key == NULL ? "" : key);
        free(key);
    }
    body_put(body, "}");
    json_decref(*start);
    *start = NULL;
    if (!body_ok(body))
        return fail(err, STATUS_NO_MEMORY, "no memory to read facts");
    enum status status =
        dynamodb_ask(reader->channel, "Query", body_text(body), answer, &outcome, err);
    if (status == STATUS_OK)
        *start = json_incref(json_object_get(*answer, "LastEvaluatedKey"));
    return status;
}
