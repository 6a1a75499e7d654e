/*
 * response.c - nothing is read before the head is whole, which its empty line says; then each line
 * is checked once. RFC 9112, sections 2 to 6.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/load/response.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

static bool is_name(struct text text, const char *name)
{
    return text.len == strlen(name) && strncasecmp(text.at, name, text.len) == 0;
}

/* A number of 1 to 9 digits. */
static bool read_number(struct text text, long *out)
{
    long value = 0;
    if (text.len == 0 || text.len > 9)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        value = value * 10 + (text.at[i] - '0');
    }
    *out = value;
    return true;
}

/* RFC 9110, section 5.6.2 */
static bool is_token(struct text text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (byte <= ' ' || byte >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", byte) != NULL)
            return false;
    }
    return text.len > 0;
}

static struct text trimmed(struct text text)
{
    while (text.len > 0 && (*text.at == ' ' || *text.at == '\t')) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* "HTTP/1.1 200 OK"; the reason may be empty. */
static const char *read_status_line(struct text line, struct response *out)
{
    long status = 0;
    if (!text_starts_with(line, "HTTP/1.1 "))
        return "the answer is not HTTP/1.1";
    if (line.len < 12 || !read_number((struct text){line.at + 9, 3}, &status) ||
        (line.len > 12 && line.at[12] != ' '))
        return "the status line has no status";
    if (status < 200 || status > 599)
        return "the status is not a final one";
    out->status = (int)status;
    return NULL;
}

static const char *read_field(struct text line, struct response *out, bool *has_length)
{
    const char *colon = memchr(line.at, ':', line.len);
    if (colon == NULL)
        return "a header line has no colon";
    struct text name = {line.at, (size_t)(colon - line.at)};
    struct text value = trimmed((struct text){colon + 1, line.len - name.len - 1});
    long number = 0;

    if (!is_token(name))
        return "a header's name is none";
    if (is_name(name, "Content-Length")) {
        if (*has_length)
            return "two lengths";
        if (!read_number(value, &number))
            return "the length is no number";
        if (number > RESPONSE_BODY_BYTES_MAX)
            return "the answer is longer than 4 MiB";
        out->body_bytes = (size_t)number;
        *has_length = true;
    } else if (is_name(name, "Transfer-Encoding")) {
        return "the answer comes in chunks, which this client does not read";
    } else if (is_name(name, "Connection")) {
        out->close = out->close || is_name(value, "close");
    } else if (is_name(name, "Retry-After") && read_number(value, &number)) {
        out->retry_after_s = (int)number;
    }
    return NULL;
}

/* The line at the start, without its end; at NULL when a bare CR or LF is in it. */
static struct text next_line(const char *at, const char *end)
{
    const char *stop = at;
    while (stop < end && *stop != '\r' && *stop != '\n' && *stop != '\0')
        stop++;
    if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n')
        return (struct text){NULL, 0};
    return (struct text){at, (size_t)(stop - at)};
}

enum response_state response_parse(const char *at, size_t len, struct response *out,
                                   const char **why)
{
    struct response response = {.retry_after_s = -1};
    bool has_length = false;
    const char *end = len == 0 ? NULL : memmem(at, len, "\r\n\r\n", 4);

    if (end == NULL) {
        if (len < RESPONSE_HEAD_BYTES_MAX)
            return RESPONSE_INCOMPLETE;
        *why = "the head is longer than 16 KiB";
        return RESPONSE_BAD;
    }
    response.head_bytes = (size_t)(end - at) + 4;
    *why = response.head_bytes > RESPONSE_HEAD_BYTES_MAX ? "the head is longer than 16 KiB" : NULL;
    bool first = true;
    for (const char *line_at = at; *why == NULL && line_at < end + 2; first = false) {
        struct text line = next_line(line_at, end + 2);
        if (line.at == NULL)
            *why = "a header line has a stray control character";
        else if (first)
            *why = read_status_line(line, &response);
        else
            *why = read_field(line, &response, &has_length);
        line_at += line.len + 2;
    }
    if (*why == NULL && !has_length && response.status != 204 && response.status != 304)
        *why = "the answer does not say how long it is";
    if (*why != NULL)
        return RESPONSE_BAD;
    if (response.status == 204 || response.status == 304)
        response.body_bytes = 0;
    if (len - response.head_bytes < response.body_bytes)
        return RESPONSE_INCOMPLETE;
    *out = response;
    return RESPONSE_COMPLETE;
}
