/*
 * store_conformance_batches.c - batches count once and in order; readers keep their moment.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store_trial.h"

#include <string.h>

TEST(a_new_store_holds_nothing)
{
    struct trial *trial = trial_new();
    struct store_position position = {99, 99};
    ASSERT_OK(store_get_position(trial->store, &position, &trial->err), trial->err);
    assert_int_equal(position.batch, 0);
    assert_int_equal(position.seq, 0);
    assert_int_equal(begin(trial), 0);
    store_reader_end(trial->reader);
    check_user(trial, "empty", "ann");
    trial_free(trial);
}

TEST(a_batch_counts_once_however_often_it_is_handed_over)
{
    struct trial *trial = trial_new();
    ledger_note_view(&trial->ledger, "ann", "house", day_of(2025, 3, 4), "mail");
    struct store_batch batch = ledger_seal(&trial->ledger);
    for (int turn = 0; turn < 3; turn++)
        ASSERT_OK(store_apply(trial->store, &batch, &trial->err), trial->err);
    expect_position(trial, 1);
    check_user(trial, "three times", "ann");

    trial_reopen(trial);
    ASSERT_OK(store_apply(trial->store, &batch, &trial->err), trial->err);
    check_user(trial, "after reopening", "ann");
    ledger_release(batch);

    /* a later one does not open the door again */
    ledger_note_view(&trial->ledger, "ann", "house", day_of(2025, 3, 4), NULL);
    ledger_apply(&trial->ledger, trial->store);
    batch = ledger_rebuild(&trial->ledger, 1);
    ASSERT_OK(store_apply(trial->store, &batch, &trial->err), trial->err);
    ledger_release(batch);
    expect_position(trial, 2);
    check_user(trial, "an old one again", "ann");
    trial_free(trial);
}

TEST(the_position_is_the_batch_and_its_seal)
{
    struct trial *trial = trial_new();
    for (int i = 1; i <= 3; i++) {
        ledger_note_view(&trial->ledger, "ann", "house", day_of(2025, 3, i), NULL);
        struct store_batch batch = ledger_seal(&trial->ledger);
        ASSERT_OK(store_apply(trial->store, &batch, &trial->err), trial->err);
        struct store_position seen = {0};
        struct store_position position = {0};
        ASSERT_OK(store_get_position(trial->store, &position, &trial->err), trial->err);
        ASSERT_OK(store_reader_begin(trial->reader, &seen, &trial->err), trial->err);
        store_reader_end(trial->reader);
        assert_int_equal(position.batch, i);
        assert_int_equal(position.seq, batch.seq);
        assert_memory_equal(&position, &seen, sizeof seen);
        ledger_release(batch);
    }
    trial_free(trial);
}

TEST(an_empty_batch_moves_the_position)
{
    struct trial *trial = trial_new();
    ledger_apply(&trial->ledger, trial->store);
    expect_position(trial, 1);
    trial_free(trial);
}

TEST(a_gap_is_refused_and_leaves_no_trace)
{
    struct trial *trial = trial_new();
    struct ledger *ledger = &trial->ledger;
    ledger_note_view(ledger, "ann", "house", day_of(2025, 3, 4), NULL);
    ledger_apply(ledger, trial->store);
    ledger_note_view(ledger, "ann", "flat", day_of(2025, 3, 4), NULL);
    struct store_batch second = ledger_seal(ledger);
    ledger_note_view(ledger, "ann", "barn", day_of(2025, 3, 4), NULL);
    struct store_batch third = ledger_seal(ledger);

    assert_int_equal(store_apply(trial->store, &third, &trial->err), STATUS_FOREIGN);
    assert_int_equal(trial->err.status, STATUS_FOREIGN);
    assert_true(strlen(trial->err.message) > 0);
    expect_position(trial, 1);
    check_user(trial, "refused", "ann");

    ASSERT_OK(store_apply(trial->store, &second, &trial->err), trial->err);
    ASSERT_OK(store_apply(trial->store, &third, &trial->err), trial->err);
    check_user(trial, "in order", "ann");
    ledger_release(second);
    ledger_release(third);
    trial_free(trial);
}

TEST(what_was_applied_is_there_after_reopening)
{
    struct trial *trial = trial_new();
    for (int i = 0; i < 5; i++) {
        ledger_note_view(&trial->ledger, "ann", i % 2 == 0 ? "house" : "flat",
                         day_of(2025, 3, 1 + i), "mail");
        ledger_apply(&trial->ledger, trial->store);
        ASSERT_OK(store_maintain(trial->store, &trial->err), trial->err);
        trial_reopen(trial);
        expect_position(trial, (uint64_t)i + 1);
        check_user(trial, "reopened", "ann");
    }
    uint64_t bytes = 0;
    ASSERT_OK(store_size(trial->store, &bytes, &trial->err), trial->err);
    assert_true(bytes > 0 || !store_kind_tested->counts_own_bytes);
    trial_free(trial);
}

TEST(a_reader_sees_the_moment_it_began_at)
{
    struct trial *trial = trial_new();
    struct ledger *ledger = &trial->ledger;
    struct store_scope scope = all_of("ann");
    struct store_reader *late = NULL;
    struct store_position position;
    ASSERT_OK(store_reader_open(trial->store, &late, &trial->err), trial->err);

    ledger_note_view(ledger, "ann", "house", day_of(2025, 3, 4), "mail");
    ledger_apply(ledger, trial->store);
    assert_int_equal(begin(trial), 1);
    /* nothing is read yet: beginning alone fixes the moment */
    ledger_note_view(ledger, "ann", "house", day_of(2025, 3, 4), "mail");
    ledger_note_view(ledger, "ann", "flat", day_of(2025, 3, 4), NULL);
    ledger_apply(ledger, trial->store);
    ASSERT_OK(store_maintain(trial->store, &trial->err), trial->err);

    ASSERT_OK(store_reader_begin(late, &position, &trial->err), trial->err);
    assert_int_equal(position.batch, 2);
    ledger->later_updates_do = store_kind_tested->updates_run_ahead;
    ledger_check_counts(ledger, "began before", 1, trial->reader, &scope);
    ledger->later_updates_do = false;
    ledger_check_counts(ledger, "began after", 2, late, &scope);
    store_reader_end(late);
    store_reader_end(trial->reader);
    assert_int_equal(begin(trial), 2);
    ledger_check_counts(ledger, "began again", 2, trial->reader, &scope);
    store_reader_end(trial->reader);
    store_reader_close(late);
    trial_free(trial);
}

/* Fails at the countdown's end. */
struct failing {
    int calls_left;
};

static enum status fail_soon(struct failing *failing, struct error *err)
{
    if (failing->calls_left-- > 0)
        return STATUS_OK;
    return fail(err, STATUS_TOO_LARGE, "enough");
}

static enum status fail_rows(void *context, struct text listing_id, const struct count_rows *rows,
                             struct error *err)
{
    (void)listing_id;
    (void)rows;
    return fail_soon(context, err);
}

static enum status fail_inquiry(void *context, const struct inquiry *inquiry, struct error *err)
{
    (void)inquiry;
    return fail_soon(context, err);
}

static enum status fail_listing(void *context, struct text listing_id,
                                const struct listing_details *details, struct error *err)
{
    (void)listing_id;
    (void)details;
    return fail_soon(context, err);
}

TEST(a_callback_can_end_a_read)
{
    struct trial *trial = trial_new();
    for (int i = 0; i < 60; i++)
        note_nth(&trial->ledger, i, "ann");
    say(&trial->ledger, "house", "1 Road");
    say(&trial->ledger, "flat", "2 Road");
    ledger_apply(&trial->ledger, trial->store);
    struct store_scope scope = all_of("ann");
    struct store_inquiry_query inquiries = {
        .user_id = text_of("ann"), .to_ms = INT64_MAX, .limit = 9};
    struct store_listing_query listings = {.user_id = text_of("ann"), .limit = 9};
    for (int calls = 0; calls < 2; calls++) {
        struct failing failing = {calls};
        struct store_reader *reader = trial->reader;
        begin(trial);
        assert_int_equal(store_reader_totals(reader, &scope, fail_rows, &failing, &trial->err),
                         STATUS_TOO_LARGE);
        assert_string_equal(trial->err.message, "enough");
        failing.calls_left = calls;
        assert_int_equal(store_reader_cells(reader, &scope, fail_rows, &failing, &trial->err),
                         STATUS_TOO_LARGE);
        failing.calls_left = calls;
        assert_int_equal(
            store_reader_inquiries(reader, &inquiries, fail_inquiry, &failing, &trial->err),
            STATUS_TOO_LARGE);
        failing.calls_left = calls;
        assert_int_equal(
            store_reader_listings(reader, &listings, fail_listing, &failing, &trial->err),
            STATUS_TOO_LARGE);
        store_reader_end(reader);
        check_user(trial, "the reader goes on", "ann");
    }
    trial_free(trial);
}

int store_conformance_batches(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(a_new_store_holds_nothing),
        UNIT(a_batch_counts_once_however_often_it_is_handed_over),
        UNIT(the_position_is_the_batch_and_its_seal),
        UNIT(an_empty_batch_moves_the_position),
        UNIT(a_gap_is_refused_and_leaves_no_trace),
        UNIT(what_was_applied_is_there_after_reopening),
        UNIT(a_reader_sees_the_moment_it_began_at),
        UNIT(a_callback_can_end_a_read),
    };
    return cmocka_run_group_tests_name(store_kind_tested->name, tests, NULL, NULL);
}
