/*
 * fetch.h - reading many items: queries page by page, and keys by the hundred, several in flight.
 *
 * What comes is handed over as it comes, item by item, in no order between calls; a query's own
 * pages keep theirs. LastEvaluatedKey is followed, what a batch left unprocessed is asked for
 * again.
 *
 * Threads: the channel's.
 */
#ifndef FOOTFALL_STORE_DYNAMODB_FETCH_H
#define FOOTFALL_STORE_DYNAMODB_FETCH_H

#include "dynamodb/dynamodb.h"
#include "store/dynamodb/body.h"

enum { FETCH_IN_FLIGHT = 8, FETCH_KEYS_MAX = 100 };

/* Gets each item as it came. Anything but STATUS_OK ends the reading with that status. */
typedef enum status fetch_item_fn(void *context, const json_t *item, struct error *err);

struct fetch; /* made by fetch_new(), freed by fetch_free() */

/* NULL when out of memory. The table's name is the caller's. */
MUST_USE struct fetch *fetch_new(struct dynamodb_channel *channel, const char *table,
                                 fetch_item_fn *each, void *context);
/* Waits for what is on its way. Accepts NULL. */
void fetch_free(struct fetch *fetch);

/*
 * Starts a query, of which all pages are read: `members` is the request without braces and without
 * "TableName", "ExclusiveStartKey" and "ReturnConsumedCapacity"; copied. May hand items over while
 * it waits for an idle call.
 */
MUST_USE enum status fetch_query(struct fetch *fetch, struct text members, struct error *err);

/* As fetch_query() for BatchGetItem: `keys` is {...},{...}, at most FETCH_KEYS_MAX; `members` what
 * stands beside them, begins with a comma, or is empty. */
MUST_USE enum status fetch_keys(struct fetch *fetch, struct text keys, struct text members,
                                struct error *err);

/* Until everything that was started is read. STATUS_OK or the first failure. */
MUST_USE enum status fetch_finish(struct fetch *fetch, struct error *err);

#endif
