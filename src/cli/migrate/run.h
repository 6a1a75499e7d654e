/*
 * run.h - footfall migrate: everything of a store at rest into another one, exactly once.
 *
 * Threads: one.
 */
#ifndef FOOTFALL_CLI_MIGRATE_RUN_H
#define FOOTFALL_CLI_MIGRATE_RUN_H

#include "cli/migrate/tally.h"
#include "dynamodb/dynamodb.h"

/* One end: a data folder, or a table when dynamodb is not NULL. */
struct migrate_end {
    const char *name;
    bool is_table;
};

struct migrate_options {
    struct migrate_end from;
    struct migrate_end to;
    struct dynamodb *dynamodb; /* of the end that is a table */
    uint32_t writer;           /* of a target that is one */
    const char *node;          /* a node's data folder over the table; NULL: none */
    bool is_merge;
    bool dry_run;
};

struct migrate_result {
    bool was_begun;    /* by an earlier run */
    bool was_complete; /* nothing was left to be moved */
    uint64_t batches;  /* of this run */
    struct tally moved;
    uint64_t ids; /* fingerprints carried to a new node's folder */
    double seconds;
};

/*
 * After anything but STATUS_OK the same call goes on where this one came to, but for
 *   STATUS_FOREIGN, STATUS_CORRUPT, STATUS_INVALID, STATUS_NOT_FOUND, which need an operator
 * STATUS_STOPPED: interrupted (cli/long_work.h).
 */
MUST_USE enum status migrate_run(const struct migrate_options *options,
                                 struct migrate_result *result, struct error *err);

#endif
