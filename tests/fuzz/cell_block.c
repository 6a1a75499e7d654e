/*
 * cell_block.c - fuzz target: a day's cells as a store may hand them over.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "block.h"

#include "model/cell_block.h"

enum { DAY = 20454 }; /* 2026-01-01 */

static enum status decode(struct text block, struct count_rows *rows, struct error *err)
{
    return cell_block_decode(block, DAY, rows, err);
}

static enum status fold(struct text block, const struct count_rows *delta, struct bytes *out,
                        struct error *err)
{
    return cell_block_fold(block, DAY, delta, out, err);
}

int fuzz_one(const uint8_t *data, size_t size)
{
    const struct fuzz_block kind = {decode, fold};
    fuzz_block_one(&kind, data, size);
    return 0;
}
