/*
 * answer_test.c - the short way and the long way read the same.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <string.h>

#include "cli/load/answer.h"

TEST(an_answer_says_what_became_of_the_events)
{
    static const struct {
        const char *name;
        const char *body;
        bool readable;
        struct answer want;
    } cases[] = {
        {"usual", "{\"success\":true,\"recorded\":1,\"duplicates\":0}", true, {true, 1, 0, 0, ""}},
        {"many, with an end of line",
         "{\"success\":true,\"recorded\":9998,\"duplicates\":2}\n",
         true,
         {true, 9998, 2, 0, ""}},
        {"in another order",
         "{\"duplicates\":3, \"recorded\":4, \"success\":true}",
         true,
         {true, 4, 3, 0, ""}},
        {"a stream",
         "{\"success\":true,\"recorded\":5,\"duplicates\":1,\"rejected\":2,\"errors\":[]}",
         true,
         {true, 5, 1, 2, ""}},
        {"an error",
         "{\"success\":false,\"error\":\"No.\",\"code\":\"store_behind\"}",
         true,
         {false, 0, 0, 0, "store_behind"}},
        {"a code too long is cut",
         "{\"code\":\"a_word_that_is_longer_than_any_code_of_ours\"}",
         true,
         {false, 0, 0, 0, "a_word_that_is_longer_than_any_"}},
        {"a negative count is none",
         "{\"success\":true,\"recorded\":-1,\"duplicates\":0}",
         true,
         {true, 0, 0, 0, ""}},
        {"more behind it", "{\"success\":true,\"recorded\":1,\"duplicates\":0}{}", false, {0}},
        {"cut off", "{\"success\":true,\"recorded\":1", false, {0}},
        {"an array", "[]", false, {0}},
        {"nothing", "", false, {0}},
        {"a page", "<html>502</html>", false, {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct answer got = {0};
        const struct answer *want = &cases[i].want;
        bool readable = answer_read(cases[i].body, strlen(cases[i].body), &got);
        ROW(readable == cases[i].readable, cases[i].name, "readable: %d", readable);
        ROW(got.success == want->success && got.recorded == want->recorded &&
                got.duplicates == want->duplicates && got.rejected == want->rejected &&
                strcmp(got.code, want->code) == 0,
            cases[i].name, "%d %d %d %d \"%s\"", got.success, (int)got.recorded,
            (int)got.duplicates, (int)got.rejected, got.code);
    }
}

UNIT_MAIN(UNIT(an_answer_says_what_became_of_the_events))
