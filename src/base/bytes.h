/*
 * bytes.h - a growing buffer, and numbers as bytes: little-endian and variable-length.
 *
 * A varint is LEB128: seven bits a byte, lowest first, the high bit says "more" (at most 10
 * bytes). Signed numbers are zigzag-coded first. Readers never pass the end they are given.
 *
 * Threads: a buffer belongs to one thread at a time.
 */
#ifndef FOOTFALL_BASE_BYTES_H
#define FOOTFALL_BASE_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/status.h"

enum { VARINT_BYTES_MAX = 10 };

/* Start as {0}. */
struct bytes {
    uint8_t *at;
    size_t len;
    size_t cap;
};

/* Makes room for more bytes behind len. false when out of memory; the content stays. */
MUST_USE bool bytes_reserve(struct bytes *bytes, size_t more);
/* Appends, growing as needed. false when out of memory; the content stays. */
MUST_USE bool bytes_append(struct bytes *bytes, const void *from, size_t len);
/* Frees the memory; the buffer can be used again. */
void bytes_done(struct bytes *bytes);

/* The put_ functions write at `to`, which has room, and return the byte behind. */
static inline uint8_t *put_u32(uint8_t *to, uint32_t value)
{
    uint32_t word = htole32(value);
    memcpy(to, &word, sizeof word);
    return to + sizeof word;
}

static inline uint8_t *put_u64(uint8_t *to, uint64_t value)
{
    uint64_t word = htole64(value);
    memcpy(to, &word, sizeof word);
    return to + sizeof word;
}

static inline uint8_t *put_varint(uint8_t *to, uint64_t value)
{
    while (value >= 0x80) {
        *to++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *to++ = (uint8_t)value;
    return to;
}

static inline uint64_t zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static inline int64_t unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

static inline uint32_t get_u32(const uint8_t *from)
{
    uint32_t word;
    memcpy(&word, from, sizeof word);
    return le32toh(word);
}

static inline uint64_t get_u64(const uint8_t *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof word);
    return le64toh(word);
}

/*
 * Reads a varint at *from, which must lie before end, and moves *from behind it. false when it
 * is cut off, longer than 10 bytes, or over 2^64; *from is then anywhere up to end.
 */
static inline bool get_varint(const uint8_t **from, const uint8_t *end, uint64_t *out)
{
    uint64_t value = 0;
    const uint8_t *at = *from;
    for (unsigned shift = 0; shift < 70 && at < end; shift += 7) {
        uint8_t byte = *at++;
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *from = at;
            *out = value;
            return true;
        }
    }
    *from = at;
    return false;
}

#endif
