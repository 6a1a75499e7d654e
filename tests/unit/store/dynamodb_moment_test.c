/*
 * dynamodb_moment_test.c - readers see whole batches while one stands in the table in part.
 *
 * A batch is stopped in the middle by refusing to send: the linker puts __wrap_dynamodb_start() in
 * dynamodb_start()'s place (meson.build), which lets a number of writes pass and refuses the rest.
 * What was sent is in the table, what was not is not; then readers are asked, and the batch goes
 * on.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dynamodb_place.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "model/calendar.h"
#include "model/platform.h"
#include "store_trial.h"

static int writes_left = -1; /* -1: as many as there are */

enum status __real_dynamodb_start(struct dynamodb_channel *channel, struct dynamodb_call *call,
                                  struct error *err);
enum status __wrap_dynamodb_start(struct dynamodb_channel *channel, struct dynamodb_call *call,
                                  struct error *err);

enum status __wrap_dynamodb_start(struct dynamodb_channel *channel, struct dynamodb_call *call,
                                  struct error *err)
{
    bool writes =
        strcmp(call->operation, "PutItem") == 0 || strcmp(call->operation, "UpdateItem") == 0;
    if (writes && writes_left == 0)
        return (fail)(err, STATUS_IO, "the test sends no more");
    if (writes && writes_left > 0)
        writes_left--;
    return __real_dynamodb_start(channel, call, err);
}

/* Many cells and sources on few listing-days: deltas of several parts. */
static void note_batch(struct ledger *ledger, struct unit_random *random, int entries)
{
    static const char *const listings[] = {"house", "flat", "barn"};
    char source[24];
    char id[24];
    for (int i = 0; i < entries; i++) {
        bool hot = unit_random_below(random, 3) > 0;
        struct event event = {
            .user_id = text_of("ann"),
            .listing_id = text_of(listings[hot ? 0 : unit_random_below(random, 3)]),
            .type = (enum event_type)(unit_random_below(random, 4) == 0
                                          ? unit_random_below(random, EVENT_TYPES)
                                          : EVENT_VIEW),
            .platform = (uint8_t)unit_random_below(random, PLATFORM_BUILTIN_LAST + 1),
            .time_ms = day_of(2025, 3, 4) * ms_per_day};
        event.time_ms += (int64_t)unit_random_below(random, (uint64_t)ms_per_day * (hot ? 1 : 3));
        if (unit_random_below(random, 3) > 0) {
            snprintf(source, sizeof source, "s%d", (int)unit_random_below(random, 90));
            event.source = text_of(source);
        }
        if (unit_random_below(random, 2) > 0) {
            snprintf(id, sizeof id, "%d", (int)unit_random_below(random, 100000));
            event.id = text_of(id);
        }
        if (event.type == EVENT_INQUIRY) {
            snprintf(id, sizeof id, "i%d", (int)unit_random_below(random, 500));
            event.id = text_of(id);
            event.inquiry = text_of("{}");
        }
        ledger_note_event(ledger, &event);
    }
}

static void check_reader(struct trial *trial, const char *row, struct store_reader *reader,
                         uint64_t batch, bool may_be_later)
{
    struct ledger *ledger = &trial->ledger;
    struct text house = text_of("house");
    struct store_scope scopes[] = {all_of("ann"), all_of("ann"), all_of("nobody")};
    const struct store_inquiry_query inquiries = {
        .user_id = text_of("ann"), .to_ms = INT64_MAX, .limit = 20};
    scopes[1].listing_ids = &house;
    scopes[1].listing_count = 1;
    ledger->later_updates_do = may_be_later;
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++)
        ledger_check_counts(ledger, row, batch, reader, &scopes[i]);
    ledger->later_updates_do = false;
    answers_equal(row, store_inquiries(reader, &inquiries),
                  ledger_inquiries(ledger, batch, &inquiries));
}

static uint64_t begin_other(struct trial *trial, struct store_reader *reader)
{
    struct store_position position = {0};
    ASSERT_OK(store_reader_begin(reader, &position, &trial->err), trial->err);
    return position.batch;
}

/* Applies a batch some writes at a time; the trial's reader has begun before it. */
static void apply_in_pieces(struct trial *trial, struct unit_random *random, uint64_t older)
{
    struct store_reader *late = NULL;
    struct store_batch batch = ledger_seal(&trial->ledger);
    uint64_t number = trial->ledger.batches;
    enum status status = STATUS_IO;
    int pieces = 0;
    ASSERT_OK(store_reader_open(trial->store, &late, &trial->err), trial->err);
    while (status != STATUS_OK) {
        writes_left = pieces == 0 ? 0 : (int)unit_random_below(random, 12 + 3 * (uint64_t)pieces);
        status = store_apply(trial->store, &batch, &trial->err);
        writes_left = -1;
        assert_true(status == STATUS_OK || status == STATUS_IO);
        assert_true(pieces++ < 1000);
        if (pieces % 4 != 1 && status != STATUS_OK)
            continue;
        assert_int_equal(begin_other(trial, late), number);
        check_reader(trial, "began meanwhile", late, number, false);
        check_reader(trial, "began before", trial->reader, older, true);
        store_reader_end(late);
    }
    assert_true(pieces > 1);
    assert_int_equal(begin_other(trial, late), number);
    check_reader(trial, "applied", late, number, false);
    store_reader_end(late);
    store_reader_close(late);
    ledger_release(batch);
}

TEST(readers_see_whole_batches_beside_one_that_is_stopped)
{
    struct unit_random random = unit_random_seeded();
    struct trial *trial = trial_new();
    note_batch(&trial->ledger, &random, 30);
    ledger_apply(&trial->ledger, trial->store);
    for (int round = 0; round < 3; round++) {
        uint64_t older = begin(trial);
        note_batch(&trial->ledger, &random, 250);
        apply_in_pieces(trial, &random, older);
        /* begun at n, and n + 2 is being applied */
        note_batch(&trial->ledger, &random, 60);
        apply_in_pieces(trial, &random, older);
        store_reader_end(trial->reader);
    }
    trial_free(trial);
}

/* Days in no order, and the first one without a source: each is owed once. */
TEST(a_late_day_beside_a_batch_that_is_stopped_counts_once)
{
    struct trial *trial = trial_new();
    int32_t day = day_of(2025, 3, 4);
    static const struct {
        int days_ago;
        const char *source;
    } views[] = {{0, NULL}, {3, "mail"}, {1, NULL}, {2, "feed"}, {2, NULL}, {3, "mail"}};
    ledger_note_view(&trial->ledger, "ann", "house", day, NULL);
    ledger_apply(&trial->ledger, trial->store);
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        ledger_note_view(&trial->ledger, "ann", "house", day - views[i].days_ago, views[i].source);
    struct store_batch batch = ledger_seal(&trial->ledger);
    for (int sent = 1; sent < 10; sent++) {
        writes_left = sent; /* first the days are put into the index, then one after the other */
        enum status status = store_apply(trial->store, &batch, &trial->err);
        writes_left = -1;
        assert_true(status == STATUS_OK || status == STATUS_IO);
        begin(trial);
        check_reader(trial, "stopped", trial->reader, trial->ledger.batches, false);
        store_reader_end(trial->reader);
    }
    ASSERT_OK(store_apply(trial->store, &batch, &trial->err), trial->err);
    ledger_release(batch);
    trial_free(trial);
}

TEST(a_restart_goes_on_where_a_batch_was_stopped)
{
    struct unit_random random = unit_random_seeded();
    struct trial *trial = trial_new();
    for (int round = 0; round < 4; round++) {
        note_batch(&trial->ledger, &random, round == 0 ? 20 : 250);
        struct store_batch batch = ledger_seal(&trial->ledger);
        uint64_t number = trial->ledger.batches;
        for (int stops = 0; stops < 4; stops++) {
            writes_left = (int)unit_random_below(&random, 25);
            enum status status = store_apply(trial->store, &batch, &trial->err);
            writes_left = -1;
            trial_reopen(trial);
            ledger_release(batch);
            batch = ledger_rebuild(&trial->ledger, number);
            if (status == STATUS_OK)
                continue;
            /* handed over, and nothing sent: what is there is read, and the rest added */
            writes_left = 0;
            assert_int_equal(store_apply(trial->store, &batch, &trial->err), STATUS_IO);
            writes_left = -1;
            assert_int_equal(begin(trial), number);
            check_reader(trial, "after a restart", trial->reader, number, false);
            store_reader_end(trial->reader);
        }
        ASSERT_OK(store_apply(trial->store, &batch, &trial->err), trial->err);
        ledger_release(batch);
        assert_int_equal(begin(trial), number);
        check_reader(trial, "in the end", trial->reader, number, false);
        store_reader_end(trial->reader);
    }
    trial_free(trial);
}

struct waiting {
    struct trial *trial;
    struct store_position position;
    enum status status;
};

static void *wait_to_begin(void *context)
{
    struct waiting *waiting = context;
    struct error err;
    waiting->status = store_reader_begin(waiting->trial->reader, &waiting->position, &err);
    return NULL;
}

TEST(after_a_restart_readers_wait_until_the_claimed_batch_is_handed_over)
{
    struct unit_random random = unit_random_seeded();
    struct trial *trial = trial_new();
    note_batch(&trial->ledger, &random, 100);
    struct store_batch batch = ledger_seal(&trial->ledger);
    writes_left = 5;
    assert_int_equal(store_apply(trial->store, &batch, &trial->err), STATUS_IO);
    writes_left = -1;
    trial_reopen(trial);

    struct waiting waiting = {.trial = trial, .status = STATUS_UNKNOWN};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wait_to_begin, &waiting), 0);
    ASSERT_OK(store_apply(trial->store, &batch, &trial->err), trial->err);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(waiting.status, STATUS_OK);
    assert_int_equal(waiting.position.batch, 1);
    check_reader(trial, "waited", trial->reader, 1, false);
    store_reader_end(trial->reader);
    ledger_release(batch);
    trial_free(trial);
}

TEST(a_reader_slower_than_the_batches_that_are_kept_is_told_so)
{
    struct trial *trial = trial_new();
    struct store_scope scope = all_of("ann");
    ledger_note_view(&trial->ledger, "ann", "house", day_of(2025, 3, 4), NULL);
    ledger_apply(&trial->ledger, trial->store);
    begin(trial);
    for (int i = 0; i < 10; i++) {
        ledger_note_view(&trial->ledger, "ann", "house", day_of(2025, 3, 4), "mail");
        ledger_apply(&trial->ledger, trial->store);
    }
    struct count_table table = {0};
    assert_int_equal(
        store_reader_totals(trial->reader, &scope, count_table_add, &table, &trial->err),
        STATUS_BUSY);
    assert_non_null(strstr(trial->err.message, "ask for less"));
    count_table_done(&table);
    store_reader_end(trial->reader);
    check_user(trial, "begun again", "ann");
    trial_free(trial);
}

int main(void)
{
    static const struct store_kind kind = {
        .name = "dynamodb",
        .updates_run_ahead = true,
        .place_new = table_place_new,
        .place_free = table_place_free,
        .open = table_place_open,
    };
    const struct CMUnitTest tests[] = {
        UNIT(readers_see_whole_batches_beside_one_that_is_stopped),
        UNIT(a_late_day_beside_a_batch_that_is_stopped_counts_once),
        UNIT(a_restart_goes_on_where_a_batch_was_stopped),
        UNIT(after_a_restart_readers_wait_until_the_claimed_batch_is_handed_over),
        UNIT(a_reader_slower_than_the_batches_that_are_kept_is_told_so),
    };
    store_kind_tested = &kind;
    places_begin();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    places_end();
    return failed;
}
