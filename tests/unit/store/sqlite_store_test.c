/*
 * sqlite_store_test.c - the SQLite store passes the conformance suite, and refuses in words what
 * only files can do to it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/sqlite_store.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/calendar.h"
#include "store/sqlite/parts.h"
#include "store/sqlite/schema.h"
#include "store_conformance.h"
#include "store_ledger.h"

static const uint8_t journal_id[STORE_JOURNAL_ID_BYTES] = "a test's journa";
static const int32_t a_day = 20151; /* 2025-03-04 */

static void *place_new(void)
{
    return unit_temp_dir();
}

static void place_free(void *place)
{
    unit_remove(place);
}

static enum status open_in(void *place, const uint8_t id[STORE_JOURNAL_ID_BYTES],
                           struct store **out, struct error *err)
{
    char path[FILE_PATH_BYTES];
    snprintf(path, sizeof path, "%s/footfall.db", (const char *)place);
    const struct sqlite_store_options options = {.path = path, .journal_id = id};
    return sqlite_store_open(&options, out, err);
}

static struct store *must_open(char *dir)
{
    struct store *store = NULL;
    struct error err = {0};
    ASSERT_OK(open_in(dir, journal_id, &store, &err), err);
    return store;
}

static struct ledger new_ledger(void)
{
    struct ledger ledger = {0};
    memcpy(ledger.journal_id, journal_id, sizeof journal_id);
    return ledger;
}

/* Runs SQL on the file behind the store's back. */
static void tamper(const char *dir, const char *sql)
{
    char path[FILE_PATH_BYTES];
    snprintf(path, sizeof path, "%s/footfall.db", dir);
    sqlite3 *db = NULL;
    char *why = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) {
        print_error("%s: %s\n", sql, why);
        UNIT_FAIL();
    }
    sqlite3_close(db);
}

static uint64_t views_of(struct store_reader *reader, const char *user, const char *listing)
{
    struct error err = {0};
    struct text id = listing == NULL ? (struct text){0} : text_of(listing);
    const struct store_scope scope = {.user_id = text_of(user),
                                      .listing_ids = &id,
                                      .listing_count = listing != NULL,
                                      .first_day = a_day - 30,
                                      .last_day = a_day + 30};
    struct count_table table = {0};
    uint64_t views = 0;
    ASSERT_OK(store_reader_totals(reader, &scope, count_table_add, &table, &err), err);
    for (size_t i = 0; i < table.count; i++)
        if (table.at[i].source.at == NULL)
            views += table.at[i].counts.of[EVENT_VIEW];
    count_table_done(&table);
    return views;
}

static void expect_views(struct store *store, uint64_t batch, uint64_t views)
{
    struct error err = {0};
    struct store_reader *reader = NULL;
    struct store_position position = {0};
    ASSERT_OK(store_reader_open(store, &reader, &err), err);
    ASSERT_OK(store_reader_begin(reader, &position, &err), err);
    assert_int_equal(position.batch, batch);
    assert_int_equal(views_of(reader, "ann", NULL), views);
    store_reader_end(reader);
    store_reader_close(reader);
}

TEST(files_that_are_no_store_of_ours_are_refused_in_words)
{
    static const struct {
        const char *name;
        const char *shell; /* makes $D/footfall.db */
        const char *sql;   /* then runs there; NULL: none */
        bool make_store;   /* before the SQL */
        enum status want;
        const char *words;
    } cases[] = {
        {"text", "echo hello, this is no database at all > $D/footfall.db", NULL, false,
         STATUS_CORRUPT, "not a footfall store"},
        {"a long file of zeros", "head -c 8192 /dev/zero > $D/footfall.db", NULL, false,
         STATUS_CORRUPT, "not a footfall store"},
        {"another program's database", "true", "CREATE TABLE theirs (x)", false, STATUS_CORRUPT,
         "not a footfall store"},
        {"another program's mark", "true", "PRAGMA application_id = 7", false, STATUS_CORRUPT,
         "application_id 7"},
        {"a newer version", "true", "PRAGMA user_version = 2", true, STATUS_INVALID,
         "newer footfall (store version 2"},
        {"ours without a version", "true", "PRAGMA user_version = 0", true, STATUS_CORRUPT,
         "user_version 0"},
        {"another journal's", "true",
         "UPDATE state SET journal_id = x'000102030405060708090a0b0c0d0e0f'", true, STATUS_FOREIGN,
         "000102030405060708090a0b0c0d0e0f"},
        {"a journal id of the wrong size", "true", "UPDATE state SET journal_id = x'00'", true,
         STATUS_CORRUPT, "which journal"},
        {"no position", "true", "DELETE FROM state", true, STATUS_CORRUPT, "which journal"},
        {"a table missing", "true", "DROP TABLE cells", true, STATUS_IO, "no such table: cells"},
        {"a folder", "mkdir $D/footfall.db", NULL, false, STATUS_IO, "a folder"},
        {"a symbolic link", "touch $D/real; ln -s $D/real $D/footfall.db", NULL, false, STATUS_IO,
         "a symbolic link"},
        {"a dangling link", "ln -s $D/none $D/footfall.db", NULL, false, STATUS_IO,
         "a symbolic link"},
        {"a pipe", "mkfifo $D/footfall.db", NULL, false, STATUS_IO, "a device, pipe or socket"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *dir = unit_temp_dir();
        setenv("D", dir, 1);
        ROW(system(cases[i].shell) == 0, cases[i].name, "cannot be made");
        if (cases[i].make_store)
            store_close(must_open(dir));
        if (cases[i].sql != NULL)
            tamper(dir, cases[i].sql);

        struct store *store = NULL;
        struct error err = {0};
        enum status got = open_in(dir, journal_id, &store, &err);
        ROW(got == cases[i].want, cases[i].name, "%s: %s", status_code(got), err.message);
        ROW(strstr(err.message, cases[i].words) != NULL, cases[i].name, "%s", err.message);
        ROW(strstr(err.message, "footfall.db") != NULL, cases[i].name, "%s", err.message);
        assert_null(store);
        unit_remove(dir);
    }
}

TEST(an_empty_file_or_a_half_made_one_becomes_a_store)
{
    static const char *const shells[] = {
        "touch $D/footfall.db",
        /* a crash between switching to WAL and making the tables */
        "true",
    };
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        char *dir = unit_temp_dir();
        setenv("D", dir, 1);
        assert_int_equal(system(shells[i]), 0);
        if (i == 1)
            tamper(dir, "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL");
        store_close(must_open(dir));
        store_close(must_open(dir));
        unit_remove(dir);
    }
}

TEST(a_folder_that_is_not_there_or_not_ours_gives_a_sentence)
{
    static const struct {
        const char *name;
        const char *shell;
        const char *path; /* below the folder */
        bool as_nobody;
        const char *words;
    } cases[] = {
        {"no such folder", "true", "none/footfall.db", false, "No such file or directory"},
        {"a file in the way", "touch $D/none", "none/footfall.db", false, "Not a directory"},
        {"no name", "true", "", false, "no file's name"},
        {"a folder that may only be read", "chmod 555 $D", "footfall.db", true,
         "must belong to the user who runs footfall"},
        {"a file of somebody else", "chmod 777 $D; touch $D/footfall.db; chmod 444 $D/footfall.db",
         "footfall.db", true, "must belong to the user who runs footfall"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *dir = unit_temp_dir();
        char path[FILE_PATH_BYTES];
        setenv("D", dir, 1);
        assert_int_equal(system(cases[i].shell), 0);
        snprintf(path, sizeof path, "%s/%s", dir, cases[i].path);
        /* in a child, which can give up root's freedom */
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct store *store = NULL;
            struct error err = {0};
            const struct sqlite_store_options options = {.path = path, .journal_id = journal_id};
            if (cases[i].as_nobody && geteuid() == 0 && setuid(65534) != 0)
                _exit(3);
            enum status status = sqlite_store_open(&options, &store, &err);
            bool well = (status == STATUS_IO || status == STATUS_INVALID) &&
                        strstr(err.message, cases[i].words) != NULL;
            if (!well)
                print_error("%s: %s\n", status_code(status), err.message);
            _exit(well ? 0 : 1);
        }
        int result = -1;
        assert_int_equal(waitpid(child, &result, 0), child);
        ROW(result == 0, cases[i].name, "see above");
        chmod(dir, 0700);
        unit_remove(dir);
    }
}

TEST(a_folder_behind_a_symbolic_link_is_fine)
{
    char *dir = unit_temp_dir();
    char link[FILE_PATH_BYTES];
    setenv("D", dir, 1);
    assert_int_equal(system("mkdir $D/real; ln -s real $D/link"), 0);
    snprintf(link, sizeof link, "%s/link", dir);
    store_close(must_open(link));
    unit_remove(dir);
}

TEST(files_are_for_their_owner_only)
{
    static const char *const names[] = {"footfall.db", "footfall.db-wal", "footfall.db-shm"};
    char *dir = unit_temp_dir();
    mode_t before = umask(0);
    struct store *store = must_open(dir);
    umask(before);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[FILE_PATH_BYTES];
        struct stat stat_buf = {0};
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        ROW(stat(path, &stat_buf) == 0, names[i], "is not there");
        ROW((stat_buf.st_mode & 07777) == 0600, names[i], "mode %o", stat_buf.st_mode);
    }
    store_close(store);
    unit_remove(dir);
}

TEST(the_page_size_is_the_option_s)
{
    static const struct {
        uint32_t page_bytes;
        enum status want;
        int64_t got;
    } cases[] = {{0, STATUS_OK, SCHEMA_PAGE_BYTES_DEFAULT},
                 {512, STATUS_OK, 512},
                 {16384, STATUS_OK, 16384},
                 {65536, STATUS_OK, 65536},
                 {256, STATUS_INVALID, 0},
                 {5000, STATUS_INVALID, 0},
                 {131072, STATUS_INVALID, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *dir = unit_temp_dir();
        char path[FILE_PATH_BYTES];
        struct store *store = NULL;
        struct error err = {0};
        snprintf(path, sizeof path, "%s/footfall.db", dir);
        const struct sqlite_store_options options = {
            .path = path, .journal_id = journal_id, .page_bytes = cases[i].page_bytes};
        assert_int_equal(sqlite_store_open(&options, &store, &err), cases[i].want);
        if (store != NULL) {
            int64_t got = 0;
            struct connection *connection = &((struct sqlite_store *)store)->writer.connection;
            ASSERT_OK(connection_number(connection, "PRAGMA page_size", &got, &err), err);
            assert_int_equal(got, cases[i].got);
        }
        store_close(store);
        unit_remove(dir);
    }
}

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
            bool well = open_in(dir, journal_id, &store, &err) == STATUS_OK &&
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
    static const int pages[] = {1, 20, 60, 120};
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
    static const struct store_kind sqlite = {"sqlite", place_new, place_free, open_in};
    static const struct CMUnitTest tests[] = {
        UNIT(files_that_are_no_store_of_ours_are_refused_in_words),
        UNIT(an_empty_file_or_a_half_made_one_becomes_a_store),
        UNIT(a_folder_that_is_not_there_or_not_ours_gives_a_sentence),
        UNIT(a_folder_behind_a_symbolic_link_is_fine),
        UNIT(files_are_for_their_owner_only),
        UNIT(the_page_size_is_the_option_s),
        UNIT(a_killed_process_loses_no_batch),
        UNIT(a_full_disk_applies_nothing_and_heals),
        UNIT(another_process_s_lock_is_reported_and_passes),
        UNIT(bytes_that_are_no_block_are_named),
        UNIT(the_log_stays_bounded),
        UNIT(readers_see_whole_batches_while_others_are_applied),
        UNIT(a_page_of_facts_does_not_walk_over_the_others),
    };
    int failed = store_conformance(&sqlite);
    return failed + cmocka_run_group_tests_name("sqlite only", tests, NULL, NULL);
}
