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

/* The block's slots of the days; where nothing is wanted, slots that do not exist: the block is
 * read all the same, so that damage is told. */
static void slots_of_days(const struct block_kind *kind, int32_t first_day, int32_t last_day,
                          unsigned *slot_first, unsigned *slot_last)
{
    int64_t first = (int64_t)first_day - kind->day + 1;
    int64_t last = (int64_t)last_day - kind->day + 1;
    if (first < kind->slot_min)
        first = kind->slot_min;
    if (last > kind->slot_max)
        last = kind->slot_max;
    if (first > last) {
        first = kind->slot_max + 1;
        last = 0;
    }
    *slot_first = (unsigned)first;
    *slot_last = (unsigned)last;
}

enum status month_block_decode(struct text block, int32_t month, int32_t first_day,
                               int32_t last_day, struct count_rows *rows, struct error *err)
{
    struct block_kind kind = month_kind(month);
    unsigned slot_first;
    unsigned slot_last;
    slots_of_days(&kind, first_day, last_day, &slot_first, &slot_last);
    return block_decode(&kind, block, slot_first, slot_last, rows, err);
}

enum status month_block_sum(struct text block, int32_t month, int32_t first_day, int32_t last_day,
                            struct counts *sum, struct error *err)
{
    struct block_kind kind = month_kind(month);
    unsigned slot_first;
    unsigned slot_last;
    slots_of_days(&kind, first_day, last_day, &slot_first, &slot_last);
    return block_sum(&kind, block, slot_first, slot_last, sum, err);
}

enum status month_block_fold(struct text block, int32_t month, const struct count_rows *delta,
                             struct bytes *out, struct error *err)
{
    struct block_kind kind = month_kind(month);
    return block_fold(&kind, block, delta, out, err);
}
