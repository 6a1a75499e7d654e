/*
 * store_conformance_counts.c - totals and cells, whatever the ids, days and sources.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store_trial.h"

#include <string.h>

#include "model/calendar.h"
#include "model/platform.h"

static void add_rows(struct counts *sum, const struct count_rows *rows)
{
    for (size_t i = 0; i < rows->platform_count; i++)
        counts_add(sum, &rows->platforms[i].counts);
}

static enum status sum_platforms(void *context, struct text listing_id,
                                 const struct count_rows *rows, struct error *err)
{
    (void)listing_id;
    (void)err;
    add_rows(context, rows);
    return STATUS_OK;
}

static enum status sum_sources(void *context, struct text listing_id, const struct count_rows *rows,
                               struct error *err)
{
    (void)listing_id;
    (void)err;
    for (size_t i = 0; i < rows->source_count; i++)
        counts_add(context, &rows->sources[i].counts);
    return STATUS_OK;
}

TEST(totals_equal_the_sums_of_their_parts)
{
    struct trial *trial = trial_new();
    int events = 0;
    int with_source = 0;
    for (int batch = 0; batch < 4; batch++) {
        for (int i = 0; i < 60; i++, events++) {
            note_nth(&trial->ledger, events, "ann");
            with_source += trial->ledger.at[events].entry.event.source.at != NULL;
        }
        ledger_apply(&trial->ledger, trial->store);
    }
    check_user(trial, "all of it", "ann");

    struct store_scope scope = all_of("ann");
    struct counts totals = {0};
    struct counts cells = {0};
    struct counts sources = {0};
    struct counts cell_sources = {0};
    begin(trial);
    ASSERT_OK(store_reader_totals(trial->reader, &scope, sum_platforms, &totals, &trial->err),
              trial->err);
    ASSERT_OK(store_reader_cells(trial->reader, &scope, sum_platforms, &cells, &trial->err),
              trial->err);
    ASSERT_OK(store_reader_totals(trial->reader, &scope, sum_sources, &sources, &trial->err),
              trial->err);
    ASSERT_OK(store_reader_cells(trial->reader, &scope, sum_sources, &cell_sources, &trial->err),
              trial->err);
    store_reader_end(trial->reader);
    assert_int_equal(counts_sum(&totals), events);
    assert_int_equal(counts_sum(&sources), with_source);
    assert_memory_equal(&totals, &cells, sizeof totals);
    assert_memory_equal(&sources, &cell_sources, sizeof sources);
    trial_free(trial);
}

TEST(a_scope_holds_exactly_its_days_and_listings)
{
    static const struct {
        const char *name;
        struct civil first;
        struct civil last;
        size_t listing_count; /* of: house, none, flat */
    } cases[] = {
        {"one day", {2024, 2, 29}, {2024, 2, 29}, 0},
        {"one day of one listing", {2024, 2, 29}, {2024, 2, 29}, 1},
        {"over a leap day", {2024, 2, 28}, {2024, 3, 1}, 1},
        {"over a new year", {2024, 12, 31}, {2025, 1, 1}, 1},
        {"both sides of a new year, all", {2024, 12, 30}, {2025, 1, 2}, 0},
        {"a month to the day", {2024, 12, 1}, {2024, 12, 31}, 1},
        {"thirteen months", {2024, 2, 1}, {2025, 2, 28}, 3},
        {"thirteen months, all", {2024, 2, 1}, {2025, 2, 28}, 0},
        {"a day without anything", {2024, 7, 1}, {2024, 7, 1}, 0},
        {"months without anything", {2020, 1, 1}, {2020, 12, 31}, 3},
        {"a listing that is not there beside one that is", {2024, 2, 1}, {2025, 1, 31}, 2},
        {"an end before its start", {2024, 12, 31}, {2024, 12, 30}, 0},
    };
    struct text listings[] = {text_of("house"), text_of("none such"), text_of("flat")};
    static const struct civil days[] = {{2024, 1, 31}, {2024, 2, 28},  {2024, 2, 29},
                                        {2024, 3, 1},  {2024, 12, 30}, {2024, 12, 31},
                                        {2025, 1, 1},  {2025, 1, 2},   {2025, 2, 28}};
    struct trial *trial = trial_new();
    for (int turn = 0; turn < 2; turn++) {
        for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
            ledger_note_view(&trial->ledger, "ann", "house", day_from_civil(days[i]), "mail");
            ledger_note_view(&trial->ledger, "ann", "flat", day_from_civil(days[i]), NULL);
            ledger_note_view(&trial->ledger, "ann", "barn", day_from_civil(days[i]), NULL);
        }
        ledger_apply(&trial->ledger, trial->store);
    }
    begin(trial);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct store_scope scope = {.user_id = text_of("ann"),
                                    .listing_ids = listings,
                                    .listing_count = cases[i].listing_count,
                                    .first_day = day_from_civil(cases[i].first),
                                    .last_day = day_from_civil(cases[i].last)};
        ledger_check_counts(&trial->ledger, cases[i].name, 2, trial->reader, &scope);
    }
    store_reader_end(trial->reader);
    trial_free(trial);
}

TEST(a_user_sees_nothing_of_another)
{
    static const char *const users[] = {"a", "ab", "a b", "b", "A"};
    struct trial *trial = trial_new();
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < 5; i++)
            for (int n = 0; n <= 3 * i + 20; n++)
                note_nth(&trial->ledger, n, users[i]);
        ledger_apply(&trial->ledger, trial->store);
    }
    for (int i = 0; i < 5; i++) {
        check_user(trial, users[i], users[i]);
        struct store_inquiry_query query = {
            .user_id = text_of(users[i]), .to_ms = INT64_MAX, .limit = 1000};
        begin(trial);
        answers_equal(users[i], store_inquiries(trial->reader, &query),
                      ledger_inquiries(&trial->ledger, 2, &query));
        store_reader_end(trial->reader);
    }
    check_user(trial, "nobody", "nobody");
    trial_free(trial);
}

TEST(ids_may_hold_any_character)
{
    static const char *const ids[] = {"'",
                                      "\"",
                                      "\\",
                                      "%",
                                      "_",
                                      "?1",
                                      ";--",
                                      "a'b",
                                      "a",
                                      "A",
                                      "a ",
                                      " a",
                                      "a\xcc\x88",
                                      "\xc3\xa4",
                                      "\xe6\x97\xa5\xe6\x9c\xac",
                                      "\xf0\x9f\x8f\xa0",
                                      "\xef\xbf\xbf",
                                      "~",
                                      "$x",
                                      "[1]",
                                      "2025-01",
                                      "null",
                                      "00",
                                      "0",
                                      "/",
                                      "a/b",
                                      "..."};
    enum { IDS = sizeof ids / sizeof *ids };
    struct trial *trial = trial_new();
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < IDS; i++) {
            ledger_note_view(&trial->ledger, ids[i], "house", day_of(2025, 3, 4), "mail");
            ledger_note_view(&trial->ledger, "ann", ids[i], day_of(2025, 3, 4), NULL);
            ledger_note_view(&trial->ledger, "ann", "house", day_of(2025, 3, 4), ids[i]);
            struct event inquiry = {.user_id = text_of("ann"),
                                    .listing_id = text_of(ids[i]),
                                    .id = text_of(ids[(i + 1) % IDS]),
                                    .type = EVENT_INQUIRY,
                                    .inquiry = text_of(ids[i]),
                                    .time_ms = day_of(2025, 3, 4) * ms_per_day};
            ledger_note_event(&trial->ledger, &inquiry);
            struct entry listing = {.kind = ENTRY_LISTING_SET,
                                    .user_id = text_of("ann"),
                                    .listing_id = text_of(ids[i]),
                                    .details = {.address = text_of(ids[i])}};
            ledger_note(&trial->ledger, &listing);
        }
        ledger_apply(&trial->ledger, trial->store);
    }
    check_user(trial, "all listings", "ann");
    for (int i = 0; i < IDS; i++) {
        struct text listing = text_of(ids[i]);
        struct store_scope scope = {.user_id = text_of("ann"),
                                    .listing_ids = &listing,
                                    .listing_count = 1,
                                    .first_day = day_of(2025, 3, 1),
                                    .last_day = day_of(2025, 3, 31)};
        struct store_inquiry_query inquiries = {
            .user_id = text_of("ann"), .listing_id = listing, .to_ms = INT64_MAX, .limit = 10};
        struct store_listing_query one = {
            .user_id = text_of("ann"), .listing_id = listing, .limit = 1};
        struct store_listing_query behind = {
            .user_id = text_of("ann"), .behind = listing, .limit = 100};
        check_user(trial, ids[i], ids[i]);
        begin(trial);
        ledger_check_counts(&trial->ledger, ids[i], 2, trial->reader, &scope);
        answers_equal(ids[i], store_inquiries(trial->reader, &inquiries),
                      ledger_inquiries(&trial->ledger, 2, &inquiries));
        answers_equal(ids[i], store_listings(trial->reader, &one),
                      ledger_listings(&trial->ledger, 2, &one));
        answers_equal(ids[i], store_listings(trial->reader, &behind),
                      ledger_listings(&trial->ledger, 2, &behind));
        store_reader_end(trial->reader);
    }
    trial_free(trial);
}

TEST(the_longest_ids_and_facts_fit)
{
    struct trial *trial = trial_new();
    static char id[ID_BYTES_MAX];
    static char content[INQUIRY_BYTES_MAX];
    static char image[LISTING_IMAGE_BYTES_MAX];
    memset(id, 'x', sizeof id);
    memset(content, 'y', sizeof content);
    memset(image, 'z', sizeof image);
    struct text user = {id, sizeof id};
    for (int turn = 0; turn < 20; turn++) {
        id[0] = (char)('a' + turn);
        struct event event = {.user_id = user,
                              .listing_id = user,
                              .source = {id, SOURCE_BYTES_MAX},
                              .id = {id, EVENT_ID_BYTES_MAX},
                              .inquiry = {content, sizeof content},
                              .type = EVENT_INQUIRY,
                              .time_ms = day_of(2025, 3, 4) * ms_per_day};
        ledger_note_event(&trial->ledger, &event);
        struct entry listing = {
            .kind = ENTRY_LISTING_SET,
            .user_id = user,
            .listing_id = user,
            .details = {.image = {image, sizeof image}, .has_price = true, .price = 1.0 / 3}};
        ledger_note(&trial->ledger, &listing);
    }
    ledger_apply(&trial->ledger, trial->store);
    id[0] = 'c';
    struct store_scope scope = {
        .user_id = user, .first_day = day_of(2025, 3, 1), .last_day = day_of(2025, 3, 31)};
    struct store_inquiry_query inquiries = {.user_id = user, .to_ms = INT64_MAX, .limit = 10};
    struct store_listing_query listings = {.user_id = user, .limit = 10};
    begin(trial);
    ledger_check_counts(&trial->ledger, "longest", 1, trial->reader, &scope);
    answers_equal("inquiry", store_inquiries(trial->reader, &inquiries),
                  ledger_inquiries(&trial->ledger, 1, &inquiries));
    answers_equal("details", store_listings(trial->reader, &listings),
                  ledger_listings(&trial->ledger, 1, &listings));
    store_reader_end(trial->reader);
    trial_free(trial);
}

TEST(platforms_beyond_the_built_in_ones_are_kept_by_name)
{
    struct trial *trial = trial_new();
    struct event event = {.user_id = text_of("ann"),
                          .listing_id = text_of("house"),
                          .id = text_of("i"),
                          .type = EVENT_INQUIRY,
                          .time_ms = day_of(2025, 3, 4) * ms_per_day};
    ASSERT_OK(platform_intern(text_of("signal-fire"), &event.platform, &trial->err), trial->err);
    ledger_note_event(&trial->ledger, &event);
    ledger_apply(&trial->ledger, trial->store);
    check_user(trial, "interned", "ann");
    struct store_inquiry_query query = {.user_id = text_of("ann"), .to_ms = INT64_MAX, .limit = 1};
    begin(trial);
    answers_equal("inquiry", store_inquiries(trial->reader, &query),
                  ledger_inquiries(&trial->ledger, 1, &query));
    store_reader_end(trial->reader);
    trial_free(trial);
}

TEST(sources_beyond_64_a_day_count_as_other_across_batches)
{
    struct trial *trial = trial_new();
    struct ledger *ledger = &trial->ledger;
    char source[16];
    /* 40 names, then 20 of them again and 40 new ones, then others, then the first again */
    static const struct {
        int first;
        int count;
    } batches[] = {{0, 40}, {20, 60}, {70, 50}, {0, 10}};
    for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
        for (int i = 0; i < batches[b].count; i++) {
            snprintf(source, sizeof source, "s%d", batches[b].first + i);
            ledger_note_view(ledger, "ann", "house", day_of(2025, 3, 31), source);
            /* another quarter of the same day: a day's names are one set */
            struct event event = ledger->at[ledger->count - 1].entry.event;
            event.time_ms += 5 * ms_per_quarter * (1 + i % 3);
            ledger_note_event(ledger, &event);
            /* the next day, and its neighbour, start afresh */
            ledger_note_view(ledger, "ann", "house", day_of(2025, 4, 1), source);
            ledger_note_view(ledger, "ann", "flat", day_of(2025, 3, 31), i % 2 ? source : NULL);
        }
        ledger_apply(ledger, trial->store);
        check_user(trial, "after a batch", "ann");
    }
    trial_free(trial);
}

int store_conformance_counts(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(totals_equal_the_sums_of_their_parts),
        UNIT(a_scope_holds_exactly_its_days_and_listings),
        UNIT(a_user_sees_nothing_of_another),
        UNIT(ids_may_hold_any_character),
        UNIT(the_longest_ids_and_facts_fit),
        UNIT(platforms_beyond_the_built_in_ones_are_kept_by_name),
        UNIT(sources_beyond_64_a_day_count_as_other_across_batches),
    };
    return cmocka_run_group_tests_name(store_kind_tested->name, tests, NULL, NULL);
}
