/*
 * listing_rules.h - what a listing's details must be, whichever way they came.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_INGEST_LISTING_RULES_H
#define FOOTFALL_INGEST_LISTING_RULES_H

#include "base/status.h"
#include "base/text.h"

/*
 * field: "address", "currency", "image" or "status"; text: valid UTF-8 without NUL. STATUS_INVALID,
 * code "invalid_listing" and the field's name, for a text that breaks the rule of
 * ingest/listing_json.h.
 */
MUST_USE enum status listing_check_text(const char *field, struct text text, struct error *err);

/* As above; not a number, infinities and negative numbers are refused. */
MUST_USE enum status listing_check_price(double price, struct error *err);

#endif
