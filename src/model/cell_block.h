/*
 * cell_block.h - a listing's quarter-hour cells of one UTC day, packed: the value a store keeps.
 *
 * Read only where UTC totals do not answer: other time zones, hours. The bytes are described in
 * docs/formats/blocks.md; canonical and versioned as month blocks are. No bytes are a block without
 * cells.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_MODEL_CELL_BLOCK_H
#define FOOTFALL_MODEL_CELL_BLOCK_H

#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"
#include "model/counts.h"

/*
 * Appends to *rows the block's cells, their day set to `day`. Source names point into the
 * block's bytes. STATUS_CORRUPT when the bytes are no such block (*rows may then hold some
 * rows); STATUS_NO_MEMORY.
 */
MUST_USE enum status cell_block_decode(struct text block, int32_t day, struct count_rows *rows,
                                       struct error *err);

/*
 * Writes into *out (replacing its content) the block that holds `block` (empty: nothing yet)
 * plus the cells in *delta, all of them of `day`. All else as in month_block_fold().
 */
MUST_USE enum status cell_block_fold(struct text block, int32_t day, const struct count_rows *delta,
                                     struct bytes *out, struct error *err);

#endif
