/*
 * rollup_parts.h - how a rollup lies in memory. For rollup/ only.
 *
 * Items live in growing arrays and name each other by number, so that growing moves nothing that
 * is pointed to. Lists keep the order in which things first came.
 *
 *   user ─► listings ─► days ─► cells (quarter, platform, source, type)
 *        ─► inquiries
 */
#ifndef FOOTFALL_ROLLUP_ROLLUP_PARTS_H
#define FOOTFALL_ROLLUP_ROLLUP_PARTS_H

#include <stdatomic.h>

#include "base/arena.h"
#include "rollup/hash_index.h"
#include "rollup/rollup.h"

#define NO_ITEM HASH_INDEX_NONE

/* A list of items in the order they came. */
struct item_list {
    uint32_t first;
    uint32_t last;
};

struct rollup_user {
    struct text id;
    uint64_t hash;
    struct item_list listings;
    struct item_list inquiries;
};

struct rollup_listing {
    struct text id;
    uint32_t user;
    uint32_t next; /* of the user */
    struct item_list days;
    uint32_t recent_day; /* where the last event went; most events are of today */
    uint32_t details;    /* number of its last word, or NO_ITEM */
};

struct rollup_day {
    uint32_t listing;
    int32_t day;
    uint32_t next; /* of the listing */
    struct item_list cells;
};

/* How often one kind of event came in one quarter of an hour, from one platform and source. */
struct rollup_cell {
    uint64_t key; /* cell_key() */
    uint64_t count;
    int64_t updated_ms;
    uint32_t day;
    uint32_t next; /* of the day */
};

struct rollup_inquiry {
    struct inquiry inquiry;
    uint32_t next; /* of the user */
};

struct rollup_details {
    struct listing_details details;
    int64_t received_ms; /* of a removal, too */
    uint32_t listing;
    bool removed;
};

#define ITEM_ARRAY(type)                                                                           \
    struct {                                                                                       \
        type *at;                                                                                  \
        uint32_t count;                                                                            \
        uint32_t cap;                                                                              \
    }

struct rollup {
    _Atomic uint32_t references;
    uint64_t batch;
    uint8_t journal_id[ROLLUP_JOURNAL_ID_BYTES];
    uint64_t seed; /* of the hashes: from the system, so that ids cannot be chosen to collide */

    ITEM_ARRAY(struct rollup_user) users;
    ITEM_ARRAY(struct rollup_listing) listings;
    ITEM_ARRAY(struct rollup_day) days;
    ITEM_ARRAY(struct rollup_cell) cells;
    ITEM_ARRAY(struct text) sources; /* number 0 is "no source" */
    ITEM_ARRAY(struct rollup_inquiry) inquiries;
    ITEM_ARRAY(struct rollup_details) details;

    struct hash_index user_index;    /* by id */
    struct hash_index listing_index; /* by user and id */
    struct hash_index day_index;     /* by listing number and day */
    struct hash_index cell_index;    /* by day number and key */
    struct hash_index source_index;  /* by name */

    struct arena texts;
};

/* quarter (7 bits), type (2), platform (8), source number (32). */
static inline uint64_t cell_key(int quarter, enum event_type type, uint8_t platform,
                                uint32_t source)
{
    return (uint64_t)quarter | (uint64_t)type << 7 | (uint64_t)platform << 9 |
           (uint64_t)source << 17;
}

static inline int cell_quarter(uint64_t key)
{
    return (int)(key & 0x7f);
}

static inline enum event_type cell_type(uint64_t key)
{
    return (enum event_type)((key >> 7) & 3);
}

static inline uint8_t cell_platform(uint64_t key)
{
    return (uint8_t)(key >> 9);
}

static inline uint32_t cell_source(uint64_t key)
{
    return (uint32_t)(key >> 17);
}

/* rollup_apply.c: the numbers of a user and of one of its listings, or NO_ITEM. */
uint32_t rollup_find_user(const struct rollup *rollup, struct text user_id);
uint32_t rollup_find_listing(const struct rollup *rollup, uint32_t user, struct text listing_id);

/* rollup_apply.c: what is not there is made; rollup_reserve() made room. The cell's count is to be
 * added to. Texts are copied. */
uint32_t rollup_make_listing(struct rollup *rollup, struct text user_id, struct text listing_id);
struct rollup_cell *rollup_make_cell(struct rollup *rollup, uint32_t listing, int32_t day,
                                     int quarter, enum event_type type, uint8_t platform,
                                     struct text source);
void rollup_make_inquiry(struct rollup *rollup, const struct inquiry *inquiry, uint32_t listing);
void rollup_make_details(struct rollup *rollup, const struct listing_details *details,
                         uint32_t listing);

/* rollup_read.c: appends the day's rows, in the order in which they came: its totals, or with
 * by_cells a row for each quarter of an hour. STATUS_NO_MEMORY. */
MUST_USE enum status rollup_add_day(const struct rollup *rollup, const struct rollup_day *day,
                                    bool by_cells, struct count_rows *rows, struct error *err);

#endif
