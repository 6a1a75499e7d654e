/*
 * check.h - whether a store agrees with itself: for a file that no server uses.
 *
 * SQLite's own integrity check; every block can be read; and what stands twice is the same: for
 * each listing and day the totals are the sum of its cells, by platform and by source
 * (docs/decisions/0007-cells-and-sources.md), and named sources are no more than all there is.
 *
 * Nothing is changed, no file made.
 *
 * Threads: no shared state.
 */
#ifndef FOOTFALL_STORE_SQLITE_CHECK_H
#define FOOTFALL_STORE_SQLITE_CHECK_H

#include <stdint.h>

#include "base/status.h"

enum store_problem {
    STORE_PAGES, /* SQLite finds the file damaged */
    STORE_BLOCK, /* a block cannot be read */
    STORE_SUMS   /* totals and cells differ */
};

struct store_checked {
    uint64_t month_blocks;
    uint64_t cell_blocks;
    uint64_t listing_days; /* of which totals were compared with cells */
    uint64_t inquiries;
    uint64_t listings; /* with details */
};

struct store_check_visitor {
    /* words: one sentence that names user, listing, day and numbers */
    void (*problem)(void *context, enum store_problem problem, const char *words);
    /* behind some blocks; anything but STATUS_OK ends the check with that status */
    enum status (*step)(void *context, uint64_t blocks, struct error *err);
    void *context;
};

/*
 * Looks at everything; what is wrong goes to the visitor, and the looking goes on.
 *   STATUS_NOT_FOUND  there is no such file
 *   STATUS_CORRUPT    not a footfall store, or so damaged that its tables cannot be read on
 *   STATUS_INVALID    written by a newer footfall
 *   STATUS_IO, STATUS_NO_MEMORY
 */
MUST_USE enum status sqlite_store_check(const char *path, const struct store_check_visitor *visitor,
                                        struct store_checked *out, struct error *err);

#endif
