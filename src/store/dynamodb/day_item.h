/*
 * day_item.h - a listing-day as it stands in the table: read into rows, and brought to a reader's
 * moment by adding or taking off parts of a batch.
 *
 * Attributes, which any application that knows the keys may read (docs/formats/dynamodb.md):
 *
 *   views, shares, inquiries, updatedAt, platforms.<name>.{views,shares,inquiries,lastUpdated}
 *   _f<writer>   marker: the last part of a batch that this writer added
 *   _u           newest receive time of what had no platform
 *   _c           cells of platforms: <letter><quarter><type> of the built-in ones, z<quarter><type>
 *                <name> of others; type is v, s, i, or u: newest receive time since the day began
 *   _s.<source>  v, s, i, and its cells q<quarter><type>
 *
 * What the platforms leave of the totals had none. What the cells leave of the totals (items that
 * another application wrote, or that were counted without cells) happened some time of that UTC
 * day: it stands at noon, and the rows are marked approximate.
 *
 * Threads: an item belongs to one thread at a time.
 */
#ifndef FOOTFALL_STORE_DYNAMODB_DAY_ITEM_H
#define FOOTFALL_STORE_DYNAMODB_DAY_ITEM_H

#include <jansson.h>

#include "model/calendar.h"
#include "model/platform.h"
#include "store/dynamodb/day_delta.h"

enum { DAY_ITEM_NOON = QUARTERS_PER_DAY / 2 };

/* Start as {0}; day_item_done() ends it; may be read into again and again. Texts are the JSON's. */
struct day_item {
    struct text listing_id;
    int32_t day;
    uint64_t marker; /* 0: none of this writer */
    struct count_rows totals;
    struct count_rows cells;      /* if they were asked for */
    struct source_names standing; /* the names that have a place, in no order */
    const json_t *platforms;      /* maps, or NULL where the item has none */
    const json_t *cell_map;
    const json_t *sources;
    uint16_t places[QUARTERS_PER_DAY][PLATFORMS_MAX]; /* while cells are read: row + 1 */
};

void day_item_done(struct day_item *item);

/* An item that is not in the table: nothing counted. */
void day_item_clear(struct day_item *item, struct text listing_id, int32_t day);

/*
 * Reads an item as it came, {"SK":{"S":"METRICS#..."},...}. *is_day false: its key is not a
 * listing-day's, and nothing else was read. STATUS_NO_MEMORY.
 */
MUST_USE enum status day_item_read(struct day_item *item, const json_t *from, uint32_t writer,
                                   bool with_cells, bool *is_day, struct error *err);

/*
 * Adds what the item lacks of the delta, or takes off what is in it beyond a reader's moment: the
 * delta's first `parts` parts. with_cells: the parts have cells in the table. STATUS_NO_MEMORY.
 * A receive time that was overwritten cannot be taken back.
 */
MUST_USE enum status day_item_add(struct day_item *item, const struct day_delta *delta,
                                  uint32_t from_part, bool with_cells, struct arena *arena,
                                  struct error *err);
MUST_USE enum status day_item_take_off(struct day_item *item, const struct day_delta *delta,
                                       uint32_t parts, bool with_cells, struct arena *arena,
                                       struct error *err);

/* Drops rows without counts and, if cells were read, puts what they leave of the totals at noon:
 * cells.approximate says whether there was any. STATUS_NO_MEMORY. */
MUST_USE enum status day_item_settle(struct day_item *item, bool with_cells, struct error *err);

/* The number in an attribute {"N":"..."}: 0 when there is none, at most count_max. */
uint64_t attribute_count(const json_t *attributes, const char *name);
int64_t attribute_number(const json_t *attributes, const char *name, int64_t otherwise);
/* The text of {"S":"..."}, empty for {"NULL":true}; absent when there is none. */
struct text attribute_text(const json_t *attributes, const char *name);
/* The members of {"M":{...}}, or NULL. */
const json_t *attribute_map(const json_t *attributes, const char *name);

/* The key of a platform's cell in _c; NUL-terminated. Of a built-in platform it needs no
 * placeholder in an expression. type EVENT_TYPES: the receive time. */
enum { CELL_KEY_BYTES = 5 + PLATFORM_NAME_BYTES_MAX };
void cell_key_of(int16_t quarter, uint8_t platform, int type, char out[CELL_KEY_BYTES]);

/* "v", "s", "i", "u" by enum event_type and EVENT_TYPES. */
extern const char day_type_letters[EVENT_TYPES + 1];
/* "views", "shares", "inquiries". */
extern const char *const day_type_names[EVENT_TYPES];

#endif
