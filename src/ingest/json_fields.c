/*
 * json_fields.c - finds the known name nearest to an unknown one.
 *
 * Nearest by edit distance (Levenshtein: letters put in, left out or changed), case aside. A name
 * is near when less than half of the longer of the two would have to change: "listingID" and
 * "listing_id" are near to "listingId", "ts" is near to nothing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest/json_fields.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { NAME_BYTES_MAX = 32 };

size_t json_field_find(const struct json_fields *fields, struct text name)
{
    size_t i = 0;
    while (i < fields->count && !text_is(name, fields->names[i]))
        i++;
    return i;
}

static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static size_t edit_distance(struct text a, struct text b)
{
    assert(b.len <= NAME_BYTES_MAX);
    size_t row[NAME_BYTES_MAX + 1]; /* from the first i of a to the first j of b */
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t best = corner + (lower(a.at[i - 1]) != lower(b.at[j - 1]));
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            corner = row[j];
            row[j] = best;
        }
    }
    return row[b.len];
}

/* The nearest name, or NULL when none is near. */
static const char *nearest(const struct json_fields *fields, struct text key)
{
    const char *found = NULL;
    size_t found_distance = SIZE_MAX;
    if (key.len > NAME_BYTES_MAX)
        return NULL;
    for (size_t i = 0; i < fields->count; i++) {
        struct text name = text_of(fields->names[i]);
        size_t distance = edit_distance(key, name);
        size_t longer = key.len > name.len ? key.len : name.len;
        if (distance * 2 < longer && distance < found_distance) {
            found = fields->names[i];
            found_distance = distance;
        }
    }
    return found;
}

enum status json_unknown_field(const struct json_cursor *cursor, const char *at,
                               const struct json_fields *fields, struct text key, struct error *err)
{
    if (err == NULL)
        return STATUS_INVALID;
    struct json_excerpt shown = json_excerpt(key);
    const char *meant = nearest(fields, key);
    if (meant != NULL)
        return json_refuse(cursor, at, err, "unknown_field", shown.text,
                           "unknown field \"%s\"; did you mean \"%s\"?", shown.text, meant);
    char known[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < fields->count && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "" : ", ",
                                 fields->names[i]);
    return json_refuse(cursor, at, err, "unknown_field", shown.text,
                       "unknown field \"%s\"; the known ones are %s", shown.text, known);
}

enum status json_duplicate_field(const struct json_cursor *cursor, const char *at,
                                 const char *field, struct error *err)
{
    return json_refuse(cursor, at, err, "duplicate_field", field, "%s stands there twice", field);
}
