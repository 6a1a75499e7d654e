/*
 * sigv4.c - three texts, each digested into the next.
 *
 *     canonical request   METHOD \n path \n query \n name:value \n ... \n \n names \n SHA256(body)
 *     string to sign      AWS4-HMAC-SHA256 \n time \n day/region/service/aws4_request \n SHA256(↑)
 *     signing key         HMAC(HMAC(HMAC(HMAC("AWS4" secret, day), region), service),
 * "aws4_request") signature           hex HMAC(signing key, string to sign)
 *
 * The canonical request is never a text in memory: it goes into the digest piece by piece. Header
 * names are lowered and sorted; values are trimmed, and runs of blanks within them become one;
 * equal names become one line, their values joined by commas in the order given.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dynamodb/sigv4.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DAY_CHARS = 8, HEX_CHARS = 2 * SIGV4_DIGEST_BYTES, SECRET_PREFIX_BYTES = 4 };

/* Names in canonical form, pointing at the header each belongs to. */
struct canonical_header {
    char name[SIGV4_NAME_BYTES_MAX + 1];
    struct text value;
    size_t order; /* as given, because sorting must keep it between equal names */
};

bool sigv4_time(int64_t at_ms, char out[SIGV4_TIME_BYTES])
{
    struct tm parts;
    time_t seconds = (time_t)(at_ms / 1000);
    if (at_ms < 0 || gmtime_r(&seconds, &parts) == NULL || parts.tm_year + 1900 > 9999)
        return false;
    return strftime(out, SIGV4_TIME_BYTES, "%Y%m%dT%H%M%SZ", &parts) == SIGV4_TIME_BYTES - 1;
}

static void to_hex(const uint8_t digest[SIGV4_DIGEST_BYTES], char out[HEX_CHARS + 1])
{
    for (size_t i = 0; i < SIGV4_DIGEST_BYTES; i++) {
        out[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    out[HEX_CHARS] = '\0';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool add(EVP_MD_CTX *digest, const void *at, size_t len)
{
    return EVP_DigestUpdate(digest, at, len) == 1;
}

static bool add_words(EVP_MD_CTX *digest, const char *words)
{
    return add(digest, words, strlen(words));
}

static bool add_value(EVP_MD_CTX *digest, struct text value)
{
    const char *at = value.at;
    const char *end = at + value.len;
    bool ok = true;
    while (at < end && is_blank(*at))
        at++;
    while (end > at && is_blank(end[-1]))
        end--;
    while (at < end && ok) {
        const char *word_end = at;
        while (word_end < end && !is_blank(*word_end))
            word_end++;
        ok = add(digest, at, (size_t)(word_end - at));
        at = word_end;
        while (at < end && is_blank(*at))
            at++;
        if (at < end)
            ok = ok && add(digest, " ", 1);
    }
    return ok;
}

/* Sorted by insertion: there are half a dozen. False when one is over the limits. */
static bool sort_headers(const struct sigv4_request *request,
                         struct canonical_header out[SIGV4_HEADERS_MAX])
{
    if (request->header_count > SIGV4_HEADERS_MAX)
        return false;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct sigv4_header *header = &request->headers[i];
        struct canonical_header next = {.value = header->value, .order = i};
        size_t at = i;
        if (header->name.len == 0 || header->name.len > SIGV4_NAME_BYTES_MAX)
            return false;
        for (size_t c = 0; c < header->name.len; c++) {
            char letter = header->name.at[c];
            next.name[c] = (char)(letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter);
        }
        for (; at > 0 && strcmp(out[at - 1].name, next.name) > 0; at--)
            out[at] = out[at - 1];
        out[at] = next;
    }
    return true;
}

/* "content-type;host;x-amz-date"; false when it does not fit. */
static bool list_names(const struct canonical_header *headers, size_t count, char *out, size_t cap)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && strcmp(headers[i].name, headers[i - 1].name) == 0)
            continue;
        int len = snprintf(out + used, cap - used, "%s%s", used == 0 ? "" : ";", headers[i].name);
        if (len < 0 || (size_t)len >= cap - used)
            return false;
        used += (size_t)len;
    }
    return true;
}

static bool digest_request(const struct sigv4_request *request,
                           const struct canonical_header *headers, const char *names,
                           char out[HEX_CHARS + 1])
{
    uint8_t body_digest[SIGV4_DIGEST_BYTES];
    uint8_t digest_bytes[SIGV4_DIGEST_BYTES];
    char body_hex[HEX_CHARS + 1];
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool ok = digest != NULL &&
              EVP_Digest(request->body.at, request->body.len, body_digest, NULL, EVP_sha256(),
                         NULL) == 1 &&
              EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;
    if (!ok)
        goto cleanup;
    to_hex(body_digest, body_hex);

    ok = add(digest, request->method.at, request->method.len) && add(digest, "\n", 1) &&
         add(digest, request->path.at, request->path.len) && add(digest, "\n", 1) &&
         add(digest, request->query.at, request->query.len) && add(digest, "\n", 1);
    for (size_t i = 0; i < request->header_count && ok; i++) {
        bool repeats = i > 0 && strcmp(headers[i].name, headers[i - 1].name) == 0;
        bool repeated =
            i + 1 < request->header_count && strcmp(headers[i].name, headers[i + 1].name) == 0;
        if (repeats)
            ok = add(digest, ",", 1);
        else
            ok = add_words(digest, headers[i].name) && add(digest, ":", 1);
        ok = ok && add_value(digest, headers[i].value) && (repeated || add(digest, "\n", 1));
    }
    ok = ok && add(digest, "\n", 1) && add_words(digest, names) && add(digest, "\n", 1) &&
         add(digest, body_hex, HEX_CHARS) && EVP_DigestFinal_ex(digest, digest_bytes, NULL) == 1;
    if (ok)
        to_hex(digest_bytes, out);

cleanup:
    EVP_MD_CTX_free(digest);
    return ok;
}

static bool hmac(const void *key, size_t key_len, const char *words,
                 uint8_t out[SIGV4_DIGEST_BYTES])
{
    unsigned len = 0;
    return HMAC(EVP_sha256(), key, (int)key_len, (const uint8_t *)words, strlen(words), out,
                &len) != NULL &&
           len == SIGV4_DIGEST_BYTES;
}

static bool derive_key(struct sigv4_key *key, const char day[DAY_CHARS + 1])
{
    char secret[SECRET_PREFIX_BYTES + SIGV4_SECRET_KEY_BYTES];
    uint8_t of_day[SIGV4_DIGEST_BYTES];
    uint8_t of_region[SIGV4_DIGEST_BYTES];
    uint8_t of_service[SIGV4_DIGEST_BYTES];
    snprintf(secret, sizeof secret, "AWS4%s", key->secret_key);
    bool ok = hmac(secret, strlen(secret), day, of_day) &&
              hmac(of_day, sizeof of_day, key->region, of_region) &&
              hmac(of_region, sizeof of_region, key->service, of_service) &&
              hmac(of_service, sizeof of_service, "aws4_request", key->signing);
    OPENSSL_cleanse(secret, sizeof secret);
    if (ok)
        memcpy(key->day, day, DAY_CHARS + 1);
    return ok;
}

enum status sigv4_sign(struct sigv4_key *key, const struct sigv4_request *request,
                       const char time[SIGV4_TIME_BYTES], char out[SIGV4_AUTHORIZATION_BYTES],
                       struct error *err)
{
    struct canonical_header headers[SIGV4_HEADERS_MAX];
    char names[SIGV4_AUTHORIZATION_BYTES / 2];
    char day[DAY_CHARS + 1] = "";
    char request_hex[HEX_CHARS + 1];
    char signature_hex[HEX_CHARS + 1];
    char to_sign[64 + 2 * SIGV4_SCOPE_TEXT_BYTES + HEX_CHARS];
    uint8_t signature[SIGV4_DIGEST_BYTES];

    if (!sort_headers(request, headers) ||
        !list_names(headers, request->header_count, names, sizeof names))
        return fail(err, STATUS_TOO_LARGE, "a request to be signed has too many or long headers");

    memcpy(day, time, DAY_CHARS);
    if ((strcmp(day, key->day) != 0 && !derive_key(key, day)) ||
        !digest_request(request, headers, names, request_hex))
        return fail(err, STATUS_NO_MEMORY, "no memory to sign a request");

    int len = snprintf(to_sign, sizeof to_sign, "AWS4-HMAC-SHA256\n%s\n%s/%s/%s/aws4_request\n%s",
                       time, day, key->region, key->service, request_hex);
    assert(len > 0 && (size_t)len < sizeof to_sign);
    if (!hmac(key->signing, sizeof key->signing, to_sign, signature))
        return fail(err, STATUS_NO_MEMORY, "no memory to sign a request");
    to_hex(signature, signature_hex);

    len = snprintf(out, SIGV4_AUTHORIZATION_BYTES,
                   "AWS4-HMAC-SHA256 Credential=%s/%s/%s/%s/aws4_request, SignedHeaders=%s, "
                   "Signature=%s",
                   key->access_key, day, key->region, key->service, names, signature_hex);
    assert(len > 0 && len < SIGV4_AUTHORIZATION_BYTES);
    return STATUS_OK;
}
