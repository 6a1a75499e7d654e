/*
 * user_token_test.c - tokens are read as they were made, and in no other form.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/base64url.h"
#include "http/user_token.h"

static uint8_t key[TOKEN_KEY_BYTES];

static struct text text_in(const struct bytes *bytes)
{
    return (struct text){(const char *)bytes->at, bytes->len};
}

static void make(const char *user, unsigned rights, struct bytes *out)
{
    const struct user_token token = {.user_id = text_of(user), .rights = rights, .expires_s = 2000};
    assert_true(token_key_derive(text_of("0123456789abcdef"), key));
    assert_true(user_token_write(key, &token, 1000, out));
}

TEST(user_token_is_read_as_it_was_made)
{
    char longest[129];
    memset(longest, '"', 128); /* each is escaped in the claims */
    longest[128] = '\0';
    const char *const users[] = {"ann", "агент/7 \\ \"x\"", "名前", longest};
    const char *const words[] = {"read", "record", "all"};
    for (size_t u = 0; u < 4; u++) {
        for (size_t w = 0; w < 3; w++) {
            struct bytes text = {0};
            struct arena arena = {0};
            struct user_token got;
            make(users[u], token_rights_of(text_of(words[w])), &text);
            ROW(text.len <= TOKEN_BYTES_MAX, users[u], "%zu bytes", text.len);
            ROW(user_token_read(key, text_in(&text), 1999, &arena, &got) == TOKEN_GOOD, users[u],
                "not good");
            ROW(text_is(got.user_id, users[u]), users[u], "another user");
            ROW(strcmp(token_rights_word(got.rights), words[w]) == 0, users[u], "other rights");
            ROW(got.expires_s == 2000, users[u], "another end");
            ROW(user_token_read(key, text_in(&text), 2000, &arena, &got) == TOKEN_EXPIRED, users[u],
                "lives on");
            arena_done(&arena);
            bytes_done(&text);
        }
    }
}

TEST(user_token_with_any_bit_changed_is_bad)
{
    struct bytes text = {0};
    struct arena arena = {0};
    struct user_token got;
    make("ann", RIGHT_READ, &text);
    for (size_t at = 0; at < text.len; at++) {
        for (int bit = 0; bit < 8; bit++) {
            text.at[at] ^= (uint8_t)(1u << bit);
            enum token_verdict verdict = user_token_read(key, text_in(&text), 1500, &arena, &got);
            ROW(verdict == TOKEN_BAD, "a bit changed", "byte %zu bit %d: %d", at, bit, verdict);
            text.at[at] ^= (uint8_t)(1u << bit);
        }
    }
    for (size_t len = 0; len < text.len; len++) {
        struct text part = {(const char *)text.at, len};
        ROW(user_token_read(key, part, 1500, &arena, &got) == TOKEN_BAD, "cut", "at %zu", len);
    }
    key[0] ^= 1;
    assert_int_equal(user_token_read(key, text_in(&text), 1500, &arena, &got), TOKEN_BAD);
    arena_done(&arena);
    bytes_done(&text);
}

/* A token with any header and claims, signed with the real key. */
static void forge(const char *header, const char *claims, struct bytes *out)
{
    const char *const parts[] = {header, claims};
    uint8_t signature[32];
    unsigned len = 0;
    for (size_t i = 0; i < 2; i++) {
        size_t bytes = strlen(parts[i]);
        assert_true(bytes_reserve(out, base64url_chars(bytes) + 64));
        base64url_encode((const uint8_t *)parts[i], bytes, (char *)out->at + out->len);
        out->len += base64url_chars(bytes);
        if (i == 0)
            out->at[out->len++] = '.';
    }
    assert_non_null(HMAC(EVP_sha256(), key, sizeof key, out->at, out->len, signature, &len));
    out->at[out->len++] = '.';
    base64url_encode(signature, sizeof signature, (char *)out->at + out->len);
    out->len += base64url_chars(sizeof signature);
}

TEST(user_token_of_another_form_is_bad_however_it_is_signed)
{
#define HS256 "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
    static const struct {
        const char *name;
        const char *header;
        const char *claims;
        enum token_verdict want;
    } cases[] = {
        {"our form", HS256,
         "{\"aud\":\"footfall\",\"sub\":\"a\",\"access\":\"read\",\"iat\":1,\"exp\":2000}",
         TOKEN_GOOD},
        {"alg none", "{\"alg\":\"none\",\"typ\":\"JWT\"}",
         "{\"aud\":\"footfall\",\"sub\":\"a\",\"access\":\"read\",\"iat\":1,\"exp\":2000}",
         TOKEN_BAD},
        {"a key named", "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"../../etc/passwd\"}",
         "{\"aud\":\"footfall\",\"sub\":\"a\",\"access\":\"read\",\"iat\":1,\"exp\":2000}",
         TOKEN_BAD},
        {"for another audience", HS256,
         "{\"aud\":\"other\",\"sub\":\"a\",\"access\":\"read\",\"iat\":1,\"exp\":2000}", TOKEN_BAD},
        {"unknown access", HS256,
         "{\"aud\":\"footfall\",\"sub\":\"a\",\"access\":\"root\",\"iat\":1,\"exp\":2000}",
         TOKEN_BAD},
        {"without an end", HS256,
         "{\"aud\":\"footfall\",\"sub\":\"a\",\"access\":\"read\",\"iat\":1}", TOKEN_BAD},
        {"an end that is no number", HS256,
         "{\"aud\":\"footfall\",\"sub\":\"a\",\"access\":\"read\",\"iat\":1,\"exp\":\"2000\"}",
         TOKEN_BAD},
        {"a user that is no text", HS256,
         "{\"aud\":\"footfall\",\"sub\":7,\"access\":\"read\",\"iat\":1,\"exp\":2000}", TOKEN_BAD},
        {"a further claim", HS256,
         "{\"aud\":\"footfall\",\"sub\":\"a\",\"access\":\"read\",\"iat\":1,\"exp\":2000,\"x\":1}",
         TOKEN_BAD},
        {"two users", HS256,
         "{\"aud\":\"footfall\",\"sub\":\"a\",\"sub\":\"b\",\"access\":\"read\",\"iat\":1,\"exp\":"
         "2000}",
         TOKEN_BAD},
        {"an array", HS256, "[]", TOKEN_BAD},
        {"no JSON", HS256, "{", TOKEN_BAD},
        {"nothing", HS256, "", TOKEN_BAD},
    };
    assert_true(token_key_derive(text_of("0123456789abcdef"), key));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes text = {0};
        struct arena arena = {0};
        struct user_token got;
        forge(cases[i].header, cases[i].claims, &text);
        enum token_verdict verdict = user_token_read(key, text_in(&text), 1500, &arena, &got);
        ROW(verdict == cases[i].want, cases[i].name, "verdict %d", verdict);
        arena_done(&arena);
        bytes_done(&text);
    }
}

TEST(user_token_knows_its_words)
{
    assert_int_equal(token_rights_of(text_of("read")), RIGHT_READ);
    assert_int_equal(token_rights_of(text_of("record")), RIGHT_RECORD);
    assert_int_equal(token_rights_of(text_of("all")), RIGHT_READ | RIGHT_RECORD | RIGHT_MANAGE);
    assert_int_equal(token_rights_of(text_of("Read")), 0);
    assert_int_equal(token_rights_of(text_of("")), 0);
    assert_null(token_rights_word(0));
    assert_null(token_rights_word(RIGHT_READ | RIGHT_RECORD));
}

UNIT_MAIN(UNIT(user_token_is_read_as_it_was_made), UNIT(user_token_with_any_bit_changed_is_bad),
          UNIT(user_token_of_another_form_is_bad_however_it_is_signed),
          UNIT(user_token_knows_its_words))
