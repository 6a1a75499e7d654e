/*
 * answer_walk_test.c - an answer's elements, each as the bytes that came.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <stdlib.h>

#include "cli/export/answer_walk.h"
#include "cli/target.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static enum status join(char *json, size_t len, void *context, struct error *err)
{
    char *joined = context;
    (void)err;
    snprintf(joined + strlen(joined), 200 - strlen(joined), "<%.*s>", (int)len, json);
    return STATUS_OK;
}

TEST(elements_come_to_the_byte_and_other_shapes_are_refused)
{
    static const struct {
        const char *name;
        const char *json;
        const char *want; /* NULL: refused */
        const char *next; /* NULL: none */
    } cases[] = {
        {"none", "{\"list\":[]}", "", NULL},
        {"two", "{\"success\":true,\"list\":[{\"a\":1} , {\"a\":[{}]}],\"nextCursor\":\"x\"}",
         "<{\"a\":1}><{\"a\":[{}]}>", "x"},
        {"the cursor first", "{\"nextCursor\":\"y\",\"list\":[]}", "", "y"},
        {"null cursor", "{\"list\":[],\"nextCursor\":null}", "", NULL},
        {"what no number type holds, and a name twice",
         "{\"list\":[{\"n\":1e999,\"n\":123456789012345678901234567890}]}",
         "<{\"n\":1e999,\"n\":123456789012345678901234567890}>", NULL},
        {"escapes stay", "{\"list\":[{\"a\":\"\\u00e4\\n\"}]}", "<{\"a\":\"\\u00e4\\n\"}>", NULL},
        {"no list", "{\"success\":true}", NULL, NULL},
        {"not an object", "[]", NULL, NULL},
        {"elements that are no objects", "{\"list\":[1]}", NULL, NULL},
        {"the list is no list", "{\"list\":{}}", NULL, NULL},
        {"cut off", "{\"list\":[{\"a\":1}", NULL, NULL},
        {"cut off in an element", "{\"list\":[{\"a\":", NULL, NULL},
        {"a comma too many", "{\"list\":[{\"a\":1},]}", NULL, NULL},
        {"a comma too few", "{\"list\":[{} {}]}", NULL, NULL},
        {"empty", "", NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char joined[200] = "";
        struct error err;
        struct text next = {NULL, 0};
        char *json = strdup(cases[i].json);
        assert_non_null(json);
        enum status status = answer_walk(json, strlen(json), "list", join, joined, &next, &err);
        ROW((status == STATUS_OK) == (cases[i].want != NULL), cases[i].name, "%s",
            status_code(status));
        if (status == STATUS_OK) {
            ROW(strcmp(joined, cases[i].want) == 0, cases[i].name, "got %s", joined);
            ROW((next.at == NULL) == (cases[i].next == NULL) &&
                    (next.at == NULL || text_is(next, cases[i].next)),
                cases[i].name, "next is %.*s", TEXT_ARGS(next));
        }
        free(json);
    }
}

TEST(an_inquiry_as_deep_as_one_may_be_is_walked)
{
    enum { DEEP = 64 };
    char json[400];
    char joined[200] = "";
    struct error err;
    struct text next;
    char open[DEEP + 1];
    char shut[DEEP + 1];
    memset(open, '[', DEEP);
    memset(shut, ']', DEEP);
    open[DEEP - 1] = shut[DEEP - 1] = '\0'; /* the object around them is a level too */
    snprintf(json, sizeof json, "{\"list\":[{\"inquiry\":{\"a\":%s%s}}]}", open, shut);
    ASSERT_OK(answer_walk(json, strlen(json), "list", join, joined, &next, &err), err);
}

TEST(members_are_found_by_name)
{
    char json[] = "{\"id\":\"a\\u0041\",\"n\":-12.5,\"gone\":null,\"raw\":{\"x\": [1,\"\\n\"]},"
                  "\"other\":true}";
    struct answer_member members[] = {
        {.name = "id"},      {.name = "n"}, {.name = "gone"}, {.name = "raw", .raw = true},
        {.name = "missing"},
    };
    struct error err;
    ASSERT_OK(answer_members(json, strlen(json), members, COUNT(members), &err), err);
    assert_true(text_is(members[0].value, "aA"));
    assert_true(text_is(members[1].value, "-12.5"));
    assert_null(members[2].value.at);
    assert_true(text_is(members[3].value, "{\"x\": [1,\"\\n\"]}"));
    assert_null(members[4].value.at);
}

TEST(paths_are_escaped_and_bounded)
{
    struct target_path path = {""};
    struct error err;
    path_put(&path, "/v1/users/");
    path_put_escaped(&path, "a/b c\xc3\xa4.~-_?&=%");
    path_put_query(&path, "x", NULL);
    path_put_query(&path, "y", "1+2");
    path_put_query(&path, "z", "");
    ASSERT_OK(path_check(&path, &err), err);
    assert_string_equal(path.text, "/v1/users/a%2Fb%20c%C3%A4.~-_%3F%26%3D%25?y=1%2B2&z=");

    char *long_name = calloc(1, TARGET_PATH_BYTES);
    assert_non_null(long_name);
    memset(long_name, 'a', TARGET_PATH_BYTES - 1);
    path_put_escaped(&path, long_name);
    assert_int_equal(path_check(&path, &err), STATUS_INVALID);
    free(long_name);
}

UNIT_MAIN(UNIT(elements_come_to_the_byte_and_other_shapes_are_refused),
          UNIT(an_inquiry_as_deep_as_one_may_be_is_walked), UNIT(members_are_found_by_name),
          UNIT(paths_are_escaped_and_bounded))
