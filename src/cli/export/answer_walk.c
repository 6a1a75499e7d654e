/*
 * answer_walk.c - the strict cursor of ingest, walking what a server says.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/export/answer_walk.h"

#include "ingest/json_cursor.h"

enum { LEVELS_MAX = 64 /* more than an inquiry's own, and the answer's around it, may nest */ };

static enum status unknown_answer(struct error *err)
{
    return fail(err, STATUS_IO,
                "the answer is not shaped as a Footfall's: are server and program of one version?");
}

/* ---- members ---- */

/* An inquiry may nest 64 levels below the object that holds it: so values are skipped one by one,
 * each with all its levels. */
static bool take_value(struct json_cursor *cursor, struct answer_member *member)
{
    struct error ignored;
    char *from = cursor->at;
    bool plain = false;
    if (member != NULL && !member->raw && json_is(cursor, '"'))
        return json_take_string(cursor, &member->value, &plain, &ignored) == STATUS_OK;
    if (json_skip_value(cursor, LEVELS_MAX, &ignored) != STATUS_OK)
        return false;
    struct text value = {from, (size_t)(cursor->at - from)};
    if (member != NULL && (member->raw || !text_is(value, "null")))
        member->value = value;
    return true;
}

static struct answer_member *find_member(struct answer_member *members, size_t count,
                                         struct text key)
{
    for (size_t i = 0; i < count; i++)
        if (text_is(key, members[i].name))
            return &members[i];
    return NULL;
}

static bool walk_members(struct json_cursor *cursor, struct answer_member *members, size_t count)
{
    struct error ignored;
    bool more = false;
    if (!json_is(cursor, '{') || json_object_begin(cursor, &more, &ignored) != STATUS_OK)
        return false;
    while (more) {
        struct text key;
        if (json_object_key(cursor, &key, &ignored) != STATUS_OK ||
            !take_value(cursor, find_member(members, count, key)) ||
            json_object_more(cursor, &more, &ignored) != STATUS_OK)
            return false;
    }
    return true;
}

enum status answer_members(char *json, size_t len, struct answer_member *members, size_t count,
                           struct error *err)
{
    struct json_cursor cursor = json_cursor_of(json, len);
    for (size_t i = 0; i < count; i++)
        members[i].value = (struct text){NULL, 0};
    return walk_members(&cursor, members, count) ? STATUS_OK : unknown_answer(err);
}

/* ---- the list ---- */

/* Moves over an object without changing a byte, member by member. */
static bool skip_object(struct json_cursor *cursor)
{
    struct error ignored;
    bool more = false;
    if (!json_is(cursor, '{') || json_object_begin(cursor, &more, &ignored) != STATUS_OK)
        return false;
    while (more) {
        if (!json_is(cursor, '"') || json_skip_value(cursor, LEVELS_MAX, &ignored) != STATUS_OK)
            return false;
        json_skip_space(cursor);
        if (!json_is(cursor, ':'))
            return false;
        cursor->at++;
        json_skip_space(cursor);
        if (json_skip_value(cursor, LEVELS_MAX, &ignored) != STATUS_OK ||
            json_object_more(cursor, &more, &ignored) != STATUS_OK)
            return false;
    }
    return true;
}

static enum status walk_list(struct json_cursor *cursor, answer_element *each, void *context,
                             struct error *err)
{
    if (!json_is(cursor, '['))
        return unknown_answer(err);
    cursor->at++;
    json_skip_space(cursor);
    while (!json_is(cursor, ']')) {
        char *from = cursor->at;
        if (!skip_object(cursor))
            return unknown_answer(err);
        enum status status = each(from, (size_t)(cursor->at - from), context, err);
        if (status != STATUS_OK)
            return status;
        json_skip_space(cursor);
        if (json_is(cursor, ',')) {
            cursor->at++;
            json_skip_space(cursor);
            if (json_is(cursor, ']'))
                return unknown_answer(err);
        } else if (!json_is(cursor, ']')) {
            return unknown_answer(err);
        }
    }
    cursor->at++;
    return STATUS_OK;
}

enum status answer_walk(char *json, size_t len, const char *list, answer_element *each,
                        void *context, struct text *next_cursor, struct error *err)
{
    struct error ignored;
    struct answer_member next = {.name = "nextCursor"};
    struct json_cursor cursor = json_cursor_of(json, len);
    bool more = false;
    bool has_list = false;

    json_skip_space(&cursor);
    if (!json_is(&cursor, '{') || json_object_begin(&cursor, &more, &ignored) != STATUS_OK)
        return unknown_answer(err);
    while (more) {
        struct text key;
        if (json_object_key(&cursor, &key, &ignored) != STATUS_OK)
            return unknown_answer(err);
        if (!has_list && text_is(key, list)) {
            enum status status = walk_list(&cursor, each, context, err);
            if (status != STATUS_OK)
                return status;
            has_list = true;
        } else if (!take_value(&cursor, text_is(key, next.name) ? &next : NULL)) {
            return unknown_answer(err);
        }
        if (json_object_more(&cursor, &more, &ignored) != STATUS_OK)
            return unknown_answer(err);
    }
    if (!has_list)
        return unknown_answer(err);
    *next_cursor = next.value;
    return STATUS_OK;
}
