/*
 * clock_test.c - time from outside, and durations that never go back.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include "base/clock.h"

TEST(a_brought_clock_says_what_it_was_told)
{
    struct unit_clock hands = {.now_ms = 41};
    struct clock clock = unit_clock(&hands);
    assert_int_equal(clock_now_ms(&clock), 41);
    hands.now_ms = -7;
    assert_int_equal(clock_now_ms(&clock), -7);
}

TEST(the_machines_clock_counts_milliseconds_since_1970)
{
    struct clock clock = clock_system();
    assert_true(clock_now_ms(&clock) > 1700000000000);  /* 2023 */
    assert_true(clock_now_ms(&clock) < 32503680000000); /* the year 3000 */
}

TEST(durations_never_go_back)
{
    uint64_t last = monotonic_ns();
    for (int i = 0; i < 10000; i++) {
        uint64_t now = monotonic_ns();
        assert_true(now >= last);
        last = now;
    }
}

UNIT_MAIN(UNIT(a_brought_clock_says_what_it_was_told),
          UNIT(the_machines_clock_counts_milliseconds_since_1970), UNIT(durations_never_go_back))
