/*
 * base64url.h - bytes as text that needs no escaping in an address: RFC 4648, section 5, without
 * padding, in its one canonical spelling.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_BASE_BASE64URL_H
#define FOOTFALL_BASE_BASE64URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

/* How many characters len bytes become. */
static inline size_t base64url_chars(size_t len)
{
    return (len * 4 + 2) / 3;
}

/* Writes base64url_chars(len) characters, without a NUL. */
void base64url_encode(const uint8_t *from, size_t len, char *to);

/* Reads into `to`, which has room for cap bytes. false for another character, for left-over bits
 * that are not zero, and for more than cap bytes. */
MUST_USE bool base64url_decode(struct text text, uint8_t *to, size_t cap, size_t *len);

#endif
