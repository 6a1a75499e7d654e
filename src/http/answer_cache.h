/*
 * answer_cache.h - answers that were asked for before, kept ready to be sent again.
 *
 * An answer is a function of its key: of what was asked, of the days that it resolved to, and of
 * the user's version (engine_user_version()), which changes with everything that is recorded. So
 * nothing is ever invalidated: who sees a newer version does not find the older answer. Keys are
 * compared whole. Whatever else an answer comes to hang on belongs into the key and the ETag.
 *
 * The memory is bounded; what was not used for the longest time goes first. An answer enters when
 * it is made for the second time: most are never asked for again.
 *
 * It does not know HTTP or who may ask; that is checked before.
 *
 * Threads: the loop's only.
 */
#ifndef FOOTFALL_HTTP_ANSWER_CACHE_H
#define FOOTFALL_HTTP_ANSWER_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"
#include "http/etag.h"

struct answer_cache; /* made by answer_cache_new(), freed by answer_cache_free() */

struct answer_key {
    struct text target; /* path and query as they came: user, listing, parameters, zone */
    int32_t first_day;  /* as resolved */
    int32_t last_day;
    uint64_t version; /* the user's; read before the data */
};

struct answer {
    struct text body;
    char etag[ETAG_BYTES + 1];
    const char *content_type; /* lives as long as the program; NULL: the usual */
    void *prepared;           /* the owner's, to send it; NULL: none yet */
    int64_t prepared_second;  /* the owner's */
};

/* Called with an answer that leaves the cache and has something prepared. */
typedef void answer_drop_fn(struct answer *answer);

struct answer_cache_stats {
    uint64_t hits;
    uint64_t misses;
    uint64_t dropped; /* to make room */
    uint64_t bytes;
    uint64_t bytes_max;
    uint64_t answers;
};

/* bytes_max 0: keeps nothing. NULL when out of memory. */
MUST_USE struct answer_cache *answer_cache_new(size_t bytes_max, answer_drop_fn *drop);
void answer_cache_free(struct answer_cache *cache); /* accepts NULL */

/* The answer of exactly that key, valid until the next offer, or longer with answer_ref(); NULL
 * when it is not there. */
MUST_USE struct answer *answer_cache_find(struct answer_cache *cache, const struct answer_key *key);

/* An answer that was just made: it is copied, if it is worth keeping and there is memory. */
void answer_cache_offer(struct answer_cache *cache, const struct answer_key *key, const char *etag,
                        const char *content_type, struct text body);

/* Keeps an answer's memory beyond its stay in the cache. */
void answer_ref(struct answer *answer);
void answer_unref(struct answer *answer);

void answer_cache_get_stats(const struct answer_cache *cache, struct answer_cache_stats *out);

#endif
