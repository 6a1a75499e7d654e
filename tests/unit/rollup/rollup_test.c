/*
 * rollup_test.c - a rollup counts what it was given, no more and no less, in every reading.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "model/calendar.h"
#include "model/platform.h"
#include "rollup/rollup.h"

static const uint8_t some_journal[ROLLUP_JOURNAL_ID_BYTES] = {0xab, 1};
static const int64_t noon_ms = INT64_C(1769860800000); /* 2026-01-31T12:00:00Z */

static struct bytes begin_group(int64_t received_ms)
{
    struct bytes record = {0};
    assert_true(bytes_reserve(&record, RECORD_HEAD_BYTES));
    struct record_head head = {.kind = RECORD_GROUP, .received_ms = received_ms};
    record_head_encode(&head, record.at);
    record.len = RECORD_HEAD_BYTES;
    return record;
}

static void apply(struct rollup *rollup, struct bytes *record, uint64_t seq)
{
    struct error err;
    struct text text = {(const char *)record->at, record->len};
    ASSERT_OK(rollup_apply_group(rollup, text, seq, &err), err);
    bytes_done(record);
}

static struct event event_of(const char *user, const char *listing, enum event_type type,
                             uint8_t platform, const char *source, int64_t time_ms)
{
    return (struct event){.user_id = text_of(user),
                          .listing_id = text_of(listing),
                          .source = source == NULL ? (struct text){NULL, 0} : text_of(source),
                          .time_ms = time_ms,
                          .type = type,
                          .platform = platform};
}

struct sums {
    uint64_t platforms;
    uint64_t sources;
    uint64_t calls;
    int64_t updated_ms;
};

static enum status add_up(void *context, struct text listing_id, const struct count_rows *rows,
                          struct error *err)
{
    (void)listing_id;
    (void)err;
    struct sums *sums = context;
    sums->calls++;
    for (size_t i = 0; i < rows->platform_count; i++) {
        sums->platforms += counts_sum(&rows->platforms[i].counts);
        if (rows->platforms[i].updated_ms > sums->updated_ms)
            sums->updated_ms = rows->platforms[i].updated_ms;
    }
    for (size_t i = 0; i < rows->source_count; i++)
        sums->sources += counts_sum(&rows->sources[i].counts);
    return STATUS_OK;
}

TEST(rollup_gives_each_question_its_own_counts)
{
    struct error err;
    struct rollup *rollup = rollup_new(7, some_journal);
    struct bytes record = begin_group(noon_ms + 5);
    const struct event events[] = {
        event_of("u1", "a", EVENT_VIEW, 1, "web", noon_ms),
        event_of("u1", "a", EVENT_VIEW, 1, "web", noon_ms),
        event_of("u1", "a", EVENT_SHARE, PLATFORM_NONE, NULL, noon_ms - ms_per_day),
        event_of("u1", "b", EVENT_VIEW, 2, "mail", noon_ms),
        event_of("u2", "a", EVENT_VIEW, 1, NULL, noon_ms),
    };
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        assert_true(entry_encode_event(&record, &events[i]));
    apply(rollup, &record, 1);
    assert_int_equal(rollup_batch(rollup), 7);
    assert_false(rollup_is_empty(rollup));
    assert_int_equal(rollup_listing_days(rollup), 4);

    int32_t today = day_of_ms(noon_ms);
    struct text a = text_of("a");
    struct text nobody = text_of("nobody");
    const struct {
        const char *name;
        const char *user;
        const struct text *listings;
        size_t count;
        int32_t first;
        int32_t last;
        uint64_t platforms;
        uint64_t sources;
    } rows[] = {
        {"all of a user", "u1", NULL, 0, today - 1, today, 4, 3},
        {"one listing", "u1", &a, 1, today - 1, today, 3, 2},
        {"one listing, one day", "u1", &a, 1, today - 1, today - 1, 1, 0},
        {"another user's listing of that name", "u2", &a, 1, today, today, 1, 0},
        {"a listing that is not there", "u1", &nobody, 1, today - 1, today, 0, 0},
        {"a user who is not there", "u3", NULL, 0, today - 1, today, 0, 0},
        {"a day without events", "u1", NULL, 0, today + 1, today + 9, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sums totals = {0};
        struct sums cells = {0};
        ASSERT_OK(rollup_read_totals(rollup, text_of(rows[i].user), rows[i].listings, rows[i].count,
                                     rows[i].first, rows[i].last, add_up, &totals, &err),
                  err);
        ASSERT_OK(rollup_read_cells(rollup, text_of(rows[i].user), rows[i].listings, rows[i].count,
                                    rows[i].first, rows[i].last, add_up, &cells, &err),
                  err);
        ROW(totals.platforms == rows[i].platforms, rows[i].name, "totals %llu",
            (unsigned long long)totals.platforms);
        ROW(totals.sources == rows[i].sources, rows[i].name, "sources %llu",
            (unsigned long long)totals.sources);
        ROW(cells.platforms == totals.platforms, rows[i].name, "cells differ from totals");
        ROW(cells.sources == totals.sources, rows[i].name, "source cells differ from totals");
        ROW(totals.platforms == 0 || totals.updated_ms == noon_ms + 5, rows[i].name, "updated");
    }
    rollup_unref(rollup);
}

struct seen_inquiries {
    size_t count;
    char keys[4][INQUIRY_KEY_BYTES_MAX + 1];
};

static enum status see_inquiry(void *context, const struct inquiry *inquiry, struct error *err)
{
    (void)err;
    struct seen_inquiries *seen = context;
    snprintf(seen->keys[seen->count++], sizeof seen->keys[0], "%.*s", TEXT_ARGS(inquiry->key));
    return STATUS_OK;
}

TEST(rollup_keys_inquiries_by_id_or_by_their_place_in_the_journal)
{
    struct error err;
    struct rollup *rollup = rollup_new(1, some_journal);
    struct event with_id = event_of("u", "a", EVENT_INQUIRY, 1, NULL, noon_ms);
    with_id.id = text_of("my-id");
    with_id.inquiry = text_of("{\"name\":\"x\"}");
    struct event without_id = event_of("u", "a", EVENT_INQUIRY, 1, NULL, noon_ms);
    struct bytes record = begin_group(noon_ms);
    assert_true(entry_encode_event(&record, &with_id));
    assert_true(entry_encode_event(&record, &without_id));
    apply(rollup, &record, 42);

    struct seen_inquiries seen = {0};
    ASSERT_OK(rollup_read_inquiries(rollup, text_of("u"), see_inquiry, &seen, &err), err);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.keys[0], "my-id");
    assert_string_equal(seen.keys[1], "jab010000000000000000000000000000-42-1");
    rollup_unref(rollup);
}

struct last_word {
    int calls;
    bool removed;
    double price;
    int64_t updated_ms;
};

static enum status hear(void *context, struct text user_id, struct text listing_id,
                        const struct listing_details *details, struct error *err)
{
    (void)user_id;
    (void)listing_id;
    (void)err;
    struct last_word *word = context;
    word->calls++;
    word->removed = details == NULL;
    if (details != NULL) {
        word->price = details->price;
        word->updated_ms = details->updated_ms;
    }
    return STATUS_OK;
}

TEST(rollup_keeps_the_last_word_on_a_listing)
{
    struct error err;
    struct rollup *rollup = rollup_new(1, some_journal);
    struct listing_details first = {.has_price = true, .price = 1};
    struct listing_details second = {.has_price = true, .price = 2, .address = text_of("here")};
    struct bytes record = begin_group(noon_ms);
    assert_true(entry_encode_listing_set(&record, text_of("u"), text_of("a"), &first));
    assert_true(entry_encode_listing_removed(&record, text_of("u"), text_of("a")));
    apply(rollup, &record, 1);
    struct last_word word = {0};
    ASSERT_OK(rollup_read_listings(rollup, text_of("u"), text_of("a"), hear, &word, &err), err);
    assert_int_equal(word.calls, 1);
    assert_true(word.removed);

    record = begin_group(noon_ms + 1);
    assert_true(entry_encode_listing_set(&record, text_of("u"), text_of("a"), &second));
    apply(rollup, &record, 2);
    word = (struct last_word){0};
    ASSERT_OK(rollup_read_listings(rollup, text_of("u"), (struct text){NULL, 0}, hear, &word, &err),
              err);
    assert_int_equal(word.calls, 1);
    assert_false(word.removed);
    assert_true(word.price > 1.5);
    assert_int_equal(word.updated_ms, noon_ms + 1);

    /* details are no engagement */
    struct sums sums = {0};
    ASSERT_OK(rollup_read_totals(rollup, text_of("u"), NULL, 0, 0, 30000, add_up, &sums, &err),
              err);
    assert_int_equal(sums.calls, 0);
    rollup_unref(rollup);
}

/* ---- against a naive model ---------------------------------------------------------------- */

enum { USERS = 5, LISTINGS = 40, DAYS = 70, QUARTERS = 96, EVENTS = 20000 };

struct naive {
    uint32_t cells[USERS][LISTINGS][DAYS][EVENT_TYPES];
    uint64_t all;
};

struct visit_state {
    struct naive *naive;
    struct text user;
    int32_t month;
    struct text listing;
    uint64_t months;
    uint64_t all_cells;
};

static int32_t base_day(void)
{
    return day_of_ms(noon_ms) - DAYS;
}

static enum status check_month(void *context, struct text user_id, int32_t month,
                               struct text listing_id, const struct count_rows *totals,
                               const struct count_rows *cells, struct error *err)
{
    (void)err;
    struct visit_state *state = context;
    if (state->months++ > 0) {
        int order = text_compare(state->user, user_id);
        if (order == 0)
            order = (state->month > month) - (state->month < month);
        if (order == 0)
            order = text_compare(state->listing, listing_id);
        assert_true(order < 0);
    }
    state->user = user_id;
    state->month = month;
    state->listing = listing_id;

    int user = atoi(user_id.at + 1);
    int listing = atoi(listing_id.at + 1);
    for (size_t i = 0; i < totals->platform_count; i++) {
        const struct platform_row *row = &totals->platforms[i];
        assert_int_equal(month_of_day(row->day), month);
        for (int type = 0; type < EVENT_TYPES; type++)
            state->naive->cells[user][listing][row->day - base_day()][type] -=
                (uint32_t)row->counts.of[type];
    }
    for (size_t i = 0; i < cells->platform_count; i++) {
        assert_true(i == 0 || cells->platforms[i - 1].day <= cells->platforms[i].day);
        state->all_cells += counts_sum(&cells->platforms[i].counts);
    }
    return STATUS_OK;
}

static enum status no_inquiry(void *context, const struct inquiry *inquiry, struct error *err)
{
    (void)context;
    (void)inquiry;
    (void)err;
    return STATUS_OK;
}

TEST(rollup_visits_everything_once_and_in_the_stores_order)
{
    struct error err;
    struct unit_random random = unit_random_seeded();
    struct naive *naive = calloc(1, sizeof *naive);
    struct rollup *rollup = rollup_new(1, some_journal);
    for (int i = 0; i < EVENTS;) {
        struct bytes record = begin_group(noon_ms + i);
        for (int k = 0; k < 97 && i < EVENTS; k++, i++) {
            unsigned user = (unsigned)unit_random_below(&random, USERS);
            unsigned listing = (unsigned)unit_random_below(&random, LISTINGS);
            unsigned day = (unsigned)unit_random_below(&random, DAYS);
            enum event_type type = (enum event_type)unit_random_below(&random, EVENT_TYPES);
            char user_id[16];
            char listing_id[16];
            snprintf(user_id, sizeof user_id, "u%u", user);
            snprintf(listing_id, sizeof listing_id, "l%u", listing);
            struct event event =
                event_of(user_id, listing_id, type, (uint8_t)unit_random_below(&random, 5),
                         unit_random_below(&random, 2) ? "web" : NULL,
                         (base_day() + (int64_t)day) * ms_per_day +
                             (int64_t)unit_random_below(&random, 86400000));
            assert_true(entry_encode_event(&record, &event));
            naive->cells[user][listing][day][type]++;
            naive->all++;
        }
        apply(rollup, &record, (uint64_t)i);
    }
    struct visit_state state = {.naive = naive};
    struct rollup_visitor visitor = {
        .context = &state, .month = check_month, .inquiry = no_inquiry, .listing = hear};
    ASSERT_OK(rollup_visit(rollup, &visitor, &err), err);
    assert_int_equal(state.all_cells, naive->all);
    static const struct naive nothing;
    assert_memory_equal(naive->cells, nothing.cells, sizeof naive->cells);
    free(naive);
    rollup_unref(rollup);
}

UNIT_MAIN(UNIT(rollup_gives_each_question_its_own_counts),
          UNIT(rollup_keys_inquiries_by_id_or_by_their_place_in_the_journal),
          UNIT(rollup_keeps_the_last_word_on_a_listing),
          UNIT(rollup_visits_everything_once_and_in_the_stores_order))
