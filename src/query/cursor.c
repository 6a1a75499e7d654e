/*
 * cursor.c - a cursor's bytes, bound to their question by a checksum.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "query/cursor.h"

#include <assert.h>
#include <string.h>
#include <xxhash.h>

#include "base/base64url.h"
#include "base/bytes.h"

enum {
    CURSOR_VERSION = 1,
    CHECK_BYTES = 4,
    CURSOR_BYTES_MAX = 3 + 4 * VARINT_BYTES_MAX + ID_BYTES_MAX + CHECK_BYTES
};

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

    size_t len = (size_t)(end - bytes);
    char *text = arena_alloc(arena, base64url_chars(len));
    if (text == NULL)
        return (struct text){NULL, 0};
    base64url_encode(bytes, len, text);
    return (struct text){text, base64url_chars(len)};
}

static bool read_place(const struct cursor_scope *scope, struct text cursor,
                       struct cursor_place *out)
{
    uint8_t bytes[CURSOR_BYTES_MAX];
    uint8_t expected[CURSOR_BYTES_MAX];
    size_t scope_len = (size_t)(put_scope(scope, expected) - expected);
    size_t len = 0;
    if (!base64url_decode(cursor, bytes, sizeof bytes, &len) || len < scope_len + CHECK_BYTES ||
        memcmp(bytes, expected, scope_len) != 0)
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
                      "the cursor is damaged or belongs to another question: keep sort, direction, "
                      "dates and timezone as they were, or begin again without a cursor");
}
