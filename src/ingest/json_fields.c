/*
 * json_fields.c - known names, and the words for unknown ones.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest/json_fields.h"

#include <stdio.h>

#include "base/nearest.h"

size_t json_field_find(const struct json_fields *fields, struct text name)
{
    size_t i = 0;
    while (i < fields->count && !text_is(name, fields->names[i]))
        i++;
    return i;
}

enum status json_unknown_field(const struct json_cursor *cursor, const char *at,
                               const struct json_fields *fields, struct text key, struct error *err)
{
    if (err == NULL)
        return STATUS_INVALID;
    struct json_excerpt shown = json_excerpt(key);
    const char *meant = nearest_name(key, fields->names, fields->count);
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
