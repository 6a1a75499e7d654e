/*
 * answer_cache.c - a chained hash table of whole keys, and a list in the order of use.
 *
 * Entries are found by what was asked and the days; the version is looked at then. So an answer
 * takes the place of its own older version, and there is at most one of each. `seen` remembers
 * the hashes of answers that were made once, each place the latest: forgetting one, or taking two
 * for one, costs a copy or a try, and never a wrong answer.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/answer_cache.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum {
    SEEN = 16 * 1024,    /* a power of two */
    BUCKETS_MIN = 64,    /* a power of two */
    ANSWER_BYTES = 2048, /* there is a bucket for so many */
    PREPARED_BYTES = 1024,
    PART_MAX = 8 /* no answer takes more than that part of the memory */
};

struct entry {
    struct answer answer; /* first, so that one pointer is both */
    uint32_t references;  /* the cache's own, and those of answers on their way */
    uint64_t hash;
    struct answer_key key;
    size_t bytes;
    struct entry *chain;
    struct entry *newer;
    struct entry *older;
    char room[]; /* the target, the body */
};

struct answer_cache {
    size_t bytes_max;
    answer_drop_fn *drop;
    struct entry **buckets;
    uint64_t bucket_mask;
    uint64_t *seen; /* SEEN hashes, version included */
    struct entry *newest;
    struct entry *oldest;
    struct answer_cache_stats stats;
};

static struct entry *entry_of(struct answer *answer)
{
    return (struct entry *)(void *)answer;
}

static uint64_t hash_of(const struct answer_key *key)
{
    uint64_t days = (uint64_t)(uint32_t)key->first_day << 32 | (uint32_t)key->last_day;
    return XXH3_64bits_withSeed(key->target.at, key->target.len, days);
}

static bool is_of(const struct entry *entry, const struct answer_key *key, uint64_t hash)
{
    return entry->hash == hash && entry->key.first_day == key->first_day &&
           entry->key.last_day == key->last_day && text_equal(entry->key.target, key->target);
}

struct answer_cache *answer_cache_new(size_t bytes_max, answer_drop_fn *drop)
{
    struct answer_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL)
        return NULL;
    cache->bytes_max = bytes_max;
    cache->stats.bytes_max = bytes_max;
    cache->drop = drop;
    if (bytes_max == 0)
        return cache;
    size_t buckets = BUCKETS_MIN;
    while (buckets < bytes_max / ANSWER_BYTES)
        buckets *= 2;
    cache->bucket_mask = buckets - 1;
    cache->buckets = calloc(buckets, sizeof(struct entry *));
    cache->seen = calloc(SEEN, sizeof *cache->seen);
    if (cache->buckets == NULL || cache->seen == NULL) {
        answer_cache_free(cache);
        return NULL;
    }
    return cache;
}

static void unlink_from_use(struct answer_cache *cache, struct entry *entry)
{
    *(entry->newer == NULL ? &cache->newest : &entry->newer->older) = entry->older;
    *(entry->older == NULL ? &cache->oldest : &entry->older->newer) = entry->newer;
}

static void link_as_newest(struct answer_cache *cache, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = cache->newest;
    *(cache->newest == NULL ? &cache->oldest : &cache->newest->newer) = entry;
    cache->newest = entry;
}

static struct entry **place_of(struct answer_cache *cache, const struct answer_key *key,
                               uint64_t hash)
{
    struct entry **place = &cache->buckets[hash & cache->bucket_mask];
    while (*place != NULL && !is_of(*place, key, hash))
        place = &(*place)->chain;
    return place;
}

static void let_go(struct answer_cache *cache, struct entry *entry)
{
    struct entry **place = &cache->buckets[entry->hash & cache->bucket_mask];
    while (*place != entry)
        place = &(*place)->chain;
    *place = entry->chain;
    unlink_from_use(cache, entry);
    cache->stats.bytes -= entry->bytes;
    cache->stats.answers--;
    if (entry->answer.prepared != NULL)
        cache->drop(&entry->answer);
    answer_unref(&entry->answer);
}

void answer_cache_free(struct answer_cache *cache)
{
    if (cache == NULL)
        return;
    while (cache->oldest != NULL)
        let_go(cache, cache->oldest);
    free(cache->buckets);
    free(cache->seen);
    free(cache);
}

struct answer *answer_cache_find(struct answer_cache *cache, const struct answer_key *key)
{
    if (cache->bytes_max == 0)
        return NULL;
    struct entry *entry = *place_of(cache, key, hash_of(key));
    if (entry == NULL || entry->key.version != key->version) {
        cache->stats.misses++;
        return NULL;
    }
    cache->stats.hits++;
    if (entry != cache->newest) {
        unlink_from_use(cache, entry);
        link_as_newest(cache, entry);
    }
    return &entry->answer;
}

/* Whether this very answer was made before; if not, it has been now. */
static bool was_seen(struct answer_cache *cache, const struct answer_key *key, uint64_t hash)
{
    uint64_t word = (hash ^ key->version) * 0x9e3779b97f4a7c15; /* 2^64 / the golden ratio */
    uint64_t *place = &cache->seen[(word >> 32) % SEEN];
    if (*place == word)
        return true;
    *place = word;
    return false;
}

void answer_cache_offer(struct answer_cache *cache, const struct answer_key *key, const char *etag,
                        const char *content_type, struct text body)
{
    size_t bytes = sizeof(struct entry) + PREPARED_BYTES + key->target.len + body.len;
    if (bytes > cache->bytes_max / PART_MAX)
        return;
    uint64_t hash = hash_of(key);
    struct entry *older = *place_of(cache, key, hash);
    if (older == NULL && !was_seen(cache, key, hash))
        return;
    if (older != NULL)
        let_go(cache, older);

    while (cache->stats.bytes + bytes > cache->bytes_max) {
        cache->stats.dropped++;
        /* what was let go is no longer linked. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        let_go(cache, cache->oldest);
    }
    struct entry *entry = malloc(sizeof *entry + key->target.len + body.len);
    if (entry == NULL)
        return; /* the answer is made again, that is all */
    *entry = (struct entry){.references = 1, .hash = hash, .key = *key, .bytes = bytes};
    entry->answer.content_type = content_type;
    strncpy(entry->answer.etag, etag, ETAG_BYTES);
    entry->key.target.at = memcpy(entry->room, key->target.at, key->target.len);
    char *to = entry->room + key->target.len;
    if (body.len > 0)
        memcpy(to, body.at, body.len);
    entry->answer.body = (struct text){to, body.len};

    struct entry **bucket = &cache->buckets[hash & cache->bucket_mask];
    entry->chain = *bucket;
    *bucket = entry;
    link_as_newest(cache, entry);
    cache->stats.bytes += bytes;
    cache->stats.answers++;
}

void answer_ref(struct answer *answer)
{
    entry_of(answer)->references++;
}

void answer_unref(struct answer *answer)
{
    if (--entry_of(answer)->references == 0)
        free(entry_of(answer));
}

void answer_cache_get_stats(const struct answer_cache *cache, struct answer_cache_stats *out)
{
    *out = cache->stats;
}
