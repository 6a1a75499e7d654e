/*
 * tools.h - what footfall journal can do; a file each.
 *
 * Each prints its answer on stdout and fills *err when it could not answer at all.
 *
 * Threads: one.
 */
#ifndef FOOTFALL_CLI_JOURNAL_TOOLS_H
#define FOOTFALL_CLI_JOURNAL_TOOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct journal_tool_options {
    const char *data;  /* the data folder */
    const char *to;    /* salvage: the new one */
    uint64_t seq_from; /* dump: the first record */
    uint64_t seq_to;   /* dump: the last record */
    bool json;
    bool contents;      /* dump: what people wrote, too */
    bool without_store; /* salvage: although the store is lost */
    bool whole_store;   /* verify: what stands in the store, too */
};

/* *damaged: something is wrong. */
MUST_USE enum status journal_verify(const struct journal_tool_options *options, bool *damaged,
                                    struct error *err);
MUST_USE enum status journal_dump(const struct journal_tool_options *options, bool *damaged,
                                  struct error *err);
MUST_USE enum status journal_salvage(const struct journal_tool_options *options, bool *damaged,
                                     struct error *err);

#endif
