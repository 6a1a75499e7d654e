/*
 * dedupe_window_test.c - an id is known for its hours, whatever else comes, within the bound.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <stdlib.h>

#include "engine/dedupe_window.h"

static uint64_t id_of(uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    return dedupe_fingerprint(99, text_of("user"), text_of(text));
}

TEST(window_knows_an_id_for_its_hours_and_no_longer)
{
    static const struct {
        const char *name;
        int64_t later_hours;
        enum dedupe_verdict want;
    } rows[] = {
        {"at once", 0, DEDUPE_REPEATED},           {"within the window", 23, DEDUPE_REPEATED},
        {"in its last hour", 24, DEDUPE_REPEATED}, {"after it", 25, DEDUPE_NEW},
        {"long after it", 100000, DEDUPE_NEW},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dedupe_window *window = dedupe_window_new(24, 1000000);
        dedupe_window_advance(window, 1000);
        assert_int_equal(dedupe_window_add(window, id_of(1)), DEDUPE_NEW);
        dedupe_window_advance(window, 1000 + rows[i].later_hours);
        ROW(dedupe_window_add(window, id_of(1)) == rows[i].want, rows[i].name, "wrong verdict");
        dedupe_window_free(window);
    }
}

TEST(window_takes_back_what_was_not_recorded)
{
    struct dedupe_window *window = dedupe_window_new(24, 1000000);
    dedupe_window_advance(window, 5);
    for (uint64_t i = 0; i < 10000; i++)
        assert_int_equal(dedupe_window_add(window, id_of(i)), DEDUPE_NEW);
    for (uint64_t i = 5000; i < 10000; i++)
        dedupe_window_remove(window, id_of(i));
    assert_int_equal(dedupe_window_ids(window), 5000);
    for (uint64_t i = 0; i < 10000; i++)
        assert_int_equal(dedupe_window_add(window, id_of(i)),
                         i < 5000 ? DEDUPE_REPEATED : DEDUPE_NEW);
    dedupe_window_free(window);
}

TEST(window_at_its_bound_forgets_the_oldest_first)
{
    enum { BOUND = 16000, IDS = 100000 };
    struct dedupe_window *window = dedupe_window_new(24, BOUND);
    dedupe_window_advance(window, 5);
    for (uint64_t i = 0; i < IDS; i++) {
        assert_int_equal(dedupe_window_add(window, id_of(i)), DEDUPE_NEW);
        assert_true(dedupe_window_ids(window) <= BOUND);
    }
    assert_true(dedupe_window_dropped(window) > 0);
    /* at least fifteen sixteenths of the bound are the newest ones */
    for (uint64_t i = IDS - BOUND / 16 * 14; i < IDS; i++)
        assert_int_equal(dedupe_window_add(window, id_of(i)), DEDUPE_REPEATED);
    dedupe_window_free(window);
}

TEST(window_agrees_with_a_plain_list)
{
    enum { IDS = 3000, STEPS = 200000, HOURS = 5 };
    struct unit_random random = unit_random_seeded();
    struct dedupe_window *window = dedupe_window_new(HOURS, 1000000);
    int64_t *added = malloc(IDS * sizeof *added);
    int64_t hour = 0;
    for (int i = 0; i < IDS; i++)
        added[i] = -1000;
    dedupe_window_advance(window, hour);
    for (int step = 0; step < STEPS; step++) {
        if (unit_random_below(&random, 500) == 0) {
            hour += (int64_t)unit_random_below(&random, 4);
            dedupe_window_advance(window, hour);
        }
        uint64_t id = unit_random_below(&random, IDS);
        enum dedupe_verdict want = hour - added[id] <= HOURS ? DEDUPE_REPEATED : DEDUPE_NEW;
        assert_int_equal(dedupe_window_add(window, id_of(id)), want);
        if (want == DEDUPE_NEW)
            added[id] = hour;
    }
    free(added);
    dedupe_window_free(window);
}

UNIT_MAIN(UNIT(window_knows_an_id_for_its_hours_and_no_longer),
          UNIT(window_takes_back_what_was_not_recorded),
          UNIT(window_at_its_bound_forgets_the_oldest_first), UNIT(window_agrees_with_a_plain_list))
