/*
 * bounds_test.c - what has a bound in the engine says so when it is reached, and goes on after it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/engine_parts.h"
#include "journal/state.h"

static const int64_t noon_ms = INT64_C(1769860800000); /* 2026-01-31T12:00:00Z */
static struct unit_clock now = {noon_ms};

static struct engine_options options_in(const char *dir)
{
    return (struct engine_options){.data_dir = dir,
                                   .clock = unit_clock(&now),
                                   .journal_segment_bytes = 64 * 1024,
                                   .seal_interval_ms = 3600 * 1000,
                                   .dedupe_ids = 1024};
}

struct notices {
    int window_full;
};

static void note(void *context, const char *name, const struct error *error)
{
    struct notices *notices = context;
    (void)error;
    notices->window_full += strcmp(name, "dedupe_window_full") == 0;
}

static enum status record(struct engine *engine, uint64_t number, struct error *err)
{
    char id[24];
    struct submission submission;
    snprintf(id, sizeof id, "e-%llu", (unsigned long long)number);
    struct event event = {.user_id = text_of("u"),
                          .listing_id = text_of("l"),
                          .id = text_of(id),
                          .time_ms = noon_ms,
                          .platform = 1};
    enum status status = engine_submit_events(engine, &event, 1, &submission, err);
    if (status != STATUS_OK)
        return status;
    engine_commit(engine);
    *err = submission.error;
    return submission.error.status;
}

TEST(a_window_of_ids_that_cannot_be_is_refused)
{
    static const struct {
        const char *name;
        uint32_t hours;
        uint64_t ids;
    } rows[] = {{"too long", DEDUPE_HOURS_MAX + 1, 2000}, {"too small", 24, 1023}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err;
        struct engine *engine = NULL;
        char *dir = unit_temp_dir();
        struct engine_options options = options_in(dir);
        options.dedupe_hours = rows[i].hours;
        options.dedupe_ids = rows[i].ids;
        enum status status = engine_open(&options, NULL, NULL, &engine, &err);
        ROW(status == STATUS_INVALID, rows[i].name, "%s", status_code(status));
        ROW(strstr(err.message, "at most 168 hours and at least 1024 ids") != NULL, rows[i].name,
            "%s", err.message);
        unit_remove(dir);
    }
}

TEST(a_submission_beyond_its_bound_is_refused_before_anything_is_read)
{
    struct error err;
    struct engine *engine = NULL;
    struct submission submission;
    const struct event never_read = {0};
    char *dir = unit_temp_dir();
    struct engine_options options = options_in(dir);
    ASSERT_OK(engine_open(&options, NULL, NULL, &engine, &err), err);
    assert_int_equal(engine_submit_events(engine, &never_read, ENGINE_SUBMISSION_EVENTS_MAX + 1,
                                          &submission, &err),
                     STATUS_TOO_LARGE);
    assert_non_null(strstr(err.message, "the most is 10000"));
    assert_false(engine_has_gathered(engine));
    ASSERT_OK(engine_close(engine, &err), err);
    unit_remove(dir);
}

TEST(a_full_window_of_ids_forgets_the_oldest_and_tells)
{
    struct error err;
    struct engine *engine = NULL;
    struct notices notices = {0};
    struct engine_stats stats;
    char *dir = unit_temp_dir();
    struct engine_options options = options_in(dir);
    ASSERT_OK(engine_open(&options, note, &notices, &engine, &err), err);
    for (uint64_t i = 0; i < 3000; i++)
        ASSERT_OK(record(engine, i, &err), err);
    assert_true(notices.window_full > 0);
    engine_get_stats(engine, &stats);
    assert_true(stats.dedupe_ids <= 1024);
    assert_int_equal(stats.dedupe_dropped, notices.window_full);
    ASSERT_OK(engine_close(engine, &err), err);
    unit_remove(dir);
}

TEST(a_full_disk_is_told_until_there_is_room)
{
    struct error err;
    struct engine *engine = NULL;
    uint64_t recorded = 0;
    char *dir = unit_temp_dir();
    struct engine_options options = options_in(dir);
    ASSERT_OK(engine_open(&options, NULL, NULL, &engine, &err), err);
    atomic_store(&engine->journal->refuse_errno, ENOSPC);
    enum status status = STATUS_OK;
    while (status == STATUS_OK && recorded < 1000) { /* until the spare segments are used up */
        status = record(engine, recorded, &err);
        recorded += status == STATUS_OK;
    }
    assert_int_equal(status, STATUS_DISK_FULL);
    assert_int_equal(engine_check(engine, &err), STATUS_DISK_FULL);
    assert_non_null(strstr(err.message, "until there is room"));

    atomic_store(&engine->journal->refuse_errno, 0);
    while (engine_check(engine, &err) != STATUS_OK) /* the helper tries again each second */
        sched_yield();
    ASSERT_OK(record(engine, recorded, &err), err);
    struct engine_stats stats;
    engine_get_stats(engine, &stats);
    assert_int_equal(stats.events_recorded[EVENT_VIEW], recorded + 1);
    assert_int_equal(stats.events_refused, 1);
    ASSERT_OK(engine_close(engine, &err), err);
    unit_remove(dir);
}

static enum status load_one(void *context, int64_t hour, const uint64_t *fingerprints, size_t count,
                            struct error *err)
{
    int64_t *next = context;
    (void)err;
    assert_int_equal(hour, *next);
    assert_int_equal(count, 2);
    assert_int_equal(fingerprints[0], 1000 + (uint64_t)hour);
    assert_int_equal(fingerprints[1], 2000 + (uint64_t)hour);
    (*next)++;
    return STATUS_OK;
}

TEST(hours_that_no_longer_matter_leave_the_ids_that_wait_for_the_store)
{
    enum { HOURS = DEDUPE_HOURS_MAX + 30, FIRST = HOURS - DEDUPE_HOURS_MAX };
    static const uint8_t journal[DEDUPE_JOURNAL_ID_BYTES] = {1};
    struct error err;
    struct pending_ids ids = {0};
    struct dedupe_files *files = NULL;
    int64_t next = FIRST;
    char *dir = unit_temp_dir();
    assert_true(pending_ids_reserve(&ids, (size_t)2 * HOURS));
    for (int64_t hour = 0; hour < HOURS; hour++) {
        pending_ids_add(&ids, hour, 1000 + (uint64_t)hour);
        pending_ids_add(&ids, hour, 2000 + (uint64_t)hour);
    }
    assert_int_equal(ids.hour_count, DEDUPE_HOURS_MAX);
    ASSERT_OK(dedupe_files_open(dir, journal, &files, &err), err);
    ASSERT_OK(pending_ids_write(&ids, files, &err), err);
    dedupe_files_close(files);
    files = NULL;
    ASSERT_OK(dedupe_files_open(dir, journal, &files, &err), err);
    ASSERT_OK(dedupe_files_load(files, load_one, &next, &err), err);
    assert_int_equal(next, HOURS);
    dedupe_files_close(files);
    pending_ids_done(&ids);
    unit_remove(dir);
}

UNIT_MAIN(UNIT(a_window_of_ids_that_cannot_be_is_refused),
          UNIT(a_submission_beyond_its_bound_is_refused_before_anything_is_read),
          UNIT(a_full_window_of_ids_forgets_the_oldest_and_tells),
          UNIT(a_full_disk_is_told_until_there_is_room),
          UNIT(hours_that_no_longer_matter_leave_the_ids_that_wait_for_the_store))
