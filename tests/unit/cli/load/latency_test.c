/*
 * latency_test.c - percentiles within one percent of the sorted truth, and what a stall does to
 * them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "cli/load/latency.h"
#include "cli/load/plan.h"

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

TEST(percentiles_are_within_one_percent_of_the_sorted_truth)
{
    enum { COUNT = 20000 };
    static const double percents[] = {0, 1, 25, 50, 90, 99, 99.9, 99.99, 100};
    static struct latency latency;
    static uint64_t times[COUNT];
    struct random random = {7};
    memset(&latency, 0, sizeof latency);
    for (int i = 0; i < COUNT; i++) {
        /* all magnitudes alike, from 1 ns to an hour */
        times[i] = (random_next(&random) >> 22) >> random_below(&random, 42);
        latency_add(&latency, times[i]);
    }
    qsort(times, COUNT, sizeof *times, compare);
    for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        double place = percents[i] / 100 * COUNT;
        size_t rank = (size_t)place + ((double)(size_t)place < place);
        uint64_t truth = times[rank == 0 ? 0 : rank - 1];
        uint64_t got = latency_percentile_ns(&latency, percents[i]);
        ROW(got >= truth && got - truth <= truth / LATENCY_PARTS, "percentile",
            "%g %%: %llu, sorted %llu", percents[i], (unsigned long long)got,
            (unsigned long long)truth);
    }
}

TEST(an_empty_histogram_has_zeros)
{
    static const struct latency latency;
    assert_int_equal(latency_percentile_ns(&latency, 50), 0);
    assert_int_equal(latency_percentile_ns(&latency, 100), 0);
    assert_true(latency_mean_ns(&latency) == 0);
}

TEST(a_time_beyond_the_last_bucket_counts_in_it)
{
    static struct latency latency;
    latency_add(&latency, UINT64_MAX);
    assert_true(latency_percentile_ns(&latency, 100) == UINT64_MAX);
    assert_int_equal(latency.buckets[LATENCY_BUCKETS - 1], 1);
}

TEST(merged_histograms_are_the_histogram_of_all)
{
    static struct latency apart[2];
    static struct latency together;
    struct random random = {3};
    for (int i = 0; i < 5000; i++) {
        uint64_t ns = random_next(&random) >> 30;
        latency_add(&apart[i % 2], ns);
        latency_add(&together, ns);
    }
    latency_merge(&apart[0], &apart[1]);
    assert_memory_equal(apart[0].buckets, together.buckets, sizeof together.buckets);
    assert_true(apart[0].min_ns == together.min_ns && apart[0].max_ns == together.max_ns &&
                apart[0].count == together.count);
}

/*
 * One connection, 1,000 requests due every 10 ms; each takes 1 ms, but the server stands still for
 * 1 s at the 500th. Times of service show one slow request in a thousand; callers met a hundred.
 */
TEST(a_stall_shows_in_response_times_and_hides_in_service_times)
{
    static struct latency service;
    static struct latency response;
    uint64_t now_ns = 0;
    for (uint64_t number = 0; number < 1000; number++) {
        uint64_t due_ns = load_due_ns(number, 100);
        uint64_t sent_ns = now_ns > due_ns ? now_ns : due_ns;
        now_ns = sent_ns + (number == 500 ? ns_per_s : ns_per_ms);
        latency_add(&service, now_ns - sent_ns);
        latency_add(&response, now_ns - due_ns);
    }
    assert_in_range(latency_percentile_ns(&service, 99), ns_per_ms, ns_per_ms * 101 / 100);
    /* the stall and its queue: 111 late requests, evenly from 1 s down to 1 ms */
    assert_in_range(latency_percentile_ns(&response, 99), 900 * ns_per_ms, 925 * ns_per_ms);
    assert_in_range(latency_percentile_ns(&response, 95), 540 * ns_per_ms, 565 * ns_per_ms);
    assert_true(latency_percentile_ns(&response, 100) == ns_per_s);
}

UNIT_MAIN(UNIT(percentiles_are_within_one_percent_of_the_sorted_truth),
          UNIT(an_empty_histogram_has_zeros), UNIT(a_time_beyond_the_last_bucket_counts_in_it),
          UNIT(merged_histograms_are_the_histogram_of_all),
          UNIT(a_stall_shows_in_response_times_and_hides_in_service_times))
