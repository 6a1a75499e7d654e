/*
 * target.h - where things are moved to: a new data folder, or a table. Both keep how far it is.
 *
 *     open    finds what an interrupted migration left, if there is any
 *     begin   makes it the source's, or sees that it is
 *     apply   a batch, with the progress that goes with it
 *     reread  everything that is there now, to be compared
 *     finish  makes it ready for footfall serve
 *
 * Threads: a target belongs to one thread.
 */
#ifndef FOOTFALL_CLI_MIGRATE_TARGET_H
#define FOOTFALL_CLI_MIGRATE_TARGET_H

#include "cli/migrate/source.h"

struct migrate_target; /* made by one of the functions below, freed by migrate_target_close() */

struct migrate_target_ops {
    enum status (*begin)(struct migrate_target *target, struct error *err);
    enum status (*reread)(struct migrate_target *target, struct migrate_source **out,
                          struct error *err);
    enum status (*save)(struct migrate_target *target, struct error *err);
    enum status (*finish)(struct migrate_target *target, struct error *err);
    void (*close)(struct migrate_target *target);
};

/* Every kind's struct begins with one of these. */
struct migrate_target {
    const struct migrate_target_ops *ops;
    struct progress progress;
    bool was_begun;      /* an earlier run left the progress */
    bool is_merge;       /* what is there already may stay */
    struct store *store; /* open from begin to reread */
    struct store_position applied;
};

/*
 * A data folder that is not there yet. It is made as NAME.partial, which a later run goes on with.
 *   STATUS_INVALID  NAME is there, or NAME.partial is something else
 *   STATUS_BUSY     another process is at it
 * node: a node's data folder, whose fingerprints are taken along at the end; NULL: none.
 */
MUST_USE enum status migrate_target_folder(const char *path, const char *node,
                                           struct migrate_target **out, struct error *err);

struct migrate_table {
    struct dynamodb *dynamodb;
    const char *table;
    uint32_t writer;
    bool is_merge;
};

/* A table that is there. Texts are the caller's.
 *   STATUS_FOREIGN  the writer is a node's, or moved something else
 *   STATUS_INVALID  there is something in it already, and it is no merge (at begin) */
MUST_USE enum status migrate_target_table(const struct migrate_table *options,
                                          struct migrate_target **out, struct error *err);

/* Where the source goes on: "" at its beginning. STATUS_FOREIGN: progress and store disagree. */
MUST_USE enum status migrate_target_place(struct migrate_target *target, const char **out,
                                          struct error *err);

/* identity: the source's. */
MUST_USE enum status migrate_target_begin(struct migrate_target *target, const char *identity,
                                          struct error *err);

/* target->progress tells of the batch, which is handed over again for a while when that fails. */
MUST_USE enum status migrate_target_apply(struct migrate_target *target,
                                          const struct rollup *rollup, struct error *err);

/* For both kinds: a random id for a new migration. STATUS_IO. */
MUST_USE enum status migrate_new_id(uint8_t out[STORE_JOURNAL_ID_BYTES], struct error *err);

static inline enum status migrate_target_reread(struct migrate_target *target,
                                                struct migrate_source **out, struct error *err)
{
    return target->ops->reread(target, out, err);
}

static inline enum status migrate_target_finish(struct migrate_target *target, struct error *err)
{
    return target->ops->finish(target, err);
}

static inline void migrate_target_close(struct migrate_target *target)
{
    if (target != NULL)
        target->ops->close(target);
}

#endif
