/*
 * json_peek.c - walks the members of one object and skips their values.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest/json_peek.h"

#include <assert.h>

#include "ingest/json_cursor.h"

enum { LEVELS_MAX = 64 };

/* Notes the member whose value is at the cursor. */
static void note(const struct json_cursor *cursor, struct text key, const char *const names[],
                 size_t name_count, struct json_peek *peek)
{
    for (size_t i = 0; i < name_count; i++) {
        if (!text_is(key, names[i]))
            continue;
        if (json_is(cursor, 'n'))
            peek->null_at[i] = (size_t)(cursor->at - cursor->start);
        else
            peek->has[i] = true;
        return;
    }
}

enum status json_peek(char *json, size_t len, const char *const names[], size_t name_count,
                      struct json_peek *out, struct error *err)
{
    assert(name_count <= JSON_PEEK_NAMES_MAX);
    struct json_cursor cursor = json_cursor_of(json, len);
    struct json_peek peek = {0};
    bool more = false;
    if (json_refuse_mark(&cursor, err))
        return STATUS_INVALID;
    json_skip_space(&cursor);
    if (!json_is(&cursor, '{'))
        return json_wrong_type(&cursor, "", "an event", "an object", err);
    peek.inside = (size_t)(cursor.at + 1 - json);

    enum status status = json_object_begin(&cursor, &more, err);
    peek.empty = !more;
    while (status == STATUS_OK && more) {
        struct text key = {0};
        status = json_object_key(&cursor, &key, err);
        if (status != STATUS_OK)
            return status;
        note(&cursor, key, names, name_count, &peek);
        const char *at = cursor.at;
        status = json_skip_value(&cursor, LEVELS_MAX, err);
        if (status == STATUS_TOO_LARGE)
            return json_refuse(&cursor, at, err, "invalid_json", "",
                               "a value is nested more than %d levels deep", LEVELS_MAX);
        if (status == STATUS_OK)
            status = json_object_more(&cursor, &more, err);
    }
    if (status == STATUS_OK)
        status = json_only_space_left(&cursor, err);
    if (status == STATUS_OK)
        *out = peek;
    return status;
}
