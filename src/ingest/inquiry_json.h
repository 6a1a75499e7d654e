/*
 * inquiry_json.h - what an inquiry's sender wrote: any JSON object, checked and kept as it is.
 *
 * Inside this folder only.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_INGEST_INQUIRY_JSON_H
#define FOOTFALL_INGEST_INQUIRY_JSON_H

#include "base/status.h"
#include "base/text.h"
#include "ingest/json_cursor.h"
#include "model/event.h"

/*
 * Moves over the object at the cursor, changing nothing; *out is its bytes. STATUS_INVALID, field
 * "inquiry": wrong_type for another value, invalid_json, invalid_inquiry when it is over
 * INQUIRY_BYTES_MAX long or over INQUIRY_LEVELS_MAX deep.
 */
MUST_USE enum status inquiry_json_take(struct json_cursor *cursor, struct text *out,
                                       struct error *err);

/* STATUS_INVALID, code "invalid_inquiry", when the type has no such content. */
MUST_USE enum status inquiry_check_type(enum event_type type, struct error *err);

#endif
