/*
 * sqlite_open_test.c - the SQLite store refuses in words what only files can do to it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/sqlite_store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sqlite_place.h"
#include "store/sqlite/schema.h"

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
        enum status got = open_in(dir, sqlite_journal_id, &store, &err);
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
            const struct sqlite_store_options options = {.path = path,
                                                         .journal_id = sqlite_journal_id};
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
            .path = path, .journal_id = sqlite_journal_id, .page_bytes = cases[i].page_bytes};
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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(files_that_are_no_store_of_ours_are_refused_in_words),
        UNIT(an_empty_file_or_a_half_made_one_becomes_a_store),
        UNIT(a_folder_that_is_not_there_or_not_ours_gives_a_sentence),
        UNIT(a_folder_behind_a_symbolic_link_is_fine),
        UNIT(files_are_for_their_owner_only),
        UNIT(the_page_size_is_the_option_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
