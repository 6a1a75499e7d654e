/*
 * month_block.c - fuzz target: a month's totals as a store may hand them over.
 *
 * The first byte chooses the month.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "block.h"

#include "model/calendar.h"
#include "model/month_block.h"

static int32_t month;

static enum status decode(struct text block, struct count_rows *rows, struct error *err)
{
    struct counts want = {0};
    struct counts sum = {0};
    struct error why = {0};
    enum status status =
        month_block_decode(block, month, CALENDAR_DAY_MIN, CALENDAR_DAY_MAX, rows, err);
    enum status summed =
        month_block_sum(block, month, CALENDAR_DAY_MIN, CALENDAR_DAY_MAX, &sum, &why);
    FUZZ_CHECK(status != STATUS_OK || summed == STATUS_OK, "what decodes is not added up: %s",
               why.message);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < rows->platform_count; i++)
        counts_add(&want, &rows->platforms[i].counts);
    FUZZ_CHECK(memcmp(&want, &sum, sizeof want) == 0, "the sum is another");
    return status;
}

static enum status fold(struct text block, const struct count_rows *delta, struct bytes *out,
                        struct error *err)
{
    return month_block_fold(block, month, delta, out, err);
}

int fuzz_one(const uint8_t *data, size_t size)
{
    const struct fuzz_block kind = {decode, fold};
    if (size == 0)
        return 0;
    month = 2024 * 12 + data[0] % 16; /* of 28 to 31 days, 29 included */
    fuzz_block_one(&kind, data + 1, size - 1);
    return 0;
}
