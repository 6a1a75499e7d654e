/*
 * text_index.c - open addressing with linear steps, at most half full, names hashed once.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "query/text_index.h"

#include <string.h>
#include <xxhash.h>

enum { CAP_FIRST = 8, CAP_MAX = 1 << 30 };

/* The place that holds the name, or the empty one where it belongs. cap is not 0. */
static uint32_t place_of(const struct text_index *index, struct text name, uint64_t hash)
{
    uint32_t mask = 2 * index->cap - 1;
    uint32_t place = (uint32_t)hash & mask;
    while (index->places[place] != 0) {
        uint32_t number = index->places[place] - 1;
        if (index->hashes[number] == hash && text_equal(index->names[number], name))
            break;
        place = (place + 1) & mask;
    }
    return place;
}

static bool grow(struct text_index *index)
{
    if (index->cap >= CAP_MAX)
        return false;
    uint32_t cap = index->cap == 0 ? CAP_FIRST : 2 * index->cap;
    struct text_index larger = *index;
    larger.cap = cap;
    larger.names = arena_zalloc(index->arena, cap, sizeof *larger.names);
    larger.hashes = arena_zalloc(index->arena, cap, sizeof *larger.hashes);
    larger.values = arena_zalloc(index->arena, cap, index->value_bytes);
    larger.places = arena_zalloc(index->arena, (size_t)2 * cap, sizeof *larger.places);
    if (larger.names == NULL || larger.hashes == NULL || larger.values == NULL ||
        larger.places == NULL)
        return false;

    if (index->count > 0) {
        memcpy(larger.names, index->names, index->count * sizeof *index->names);
        memcpy(larger.hashes, index->hashes, index->count * sizeof *index->hashes);
        memcpy(larger.values, index->values, index->count * index->value_bytes);
    }
    uint32_t mask = 2 * cap - 1;
    for (uint32_t i = 0; i < index->count; i++) {
        uint32_t place = (uint32_t)larger.hashes[i] & mask;
        while (larger.places[place] != 0)
            place = (place + 1) & mask;
        larger.places[place] = i + 1;
    }
    *index = larger;
    return true;
}

void *text_index_add(struct text_index *index, struct text name)
{
    uint64_t hash = XXH3_64bits(name.at, name.len);
    if (index->cap > 0) {
        uint32_t place = place_of(index, name, hash);
        if (index->places[place] != 0)
            return text_index_value(index, index->places[place] - 1);
    }
    if (index->count == index->cap && !grow(index))
        return NULL;

    struct text kept = arena_copy(index->arena, name);
    if (kept.at == NULL)
        return NULL;
    uint32_t number = index->count++;
    index->places[place_of(index, name, hash)] = number + 1;
    index->names[number] = kept;
    index->hashes[number] = hash;
    return text_index_value(index, number);
}

void *text_index_find(const struct text_index *index, struct text name)
{
    if (index->cap == 0)
        return NULL;
    uint32_t place = place_of(index, name, XXH3_64bits(name.at, name.len));
    return index->places[place] == 0 ? NULL : text_index_value(index, index->places[place] - 1);
}
