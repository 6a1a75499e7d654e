/*
 * inquiry_json.c - one walk over the object, which checks all of it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest/inquiry_json.h"

#include "ingest/event_json.h"

static const char field[] = "inquiry";

enum status inquiry_json_take(struct json_cursor *cursor, struct text *out, struct error *err)
{
    const char *at = cursor->at;
    if (!json_is(cursor, '{'))
        return json_wrong_type(cursor, field, field, "an object", err);
    enum status status = json_skip_value(cursor, INQUIRY_LEVELS_MAX, err);
    if (status == STATUS_TOO_LARGE)
        return json_refuse(cursor, at, err, "invalid_inquiry", field,
                           "inquiry is nested more than %d levels deep", INQUIRY_LEVELS_MAX);
    if (status != STATUS_OK)
        return status;
    size_t len = (size_t)(cursor->at - at);
    if (len > INQUIRY_BYTES_MAX)
        return json_refuse(cursor, at, err, "invalid_inquiry", field,
                           "inquiry is %zu bytes long; at most %d are kept", len,
                           INQUIRY_BYTES_MAX);
    *out = (struct text){at, len};
    return STATUS_OK;
}

enum status inquiry_check_type(enum event_type type, struct error *err)
{
    if (type == EVENT_INQUIRY)
        return STATUS_OK;
    return fail_input(err, "invalid_inquiry", field,
                      "inquiry belongs to events of type inquiry only, not %s",
                      event_type_name(type));
}
