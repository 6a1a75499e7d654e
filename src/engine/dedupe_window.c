/*
 * dedupe_window.c - fingerprints in 256 small hash tables, dated by generations.
 *
 * A generation is a stretch of adds within one hour, of at most a sixteenth of the bound. A slot
 * is a fingerprint and its generation's number; it counts while that generation is in the window,
 * and expiring a generation is forgetting it: its slots are dead from then on, are used again by
 * adds that come past them, and vanish when their table is rebuilt.
 *
 * 256 tables instead of one, so that growing or rebuilding one is a pause of some hundred
 * microseconds and not of a second. Each new generation rebuilds one table in turn, so no dead
 * slot is older than 256 generations, and 16 bits tell generations apart.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/dedupe_window.h"

#include <assert.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { SHARDS = 256, SHARD_SLOTS_MIN = 64, GENERATIONS_MAX = 512, PARTS_OF_BOUND = 16 };

struct shard {
    uint64_t *fingerprints; /* 0: empty */
    uint16_t *generations;
    uint32_t slots; /* a power of two, or 0 */
    uint32_t used;  /* not empty, dead ones included */
};

struct generation {
    int64_t hour;
    uint64_t count;
};

struct dedupe_window {
    struct shard shards[SHARDS];
    /* The window's generations oldest to newest, as numbers that only grow; the ring is theirs. */
    struct generation ring[GENERATIONS_MAX];
    uint64_t oldest;
    uint64_t newest;
    int64_t hour;
    uint32_t hours;
    uint64_t ids;
    uint64_t ids_max;
    uint64_t dropped;
};

static struct generation *generation_at(struct dedupe_window *window, uint64_t number)
{
    return &window->ring[number % GENERATIONS_MAX];
}

struct dedupe_window *dedupe_window_new(uint32_t hours, uint64_t ids_max)
{
    assert(hours >= 1 && hours <= DEDUPE_HOURS_MAX && ids_max >= DEDUPE_IDS_MIN);
    struct dedupe_window *window = calloc(1, sizeof *window);
    if (window == NULL)
        return NULL;
    window->hours = hours;
    window->ids_max = ids_max;
    window->hour = INT64_MIN;
    return window;
}

void dedupe_window_free(struct dedupe_window *window)
{
    if (window == NULL)
        return;
    for (int i = 0; i < SHARDS; i++) {
        free(window->shards[i].fingerprints);
        free(window->shards[i].generations);
    }
    free(window);
}

uint64_t dedupe_fingerprint(uint64_t seed, struct text user_id, struct text id)
{
    uint64_t user = XXH3_64bits_withSeed(user_id.at, user_id.len, seed);
    uint64_t fingerprint = XXH3_64bits_withSeed(id.at, id.len, user);
    return fingerprint == 0 ? 1 : fingerprint;
}

/* Whether a slot's generation is in the window. Numbers wrap at 2^16; see the top. */
static bool alive(const struct dedupe_window *window, uint16_t generation)
{
    uint16_t age = (uint16_t)((uint16_t)window->newest - generation);
    return age <= window->newest - window->oldest;
}

static struct shard *shard_of(struct dedupe_window *window, uint64_t fingerprint)
{
    return &window->shards[fingerprint >> 56];
}

/* Rewrites a table without its dead slots, with room for twice what lives. */
static bool rebuild(struct dedupe_window *window, struct shard *shard)
{
    uint32_t live = 0;
    for (uint32_t i = 0; i < shard->slots; i++)
        live += shard->fingerprints[i] != 0 && alive(window, shard->generations[i]);
    uint32_t slots = SHARD_SLOTS_MIN;
    while (slots / 2 < live + 1)
        slots *= 2;

    uint64_t *fingerprints = calloc(slots, sizeof *fingerprints);
    uint16_t *generations = calloc(slots, sizeof *generations);
    if (fingerprints == NULL || generations == NULL) {
        free(fingerprints);
        free(generations);
        return false;
    }
    for (uint32_t i = 0; i < shard->slots; i++) {
        if (shard->fingerprints[i] == 0 || !alive(window, shard->generations[i]))
            continue;
        uint32_t at = (uint32_t)shard->fingerprints[i] & (slots - 1);
        while (fingerprints[at] != 0)
            at = (at + 1) & (slots - 1);
        fingerprints[at] = shard->fingerprints[i];
        generations[at] = shard->generations[i];
    }
    free(shard->fingerprints);
    free(shard->generations);
    *shard = (struct shard){fingerprints, generations, slots, live};
    return true;
}

static void expire_oldest(struct dedupe_window *window)
{
    window->ids -= generation_at(window, window->oldest)->count;
    window->oldest++;
}

static void begin_generation(struct dedupe_window *window)
{
    if (window->newest + 1 - window->oldest >= GENERATIONS_MAX) {
        expire_oldest(window);
        window->dropped++;
    }
    window->newest++;
    *generation_at(window, window->newest) = (struct generation){.hour = window->hour};
    struct shard *shard = &window->shards[window->newest % SHARDS];
    if (shard->slots > 0 && !rebuild(window, shard)) {
        /* Out of memory: kill the dead in place. They keep their places until a rebuild. */
        for (uint32_t i = 0; i < shard->slots; i++)
            if (!alive(window, shard->generations[i]))
                shard->generations[i] = (uint16_t)(window->oldest - 1);
    }
}

void dedupe_window_advance(struct dedupe_window *window, int64_t hour)
{
    if (hour <= window->hour)
        return;
    bool first = window->hour == INT64_MIN;
    window->hour = hour;
    if (first)
        *generation_at(window, window->newest) = (struct generation){.hour = hour};
    else
        begin_generation(window);
    while (window->oldest < window->newest &&
           generation_at(window, window->oldest)->hour < hour - window->hours)
        expire_oldest(window);
}

void dedupe_window_prefetch(const struct dedupe_window *window, uint64_t fingerprint)
{
    const struct shard *shard = &window->shards[fingerprint >> 56];
    if (shard->slots > 0) {
        __builtin_prefetch(&shard->fingerprints[(uint32_t)fingerprint & (shard->slots - 1)]);
        __builtin_prefetch(&shard->generations[(uint32_t)fingerprint & (shard->slots - 1)]);
    }
}

enum dedupe_verdict dedupe_window_add(struct dedupe_window *window, uint64_t fingerprint)
{
    assert(window->hour != INT64_MIN && fingerprint != 0);
    struct shard *shard = shard_of(window, fingerprint);
    if (shard->used + 1 > shard->slots / 4 * 3 && !rebuild(window, shard))
        return DEDUPE_NO_MEMORY;

    uint32_t mask = shard->slots - 1;
    uint32_t place = UINT32_MAX; /* the first dead slot on the way */
    uint32_t at = (uint32_t)fingerprint & mask;
    for (; shard->fingerprints[at] != 0; at = (at + 1) & mask) {
        bool is_alive = alive(window, shard->generations[at]);
        if (shard->fingerprints[at] == fingerprint && is_alive)
            return DEDUPE_REPEATED;
        if (!is_alive && place == UINT32_MAX)
            place = at;
    }
    if (generation_at(window, window->newest)->count >= window->ids_max / PARTS_OF_BOUND) {
        begin_generation(window);
        /* the rebuild may have been of this table */
        return dedupe_window_add(window, fingerprint);
    }
    if (place == UINT32_MAX) {
        place = at;
        shard->used++;
    }
    shard->fingerprints[place] = fingerprint;
    shard->generations[place] = (uint16_t)window->newest;
    generation_at(window, window->newest)->count++;
    window->ids++;
    while (window->ids > window->ids_max && window->oldest < window->newest) {
        expire_oldest(window);
        window->dropped++;
    }
    return DEDUPE_NEW;
}

void dedupe_window_remove(struct dedupe_window *window, uint64_t fingerprint)
{
    struct shard *shard = shard_of(window, fingerprint);
    uint32_t mask = shard->slots - 1;
    for (uint32_t at = (uint32_t)fingerprint & mask; shard->fingerprints[at] != 0;
         at = (at + 1) & mask) {
        if (shard->fingerprints[at] != fingerprint || !alive(window, shard->generations[at]))
            continue;
        uint16_t age = (uint16_t)((uint16_t)window->newest - shard->generations[at]);
        generation_at(window, window->newest - age)->count--;
        window->ids--;
        shard->generations[at] = (uint16_t)(window->oldest - 1); /* dead, yet in its chain */
        return;
    }
}

uint64_t dedupe_window_ids(const struct dedupe_window *window)
{
    return window->ids;
}

uint64_t dedupe_window_ids_max(const struct dedupe_window *window)
{
    return window->ids_max;
}

uint64_t dedupe_window_dropped(const struct dedupe_window *window)
{
    return window->dropped;
}
