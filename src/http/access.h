/*
 * access.h - who may: the service key, a user's token (user_token.h), or nobody but this machine.
 *
 * Without a key (`--auth off`) the server listens on loopback only, and still refuses a request
 * that a foreign page made a browser send: by its Origin, or, when a name was made to point here
 * (DNS rebinding), by its Host.
 *
 * Threads: read-only once made; access_check() may be called from any.
 */
#ifndef FOOTFALL_HTTP_ACCESS_H
#define FOOTFALL_HTTP_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "http/user_token.h"

enum { ACCESS_KEY_BYTES_MIN = 16, ACCESS_KEY_BYTES_MAX = 512, ACCESS_DIGEST_BYTES = 32 };

struct access {
    bool has_key;
    uint8_t key_digest[ACCESS_DIGEST_BYTES]; /* SHA-256; the key itself is not kept */
    uint8_t token_key[TOKEN_KEY_BYTES];
};

/* What a request may do. Everything, or what a user's token says. */
struct grant {
    bool is_service;
    struct text user_id; /* of a token */
    unsigned rights;     /* of a token, enum right */
    int64_t expires_s;   /* of a token, since the epoch */
};

/* Whether that right on that user's data is granted. The one place that decides it. */
static inline bool grant_allows(const struct grant *grant, struct text user_id, enum right right)
{
    return grant->is_service ||
           ((grant->rights & right) != 0 && text_equal(grant->user_id, user_id));
}

/* No key: loopback rules. */
void access_init_loopback(struct access *out);
/* STATUS_INVALID for a key of the wrong length or with bytes that no header can carry. */
MUST_USE enum status access_init_key(struct access *out, struct text key, struct error *err);

/* Whether a Host field ("name", "name:port", "[v6]:port") names this machine's loopback. */
bool access_host_is_loopback(struct text host);
/* Whether an Origin field ("http://host:port") does. "null" does not. */
bool access_origin_is_loopback(struct text origin);

enum access_verdict {
    ACCESS_GRANTED,
    ACCESS_KEY_MISSING,
    ACCESS_KEY_WRONG,
    ACCESS_TOKEN_EXPIRED,
    ACCESS_FOREIGN,
    ACCESS_NO_MEMORY
};

/* What a request brings. Absent texts stand for fields that were not sent. */
struct access_request {
    bool open; /* an address that needs no key */
    struct text host;
    struct text origin;
    bool origin_is_listed;     /* cors_allows() */
    struct text authorization; /* "Bearer ..." */
    int64_t now_s;             /* since the epoch */
};

/* ACCESS_GRANTED fills *out, with texts in the arena; at an open address it may grant nothing. */
enum access_verdict access_check(const struct access *access, const struct access_request *request,
                                 struct arena *arena, struct grant *out);

/* The same for a credential that came another way than by the Authorization field: the service key
 * or a token. Only of use with a key. */
enum access_verdict access_check_credential(const struct access *access, struct text credential,
                                            int64_t now_s, struct arena *arena, struct grant *out);

#endif
