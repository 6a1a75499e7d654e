/*
 * head.c - which requests are plain enough to be answered.
 *
 * libmicrohttpd 0.9.75 keeps the head where it was received and ends each piece with NUL:
 *
 *     POST /v1/events HTTP/1.1 \r\n Host :   a:8080 \r\n \r\n      as received
 *     POST\0/v1/events\0HTTP/1.1\0\0 Host\0 \0a:8080\0\0   \0\0      ('\0' where it cut)
 *     ^method           ^version     ^name    ^value            ^method + head_bytes
 *
 * So every byte can be accounted for. What it does to a folded line (it moves the field's name
 * elsewhere and glues the second line to it), to a NUL (it forgets the rest of the line) and to a
 * bare line feed (one byte instead of two) all break the sum, without a look at its insides.
 * Versions from 1.0 on refuse these by themselves, and may lay the head out otherwise; server.c
 * asks for this check only where it holds.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/head.h"

#include <string.h>

#include "http/media.h"

enum { VERSION_BYTES = 8, LINE_END_BYTES = 2 };

bool head_is_gapless(const struct head_layout *layout, const struct head_field *fields,
                     size_t count)
{
    uintptr_t target = (uintptr_t)layout->method + strlen(layout->method) + 1;
    if (target + layout->target_bytes + 1 != (uintptr_t)layout->version)
        return false;
    uintptr_t at = (uintptr_t)layout->version + VERSION_BYTES + LINE_END_BYTES;
    for (size_t i = 0; i < count; i++) {
        uintptr_t name_end = (uintptr_t)fields[i].name.at + fields[i].name.len;
        uintptr_t value = (uintptr_t)fields[i].value.at;
        if ((uintptr_t)fields[i].name.at != at || value <= name_end)
            return false;
        const char *gap = fields[i].name.at + fields[i].name.len + 1; /* behind the colon */
        for (uintptr_t k = name_end + 1; k < value; k++, gap++) {
            if (*gap != ' ' && *gap != '\t')
                return false;
        }
        at = value + fields[i].value.len + LINE_END_BYTES;
    }
    return at + LINE_END_BYTES == (uintptr_t)layout->method + layout->head_bytes;
}

/* RFC 9110, section 5.6.2. */
static bool is_token(struct text text)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && memchr(others, c, sizeof others - 1) == NULL)
            return false;
    }
    return text.len > 0;
}

static bool is_field_value(struct text text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static enum status refuse(struct error *err, const char *what)
{
    return fail_input(err, "invalid_request", "", "the request is not plain HTTP: %s", what);
}

static enum status read_content_length(struct text value, struct head *out, struct error *err)
{
    uint64_t length = 0;
    if (out->has_content_length)
        return refuse(err, "more than one Content-Length");
    if (value.len == 0 || value.len > 18)
        return refuse(err, "Content-Length is not a number");
    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] < '0' || value.at[i] > '9')
            return refuse(err, "Content-Length is not a number");
        length = length * 10 + (uint64_t)(value.at[i] - '0');
    }
    out->has_content_length = true;
    out->content_length = length;
    return STATUS_OK;
}

/* One that may come once only; a second would leave open which one counts. */
static enum status take_once(struct text value, struct text *field, const char *what,
                             struct error *err)
{
    if (field->at != NULL)
        return refuse(err, what);
    *field = value;
    return STATUS_OK;
}

static enum status read_field(const struct head_field *field, struct head *out, struct error *err)
{
    struct text name = field->name;
    struct text value = text_trim(field->value);
    switch (name.len) { /* most fields are no business of ours; tell them by their length */
    case 4:
        if (text_is_caseless(name, "host"))
            return take_once(value, &out->host, "more than one Host", err);
        break;
    case 6:
        if (text_is_caseless(name, "origin"))
            return take_once(value, &out->origin, "more than one Origin", err);
        if (text_is_caseless(name, "expect") && text_is_caseless(value, "100-continue"))
            out->expects_continue = !out->one_dot_zero;
        break;
    case 7:
        if (text_is_caseless(name, "upgrade"))
            return take_once(value, &out->upgrade, "more than one Upgrade", err);
        break;
    case 10:
        if (text_is_caseless(name, "connection") && out->connection.at == NULL)
            out->connection = value; /* a second one can only mean less */
        break;
    case 12:
        if (text_is_caseless(name, "content-type"))
            return take_once(value, &out->content_type, "more than one Content-Type", err);
        break;
    case 13:
        if (text_is_caseless(name, "authorization"))
            return take_once(value, &out->authorization, "more than one Authorization", err);
        if (text_is_caseless(name, "if-none-match"))
            return take_once(value, &out->if_none_match, "more than one If-None-Match", err);
        if (text_is_caseless(name, "last-event-id"))
            return take_once(value, &out->last_event_id, "more than one Last-Event-ID", err);
        break;
    case 14:
        if (text_is_caseless(name, "content-length"))
            return read_content_length(value, out, err);
        break;
    case 15:
        if (text_is_caseless(name, "accept-encoding") && out->accept_encoding.at == NULL)
            out->accept_encoding = value; /* a second one can only offer more */
        break;
    case 16:
        if (text_is_caseless(name, "content-encoding"))
            return take_once(value, &out->content_encoding, "more than one Content-Encoding", err);
        break;
    case 17:
        if (text_is_caseless(name, "transfer-encoding")) {
            if (out->chunked || out->one_dot_zero || !text_is_caseless(value, "chunked"))
                return refuse(err, "the only Transfer-Encoding understood is chunked, once");
            out->chunked = true;
        }
        if (text_is_caseless(name, "sec-websocket-key"))
            return take_once(value, &out->websocket_key, "more than one Sec-WebSocket-Key", err);
        break;
    case 21:
        if (text_is_caseless(name, "sec-websocket-version"))
            return take_once(value, &out->websocket_version, "more than one Sec-WebSocket-Version",
                             err);
        break;
    default:
        break;
    }
    return STATUS_OK;
}

enum status head_read(const struct head_field *fields, size_t count, const char *version,
                      struct head *out, struct error *err)
{
    *out = (struct head){.one_dot_zero = strcmp(version, "HTTP/1.0") == 0};
    for (size_t i = 0; i < count; i++) {
        if (!is_token(fields[i].name))
            return refuse(err, "a header field's name holds a space or a character that names "
                               "cannot have");
        if (!is_field_value(fields[i].value))
            return refuse(err, "a header field holds a control character");
        enum status status = read_field(&fields[i], out, err);
        if (status != STATUS_OK)
            return status;
    }
    if (out->host.at == NULL && !out->one_dot_zero)
        return refuse(err, "Host is missing");
    if (out->chunked && out->has_content_length)
        return refuse(err, "Content-Length together with Transfer-Encoding");
    return STATUS_OK;
}
