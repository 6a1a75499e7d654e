/*
 * json_writer.c - values straight into the buffer, one reservation a value.
 *
 * Commas need no stack: one is due before a value or a key exactly when the last thing written
 * was a whole value. Opening a bracket or writing a key clears that, everything else sets it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "present/json_writer.h"

#include <string.h>

#include "model/calendar.h"
#include "present/json_text.h"

char *json_reserve(struct json_writer *writer, size_t len)
{
    if (writer->failed || len == SIZE_MAX || !bytes_reserve(writer->out, len + 1)) {
        writer->failed = true;
        return NULL;
    }
    char *to = (char *)writer->out->at + writer->out->len;
    if (writer->need_comma)
        *to++ = ',';
    return to;
}

void json_keep(struct json_writer *writer, const char *end, bool is_value)
{
    writer->out->len = (size_t)((const uint8_t *)end - writer->out->at);
    writer->need_comma = is_value;
}

static void put_token(struct json_writer *writer, const char *token, size_t len, bool is_value)
{
    char *to = json_reserve(writer, len);
    if (to != NULL)
        json_keep(writer, mempcpy(to, token, len), is_value);
}

static void put_end(struct json_writer *writer, char bracket)
{
    writer->need_comma = false;
    put_token(writer, &bracket, 1, true);
}

void json_put_object(struct json_writer *writer)
{
    put_token(writer, "{", 1, false);
}
void json_put_object_end(struct json_writer *writer)
{
    put_end(writer, '}');
}
void json_put_array(struct json_writer *writer)
{
    put_token(writer, "[", 1, false);
}
void json_put_array_end(struct json_writer *writer)
{
    put_end(writer, ']');
}

void json_put_key(struct json_writer *writer, const char *name)
{
    size_t len = strlen(name);
    char *to = json_reserve(writer, len + 3);
    if (to == NULL)
        return;
    *to++ = '"';
    to = mempcpy(to, name, len);
    *to++ = '"';
    *to++ = ':';
    json_keep(writer, to, false);
}

/* Room for a text in quotes and a colon. */
static char *text_room(struct json_writer *writer, struct text text)
{
    bool fits = text.len < SIZE_MAX / JSON_BYTES_PER_BYTE_MAX - 1;
    return json_reserve(writer, fits ? 3 + JSON_BYTES_PER_BYTE_MAX * text.len : SIZE_MAX);
}

void json_put_key_text(struct json_writer *writer, struct text name)
{
    char *to = text_room(writer, name);
    if (to == NULL)
        return;
    to = json_write_text(to, name);
    *to++ = ':';
    json_keep(writer, to, false);
}

void json_put_text(struct json_writer *writer, struct text text)
{
    if (text.at == NULL) {
        json_put_null(writer);
        return;
    }
    char *to = text_room(writer, text);
    if (to != NULL)
        json_keep(writer, json_write_text(to, text), true);
}

void json_put_string(struct json_writer *writer, const char *string)
{
    json_put_text(writer, text_of(string));
}

void json_put_u64(struct json_writer *writer, uint64_t number)
{
    char *to = json_reserve(writer, JSON_U64_BYTES_MAX);
    if (to != NULL)
        json_keep(writer, json_write_u64(to, number), true);
}

void json_put_i64(struct json_writer *writer, int64_t number)
{
    char *to = json_reserve(writer, 1 + JSON_U64_BYTES_MAX);
    if (to == NULL)
        return;
    if (number < 0)
        *to++ = '-';
    uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    json_keep(writer, json_write_u64(to, size), true);
}

void json_put_double(struct json_writer *writer, double number)
{
    char *to = json_reserve(writer, JSON_DOUBLE_BYTES_MAX);
    if (to != NULL)
        json_keep(writer, json_write_double(to, number), true);
}

void json_put_bool(struct json_writer *writer, bool value)
{
    put_token(writer, value ? "true" : "false", value ? 4 : 5, true);
}

void json_put_null(struct json_writer *writer)
{
    put_token(writer, "null", 4, true);
}

void json_put_date(struct json_writer *writer, int32_t day)
{
    char *to = json_reserve(writer, DATE_BYTES + 2);
    if (to == NULL)
        return;
    *to++ = '"';
    date_format(day, to);
    to += DATE_BYTES;
    *to++ = '"';
    json_keep(writer, to, true);
}

void json_put_raw(struct json_writer *writer, struct text json)
{
    char *to = text_room(writer, json);
    if (to != NULL)
        json_keep(writer, json_write_raw(to, json), true);
}
