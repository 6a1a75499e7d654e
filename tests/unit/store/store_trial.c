/*
 * store_trial.c - a store, a reader and the truth about them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store_trial.h"

#include <stdlib.h>
#include <string.h>

#include "model/calendar.h"

const struct store_kind *store_kind_tested;

static void trial_open(struct trial *trial)
{
    ASSERT_OK(
        store_kind_tested->open(trial->place, trial->ledger.journal_id, &trial->store, &trial->err),
        trial->err);
    ASSERT_OK(store_reader_open(trial->store, &trial->reader, &trial->err), trial->err);
}

static void trial_shut(struct trial *trial)
{
    store_reader_close(trial->reader);
    store_close(trial->store);
}

void trial_reopen(struct trial *trial)
{
    trial_shut(trial);
    trial_open(trial);
}

struct trial *trial_new(void)
{
    struct trial *trial = calloc(1, sizeof *trial);
    if (trial == NULL)
        abort();
    memcpy(trial->ledger.journal_id, "a test's journal", STORE_JOURNAL_ID_BYTES);
    trial->place = store_kind_tested->place_new();
    trial_open(trial);
    return trial;
}

void trial_free(struct trial *trial)
{
    trial_shut(trial);
    store_kind_tested->place_free(trial->place);
    ledger_done(&trial->ledger);
    free(trial);
}

void expect_position(struct trial *trial, uint64_t batch)
{
    struct store_position position = {99, 99};
    ASSERT_OK(store_get_position(trial->store, &position, &trial->err), trial->err);
    assert_int_equal(position.batch, batch);
}

uint64_t begin(struct trial *trial)
{
    struct store_position position = {99, 99};
    ASSERT_OK(store_reader_begin(trial->reader, &position, &trial->err), trial->err);
    return position.batch;
}

int32_t day_of(int year, int month, int day)
{
    return day_from_civil((struct civil){year, month, day});
}

struct store_scope all_of(const char *user)
{
    return (struct store_scope){.user_id = text_of(user),
                                .first_day = day_of(2023, 1, 1),
                                .last_day = day_of(2026, 12, 31)};
}

void check_user(struct trial *trial, const char *row, const char *user)
{
    struct store_scope scope = all_of(user);
    uint64_t batch = begin(trial);
    ledger_check_counts(&trial->ledger, row, batch, trial->reader, &scope);
    store_reader_end(trial->reader);
}

void note_nth(struct ledger *ledger, int n, const char *user)
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

void say(struct ledger *ledger, const char *listing, const char *words)
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
