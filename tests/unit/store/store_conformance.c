/*
 * store_conformance.c - the promises of store/store.h, for every kind of store.
 *
 * Each test notes entries in a ledger (store_ledger.h), hands them to the store in sealed
 * batches, and compares the store's answers with the ledger's.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store_conformance.h"

#include <stdlib.h>
#include <string.h>

#include "model/calendar.h"
#include "model/platform.h"
#include "store_ledger.h"

static const struct store_kind *kind; /* the one being tested */

/* A place with an open store, a reader and the truth about them. */
struct trial {
    void *place;
    struct store *store;
    struct store_reader *reader;
    struct ledger ledger;
    struct error err;
};

static void trial_open(struct trial *trial)
{
    ASSERT_OK(kind->open(trial->place, trial->ledger.journal_id, &trial->store, &trial->err),
              trial->err);
    ASSERT_OK(store_reader_open(trial->store, &trial->reader, &trial->err), trial->err);
}

static void trial_shut(struct trial *trial)
{
    store_reader_close(trial->reader);
    store_close(trial->store);
}

static void trial_reopen(struct trial *trial)
{
    trial_shut(trial);
    trial_open(trial);
}

static struct trial *trial_new(void)
{
    struct trial *trial = calloc(1, sizeof *trial);
    if (trial == NULL)
        abort();
    memcpy(trial->ledger.journal_id, "a test's journal", STORE_JOURNAL_ID_BYTES);
    trial->place = kind->place_new();
    trial_open(trial);
    return trial;
}

static void trial_free(struct trial *trial)
{
    trial_shut(trial);
    kind->place_free(trial->place);
    ledger_done(&trial->ledger);
    free(trial);
}

static void expect_position(struct trial *trial, uint64_t batch)
{
    struct store_position position = {99, 99};
    ASSERT_OK(store_get_position(trial->store, &position, &trial->err), trial->err);
    assert_int_equal(position.batch, batch);
}

static uint64_t begin(struct trial *trial)
{
    struct store_position position = {99, 99};
    ASSERT_OK(store_reader_begin(trial->reader, &position, &trial->err), trial->err);
    return position.batch;
}

static struct store_scope everything(const char *user)
{
    return (struct store_scope){
        .user_id = text_of(user), .first_day = 0, .last_day = CALENDAR_DAY_MAX};
}

/* Begins, compares all counts of the user with the ledger up to the position seen, ends. */
static void check_user(struct trial *trial, const char *row, const char *user)
{
    /* the ledger's days lie in these years; a store may walk month by month */
    struct store_scope scope = everything(user);
    scope.first_day = day_from_civil((struct civil){2023, 1, 1});
    scope.last_day = day_from_civil((struct civil){2026, 12, 31});
    uint64_t batch = begin(trial);
    ledger_check_counts(&trial->ledger, row, batch, trial->reader, &scope);
    store_reader_end(trial->reader);
}

static int32_t day_of(int year, int month, int day)
{
    return day_from_civil((struct civil){year, month, day});
}

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
    assert_true(bytes > 0);
    trial_free(trial);
}

TEST(a_reader_sees_the_moment_it_began_at)
{
    struct trial *trial = trial_new();
    struct ledger *ledger = &trial->ledger;
    struct store_scope scope = everything("ann");
    scope.first_day = day_of(2025, 1, 1);
    scope.last_day = day_of(2025, 12, 31);
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
    ledger_check_counts(ledger, "began before", 1, trial->reader, &scope);
    ledger_check_counts(ledger, "began after", 2, late, &scope);
    store_reader_end(late);
    store_reader_end(trial->reader);
    assert_int_equal(begin(trial), 2);
    ledger_check_counts(ledger, "began again", 2, trial->reader, &scope);
    store_reader_end(trial->reader);
    store_reader_close(late);
    trial_free(trial);
}

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

/* A view, share or inquiry of every make that n can mean. */
static void note_nth(struct ledger *ledger, int n, const char *user)
{
    static const char *const listings[] = {"house", "flat", "barn"};
    static const char *const sources[] = {"mail", NULL, "site", "feed", NULL};
    char id[24];
    snprintf(id, sizeof id, "id-%d", n);
    struct event event = {.user_id = text_of(user),
                          .listing_id = text_of(listings[n % 3]),
                          .type = (enum event_type)(n / 2 % 3),
                          .platform = (uint8_t)(n % 5),
                          .id = text_of(id),
                          .time_ms = (day_of(2025, 2, 26) + n % 7) * ms_per_day +
                                     n * 7919 % 86400 * INT64_C(1000)};
    if (sources[n % 5] != NULL)
        event.source = text_of(sources[n % 5]);
    if (event.type == EVENT_INQUIRY)
        event.inquiry = text_of("{\"name\":\"Zo\xc3\xab\"}");
    ledger_note_event(ledger, &event);
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

    struct store_scope scope = everything("ann");
    scope.first_day = day_of(2025, 2, 1);
    scope.last_day = day_of(2025, 3, 31);
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

/* words: what to say of a listing's address, "-" removes it. */
static void say(struct ledger *ledger, const char *listing, const char *words)
{
    struct entry entry = {.kind = ENTRY_LISTING_SET,
                          .user_id = text_of("ann"),
                          .listing_id = text_of(listing),
                          .details = {.address = text_of(words)}};
    if (strcmp(words, "-") == 0)
        entry = (struct entry){.kind = ENTRY_LISTING_REMOVED,
                               .user_id = text_of("ann"),
                               .listing_id = text_of(listing)};
    ledger_note(ledger, &entry);
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
    struct store_scope scope = everything("ann");
    scope.first_day = day_of(2025, 2, 1);
    scope.last_day = day_of(2025, 3, 31);
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

int store_conformance(const struct store_kind *tested)
{
    static const struct CMUnitTest tests[] = {
        UNIT(a_new_store_holds_nothing),
        UNIT(a_batch_counts_once_however_often_it_is_handed_over),
        UNIT(the_position_is_the_batch_and_its_seal),
        UNIT(an_empty_batch_moves_the_position),
        UNIT(a_gap_is_refused_and_leaves_no_trace),
        UNIT(what_was_applied_is_there_after_reopening),
        UNIT(a_reader_sees_the_moment_it_began_at),
        UNIT(totals_equal_the_sums_of_their_parts),
        UNIT(a_scope_holds_exactly_its_days_and_listings),
        UNIT(a_user_sees_nothing_of_another),
        UNIT(ids_may_hold_any_character),
        UNIT(the_longest_ids_and_facts_fit),
        UNIT(platforms_beyond_the_built_in_ones_are_kept_by_name),
        UNIT(sources_beyond_64_a_day_count_as_other_across_batches),
        UNIT(inquiries_come_newest_first_and_page_by_page),
        UNIT(the_first_inquiry_of_a_key_wins),
        UNIT(inquiries_without_an_id_are_kept_apart_and_once),
        UNIT(the_last_word_on_a_listing_stands),
        UNIT(listing_details_come_back_as_they_were_set),
        UNIT(a_callback_can_end_a_read),
        UNIT(any_history_gives_the_ledger_s_answers),
    };
    kind = tested;
    return cmocka_run_group_tests_name(tested->name, tests, NULL, NULL);
}
