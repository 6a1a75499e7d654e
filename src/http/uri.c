/*
 * uri.c - targets, as RFC 3986 section 3.3 and the WHATWG form encoding write them.
 *
 *     /v1/users/agent%2F7/metrics?timezone=Europe%2FBerlin&period=weekly
 *     '---------- path ---------' '-------------- query ---------------'
 *
 * Splitting looks at raw bytes only, decoding happens piece by piece afterwards: what an escape
 * stands for can never become a separator.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/uri.h"

#include <stdbool.h>
#include <string.h>

#include "model/event.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool needs_decoding(struct text raw, bool plus_is_space)
{
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.at[i] == '%' || (plus_is_space && raw.at[i] == '+') || (raw.at[i] & 0x80) != 0)
            return true;
    }
    return false;
}

/* false for a bad escape; to has room for raw.len bytes. */
static bool unescape(struct text raw, bool plus_is_space, char *to, size_t *len)
{
    size_t used = 0;
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.at[i];
        if (c == '%') {
            if (raw.len - i < 3)
                return false;
            int high = hex_value(raw.at[i + 1]);
            int low = hex_value(raw.at[i + 2]);
            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
            if (c == '\0')
                return false;
        } else if (plus_is_space && c == '+') {
            c = ' ';
        }
        to[used++] = c;
    }
    *len = used;
    return true;
}

static enum status decode(struct text raw, bool plus_is_space, const char *field,
                          struct arena *arena, struct text *out, struct error *err)
{
    if (!needs_decoding(raw, plus_is_space)) {
        *out = raw;
        return STATUS_OK;
    }
    char *to = arena_alloc(arena, raw.len + 1);
    if (to == NULL)
        return fail(err, STATUS_NO_MEMORY, "request: no memory");
    size_t len = 0;
    if (!unescape(raw, plus_is_space, to, &len))
        return fail_input(err, "invalid_escape", field,
                          "the %s holds a bad escape: '%%' must be followed by two hexadecimal "
                          "digits, and not stand for NUL",
                          field);
    if (!utf8_valid((struct text){to, len}))
        return fail_input(err, "invalid_escape", field, "the %s is not UTF-8", field);
    *out = (struct text){to, len};
    return STATUS_OK;
}

static enum status parse_path(struct uri *uri, struct arena *arena, struct error *err)
{
    struct text rest = {uri->path.at + 1, uri->path.len - 1};
    for (;;) {
        const char *slash = memchr(rest.at, '/', rest.len);
        struct text raw = {rest.at, slash == NULL ? rest.len : (size_t)(slash - rest.at)};
        if (uri->segment_count == URI_SEGMENTS_MAX)
            return fail(err, STATUS_NOT_FOUND, "there is nothing at this address");
        enum status status =
            decode(raw, false, "path", arena, &uri->segments[uri->segment_count], err);
        if (status != STATUS_OK)
            return status;
        uri->segment_count++;
        if (slash == NULL)
            return STATUS_OK;
        rest.at += raw.len + 1;
        rest.len -= raw.len + 1;
    }
}

static enum status parse_parameter(struct uri *uri, struct text raw, struct arena *arena,
                                   struct error *err)
{
    if (raw.len == 0)
        return STATUS_OK; /* "a=1&&b=2" */
    if (uri->parameter_count == URI_PARAMETERS_MAX)
        return fail_input(err, "too_many_parameters", "", "more than %d query parameters",
                          URI_PARAMETERS_MAX);
    const char *equals = memchr(raw.at, '=', raw.len);
    struct text name = {raw.at, equals == NULL ? raw.len : (size_t)(equals - raw.at)};
    struct text value = {raw.at + raw.len, 0};
    if (equals != NULL)
        value = (struct text){equals + 1, raw.len - name.len - 1};

    struct uri_parameter *parameter = &uri->parameters[uri->parameter_count];
    enum status status = decode(name, true, "query", arena, &parameter->name, err);
    if (status == STATUS_OK)
        status = decode(value, true, "query", arena, &parameter->value, err);
    if (status == STATUS_OK)
        uri->parameter_count++;
    return status;
}

static enum status parse_query(struct uri *uri, struct arena *arena, struct error *err)
{
    struct text rest = uri->query;
    while (rest.len > 0) {
        const char *amp = memchr(rest.at, '&', rest.len);
        struct text raw = {rest.at, amp == NULL ? rest.len : (size_t)(amp - rest.at)};
        enum status status = parse_parameter(uri, raw, arena, err);
        if (status != STATUS_OK)
            return status;
        size_t used = raw.len + (amp != NULL);
        rest.at += used;
        rest.len -= used;
    }
    return STATUS_OK;
}

enum status uri_parse(struct text target, struct arena *arena, struct uri *out, struct error *err)
{
    out->segment_count = 0;
    out->parameter_count = 0;
    out->query = (struct text){NULL, 0};
    if (target.len == 0 || target.at[0] != '/')
        return fail_input(err, "invalid_target", "", "the request's target must start with '/'");
    for (size_t i = 0; i < target.len; i++) {
        unsigned char c = (unsigned char)target.at[i];
        if (c <= ' ' || c == 0x7f || c == '#')
            return fail_input(err, "invalid_target", "",
                              "the request's target holds a space, a control character or '#'");
    }
    const char *mark = memchr(target.at, '?', target.len);
    out->path = (struct text){target.at, mark == NULL ? target.len : (size_t)(mark - target.at)};
    if (mark != NULL)
        out->query = (struct text){mark + 1, target.len - out->path.len - 1};

    enum status status = parse_path(out, arena, err);
    if (status == STATUS_OK)
        status = parse_query(out, arena, err);
    return status;
}

struct text uri_parameter(const struct uri *uri, const char *name)
{
    for (size_t i = 0; i < uri->parameter_count; i++) {
        if (text_is(uri->parameters[i].name, name))
            return uri->parameters[i].value;
    }
    return (struct text){NULL, 0};
}
