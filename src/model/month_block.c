/*
 * month_block.c - rows by day of the month; row_block.h has the format and does the work.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model/month_block.h"

#include "model/row_block.h"

enum { FIRST_BYTE = 0x01 }; /* month block, version 1 */

static struct block_kind month_kind(int32_t month)
{
    return (struct block_kind){
        .name = "month block",
        .first_byte = FIRST_BYTE,
        .slot_min = 1,
        .slot_max = (uint8_t)month_length(month),
        .names_max = BLOCK_NAMES_MAX - 1,
        .day = month_first_day(month),
    };
}

enum status month_block_decode(struct text block, int32_t month, int32_t first_day,
                               int32_t last_day, struct count_rows *rows, struct error *err)
{
    struct block_kind kind = month_kind(month);
    int64_t slot_first = (int64_t)first_day - kind.day + 1;
    int64_t slot_last = (int64_t)last_day - kind.day + 1;
    if (slot_first < kind.slot_min)
        slot_first = kind.slot_min;
    if (slot_last > kind.slot_max)
        slot_last = kind.slot_max;
    if (slot_first > slot_last) { /* nothing is wanted, but damage is still told */
        slot_first = kind.slot_max + 1;
        slot_last = 0;
    }
    return block_decode(&kind, block, (unsigned)slot_first, (unsigned)slot_last, rows, err);
}

enum status month_block_fold(struct text block, int32_t month, const struct count_rows *delta,
                             struct bytes *out, struct error *err)
{
    struct block_kind kind = month_kind(month);
    return block_fold(&kind, block, delta, out, err);
}
