/*
 * dynamodb_moments_test.c - a reader's moment, whatever becomes of the batch that is its newest.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include "store/dynamodb/moments.h"

static const uint8_t journal[STORE_JOURNAL_ID_BYTES] = "a journal";

static struct store_batch batch_of(uint64_t number)
{
    struct rollup *rollup = rollup_new(number, journal);
    assert_non_null(rollup);
    return (struct store_batch){.rollup = rollup, .seq = 10 * number};
}

static void let_go(struct store_batch batch)
{
    rollup_unref((struct rollup *)(uintptr_t)batch.rollup);
}

/* What a reader at the moment is to add by itself: a batch, or 0. */
static uint64_t unfinished(struct moments *moments, const struct moment *moment)
{
    struct rollup *rollup = moments_unfinished(moments, moment);
    uint64_t number = rollup == NULL ? 0 : rollup_batch(rollup);
    rollup_unref(rollup);
    return number;
}

TEST(a_moment_has_its_newest_batch_whatever_becomes_of_it)
{
    static const struct {
        const char *name;
        bool halts;
        bool claimed;
        bool again; /* tried once more */
        bool ends;
        uint64_t want;
    } cases[] = {
        {"on its way", false, false, false, false, 8},
        {"applied", false, false, false, true, 0},
        {"stopped before it was claimed", true, false, false, false, 8},
        {"stopped after it was claimed", true, true, false, false, 8},
        {"stopped, and tried again", true, false, true, false, 8},
        {"stopped, and applied", true, false, true, true, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct moments moments;
        struct moment moment = {0};
        struct moment before = {0};
        struct store_position position;
        struct error err;
        struct store_batch batch = batch_of(8);
        ASSERT_OK(moments_init(&moments, &(struct store_position){.batch = 7, .seq = 70}, 7, &err),
                  err);
        ASSERT_OK(moments_enter(&moments, &before, &position, &err), err);
        assert_int_equal(position.batch, 7);
        moments_begin_batch(&moments, &batch);
        ASSERT_OK(moments_enter(&moments, &moment, &position, &err), err);
        assert_int_equal(position.batch, 8);
        if (cases[i].halts)
            moments_halt(&moments, cases[i].claimed);
        if (cases[i].again)
            moments_begin_batch(&moments, &batch);
        if (cases[i].ends)
            moments_end_batch(&moments, &batch);
        uint64_t got = unfinished(&moments, &moment);
        ROW(got == cases[i].want, cases[i].name, "batch %lu is added", got);
        ROW(unfinished(&moments, &before) == 0, cases[i].name, "an older moment adds something");
        moments_leave(&moments, &moment);
        moments_leave(&moments, &before);
        moments_done(&moments);
        let_go(batch);
    }
}

UNIT_MAIN(UNIT(a_moment_has_its_newest_batch_whatever_becomes_of_it))
