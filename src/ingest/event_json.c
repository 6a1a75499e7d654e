/*
 * event_json.c - one event, or an array of them, around event_reader.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest/event_json.h"

#include <stdint.h>
#include <stdlib.h>

#include "ingest/event_reader.h"
#include "ingest/json_cursor.h"

enum { LIST_CAP_MIN = 16 };

struct event *event_list_next(struct event_list *list)
{
    if (list->count == list->cap) {
        size_t cap = list->cap == 0 ? LIST_CAP_MIN : list->cap * 2;
        if (cap > SIZE_MAX / sizeof *list->at)
            return NULL;
        struct event *at = realloc(list->at, cap * sizeof *at);
        if (at == NULL)
            return NULL;
        list->at = at;
        list->cap = cap;
    }
    return &list->at[list->count];
}

void event_list_clear(struct event_list *list)
{
    list->count = 0;
}

void event_list_done(struct event_list *list)
{
    free(list->at);
    *list = (struct event_list){0};
}

enum status event_json_decode(char *json, size_t len, const struct event_rules *rules,
                              struct event *out, struct error *err)
{
    struct json_cursor cursor = json_cursor_of(json, len);
    struct event event;
    enum status status = event_read_alone(&cursor, rules, &event, err);
    if (status == STATUS_OK)
        *out = event;
    return status;
}

/* Reads the event at the cursor to the end of the list. */
static enum status read_one(struct json_cursor *cursor, const struct event_rules *rules,
                            struct event_list *list, struct error *err)
{
    struct event *event = event_list_next(list);
    if (event == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for more than %zu events", list->count);
    enum status status = event_read(cursor, rules, event, err);
    if (status == STATUS_OK)
        list->count++;
    return status;
}

/* Reads the array at the cursor; *index is the element it has come to. */
static enum status read_array(struct json_cursor *cursor, const struct event_rules *rules,
                              struct event_list *list, int64_t *index, struct error *err)
{
    cursor->at++;
    json_skip_space(cursor);
    bool more = !json_is(cursor, ']');
    while (more) {
        if (*index == EVENTS_MAX) {
            enum status status = fail_code(err, STATUS_TOO_LARGE, "too_many_events",
                                           "an array may hold at most %d events; send several, or "
                                           "application/x-ndjson, which has no such bound",
                                           EVENTS_MAX);
            if (err != NULL)
                err->offset = cursor->at - cursor->start;
            return status;
        }
        enum status status = read_one(cursor, rules, list, err);
        if (status != STATUS_OK)
            return status;
        json_skip_space(cursor);
        more = json_is(cursor, ',');
        if (!more && !json_is(cursor, ']'))
            return json_expected(cursor, "',' or ']'", err);
        if (more) {
            cursor->at++;
            json_skip_space(cursor);
            ++*index;
        }
    }
    cursor->at++;
    return STATUS_OK;
}

enum status events_json_decode(char *json, size_t len, const struct event_rules *rules,
                               struct event_list *list, struct error *err)
{
    struct json_cursor cursor = json_cursor_of(json, len);
    if (json_refuse_mark(&cursor, err))
        return STATUS_INVALID;
    json_skip_space(&cursor);

    enum status status;
    if (json_is(&cursor, '{')) {
        status = read_one(&cursor, rules, list, err);
    } else if (json_is(&cursor, '[')) {
        int64_t index = 0;
        status = read_array(&cursor, rules, list, &index, err);
        if (status != STATUS_OK && err != NULL)
            err->index = index;
    } else if (json_kind(&cursor) == NULL) {
        status = json_expected(&cursor, "an event object or an array of events", err);
    } else {
        status =
            json_wrong_type(&cursor, "", "the JSON", "an event object or an array of events", err);
    }
    return status == STATUS_OK ? json_only_space_left(&cursor, err) : status;
}
