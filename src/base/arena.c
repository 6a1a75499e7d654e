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

void *arena_alloc(struct arena *arena, size_t len)
{
    if (len > SIZE_MAX / 2)
        return NULL;
    len = (len + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    struct arena_chunk *chunk = arena->newest;
    if (chunk == NULL || chunk->cap - chunk->used < len) {
        size_t cap = arena->chunk_bytes == 0 ? CHUNK_BYTES_DEFAULT : arena->chunk_bytes;
        if (cap < len)
            cap = len;
        chunk = malloc(sizeof *chunk + cap);
        if (chunk == NULL)
            return NULL;
        chunk->older = arena->newest;
        chunk->used = 0;
        chunk->cap = cap;
        arena->newest = chunk;
        arena->held_bytes += sizeof *chunk + cap;
    }
    void *piece = chunk->room + chunk->used;
    chunk->used += len;
    return piece;
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
    char *copy = arena_alloc(arena, text.len + 1);
    if (copy == NULL)
        return (struct text){NULL, 0};
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
