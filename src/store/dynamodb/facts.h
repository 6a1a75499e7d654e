/*
 * facts.h - inquiries and listing details as items.
 *
 *   INQUIRY#<listing>#<moment>#<key>   an inquiry with its data
 *   ASKED#<moment>#<key>\u001f<listing>  names it, in the order of time, for all of a user's
 * listings LISTING#<listing>                  details, or that they were removed
 *
 * Moments are written as 2026-01-31T08:15:00.123Z, so that the order of keys is that of time. The
 * first inquiry of a key stands. Of details the newer word stands, by `_o`: receive time, journal,
 * batch; a removal leaves a tombstone, because an older word of another node may come later.
 * `_w` and `_n` say which writer's batch it came with.
 *
 * Threads: pure.
 */
#ifndef FOOTFALL_STORE_DYNAMODB_FACTS_H
#define FOOTFALL_STORE_DYNAMODB_FACTS_H

#include <jansson.h>

#include "model/inquiry.h"
#include "model/listing.h"
#include "store/dynamodb/body.h"

/* Which batch a fact comes with. */
struct fact_origin {
    const char *table;
    const char *journal_id; /* hexadecimal */
    uint32_t writer;
    uint64_t batch;
};

/* Bodies of PutItem. The index goes first; putting an inquiry fails its condition if one of its key
 * stands, putting details if a newer word does. */
void inquiry_index_body(struct body *body, const struct fact_origin *origin,
                        const struct inquiry *inquiry);
void inquiry_body(struct body *body, const struct fact_origin *origin,
                  const struct inquiry *inquiry);
/* details NULL: removed. */
void listing_body(struct body *body, const struct fact_origin *origin, struct text user_id,
                  struct text listing_id, const struct listing_details *details,
                  int64_t received_ms);

/* What orders words on a listing: of two the greater by bytes is the newer. */
enum { LISTING_ORDER_BYTES = 15 + 1 + 32 + 1 + 19 + 1 };
void listing_order(const struct fact_origin *origin, int64_t received_ms,
                   char out[LISTING_ORDER_BYTES]);

/* Keys: "PK":{...},"SK":{...} of an inquiry. */
void put_inquiry_key(struct body *body, const struct inquiry *inquiry);
/* INQUIRY#<listing>#<moment>#<key>, ASKED#<moment>#<key>\u001f<listing>: escaped, without quotes.
 */
void put_inquiry_sort_key(struct body *body, struct text listing_id, int64_t time_ms,
                          struct text key);
void put_asked_sort_key(struct body *body, int64_t time_ms, struct text key,
                        struct text listing_id);

/* An item as it came; texts are the JSON's. false: it is no inquiry, or no listing. */
bool inquiry_read(const json_t *item, struct text user_id, struct inquiry *out);
bool listing_read(const json_t *item, struct text *listing_id, struct listing_details *out,
                  bool *removed, struct text *order);

/* Whether the fact came with a batch of this writer above that one. */
bool fact_is_later(const json_t *item, uint32_t writer, uint64_t batch);

#endif
