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

/* What access_check() says, and what it grants. */
static enum access_verdict check(const struct access *access, bool open, struct text host,
                                 struct text origin, struct text authorization, struct grant *grant)
{
    static struct arena arena;
    const struct access_request request = {.open = open,
                                           .host = host,
                                           .origin = origin,
                                           .origin_is_listed =
                                               text_is(origin, "https://listed.example"),
                                           .authorization = authorization,
                                           .now_s = 1000};
    return access_check(access, &request, &arena, grant);
}

TEST(access_without_a_key_is_for_this_machine)
{
    static const struct {
        const char *name;
        bool open;
        const char *host;   /* NULL: none */
        const char *origin; /* NULL: none */
        enum access_verdict want;
    } cases[] = {
        {"this machine", false, "127.0.0.1:8080", NULL, ACCESS_GRANTED},
        {"no Host, as HTTP/1.0", false, NULL, NULL, ACCESS_GRANTED},
        {"a page of this machine", false, "127.0.0.1", "http://localhost:3000", ACCESS_GRANTED},
        {"a page of a listed origin", false, "127.0.0.1", "https://listed.example", ACCESS_GRANTED},
        {"a name that points here", false, "evil.example", NULL, ACCESS_FOREIGN},
        {"the same at an open address", true, "evil.example", NULL, ACCESS_FOREIGN},
        {"a listed page at such a name", false, "evil.example", "https://listed.example",
         ACCESS_FOREIGN},
        {"a foreign page", false, "127.0.0.1", "http://evil.example", ACCESS_FOREIGN},
        {"a page without an origin", false, "127.0.0.1", "null", ACCESS_FOREIGN},
    };
    struct access access;
    struct grant grant;
    access_init_loopback(&access);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text host = cases[i].host == NULL ? absent : text_of(cases[i].host);
        struct text origin = cases[i].origin == NULL ? absent : text_of(cases[i].origin);
        enum access_verdict got = check(&access, cases[i].open, host, origin, absent, &grant);
        ROW(got == cases[i].want, cases[i].name, "verdict %d", got);
        ROW(grant.is_service == (got == ACCESS_GRANTED), cases[i].name, "grants wrongly");
    }
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
    struct grant grant;
    struct error err;
    ASSERT_OK(access_init_key(&access, text_of("0123456789abcdef"), &err), err);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *name = cases[i].name == NULL ? "none" : cases[i].name;
        struct text field = cases[i].name == NULL ? absent : text_of(cases[i].name);
        enum access_verdict got =
            check(&access, false, text_of("any.example"), absent, field, &grant);
        ROW(got == cases[i].want, name, "verdict %d", got);
        ROW(grant.is_service == (got == ACCESS_GRANTED), name, "grants wrongly");
    }
    assert_int_equal(check(&access, true, absent, absent, absent, &grant), ACCESS_GRANTED);
    assert_false(grant.is_service);
}

TEST(access_by_a_token_is_one_users)
{
    static const struct {
        const char *name;
        const char *signed_by;
        int64_t expires_s;
        enum access_verdict want;
    } cases[] = {
        {"good", "0123456789abcdef", 1001, ACCESS_GRANTED},
        {"expired this second", "0123456789abcdef", 1000, ACCESS_TOKEN_EXPIRED},
        {"made with another service key", "another service!", 1001, ACCESS_KEY_WRONG},
    };
    struct access access;
    struct error err;
    ASSERT_OK(access_init_key(&access, text_of("0123456789abcdef"), &err), err);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t key[TOKEN_KEY_BYTES];
        struct bytes field = {0};
        struct grant grant;
        const struct user_token token = {
            .user_id = text_of("ann"), .rights = RIGHT_READ, .expires_s = cases[i].expires_s};
        assert_true(token_key_derive(text_of(cases[i].signed_by), key));
        assert_true(bytes_append(&field, "Bearer ", 7) &&
                    user_token_write(key, &token, 900, &field));
        enum access_verdict got = check(&access, false, absent, absent,
                                        (struct text){(char *)field.at, field.len}, &grant);
        ROW(got == cases[i].want, cases[i].name, "verdict %d", got);
        bool reads = grant_allows(&grant, text_of("ann"), RIGHT_READ);
        ROW(reads == (got == ACCESS_GRANTED), cases[i].name, "reads: %d", reads);
        ROW(!grant_allows(&grant, text_of("ann"), RIGHT_RECORD), cases[i].name, "records");
        ROW(!grant_allows(&grant, text_of("bob"), RIGHT_READ), cases[i].name, "reads bob's");
        ROW(!grant.is_service, cases[i].name, "is the service");
        bytes_done(&field);
    }
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
          UNIT(access_with_a_key_wants_exactly_it), UNIT(access_by_a_token_is_one_users),
          UNIT(access_refuses_keys_that_are_none))
