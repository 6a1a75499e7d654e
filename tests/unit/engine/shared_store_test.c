/*
 * shared_store_test.c - an engine over a store that others write to, too: what it claims, waits
 * for, tells and is told.
 *
 * The store is SQLite's with some functions of a shared one in front, which do as the test says.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "engine/engine.h"
#include "engine/engine_parts.h"
#include "engine/store_kind.h"
#include "journal/state.h"
#include "model/calendar.h"
#include "store/sqlite/sqlite_store.h"

static const int64_t noon_ms = INT64_C(1769860800000); /* 2026-01-31T12:00:00Z */
static struct unit_clock now = {noon_ms};

/* What the store in front does, and was asked. One at a time. */
static struct {
    const struct store_ops *inner;
    struct store_ops ops;
    char path[FILE_PATH_BYTES];
    _Atomic int apply_status; /* enum status: STATUS_OK passes on */
    _Atomic int64_t fresh_as_of_ms;
    _Atomic uint64_t refreshes;
    _Atomic int64_t noted_ms;
    enum status claim_status;
    enum status release_status;
    char taken[32];     /* an id that another journal has */
    char undecided[32]; /* one that another has claimed */
    size_t claimed;
    size_t released;
    char released_ids[32]; /* the first ones, one behind the other */
    uint64_t claimed_seq;
    uint64_t opened_seq; /* of the newest claim of nothing */
} front;

static enum status front_apply(struct store *store, const struct store_batch *batch,
                               struct error *err)
{
    int status = front.apply_status;
    if (status != STATUS_OK)
        return fail(err, (enum status)status, "writer 1 belongs to another journal");
    return front.inner->apply(store, batch, err);
}

static enum status front_refresh(struct store *store, int64_t *fresh_as_of_ms, struct error *err)
{
    (void)store;
    (void)err;
    *fresh_as_of_ms = front.fresh_as_of_ms;
    front.refreshes++;
    return STATUS_OK;
}

static enum status front_note_drained(struct store *store, int64_t as_of_ms, struct error *err)
{
    (void)store;
    (void)err;
    front.noted_ms = as_of_ms;
    return STATUS_OK;
}

static enum status front_claim_ids(struct store *store, struct store_claim *claims, size_t count,
                                   uint64_t seq, struct error *err)
{
    (void)store;
    front.claimed_seq = seq;
    if (count == 0)
        front.opened_seq = seq;
    for (size_t i = 0; i < count; i++) {
        claims[i].verdict = text_is(claims[i].id, front.taken)       ? CLAIM_REPEATED
                            : text_is(claims[i].id, front.undecided) ? CLAIM_UNDECIDED
                                                                     : CLAIM_OURS;
        front.claimed += claims[i].verdict == CLAIM_OURS;
    }
    return front.claim_status == STATUS_OK
               ? STATUS_OK
               : fail(err, front.claim_status, "the table cannot be reached");
}

static enum status front_release_ids(struct store *store, const struct store_claim *claims,
                                     size_t count, uint64_t seq, struct error *err)
{
    (void)store;
    assert_int_equal(seq, front.claimed_seq);
    for (size_t i = 0; i < count && strlen(front.released_ids) < 16; i++)
        strncat(front.released_ids, claims[i].id.at, claims[i].id.len < 8 ? claims[i].id.len : 8);
    front.released += count;
    return front.release_status == STATUS_OK
               ? STATUS_OK
               : fail(err, front.release_status, "the table cannot be reached");
}

static enum status open_front(void *context, const uint8_t *journal_id, struct store **out,
                              struct error *err)
{
    (void)context;
    struct sqlite_store_options options = {.path = front.path, .journal_id = journal_id};
    enum status status = sqlite_store_open(&options, out, err);
    if (status != STATUS_OK)
        return status;
    front.inner = (*out)->ops;
    front.ops = *front.inner;
    front.ops.apply = front_apply;
    front.ops.refresh = front_refresh;
    front.ops.note_drained = front_note_drained;
    front.ops.claim_ids = front_claim_ids;
    front.ops.release_ids = front_release_ids;
    (*out)->ops = &front.ops;
    return STATUS_OK;
}

static struct engine_options options_in(const char *dir)
{
    struct error err;
    memset(&front, 0, sizeof front);
    ASSERT_OK(file_path(front.path, dir, "elsewhere.db", &err), err);
    return (struct engine_options){.data_dir = dir,
                                   .clock = unit_clock(&now),
                                   .journal_segment_bytes = 64 * 1024,
                                   .seal_interval_ms = 3600 * 1000,
                                   .dedupe_ids = 100000,
                                   .open_store = open_front,
                                   .store_kind = "dynamodb",
                                   .refresh_interval_ms = 3600 * 1000};
}

/* Names of notices, each followed by a space. */
static char told[256];
static pthread_mutex_t told_lock = PTHREAD_MUTEX_INITIALIZER;
static void tell(void *context, const char *name, const struct error *error)
{
    (void)context;
    (void)error;
    pthread_mutex_lock(&told_lock);
    if (strlen(told) + strlen(name) + 2 < sizeof told)
        strcat(strcat(told, name), " ");
    pthread_mutex_unlock(&told_lock);
}
static bool was_told(const char *names)
{
    pthread_mutex_lock(&told_lock);
    bool same = strcmp(told, names) == 0;
    pthread_mutex_unlock(&told_lock);
    return same;
}

static struct engine *open_engine(const struct engine_options *options)
{
    struct error err;
    struct engine *engine = NULL;
    told[0] = '\0';
    ASSERT_OK(engine_open(options, tell, NULL, &engine, &err), err);
    return engine;
}

static struct event view_of(const char *id)
{
    return (struct event){.user_id = text_of("u"),
                          .listing_id = text_of("a"),
                          .id = id == NULL ? (struct text){NULL, 0} : text_of(id),
                          .time_ms = noon_ms,
                          .type = EVENT_VIEW,
                          .platform = 1};
}

/* Views of these ids, "" for none, up to a NULL; one submission. */
static struct submission record(struct engine *engine, const char *const *ids)
{
    struct error err;
    struct submission submission;
    struct event events[8];
    size_t count = 0;
    for (; ids[count] != NULL; count++)
        events[count] = view_of(ids[count][0] == '\0' ? NULL : ids[count]);
    ASSERT_OK(engine_submit_events(engine, events, count, &submission, &err), err);
    engine_commit(engine);
    assert_true(submission.done);
    return submission;
}
#define IDS(...) ((const char *const[]){__VA_ARGS__, NULL})

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

static uint64_t count_all(struct engine *engine)
{
    struct error err;
    uint64_t sum = 0;
    struct store_scope scope = {
        .user_id = text_of("u"), .first_day = day_of_ms(noon_ms), .last_day = day_of_ms(noon_ms)};
    ASSERT_OK(engine_read_totals(engine, &scope, add_rows, &sum, &err), err);
    return sum;
}

static void close_engine(struct engine *engine)
{
    struct error err;
    ASSERT_OK(engine_close(engine, &err), err);
}

TEST(a_folder_belongs_to_one_kind_of_store)
{
    struct error err;
    struct engine *engine = NULL;
    char *dir = unit_temp_dir();
    char kind[STORE_KIND_BYTES];
    struct engine_options options = options_in(dir);
    close_engine(open_engine(&options));
    ASSERT_OK(store_kind_read(dir, kind, &err), err);
    assert_string_equal(kind, "dynamodb");
    assert_int_equal(store_kind_need_sqlite(dir, "copy the table", &err), STATUS_NOT_FOUND);
    assert_string_equal(err.code, "store_elsewhere");
    close_engine(open_engine(&options)); /* the same again */

    options.open_store = NULL;
    assert_int_equal(engine_open(&options, NULL, NULL, &engine, &err), STATUS_FOREIGN);
    assert_non_null(strstr(err.message, "goes to a store of the kind dynamodb"));
    unit_remove(dir);

    dir = unit_temp_dir();
    options = options_in(dir);
    options.open_store = NULL;
    close_engine(open_engine(&options));
    ASSERT_OK(store_kind_need_sqlite(dir, "a backup", &err), err);
    options.open_store = open_front;
    assert_int_equal(engine_open(&options, NULL, NULL, &engine, &err), STATUS_FOREIGN);
    assert_non_null(strstr(err.message, "goes to footfall.db"));
    unit_remove(dir);
}

TEST(what_others_count_is_seen_within_an_interval)
{
    char *dir = unit_temp_dir();
    struct engine_options options = options_in(dir);
    options.refresh_interval_ms = 5;
    front.fresh_as_of_ms = noon_ms - 4000;
    struct engine *engine = open_engine(&options);
    assert_int_equal(engine_fresh_as_of_ms(engine), noon_ms - 4000);
    uint64_t version = engine_user_version(engine, text_of("u"));
    uint64_t changed_ns =
        engine_mark_changed_ns(engine, engine_mark_of(text_of("u"), text_of("a")));
    front.fresh_as_of_ms = noon_ms - 1000;
    uint64_t refreshes = front.refreshes;
    while (front.refreshes < refreshes + 3) /* two are over, the first began after the change */
        sched_yield();
    assert_int_equal(engine_fresh_as_of_ms(engine), noon_ms - 1000);
    assert_true(engine_user_version(engine, text_of("u")) > version);
    assert_true(engine_mark_changed_ns(engine, engine_mark_of(text_of("u"), text_of("a"))) >
                changed_ns);
    close_engine(engine);
    unit_remove(dir);
}

TEST(others_are_told_when_nothing_waits)
{
    char *dir = unit_temp_dir();
    struct engine_options options = options_in(dir);
    struct engine *engine = open_engine(&options);
    assert_int_equal(front.noted_ms, noon_ms - 1); /* before the first event */
    close_engine(engine);
    assert_int_equal(front.noted_ms, store_nothing_to_come);

    options.seal_interval_ms = 5;
    engine = open_engine(&options);
    now.now_ms = noon_ms + 500;
    while (front.noted_ms != noon_ms + 499)
        sched_yield();
    front.apply_status = STATUS_IO;
    record(engine, IDS("x"));
    int64_t noted_ms = front.noted_ms;
    now.now_ms = noon_ms + 9000;
    struct engine_stats stats;
    do
        engine_get_stats(engine, &stats);
    while (stats.store_failures < 2);
    assert_int_equal(front.noted_ms, noted_ms); /* something waits */
    struct error err;
    assert_int_equal(engine_close(engine, &err), STATUS_IO);
    assert_true(front.noted_ms < noon_ms + 9000); /* and so it is not over either */
    now.now_ms = noon_ms;
    unit_remove(dir);
}

TEST(another_journal_in_our_place_halts_batches_and_not_recording)
{
    char *dir = unit_temp_dir();
    struct engine_options options = options_in(dir);
    options.seal_interval_ms = 5;
    struct engine *engine = open_engine(&options);
    struct engine_stats stats;
    struct error why = {0};
    front.apply_status = STATUS_FOREIGN;
    assert_int_equal(record(engine, IDS("x")).recorded, 1);
    do
        engine_get_stats(engine, &stats);
    while (stats.store_failures < 3); /* tried again and again */
    assert_int_equal(stats.store_halted, 1);
    assert_int_equal(stats.store_halts, 1);
    assert_true(engine_is_halted(engine, &why));
    assert_non_null(strstr(why.message, "another journal"));
    assert_true(was_told("store_halted ")); /* once */
    assert_int_equal(record(engine, IDS("y")).recorded, 1);
    assert_int_equal(count_all(engine), 2);
    ASSERT_OK(engine_check(engine, &why), why);

    front.apply_status = STATUS_OK; /* mended */
    ASSERT_OK(engine_flush(engine, &why), why);
    assert_false(engine_is_halted(engine, NULL));
    assert_true(was_told("store_halted store_resumed "));
    assert_int_equal(count_all(engine), 2);
    close_engine(engine);
    unit_remove(dir);
}

TEST(the_journal_on_disk_has_a_bound_that_heals)
{
    enum { SEGMENT = 64 * 1024, BOUND = 5 * SEGMENT };
    struct error err;
    struct engine_stats stats;
    struct submission submission;
    char *dir = unit_temp_dir();
    struct engine_options options = options_in(dir);
    options.journal_bytes = 3 * SEGMENT;
    struct engine *engine = NULL;
    assert_int_equal(engine_open(&options, NULL, NULL, &engine, &err), STATUS_INVALID);
    assert_non_null(strstr(err.message, "no room for 4 segments"));

    options.journal_bytes = BOUND;
    engine = open_engine(&options);
    front.apply_status = STATUS_IO;
    struct event event = view_of(NULL);
    uint64_t recorded = 0;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && recorded < 1000) { /* a record takes 4 KiB */
        status = engine_submit_events(engine, &event, 1, &submission, &err);
        if (status != STATUS_OK)
            break;
        engine_commit(engine);
        ASSERT_OK(submission.error.status, submission.error);
        recorded++;
    }
    assert_int_equal(status, STATUS_BEHIND);
    assert_non_null(strstr(err.message, "journal-bytes"));
    assert_true(recorded > 4 * 10 && recorded < 5 * 16); /* full when the fifth begins */
    engine_get_stats(engine, &stats);
    assert_true(stats.journal.held_bytes >= BOUND);
    assert_int_equal(stats.journal_bytes_max, BOUND);
    assert_int_equal(engine_check(engine, &err), STATUS_BEHIND);
    assert_int_equal(count_all(engine), recorded); /* questions go on */

    front.apply_status = STATUS_OK;
    ASSERT_OK(engine_flush(engine, &err), err);
    while (engine_submit_events(engine, &event, 1, &submission, &err) == STATUS_BEHIND)
        sched_yield(); /* segments go behind our back */
    engine_commit(engine);
    assert_int_equal(count_all(engine), recorded + 1);
    close_engine(engine);
    unit_remove(dir);
}

TEST(an_id_is_claimed_before_its_event_is_recorded)
{
    char *dir = unit_temp_dir();
    struct error err;
    struct engine_options options = options_in(dir);
    options.claim_ids = true;
    struct engine *engine = open_engine(&options);
    strcpy(front.taken, "elsewhere");

    struct submission first = record(engine, IDS("x", "x", "", "elsewhere"));
    assert_int_equal(first.recorded, 2);
    assert_int_equal(first.duplicates, 2);
    assert_int_equal(front.claimed, 1);
    assert_int_equal(record(engine, IDS("x", "elsewhere")).duplicates, 2);
    assert_int_equal(front.claimed, 1); /* the window knew both */

    ASSERT_OK(engine_flush(engine, &err), err);
    assert_int_equal(record(engine, IDS("y")).recorded, 1);
    struct engine_stats stats;
    engine_get_stats(engine, &stats);
    assert_int_equal(stats.ids_claimed, 2);
    assert_int_equal(stats.journal.seq_last, front.claimed_seq); /* claims name the record */
    assert_int_equal(count_all(engine), 3);
    close_engine(engine);

    options.claim_ids = true;
    options.open_store = NULL; /* SQLite has nothing to claim at */
    char *other = unit_temp_dir();
    options.data_dir = other;
    assert_int_equal(engine_open(&options, NULL, NULL, &engine, &err), STATUS_INVALID);
    assert_non_null(strstr(err.message, "several nodes share"));
    unit_remove(other);
    unit_remove(dir);
}

TEST(an_open_claim_refuses_its_submission_and_no_other)
{
    struct error err;
    char *dir = unit_temp_dir();
    struct engine_options options = options_in(dir);
    options.claim_ids = true;
    struct engine *engine = open_engine(&options);
    strcpy(front.undecided, "open");

    /* One group: the second repeats what the first would have recorded, the third is alone. */
    struct event first[] = {view_of("a"), view_of("open"), view_of(NULL)};
    struct event second[] = {view_of("a"), view_of("b")};
    struct event third[] = {view_of("c"), view_of(NULL)};
    struct submission submissions[3];
    ASSERT_OK(engine_submit_events(engine, first, 3, &submissions[0], &err), err);
    ASSERT_OK(engine_submit_events(engine, second, 2, &submissions[1], &err), err);
    ASSERT_OK(engine_submit_events(engine, third, 2, &submissions[2], &err), err);
    engine_commit(engine);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(submissions[i].error.status, STATUS_BEHIND);
        assert_string_equal(submissions[i].error.code, "id_undecided");
    }
    ASSERT_OK(submissions[2].error.status, submissions[2].error);
    assert_int_equal(submissions[2].recorded, 2);
    assert_int_equal(count_all(engine), 2);
    assert_int_equal(front.released, 2); /* a and b */

    front.undecided[0] = '\0'; /* it was decided: never recorded */
    assert_int_equal(record(engine, IDS("a", "open", "")).recorded, 3);
    assert_int_equal(record(engine, IDS("a", "b")).recorded, 1);
    assert_int_equal(count_all(engine), 6);
    close_engine(engine);

    engine = open_engine(&options); /* what came back is what was acknowledged */
    assert_int_equal(count_all(engine), 6);
    struct engine_stats stats;
    engine_get_stats(engine, &stats);
    assert_int_equal(front.opened_seq, stats.journal.seq_last + 1);
    close_engine(engine);
    unit_remove(dir);
}

/* Records behind it were claimed for by nobody who got to record anything: a claim that failed is
 * followed by records without ids. */
TEST(a_start_says_which_record_was_the_last_that_has_an_id)
{
    struct error err;
    struct engine_stats stats;
    char *dir = unit_temp_dir();
    struct engine_options options = options_in(dir);
    options.claim_ids = true;
    struct engine *engine = open_engine(&options);
    assert_int_equal(front.opened_seq, 1);
    front.apply_status = STATUS_IO;
    record(engine, IDS("", "a", ""));
    engine_get_stats(engine, &stats);
    uint64_t last_with_id = stats.journal.seq_last;
    front.claim_status = STATUS_IO;
    assert_string_equal(record(engine, IDS("b")).error.code, "ids_unavailable");
    record(engine, IDS(""));
    record(engine, IDS("a", "")); /* a repeat is not in it */
    assert_int_equal(engine_close(engine, &err), STATUS_IO);

    front.claim_status = STATUS_OK;
    engine = open_engine(&options);
    assert_int_equal(front.opened_seq, last_with_id + 1);
    front.apply_status = STATUS_OK;
    ASSERT_OK(engine_flush(engine, &err), err);
    close_engine(engine);
    engine = open_engine(&options); /* all is in the store, which knew of what had failed before */
    engine_get_stats(engine, &stats);
    assert_int_equal(front.opened_seq, stats.journal.seq_last + 1);
    close_engine(engine);
    unit_remove(dir);
}

TEST(claims_of_a_group_that_finds_no_room_are_released)
{
    struct error err;
    char *dir = unit_temp_dir();
    struct engine_options options = options_in(dir);
    options.claim_ids = true;
    struct engine *engine = open_engine(&options);
    engine->journal->refuse_errno = ENOSPC;
    while (record(engine, IDS("")).error.status == STATUS_OK) /* to the end of the spares */
        sched_yield();
    strcpy(front.undecided, "open");
    front.released_ids[0] = '\0';
    struct event first[] = {view_of("a"), view_of("open")};
    struct event second[] = {view_of(NULL), view_of("c")};
    struct submission submissions[2];
    ASSERT_OK(engine_submit_events(engine, first, 2, &submissions[0], &err), err);
    ASSERT_OK(engine_submit_events(engine, second, 2, &submissions[1], &err), err);
    engine_commit(engine);
    assert_int_equal(submissions[1].error.status, STATUS_DISK_FULL);
    assert_string_equal(front.released_ids, "ac"); /* set aside, then not appended */

    engine->journal->refuse_errno = 0;
    front.undecided[0] = '\0';
    struct submission again;
    do
        again = record(engine, IDS("a", "c"));
    while (again.error.status == STATUS_DISK_FULL);
    ASSERT_OK(again.error.status, again.error);
    assert_int_equal(again.recorded, 2);
    close_engine(engine);
    unit_remove(dir);
}

TEST(what_cannot_be_claimed_is_refused_and_may_come_again)
{
    char *dir = unit_temp_dir();
    struct engine_options options = options_in(dir);
    options.claim_ids = true;
    struct engine *engine = open_engine(&options);
    front.claim_status = STATUS_IO;
    struct submission refused = record(engine, IDS("x"));
    assert_int_equal(refused.error.status, STATUS_BEHIND);
    assert_string_equal(refused.error.code, "ids_unavailable");
    assert_int_equal(front.released, 1);
    assert_true(was_told("ids_not_claimed "));
    size_t claimed = front.claimed;
    assert_string_equal(record(engine, IDS("x")).error.code, "ids_unavailable");
    assert_int_equal(front.claimed, claimed);              /* not asked again so soon */
    assert_int_equal(record(engine, IDS("")).recorded, 1); /* nothing to claim */

    front.claim_status = STATUS_OK;
    struct submission again;
    do
        again = record(engine, IDS("x"));
    while (again.error.status != STATUS_OK);
    assert_int_equal(again.recorded, 1);

    strcpy(front.undecided, "open");
    front.release_status = STATUS_IO; /* then nothing claimed for that record is appended */
    struct event first[] = {view_of("a"), view_of("open")};
    struct event second[] = {view_of("c")};
    struct submission submissions[2];
    struct error err;
    ASSERT_OK(engine_submit_events(engine, first, 2, &submissions[0], &err), err);
    ASSERT_OK(engine_submit_events(engine, second, 1, &submissions[1], &err), err);
    engine_commit(engine);
    assert_string_equal(submissions[0].error.code, "ids_unavailable");
    assert_string_equal(submissions[1].error.code, "ids_unavailable");
    assert_int_equal(count_all(engine), 2);
    close_engine(engine);
    unit_remove(dir);
}

UNIT_MAIN(UNIT(a_folder_belongs_to_one_kind_of_store),
          UNIT(what_others_count_is_seen_within_an_interval),
          UNIT(others_are_told_when_nothing_waits),
          UNIT(another_journal_in_our_place_halts_batches_and_not_recording),
          UNIT(the_journal_on_disk_has_a_bound_that_heals),
          UNIT(an_id_is_claimed_before_its_event_is_recorded),
          UNIT(an_open_claim_refuses_its_submission_and_no_other),
          UNIT(a_start_says_which_record_was_the_last_that_has_an_id),
          UNIT(claims_of_a_group_that_finds_no_room_are_released),
          UNIT(what_cannot_be_claimed_is_refused_and_may_come_again))
