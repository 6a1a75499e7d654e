/*
 * base64url.c - six bits a character.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/base64url.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_encode(const uint8_t *from, size_t len, char *to)
{
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < len; i++) {
        bits = (bits << 8) | from[i];
        for (held += 8; held >= 6; held -= 6)
            *to++ = alphabet[(bits >> (held - 6)) & 63];
    }
    if (held > 0)
        *to = alphabet[(bits << (6 - held)) & 63];
}

bool base64url_decode(struct text text, uint8_t *to, size_t cap, size_t *len)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t made = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *place = memchr(alphabet, text.at[i], sizeof alphabet - 1);
        if (place == NULL)
            return false;
        bits = (bits << 6) | (uint32_t)(place - alphabet);
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        if (made == cap)
            return false;
        to[made++] = (uint8_t)(bits >> held);
    }
    /* a last character that adds no whole byte, or bits that nobody wrote */
    if (held >= 6 || (bits & ((1u << held) - 1)) != 0)
        return false;
    *len = made;
    return true;
}
