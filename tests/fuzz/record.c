/*
 * record.c - fuzz target: what a journal record holds, entry by entry.
 *
 * An entry that decodes, encoded again, decodes to the same.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include "model/platform.h"
#include "model/record.h"

static bool same(struct text a, struct text b)
{
    return (a.at == NULL) == (b.at == NULL) && text_equal(a, b);
}

static bool same_event(const struct event *a, const struct event *b)
{
    return same(a->user_id, b->user_id) && same(a->listing_id, b->listing_id) &&
           same(a->source, b->source) && same(a->id, b->id) && same(a->visitor, b->visitor) &&
           same(a->inquiry, b->inquiry) && a->time_ms == b->time_ms && a->type == b->type &&
           a->platform == b->platform;
}

static bool same_details(const struct listing_details *a, const struct listing_details *b)
{
    return same(a->address, b->address) && same(a->currency, b->currency) &&
           same(a->image, b->image) && same(a->status, b->status) && a->has_price == b->has_price &&
           (!a->has_price || memcmp(&a->price, &b->price, sizeof a->price) == 0);
}

static void check_once_more(const struct entry *entry)
{
    struct bytes out = {0};
    struct entry again = {0};
    struct error err;
    bool encoded = false;
    switch (entry->kind) {
    case ENTRY_EVENT:
        encoded = entry_encode_event(&out, &entry->event);
        break;
    case ENTRY_LISTING_SET:
        encoded =
            entry_encode_listing_set(&out, entry->user_id, entry->listing_id, &entry->details);
        break;
    case ENTRY_LISTING_REMOVED:
        encoded = entry_encode_listing_removed(&out, entry->user_id, entry->listing_id);
        break;
    }
    FUZZ_CHECK(encoded, "not encoded");
    const uint8_t *from = out.at;
    FUZZ_CHECK(entry_decode(&from, out.at + out.len, &again, &err) == STATUS_OK, "%s", err.message);
    FUZZ_CHECK(from == out.at + out.len, "another length");
    FUZZ_CHECK(again.kind == entry->kind, "another kind");
    if (entry->kind == ENTRY_EVENT)
        FUZZ_CHECK(same_event(&again.event, &entry->event), "another event");
    else
        FUZZ_CHECK(text_equal(again.user_id, entry->user_id) &&
                       text_equal(again.listing_id, entry->listing_id),
                   "another listing");
    if (entry->kind == ENTRY_LISTING_SET)
        FUZZ_CHECK(same_details(&again.details, &entry->details), "other details");
    bytes_done(&out);
}

int fuzz_one(const uint8_t *data, size_t size)
{
    struct record_head head;
    struct error err;
    char *copy = fuzz_copy(data, size);
    const uint8_t *from = (const uint8_t *)copy + RECORD_HEAD_BYTES;
    const uint8_t *end = (const uint8_t *)copy + size;
    enum status status = record_head_decode((struct text){copy, size}, &head, &err);
    if (status == STATUS_OK) {
        uint8_t again[RECORD_HEAD_BYTES];
        FUZZ_CHECK(size >= RECORD_HEAD_BYTES, "a head of %zu bytes", size);
        record_head_encode(&head, again);
        FUZZ_CHECK(memcmp(again, copy, sizeof again) == 0, "the head is written differently");
    }
    while (status == STATUS_OK && head.kind == RECORD_GROUP && from < end) {
        struct entry entry = {0};
        const uint8_t *before = from;
        status = entry_decode(&from, end, &entry, &err);
        if (status == STATUS_OK) {
            FUZZ_CHECK(from > before && from <= end, "moved to nowhere");
            check_once_more(&entry);
        }
    }
    /* STATUS_TOO_LARGE: more names of platforms than a process can tell apart */
    FUZZ_CHECK(status == STATUS_OK || status == STATUS_CORRUPT || status == STATUS_FOREIGN ||
                   status == STATUS_TOO_LARGE,
               "status %d", status);
    FUZZ_CHECK(status == STATUS_OK || err.message[0] != '\0', "refused without words");
    free(copy);
    return 0;
}
