/*
 * cell_block.c - rows by quarter of the day; row_block.h has the format and does the work.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model/cell_block.h"

#include "model/row_block.h"

enum { FIRST_BYTE = 0x81 }; /* cell block, version 1 */

static struct block_kind cell_kind(int32_t day)
{
    return (struct block_kind){
        .name = "cell block",
        .first_byte = FIRST_BYTE,
        .by_quarter = true,
        .slot_min = 0,
        .slot_max = QUARTERS_PER_DAY - 1,
        .names_max = SOURCES_PER_DAY_MAX,
        .day = day,
    };
}

enum status cell_block_decode(struct text block, int32_t day, struct count_rows *rows,
                              struct error *err)
{
    struct block_kind kind = cell_kind(day);
    return block_decode(&kind, block, kind.slot_min, kind.slot_max, rows, err);
}

enum status cell_block_fold(struct text block, int32_t day, const struct count_rows *delta,
                            struct bytes *out, struct error *err)
{
    struct block_kind kind = cell_kind(day);
    return block_fold(&kind, block, delta, out, err);
}
