/*
 * store_conformance_history.c - any history of entries gives the ledger's answers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store_trial.h"

#include "model/calendar.h"
#include "model/platform.h"

static struct text pick(struct unit_random *random, const char *const *names, size_t count)
{
    return text_of(names[unit_random_below(random, count)]);
}

/* An entry of any kind, on few enough keys that they meet. */
static void note_any(struct ledger *ledger, struct unit_random *random)
{
    static const char *const users[] = {"ann", "bob", "an", "annn"};
    static const char *const listings[] = {"house", "flat",   "barn",
                                           "h",     "houses", "\xf0\x9f\x8f\xa0"};
    static const char *const words[] = {"1 Road", "2 Road", "", "sold"};
    char id[16];
    char source[16];
    struct text user = pick(random, users, 4);
    struct text listing = pick(random, listings, 6);
    if (unit_random_below(random, 20) == 0) {
        struct entry entry = {
            .kind = ENTRY_LISTING_REMOVED, .user_id = user, .listing_id = listing};
        if (unit_random_below(random, 3) > 0) {
            entry.kind = ENTRY_LISTING_SET;
            entry.details =
                (struct listing_details){.address = pick(random, words, 4),
                                         .has_price = unit_random_below(random, 2) > 0,
                                         .price = (double)unit_random_below(random, 99)};
        }
        ledger_note(ledger, &entry);
        return;
    }
    snprintf(id, sizeof id, "%d", (int)unit_random_below(random, 1000));
    snprintf(source, sizeof source, "s%d", (int)unit_random_below(random, 90));
    struct event event = {.user_id = user,
                          .listing_id = listing,
                          .type = (enum event_type)unit_random_below(random, 3),
                          .platform = (uint8_t)unit_random_below(random, PLATFORM_BUILTIN_LAST + 1),
                          .id = text_of(id),
                          .time_ms = day_of(2024, 12, 20) * ms_per_day};
    /* half of it on three days around a month's end, so that days fill up */
    int64_t span = unit_random_below(random, 2) > 0 ? 3 : 100;
    int64_t from = span == 3 ? 11 : 0;
    event.time_ms +=
        from * ms_per_day + (int64_t)unit_random_below(random, (uint64_t)(span * ms_per_day));
    if (unit_random_below(random, 3) > 0)
        event.source = text_of(source);
    if (event.type == EVENT_INQUIRY && unit_random_below(random, 2) > 0)
        event.inquiry = text_of("{\"text\":\"h\xc3\xa9\"}");
    ledger_note_event(ledger, &event);
}

static void check_any(struct trial *trial, struct unit_random *random)
{
    static const char *const users[] = {"ann", "bob", "an", "annn", "nobody"};
    static const char *const listings[] = {"house", "flat", "barn", "h", "houses", "none"};
    struct text named[3];
    struct store_scope scope = {.user_id = pick(random, users, 5), .listing_ids = named};
    scope.listing_count = (size_t)unit_random_below(random, 4);
    size_t first = (size_t)unit_random_below(random, 6);
    for (size_t i = 0; i < 3; i++)
        named[i] = text_of(listings[(first + i) % 6]);
    scope.first_day = day_of(2024, 12, 10) + (int32_t)unit_random_below(random, 40);
    scope.last_day = scope.first_day + (int32_t)unit_random_below(random, 120);

    struct store_inquiry_query inquiries = {.user_id = scope.user_id,
                                            .from_ms = scope.first_day * ms_per_day,
                                            .to_ms = (scope.last_day + 1) * ms_per_day,
                                            .limit = (size_t)unit_random_below(random, 20)};
    struct store_listing_query details = {.user_id = scope.user_id,
                                          .limit = (size_t)unit_random_below(random, 6)};
    if (unit_random_below(random, 2) > 0)
        inquiries.listing_id = named[0];
    if (unit_random_below(random, 2) > 0)
        details.behind = named[1];

    uint64_t batch = begin(trial);
    assert_int_equal(batch, trial->ledger.batches);
    ledger_check_counts(&trial->ledger, "random", batch, trial->reader, &scope);
    answers_equal("random", store_inquiries(trial->reader, &inquiries),
                  ledger_inquiries(&trial->ledger, batch, &inquiries));
    answers_equal("random", store_listings(trial->reader, &details),
                  ledger_listings(&trial->ledger, batch, &details));
    store_reader_end(trial->reader);
}

TEST(any_history_gives_the_ledger_s_answers)
{
    struct unit_random random = unit_random_seeded();
    struct trial *trial = trial_new();
    for (int batch = 0; batch < 20; batch++) {
        int entries = (int)unit_random_below(&random, 150);
        for (int i = 0; i < entries; i++)
            note_any(&trial->ledger, &random);
        ledger_apply(&trial->ledger, trial->store);
        if (unit_random_below(&random, 4) == 0) {
            struct store_batch again = ledger_rebuild(
                &trial->ledger, 1 + unit_random_below(&random, trial->ledger.batches));
            ASSERT_OK(store_apply(trial->store, &again, &trial->err), trial->err);
            ledger_release(again);
        }
        if (unit_random_below(&random, 4) == 0)
            ASSERT_OK(store_maintain(trial->store, &trial->err), trial->err);
        if (unit_random_below(&random, 6) == 0)
            trial_reopen(trial);
        for (int i = 0; i < 6; i++)
            check_any(trial, &random);
    }
    trial_free(trial);
}

int store_conformance_history(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(any_history_gives_the_ledger_s_answers),
    };
    return cmocka_run_group_tests_name(store_kind_tested->name, tests, NULL, NULL);
}
