/*
 * sqlite_state_test.c - which journal a store follows is read without a trace and changed for good,
 * and what is no store of ours is named.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/state.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sqlite_place.h"

static const uint8_t other_id[STORE_JOURNAL_ID_BYTES] = "another journal";

static const char *path_in(const char *dir)
{
    static char path[FILE_PATH_BYTES];
    snprintf(path, sizeof path, "%s/footfall.db", dir);
    return path;
}

static struct sqlite_store_state must_read(const char *dir)
{
    struct error err;
    struct sqlite_store_state state = {0};
    ASSERT_OK(sqlite_store_read_state(path_in(dir), &state, &err), err);
    return state;
}

/* A process applies batches and is gone: what it wrote is only in the file's log. */
static void apply_and_vanish(char *dir, struct ledger *ledger, int batches)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store *store = must_open(dir);
        for (int i = 0; i < batches; i++) {
            ledger_note_view(ledger, "ann", "flat", a_day, NULL);
            ledger_apply(ledger, store);
        }
        _exit(0);
    }
    int result = -1;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
}

/* Names, sizes and times of change of all files, as a text. */
static char *look_at(const char *dir)
{
    struct dirent **entries = NULL;
    size_t len = 0;
    char *text = NULL;
    FILE *out = open_memstream(&text, &len);
    int count = scandir(dir, &entries, NULL, alphasort);
    assert_true(out != NULL && count > 0);
    for (int i = 0; i < count; i++) {
        char path[FILE_PATH_BYTES];
        struct stat about;
        snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
        assert_int_equal(lstat(path, &about), 0);
        if (S_ISREG(about.st_mode))
            fprintf(out, "%s %lld %lld.%09ld\n", entries[i]->d_name, (long long)about.st_size,
                    (long long)about.st_mtim.tv_sec, about.st_mtim.tv_nsec);
        free(entries[i]);
    }
    free(entries);
    fclose(out);
    return text;
}

TEST(reading_sees_what_only_the_log_has_and_leaves_no_trace)
{
    char *dir = unit_temp_dir();
    struct ledger ledger = new_ledger();
    store_close(must_open(dir));
    assert_int_equal(must_read(dir).position.batch, 0);

    apply_and_vanish(dir, &ledger, 3);
    char *before = look_at(dir);
    assert_non_null(strstr(before, "footfall.db-wal"));
    struct sqlite_store_state state = must_read(dir);
    assert_memory_equal(state.journal_id, sqlite_journal_id, STORE_JOURNAL_ID_BYTES);
    assert_int_equal(state.position.batch, 3);
    assert_true(state.position.seq > 0);
    char *after = look_at(dir);
    assert_string_equal(before, after);
    free(before);
    free(after);
    ledger_done(&ledger);
    unit_remove(dir);
}

TEST(a_store_follows_another_journal_for_good)
{
    struct error err;
    char *dir = unit_temp_dir();
    struct ledger ledger = new_ledger();
    store_close(must_open(dir));
    apply_and_vanish(dir, &ledger, 2);
    struct sqlite_store_state state = {.position = {.batch = 2, .seq = 77}};
    memcpy(state.journal_id, other_id, sizeof other_id);
    ASSERT_OK(sqlite_store_write_state(path_in(dir), &state, &err), err);

    struct sqlite_store_state read = must_read(dir);
    assert_memory_equal(read.journal_id, other_id, sizeof other_id);
    assert_int_equal(read.position.batch, 2);
    assert_int_equal(read.position.seq, 77);
    struct store *store = NULL;
    assert_int_equal(open_in(dir, sqlite_journal_id, &store, &err), STATUS_FOREIGN);
    ASSERT_OK(open_in(dir, other_id, &store, &err), err);
    expect_views(store, 2, 2); /* and nothing else has changed */
    store_close(store);
    ledger_done(&ledger);
    unit_remove(dir);
}

TEST(what_is_no_whole_store_is_refused_in_words_by_both)
{
    static const struct {
        const char *name;
        const char *shell; /* with $D/footfall.db, a store */
        const char *sql;   /* then runs there; NULL: none */
        enum status want;
        const char *words;
        bool only_reading; /* writing finds nothing wrong with it */
    } rows[] = {
        {"none", "rm $D/footfall.db", NULL, STATUS_NOT_FOUND, "there is no store", false},
        {"no folder", "rm -r $D/*; rmdir $D", NULL, STATUS_NOT_FOUND, "there is no store", false},
        {"a folder that is a file", "rm -r $D/*; rmdir $D; touch $D", NULL, STATUS_IO,
         "cannot look at", false},
        {"text", "echo hello > $D/footfall.db", NULL, STATUS_CORRUPT, "not a database", false},
        {"nothing in it", ": > $D/footfall.db", NULL, STATUS_CORRUPT, "not a footfall store",
         false},
        {"a folder", "rm $D/footfall.db; mkdir $D/footfall.db", NULL, STATUS_IO, "cannot be opened",
         false},
        {"a link", "mv $D/footfall.db $D/real; ln -s real $D/footfall.db", NULL, STATUS_IO,
         "cannot be opened", false},
        {"cut to half", "truncate -s 12288 $D/footfall.db", NULL, STATUS_CORRUPT, "malformed",
         false},
        {"zeros", "head -c 8192 /dev/zero > $D/footfall.db", NULL, STATUS_CORRUPT, "footfall.db",
         false},
        {"another program's", "true", "PRAGMA application_id = 7", STATUS_CORRUPT,
         "not a footfall store", false},
        {"a newer one", "true", "PRAGMA user_version = 99", STATUS_INVALID, "newer footfall",
         false},
        {"without its table", "true", "DROP TABLE state", STATUS_IO, "no such table", false},
        {"without its row", "true", "DELETE FROM state", STATUS_CORRUPT, "journal", false},
        {"a short id", "true", "UPDATE state SET journal_id = x'00'", STATUS_CORRUPT,
         "which journal it follows", true},
        {"a batch below 0", "true", "UPDATE state SET batch = -1", STATUS_CORRUPT, "how far", true},
        {"a record below 0", "true", "UPDATE state SET seq = -1", STATUS_CORRUPT, "how far", true},
        {"a refusal of its own", "true",
         "CREATE TRIGGER no BEFORE UPDATE ON state BEGIN SELECT RAISE(ABORT, 'no, never'); END",
         STATUS_IO, "no, never", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err = {0};
        struct sqlite_store_state state = {.position = {.batch = 5, .seq = 5}};
        const struct sqlite_store_state before = state;
        char *dir = unit_temp_dir();
        store_close(must_open(dir));
        setenv("D", dir, 1);
        ROW(system(rows[i].shell) == 0, rows[i].name, "cannot be made");
        if (rows[i].sql != NULL)
            tamper(dir, rows[i].sql);

        bool only_writing = strstr(rows[i].words, "never") != NULL;
        enum status got = sqlite_store_read_state(path_in(dir), &state, &err);
        ROW(got == (only_writing ? STATUS_OK : rows[i].want), rows[i].name, "reading: %s: %s",
            status_code(got), err.message);
        ROW(only_writing || strstr(err.message, rows[i].words) != NULL, rows[i].name, "%s",
            err.message);
        ROW(only_writing || memcmp(&state, &before, sizeof state) == 0, rows[i].name,
            "it was filled in");
        if (!rows[i].only_reading) {
            got = sqlite_store_write_state(path_in(dir), &before, &err);
            ROW(got != STATUS_OK, rows[i].name, "written");
            ROW(strstr(err.message, "footfall.db") != NULL, rows[i].name, "%s", err.message);
            ROW(!only_writing || strstr(err.message, rows[i].words) != NULL, rows[i].name, "%s",
                err.message);
        }
        setenv("D", "/nonexistent", 1);
        unit_remove(dir);
    }
}

UNIT_MAIN(UNIT(reading_sees_what_only_the_log_has_and_leaves_no_trace),
          UNIT(a_store_follows_another_journal_for_good),
          UNIT(what_is_no_whole_store_is_refused_in_words_by_both))
