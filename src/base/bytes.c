/*
 * bytes.c - a growing buffer: doubles, so that appending costs constant time on average.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/bytes.h"

#include <stdlib.h>

enum { CAP_MIN = 256 };

bool bytes_reserve(struct bytes *bytes, size_t more)
{
    if (bytes->cap - bytes->len >= more)
        return true;
    if (more > SIZE_MAX / 2 - bytes->len)
        return false;
    size_t cap = bytes->cap < CAP_MIN ? CAP_MIN : bytes->cap;
    while (cap - bytes->len < more)
        cap *= 2;
    uint8_t *at = realloc(bytes->at, cap);
    if (at == NULL)
        return false;
    bytes->at = at;
    bytes->cap = cap;
    return true;
}

bool bytes_append(struct bytes *bytes, const void *from, size_t len)
{
    if (!bytes_reserve(bytes, len))
        return false;
    if (len > 0)
        memcpy(bytes->at + bytes->len, from, len);
    bytes->len += len;
    return true;
}

void bytes_done(struct bytes *bytes)
{
    free(bytes->at);
    *bytes = (struct bytes){0};
}
