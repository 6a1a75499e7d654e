/*
 * cursor.c - fuzz target: the cursors that clients hand back.
 *
 * The first byte chooses the kind, and whether the rest is a cursor as it came or the bytes of one,
 * to which the right checksum is given: a client can do that, too. A cursor that is accepted names
 * a place that can be written again, and read to the same.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include <xxhash.h>

#include "base/base64url.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "lib/page_cursor.h"
#include "query/cursor.h"

enum { OF_METRICS = 1, RESEALED = 2, SEALED_BYTES_MAX = 512 };

static const char question[] = "i#user#listing";

static struct text as_text(const uint8_t *bytes, size_t len, char *out)
{
    base64url_encode(bytes, len, out);
    return (struct text){out, base64url_chars(len)};
}

static void check_page(struct text cursor)
{
    struct arena arena = {0};
    struct page_place place, again;
    struct error err;
    if (page_cursor_read(cursor, text_of(question), &arena, &place, &err) == STATUS_OK) {
        struct text written = page_cursor_write(&place, text_of(question), &arena);
        FUZZ_CHECK(text_equal(written, cursor), "written differently");
        FUZZ_CHECK(page_cursor_read(written, text_of(question), &arena, &again, &err) == STATUS_OK,
                   "%s", err.message);
        FUZZ_CHECK(again.time_ms == place.time_ms && text_equal(again.key, place.key) &&
                       text_equal(again.listing_id, place.listing_id),
                   "another place");
        FUZZ_CHECK(page_cursor_read(cursor, text_of("i#another#"), &arena, &again, &err) ==
                       STATUS_INVALID,
                   "good for another question");
    }
    arena_done(&arena);
}

static void check_metrics(const struct cursor_scope *scope, struct text cursor)
{
    struct arena arena = {0};
    struct cursor_place place, again;
    struct error err;
    if (cursor_read(scope, cursor, &place, &err) == STATUS_OK) {
        FUZZ_CHECK(place.key.den != 0, "an impossible key");
        struct text written = cursor_write(scope, place.key, place.listing_id, &arena);
        FUZZ_CHECK(cursor_read(scope, written, &again, &err) == STATUS_OK, "%s", err.message);
        FUZZ_CHECK(again.key.num == place.key.num && again.key.den == place.key.den &&
                       text_equal(again.listing_id, place.listing_id),
                   "another place");
    }
    arena_done(&arena);
}

/* As lib/page_cursor.c does it. */
static struct text reseal_page(uint8_t *bytes, size_t len, char *out)
{
    bytes[0] = 1;
    if (len >= 5)
        put_u32(bytes + 1, crc32c(crc32c(0, question, strlen(question)), bytes + 5, len - 5));
    return as_text(bytes, len, out);
}

/* As query/cursor.c does it. */
static struct text reseal_metrics(const struct cursor_scope *scope, const uint8_t *from, size_t len,
                                  char *out)
{
    uint8_t bytes[SEALED_BYTES_MAX + 64];
    uint8_t *end = bytes;
    *end++ = 1;
    *end++ = (uint8_t)scope->sort;
    *end++ = scope->ascending;
    end = put_varint(end, zigzag(scope->range->first_day));
    end = put_varint(end, zigzag(scope->range->last_day));
    end = mempcpy(end, from, len);

    char all[sizeof bytes + 8];
    char *to = mempcpy(all, bytes, (size_t)(end - bytes));
    to = mempcpy(to, "UTC\0u", 5);
    end = put_u32(end, (uint32_t)XXH3_64bits(all, (size_t)(to - all)));
    return as_text(bytes, (size_t)(end - bytes), out);
}

int fuzz_one(const uint8_t *data, size_t size)
{
    char out[2 * SEALED_BYTES_MAX];
    const struct range range = {PERIOD_CUSTOM, 20454, 20460, zone_utc()};
    const struct cursor_scope scope = {text_of("u"), &range, SORT_CONVERSION_RATE, false};
    if (size < 2 || size > SEALED_BYTES_MAX)
        return 0;
    unsigned kind = data[0];
    size--;
    char *copy = fuzz_copy(data + 1, size);
    struct text cursor = {copy, size};
    if ((kind & OF_METRICS) != 0) {
        if ((kind & RESEALED) != 0)
            cursor = reseal_metrics(&scope, (const uint8_t *)copy, size, out);
        check_metrics(&scope, cursor);
    } else {
        if ((kind & RESEALED) != 0)
            cursor = reseal_page((uint8_t *)copy, size, out);
        check_page(cursor);
    }
    free(copy);
    return 0;
}
