/*
 * histogram_test.c - every duration in the bucket whose bound it does not exceed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include "base/histogram.h"

TEST(a_duration_counts_under_the_least_bound_that_holds_it)
{
    static const struct {
        const char *name;
        uint64_t duration_ns;
        unsigned want;
    } cases[] = {
        {"nothing", 0, 0},
        {"the first bound", 16384, 0},
        {"just over it", 16385, 1},
        {"the second bound", 32768, 1},
        {"just over that", 32769, 2},
        {"the last bound", (uint64_t)16384 << 19, 19},
        {"longer", ((uint64_t)16384 << 19) + 1, 20},
        {"as long as can be", UINT64_MAX, 20},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct histogram histogram = {0};
        histogram_add(&histogram, cases[i].duration_ns);
        for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
            ROW(histogram.buckets[bucket] == (bucket == cases[i].want), cases[i].name,
                "bucket %u has %d", bucket, (int)histogram.buckets[bucket]);
        assert_int_equal(histogram.sum_ns, cases[i].duration_ns);
    }
}

TEST(bounds_hold_what_is_counted_below_them)
{
    struct unit_random random = unit_random_seeded();
    for (int round = 0; round < 2000; round++) {
        struct histogram histogram = {0};
        uint64_t duration_ns = unit_random(&random) >> unit_random_below(&random, 64);
        unsigned bucket = 0;
        histogram_add(&histogram, duration_ns);
        while (histogram.buckets[bucket] == 0)
            bucket++;
        if (bucket < HISTOGRAM_BUCKETS - 1)
            assert_true(duration_ns <= histogram_bound_ns(bucket));
        if (bucket > 0)
            assert_true(duration_ns > histogram_bound_ns(bucket - 1));
    }
}

UNIT_MAIN(UNIT(a_duration_counts_under_the_least_bound_that_holds_it),
          UNIT(bounds_hold_what_is_counted_below_them))
