/*
 * listing_json.c - fuzz target: a listing's details.
 *
 * What is accepted keeps the limits of model/listing.h, so that a record can hold it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include "ingest/listing_json.h"
#include "model/record.h"

int fuzz_one(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct listing_details details;
    struct error err;
    char *copy = fuzz_copy(data, size);
    if (listing_json_decode((struct text){copy, size}, &arena, &details, &err) == STATUS_OK) {
        struct bytes entry = {0};
        struct entry again = {0};
        FUZZ_CHECK(!details.has_price || (details.price >= 0 && details.price <= 1e15),
                   "a price out of range");
        FUZZ_CHECK(entry_encode_listing_set(&entry, text_of("u"), text_of("l"), &details),
                   "no memory");
        const uint8_t *from = entry.at;
        FUZZ_CHECK(entry_decode(&from, entry.at + entry.len, &again, &err) == STATUS_OK, "%s",
                   err.message);
        FUZZ_CHECK(text_equal(again.details.address, details.address) &&
                       text_equal(again.details.currency, details.currency) &&
                       text_equal(again.details.image, details.image) &&
                       text_equal(again.details.status, details.status),
                   "a record holds other details");
        bytes_done(&entry);
    } else {
        FUZZ_CHECK(err.message[0] != '\0' && err.offset <= (int64_t)size,
                   "refused without words or place");
    }
    arena_done(&arena);
    free(copy);
    return 0;
}
