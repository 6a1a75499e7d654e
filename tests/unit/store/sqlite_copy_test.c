/*
 * sqlite_copy_test.c - a copy of a store that is written meanwhile holds whole batches, and a check
 * finds what does not agree.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/copy.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite_place.h"
#include "store/sqlite/check.h"

static void path_in(const char *dir, const char *name, char out[FILE_PATH_BYTES])
{
    struct error err = {0};
    ASSERT_OK(file_path(out, dir, name, &err), err);
}

static void note_many(struct ledger *ledger, int listings)
{
    char listing[32];
    for (int i = 0; i < listings; i++) {
        snprintf(listing, sizeof listing, "listing-%06d", i);
        ledger_note_view(ledger, i % 2 == 0 ? "ann" : "bob", listing, a_day + i % 40, "mail");
    }
}

/* ---- copies ---- */

struct writing {
    struct store *store;
    struct ledger *ledger;
    uint64_t steps;
    uint64_t bytes_done; /* they never go back: nothing begins anew */
    enum status answer;
};

static enum status apply_one(void *context, uint64_t bytes_done, uint64_t bytes, struct error *err)
{
    struct writing *writing = context;
    assert_true(bytes_done >= writing->bytes_done && bytes_done <= bytes);
    writing->bytes_done = bytes_done;
    assert_true(++writing->steps < 1000);
    if (writing->answer != STATUS_OK)
        return fail(err, writing->answer, "enough");
    note_many(writing->ledger, 3000);
    ledger_apply(writing->ledger, writing->store);
    ASSERT_OK(store_maintain(writing->store, err), *err);
    return STATUS_OK;
}

static enum status add_up(void *context, struct text listing_id, const struct count_rows *rows,
                          struct error *err)
{
    uint64_t *sum = context;
    (void)listing_id;
    (void)err;
    for (size_t i = 0; i < rows->platform_count; i++)
        *sum += counts_sum(&rows->platforms[i].counts);
    return STATUS_OK;
}

static uint64_t sum_of(struct store_reader *reader, const char *user)
{
    struct store_scope scope = {text_of(user), NULL, 0, a_day, a_day + 60};
    struct error err = {0};
    uint64_t sum = 0;
    ASSERT_OK(store_reader_totals(reader, &scope, add_up, &sum, &err), err);
    return sum;
}

TEST(a_copy_holds_the_batches_that_were_there_when_it_began)
{
    char *dir = unit_temp_dir();
    char *copy_dir = unit_temp_dir();
    char from[FILE_PATH_BYTES];
    char to[FILE_PATH_BYTES];
    struct error err = {0};
    struct sqlite_store_state state = {0};
    struct ledger ledger = new_ledger();
    struct store *store = must_open(dir);
    path_in(dir, "footfall.db", from);
    path_in(copy_dir, "footfall.db", to);
    note_many(&ledger, 60000); /* some thousand pages: several steps */
    ledger_apply(&ledger, store);
    ledger_note_view(&ledger, "ann", "house", a_day, NULL);
    ledger_apply(&ledger, store);

    struct store_position before = {0};
    ASSERT_OK(store_get_position(store, &before, &err), err);
    struct writing writing = {.store = store, .ledger = &ledger};
    ASSERT_OK(sqlite_store_copy(from, false, to, apply_one, &writing, &state, &err), err);
    assert_true(writing.steps > 1);
    assert_int_equal(state.position.batch, 2);
    assert_int_equal(state.position.seq, before.seq);
    assert_memory_equal(state.journal_id, sqlite_journal_id, STORE_JOURNAL_ID_BYTES);

    struct store *copy = must_open(copy_dir);
    struct store_reader *reader = NULL;
    struct store_position position = {0};
    ASSERT_OK(store_reader_open(copy, &reader, &err), err);
    ASSERT_OK(store_reader_begin(reader, &position, &err), err);
    assert_int_equal(position.batch, 2);
    assert_int_equal(sum_of(reader, "ann"), 30001);
    assert_int_equal(sum_of(reader, "bob"), 30000);
    store_reader_end(reader);
    store_reader_close(reader);
    store_close(copy);
    store_close(store);
    ledger_done(&ledger);
    unit_remove(copy_dir);
    unit_remove(dir);
}

TEST(what_cannot_be_copied_is_said)
{
    char *dir = unit_temp_dir();
    char from[FILE_PATH_BYTES];
    char to[FILE_PATH_BYTES];
    struct error err = {0};
    struct sqlite_store_state state = {0};
    path_in(dir, "footfall.db", from);
    path_in(dir, "copy.db", to);
    assert_int_equal(sqlite_store_copy(from, false, to, NULL, NULL, &state, &err),
                     STATUS_NOT_FOUND);

    FILE *file = fopen(from, "we");
    assert_non_null(file);
    fputs("this is no database at all, but long enough to be taken for one by its size ......",
          file);
    fclose(file);
    assert_int_equal(sqlite_store_copy(from, false, to, NULL, NULL, &state, &err), STATUS_CORRUPT);
    assert_int_equal(unlink(from), 0);

    struct ledger ledger = new_ledger();
    struct store *store = must_open(dir);
    struct writing writing = {.store = store, .ledger = &ledger, .answer = STATUS_STOPPED};
    assert_int_equal(sqlite_store_copy(from, false, to, apply_one, &writing, &state, &err),
                     STATUS_STOPPED);
    assert_int_equal(writing.steps, 1);
    store_close(store);
    ledger_done(&ledger);
    unit_remove(dir);
}

/* ---- checks ---- */

struct found {
    uint64_t problems[STORE_SUMS + 1];
    char first[512];
    uint64_t blocks;
};

static void on_problem(void *context, enum store_problem problem, const char *words)
{
    struct found *found = context;
    if (found->first[0] == '\0')
        snprintf(found->first, sizeof found->first, "%s", words);
    found->problems[problem]++;
}

static enum status on_step(void *context, uint64_t blocks, struct error *err)
{
    struct found *found = context;
    (void)err;
    found->blocks += blocks;
    return STATUS_OK;
}

static enum status check(const char *dir, struct found *found, struct store_checked *checked,
                         struct error *err)
{
    char path[FILE_PATH_BYTES];
    const struct store_check_visitor visitor = {on_problem, on_step, found};
    path_in(dir, "footfall.db", path);
    *found = (struct found){0};
    return sqlite_store_check(path, &visitor, checked, err);
}

/* ann has a house on two days and a barn; bob has a barn two months later; cid a shed. */
static void fill(char *dir)
{
    struct ledger ledger = new_ledger();
    struct store *store = must_open(dir);
    for (int i = 0; i < 5; i++)
        ledger_note_view(&ledger, "ann", "house", a_day, i < 2 ? "mail" : NULL);
    ledger_note_view(&ledger, "ann", "house", a_day + 1, "mail");
    ledger_note_view(&ledger, "ann", "barn", a_day, "web");
    ledger_note_view(&ledger, "bob", "barn", a_day + 60, NULL);
    ledger_apply(&ledger, store);
    ledger_note_view(&ledger, "ann", "house", a_day, "mail");
    ledger_note_view(&ledger, "cid", "shed", a_day, "mail");
    ledger_apply(&ledger, store);
    store_close(store);
    ledger_done(&ledger);
}

TEST(a_store_that_agrees_is_counted_through)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct found found;
    struct store_checked checked = {0};
    fill(dir);
    ASSERT_OK(check(dir, &found, &checked, &err), err);
    ROW(found.first[0] == '\0', "whole", "%s", found.first);
    assert_int_equal(checked.month_blocks, 4);
    assert_int_equal(checked.cell_blocks, 5);
    assert_int_equal(checked.listing_days, 5);
    unit_remove(dir);
}

TEST(a_store_of_any_history_agrees)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct found found;
    struct store_checked checked = {0};
    struct ledger ledger = new_ledger();
    struct store *store = must_open(dir);
    char source[32];
    for (int batch = 0; batch < 6; batch++) {
        note_many(&ledger, 3000);
        for (int i = 0; i < 60; i++) { /* past the 64 names of a day */
            snprintf(source, sizeof source, "source-%d", (batch * 37 + i * 7) % 150);
            ledger_note_view(&ledger, "ann", "house", a_day, source);
        }
        ledger_apply(&ledger, store);
    }
    store_close(store);
    ledger_done(&ledger);
    ASSERT_OK(check(dir, &found, &checked, &err), err);
    ROW(found.first[0] == '\0', "history", "%s", found.first);
    assert_true(found.blocks > 0 && found.blocks <= checked.month_blocks + checked.cell_blocks);
    unit_remove(dir);
}

TEST(what_does_not_agree_is_named)
{
    static const struct {
        const char *name;
        const char *sql;
        enum store_problem want;
        const char *words; /* of the first */
    } cases[] = {
        {"cells of a day gone",
         "DELETE FROM cells WHERE user = 'ann' AND listing = 'house' AND day = (SELECT min(day) "
         "FROM cells)",
         STORE_SUMS,
         "user ann, listing house, 2025-03-04: platform none has 6 views in the totals, and its "
         "cells sum to 0"},
        {"totals gone", "DELETE FROM totals WHERE user = 'ann' AND listing = 'barn'", STORE_SUMS,
         "user ann, listing barn, 2025-03-04: platform none has 0 views in the totals, and its "
         "cells sum to 1"},
        {"a whole user's totals gone", "DELETE FROM totals WHERE user = 'bob'", STORE_SUMS,
         "user bob, listing barn, 2025-05-03: platform none has 0 views in the totals, and its "
         "cells sum to 1"},
        {"the last user's cells gone", "DELETE FROM cells WHERE user = 'cid'", STORE_SUMS,
         "user cid, listing shed, 2025-03-04: platform none has 1 views in the totals, and its "
         "cells sum to 0"},
        {"another listing's cells",
         "UPDATE cells SET block = (SELECT block FROM cells WHERE user = 'ann' AND listing = "
         "'barn') WHERE user = 'cid'",
         STORE_SUMS, "user cid, listing shed, 2025-03-04: platform none was last counted at"},
        {"a block that is none", "UPDATE cells SET block = x'8100' WHERE user = 'bob'", STORE_BLOCK,
         "cells of user bob, listing barn, 2025-05-03"},
        {"an empty block", "UPDATE totals SET block = x'' WHERE user = 'bob'", STORE_BLOCK,
         "totals of user bob, listing barn, 2025-05"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *dir = unit_temp_dir();
        struct error err = {0};
        struct found found;
        struct store_checked checked = {0};
        fill(dir);
        tamper(dir, cases[i].sql);
        ASSERT_OK(check(dir, &found, &checked, &err), err);
        ROW(found.problems[cases[i].want] > 0, cases[i].name, "not found; %s", found.first);
        ROW(strstr(found.first, cases[i].words) != NULL, cases[i].name, "%s", found.first);
        unit_remove(dir);
    }
}

TEST(damaged_pages_are_found)
{
    char *dir = unit_temp_dir();
    char path[FILE_PATH_BYTES];
    struct error err = {0};
    struct found found;
    struct store_checked checked = {0};
    struct stat stat_buf;
    struct ledger ledger = new_ledger();
    struct store *store = must_open(dir);
    note_many(&ledger, 3000);
    ledger_apply(&ledger, store);
    store_close(store);
    ledger_done(&ledger);
    path_in(dir, "footfall.db", path);
    assert_int_equal(stat(path, &stat_buf), 0);
    FILE *file = fopen(path, "r+e");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)stat_buf.st_size - 8192, SEEK_SET), 0);
    assert_int_equal(fwrite("\xff\xff\xff\xff\xff\xff\xff\xff", 1, 8, file), 8);
    fclose(file);
    enum status status = check(dir, &found, &checked, &err);
    assert_true(status == STATUS_OK || status == STATUS_CORRUPT);
    assert_true(found.problems[STORE_PAGES] > 0);
    unit_remove(dir);
}

UNIT_MAIN(UNIT(a_copy_holds_the_batches_that_were_there_when_it_began),
          UNIT(what_cannot_be_copied_is_said), UNIT(a_store_that_agrees_is_counted_through),
          UNIT(a_store_of_any_history_agrees), UNIT(what_does_not_agree_is_named),
          UNIT(damaged_pages_are_found))
