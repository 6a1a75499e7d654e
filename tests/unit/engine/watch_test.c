/*
 * watch_test.c - a watcher learns of every change, whenever it began to watch.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <string.h>

#include "engine/engine.h"

static const int64_t noon_ms = INT64_C(1769860800000); /* 2026-01-31T12:00:00Z */
static struct unit_clock now = {noon_ms};

static struct engine *open_engine(const char *dir)
{
    struct error err;
    struct engine *engine = NULL;
    const struct engine_options options = {.data_dir = dir,
                                           .clock = unit_clock(&now),
                                           .journal_segment_bytes = 256 * 1024,
                                           .seal_interval_ms = 3600 * 1000,
                                           .dedupe_ids = 100000};
    ASSERT_OK(engine_open(&options, NULL, NULL, &engine, &err), err);
    return engine;
}

static void submit(struct engine *engine, const char *listing, const char *id,
                   struct submission *submission)
{
    struct error err;
    const struct event event = {.user_id = text_of("u"),
                                .listing_id = text_of(listing),
                                .id = id == NULL ? (struct text){NULL, 0} : text_of(id),
                                .time_ms = noon_ms,
                                .type = EVENT_VIEW};
    ASSERT_OK(engine_submit_events(engine, &event, 1, submission, &err), err);
}

static void record(struct engine *engine, const char *listing, const char *id)
{
    struct submission submission;
    submit(engine, listing, id, &submission);
    engine_commit(engine);
    assert_true(submission.done);
}

TEST(a_watched_listing_is_marked_and_others_are_not)
{
    struct error err;
    char *dir = unit_temp_dir();
    struct engine *engine = open_engine(dir);
    uint32_t a = engine_mark_of(text_of("u"), text_of("a"));
    uint32_t b = engine_mark_of(text_of("u"), text_of("b"));
    assert_true(a != b);

    record(engine, "a", NULL); /* nobody watches */
    assert_int_equal(engine_mark_changed_ns(engine, a), 0);

    engine_watch(engine, a);
    record(engine, "b", NULL);
    assert_int_equal(engine_mark_changed_ns(engine, a), 0);
    assert_int_equal(engine_mark_changed_ns(engine, b), 0); /* not watched */
    assert_true(engine_changed_ns(engine) > 0);

    record(engine, "a", "once");
    uint64_t first_ns = engine_mark_changed_ns(engine, a);
    assert_true(first_ns > 0 && first_ns == engine_changed_ns(engine));
    record(engine, "a", "once"); /* a repeat changes nothing */
    assert_int_equal(engine_mark_changed_ns(engine, a), first_ns);
    record(engine, "a", "twice");
    assert_true(engine_mark_changed_ns(engine, a) > first_ns);

    engine_unwatch_all(engine);
    uint64_t last_ns = engine_mark_changed_ns(engine, a);
    record(engine, "a", NULL);
    assert_int_equal(engine_mark_changed_ns(engine, a), last_ns);
    ASSERT_OK(engine_close(engine, &err), err);
    unit_remove(dir);
}

TEST(an_event_that_was_gathered_before_anybody_watched_is_not_missed)
{
    struct error err;
    char *dir = unit_temp_dir();
    struct engine *engine = open_engine(dir);
    struct submission submission;
    uint32_t a = engine_mark_of(text_of("u"), text_of("a"));
    submit(engine, "a", NULL, &submission);
    engine_watch(engine, a);
    engine_commit(engine);
    assert_true(engine_mark_changed_ns(engine, a) > 0);
    ASSERT_OK(engine_close(engine, &err), err);
    unit_remove(dir);
}

TEST(one_listing_of_two_users_has_two_marks)
{
    assert_true(engine_mark_of(text_of("u1"), text_of("a")) !=
                engine_mark_of(text_of("u2"), text_of("a")));
}

UNIT_MAIN(UNIT(a_watched_listing_is_marked_and_others_are_not),
          UNIT(an_event_that_was_gathered_before_anybody_watched_is_not_missed),
          UNIT(one_listing_of_two_users_has_two_marks))
