/*
 * cursor.c - cursors as bytes, bytes as base64url.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "query/cursor.h"

#include <assert.h>
#include <string.h>
#include <xxhash.h>

#include "base/bytes.h"

enum {
    CURSOR_VERSION = 1,
    CHECK_BYTES = 4,
    CURSOR_BYTES_MAX = 3 + 4 * VARINT_BYTES_MAX + ID_BYTES_MAX + CHECK_BYTES,
    CURSOR_CHARS_MAX = (CURSOR_BYTES_MAX * 4 + 2) / 3
};

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static size_t to_base64url(const uint8_t *from, size_t len, char *to)
{
    char *start = to;
    uint32_t bits = 0;
    int held = 0;
    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | from[i];
        for (held += 8; held >= 6; held -= 6)
            *to++ = digits[bits >> (held - 6) & 63];
    }
    if (held > 0)
        *to++ = digits[bits << (6 - held) & 63];
    return (size_t)(to - start);
}

/* false for another character or for bits left over that are not 0: one spelling a cursor. */
static bool from_base64url(struct text text, uint8_t *to, size_t *len)
{
    uint32_t bits = 0;
    int held = 0;
    *len = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *digit = text.at[i] == '\0' ? NULL : strchr(digits, text.at[i]);
        if (digit == NULL)
            return false;
        bits = bits << 6 | (uint32_t)(digit - digits);
        held += 6;
        if (held >= 8) {
            held -= 8;
            to[(*len)++] = (uint8_t)(bits >> held);
        }
    }
    return held < 6 && (bits & ((1u << held) - 1)) == 0;
}

static uint32_t check_of(const struct cursor_scope *scope, const uint8_t *bytes, size_t len)
{
    struct text zone = zone_name(scope->range->zone);
    struct text user_id = scope->user_id;
    char all[CURSOR_BYTES_MAX + ZONE_NAME_BYTES_MAX + 1 + ID_BYTES_MAX];
    char *end = all;
    assert(len <= CURSOR_BYTES_MAX && user_id.len <= ID_BYTES_MAX);
    end = mempcpy(end, bytes, len);
    end = mempcpy(end, zone.at, zone.len);
    *end++ = '\0';
    end = mempcpy(end, user_id.at, user_id.len);
    return (uint32_t)XXH3_64bits(all, (size_t)(end - all));
}

/* What every cursor of the scope begins with. */
static uint8_t *put_scope(const struct cursor_scope *scope, uint8_t *to)
{
    *to++ = CURSOR_VERSION;
    *to++ = (uint8_t)scope->sort;
    *to++ = scope->ascending;
    to = put_varint(to, zigzag(scope->range->first_day));
    return put_varint(to, zigzag(scope->range->last_day));
}

struct text cursor_write(const struct cursor_scope *scope, struct sort_key key,
                         struct text listing_id, struct arena *arena)
{
    uint8_t bytes[CURSOR_BYTES_MAX];
    uint8_t *end = put_scope(scope, bytes);
    end = put_varint(end, key.num);
    end = put_varint(end, key.den);
    assert(listing_id.len <= ID_BYTES_MAX);
    memcpy(end, listing_id.at, listing_id.len);
    end += listing_id.len;
    end = put_u32(end, check_of(scope, bytes, (size_t)(end - bytes)));

    char *text = arena_alloc(arena, CURSOR_CHARS_MAX);
    if (text == NULL)
        return (struct text){NULL, 0};
    return (struct text){text, to_base64url(bytes, (size_t)(end - bytes), text)};
}

static bool read_place(const struct cursor_scope *scope, struct text cursor,
                       struct cursor_place *out)
{
    uint8_t bytes[CURSOR_BYTES_MAX + 1];
    uint8_t expected[CURSOR_BYTES_MAX];
    size_t scope_len = (size_t)(put_scope(scope, expected) - expected);
    size_t len = 0;
    if (cursor.len > CURSOR_CHARS_MAX || !from_base64url(cursor, bytes, &len) ||
        len < scope_len + CHECK_BYTES || memcmp(bytes, expected, scope_len) != 0)
        return false;
    const uint8_t *end = bytes + len - CHECK_BYTES;
    if (get_u32(end) != check_of(scope, bytes, len - CHECK_BYTES))
        return false;

    const uint8_t *from = bytes + scope_len;
    if (!get_varint(&from, end, &out->key.num) || !get_varint(&from, end, &out->key.den) ||
        out->key.den == 0)
        return false;
    size_t id_len = (size_t)(end - from);
    if (id_len == 0 || id_len > ID_BYTES_MAX)
        return false;
    memcpy(out->listing_id_bytes, from, id_len);
    out->listing_id = (struct text){out->listing_id_bytes, id_len};
    return true;
}

enum status cursor_read(const struct cursor_scope *scope, struct text cursor,
                        struct cursor_place *out, struct error *err)
{
    if (read_place(scope, cursor, out))
        return STATUS_OK;
    return fail_input(err, "invalid_cursor", "cursor",
                      "the cursor is damaged or belongs to another question; ask for the first "
                      "page again, with the same sort, direction, dates and timezone for the next");
}
