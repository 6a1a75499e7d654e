/*
 * text_index.h - values found by name: listings by id, sources by name.
 *
 * Values are numbered from 0 in the order in which their names came. Everything lives in an
 * arena; nothing is ever removed.
 *
 * Threads: an index belongs to one thread at a time.
 */
#ifndef FOOTFALL_QUERY_TEXT_INDEX_H
#define FOOTFALL_QUERY_TEXT_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

/* Start as {.arena = arena, .value_bytes = sizeof(struct value)}. */
struct text_index {
    struct arena *arena;
    size_t value_bytes;
    uint32_t count;
    uint32_t cap;
    struct text *names;
    uint64_t *hashes;
    char *values;
    uint32_t *places; /* 2 * cap of them: a number + 1, 0 for none */
};

/* The value of a name, cleared when it is new (the name is copied); NULL when out of memory.
 * Values move when names are added: use the pointer before the next call. */
MUST_USE void *text_index_add(struct text_index *index, struct text name);
/* The value of a name; NULL when there is none. */
MUST_USE void *text_index_find(const struct text_index *index, struct text name);

static inline void *text_index_value(const struct text_index *index, uint32_t number)
{
    return index->values + number * index->value_bytes;
}

#endif
