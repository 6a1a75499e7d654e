/*
 * json_peek_test.c - which members an object has, found without changing a byte that matters.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <string.h>

#include "ingest/json_peek.h"

static const char *const names[] = {"id", "userId", "timestamp"};
enum { NAMES = sizeof names / sizeof names[0] };

TEST(members_are_found_wherever_they_stand)
{
    static const struct {
        const char *json;
        const char *has; /* a letter a name: + there, 0 null, - not there */
        size_t inside;
        bool empty;
    } cases[] = {
        {"{}", "---", 1, true},
        {" { } ", "---", 2, true},
        {"{\"id\":\"x\"}", "+--", 1, false},
        {"{\"id\":null}", "0--", 1, false},
        {"{\"timestamp\":5,\"userId\":\"u\",\"id\":false}", "+++", 1, false},
        {"\t{ \"timestamp\" : null , \"userId\" : null }", "-00", 2, false},
        {"{\"a\":{\"id\":1},\"b\":[{\"userId\":2}],\"c\":\"id\"}", "---", 1, false},
        {"{\"\\u0069d\":1}", "+--", 1, false},
        {"{\"i\\u0064\":null,\"x\":\"\\\"id\\\":\"}", "0--", 1, false},
        {"{\"ID\":1,\"id2\":1,\"i\":1}", "---", 1, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char json[128];
        struct json_peek peek = {0};
        struct error err = {0};
        size_t len = strlen(cases[i].json);
        memcpy(json, cases[i].json, len);
        ROW(json_peek(json, len, names, NAMES, &peek, &err) == STATUS_OK, cases[i].json, "%s",
            err.message);
        ROW(peek.inside == cases[i].inside && peek.empty == cases[i].empty, cases[i].json,
            "inside %zu, empty %d", peek.inside, peek.empty);
        for (size_t name = 0; name < NAMES; name++) {
            char want = cases[i].has[name];
            ROW(peek.has[name] == (want == '+'), cases[i].json, "%s", names[name]);
            ROW((peek.null_at[name] != 0) == (want == '0'), cases[i].json, "%s", names[name]);
            ROW(want != '0' || memcmp(cases[i].json + peek.null_at[name], "null", 4) == 0,
                cases[i].json, "null is not at %zu", peek.null_at[name]);
        }
    }
}

TEST(what_is_no_object_is_refused_and_nothing_is_said)
{
    static const struct {
        const char *json;
        const char *code;
    } cases[] = {
        {"", "invalid_json"},
        {"[]", "wrong_type"},
        {"null", "wrong_type"},
        {"{\"id\":}", "invalid_json"},
        {"{\"id\":nul}", "invalid_json"},
        {"{\"id\":1,}", "invalid_json"},
        {"{\"id\":1} x", "invalid_json"},
        {"{\"id\":1}{}", "invalid_json"},
        {"{\"id\":\"x", "invalid_json"},
        {"{id:1}", "invalid_json"},
        {"{\"a\":\"\\ud800\"}", "invalid_json"},
        {"\xef\xbb\xbf{}", "invalid_json"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char json[64];
        struct json_peek peek = {.inside = 77};
        struct error err = {0};
        size_t len = strlen(cases[i].json);
        memcpy(json, cases[i].json, len);
        ROW(json_peek(json, len, names, NAMES, &peek, &err) == STATUS_INVALID, cases[i].json,
            "taken");
        ROW(strcmp(err.code, cases[i].code) == 0, cases[i].json, "%s: %s", err.code, err.message);
        ROW(peek.inside == 77, cases[i].json, "*out was changed");
    }
}

TEST(every_cut_of_an_object_is_refused)
{
    static const char whole[] = "{\"id\":\"a\\n\",\"x\":[1,{\"y\":-2.5e3}],\"userId\":null}";
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        char json[sizeof whole];
        struct json_peek peek;
        struct error err;
        memcpy(json, whole, len);
        ROW(json_peek(json, len, names, NAMES, &peek, &err) == STATUS_INVALID, "cut", "at %zu",
            len);
    }
}

UNIT_MAIN(UNIT(members_are_found_wherever_they_stand),
          UNIT(what_is_no_object_is_refused_and_nothing_is_said),
          UNIT(every_cut_of_an_object_is_refused))
