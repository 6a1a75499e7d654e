/*
 * store_conformance_facts.c - inquiries and listing details.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store_trial.h"

#include <stdlib.h>
#include <string.h>

#include "model/calendar.h"

TEST(inquiries_come_newest_first_and_page_by_page)
{
    struct trial *trial = trial_new();
    static const char *const listings[] = {"house", "flat", "barn"};
    char key[16];
    for (int i = 0; i < 48; i++) {
        /* many of one moment, of several listings, with keys that tie or not */
        snprintf(key, sizeof key, "k%d", i * 7 % 10);
        struct event event = {.user_id = text_of("ann"),
                              .listing_id = text_of(listings[i % 3]),
                              .id = text_of(key),
                              .inquiry = text_of("{}"),
                              .type = EVENT_INQUIRY,
                              .platform = (uint8_t)(i % 4),
                              .time_ms = day_of(2025, 3, 4) * ms_per_day + i % 4 * 1000};
        if (i % 2 == 0)
            event.source = text_of("mail");
        ledger_note_event(&trial->ledger, &event);
        if (i % 20 == 19)
            ledger_apply(&trial->ledger, trial->store);
    }
    ledger_apply(&trial->ledger, trial->store);

    int64_t start = day_of(2025, 3, 4) * ms_per_day;
    const struct {
        const char *name;
        const char *listing; /* NULL: all */
        int64_t from_ms;
        int64_t to_ms;
    } cases[] = {
        {"all", NULL, 0, INT64_MAX},
        {"one listing", "flat", 0, INT64_MAX},
        {"from is inclusive", NULL, start + 1000, INT64_MAX},
        {"to is exclusive", NULL, 0, start + 2000},
        {"one moment", "house", start + 1000, start + 1001},
        {"nothing", NULL, start + 1001, start + 2000},
        {"before the epoch", NULL, -1000, 0},
        {"a listing without any", "shed", 0, INT64_MAX},
    };
    begin(trial);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct store_inquiry_query query = {.user_id = text_of("ann"),
                                            .from_ms = cases[i].from_ms,
                                            .to_ms = cases[i].to_ms,
                                            .limit = 1000};
        if (cases[i].listing != NULL)
            query.listing_id = text_of(cases[i].listing);
        answers_equal(cases[i].name, store_inquiries(trial->reader, &query),
                      ledger_inquiries(&trial->ledger, 3, &query));
        /* behind every inquiry there is, in pages of three; also behind some outside the range */
        query.limit = 3;
        query.resume = true;
        for (size_t j = 0; j < trial->ledger.count; j++) {
            const struct event *last = &trial->ledger.at[j].entry.event;
            query.behind_ms = last->time_ms;
            query.behind_key = last->id;
            query.behind_listing_id = last->listing_id;
            answers_equal(cases[i].name, store_inquiries(trial->reader, &query),
                          ledger_inquiries(&trial->ledger, 3, &query));
        }
        query.limit = 0;
        answers_equal(cases[i].name, store_inquiries(trial->reader, &query), strdup(""));
    }
    store_reader_end(trial->reader);
    trial_free(trial);
}

TEST(the_first_inquiry_of_a_key_wins)
{
    struct trial *trial = trial_new();
    static const char *const words[] = {"{\"n\":1}", "{\"n\":2}", "{\"n\":3}"};
    for (int i = 0; i < 3; i++) {
        struct event event = {.user_id = text_of("ann"),
                              .listing_id = text_of("house"),
                              .id = text_of("same"),
                              .inquiry = text_of(words[i]),
                              .type = EVENT_INQUIRY,
                              .time_ms = day_of(2025, 3, 4) * ms_per_day};
        ledger_note_event(&trial->ledger, &event);
        if (i > 0)
            ledger_apply(&trial->ledger, trial->store);
    }
    struct store_inquiry_query query = {.user_id = text_of("ann"), .to_ms = INT64_MAX, .limit = 9};
    begin(trial);
    char *got = store_inquiries(trial->reader, &query);
    assert_non_null(strstr(got, words[0]));
    answers_equal("one", got, ledger_inquiries(&trial->ledger, 2, &query));
    store_reader_end(trial->reader);
    check_user(trial, "each was counted", "ann");
    trial_free(trial);
}

static enum status count_inquiry(void *context, const struct inquiry *inquiry, struct error *err)
{
    (void)inquiry;
    (void)err;
    ++*(int *)context;
    return STATUS_OK;
}

TEST(inquiries_without_an_id_are_kept_apart_and_once)
{
    struct trial *trial = trial_new();
    struct event event = {.user_id = text_of("ann"),
                          .listing_id = text_of("house"),
                          .type = EVENT_INQUIRY,
                          .time_ms = day_of(2025, 3, 4) * ms_per_day};
    for (int i = 0; i < 3; i++)
        ledger_note_event(&trial->ledger, &event);
    struct store_batch batch = ledger_seal(&trial->ledger);
    for (int turn = 0; turn < 2; turn++)
        ASSERT_OK(store_apply(trial->store, &batch, &trial->err), trial->err);
    ledger_release(batch);
    ledger_note_event(&trial->ledger, &event);
    ledger_apply(&trial->ledger, trial->store);
    struct store_inquiry_query query = {.user_id = text_of("ann"), .to_ms = INT64_MAX, .limit = 9};
    int count = 0;
    begin(trial);
    ASSERT_OK(store_reader_inquiries(trial->reader, &query, count_inquiry, &count, &trial->err),
              trial->err);
    store_reader_end(trial->reader);
    assert_int_equal(count, 4);
    trial_free(trial);
}

TEST(the_last_word_on_a_listing_stands)
{
    static const struct {
        const char *name;
        const char *words[4]; /* one a batch, NULL: none */
    } cases[] = {
        {"set", {"one"}},
        {"set again", {"one", "two"}},
        {"set and removed", {"one", "-"}},
        {"removed and set", {"one", "-", NULL, "two"}},
        {"removed, never set", {"-"}},
        {"removed twice", {"one", "-", "-"}},
        {"untouched by others", {"one", NULL, NULL, NULL}},
    };
    enum { CASES = sizeof cases / sizeof *cases };
    struct trial *trial = trial_new();
    for (int batch = 0; batch < 4; batch++) {
        for (int i = 0; i < CASES; i++) {
            if (cases[i].words[batch] == NULL)
                continue;
            say(&trial->ledger, cases[i].name, "said too early");
            say(&trial->ledger, cases[i].name, cases[i].words[batch]);
        }
        ledger_apply(&trial->ledger, trial->store);
        begin(trial);
        for (int i = 0; i < CASES; i++) {
            struct store_listing_query query = {
                .user_id = text_of("ann"), .listing_id = text_of(cases[i].name), .limit = 2};
            answers_equal(cases[i].name, store_listings(trial->reader, &query),
                          ledger_listings(&trial->ledger, (uint64_t)batch + 1, &query));
        }
        store_reader_end(trial->reader);
    }
    trial_free(trial);
}

TEST(listing_details_come_back_as_they_were_set)
{
    static const struct listing_details cases[] = {
        {.address = {"1 Road", 6},
         .currency = {"EUR", 3},
         .image = {"https://x/y", 11},
         .status = {"active", 6},
         .has_price = true,
         .price = 450000},
        {.has_price = true, .price = 0},
        {.has_price = true, .price = 0.1},
        {.address = {"", 0}},
        {.status = {"sold", 4}},
        {.currency = {"JPY", 3}},
    };
    enum { CASES = sizeof cases / sizeof *cases };
    struct trial *trial = trial_new();
    char name[16];
    for (int i = 0; i < CASES; i++) {
        snprintf(name, sizeof name, "case %d", i);
        struct entry entry = {.kind = ENTRY_LISTING_SET,
                              .user_id = text_of("ann"),
                              .listing_id = text_of(name),
                              .details = cases[i]};
        ledger_note(&trial->ledger, &entry);
    }
    ledger_apply(&trial->ledger, trial->store);
    begin(trial);
    for (size_t limit = 0; limit <= CASES + 1; limit++) {
        struct store_listing_query query = {.user_id = text_of("ann"), .limit = limit};
        for (int i = 0; i < CASES; i++) {
            answers_equal("page", store_listings(trial->reader, &query),
                          ledger_listings(&trial->ledger, 1, &query));
            snprintf(name, sizeof name, "case %d", i);
            query.behind = text_of(name);
        }
    }
    store_reader_end(trial->reader);
    trial_free(trial);
}

int store_conformance_facts(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(inquiries_come_newest_first_and_page_by_page),
        UNIT(the_first_inquiry_of_a_key_wins),
        UNIT(inquiries_without_an_id_are_kept_apart_and_once),
        UNIT(the_last_word_on_a_listing_stands),
        UNIT(listing_details_come_back_as_they_were_set),
    };
    return cmocka_run_group_tests_name(store_kind_tested->name, tests, NULL, NULL);
}
