/*
 * cors.c - a list of origins, compared byte by byte, as browsers serialise them (RFC 6454, 6.2).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/cors.h"

#include <string.h>

#include "http/media.h"

static bool is_origin(struct text text)
{
    size_t scheme = 0;
    if (text_starts_with(text, "https://"))
        scheme = strlen("https://");
    else if (text_starts_with(text, "http://"))
        scheme = strlen("http://");
    if (scheme == 0 || text.len == scheme)
        return false;
    for (size_t i = scheme; i < text.len; i++) {
        char c = text.at[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                        c == ':' || c == '[' || c == ']';
        if (!is_plain)
            return false;
    }
    return text.at[text.len - 1] != ':';
}

enum status cors_init(struct cors *out, struct text origins, struct error *err)
{
    out->origin_count = 0;
    if (origins.len >= sizeof out->text)
        return fail_input(err, "invalid_origin", "cors-origin",
                          "cors-origin: the list is longer than %zu bytes", sizeof out->text - 1);
    if (origins.len > 0)
        memcpy(out->text, origins.at, origins.len);
    struct text rest = {out->text, origins.len};
    while (rest.len > 0) {
        const char *comma = memchr(rest.at, ',', rest.len);
        size_t len = comma == NULL ? rest.len : (size_t)(comma - rest.at);
        struct text origin = text_trim((struct text){rest.at, len});
        size_t past = len + (comma != NULL);
        rest = (struct text){rest.at + past, rest.len - past};
        if (!is_origin(origin))
            return fail_input(err, "invalid_origin", "cors-origin",
                              "cors-origin: \"%.*s\" is not an origin; write scheme, host and, if "
                              "it is not the usual one, port, in lower case, such as "
                              "https://www.example.com",
                              (int)(origin.len < 200 ? origin.len : 200), origin.at);
        if (out->origin_count == CORS_ORIGINS_MAX)
            return fail_input(err, "invalid_origin", "cors-origin",
                              "cors-origin: at most %d origins", CORS_ORIGINS_MAX);
        out->origins[out->origin_count++] = origin;
    }
    return STATUS_OK;
}

bool cors_allows(const struct cors *cors, struct text origin)
{
    for (size_t i = 0; origin.at != NULL && i < cors->origin_count; i++) {
        if (text_equal(cors->origins[i], origin))
            return true;
    }
    return false;
}
