/*
 * arena.h - memory that is given out piece by piece and freed whole.
 *
 * A request's memory is one arena. Pieces are aligned for any type, copied texts are not; neither
 * ever moves.
 *
 * Threads: an arena belongs to one thread at a time.
 */
#ifndef FOOTFALL_BASE_ARENA_H
#define FOOTFALL_BASE_ARENA_H

#include <stddef.h>

#include "base/status.h"
#include "base/text.h"

struct arena_chunk;

/* Start as {0}, or with chunk_bytes set to what one grab from the system should be. */
struct arena {
    struct arena_chunk *newest;
    size_t chunk_bytes; /* 0: 16 KiB */
    size_t held_bytes;  /* taken from the system in all */
};

/* A piece of len bytes, not cleared; NULL when out of memory. */
MUST_USE void *arena_alloc(struct arena *arena, size_t len);
/* A piece of count * size bytes, cleared; NULL when out of memory or on overflow. */
MUST_USE void *arena_zalloc(struct arena *arena, size_t count, size_t size);
/* A copy of text, with a NUL behind it; at is NULL when out of memory or text is absent. */
MUST_USE struct text arena_copy(struct arena *arena, struct text text);
/* Makes sure that arena_copy() of texts of len bytes in all, their NULs counted, cannot fail.
 * false when out of memory. */
MUST_USE bool arena_reserve(struct arena *arena, size_t len);
/* Frees every piece but keeps one chunk for the next use. */
void arena_reset(struct arena *arena);
/* Frees everything; the arena can be used again. */
void arena_done(struct arena *arena);

#endif
