/*
 * event.h - one engagement with a listing, as ingest resolved it, and the rules for its parts.
 *
 * An event here is valid and complete: ingest has checked every rule below, filled in the time,
 * and mapped the platform. From here on nothing drops or changes it.
 *
 * Threads: pure functions and plain data.
 */
#ifndef FOOTFALL_MODEL_EVENT_H
#define FOOTFALL_MODEL_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum event_type { EVENT_VIEW, EVENT_SHARE, EVENT_INQUIRY };

enum {
    EVENT_TYPES = 3,
    ID_BYTES_MAX = 128,      /* userId, listingId */
    EVENT_ID_BYTES_MAX = 64, /* id */
    VISITOR_BYTES_MAX = 64,
    SOURCE_BYTES_MAX = 64,
    INQUIRY_BYTES_MAX = 8 * 1024
};

/* Absent texts have at == NULL. The texts belong to whoever made the event. */
struct event {
    struct text user_id;
    struct text listing_id;
    struct text source;
    struct text id;
    struct text visitor;
    struct text inquiry; /* a JSON object as it was sent; on inquiries only */
    int64_t time_ms;     /* when it happened, ms since 1970-01-01 UTC */
    enum event_type type;
    uint8_t platform; /* model/platform.h; PLATFORM_NONE without one */
};

/* "view", "share", "inquiry". */
const char *event_type_name(enum event_type type);
/* The type of a name; false when there is none. */
bool event_type_parse(struct text name, enum event_type *type);

/*
 * Whether text may be an id: 1 to bytes_max bytes of valid UTF-8 without control characters
 * (C0, DEL, C1) and without '#', which separates keys in shared tables; not "." or "..".
 * STATUS_INVALID with code "invalid_id" and the field's name otherwise.
 */
MUST_USE enum status id_check(struct text text, size_t bytes_max, const char *field,
                              struct error *err);

/*
 * As id_check(), for a source: also no '(' at its start, which marks names made by Footfall,
 * such as "(other)". Code "invalid_source".
 */
MUST_USE enum status source_check(struct text text, struct error *err);

/* Whether the bytes are UTF-8 as RFC 3629 has it: no overlong forms, no surrogates. */
bool utf8_valid(struct text text);

#endif
