/*
 * body.c - a request's JSON, written piece by piece.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/dynamodb/body.h"

#include <inttypes.h>
#include <stdio.h>

#include "model/calendar.h"

void body_clear(struct body *body)
{
    body->bytes.len = 0;
    body->failed = false;
}

void body_done(struct body *body)
{
    bytes_done(&body->bytes);
    body->failed = false;
}

bool body_ok(const struct body *body)
{
    return !body->failed;
}

struct text body_text(const struct body *body)
{
    return (struct text){(const char *)body->bytes.at, body->bytes.len};
}

void body_put_text(struct body *body, struct text json)
{
    if (json.len > 0 && !bytes_append(&body->bytes, json.at, json.len))
        body->failed = true;
}

void body_put(struct body *body, const char *json)
{
    body_put_text(body, text_of(json));
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte != '"' && byte != '\\';
}

void body_put_escaped(struct body *body, struct text text)
{
    size_t from = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (is_plain(byte))
            continue;
        char escape[8];
        int len = byte < 0x20 ? snprintf(escape, sizeof escape, "\\u%04x", byte)
                              : snprintf(escape, sizeof escape, "\\%c", byte);
        body_put_text(body, (struct text){text.at + from, i - from});
        body_put_text(body, (struct text){escape, (size_t)len});
        from = i + 1;
    }
    body_put_text(body, (struct text){text.at + from, text.len - from});
}

void body_put_number(struct body *body, int64_t number)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRId64, number);
    body_put_text(body, (struct text){digits, (size_t)len});
}

void body_put_s(struct body *body, struct text text)
{
    body_put(body, "{\"S\":\"");
    body_put_escaped(body, text);
    body_put(body, "\"}");
}

void body_put_n(struct body *body, int64_t number)
{
    body_put(body, "{\"N\":\"");
    body_put_number(body, number);
    body_put(body, "\"}");
}

static void put_name(struct body *body, const char *name)
{
    size_t len = body->bytes.len;
    if (len > 0 && body->bytes.at[len - 1] != '{')
        body_put(body, ",");
    body_put(body, "\"");
    body_put(body, name);
    body_put(body, "\":");
}

void body_put_member_s(struct body *body, const char *name, struct text text)
{
    put_name(body, name);
    body_put_s(body, text);
}

void body_put_member_n(struct body *body, const char *name, int64_t number)
{
    put_name(body, name);
    body_put_n(body, number);
}

void body_put_date(struct body *body, int32_t day)
{
    char date[DATE_BYTES];
    date_format(day, date);
    body_put_text(body, (struct text){date, sizeof date});
}

void body_put_moment(struct body *body, int64_t time_ms)
{
    char rest[24];
    int32_t day = day_of_ms(time_ms);
    int ms = (int)(time_ms - day * ms_per_day);
    int len = snprintf(rest, sizeof rest, "T%02d:%02d:%02d.%03dZ", ms / 3600000, ms / 60000 % 60,
                       ms / 1000 % 60, ms % 1000);
    body_put_date(body, day);
    body_put_text(body, (struct text){rest, (size_t)len});
}
