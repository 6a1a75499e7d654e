/*
 * sqlite_store_test.c - the SQLite store passes the conformance suite, and survives what only a
 * file and its readers can do to it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/sqlite_store.h"

#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/calendar.h"
#include "sqlite_place.h"

TEST(a_killed_process_loses_no_batch)
{
    char *dir = unit_temp_dir();
    struct ledger ledger = new_ledger();
    ledger_note_view(&ledger, "ann", "house", a_day, NULL);
    for (uint64_t turn = 1; turn <= 3; turn++) {
        struct store_batch batch = ledger_seal(&ledger);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct store *store = NULL;
            struct error err = {0};
            bool well = open_in(dir, sqlite_journal_id, &store, &err) == STATUS_OK &&
                        store_apply(store, &batch, &err) == STATUS_OK;
            _exit(well ? 0 : 1); /* without closing anything */
        }
        int result = -1;
        assert_int_equal(waitpid(child, &result, 0), child);
        assert_int_equal(result, 0);
        struct store *store = must_open(dir);
        expect_views(store, turn, turn);
        store_close(store);
        ledger_release(batch);
        ledger_note_view(&ledger, "ann", "house", a_day, NULL);
    }
    ledger_done(&ledger);
    unit_remove(dir);
}

/* Applies a batch of views of many listings, enough for a thousand pages. */
static struct store_batch big_batch(struct ledger *ledger)
{
    char listing[32];
    for (int i = 0; i < 5000; i++) {
        snprintf(listing, sizeof listing, "listing-%06d", i);
        ledger_note_view(ledger, "ann", listing, a_day, "mail");
    }
    return ledger_seal(ledger);
}

TEST(a_full_disk_applies_nothing_and_heals)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct ledger ledger = new_ledger();
    struct store *store = must_open(dir);
    struct connection *connection = &((struct sqlite_store *)store)->writer.connection;
    ledger_note_view(&ledger, "ann", "house", a_day, NULL);
    ledger_apply(&ledger, store);
    struct store_batch batch = big_batch(&ledger);

    /* from no room at all to room for most of it */
    static const int pages[] = {1, 10, 30, 50};
    int64_t now = 0;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        char sql[64];
        snprintf(sql, sizeof sql, "PRAGMA max_page_count = %d", pages[i]);
        ASSERT_OK(connection_number(connection, sql, &now, &err), err);
        assert_int_equal(store_apply(store, &batch, &err), STATUS_DISK_FULL);
        assert_non_null(strstr(err.message, "batch 2"));
        assert_non_null(strstr(err.message, "full"));
        expect_views(store, 1, 1);
        ASSERT_OK(store_maintain(store, &err), err);
    }
    ASSERT_OK(connection_number(connection, "PRAGMA max_page_count = 1000000", &now, &err), err);
    ASSERT_OK(store_apply(store, &batch, &err), err);
    expect_views(store, 2, 5001);
    ledger_release(batch);
    store_close(store);
    ledger_done(&ledger);
    unit_remove(dir);
}

TEST(another_process_s_lock_is_reported_and_passes)
{
    char *dir = unit_temp_dir();
    char path[FILE_PATH_BYTES];
    struct error err = {0};
    struct ledger ledger = new_ledger();
    struct store *store = must_open(dir);
    struct connection *connection = &((struct sqlite_store *)store)->writer.connection;
    sqlite3_busy_timeout(connection->db, 0);
    ledger_note_view(&ledger, "ann", "house", a_day, NULL);
    struct store_batch batch = ledger_seal(&ledger);

    sqlite3 *other = NULL;
    snprintf(path, sizeof path, "%s/footfall.db", dir);
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(store_apply(store, &batch, &err), STATUS_BUSY);
    assert_non_null(strstr(err.message, "locked"));
    ASSERT_OK(store_maintain(store, &err), err);
    expect_views(store, 0, 0);
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);

    ASSERT_OK(store_apply(store, &batch, &err), err);
    expect_views(store, 1, 1);
    ledger_release(batch);
    store_close(store);
    ledger_done(&ledger);
    unit_remove(dir);
}

TEST(bytes_that_are_no_block_are_named)
{
    static const struct {
        const char *name;
        const char *sql;
        bool totals_fail;
        bool cells_fail;
        const char *words;
    } cases[] = {
        {"totals rotten", "UPDATE totals SET block = x'ff00ff' WHERE listing = 'house'", true,
         false, "totals of user ann, listing house, 2025-03: "},
        {"totals empty", "UPDATE totals SET block = x'' WHERE listing = 'house'", true, false,
         "totals of user ann, listing house, 2025-03: "},
        {"cells rotten", "UPDATE cells SET block = x'ff00ff' WHERE listing = 'house'", false, true,
         "cells of user ann, listing house, 2025-03-04: "},
        {"totals cut", "UPDATE totals SET block = substr(block, 1, length(block) - 1)", true, false,
         "totals of user ann, listing "},
        {"cells cut", "UPDATE cells SET block = substr(block, 1, length(block) - 1)", false, true,
         "cells of user ann, listing "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *dir = unit_temp_dir();
        struct error err = {0};
        struct ledger ledger = new_ledger();
        struct store *store = must_open(dir);
        ledger_note_view(&ledger, "ann", "house", a_day, "mail");
        ledger_note_view(&ledger, "ann", "flat", a_day, "mail");
        ledger_apply(&ledger, store);
        tamper(dir, cases[i].sql);

        struct store_reader *reader = NULL;
        struct store_position position;
        struct count_table table = {0};
        const struct store_scope scope = {
            .user_id = text_of("ann"), .first_day = a_day, .last_day = a_day};
        ASSERT_OK(store_reader_open(store, &reader, &err), err);
        ASSERT_OK(store_reader_begin(reader, &position, &err), err);
        enum status got = store_reader_totals(reader, &scope, count_table_add, &table, &err);
        ROW(got == (cases[i].totals_fail ? STATUS_CORRUPT : STATUS_OK), cases[i].name, "totals");
        ROW(got == STATUS_OK || strstr(err.message, cases[i].words) != NULL, cases[i].name, "%s",
            err.message);
        got = store_reader_cells(reader, &scope, count_table_add, &table, &err);
        ROW(got == (cases[i].cells_fail ? STATUS_CORRUPT : STATUS_OK), cases[i].name, "cells");
        ROW(got == STATUS_OK || strstr(err.message, cases[i].words) != NULL, cases[i].name, "%s",
            err.message);
        store_reader_end(reader);
        store_reader_close(reader);
        count_table_done(&table);

        /* folding onto it is refused and the store goes on */
        ledger_note_view(&ledger, "ann", "house", a_day, NULL);
        struct store_batch batch = ledger_seal(&ledger);
        got = store_apply(store, &batch, &err);
        ROW(got == STATUS_CORRUPT, cases[i].name, "apply: %s", status_code(got));
        ROW(strstr(err.message, cases[i].words) != NULL, cases[i].name, "%s", err.message);
        ASSERT_OK(store_get_position(store, &position, &err), err);
        assert_int_equal(position.batch, 1);
        tamper(dir, "DELETE FROM totals; DELETE FROM cells");
        ASSERT_OK(store_apply(store, &batch, &err), err);
        expect_views(store, 2, 1);
        ledger_release(batch);
        store_close(store);
        ledger_done(&ledger);
        unit_remove(dir);
    }
}

TEST(the_log_stays_bounded)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct ledger ledger = new_ledger();
    struct store *store = must_open(dir);
    struct sqlite_store *sqlite = (struct sqlite_store *)store;
    struct store_reader *reader = NULL;
    struct store_position position;
    struct stat stat_buf;
    sqlite->log_bytes_kept = 64 * 1024;

    struct store_batch batch = big_batch(&ledger);
    ASSERT_OK(store_apply(store, &batch, &err), err);
    ledger_release(batch);
    assert_int_equal(stat(sqlite->wal_path, &stat_buf), 0);
    assert_true(stat_buf.st_size > 64 * 1024);
    /* nothing is copied inside a batch */
    assert_int_equal(stat(sqlite->path, &stat_buf), 0);
    assert_true(stat_buf.st_size < 16 * 1024);

    /* a reader that holds on to the log is waited for only briefly, and goes on */
    ASSERT_OK(store_reader_open(store, &reader, &err), err);
    ASSERT_OK(store_reader_begin(reader, &position, &err), err);
    ASSERT_OK(store_maintain(store, &err), err);
    assert_int_equal(views_of(reader, "ann", NULL), 5000);
    store_reader_end(reader);

    ASSERT_OK(store_maintain(store, &err), err);
    assert_int_equal(stat(sqlite->wal_path, &stat_buf), 0);
    assert_int_equal(stat_buf.st_size, 0);
    uint64_t bytes = 0;
    ASSERT_OK(store_size(store, &bytes, &err), err);
    assert_true(bytes > 64 * 1024);

    /* a log below the bound is used over and over, not grown */
    sqlite->log_bytes_kept = 1024 * 1024 * 1024;
    off_t first = 0;
    for (int turn = 0; turn < 6; turn++) {
        batch = big_batch(&ledger);
        ASSERT_OK(store_apply(store, &batch, &err), err);
        ledger_release(batch);
        ASSERT_OK(store_maintain(store, &err), err);
        assert_int_equal(stat(sqlite->wal_path, &stat_buf), 0);
        if (turn == 1)
            first = stat_buf.st_size;
    }
    assert_true(stat_buf.st_size < first + first / 2);
    store_reader_close(reader);
    store_close(store);
    ledger_done(&ledger);
    unit_remove(dir);
}

/* What a reading thread is given, and what it found wrong. */
struct reading {
    struct store *store;
    _Atomic bool stop;
    _Atomic int wrong;
    _Atomic int rounds;
};

static void *read_on(void *context)
{
    struct reading *reading = context;
    struct store_reader *reader = NULL;
    struct error err = {0};
    uint64_t seen = 0;
    if (store_reader_open(reading->store, &reader, &err) != STATUS_OK)
        reading->wrong++;
    while (!reading->stop && reading->wrong == 0) {
        struct store_position position;
        if (store_reader_begin(reader, &position, &err) != STATUS_OK) {
            reading->wrong++;
            break;
        }
        /* each batch adds ten views, five of them of one listing */
        if (position.batch < seen || views_of(reader, "ann", NULL) != 10 * position.batch ||
            views_of(reader, "ann", "house") != 5 * position.batch)
            reading->wrong++;
        seen = position.batch;
        store_reader_end(reader);
        reading->rounds++;
    }
    store_reader_close(reader);
    return NULL;
}

TEST(readers_see_whole_batches_while_others_are_applied)
{
    enum { READERS = 3, BATCHES = 150 };
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct ledger ledger = new_ledger();
    struct reading reading = {.store = must_open(dir)};
    pthread_t threads[READERS];
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &reading), 0);
    for (int batch = 0; batch < BATCHES; batch++) {
        char listing[16];
        for (int i = 0; i < 5; i++) {
            snprintf(listing, sizeof listing, "other-%d", (batch * 5 + i) % 40);
            ledger_note_view(&ledger, "ann", "house", a_day - i, NULL);
            ledger_note_view(&ledger, "ann", listing, a_day + i % 3, "mail");
        }
        ledger_apply(&ledger, reading.store);
        if (batch % 10 == 0)
            ASSERT_OK(store_maintain(reading.store, &err), err);
    }
    reading.stop = true;
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(reading.wrong, 0);
    assert_true(reading.rounds > 0);
    expect_views(reading.store, BATCHES, 10 * BATCHES);
    store_close(reading.store);
    ledger_done(&ledger);
    unit_remove(dir);
}

static enum status take_inquiry(void *context, const struct inquiry *inquiry, struct error *err)
{
    (void)inquiry;
    (void)err;
    ++*(int *)context;
    return STATUS_OK;
}

TEST(a_page_of_facts_does_not_walk_over_the_others)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct ledger ledger = new_ledger();
    struct store *store = must_open(dir);
    char id[16];
    for (int i = 0; i < 3000; i++) {
        snprintf(id, sizeof id, "%d", i);
        struct event event = {.user_id = text_of("ann"),
                              .listing_id = text_of(i % 1000 == 0 ? "rare" : "often"),
                              .id = text_of(id),
                              .type = EVENT_INQUIRY,
                              .time_ms = a_day * ms_per_day + i / 100};
        ledger_note_event(&ledger, &event);
    }
    ledger_apply(&ledger, store);

    struct store_reader *base = NULL;
    struct store_position position;
    ASSERT_OK(store_reader_open(store, &base, &err), err);
    struct sqlite_reader *reader = (struct sqlite_reader *)base;
    struct store_inquiry_query query = {.user_id = text_of("ann"),
                                        .to_ms = INT64_MAX,
                                        .resume = true,
                                        .behind_ms = a_day * ms_per_day + 15,
                                        .behind_key = text_of("1550"),
                                        .behind_listing_id = text_of("often"),
                                        .limit = 3};
    ASSERT_OK(store_reader_begin(base, &position, &err), err);
    for (int one = 0; one <= 1; one++) {
        int count = 0;
        int steps = 0;
        for (int rare = 0; rare <= one; rare++) {
            if (one)
                query.listing_id = text_of(rare ? "rare" : "often");
            ASSERT_OK(store_reader_inquiries(base, &query, take_inquiry, &count, &err), err);
            sqlite3_stmt *statement =
                reader->statements[one ? READ_INQUIRIES_OF_LISTING : READ_INQUIRIES];
            steps += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
            assert_int_equal(sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_SORT, 1), 0);
        }
        assert_int_equal(count, one ? 5 : 3);
        ROW(steps < 400, one ? "of a listing" : "of all", "%d steps", steps);
    }
    store_reader_end(base);
    store_reader_close(base);
    store_close(store);
    ledger_done(&ledger);
    unit_remove(dir);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(a_killed_process_loses_no_batch),
        UNIT(a_full_disk_applies_nothing_and_heals),
        UNIT(another_process_s_lock_is_reported_and_passes),
        UNIT(bytes_that_are_no_block_are_named),
        UNIT(the_log_stays_bounded),
        UNIT(readers_see_whole_batches_while_others_are_applied),
        UNIT(a_page_of_facts_does_not_walk_over_the_others),
    };
    int failed = store_conformance(&sqlite_kind);
    return failed + cmocka_run_group_tests_name("sqlite only", tests, NULL, NULL);
}
