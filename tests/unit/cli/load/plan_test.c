/*
 * plan_test.c - flags with a grammar of their own.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <string.h>

#include "cli/load/plan.h"

TEST(a_mix_names_types_and_weights)
{
    static const struct {
        const char *text;
        enum status want;
        uint32_t mix[LOAD_TYPES];
    } cases[] = {
        {"view=95,share=4,inquiry=1", STATUS_OK, {95, 4, 1}},
        {"inquiry=1", STATUS_OK, {0, 0, 1}},
        {"share=7,view=0", STATUS_OK, {0, 7, 0}},
        {"view=0", STATUS_INVALID, {0}},
        {"", STATUS_INVALID, {0}},
        {"view", STATUS_INVALID, {0}},
        {"view=", STATUS_INVALID, {0}},
        {"view=-1", STATUS_INVALID, {0}},
        {"view=1.5", STATUS_INVALID, {0}},
        {"view=1000000", STATUS_INVALID, {0}},
        {"click=1", STATUS_INVALID, {0}},
        {"view=1,", STATUS_INVALID, {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static struct load_plan plan;
        struct error err;
        enum status status = load_plan_read_mix(cases[i].text, &plan, &err);
        ROW(status == cases[i].want, cases[i].text, "status %d", status);
        if (status == STATUS_OK)
            ROW(memcmp(plan.mix, cases[i].mix, sizeof plan.mix) == 0, cases[i].text, "weights");
    }
}

TEST(a_rate_is_max_or_a_number_above_zero)
{
    static const struct {
        const char *text;
        enum status want;
        double rate;
    } cases[] = {
        {"max", STATUS_OK, 0},         {"1000", STATUS_OK, 1000},   {"0.5", STATUS_OK, 0.5},
        {"0", STATUS_INVALID, 0},      {"-1", STATUS_INVALID, 0},   {"1e5", STATUS_INVALID, 0},
        {"fast", STATUS_INVALID, 0},   {"", STATUS_INVALID, 0},     {"inf", STATUS_INVALID, 0},
        {"1000/s", STATUS_INVALID, 0}, {"0x10", STATUS_INVALID, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double rate = -1;
        struct error err;
        enum status status = load_plan_read_rate(cases[i].text, &rate, &err);
        ROW(status == cases[i].want, cases[i].text, "status %d", status);
        if (status == STATUS_OK)
            ROW(rate == cases[i].rate, cases[i].text, "%g", rate);
    }
}

TEST(platforms_and_prefixes_are_plain_names)
{
    static struct load_plan plan;
    struct error err;
    ASSERT_OK(load_plan_read_platforms("none", &plan, &err), err);
    assert_int_equal(plan.platform_count, 0);
    ASSERT_OK(load_plan_read_platforms("facebook,x", &plan, &err), err);
    assert_int_equal(plan.platform_count, 2);
    assert_string_equal(plan.platforms[1], "x");
    assert_int_equal(load_plan_read_platforms("face\"book", &plan, &err), STATUS_INVALID);
    assert_int_equal(load_plan_read_platforms("facebook,,x", &plan, &err), STATUS_INVALID);
    ASSERT_OK(load_plan_read_prefix("load-1", &plan, &err), err);
    assert_string_equal(plan.prefix, "load-1");
    assert_int_equal(load_plan_read_prefix("", &plan, &err), STATUS_INVALID);
    assert_int_equal(load_plan_read_prefix("a/b", &plan, &err), STATUS_INVALID);
}

TEST(requests_are_due_evenly_whatever_the_rate)
{
    assert_int_equal(load_due_ns(0, 1000), 0);
    assert_int_equal(load_due_ns(1, 1000), ns_per_ms);
    assert_int_equal(load_due_ns(3, 0.5), 6 * ns_per_s);
    /* after an hour at a rate that no number of nanoseconds divides, still within one of them */
    assert_in_range(load_due_ns(UINT64_C(3600) * 30000, 30000), 3600 * ns_per_s - 1,
                    3600 * ns_per_s + 1);
}

UNIT_MAIN(UNIT(a_mix_names_types_and_weights), UNIT(a_rate_is_max_or_a_number_above_zero),
          UNIT(platforms_and_prefixes_are_plain_names),
          UNIT(requests_are_due_evenly_whatever_the_rate))
