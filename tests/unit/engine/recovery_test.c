/*
 * recovery_test.c - what a start makes of the journal's seals, whatever the store says to it.
 *
 * The journals are written by hand, record by record, as an engine that was stopped in the middle
 * would have left them. A store that refuses is one with a trigger in its file.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <sched.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/engine_parts.h"
#include "model/calendar.h"
#include "model/record.h"

static const int64_t noon_ms = INT64_C(1769860800000); /* 2026-01-31T12:00:00Z */
static struct unit_clock now = {noon_ms};

/* What notices say, counted. */
struct notices {
    _Atomic int apply_failed;
};

static void note(void *context, const char *name, const struct error *error)
{
    struct notices *notices = context;
    (void)error;
    if (strcmp(name, "store_apply_failed") == 0)
        atomic_fetch_add(&notices->apply_failed, 1);
}

static enum status try_open(const char *dir, struct notices *notices, struct engine **out,
                            struct error *err)
{
    struct engine_options options = {.data_dir = dir,
                                     .clock = unit_clock(&now),
                                     .journal_segment_bytes = 256 * 1024,
                                     .seal_interval_ms = 3600 * 1000,
                                     .dedupe_ids = 100000};
    return engine_open(&options, note, notices, out, err);
}

static struct engine *must_open(const char *dir, struct notices *notices)
{
    struct error err;
    struct engine *engine = NULL;
    ASSERT_OK(try_open(dir, notices, &engine, &err), err);
    return engine;
}

static void must_close(struct engine *engine)
{
    struct error err;
    ASSERT_OK(engine_close(engine, &err), err);
}

static void tamper(const char *dir, const char *sql)
{
    char path[FILE_PATH_BYTES];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/footfall.db", dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static const char *const refuse =
    "CREATE TRIGGER refuse BEFORE UPDATE ON state BEGIN SELECT RAISE(ABORT, 'refused'); END";
static const char *const allow = "DROP TRIGGER refuse";

/* ---- journals by hand ---- */

/* 'a' to 'y': a group with one view of listing "l" whose id is that letter, an hour later each;
 * '1' to '9': SEAL of that batch; '!': bytes that are no record. */
static void append(struct journal *journal, char what)
{
    struct error err;
    uint64_t seq = 0;
    uint8_t head[RECORD_HEAD_BYTES];
    struct bytes entries = {0};
    const char id[] = {what, '\0'};
    struct event event = {.user_id = text_of("u"),
                          .listing_id = text_of("l"),
                          .id = text_of(id),
                          .time_ms = noon_ms,
                          .type = EVENT_VIEW,
                          .platform = 1};
    struct record_head group = {.kind = RECORD_GROUP,
                                .received_ms = noon_ms + (what - 'a') * ms_per_hour};
    struct record_head seal = {.kind = RECORD_SEAL, .batch = (uint64_t)(what - '0')};
    bool is_seal = what >= '1' && what <= '9';

    record_head_encode(is_seal ? &seal : &group, head);
    if (!is_seal)
        assert_true(entry_encode_event(&entries, &event));
    if (what == '!')
        memset(head, 0xff, sizeof head);
    const struct text parts[] = {{(const char *)head, sizeof head},
                                 {(const char *)entries.at, entries.len}};
    ASSERT_OK(
        journal_append(journal, is_seal ? JOURNAL_CONTROL : JOURNAL_EVENTS, parts, 2, &seq, &err),
        err);
    bytes_done(&entries);
}

/* A folder with an empty store, whose journal then goes on with these records. */
static char *make_folder(const char *records)
{
    struct error err;
    struct journal *journal = NULL;
    char path[FILE_PATH_BYTES];
    char *dir = unit_temp_dir();
    struct notices none = {0};
    must_close(must_open(dir, &none));
    snprintf(path, sizeof path, "%s/journal", dir);
    const struct journal_options options = {.dir = path, .segment_bytes = 256 * 1024};
    ASSERT_OK(journal_open(&options, &journal, &err), err);
    ASSERT_OK(journal_start(journal, &err), err);
    for (; *records != '\0'; records++)
        append(journal, *records);
    journal_close(journal);
    return dir;
}

/* ---- what is there afterwards ---- */

static enum status add_rows(void *context, struct text listing_id, const struct count_rows *rows,
                            struct error *err)
{
    uint64_t *sum = context;
    (void)listing_id;
    (void)err;
    for (size_t i = 0; i < rows->platform_count; i++)
        *sum += counts_sum(&rows->platforms[i].counts);
    return STATUS_OK;
}

static uint64_t views(struct engine *engine)
{
    struct error err;
    struct text listing = {NULL, 0};
    struct store_scope scope = {.user_id = text_of("u"),
                                .listing_ids = &listing,
                                .first_day = day_of_ms(noon_ms) - 1,
                                .last_day = day_of_ms(noon_ms) + 1};
    uint64_t sum = 0;
    ASSERT_OK(engine_read_totals(engine, &scope, add_rows, &sum, &err), err);
    return sum;
}

/* Sends every letter again, then a new one: which were known? */
static void check_ids(struct engine *engine, const char *records, const char *row)
{
    struct error err;
    for (const char *at = records; *at != '\0'; at++) {
        const char id[] = {*at, '\0'};
        struct event event = {.user_id = text_of("u"),
                              .listing_id = text_of("l"),
                              .id = text_of(id),
                              .time_ms = noon_ms,
                              .type = EVENT_VIEW,
                              .platform = 1};
        struct submission submission;
        if (*at >= '1' && *at <= '9')
            continue;
        ASSERT_OK(engine_submit_events(engine, &event, 1, &submission, &err), err);
        engine_commit(engine);
        ROW(submission.duplicates == 1, row, "%s counts again", id);
    }
}

static void wait_for_failure(struct notices *notices)
{
    while (atomic_load(&notices->apply_failed) == 0)
        sched_yield();
}

TEST(a_start_goes_on_where_the_journal_ends)
{
    static const struct {
        const char *name;
        const char *records;
        uint64_t want_views;
        uint64_t want_live; /* the batch that is gathered then */
    } rows[] = {
        {"nothing", "", 0, 1},
        {"a group", "a", 1, 1},
        {"groups behind each other", "abc", 3, 1},
        {"a seal of nothing", "1", 0, 2},
        {"a sealed batch", "ab1", 2, 2},
        {"a sealed batch, and what came after it", "ab1cd", 4, 2},
        {"two sealed batches", "a1b2", 2, 3},
        {"three, and what came after them", "a1b2cd3e", 5, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err;
        struct notices notices = {0};
        struct engine_stats stats;
        char *dir = make_folder(rows[i].records);
        for (int life = 0; life < 2; life++) { /* the second finds all of it in the store */
            struct engine *engine = must_open(dir, &notices);
            ROW(views(engine) == rows[i].want_views, rows[i].name, "life %d: %llu views", life,
                (unsigned long long)views(engine));
            engine_get_stats(engine, &stats);
            ROW(life > 0 || stats.batch_live == rows[i].want_live ||
                    stats.batch_live == rows[i].want_live + 1,
                rows[i].name, "batch %llu is live", (unsigned long long)stats.batch_live);
            check_ids(engine, rows[i].records, rows[i].name);
            ASSERT_OK(engine_flush(engine, &err), err);
            ROW(views(engine) == rows[i].want_views, rows[i].name, "flushed: %llu views",
                (unsigned long long)views(engine));
            engine_get_stats(engine, &stats);
            ROW(stats.frozen_bytes == 0 && stats.batch_applied + 1 == stats.batch_live,
                rows[i].name, "%llu applied of %llu", (unsigned long long)stats.batch_applied,
                (unsigned long long)stats.batch_live);
            must_close(engine);
        }
        assert_int_equal(atomic_load(&notices.apply_failed), 0);
        unit_remove(dir);
    }
}

TEST(seals_that_do_not_follow_each_other_are_refused_with_their_record)
{
    static const struct {
        const char *name;
        const char *records;
        const char *words;
    } rows[] = {
        {"one is left out", "a2", "record 2 seals batch 2 where batch 1 is due"},
        {"one comes twice", "a1b1", "record 4 seals batch 1 where batch 2 is due"},
        {"no record at all", "a!", "record"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err = {0};
        struct notices notices = {0};
        struct engine *engine = NULL;
        char *dir = make_folder(rows[i].records);
        enum status status = try_open(dir, &notices, &engine, &err);
        ROW(status == STATUS_CORRUPT, rows[i].name, "%s: %s", status_code(status), err.message);
        ROW(strstr(err.message, rows[i].words) != NULL, rows[i].name, "%s", err.message);
        unit_remove(dir);
    }
}

/* A start must not wait for the store: the batch stays frozen, seen by questions, and is handed
 * over once the store takes it. */
TEST(a_sealed_batch_waits_for_a_store_that_refuses)
{
    static const char records[] = "ab1c";
    struct error err;
    struct notices notices = {0};
    struct engine_stats stats;
    char *dir = make_folder(records);
    tamper(dir, refuse);

    struct engine *engine = must_open(dir, &notices);
    wait_for_failure(&notices);
    assert_int_equal(views(engine), 3);
    engine_get_stats(engine, &stats);
    assert_int_equal(stats.batch_applied, 0);
    assert_int_equal(stats.batch_live, 2);
    assert_true(stats.frozen_bytes > 0);
    assert_true(stats.store_failures > 0);
    check_ids(engine, records, "while it waits");
    assert_int_not_equal(engine_flush(engine, &err), STATUS_OK);
    assert_non_null(strstr(err.message, "refused"));

    tamper(dir, allow);
    while (engine_flush(engine, &err) != STATUS_OK) /* a try from before may fail once more */
        sched_yield();
    engine_get_stats(engine, &stats);
    assert_int_equal(stats.batch_applied, 2);
    assert_int_equal(stats.frozen_bytes, 0);
    assert_int_equal(views(engine), 3);
    must_close(engine);
    unit_remove(dir);
}

TEST(a_batch_that_no_store_takes_is_there_at_the_next_start)
{
    static const char records[] = "ab1c";
    struct error err;
    struct notices notices = {0};
    char *dir = make_folder(records);
    tamper(dir, refuse);
    for (int life = 0; life < 3; life++) {
        struct engine *engine = must_open(dir, &notices);
        assert_int_equal(views(engine), 3);
        assert_int_not_equal(engine_close(engine, &err), STATUS_OK);
        assert_non_null(strstr(err.message, "refused"));
    }
    tamper(dir, allow);
    struct engine *engine = must_open(dir, &notices);
    check_ids(engine, records, "afterwards");
    assert_int_equal(views(engine), 3);
    must_close(engine);
    unit_remove(dir);
}

/* Of two sealed batches the first must go before the start goes on. */
TEST(a_start_that_needs_the_store_refuses_with_its_words)
{
    struct error err = {0};
    struct notices notices = {0};
    struct engine *engine = NULL;
    char *dir = make_folder("a1b2c");
    tamper(dir, refuse);
    assert_int_equal(try_open(dir, &notices, &engine, &err), STATUS_IO);
    assert_non_null(strstr(err.message, "refused"));
    tamper(dir, allow);
    engine = must_open(dir, &notices);
    assert_int_equal(views(engine), 3);
    must_close(engine);
    unit_remove(dir);
}

TEST(receive_times_go_on_from_the_last_group_whatever_the_clock_says)
{
    static const char *const rows[] = {"ac", "ac1", "a1c2"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err;
        struct notices notices = {0};
        char *dir = make_folder(rows[i]); /* c was received two hours from now */
        for (int life = 0; life < 2; life++) {
            struct engine *engine = must_open(dir, &notices);
            assert_true(engine->received_ms >= noon_ms + 2 * ms_per_hour);
            ASSERT_OK(engine_flush(engine, &err), err);
            must_close(engine);
        }
        unit_remove(dir);
    }
}

UNIT_MAIN(UNIT(a_start_goes_on_where_the_journal_ends),
          UNIT(seals_that_do_not_follow_each_other_are_refused_with_their_record),
          UNIT(a_sealed_batch_waits_for_a_store_that_refuses),
          UNIT(a_batch_that_no_store_takes_is_there_at_the_next_start),
          UNIT(a_start_that_needs_the_store_refuses_with_its_words),
          UNIT(receive_times_go_on_from_the_last_group_whatever_the_clock_says))
