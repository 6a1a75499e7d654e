/*
 * rollup_add.h - a batch made of what another store holds, instead of events: for moving it.
 *
 * A rollup counts jointly by platform and source, a store keeps the two apart. So the platforms'
 * counts of a quarter of an hour are dealt out to its sources in order, the rest to none: read
 * again, by platform or by source, they are what was added.
 *
 * Threads: as rollup.h; these write.
 */
#ifndef FOOTFALL_ROLLUP_ROLLUP_ADD_H
#define FOOTFALL_ROLLUP_ROLLUP_ADD_H

#include "rollup/rollup.h"

/*
 * Adds cells of one listing, all of one day.
 *   STATUS_CORRUPT    sources of a quarter have more than its platforms
 *   STATUS_NO_MEMORY
 * After either the rollup must not be used any more.
 */
MUST_USE enum status rollup_add_cells(struct rollup *rollup, struct text user_id,
                                      struct text listing_id, const struct count_rows *cells,
                                      struct error *err);

/* Adds a fact as it stands, its key and times included; the inquiry is not counted. Of details the
 * last word stays. STATUS_NO_MEMORY. */
MUST_USE enum status rollup_add_inquiry(struct rollup *rollup, const struct inquiry *inquiry,
                                        struct error *err);
MUST_USE enum status rollup_add_details(struct rollup *rollup, struct text user_id,
                                        struct text listing_id,
                                        const struct listing_details *details, struct error *err);

#endif
