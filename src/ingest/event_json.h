/*
 * event_json.h - events from JSON: strict, in one pass, in place.
 *
 * A decoder for this one flat schema, because ingest is what Footfall exists for and general
 * decoders are several times slower or accept what they should not. RFC 8259 to the letter;
 * beyond it duplicate keys, unknown keys (with the nearest known name), wrong types, lone
 * surrogates and U+0000 are refused. Escapes are undone in the buffer itself, so events point
 * into it.
 *
 *     userId, listingId   required; model/event.h says what an id may be
 *     eventType           required: "view", "share" or "inquiry"
 *     platform            one of the accepted names
 *     source              model/event.h says what a source may be
 *     timestamp           whole milliseconds since 1970-01-01 UTC, or an RFC 3339 text;
 *                         within the rules' bounds; absent: the rules' now_ms
 *     id, visitor         ids of up to EVENT_ID_BYTES_MAX and VISITOR_BYTES_MAX bytes
 *     inquiry             on inquiries only: any JSON object of up to INQUIRY_BYTES_MAX bytes as
 *                         sent and 64 levels; its texts are checked as all others are, without
 *                         recursion, and it is kept as it was sent: its numbers of any size, its
 *                         own keys even if one stands there twice
 *
 * In all but the required three null means absent.
 *
 * Errors are the first that is found, reading forward, and carry the byte offset in the input:
 * of the byte that is wrong in bad JSON, of the key in unknown_field and duplicate_field, of the
 * value in whatever is wrong with a value, of the object in missing_field. Where a field is to
 * blame, it is named.
 *
 * Buffers are changed, also when an error is found. Nothing outside them is touched.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_INGEST_EVENT_JSON_H
#define FOOTFALL_INGEST_EVENT_JSON_H

#include <stddef.h>

#include "base/status.h"
#include "ingest/event_rules.h"
#include "model/event.h"

enum { EVENTS_MAX = 10000, INQUIRY_LEVELS_MAX = 64 };

/* Grows as needed. Start as {0}. */
struct event_list {
    struct event *at;
    size_t count;
    size_t cap;
};
/* Room for one more event behind the last, not counted yet; NULL when out of memory. */
MUST_USE struct event *event_list_next(struct event_list *list);
void event_list_clear(struct event_list *list);
void event_list_done(struct event_list *list);

/*
 * Reads one event, white space around it allowed, into *out. STATUS_INVALID otherwise; codes:
 *   invalid_json      not JSON
 *   missing_field, unknown_field, duplicate_field, wrong_type
 *   invalid_id, invalid_source, invalid_timestamp, unknown_event_type, unknown_platform,
 *   invalid_inquiry (too long, too deep, or not on an inquiry)
 */
MUST_USE enum status event_json_decode(char *json, size_t len, const struct event_rules *rules,
                                       struct event *out, struct error *err);

/*
 * Reads one event or an array of 0 to EVENTS_MAX events, appending to *list. On an error
 * *list may hold some events, which mean nothing. In an array err->index is the element in which,
 * or just behind which, the error is; -1 behind the array's end.
 * STATUS_TOO_LARGE, code "too_many_events"; STATUS_NO_MEMORY.
 */
MUST_USE enum status events_json_decode(char *json, size_t len, const struct event_rules *rules,
                                        struct event_list *list, struct error *err);

#endif
