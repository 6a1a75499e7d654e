/*
 * walk.h - everything that a store's file holds, thing by thing in the order of its keys, from any
 * of them on: for moving it.
 *
 *   cells of each listing-day, by (user, day, listing); inquiries, by (user, time, key, listing);
 *   listing details, by (user, listing)
 *
 * Totals are not walked: they are the sums of cells (footfall journal verify compares them).
 *
 * The file is one that no server uses; whoever walks holds the journal's lock. It leaves no trace.
 *
 * Threads: a walk belongs to one thread.
 */
#ifndef FOOTFALL_STORE_SQLITE_WALK_H
#define FOOTFALL_STORE_SQLITE_WALK_H

#include "store/store.h"

enum walk_kind { WALK_CELLS, WALK_INQUIRY, WALK_LISTING, WALK_END };

/* A thing's place; start with {0}: before the first. Texts may be absent where the kind has none.
 */
struct walk_place {
    enum walk_kind kind;
    bool is_set; /* false: before the first of the kind */
    struct text user_id;
    int64_t number; /* day of cells, time of an inquiry */
    struct text key;
    struct text listing_id;
};

/* What is at a place; texts and rows live until the next call. */
struct walk_item {
    struct walk_place place;
    const struct count_rows *cells;
    struct inquiry inquiry;
    struct listing_details details;
};

struct sqlite_walk; /* made by sqlite_walk_open(), freed by sqlite_walk_close() */

/* behind: the place to go on behind; its texts are copied. Errors as sqlite_store_read_state(). */
MUST_USE enum status sqlite_walk_open(const char *path, const struct walk_place *behind,
                                      struct sqlite_walk **out, struct error *err);

/* The next thing; place.kind is WALK_END behind the last. STATUS_CORRUPT, STATUS_IO,
 * STATUS_NO_MEMORY. */
MUST_USE enum status sqlite_walk_next(struct sqlite_walk *walk, struct walk_item *out,
                                      struct error *err);

/* How many things there are in all; reads the keys of the whole file. */
MUST_USE enum status sqlite_walk_count(struct sqlite_walk *walk, uint64_t *out, struct error *err);

void sqlite_walk_close(struct sqlite_walk *walk); /* accepts NULL */

#endif
