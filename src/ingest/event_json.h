/*
 * event_json.h - events from JSON: strict, in one pass, in place.
 *
 * A decoder for this one flat schema, because ingest is what Footfall exists for and general
 * decoders are several times slower or accept what they should not. RFC 8259 to the letter;
 * beyond it duplicate keys, unknown keys (with the nearest known name), wrong types, lone
 * surrogates and U+0000 are refused. Escapes are undone in the buffer itself, so events point
 * into it; `inquiry` is checked, without recursion, at most 64 levels deep, and kept verbatim.
 *
 * Errors carry the byte offset in the input and, where they apply, field and index.
 *
 * Buffers are changed and must be readable for EVENT_JSON_PADDING bytes behind len.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_INGEST_EVENT_JSON_H
#define FOOTFALL_INGEST_EVENT_JSON_H

#include <stddef.h>

#include "base/status.h"
#include "ingest/event_rules.h"
#include "model/event.h"

enum { EVENT_JSON_PADDING = 16, EVENTS_MAX = 10000 };

/* Grows as needed. Start as {0}. */
struct event_list {
    struct event *at;
    size_t count;
    size_t cap;
};
void event_list_clear(struct event_list *list);
void event_list_done(struct event_list *list);

/*
 * Reads one event, white space around it allowed, into *out. STATUS_INVALID otherwise; codes:
 *   invalid_json      not JSON, with offset
 *   missing_field, unknown_field, duplicate_field, wrong_type (with field)
 *   invalid_id, invalid_source, invalid_timestamp, unknown_event_type, unknown_platform,
 *   invalid_inquiry (too long, too deep, or not on an inquiry)
 */
MUST_USE enum status event_json_decode(char *json, size_t len, const struct event_rules *rules,
                                       struct event *out, struct error *err);

/*
 * Reads one event or an array of 0 to EVENTS_MAX events, appending to *list. On an error
 * *list may hold some events, which mean nothing. err->index is set for arrays.
 * STATUS_TOO_LARGE, code "too_many_events"; STATUS_NO_MEMORY.
 */
MUST_USE enum status events_json_decode(char *json, size_t len, const struct event_rules *rules,
                                        struct event_list *list, struct error *err);

#endif
