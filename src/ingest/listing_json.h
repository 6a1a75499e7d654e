/*
 * listing_json.h - a listing's details from a JSON object: address, price, currency, image, status.
 *
 * All optional; null means absent; any other key is refused. price is a number from 0 to 10^15,
 * currency three capital letters, image an http or https address, the others text within
 * model/listing.h's limits.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_INGEST_LISTING_JSON_H
#define FOOTFALL_INGEST_LISTING_JSON_H

#include "base/arena.h"
#include "base/status.h"
#include "model/listing.h"

/* Texts are copied into the arena. STATUS_INVALID with field, or offset for bad JSON. */
MUST_USE enum status listing_json_decode(struct text json, struct arena *arena,
                                         struct listing_details *out, struct error *err);

#endif
