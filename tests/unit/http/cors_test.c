/*
 * cors_test.c - which origins may read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include "http/cors.h"

TEST(cors_allows_what_is_listed_and_nothing_like_it)
{
    static const struct {
        const char *origin;
        bool want;
    } cases[] = {
        {"https://a.example", true},
        {"http://b.example:8080", true},
        {"http://[::1]:3000", true},
        {"http://a.example", false},
        {"https://a.example:443", false},
        {"https://a.example.evil.example", false},
        {"https://evil-a.example", false},
        {"http://b.example", false},
        {"http://b.example:80801", false},
        {"null", false},
        {"*", false},
        {"", false},
        {"https://A.example", false},
    };
    struct cors cors;
    struct error err;
    ASSERT_OK(cors_init(&cors,
                        text_of("https://a.example, http://b.example:8080,http://[::1]:3000"),
                        &err),
              err);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool got = cors_allows(&cors, text_of(cases[i].origin));
        ROW(got == cases[i].want, cases[i].origin, "%d", got);
    }
    assert_false(cors_allows(&cors, (struct text){NULL, 0}));
}

TEST(cors_allows_nobody_without_a_list)
{
    struct cors cors;
    struct error err;
    ASSERT_OK(cors_init(&cors, (struct text){NULL, 0}, &err), err);
    assert_false(cors_allows(&cors, text_of("https://a.example")));
    assert_false(cors_allows(&cors, text_of("")));
}

TEST(cors_refuses_what_is_no_origin)
{
    static const char *const lists[] = {"*",
                                        "null",
                                        "a.example",
                                        "https://",
                                        "https://a.example/",
                                        "https://a.example/path",
                                        "https://A.example",
                                        "https://a.example:",
                                        "ftp://a.example",
                                        "https://a.example,,https://b.example",
                                        "https://a.example,*",
                                        "https://a.example https://b.example",
                                        "https://user@a.example"};
    struct cors cors;
    struct error err;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        enum status status = cors_init(&cors, text_of(lists[i]), &err);
        ROW(status == STATUS_INVALID, lists[i], "status %s", status_code(status));
    }
    char many[CORS_ORIGINS_MAX * 12 + 32] = "";
    for (int i = 0; i <= CORS_ORIGINS_MAX; i++)
        strcat(many, i == 0 ? "http://a:1" : ",http://a:1");
    assert_int_equal(cors_init(&cors, text_of(many), &err), STATUS_INVALID);
}

UNIT_MAIN(UNIT(cors_allows_what_is_listed_and_nothing_like_it),
          UNIT(cors_allows_nobody_without_a_list), UNIT(cors_refuses_what_is_no_origin))
