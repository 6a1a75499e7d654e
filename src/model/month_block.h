/*
 * month_block.h - a listing's totals of one month, packed: the value a store keeps.
 *
 * The bytes are described in docs/formats/blocks.md. Encoding is canonical: equal contents give
 * equal bytes, in every process. Blocks carry a version; a reader refuses one that it does not
 * know. No bytes at all are a block in which nothing is counted.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_MODEL_MONTH_BLOCK_H
#define FOOTFALL_MODEL_MONTH_BLOCK_H

#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"
#include "model/counts.h"

/*
 * Appends to *rows the totals of the block's days within [first_day, last_day]. Source names
 * point into the block's bytes. STATUS_CORRUPT when the bytes are not a block of this month
 * (*rows may then hold some rows); STATUS_NO_MEMORY.
 */
MUST_USE enum status month_block_decode(struct text block, int32_t month, int32_t first_day,
                                        int32_t last_day, struct count_rows *rows,
                                        struct error *err);

/*
 * Adds to *sum what all platforms counted, "none" included, on the block's days within
 * [first_day, last_day]: what decoding and adding up the rows would give, at a quarter of the cost.
 * It looks less closely, too: only what cannot be read to its end is STATUS_CORRUPT, other damage
 * is told by decoding. *sum changes only on STATUS_OK.
 */
MUST_USE enum status month_block_sum(struct text block, int32_t month, int32_t first_day,
                                     int32_t last_day, struct counts *sum, struct error *err);

/*
 * Writes into *out (replacing its content) the block that holds `block` (empty: nothing yet)
 * plus the totals in *delta, all of which lie in the month. New sources are admitted in the
 * order in which they stand in delta; delta's rows may come in any order and repeat keys, and
 * rows of zeros add nothing. block must not point into *out, which changes only on STATUS_OK.
 * STATUS_CORRUPT as above, STATUS_NO_MEMORY.
 */
MUST_USE enum status month_block_fold(struct text block, int32_t month,
                                      const struct count_rows *delta, struct bytes *out,
                                      struct error *err);

#endif
