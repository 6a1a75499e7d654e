/*
 * access_test.c - who may.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include "http/access.h"

static const struct text absent = {NULL, 0};

TEST(access_knows_loopback_names)
{
    static const struct {
        const char *host;
        bool want;
    } cases[] = {
        {"localhost", true},
        {"LocalHost:8080", true},
        {"127.0.0.1", true},
        {"127.0.0.1:8080", true},
        {"127.1.2.3:1", true},
        {"127.0.0.1:", true},
        {"[::1]", true},
        {"[::1]:8080", true},
        {"[0:0:0:0:0:0:0:1]:80", true},
        {"", false},
        {"evil.example", false},
        {"localhost.evil.example", false},
        {"127.0.0.1.evil.example", false},
        {"evil.example:127.0.0.1", false},
        {"127.0.0.1:8080:9", false},
        {"127.0.0.1:80a", false},
        {"127.0.0.1 evil", false},
        {"127.1", false},
        {"0177.0.0.1", false},
        {"2130706433", false},
        {"0.0.0.0", false},
        {"10.0.0.1", false},
        {"128.0.0.1", false},
        {"::1", false},
        {"[::1", false},
        {"[::1]x", false},
        {"[::2]", false},
        {"[::ffff:127.0.0.1]", false},
        {"[127.0.0.1]", false},
        {"[localhost]", false},
        {"user@127.0.0.1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool got = access_host_is_loopback(text_of(cases[i].host));
        ROW(got == cases[i].want, cases[i].host, "as a host: %d", got);

        char origin[128];
        snprintf(origin, sizeof origin, "http://%s", cases[i].host);
        got = access_origin_is_loopback(text_of(origin));
        ROW(got == cases[i].want, cases[i].host, "as an origin: %d", got);
    }
    assert_false(access_host_is_loopback(absent));
    assert_true(access_origin_is_loopback(text_of("HTTPS://localhost:3000")));
    assert_false(access_origin_is_loopback(text_of("null")));
    assert_false(access_origin_is_loopback(text_of("http://")));
    assert_false(access_origin_is_loopback(text_of("file://localhost")));
    assert_false(access_origin_is_loopback(text_of("http://localhost/path")));
}

TEST(access_without_a_key_is_for_this_machine)
{
    struct access access;
    access_init_loopback(&access);
    struct text home = text_of("127.0.0.1:8080");
    struct text evil = text_of("evil.example");
    struct text origin = text_of("http://localhost:3000");
    struct text evil_origin = text_of("http://evil.example");

    assert_int_equal(access_check(&access, false, home, absent, absent), ACCESS_GRANTED);
    assert_int_equal(access_check(&access, false, absent, absent, absent), ACCESS_GRANTED);
    assert_int_equal(access_check(&access, false, home, origin, absent), ACCESS_GRANTED);
    assert_int_equal(access_check(&access, false, evil, absent, absent), ACCESS_FOREIGN);
    assert_int_equal(access_check(&access, true, evil, absent, absent), ACCESS_FOREIGN);
    assert_int_equal(access_check(&access, false, home, evil_origin, absent), ACCESS_FOREIGN);
    assert_int_equal(access_check(&access, false, home, text_of("null"), absent), ACCESS_FOREIGN);
}

TEST(access_with_a_key_wants_exactly_it)
{
    static const struct {
        const char *name; /* the field; NULL: none */
        enum access_verdict want;
    } cases[] = {
        {"Bearer 0123456789abcdef", ACCESS_GRANTED},
        {"bearer   0123456789abcdef  ", ACCESS_GRANTED},
        {"BEARER 0123456789abcdef", ACCESS_GRANTED},
        {NULL, ACCESS_KEY_MISSING},
        {"", ACCESS_KEY_MISSING},
        {"Bearer", ACCESS_KEY_MISSING},
        {"0123456789abcdef", ACCESS_KEY_MISSING},
        {"Basic 0123456789abcdef", ACCESS_KEY_MISSING},
        {"Bearer0123456789abcdef", ACCESS_KEY_MISSING},
        {"Bearer 0123456789abcde", ACCESS_KEY_WRONG},
        {"Bearer 0123456789abcdeg", ACCESS_KEY_WRONG},
        {"Bearer 0123456789abcdef0", ACCESS_KEY_WRONG},
        {"Bearer 0123456789ABCDEF", ACCESS_KEY_WRONG},
        {"Bearer 0123456789abcdef x", ACCESS_KEY_WRONG},
    };
    struct access access;
    struct error err;
    ASSERT_OK(access_init_key(&access, text_of("0123456789abcdef"), &err), err);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *name = cases[i].name == NULL ? "none" : cases[i].name;
        struct text field = cases[i].name == NULL ? absent : text_of(cases[i].name);
        enum access_verdict got =
            access_check(&access, false, text_of("any.example"), absent, field);
        ROW(got == cases[i].want, name, "verdict %d", got);
    }
    assert_int_equal(access_check(&access, true, absent, absent, absent), ACCESS_GRANTED);
}

TEST(access_refuses_keys_that_are_none)
{
    static const char *const keys[] = {"", "0123456789abcde", "0123456789 abcdef",
                                       "0123456789abcdef\n", "0123456789abcdé_"};
    struct access access;
    struct error err;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        enum status status = access_init_key(&access, text_of(keys[i]), &err);
        ROW(status == STATUS_INVALID, keys[i], "status %s", status_code(status));
        ROW(keys[i][0] == '\0' || strstr(err.message, keys[i]) == NULL, keys[i],
            "the message repeats the key");
    }
}

UNIT_MAIN(UNIT(access_knows_loopback_names), UNIT(access_without_a_key_is_for_this_machine),
          UNIT(access_with_a_key_wants_exactly_it), UNIT(access_refuses_keys_that_are_none))
