/*
 * credentials.h - whose name requests are signed with: found in the order of AWS's SDKs, renewed
 * before they expire.
 *
 *     1  a profile that was named outright
 *     2  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
 *     3  AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN (a pod's service account)
 *     4  the files of AWS_PROFILE, or of the profile "default"
 *     5  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI (a task's, a pod's role)
 *     6  the instance's metadata, IMDSv2 (a machine's role), unless AWS_EC2_METADATA_DISABLED
 *
 * The place is chosen once, at opening; renewing asks the same place again. Files are read anew, so
 * a key that was rotated there is taken up as soon as the old one is refused.
 *
 * Threads: any.
 */
#ifndef FOOTFALL_DYNAMODB_CREDENTIALS_H
#define FOOTFALL_DYNAMODB_CREDENTIALS_H

#include <stdint.h>

#include "base/status.h"
#include "dynamodb/sigv4.h"

enum {
    CREDENTIALS_TOKEN_BYTES = 8192,          /* a session token, with its NUL */
    CREDENTIALS_RENEW_BEFORE_MS = 5 * 60000, /* they expire */
    CREDENTIALS_RETRY_MS = 30 * 1000,        /* after a renewal that failed while they were good */
    CREDENTIALS_RETRY_EXPIRED_MS = 1000      /* and when they were not */
};

struct credentials {
    char access_key[SIGV4_ACCESS_KEY_BYTES];
    char secret_key[SIGV4_SECRET_KEY_BYTES];
    char token[CREDENTIALS_TOKEN_BYTES]; /* "": none */
    int64_t expires_ms;                  /* INT64_MAX: never */
};

struct credentials_provider; /* made by credentials_open(), freed by credentials_close() */

/* Who gets the credentials for sts: region, and the profile that was named outright or NULL. */
struct credentials_options {
    const char *profile;
    const char *region;
};

/*
 * Finds the place and fetches the first credentials.
 *   STATUS_NOT_FOUND  there are none; the words say where was looked
 *   STATUS_INVALID    a file or variable is wrong
 *   STATUS_IO         the place did not give any
 *   STATUS_NO_MEMORY
 */
MUST_USE enum status credentials_open(const struct credentials_options *options, int64_t now_ms,
                                      struct credentials_provider **out, struct error *err);

/*
 * The credentials to sign with at now_ms, renewed first when they soon expire: one thread asks, the
 * others go on with the old ones while these are good. Copies them to *out when *generation is not
 * theirs, and sets it; start with 0.
 *   as credentials_open(), when they are expired and renewing fails
 */
MUST_USE enum status credentials_get(struct credentials_provider *provider, int64_t now_ms,
                                     struct credentials *out, uint64_t *generation,
                                     struct error *err);

/* The credentials of that generation were refused: the next credentials_get() renews them. */
void credentials_refused(struct credentials_provider *provider, uint64_t generation);

/* Where they come from: "the environment", "profile default", ... Lives as long as the provider. */
const char *credentials_place(const struct credentials_provider *provider);

/* Accepts NULL. Wipes the secrets. */
void credentials_close(struct credentials_provider *provider);

#endif
