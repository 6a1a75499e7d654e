/*
 * route_test.c - the table: every address is found, and what is none is not.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include "http/route.h"

static enum status find(const char *method, const char *target, struct arena *arena,
                        struct uri *uri, struct route_match *match)
{
    struct error err;
    enum status status = uri_parse(text_of(target), arena, uri, &err);
    if (status == STATUS_OK)
        route_find(text_of(method), uri, match);
    return status;
}

/* A target that a pattern matches. */
static void fill_pattern(const char *pattern, char *out, size_t bytes)
{
    size_t used = 0;
    for (; *pattern != '\0' && used + 16 < bytes; pattern++) {
        if (*pattern != '{') {
            out[used++] = *pattern;
            continue;
        }
        memcpy(out + used, "x%2Fy", 5);
        used += 5;
        pattern = strchr(pattern, '}');
    }
    out[used] = '\0';
}

TEST(route_every_one_is_found_and_complete)
{
    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &routes[i];
        struct arena arena = {0};
        struct uri uri;
        struct route_match match;
        char target[128];
        fill_pattern(route->pattern, target, sizeof target);
        assert_int_equal(find(route->method, target, &arena, &uri, &match), STATUS_OK);
        ROW(match.route == route, route->operation, "%s found another route", target);
        ROW(route_index(route) == i, route->operation, "index");
        ROW((strstr(route->pattern, "{u}") != NULL) == (match.user_id.at != NULL), route->operation,
            "user id");
        ROW((strstr(route->pattern, "{l}") != NULL) == (match.listing_id.at != NULL),
            route->operation, "listing id");
        ROW((strstr(route->pattern, "{date}") != NULL) == (match.date.at != NULL), route->operation,
            "date");
        if (route->kind == ROUTE_WRITE)
            ROW(route->submit != NULL && !route->cached &&
                    (route->receive != NULL) == (route->body_bytes_max > 0),
                route->operation, "a write lacks a step");
        else if (route->kind == ROUTE_LIVE)
            ROW(route->prepare != NULL && route->answer == NULL && !route->cached &&
                    strcmp(route->method, "GET") == 0,
                route->operation, "what a live one needs");
        else
            ROW(route->answer != NULL && strcmp(route->method, "GET") == 0, route->operation,
                "a read lacks a step");
        ROW(!route->open || route->right == 0, route->operation, "open, and yet of a right");
        for (size_t k = 0; k < i; k++)
            ROW(strcmp(route->operation, routes[k].operation) != 0, route->operation,
                "the operation's name is taken");
        arena_done(&arena);
    }
}

TEST(route_answers_for_what_is_not_there)
{
    static const struct {
        const char *name;
        const char *method;
        const char *target;
        const char *operation; /* NULL: none */
        const char *allow;     /* "" : the path is unknown */
    } cases[] = {
        {"HEAD is GET", "HEAD", "/healthz", "healthz", ""},
        {"HEAD of what can only be posted", "HEAD", "/v1/events", NULL, "POST"},
        {"GET of what can only be posted", "GET", "/v1/events", NULL, "POST"},
        {"three methods", "PATCH", "/v1/users/a/listings/b", NULL, "GET, HEAD, PUT, DELETE"},
        {"methods are case-sensitive", "get", "/healthz", NULL, "GET, HEAD"},
        {"a method too long to matter", "", "/healthz", NULL, "GET, HEAD"},
        {"OPTIONS", "OPTIONS", "/v1/users/a/compare", NULL, "GET, HEAD"},
        {"paths are case-sensitive", "POST", "/V1/events", NULL, ""},
        {"a slash too many", "POST", "/v1/events/", NULL, ""},
        {"a beginning", "GET", "/v1", NULL, ""},
        {"the root", "GET", "/", "dashboard", ""},
        {"two slashes are not the root", "GET", "//", NULL, ""},
        {"a name is a segment", "HEAD", "/assets/app-1.js", "dashboard_asset", ""},
        {"a date is a segment", "GET", "/v1/users/a/listings/b/metrics/2026-01-01",
         "get_metrics_for_date", ""},
        {"something behind", "GET", "/v1/users/a/listings/b/metrics/2026-01-01/x", NULL, ""},
        {"an encoded slash divides nothing", "GET", "/v1%2Fevents", NULL, ""},
        {"an encoded letter is the letter", "GET", "/%68ealthz", "healthz", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena arena = {0};
        struct uri uri;
        struct route_match match;
        assert_int_equal(find(cases[i].method, cases[i].target, &arena, &uri, &match), STATUS_OK);
        const char *operation = match.route == NULL ? "none" : match.route->operation;
        ROW(strcmp(operation, cases[i].operation == NULL ? "none" : cases[i].operation) == 0,
            cases[i].name, "found %s", operation);
        if (match.route == NULL)
            ROW(strcmp(match.allow, cases[i].allow) == 0 &&
                    match.path_known == (cases[i].allow[0] != '\0'),
                cases[i].name, "allows \"%s\"", match.allow);
        arena_done(&arena);
    }
}

TEST(route_knows_its_parameters)
{
    static const struct {
        const char *name;
        const char *target;
        const char *code; /* NULL: accepted */
        const char *field;
    } cases[] = {
        {"none", "/v1/users/a/metrics", NULL, NULL},
        {"all of them",
         "/v1/users/a/metrics?period=a&startDate=b&endDate=c&timezone=d&sort=e&direction=f&limit=g"
         "&cursor=h&include=i",
         NULL, NULL},
        {"a typo", "/v1/users/a/metrics?timzone=Europe/Berlin", "unknown_parameter", "timzone"},
        {"another case", "/v1/users/a/metrics?Limit=1", "unknown_parameter", "Limit"},
        {"another route's", "/v1/users/a/listings/b/metrics/2026-01-01?period=daily",
         "unknown_parameter", "period"},
        {"one where there are none", "/healthz?a", "unknown_parameter", "a"},
        {"an empty name", "/healthz?=1", "unknown_parameter", ""},
        {"twice", "/v1/users/a/metrics?limit=1&limit=1", "duplicate_parameter", "limit"},
        {"the one that may come often", "/v1/users/a/compare?listing=a&listing=b", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena arena = {0};
        struct uri uri;
        struct route_match match;
        struct error err;
        assert_int_equal(find("GET", cases[i].target, &arena, &uri, &match), STATUS_OK);
        ROW(match.route != NULL, cases[i].name, "no route");
        enum status status = route_check_parameters(match.route, &uri, &err);
        if (cases[i].code == NULL)
            ROW(status == STATUS_OK, cases[i].name, "%s", err.message);
        else
            ROW(status == STATUS_INVALID && strcmp(err.code, cases[i].code) == 0 &&
                    strcmp(err.field, cases[i].field) == 0,
                cases[i].name, "code %s, field %s", err.code, err.field);
        arena_done(&arena);
    }
}

TEST(route_cuts_a_long_name_between_characters)
{
    char target[600] = "/healthz?";
    struct arena arena = {0};
    struct uri uri;
    struct route_match match;
    struct error err;
    for (int i = 0; i < 60; i++)
        strcat(target, "%C3%A9");
    assert_int_equal(find("GET", target, &arena, &uri, &match), STATUS_OK);
    assert_int_equal(route_check_parameters(match.route, &uri, &err), STATUS_INVALID);
    assert_int_equal(strlen(err.field), 70); /* 35 whole characters in 71 bytes */
    arena_done(&arena);
}

UNIT_MAIN(UNIT(route_every_one_is_found_and_complete), UNIT(route_answers_for_what_is_not_there),
          UNIT(route_knows_its_parameters), UNIT(route_cuts_a_long_name_between_characters))
