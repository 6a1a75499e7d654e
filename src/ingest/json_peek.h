/*
 * json_peek.h - which members a JSON object has, without reading what they say.
 *
 * For passing objects on with something added: the importer gives ids to events that have none. As
 * strict as event_json.h about what JSON is; it knows nothing of events.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_INGEST_JSON_PEEK_H
#define FOOTFALL_INGEST_JSON_PEEK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum { JSON_PEEK_NAMES_MAX = 16 };

struct json_peek {
    size_t inside;                       /* offset just behind the opening brace */
    bool empty;                          /* the object has no members */
    bool has[JSON_PEEK_NAMES_MAX];       /* a member of this name, with a value that is not null */
    size_t null_at[JSON_PEEK_NAMES_MAX]; /* offset of the word null, if that is its value; else 0 */
};

/*
 * Looks for the names (at most JSON_PEEK_NAMES_MAX) among the members of the one object that the
 * text is, with white space around it. Escapes in keys are undone in the text, nothing else is
 * changed, and every offset stays what it was. STATUS_INVALID, codes "invalid_json" and
 * "wrong_type" (no object), with the offset.
 */
MUST_USE enum status json_peek(char *json, size_t len, const char *const names[], size_t name_count,
                               struct json_peek *out, struct error *err);

#endif
