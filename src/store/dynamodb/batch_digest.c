/*
 * batch_digest.c - XXH3 over the batch as the store's visitor sees it: journal, number, seal, rows
 * and facts in their order. Texts are preceded by their lengths, platforms stand by name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/dynamodb/batch_digest.h"

#include <inttypes.h>
#include <stdio.h>

#include <xxhash.h>

#include "base/bytes.h"
#include "model/platform.h"

static void take(XXH3_state_t *state, const void *bytes, size_t len)
{
    XXH3_128bits_update(state, bytes, len); /* cannot fail with a state and bytes */
}

static void take_number(XXH3_state_t *state, uint64_t number)
{
    uint8_t bytes[8];
    put_u64(bytes, number);
    take(state, bytes, sizeof bytes);
}

static void take_text(XXH3_state_t *state, struct text text)
{
    take_number(state, text.at == NULL ? UINT64_MAX : text.len);
    if (text.len > 0)
        take(state, text.at, text.len);
}

static void take_counts(XXH3_state_t *state, const struct counts *counts)
{
    for (int type = 0; type < EVENT_TYPES; type++)
        take_number(state, counts->of[type]);
}

static enum status take_month(void *context, struct text user_id, int32_t month,
                              struct text listing_id, const struct count_rows *totals,
                              const struct count_rows *cells, struct error *err)
{
    XXH3_state_t *state = context;
    (void)err;
    (void)totals; /* the cells say it all */
    take_text(state, user_id);
    take_text(state, listing_id);
    take_number(state, (uint64_t)month);
    take_number(state, cells->platform_count);
    for (size_t i = 0; i < cells->platform_count; i++) {
        const struct platform_row *row = &cells->platforms[i];
        take_number(state, (uint64_t)row->day * 128 + (uint64_t)row->quarter);
        take_text(state, platform_name(row->platform));
        take_counts(state, &row->counts);
        take_number(state, (uint64_t)row->updated_ms);
    }
    take_number(state, cells->source_count);
    for (size_t i = 0; i < cells->source_count; i++) {
        const struct source_row *row = &cells->sources[i];
        take_number(state, (uint64_t)row->day * 128 + (uint64_t)row->quarter);
        take_text(state, row->source);
        take_counts(state, &row->counts);
    }
    return STATUS_OK;
}

static enum status take_inquiry(void *context, const struct inquiry *inquiry, struct error *err)
{
    XXH3_state_t *state = context;
    (void)err;
    take_text(state, inquiry->user_id);
    take_text(state, inquiry->listing_id);
    take_text(state, inquiry->key);
    take_text(state, inquiry->content);
    take_number(state, (uint64_t)inquiry->time_ms);
    take_number(state, (uint64_t)inquiry->received_ms);
    return STATUS_OK;
}

static enum status take_listing(void *context, struct text user_id, struct text listing_id,
                                const struct listing_details *details, struct error *err)
{
    XXH3_state_t *state = context;
    (void)err;
    take_text(state, user_id);
    take_text(state, listing_id);
    take_number(state, details != NULL);
    if (details == NULL)
        return STATUS_OK;
    take_text(state, details->address);
    take_text(state, details->currency);
    take_text(state, details->image);
    take_text(state, details->status);
    take_number(state, details->has_price);
    take(state, &details->price, sizeof details->price);
    take_number(state, (uint64_t)details->updated_ms);
    return STATUS_OK;
}

enum status batch_digest(const struct store_batch *batch,
                         const uint8_t journal_id[STORE_JOURNAL_ID_BYTES],
                         char out[BATCH_DIGEST_BYTES], struct error *err)
{
    XXH3_state_t *state = XXH3_createState();
    if (state == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to claim a batch");
    XXH3_128bits_reset(state);
    take(state, journal_id, STORE_JOURNAL_ID_BYTES);
    take_number(state, rollup_batch(batch->rollup));
    take_number(state, batch->seq);
    const struct rollup_visitor visitor = {
        .context = state, .month = take_month, .inquiry = take_inquiry, .listing = take_listing};
    enum status status = rollup_visit(batch->rollup, &visitor, err);
    XXH128_hash_t hash = XXH3_128bits_digest(state);
    XXH3_freeState(state);
    snprintf(out, BATCH_DIGEST_BYTES, "%016" PRIx64 "%016" PRIx64, hash.high64, hash.low64);
    return status;
}
