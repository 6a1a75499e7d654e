/*
 * history_test.c - any history of appends, releases, restarts and crashes keeps what it must.
 *
 * A model as simple as a promise runs beside the journal: what was acknowledged is a run of
 * numbers from the first kept one to the last; each content follows from number and length, and
 * the lengths are a list. After each restart the journal must hold exactly that.
 *
 * A crash is a copy of the folder at a moment when the helper rests, opened in place of the
 * original, sometimes with a part of the last write missing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "journal/segment.h"
#include "journal/spares.h"

enum { RECORDS_MAX = 20000, STEPS = 3000, BLOCK = JOURNAL_BLOCK_BYTES };

struct model {
    uint32_t lens[RECORDS_MAX]; /* of record i + 1 */
    uint64_t last;
    uint64_t released;
};

struct check {
    const struct model *model;
    struct fixture_seen seen;
};

static enum status check_one(void *context, uint64_t seq, struct text payload, struct error *err)
{
    struct check *check = context;
    assert_in_range(seq, 1, check->model->last);
    assert_int_equal(payload.len, check->model->lens[seq - 1]);
    return fixture_see(&check->seen, seq, payload, err);
}

static struct journal *open_and_check(const char *dir, const struct model *model,
                                      struct unit_random *random)
{
    struct journal *journal = NULL;
    struct error err = {0};
    struct check check = {.model = model};

    ASSERT_OK(fixture_open(dir, &journal, &err), err);
    uint64_t first = journal_seq_first(journal);
    assert_int_equal(journal_seq_last(journal), model->last);
    assert_true(first >= 1 && first <= model->released + 1);
    uint64_t from = first + unit_random_below(random, model->last + 2 - first);
    if (unit_random_below(random, 2) == 0)
        from = first;
    ASSERT_OK(journal_replay(journal, from, check_one, &check, &err), err);
    assert_int_equal(check.seen.count, model->last + 1 - from);
    if (check.seen.count > 0)
        assert_int_equal(check.seen.seq_first, from);
    ASSERT_OK(journal_start(journal, &err), err);
    return journal;
}

/* Another folder holds what a power cut would leave; the old one goes. */
static void crash(char **dir, char **parent, struct journal *journal)
{
    char *new_parent = fixture_memory_dir();
    char *new_dir = NULL;
    assert_true(asprintf(&new_dir, "%s/journal", new_parent) > 0);
    spares_settle(journal);
    fixture_copy_dir(*dir, new_dir);
    journal_close(journal);
    unit_remove(*parent);
    free(*dir);
    *dir = new_dir;
    *parent = new_parent;
}

/* Appends a record and picks one of its blocks, for the disk to have lost: nobody was told that
 * this record is durable. */
static void tear(struct journal *journal, struct unit_random *random, uint64_t *number, size_t *at)
{
    struct error err = {0};
    size_t len = 1 + (size_t)unit_random_below(random, 30000);

    ASSERT_OK(fixture_append(journal, JOURNAL_EVENTS, len, &err), err);
    size_t blocks = (size_t)segment_record_bytes(len) / BLOCK;
    *number = journal->number;
    *at = (size_t)journal->end - (1 + (size_t)unit_random_below(random, blocks)) * BLOCK;
}

/* The disk holds something else in that block. */
static void lose_block(const char *path, size_t at)
{
    size_t len = 0;
    char *bytes = fixture_read(path, &len);
    for (size_t i = at; i < at + BLOCK; i++)
        bytes[i] = (char)~bytes[i];
    fixture_poke(path, at, bytes + at, BLOCK);
    free(bytes);
}

TEST(any_history_keeps_what_was_acknowledged)
{
    struct unit_random random = unit_random_seeded();
    struct model *model = calloc(1, sizeof *model);
    char *parent = fixture_memory_dir();
    char *dir = NULL;
    struct error err = {0};
    uint64_t counts[5] = {0};
    assert_non_null(model);
    assert_true(asprintf(&dir, "%s/journal", parent) > 0);
    struct journal *journal = open_and_check(dir, model, &random);

    for (int step = 0; step < STEPS; step++) {
        uint64_t dice = unit_random_below(&random, 100);
        if (dice < 80) {
            enum journal_class class =
                unit_random_below(&random, 10) == 0 ? JOURNAL_CONTROL : JOURNAL_EVENTS;
            size_t limit = unit_random_below(&random, 4) == 0 ? 45000 : 300;
            size_t len = (size_t)unit_random_below(&random, limit);
            ASSERT_OK(fixture_append(journal, class, len, &err), err);
            model->lens[model->last++] = (uint32_t)len;
            counts[0]++;
        } else if (dice < 90) {
            uint64_t seq = unit_random_below(&random, model->last + 1);
            journal_release(journal, seq);
            model->released = seq > model->released ? seq : model->released;
            counts[1]++;
        } else if (dice < 94) {
            journal_close(journal);
            journal = open_and_check(dir, model, &random);
            counts[2]++;
        } else if (dice < 97) {
            crash(&dir, &parent, journal);
            journal = open_and_check(dir, model, &random);
            counts[3]++;
        } else {
            uint64_t number = 0;
            size_t at = 0;
            tear(journal, &random, &number, &at);
            crash(&dir, &parent, journal);
            lose_block(fixture_segment(dir, number), at);
            journal = open_and_check(dir, model, &random);
            counts[4]++;
        }
    }
    print_message("%llu appends, %llu releases, %llu restarts, %llu crashes, %llu torn writes\n",
                  (unsigned long long)counts[0], (unsigned long long)counts[1],
                  (unsigned long long)counts[2], (unsigned long long)counts[3],
                  (unsigned long long)counts[4]);
    journal_close(journal);
    unit_remove(parent);
    free(dir);
    free(model);
}

UNIT_MAIN(UNIT(any_history_keeps_what_was_acknowledged))
