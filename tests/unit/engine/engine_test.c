/*
 * engine_test.c - what was acknowledged is counted once, is seen at once, and comes back.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine_unit.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/calendar.h"

static enum status add_rows(void *context, struct text listing_id, const struct count_rows *rows,
                            struct error *err)
{
    (void)listing_id;
    (void)err;
    uint64_t *sum = context;
    for (size_t i = 0; i < rows->platform_count; i++)
        *sum += counts_sum(&rows->platforms[i].counts);
    return STATUS_OK;
}

typedef enum status reading(struct engine *engine, const struct store_scope *scope,
                            store_rows_fn *each, void *context, struct error *err);

/* All events of a user, or of one listing. */
static uint64_t count_by(reading *read, struct engine *engine, const char *user,
                         const char *listing)
{
    struct error err;
    struct text id = listing == NULL ? (struct text){NULL, 0} : text_of(listing);
    struct store_scope scope = {.user_id = text_of(user),
                                .listing_ids = &id,
                                .listing_count = listing == NULL ? 0 : 1,
                                .first_day = day_of_ms(noon_ms) - 400,
                                .last_day = day_of_ms(noon_ms) + 1};
    uint64_t sum = 0;
    ASSERT_OK(read(engine, &scope, add_rows, &sum, &err), err);
    return sum;
}

struct one_sum {
    const char *listing; /* NULL: all */
    uint64_t sum;
};

static enum status add_sum(void *context, struct text listing_id, const struct counts *sum,
                           struct error *err)
{
    struct one_sum *one = context;
    (void)err;
    assert_true(counts_sum(sum) > 0);
    if (one->listing == NULL || text_is(listing_id, one->listing))
        one->sum += counts_sum(sum);
    return STATUS_OK;
}

static uint64_t count_by_sums(struct engine *engine, const char *user, const char *listing)
{
    struct error err;
    struct one_sum one = {.listing = listing};
    ASSERT_OK(engine_read_sums(engine, text_of(user), day_of_ms(noon_ms) - 400,
                               day_of_ms(noon_ms) + 1, add_sum, &one, &err),
              err);
    return one.sum;
}

/* From totals, which cells and sums must confirm: for engines that nobody writes to meanwhile. */
static uint64_t count_of(struct engine *engine, const char *user, const char *listing)
{
    uint64_t totals = count_by(engine_read_totals, engine, user, listing);
    assert_int_equal(totals, count_by(engine_read_cells, engine, user, listing));
    assert_int_equal(totals, count_by_sums(engine, user, listing));
    return totals;
}

TEST(engine_counts_an_id_once_wherever_its_repeat_comes)
{
    char *dir = unit_temp_dir();
    struct engine *engine = open_engine(dir);
    const struct event twice[] = {view_of("u", "a", "x"), view_of("u", "a", "x"),
                                  view_of("u", "a", NULL), view_of("v", "a", "x")};
    struct submission first = record(engine, twice, 4);
    assert_int_equal(first.recorded, 3); /* another user's x is another event */
    assert_int_equal(first.duplicates, 1);

    struct submission again = record(engine, twice, 1); /* in a later group */
    assert_int_equal(again.duplicates, 1);
    flush(engine);
    again = record(engine, twice, 1); /* after a seal */
    assert_int_equal(again.duplicates, 1);
    close_engine(engine);

    engine = open_engine(dir);
    again = record(engine, twice, 1); /* after a restart */
    assert_int_equal(again.duplicates, 1);
    assert_int_equal(count_of(engine, "u", "a"), 2);
    assert_int_equal(count_of(engine, "v", NULL), 1);

    now.now_ms += 26 * 3600 * 1000;
    again = record(engine, twice, 1); /* outside of the window */
    assert_int_equal(again.recorded, 1);
    now.now_ms = noon_ms;
    close_engine(engine);
    unit_remove(dir);
}

TEST(engine_answers_repeats_of_one_group_together)
{
    struct error err;
    char *dir = unit_temp_dir();
    struct engine *engine = open_engine(dir);
    struct event event = view_of("u", "a", "x");
    struct submission first;
    struct submission second;
    ASSERT_OK(engine_submit_events(engine, &event, 1, &first, &err), err);
    ASSERT_OK(engine_submit_events(engine, &event, 1, &second, &err), err);
    assert_true(engine_has_gathered(engine));
    engine_commit(engine);
    assert_false(engine_has_gathered(engine));
    assert_true(first.done && second.done);
    assert_int_equal(first.recorded + second.recorded, 1);
    assert_int_equal(first.duplicates + second.duplicates, 1);
    close_engine(engine);
    unit_remove(dir);
}

TEST(engine_shows_what_was_answered_before_and_after_each_seal)
{
    char *dir = unit_temp_dir();
    struct engine *engine = open_engine(dir);
    struct event event = view_of("u", "a", NULL);
    uint64_t version = engine_user_version(engine, text_of("u"));
    for (uint64_t i = 1; i <= 30; i++) {
        record(engine, &event, 1);
        assert_int_equal(count_of(engine, "u", "a"), i);
        assert_true(engine_user_version(engine, text_of("u")) != version);
        version = engine_user_version(engine, text_of("u"));
        if (i % 7 == 0)
            flush(engine);
        assert_int_equal(count_of(engine, "u", NULL), i);
        assert_true(engine_user_version(engine, text_of("u")) == version);
    }
    close_engine(engine);
    engine = open_engine(dir);
    assert_int_equal(count_of(engine, "u", "a"), 30);
    close_engine(engine);
    unit_remove(dir);
}

/* Whether the store's log can start over: nobody reads what lies before its end. */
static bool log_is_free(const char *dir)
{
    char path[256];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/footfall.db", dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "SELECT * FROM state", NULL, NULL, NULL), SQLITE_OK);
    /* the store thread's own checkpoint may be under way, and SQLITE_BUSY then comes at once */
    uint64_t until_ns = monotonic_ns() + 3 * ns_per_s;
    int code = SQLITE_BUSY;
    while (code == SQLITE_BUSY && monotonic_ns() < until_ns) {
        code = sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        sched_yield();
    }
    assert_true(code == SQLITE_OK || code == SQLITE_BUSY);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return code == SQLITE_OK;
}

TEST(engine_keeps_a_read_open_only_while_it_is_of_use)
{
    char *dir = unit_temp_dir();
    struct engine *engine = open_engine(dir);
    struct event event = view_of("u", "a", NULL);
    for (uint64_t i = 1; i <= 5; i++) {
        record(engine, &event, 1);
        assert_int_equal(count_of(engine, "u", "a"), i); /* begins a read and keeps it */
        flush(engine);
        assert_true(log_is_free(dir));
        assert_int_equal(count_of(engine, "u", "a"), i);
    }
    close_engine(engine);
    unit_remove(dir);
}

/* In a child that ends without a word, as by kill -9: records, and maybe seals on the way. */
static void die_recording(const char *dir, int events, int seal_every)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct engine *engine = open_engine(dir);
        for (int i = 0; i < events; i++) {
            char id[32];
            snprintf(id, sizeof id, "id-%d", i);
            struct event event = view_of("u", i % 2 ? "a" : "b", id);
            record(engine, &event, 1);
            if (seal_every > 0 && (i + 1) % seal_every == 0)
                flush(engine);
        }
        kill(getpid(), SIGKILL);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
}

TEST(engine_comes_back_from_a_kill_with_every_answered_event_once)
{
    static const struct {
        const char *name;
        int events;
        int seal_every;
    } rows[] = {
        {"nothing sealed", 50, 0},   {"sealed once", 50, 30},       {"sealed at the end", 50, 50},
        {"sealed each time", 20, 1}, {"several segments", 200, 70},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *dir = unit_temp_dir();
        die_recording(dir, rows[i].events, rows[i].seal_every);
        struct engine *engine = open_engine(dir);
        ROW(count_of(engine, "u", NULL) == (uint64_t)rows[i].events, rows[i].name, "counted %llu",
            (unsigned long long)count_of(engine, "u", NULL));
        close_engine(engine);
        die_recording(dir, rows[i].events, rows[i].seal_every); /* all repeats now */
        engine = open_engine(dir);
        ROW(count_of(engine, "u", NULL) == (uint64_t)rows[i].events, rows[i].name,
            "after repeats %llu", (unsigned long long)count_of(engine, "u", NULL));
        close_engine(engine);
        unit_remove(dir);
    }
}

struct worker {
    struct engine *engine;
    int number;
    int events;
};

static void *work(void *context)
{
    struct worker *worker = context;
    struct error err;
    for (int i = 0; i < worker->events; i++) {
        char id[32];
        snprintf(id, sizeof id, "%d-%d", worker->number, i);
        struct event event = view_of("u", "hot", id);
        struct submission submission;
        ASSERT_OK(engine_submit_events(worker->engine, &event, 1, &submission, &err), err);
        engine_commit(worker->engine);
        assert_true(submission.done);
        assert_int_equal(submission.recorded, 1);
    }
    return NULL;
}

TEST(engine_loses_nothing_of_many_threads_on_one_listing)
{
    enum { THREADS = 16, EVENTS = 200 };
    char *dir = unit_temp_dir();
    struct engine *engine = open_engine(dir);
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){engine, i, EVENTS};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    uint64_t seen = 0;
    for (int i = 0; i < 50; i++) { /* readers and seals beside the writers */
        uint64_t count =
            count_by(i % 2 ? engine_read_totals : engine_read_cells, engine, "u", "hot");
        assert_true(count >= seen);
        seen = count;
        if (i % 10 == 5)
            flush(engine);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(count_of(engine, "u", "hot"), THREADS * EVENTS);
    struct engine_stats stats;
    engine_get_stats(engine, &stats);
    assert_int_equal(stats.events_recorded[EVENT_VIEW], THREADS * EVENTS);
    assert_true(stats.groups <= THREADS * EVENTS);
    close_engine(engine);
    unit_remove(dir);
}

TEST(engine_refuses_a_second_opener_and_foreign_parts)
{
    struct error err;
    char *dir = unit_temp_dir();
    char *other = unit_temp_dir();
    struct engine *engine = open_engine(dir);
    struct engine *second = NULL;
    struct engine_options options = options_of(dir);
    assert_int_equal(engine_open(&options, NULL, NULL, &second, &err), STATUS_BUSY);
    struct event event = view_of("u", "a", NULL);
    record(engine, &event, 1);
    close_engine(engine);
    close_engine(open_engine(other));

    char command[512];
    snprintf(command, sizeof command, "rm -r %s/journal && cp -r %s/journal %s/journal", dir, other,
             dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(engine_open(&options, NULL, NULL, &second, &err), STATUS_FOREIGN);

    /* a store that is gone while the journal has moved on */
    snprintf(command, sizeof command, "rm -f %s/footfall.db*", other);
    engine = open_engine(other);
    for (int i = 0; i < 300; i++) /* more than a segment, so that the first is recycled */
        record(engine, &event, 1);
    flush(engine);
    struct engine_stats stats;
    do { /* recycling happens behind the flush */
        engine_get_stats(engine, &stats);
    } while (stats.journal.segments > 1);
    close_engine(engine);
    assert_int_equal(system(command), 0);
    struct engine_options gone = options_of(other);
    enum status status = engine_open(&gone, NULL, NULL, &second, &err);
    assert_int_equal(status, STATUS_FOREIGN);
    unit_remove(dir);
    unit_remove(other);
}

TEST(engine_says_when_a_group_is_full_and_takes_the_rest_afterwards)
{
    struct error err;
    char *dir = unit_temp_dir();
    struct engine *engine = open_engine(dir);
    char listing[ID_BYTES_MAX + 1];
    memset(listing, 'x', ID_BYTES_MAX);
    listing[ID_BYTES_MAX] = '\0';
    struct event events[500];
    for (size_t i = 0; i < 500; i++)
        events[i] = view_of("u", listing, NULL);
    struct submission submissions[8];
    size_t taken = 0;
    enum status status = STATUS_OK;
    while (taken < 8 && status == STATUS_OK) {
        status = engine_submit_events(engine, events, 500, &submissions[taken], &err);
        if (status == STATUS_OK)
            taken++;
    }
    assert_int_equal(status, STATUS_OVERLOADED);
    engine_commit(engine);
    for (size_t i = 0; i < taken; i++)
        assert_int_equal(submissions[i].recorded, 500);
    record(engine, events, 500);
    assert_int_equal(count_of(engine, "u", NULL), (taken + 1) * 500);

    struct event *many = malloc(10000 * sizeof *many);
    for (size_t i = 0; i < 10000; i++)
        many[i] = events[0];
    assert_int_equal(engine_submit_events(engine, many, 10000, &submissions[0], &err),
                     STATUS_TOO_LARGE);
    free(many);
    assert_false(engine_has_gathered(engine));
    close_engine(engine);
    unit_remove(dir);
}

/* ---- a random history against a plain sum ------------------------------------------------- */

TEST(engine_agrees_with_a_plain_sum_over_seals_kills_and_repeats)
{
    enum { LISTINGS = 8, LIVES = 6, STEPS = 120 };
    struct unit_random random = unit_random_seeded();
    char *dir = unit_temp_dir();
    uint64_t want[LISTINGS] = {0};
    uint64_t next_id = 0;
    for (int life = 0; life < LIVES; life++) {
        struct engine *engine = open_engine(dir);
        for (int step = 0; step < STEPS; step++) {
            char ids[16][24];
            char listing[16];
            struct event events[16];
            unsigned place = (unsigned)unit_random_below(&random, LISTINGS);
            size_t count = 1 + (size_t)unit_random_below(&random, 15);
            snprintf(listing, sizeof listing, "l%u", place);
            uint64_t fresh = 0;
            for (size_t i = 0; i < count; i++) {
                uint64_t id = next_id;
                if (next_id > 0 && unit_random_below(&random, 4) == 0)
                    id = unit_random_below(&random, next_id);
                else
                    next_id++, fresh++;
                snprintf(ids[i], sizeof ids[i], "%llu", (unsigned long long)id);
                events[i] = view_of("u", listing, ids[i]);
                events[i].time_ms -= (int64_t)unit_random_below(&random, 40) * ms_per_day;
            }
            struct submission submission = record(engine, events, count);
            assert_int_equal(submission.recorded, fresh);
            assert_int_equal(submission.duplicates, count - fresh);
            want[place] += fresh;
            if (unit_random_below(&random, 30) == 0)
                flush(engine);
            assert_int_equal(count_of(engine, "u", listing), want[place]);
        }
        close_engine(engine);
    }
    unit_remove(dir);
}

UNIT_MAIN(UNIT(engine_counts_an_id_once_wherever_its_repeat_comes),
          UNIT(engine_answers_repeats_of_one_group_together),
          UNIT(engine_shows_what_was_answered_before_and_after_each_seal),
          UNIT(engine_keeps_a_read_open_only_while_it_is_of_use),
          UNIT(engine_comes_back_from_a_kill_with_every_answered_event_once),
          UNIT(engine_loses_nothing_of_many_threads_on_one_listing),
          UNIT(engine_refuses_a_second_opener_and_foreign_parts),
          UNIT(engine_says_when_a_group_is_full_and_takes_the_rest_afterwards),
          UNIT(engine_agrees_with_a_plain_sum_over_seals_kills_and_repeats))
