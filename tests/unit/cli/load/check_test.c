/*
 * check_test.c - when counts are what was acknowledged.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <string.h>

#include "cli/load/check.h"

TEST(counts_must_grow_by_what_was_acknowledged)
{
    static const struct {
        const char *name;
        uint64_t before;
        uint64_t after[LOAD_TYPES];
        uint64_t acknowledged[LOAD_TYPES];
        uint64_t unknown;
        bool in_part; /* a stream was recorded in part */
        bool want;
    } cases[] = {
        {"nothing", 0, {0, 0, 0}, {0, 0, 0}, 0, false, true},
        {"all of it", 5, {10, 2, 1}, {5, 2, 1}, 0, false, true},
        {"one is lost", 5, {9, 2, 1}, {5, 2, 1}, 0, false, false},
        {"one counts twice", 5, {11, 2, 1}, {5, 2, 1}, 0, false, false},
        {"a share counts as a view", 0, {6, 1, 1}, {5, 2, 1}, 0, false, false},
        {"unknown ones may count", 0, {7, 2, 1}, {5, 2, 1}, 2, false, true},
        {"or not", 0, {5, 2, 1}, {5, 2, 1}, 2, false, true},
        {"but no more than there are", 0, {8, 2, 1}, {5, 2, 1}, 2, false, false},
        {"acknowledged ones must count", 0, {4, 2, 1}, {5, 2, 1}, 2, false, false},
        {"types are not compared when nobody said them", 0, {6, 1, 1}, {5, 2, 1}, 0, true, true},
        {"counts that shrink", 9, {1, 0, 0}, {0, 0, 0}, 0, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static struct load_tally tally;
        struct load_totals before = {.all = cases[i].before, .by_type = {cases[i].before, 0, 0}};
        struct load_totals after = {0};
        memset(&tally, 0, sizeof tally);
        for (int type = 0; type < LOAD_TYPES; type++) {
            after.by_type[type] = cases[i].after[type];
            after.all += cases[i].after[type];
            tally.acknowledged_by_type[type] = cases[i].acknowledged[type];
            tally.acknowledged += cases[i].acknowledged[type];
        }
        tally.unknown = cases[i].unknown;
        tally.types_unknown = cases[i].in_part;
        bool holds = load_check_judge(&before, &after, &tally).holds;
        ROW(holds == cases[i].want, cases[i].name, "holds: %d", holds);
    }
}

TEST(more_kinds_of_answers_than_rows_count_in_the_last)
{
    static struct load_tally tally;
    static struct load_tally other;
    for (int status = 400; status < 500; status++)
        load_tally_answer(&other, status, "code", 1);
    load_tally_merge(&tally, &other);
    uint64_t sum = 0;
    for (unsigned i = 0; i < tally.answer_kinds; i++)
        sum += tally.answers[i].count;
    assert_int_equal(tally.answer_kinds, LOAD_ANSWER_KINDS_MAX);
    assert_int_equal(sum, 100);
    assert_int_equal(tally.answers[0].status, 400);
    assert_int_equal(tally.answers[LOAD_ANSWER_KINDS_MAX - 1].status, 0);
    assert_string_equal(tally.answers[LOAD_ANSWER_KINDS_MAX - 1].code, "others");
}

UNIT_MAIN(UNIT(counts_must_grow_by_what_was_acknowledged),
          UNIT(more_kinds_of_answers_than_rows_count_in_the_last))
