/*
 * listing_json.h - a listing's details from a JSON object: address, price, currency, image, status.
 *
 * All optional; null means absent; any other key is refused. price is a number from 0 to 10^15,
 * currency three capital letters, image an http or https address without spaces and control
 * characters, address and status text; all within model/listing.h's limits and none empty.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_INGEST_LISTING_JSON_H
#define FOOTFALL_INGEST_LISTING_JSON_H

#include "base/arena.h"
#include "base/status.h"
#include "model/listing.h"

/*
 * Texts are copied into the arena. updated_ms is left 0. STATUS_INVALID with the byte offset, and
 * the field where one is to blame; codes:
 *   invalid_json, unknown_field, duplicate_field, wrong_type   as in ingest/event_json.h
 *   invalid_listing   a value that breaks its rule
 * STATUS_NO_MEMORY. *out is then as before.
 */
MUST_USE enum status listing_json_decode(struct text json, struct arena *arena,
                                         struct listing_details *out, struct error *err);

#endif
