/*
 * arena_test.c - pieces that stay apart and go together.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

TEST(pieces_are_aligned_and_stay_apart)
{
    enum { PIECES = 500 };
    struct unit_random random = unit_random_seeded();
    struct arena arena = {.chunk_bytes = 1024};
    unsigned char *pieces[PIECES];
    size_t lens[PIECES];
    for (int i = 0; i < PIECES; i++) {
        lens[i] = unit_random_below(&random, i % 50 == 0 ? 5000 : 100);
        pieces[i] = arena_alloc(&arena, lens[i]);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], i & 0xff, lens[i]);
        /* a text between them takes no alignment but disturbs none */
        struct text text = arena_copy(&arena, text_of("odd"));
        assert_true(text_is(text, "odd"));
    }
    for (int i = 0; i < PIECES; i++)
        for (size_t at = 0; at < lens[i]; at++)
            assert_int_equal(pieces[i][at], i & 0xff);
    arena_done(&arena);
    assert_int_equal(arena.held_bytes, 0);
}

TEST(copies_end_with_a_nul_and_keep_absence)
{
    struct arena arena = {0};
    memset(arena_alloc(&arena, 8000), 0xff, 8000); /* no NULs by luck */
    arena_reset(&arena);
    struct text absent = arena_copy(&arena, (struct text){NULL, 0});
    struct text empty = arena_copy(&arena, text_of(""));
    struct text words = arena_copy(&arena, text_of("two words"));
    assert_null(absent.at);
    assert_non_null(empty.at);
    assert_string_equal(empty.at, "");
    assert_string_equal(words.at, "two words");
    assert_int_equal(words.len, 9);
    arena_done(&arena);
}

TEST(zeroed_pieces_are_zero_and_overflow_is_refused)
{
    struct arena arena = {0};
    memset(arena_alloc(&arena, 8000), 0xff, 8000);
    arena_reset(&arena);
    const unsigned char *piece = arena_zalloc(&arena, 100, 80);
    assert_non_null(piece);
    for (int i = 0; i < 8000; i++)
        assert_int_equal(piece[i], 0);
    assert_null(arena_zalloc(&arena, SIZE_MAX / 2 + 1, 2)); /* 0, had it wrapped */
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 15));
    assert_false(arena_reserve(&arena, SIZE_MAX));
    arena_done(&arena);
}

TEST(a_reset_keeps_one_chunk_for_the_next_use)
{
    struct arena arena = {.chunk_bytes = 4096};
    for (int i = 0; i < 100; i++)
        assert_non_null(arena_alloc(&arena, 1000));
    size_t full = arena.held_bytes;
    arena_reset(&arena);
    size_t kept = arena.held_bytes;
    assert_in_range(kept, 4096, full / 10);
    for (int round = 0; round < 10; round++) {
        assert_non_null(arena_alloc(&arena, 1000));
        assert_non_null(arena_alloc(&arena, 1000));
        assert_int_equal(arena.held_bytes, kept); /* nothing more was taken */
        arena_reset(&arena);
    }
    arena_done(&arena);
    arena_done(&arena);
}

TEST(what_was_reserved_needs_no_more_memory)
{
    struct arena arena = {.chunk_bytes = 64};
    assert_true(arena_reserve(&arena, 10000));
    size_t held = arena.held_bytes;
    for (int i = 0; i < 2000; i++)
        assert_non_null(arena_copy(&arena, text_of("1234")).at);
    assert_int_equal(arena.held_bytes, held);
    arena_done(&arena);
}

UNIT_MAIN(UNIT(pieces_are_aligned_and_stay_apart), UNIT(copies_end_with_a_nul_and_keep_absence),
          UNIT(zeroed_pieces_are_zero_and_overflow_is_refused),
          UNIT(a_reset_keeps_one_chunk_for_the_next_use),
          UNIT(what_was_reserved_needs_no_more_memory))
