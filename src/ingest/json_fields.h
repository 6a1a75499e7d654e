/*
 * json_fields.h - the names a schema knows, and the words for a name it does not know.
 *
 * Inside this folder only. A misspelled field must not be ignored: "listingID" would count for
 * nothing in silence. So it is refused with the name that was probably meant.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_INGEST_JSON_FIELDS_H
#define FOOTFALL_INGEST_JSON_FIELDS_H

#include <stddef.h>

#include "base/status.h"
#include "base/text.h"
#include "ingest/json_cursor.h"

struct json_fields {
    const char *const *names;
    size_t count;
};

/* The index of a name, or fields->count. */
size_t json_field_find(const struct json_fields *fields, struct text name);

/* Refuses the key that starts at `at`: unknown_field, with the nearest name or else all of them. */
enum status json_unknown_field(const struct json_cursor *cursor, const char *at,
                               const struct json_fields *fields, struct text key,
                               struct error *err);

/* Refuses the key that starts at `at` because it stands there twice: duplicate_field. */
enum status json_duplicate_field(const struct json_cursor *cursor, const char *at,
                                 const char *field, struct error *err);

#endif
