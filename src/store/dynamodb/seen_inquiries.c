/*
 * seen_inquiries.c - a set of 128-bit hashes with linear probing, at most half full.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/dynamodb/seen_inquiries.h"

#include <stdlib.h>

#include "store/dynamodb/facts.h"

static bool is_free(const XXH128_hash_t *slot)
{
    return (slot->low64 | slot->high64) == 0;
}

/* The hash's slot, or the free one where it belongs. */
static XXH128_hash_t *slot_of(const struct seen_inquiries *seen, XXH128_hash_t hash)
{
    size_t at = (size_t)hash.low64 & seen->mask;
    while (!is_free(&seen->slots[at]) && !XXH128_isEqual(seen->slots[at], hash))
        at = (at + 1) & seen->mask;
    return &seen->slots[at];
}

static bool make_room(struct seen_inquiries *seen)
{
    if (seen->slots != NULL && seen->count * 2 <= seen->mask)
        return true;
    struct seen_inquiries grown = *seen;
    grown.mask = seen->slots == NULL ? 63 : seen->mask * 2 + 1;
    grown.slots = calloc(grown.mask + 1, sizeof *grown.slots);
    if (grown.slots == NULL)
        return false;
    for (size_t i = 0; seen->slots != NULL && i <= seen->mask; i++)
        if (!is_free(&seen->slots[i]))
            *slot_of(&grown, seen->slots[i]) = seen->slots[i];
    free(seen->slots);
    *seen = grown;
    return true;
}

enum status seen_inquiries_note(struct seen_inquiries *seen, const struct inquiry *inquiry,
                                bool *repeated, struct error *err)
{
    body_clear(&seen->key);
    put_inquiry_key(&seen->key, inquiry);
    if (!body_ok(&seen->key) || !make_room(seen))
        return fail(err, STATUS_NO_MEMORY, "no memory to apply a batch");
    XXH128_hash_t hash = XXH3_128bits(seen->key.bytes.at, seen->key.bytes.len);
    XXH128_hash_t *slot = slot_of(seen, hash);
    *repeated = !is_free(slot);
    seen->count += !*repeated;
    *slot = hash;
    return STATUS_OK;
}

void seen_inquiries_forget(struct seen_inquiries *seen)
{
    free(seen->slots);
    seen->slots = NULL;
    seen->mask = seen->count = 0;
}

void seen_inquiries_done(struct seen_inquiries *seen)
{
    seen_inquiries_forget(seen);
    body_done(&seen->key);
}
