/*
 * page_cursor_test.c - a cursor comes back as it went, to the same question only.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <string.h>

#include "lib/page_cursor.h"

TEST(page_cursor_names_the_place_it_was_given)
{
    static const struct {
        const char *name;
        int64_t time_ms;
        const char *key;
        const char *listing;
    } rows[] = {
        {"an inquiry", 1769860800123, "01HZX", "listing-1"},
        {"before 1970", -5, "k", "l"},
        {"a listing", 0, "", "listing-1"},
        {"odd bytes", INT64_MAX, "\xf0\x9f\x8f\xa0", "a/b \"c\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error err;
        struct arena arena = {0};
        struct text question = text_of("i#user#");
        struct page_place place = {rows[i].time_ms, text_of(rows[i].key), text_of(rows[i].listing)};
        struct page_place back;
        struct text cursor = page_cursor_write(&place, question, &arena);
        ASSERT_OK(page_cursor_read(cursor, question, &arena, &back, &err), err);
        ROW(back.time_ms == place.time_ms && text_equal(back.key, place.key) &&
                text_equal(back.listing_id, place.listing_id),
            rows[i].name, "another place came back");
        ROW(page_cursor_read(cursor, text_of("i#other#"), &arena, &back, &err) == STATUS_INVALID,
            rows[i].name, "another question took it");
        assert_string_equal(err.field, "cursor");
        arena_done(&arena);
    }
}

TEST(page_cursor_damaged_anywhere_is_refused)
{
    struct error err;
    struct arena arena = {0};
    struct text question = text_of("i#user#");
    struct page_place place = {7, text_of("key"), text_of("listing")};
    struct page_place back;
    struct text cursor = page_cursor_write(&place, question, &arena);
    for (size_t i = 0; i < cursor.len; i++) {
        char damaged[128];
        memcpy(damaged, cursor.at, cursor.len);
        damaged[i] = damaged[i] == 'A' ? 'B' : 'A';
        assert_int_equal(
            page_cursor_read((struct text){damaged, cursor.len}, question, &arena, &back, &err),
            STATUS_INVALID);
        assert_int_equal(
            page_cursor_read((struct text){cursor.at, i}, question, &arena, &back, &err),
            STATUS_INVALID);
    }
    arena_done(&arena);
}

UNIT_MAIN(UNIT(page_cursor_names_the_place_it_was_given),
          UNIT(page_cursor_damaged_anywhere_is_refused))
