/*
 * engine_unit.h - an engine in a folder, whose clock stands still, and what a test does with it.
 */
#ifndef FOOTFALL_TESTS_ENGINE_UNIT_H
#define FOOTFALL_TESTS_ENGINE_UNIT_H

#include "unit.h"

#include "engine/engine.h"

static const int64_t noon_ms = INT64_C(1769860800000); /* 2026-01-31T12:00:00Z */
static struct unit_clock now = {noon_ms};

static inline struct engine_options options_of(const char *dir)
{
    return (struct engine_options){.data_dir = dir,
                                   .clock = unit_clock(&now),
                                   .journal_segment_bytes = 256 * 1024,
                                   .seal_interval_ms = 3600 * 1000,
                                   .dedupe_ids = 100000};
}

static inline struct engine *open_engine(const char *dir)
{
    struct error err;
    struct engine *engine = NULL;
    struct engine_options options = options_of(dir);
    ASSERT_OK(engine_open(&options, NULL, NULL, &engine, &err), err);
    return engine;
}

static inline void close_engine(struct engine *engine)
{
    struct error err;
    ASSERT_OK(engine_close(engine, &err), err);
}

static inline struct event view_of(const char *user, const char *listing, const char *id)
{
    return (struct event){.user_id = text_of(user),
                          .listing_id = text_of(listing),
                          .id = id == NULL ? (struct text){NULL, 0} : text_of(id),
                          .time_ms = noon_ms,
                          .type = EVENT_VIEW,
                          .platform = 1};
}

/* Records and waits; the submission's counts. */
static inline struct submission record(struct engine *engine, const struct event *events,
                                       size_t count)
{
    struct error err;
    struct submission submission;
    ASSERT_OK(engine_submit_events(engine, events, count, &submission, &err), err);
    assert_false(submission.done);
    engine_commit(engine);
    assert_true(submission.done);
    ASSERT_OK(submission.error.status, submission.error);
    return submission;
}

static inline void flush(struct engine *engine)
{
    struct error err;
    ASSERT_OK(engine_flush(engine, &err), err);
}

#endif
