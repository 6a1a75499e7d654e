/*
 * access.h - who may: one service key, or nobody but this machine.
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

#include "base/status.h"
#include "base/text.h"

enum { ACCESS_KEY_BYTES_MIN = 16, ACCESS_KEY_BYTES_MAX = 512, ACCESS_DIGEST_BYTES = 32 };

struct access {
    bool has_key;
    uint8_t key_digest[ACCESS_DIGEST_BYTES]; /* SHA-256; the key itself is not kept */
};

/* No key: loopback rules. */
void access_init_loopback(struct access *out);
/* STATUS_INVALID for a key of the wrong length or with bytes that no header can carry. */
MUST_USE enum status access_init_key(struct access *out, struct text key, struct error *err);

/* Whether a Host field ("name", "name:port", "[v6]:port") names this machine's loopback. */
bool access_host_is_loopback(struct text host);
/* Whether an Origin field ("http://host:port") does. "null" does not. */
bool access_origin_is_loopback(struct text origin);

enum access_verdict { ACCESS_GRANTED, ACCESS_KEY_MISSING, ACCESS_KEY_WRONG, ACCESS_FOREIGN };

/* open: an address that needs no key. Absent texts stand for fields that were not sent. */
enum access_verdict access_check(const struct access *access, bool open, struct text host,
                                 struct text origin, struct text authorization);

#endif
