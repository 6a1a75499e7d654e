/*
 * answer_cache_test.c - only the very same question finds an answer, and memory has its bound.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "http/answer_cache.h"

enum { PLENTY = 1024 * 1024 };

static int drops;

static void on_drop(struct answer *answer)
{
    drops++;
    answer->prepared = NULL;
}

static struct answer_cache *new_cache(size_t bytes_max)
{
    struct answer_cache *cache = answer_cache_new(bytes_max, on_drop);
    assert_non_null(cache);
    drops = 0;
    return cache;
}

static struct answer_key key_of(const char *target, int32_t first_day, int32_t last_day,
                                uint64_t version)
{
    return (struct answer_key){text_of(target), first_day, last_day, version};
}

/* As a server does: once is not enough. */
static void keep(struct answer_cache *cache, const struct answer_key *key, const char *body)
{
    for (int i = 0; i < 2; i++)
        answer_cache_offer(cache, key, "\"0123456789abcdef\"", "text/csv", text_of(body));
}

static struct answer_cache_stats stats_of(const struct answer_cache *cache)
{
    struct answer_cache_stats stats;
    answer_cache_get_stats(cache, &stats);
    return stats;
}

TEST(only_the_same_question_about_the_same_data_finds_an_answer)
{
    static const struct {
        const char *name;
        struct answer_key key;
        bool found;
    } cases[] = {
        {"the same", {{"/v1/users/a/l?x", 15}, 10, 16, 7}, true},
        {"another user", {{"/v1/users/b/l?x", 15}, 10, 16, 7}, false},
        {"a target that goes on", {{"/v1/users/a/l?xy", 16}, 10, 16, 7}, false},
        {"a target that ends before", {{"/v1/users/a/l?", 14}, 10, 16, 7}, false},
        {"a day later", {{"/v1/users/a/l?x", 15}, 11, 17, 7}, false},
        {"another end", {{"/v1/users/a/l?x", 15}, 10, 17, 7}, false},
        {"something was recorded", {{"/v1/users/a/l?x", 15}, 10, 16, 8}, false},
        {"an older version", {{"/v1/users/a/l?x", 15}, 10, 16, 6}, false},
    };
    struct answer_cache *cache = new_cache(PLENTY);
    struct answer_key kept = key_of("/v1/users/a/l?x", 10, 16, 7);
    keep(cache, &kept, "{}");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct answer *answer = answer_cache_find(cache, &cases[i].key);
        if ((answer != NULL) != cases[i].found) {
            print_error("%s\n", cases[i].name);
            assert_true(false);
        }
        if (answer == NULL)
            continue;
        assert_true(text_is(answer->body, "{}"));
        assert_string_equal(answer->etag, "\"0123456789abcdef\"");
        assert_string_equal(answer->content_type, "text/csv");
    }
    assert_int_equal(stats_of(cache).hits, 1);
    assert_int_equal(stats_of(cache).misses, 7);
    answer_cache_free(cache);
}

TEST(an_answer_is_kept_when_it_is_made_again)
{
    struct answer_cache *cache = new_cache(PLENTY);
    struct answer_key key = key_of("/a", 1, 2, 3);
    answer_cache_offer(cache, &key, "", NULL, text_of("x"));
    assert_null(answer_cache_find(cache, &key));
    answer_cache_offer(cache, &key, "", NULL, text_of("x"));
    assert_non_null(answer_cache_find(cache, &key));

    /* a newer version takes its place at once */
    struct answer_key newer = key_of("/a", 1, 2, 4);
    answer_cache_offer(cache, &newer, "", NULL, text_of("y"));
    assert_null(answer_cache_find(cache, &key));
    assert_true(text_is(answer_cache_find(cache, &newer)->body, "y"));
    assert_int_equal(stats_of(cache).answers, 1);
    answer_cache_free(cache);
}

TEST(what_is_asked_for_stays_and_the_bound_is_kept)
{
    enum { ASKED = 500 };
    static char body[1000];
    memset(body, 'x', sizeof body - 1);
    struct answer_cache *cache = new_cache(64 * 1024);
    struct answer_key favourite = key_of("/favourite", 1, 2, 3);
    keep(cache, &favourite, body);
    for (int i = 0; i < ASKED; i++) {
        char target[16];
        snprintf(target, sizeof target, "/%d", i);
        struct answer_key key = key_of(target, 1, 2, 3);
        keep(cache, &key, body);
        assert_true(stats_of(cache).bytes <= 64 * 1024);
        assert_non_null(answer_cache_find(cache, &key));
        assert_non_null(answer_cache_find(cache, &favourite));
    }
    struct answer_key first = key_of("/0", 1, 2, 3);
    assert_null(answer_cache_find(cache, &first));
    struct answer_cache_stats stats = stats_of(cache);
    assert_true(stats.answers > 20 && stats.answers < 64);
    assert_int_equal(stats.answers + stats.dropped, ASKED + 1);
    answer_cache_free(cache);
}

TEST(what_is_too_large_or_unwanted_is_not_kept)
{
    static char body[20 * 1024];
    memset(body, 'x', sizeof body - 1);
    struct answer_key key = key_of("/a", 1, 2, 3);
    static const size_t sizes[] = {0, 1, 64 * 1024};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct answer_cache *cache = new_cache(sizes[i]);
        keep(cache, &key, body);
        assert_null(answer_cache_find(cache, &key));
        assert_int_equal(stats_of(cache).bytes, 0);
        answer_cache_free(cache);
    }
}

TEST(an_answer_on_its_way_outlives_its_place)
{
    struct answer_cache *cache = new_cache(PLENTY);
    struct answer_key key = key_of("/a", 1, 2, 3);
    struct answer_key newer = key_of("/a", 1, 2, 4);
    keep(cache, &key, "on its way");
    struct answer *answer = answer_cache_find(cache, &key);
    assert_non_null(answer);
    answer->prepared = cache;
    answer_ref(answer);
    keep(cache, &newer, "newer");
    assert_int_equal(drops, 1);
    answer_cache_free(cache);
    assert_int_equal(drops, 1);
    assert_true(text_is(answer->body, "on its way"));
    answer_unref(answer);
}

UNIT_MAIN(UNIT(only_the_same_question_about_the_same_data_finds_an_answer),
          UNIT(an_answer_is_kept_when_it_is_made_again),
          UNIT(what_is_asked_for_stays_and_the_bound_is_kept),
          UNIT(what_is_too_large_or_unwanted_is_not_kept),
          UNIT(an_answer_on_its_way_outlives_its_place))
