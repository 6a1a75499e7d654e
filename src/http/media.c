/*
 * media.c - Content-Type, read as far as an answer depends on it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/media.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool text_is_caseless(struct text text, const char *lower_case)
{
    size_t i = 0;
    for (; i < text.len && lower_case[i] != '\0'; i++) {
        if (lower(text.at[i]) != lower_case[i])
            return false;
    }
    return i == text.len && lower_case[i] == '\0';
}

struct text text_trim(struct text text)
{
    while (text.len > 0 && (text.at[0] == ' ' || text.at[0] == '\t')) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* Cuts off and returns what stands before the separator. */
static struct text take_until(struct text *rest, char separator)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->at, separator, rest->len);
    struct text piece = {rest->at, end == NULL ? rest->len : (size_t)(end - rest->at)};
    size_t used = piece.len + (end != NULL);
    rest->at += used;
    rest->len -= used;
    return text_trim(piece);
}

static bool charset_is_utf8(struct text parameters)
{
    while (parameters.len > 0) {
        struct text value = take_until(&parameters, ';');
        struct text name = take_until(&value, '=');
        if (!text_is_caseless(name, "charset"))
            continue;
        value = text_trim(value);
        if (value.len >= 2 && value.at[0] == '"' && value.at[value.len - 1] == '"')
            value = (struct text){value.at + 1, value.len - 2};
        if (!text_is_caseless(value, "utf-8") && !text_is_caseless(value, "utf8"))
            return false;
    }
    return true;
}

enum media media_parse(struct text content_type)
{
    struct text rest = content_type;
    if (rest.at == NULL)
        return MEDIA_NONE;
    struct text type = take_until(&rest, ';');
    if (type.len == 0)
        return MEDIA_NONE;
    enum media media = MEDIA_OTHER;
    if (text_is_caseless(type, "application/json"))
        media = MEDIA_JSON;
    else if (text_is_caseless(type, "application/x-ndjson") ||
             text_is_caseless(type, "application/ndjson") ||
             text_is_caseless(type, "application/jsonl"))
        media = MEDIA_NDJSON;
    return media == MEDIA_OTHER || charset_is_utf8(rest) ? media : MEDIA_OTHER;
}
