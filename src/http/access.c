/*
 * access.c - keys and loopback names.
 *
 * Keys are compared as SHA-256 digests in constant time: neither length nor a common start shows
 * in how long a refusal takes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/access.h"

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "http/media.h"

static bool digest(struct text key, uint8_t out[ACCESS_DIGEST_BYTES])
{
    return EVP_Digest(key.at, key.len, out, NULL, EVP_sha256(), NULL) == 1;
}

void access_init_loopback(struct access *out)
{
    *out = (struct access){.has_key = false};
}

enum status access_init_key(struct access *out, struct text key, struct error *err)
{
    if (key.len < ACCESS_KEY_BYTES_MIN || key.len > ACCESS_KEY_BYTES_MAX)
        return fail_input(err, "invalid_key", "",
                          "the service key must have %d to %d characters; make one with: "
                          "openssl rand -hex 32",
                          ACCESS_KEY_BYTES_MIN, ACCESS_KEY_BYTES_MAX);
    for (size_t i = 0; i < key.len; i++) {
        if (key.at[i] <= ' ' || key.at[i] >= 0x7f)
            return fail_input(err, "invalid_key", "",
                              "the service key may hold printable ASCII characters only, and no "
                              "spaces");
    }
    struct access access = {.has_key = true};
    if (!digest(key, access.key_digest) || !token_key_derive(key, access.token_key))
        return fail(err, STATUS_NO_MEMORY, "the service key cannot be digested");
    *out = access;
    return STATUS_OK;
}

/* 127.0.0.0/8, without leading zeros or short forms: inet_pton() knows no others. */
static bool is_loopback_v4(const char *name)
{
    struct in_addr address;
    return inet_pton(AF_INET, name, &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

static bool is_loopback_v6(const char *name)
{
    struct in6_addr address;
    return inet_pton(AF_INET6, name, &address) == 1 && IN6_IS_ADDR_LOOPBACK(&address);
}

static bool is_port(struct text text)
{
    if (text.len > 5)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    }
    return true; /* "host:" without digits is legal, RFC 3986 section 3.2.3 */
}

bool access_host_is_loopback(struct text host)
{
    char name[64];
    bool bracketed = host.len > 0 && host.at[0] == '[';
    const char *end = NULL;
    if (host.at == NULL)
        return false;
    if (bracketed)
        end = memchr(host.at, ']', host.len);
    else
        end = memchr(host.at, ':', host.len);
    if (bracketed && end == NULL)
        return false;
    size_t len = end == NULL ? host.len : (size_t)(end - host.at);
    struct text rest = {host.at + len + bracketed, host.len - len - bracketed};
    if (rest.len > 0 && (rest.at[0] != ':' || !is_port((struct text){rest.at + 1, rest.len - 1})))
        return false;

    struct text bare = {host.at + bracketed, len - bracketed};
    if (bare.len == 0 || bare.len >= sizeof name || memchr(bare.at, '\0', bare.len) != NULL)
        return false;
    memcpy(name, bare.at, bare.len);
    name[bare.len] = '\0';
    if (bracketed)
        return is_loopback_v6(name);
    return text_is_caseless(bare, "localhost") || is_loopback_v4(name);
}

bool access_origin_is_loopback(struct text origin)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t len = strlen(schemes[i]);
        if (origin.len > len && text_is_caseless((struct text){origin.at, len}, schemes[i]))
            return access_host_is_loopback((struct text){origin.at + len, origin.len - len});
    }
    return false;
}

static enum access_verdict check_token(const struct access *access, struct text token,
                                       int64_t now_s, struct arena *arena, struct grant *out)
{
    struct user_token claims;
    switch (user_token_read(access->token_key, token, now_s, arena, &claims)) {
    case TOKEN_GOOD:
        *out = (struct grant){
            .user_id = claims.user_id, .rights = claims.rights, .expires_s = claims.expires_s};
        return ACCESS_GRANTED;
    case TOKEN_EXPIRED:
        return ACCESS_TOKEN_EXPIRED;
    case TOKEN_NO_MEMORY:
        return ACCESS_NO_MEMORY;
    case TOKEN_BAD:
        break;
    }
    return ACCESS_KEY_WRONG;
}

enum access_verdict access_check_credential(const struct access *access, struct text credential,
                                            int64_t now_s, struct arena *arena, struct grant *out)
{
    uint8_t presented[ACCESS_DIGEST_BYTES];
    if (user_token_is_one(credential))
        return check_token(access, credential, now_s, arena, out);
    if (credential.len > ACCESS_KEY_BYTES_MAX || !digest(credential, presented) ||
        CRYPTO_memcmp(presented, access->key_digest, sizeof presented) != 0)
        return ACCESS_KEY_WRONG;
    *out = (struct grant){.is_service = true};
    return ACCESS_GRANTED;
}

static enum access_verdict check_field(const struct access *access,
                                       const struct access_request *request, struct arena *arena,
                                       struct grant *out)
{
    struct text field = text_trim(request->authorization);
    if (field.len < 7 || !text_is_caseless((struct text){field.at, 7}, "bearer "))
        return ACCESS_KEY_MISSING;
    struct text credential = text_trim((struct text){field.at + 7, field.len - 7});
    return access_check_credential(access, credential, request->now_s, arena, out);
}

enum access_verdict access_check(const struct access *access, const struct access_request *request,
                                 struct arena *arena, struct grant *out)
{
    *out = (struct grant){.is_service = false};
    if (access->has_key)
        return request->open ? ACCESS_GRANTED : check_field(access, request, arena, out);
    /* HTTP/1.0 clients may leave Host out; browsers, which rebinding needs, never do. */
    if (request->host.at != NULL && !access_host_is_loopback(request->host))
        return ACCESS_FOREIGN;
    if (request->origin.at != NULL && !request->origin_is_listed &&
        !access_origin_is_loopback(request->origin))
        return ACCESS_FOREIGN;
    out->is_service = true;
    return ACCESS_GRANTED;
}
