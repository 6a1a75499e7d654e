/*
 * day_update.h - the requests that change a listing-day.
 *
 *   put_day_index   DAY#<date>#<listing>, before the listing-day is made: whoever asks for all of a
 *                   user's listings finds them by these
 *   create          the whole delta at once, if there is no such item
 *   add             one part, if the item is there and its marker is below the part's
 *   make_maps       the maps that adding needs and that are missing, children of missing maps in a
 *                   request of their own; a source gets its place only while there is one
 *
 * Each may be sent twice, and late: what it did before makes its condition false, or it changes
 * nothing. Alone of them `add` counts, and its guard lets it count once.
 *
 * Threads: a body belongs to one thread at a time.
 */
#ifndef FOOTFALL_STORE_DYNAMODB_DAY_UPDATE_H
#define FOOTFALL_STORE_DYNAMODB_DAY_UPDATE_H

#include "store/dynamodb/body.h"
#include "store/dynamodb/day_delta.h"
#include "store/dynamodb/day_item.h"
#include "store/dynamodb/expression.h"

/* Whose listing-day, and on whose behalf. */
struct day_target {
    const char *table;
    struct text user_id;
    struct text listing_id;
    int32_t day;
    uint32_t writer;
    bool cells; /* quarter-hours are kept, too */
};

/* "PK":{"S":"USER#..."},"SK":{"S":"METRICS#..."} */
void put_day_key(struct body *body, const struct day_target *target);
void put_user_key(struct body *body, struct text user_id); /* "PK":{"S":"USER#..."} */

/* Whole bodies: of PutItem, PutItem, UpdateItem, UpdateItem, GetItem. body is emptied first. */
void day_index_body(struct body *body, const struct day_target *target);
/* delta: folded for an item without names. */
void day_create_body(struct body *body, const struct day_target *target,
                     const struct day_delta *delta, uint64_t batch);
/* delta: folded for the item, or all of its names have a place there. */
void day_add_body(struct body *body, struct expression *expression, const struct day_target *target,
                  const struct day_delta *delta, uint64_t batch, uint32_t part);
void day_get_body(struct body *body, const struct day_target *target);

/*
 * What the item, as it was read, lacks for adding the folded delta: false when nothing. Call it
 * with what was read before folding for *standing: the names in delta that it lacks get their
 * places only if the item has no more names than it had.
 */
bool day_maps_body(struct body *body, struct expression *expression,
                   const struct day_target *target, const struct day_item *item,
                   const struct day_delta *delta);

/* What the bodies share; for day_*.c. A body's first members, up to the table, and an update's with
 * its key; the marker's attribute; a source's cell, "q33v". */
void day_body_begin(struct body *body, const struct day_target *target);
void day_body_begin_update(struct body *body, const struct day_target *target);
void put_marker_name(struct body *body, uint32_t writer);
enum { SOURCE_CELL_KEY_BYTES = 16 };
void source_cell_key(int16_t quarter, int type, char out[SOURCE_CELL_KEY_BYTES]);

#endif
