/*
 * sigv4.h - signatures as AWS wants them: Signature Version 4, AWS4-HMAC-SHA256.
 *
 * Signs a request that is about to be sent: method, path, query, the headers given, and the body.
 * Proved against AWS's published vectors and its own JavaScript signer (tests/unit/dynamodb,
 * tests/dynamodb/sigv4.test.mjs), because engines for tests accept any signature.
 *
 * It does not rewrite paths or sort queries: they come in their canonical form, for DynamoDB always
 * "/" and "".
 *
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 *
 * Threads: no shared state; a key belongs to one thread at a time.
 */
#ifndef FOOTFALL_DYNAMODB_SIGV4_H
#define FOOTFALL_DYNAMODB_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum {
    SIGV4_DIGEST_BYTES = 32,
    SIGV4_TIME_BYTES = 17,           /* "20150830T123600Z" and a NUL */
    SIGV4_AUTHORIZATION_BYTES = 1024 /* enough for what the limits below allow */
};
enum {
    SIGV4_HEADERS_MAX = 16,
    SIGV4_NAME_BYTES_MAX = 64,    /* of a header's name */
    SIGV4_SCOPE_TEXT_BYTES = 64,  /* region, service: with their NUL */
    SIGV4_ACCESS_KEY_BYTES = 129, /* key id, with its NUL: AWS's are 16 to 128 characters */
    SIGV4_SECRET_KEY_BYTES = 257  /* secret, with its NUL: AWS's are 40 characters */
};

struct sigv4_header {
    struct text name;
    struct text value;
};

/* What is signed. Header names in any case and order; "host" and "x-amz-date" are among them. */
struct sigv4_request {
    struct text method;
    struct text path;  /* canonical: begins with "/", escaped */
    struct text query; /* canonical: escaped and sorted, without "?" */
    const struct sigv4_header *headers;
    size_t header_count; /* at most SIGV4_HEADERS_MAX */
    struct text body;
};

/* Who signs for what, and the key of the day, which is derived anew only when the day changes.
 * Start as {0} and fill the texts, or change them and set day to "". */
struct sigv4_key {
    char access_key[SIGV4_ACCESS_KEY_BYTES];
    char secret_key[SIGV4_SECRET_KEY_BYTES];
    char region[SIGV4_SCOPE_TEXT_BYTES];
    char service[SIGV4_SCOPE_TEXT_BYTES];
    char day[9]; /* "20150830": what signing is for; "": none yet */
    uint8_t signing[SIGV4_DIGEST_BYTES];
};

/* A moment as X-Amz-Date has it. False outside the years 1970 to 9999. */
MUST_USE bool sigv4_time(int64_t at_ms, char out[SIGV4_TIME_BYTES]);

/*
 * The value of the Authorization header for a request sent at `time`, which is also the value of
 * its x-amz-date header.
 *   STATUS_TOO_LARGE  more or longer headers than the limits allow
 *   STATUS_NO_MEMORY  also when OpenSSL refuses
 */
MUST_USE enum status sigv4_sign(struct sigv4_key *key, const struct sigv4_request *request,
                                const char time[SIGV4_TIME_BYTES],
                                char out[SIGV4_AUTHORIZATION_BYTES], struct error *err);

#endif
