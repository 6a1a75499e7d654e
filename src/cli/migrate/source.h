/*
 * source.h - what is moved, thing by thing, from any place on: a data folder's store or a table.
 *
 * A source is at rest: stopped and drained. Its identity tells it from another one, and from itself
 * after something was recorded.
 *
 * Threads: a source belongs to one thread.
 */
#ifndef FOOTFALL_CLI_MIGRATE_SOURCE_H
#define FOOTFALL_CLI_MIGRATE_SOURCE_H

#include "cli/migrate/progress.h"
#include "dynamodb/dynamodb.h"
#include "store/sqlite/walk.h"

struct migrate_source; /* made by one of the functions below, freed by migrate_source_close() */

/* Texts and rows live until the next call. */
struct migrate_item {
    enum walk_kind kind;
    struct text user_id;
    struct text listing_id;
    const struct count_rows *cells;
    const struct inquiry *inquiry;
    const struct listing_details *details;
};

struct migrate_source_ops {
    enum status (*next)(struct migrate_source *source, struct migrate_item *out, struct error *err);
    bool (*place)(struct migrate_source *source, char out[MIGRATE_PLACE_BYTES]);
    enum status (*check)(struct migrate_source *source, struct error *err);
    void (*close)(struct migrate_source *source);
};

/* Every kind's struct begins with one of these. */
struct migrate_source {
    const struct migrate_source_ops *ops;
    char identity[MIGRATE_IDENTITY_BYTES];
    uint64_t things; /* in all, about; 0: not known */
};

/*
 * A data folder that no server uses, from a place on ("": all). While it is open no server can
 * start on it.
 *   STATUS_BUSY       a server uses it
 *   STATUS_INVALID    its journal has what its store does not have yet
 *   STATUS_FOREIGN, STATUS_CORRUPT, STATUS_NOT_FOUND, STATUS_IO, STATUS_NO_MEMORY
 */
MUST_USE enum status migrate_source_folder(const char *path, const char *place,
                                           struct migrate_source **out, struct error *err);

/* A store's file by itself, to be compared. */
MUST_USE enum status migrate_source_file(const char *path, struct migrate_source **out,
                                         struct error *err);

/*
 * A table, from a place on.
 *   STATUS_INVALID    a writer has a batch that is not whole in the table
 *   STATUS_NOT_FOUND, STATUS_IO, STATUS_NO_MEMORY
 * with_writers false: to be compared; its writers are not looked at.
 */
MUST_USE enum status migrate_source_table(struct dynamodb *dynamodb, const char *table,
                                          const char *place, bool with_writers,
                                          struct migrate_source **out, struct error *err);

/* The next thing; kind WALK_END behind the last. */
static inline enum status migrate_source_next(struct migrate_source *source,
                                              struct migrate_item *out, struct error *err)
{
    return source->ops->next(source, out, err);
}

/* The place behind what came last; false when one cannot go on from here, but further on. */
static inline bool migrate_source_place(struct migrate_source *source,
                                        char out[MIGRATE_PLACE_BYTES])
{
    return source->ops->place(source, out);
}

/* Whether the source is still what it was when it was opened. STATUS_FOREIGN when it is not. */
static inline enum status migrate_source_check(struct migrate_source *source, struct error *err)
{
    return source->ops->check(source, err);
}

static inline void migrate_source_close(struct migrate_source *source)
{
    if (source != NULL)
        source->ops->close(source);
}

/* Adds a thing to the tally. */
void migrate_item_tally(const struct migrate_item *item, struct tally *tally);

/* The tally of all that comes. shown may be NULL; it is called with each hundred things. */
typedef enum status migrate_shown_fn(void *context, uint64_t more, struct error *err);
MUST_USE enum status migrate_source_tally(struct migrate_source *source, migrate_shown_fn *shown,
                                          void *context, struct tally *out, struct error *err);

#endif
