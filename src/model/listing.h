/*
 * listing.h - what a page shows of a listing beside its numbers.
 *
 * Details are the user's own words and are only kept; counting never looks at them. Limits are
 * checked where a request is read (ingest/listing_json.h).
 */
#ifndef FOOTFALL_MODEL_LISTING_H
#define FOOTFALL_MODEL_LISTING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum {
    LISTING_ADDRESS_BYTES_MAX = 512,
    LISTING_CURRENCY_BYTES = 3, /* ISO 4217, such as EUR */
    LISTING_IMAGE_BYTES_MAX = 2048,
    LISTING_STATUS_BYTES_MAX = 32
};

/* Absent texts have at == NULL. */
struct listing_details {
    struct text address;
    struct text currency;
    struct text image;  /* an http or https address */
    struct text status; /* "active", "sold", ... : the user's word */
    bool has_price;
    double price;
    int64_t updated_ms; /* receive time of the request that set it */
};

/* One of a user's listings, as pages of them are made of. */
struct listing_entry {
    struct text listing_id;
    struct listing_details details;
};

#endif
