/*
 * page_cursor.c - version (1) | CRC32C of question and place (4) | place, all in base64url.
 *
 *     place: time (8) | key's length (1) | key | listing id, to the end
 *
 * The checksum keeps honest clients from mixing questions up. It is no secret: a forged cursor
 * only chooses where a page of the caller's own rows begins.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "lib/page_cursor.h"

#include "base/base64url.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "model/event.h"
#include "model/inquiry.h"

enum {
    CURSOR_VERSION = 1,
    PLACE_AT = 5,
    KEY_AT = PLACE_AT + 9,
    CURSOR_BYTES_MAX = KEY_AT + INQUIRY_KEY_BYTES_MAX + ID_BYTES_MAX
};

static uint32_t checksum(struct text question, const uint8_t *place, size_t len)
{
    return crc32c(crc32c(0, question.at, question.len), place, len);
}

struct text page_cursor_write(const struct page_place *place, struct text question,
                              struct arena *arena)
{
    uint8_t bytes[CURSOR_BYTES_MAX];
    bytes[0] = CURSOR_VERSION;
    put_u64(bytes + PLACE_AT, (uint64_t)place->time_ms);
    bytes[KEY_AT - 1] = (uint8_t)place->key.len;
    size_t len = KEY_AT;
    if (place->key.len > 0)
        memcpy(bytes + len, place->key.at, place->key.len);
    len += place->key.len;
    memcpy(bytes + len, place->listing_id.at, place->listing_id.len);
    len += place->listing_id.len;
    put_u32(bytes + 1, checksum(question, bytes + PLACE_AT, len - PLACE_AT));

    char *text = arena_alloc(arena, base64url_chars(len));
    if (text == NULL)
        return (struct text){NULL, 0};
    base64url_encode(bytes, len, text);
    return (struct text){text, base64url_chars(len)};
}

enum status page_cursor_read(struct text cursor, struct text question, struct arena *arena,
                             struct page_place *out, struct error *err)
{
    uint8_t bytes[CURSOR_BYTES_MAX];
    size_t len = 0;
    if (!base64url_decode(cursor, bytes, sizeof bytes, &len) || len < KEY_AT ||
        bytes[0] != CURSOR_VERSION || len - KEY_AT < bytes[KEY_AT - 1] ||
        get_u32(bytes + 1) != checksum(question, bytes + PLACE_AT, len - PLACE_AT))
        return fail_input(err, "invalid_cursor", "cursor",
                          "the cursor is damaged or belongs to another question; ask for the "
                          "first page without a cursor");
    size_t key_len = bytes[KEY_AT - 1];
    struct text kept = arena_copy(arena, (struct text){(const char *)bytes + KEY_AT, len - KEY_AT});
    if (kept.at == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to read a cursor");
    *out = (struct page_place){.time_ms = (int64_t)get_u64(bytes + PLACE_AT),
                               .key = {kept.at, key_len},
                               .listing_id = {kept.at + key_len, kept.len - key_len}};
    return STATUS_OK;
}
