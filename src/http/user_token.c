/*
 * user_token.c - header.claims.signature, each in base64url.
 *
 *     {"alg":"HS256","typ":"JWT"} .
 * {"aud":"footfall","sub":"<user>","access":"read","iat":…,"exp":…} . HMAC
 *
 * Reading compares the header as text, then the signature in constant time, and only then decodes
 * the claims, which are therefore our own: jansson reads them, and what does not have exactly our
 * fields is no token.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/user_token.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/base64url.h"

enum { SIGNATURE_BYTES = 32, SIGNATURE_CHARS = 43 };

/* {"alg":"HS256","typ":"JWT"} and the dot behind it */
static const char header[] = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.";
static const char audience[] = "footfall";

static const struct {
    const char *word;
    unsigned rights;
} words[] = {
    {"read", RIGHT_READ},
    {"record", RIGHT_RECORD},
    {"all", RIGHT_READ | RIGHT_RECORD | RIGHT_MANAGE},
};

unsigned token_rights_of(struct text word)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (text_is(word, words[i].word))
            return words[i].rights;
    }
    return 0;
}

const char *token_rights_word(unsigned rights)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i].rights == rights)
            return words[i].word;
    }
    return NULL;
}

static bool sign(const uint8_t *key, size_t key_len, struct text text, uint8_t out[SIGNATURE_BYTES])
{
    unsigned len = 0;
    return HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text.at, text.len, out,
                &len) != NULL &&
           len == SIGNATURE_BYTES;
}

bool token_key_derive(struct text service_key, uint8_t out[TOKEN_KEY_BYTES])
{
    /* what else may be derived from the service key one day has another label */
    return sign((const uint8_t *)service_key.at, service_key.len,
                text_of("footfall user tokens, version 1"), out);
}

static bool append_base64url(struct bytes *out, const uint8_t *from, size_t len)
{
    size_t chars = base64url_chars(len);
    if (!bytes_reserve(out, chars))
        return false;
    base64url_encode(from, len, (char *)out->at + out->len);
    out->len += chars;
    return true;
}

bool user_token_write(const uint8_t key[TOKEN_KEY_BYTES], const struct user_token *token,
                      int64_t now_s, struct bytes *out)
{
    uint8_t signature[SIGNATURE_BYTES];
    size_t start = out->len;
    json_t *claims =
        json_pack("{s:s, s:s%, s:s, s:I, s:I}", "aud", audience, "sub", token->user_id.at,
                  token->user_id.len, "access", token_rights_word(token->rights), "iat",
                  (json_int_t)now_s, "exp", (json_int_t)token->expires_s);
    char *text = claims == NULL ? NULL : json_dumps(claims, JSON_COMPACT);
    bool written = text != NULL && bytes_append(out, header, sizeof header - 1) &&
                   append_base64url(out, (const uint8_t *)text, strlen(text));
    free(text);
    json_decref(claims);
    return written &&
           sign(key, TOKEN_KEY_BYTES,
                (struct text){(const char *)out->at + start, out->len - start}, signature) &&
           bytes_append(out, ".", 1) && append_base64url(out, signature, sizeof signature);
}

bool user_token_is_one(struct text text)
{
    return text_starts_with(text, header);
}

static enum token_verdict read_claims(const uint8_t *json, size_t len, int64_t now_s,
                                      struct arena *arena, struct user_token *out)
{
    const char *aud = NULL;
    const char *sub = NULL;
    const char *access = NULL;
    size_t sub_len = 0;
    json_int_t iat = 0;
    json_int_t exp = 0;
    enum token_verdict verdict = TOKEN_BAD;
    json_t *claims = json_loadb((const char *)json, len, JSON_REJECT_DUPLICATES, NULL);
    /* the '!' refuses any further field */
    if (claims == NULL ||
        json_unpack(claims, "{s:s, s:s%, s:s, s:I, s:I !}", "aud", &aud, "sub", &sub, &sub_len,
                    "access", &access, "iat", &iat, "exp", &exp) != 0 ||
        strcmp(aud, audience) != 0)
        goto cleanup;
    *out = (struct user_token){.rights = token_rights_of(text_of(access)), .expires_s = exp};
    if (out->rights == 0)
        goto cleanup;
    if (exp <= now_s) {
        verdict = TOKEN_EXPIRED;
        goto cleanup;
    }
    out->user_id = arena_copy(arena, (struct text){sub, sub_len});
    verdict = out->user_id.at == NULL ? TOKEN_NO_MEMORY : TOKEN_GOOD;

cleanup:
    json_decref(claims);
    return verdict;
}

enum token_verdict user_token_read(const uint8_t key[TOKEN_KEY_BYTES], struct text text,
                                   int64_t now_s, struct arena *arena, struct user_token *out)
{
    uint8_t want[SIGNATURE_BYTES];
    uint8_t have[SIGNATURE_BYTES];
    uint8_t claims[TOKEN_BYTES_MAX];
    size_t len = 0;
    if (!user_token_is_one(text) || text.len > TOKEN_BYTES_MAX ||
        text.len < sizeof header + SIGNATURE_CHARS)
        return TOKEN_BAD;
    size_t signed_len = text.len - SIGNATURE_CHARS - 1;
    struct text signature = {text.at + signed_len + 1, SIGNATURE_CHARS};
    if (text.at[signed_len] != '.' || !base64url_decode(signature, have, sizeof have, &len) ||
        len != sizeof have ||
        !sign(key, TOKEN_KEY_BYTES, (struct text){text.at, signed_len}, want) ||
        CRYPTO_memcmp(want, have, sizeof want) != 0)
        return TOKEN_BAD;
    struct text middle = {text.at + sizeof header - 1, signed_len - (sizeof header - 1)};
    if (!base64url_decode(middle, claims, sizeof claims, &len))
        return TOKEN_BAD;
    return read_claims(claims, len, now_s, arena, out);
}
