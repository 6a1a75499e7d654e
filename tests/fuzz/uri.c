/*
 * uri.c - fuzz target: a request's target, the route it finds, the dates in it.
 *
 * What was decoded, encoded again byte by byte, must be decoded to the same.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include "base/bytes.h"
#include "http/route.h"
#include "http/uri.h"
#include "query/range.h"

static void put(struct bytes *out, const char *from, size_t len)
{
    FUZZ_CHECK(bytes_append(out, from, len), "no memory");
}

static void put_encoded(struct bytes *out, struct text text)
{
    for (size_t i = 0; i < text.len; i++) {
        char escape[4];
        snprintf(escape, sizeof escape, "%%%02X", (unsigned char)text.at[i]);
        put(out, escape, 3);
    }
}

static void check_once_more(const struct uri *uri)
{
    struct bytes target = {0};
    struct arena arena = {0};
    struct uri again;
    struct error err;
    for (size_t i = 0; i < uri->segment_count; i++) {
        put(&target, "/", 1);
        put_encoded(&target, uri->segments[i]);
    }
    if (uri->segment_count == 0)
        put(&target, "/", 1);
    for (size_t i = 0; i < uri->parameter_count; i++) {
        put(&target, i == 0 ? "?" : "&", 1);
        put_encoded(&target, uri->parameters[i].name);
        put(&target, "=", 1);
        put_encoded(&target, uri->parameters[i].value);
    }
    struct text text = {(const char *)target.at, target.len};
    FUZZ_CHECK(uri_parse(text, &arena, &again, &err) == STATUS_OK, "%s", err.message);
    FUZZ_CHECK(again.segment_count == uri->segment_count &&
                   again.parameter_count == uri->parameter_count,
               "encoded again it has other parts");
    for (size_t i = 0; i < uri->segment_count; i++)
        FUZZ_CHECK(text_equal(again.segments[i], uri->segments[i]), "segment %zu differs", i);
    for (size_t i = 0; i < uri->parameter_count; i++)
        FUZZ_CHECK(text_equal(again.parameters[i].name, uri->parameters[i].name) &&
                       text_equal(again.parameters[i].value, uri->parameters[i].value),
                   "parameter %zu differs", i);
    arena_done(&arena);
    bytes_done(&target);
}

static void resolve(const struct uri *uri)
{
    const int64_t now_ms = INT64_C(1767225600000); /* 2026-01-01T00:00:00Z */
    struct range range;
    struct error err;
    struct range_request request = {
        .period = uri_parameter(uri, "period"),
        .start_date = uri_parameter(uri, "startDate"),
        .end_date = uri_parameter(uri, "endDate"),
    };
    if (range_resolve(&request, now_ms, &range, &err) != STATUS_OK) {
        FUZZ_CHECK(err.message[0] != '\0' && err.field[0] != '\0', "refused without words");
        return;
    }
    int32_t days = range.last_day - range.first_day + 1;
    FUZZ_CHECK(days >= 1 && days <= RANGE_DAYS_MAX, "a range of %d days", days);
}

int fuzz_one(const uint8_t *data, size_t size)
{
    static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "BREW"};
    struct arena arena = {0};
    struct uri uri;
    struct error err;
    char *target = fuzz_copy(data, size);
    if (uri_parse((struct text){target, size}, &arena, &uri, &err) == STATUS_OK) {
        check_once_more(&uri);
        for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
            struct route_match match;
            route_find(text_of(methods[i]), &uri, &match);
            if (match.route != NULL && route_check_parameters(match.route, &uri, &err) != STATUS_OK)
                FUZZ_CHECK(err.message[0] != '\0', "refused without words");
        }
        resolve(&uri);
    } else {
        FUZZ_CHECK(err.message[0] != '\0', "refused without words");
    }
    arena_done(&arena);
    free(target);
    return 0;
}
