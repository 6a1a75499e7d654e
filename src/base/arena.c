/*
 * arena.c - chunks in a list, the newest giving out its room from front to back. A piece larger
 * than a chunk gets a chunk of its own.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>

enum { CHUNK_BYTES_DEFAULT = 16 * 1024, ALIGNMENT = 16 };

struct arena_chunk {
    struct arena_chunk *older;
    size_t used;
    size_t cap;
    _Alignas(ALIGNMENT) char room[];
};

static bool add_chunk(struct arena *arena, size_t len)
{
    size_t cap = arena->chunk_bytes == 0 ? CHUNK_BYTES_DEFAULT : arena->chunk_bytes;
    if (cap < len)
        cap = len;
    struct arena_chunk *chunk = malloc(sizeof *chunk + cap);
    if (chunk == NULL)
        return false;
    chunk->older = arena->newest;
    chunk->used = 0;
    chunk->cap = cap;
    arena->newest = chunk;
    arena->held_bytes += sizeof *chunk + cap;
    return true;
}

bool arena_reserve(struct arena *arena, size_t len)
{
    const struct arena_chunk *chunk = arena->newest;
    if (chunk != NULL && chunk->cap - chunk->used >= len)
        return true;
    return len <= SIZE_MAX / 2 && add_chunk(arena, len);
}

void *arena_alloc(struct arena *arena, size_t len)
{
    if (!arena_reserve(arena, len > SIZE_MAX / 4 ? len : len + ALIGNMENT - 1))
        return NULL;
    struct arena_chunk *chunk = arena->newest;
    size_t start = (chunk->used + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    chunk->used = start + len;
    return chunk->room + start;
}

void *arena_zalloc(struct arena *arena, size_t count, size_t size)
{
    size_t len;
    if (__builtin_mul_overflow(count, size, &len))
        return NULL;
    void *piece = arena_alloc(arena, len);
    if (piece != NULL)
        memset(piece, 0, len);
    return piece;
}

struct text arena_copy(struct arena *arena, struct text text)
{
    if (text.at == NULL)
        return text;
    if (!arena_reserve(arena, text.len + 1))
        return (struct text){NULL, 0};
    char *copy = arena->newest->room + arena->newest->used;
    arena->newest->used += text.len + 1;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    return (struct text){copy, text.len};
}

void arena_reset(struct arena *arena)
{
    struct arena_chunk *kept = arena->newest;
    if (kept == NULL)
        return;
    while (kept->older != NULL) {
        struct arena_chunk *older = kept->older;
        arena->held_bytes -= sizeof *kept + kept->cap;
        free(kept);
        kept = older;
    }
    kept->used = 0;
    arena->newest = kept;
}

void arena_done(struct arena *arena)
{
    for (struct arena_chunk *chunk = arena->newest; chunk != NULL;) {
        struct arena_chunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
    arena->newest = NULL;
    arena->held_bytes = 0;
}
