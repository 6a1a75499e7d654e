/*
 * sqlite_fault_test.c - whichever write or sync of the file fails, a batch is applied once and
 * whole.
 *
 * SQLite's way to the files is replaced by one that fails on demand: its n-th write or sync, for
 * every n until a batch and the checkpoint behind it get through without meeting the fault.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/sqlite_store.h"

#include <string.h>

#include "model/calendar.h"
#include "sqlite_place.h"

/* Calls until the fault, which then lasts for so many calls. Below 0: none. */
static int calls_left = -1;
static int calls_failing;
static int fault_code;
static int faults; /* that happened */

static sqlite3_vfs faulty_vfs;
static sqlite3_vfs *real_vfs;

/* SQLite has one set of functions for databases and another for logs. methods comes first, so
 * that a file leads to its set. */
static struct faulty_set {
    sqlite3_io_methods methods;
    const sqlite3_io_methods *real;
} faulty_sets[4];

static const sqlite3_io_methods *real_methods(const sqlite3_file *file)
{
    return ((const struct faulty_set *)file->pMethods)->real;
}

static bool fails_now(void)
{
    if (calls_left < 0)
        return false;
    if (calls_left > 0) {
        calls_left--;
        return false;
    }
    faults++;
    if (--calls_failing == 0)
        calls_left = -1;
    return true;
}

static int faulty_write(sqlite3_file *file, const void *from, int len, sqlite3_int64 offset)
{
    return fails_now() ? fault_code : real_methods(file)->xWrite(file, from, len, offset);
}

static int faulty_sync(sqlite3_file *file, int flags)
{
    /* a full disk is not met while syncing */
    if (fails_now())
        return fault_code == SQLITE_FULL ? SQLITE_IOERR_FSYNC : fault_code;
    return real_methods(file)->xSync(file, flags);
}

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                       int *out_flags)
{
    (void)vfs;
    int code = real_vfs->xOpen(real_vfs, name, file, flags, out_flags);
    if (code != SQLITE_OK || file->pMethods == NULL)
        return code;
    size_t i = 0;
    while (faulty_sets[i].real != NULL && faulty_sets[i].real != file->pMethods)
        assert_true(++i < sizeof faulty_sets / sizeof *faulty_sets);
    faulty_sets[i].real = file->pMethods;
    faulty_sets[i].methods = *file->pMethods;
    faulty_sets[i].methods.xWrite = faulty_write;
    faulty_sets[i].methods.xSync = faulty_sync;
    file->pMethods = &faulty_sets[i].methods;
    return code;
}

static int install(void **state)
{
    (void)state;
    real_vfs = sqlite3_vfs_find(NULL);
    faulty_vfs = *real_vfs;
    faulty_vfs.zName = "faulty";
    faulty_vfs.xOpen = faulty_open;
    return sqlite3_vfs_register(&faulty_vfs, 1);
}

/* Views of two listings, an inquiry, and a word on a listing: each table is touched. */
static void note_some(struct ledger *ledger)
{
    struct event inquiry = {.user_id = text_of("ann"),
                            .listing_id = text_of("house"),
                            .type = EVENT_INQUIRY,
                            .time_ms = a_day * ms_per_day};
    struct entry word = {.kind = ENTRY_LISTING_SET,
                         .user_id = text_of("ann"),
                         .listing_id = text_of("house"),
                         .details = {.address = text_of("1 Road")}};
    ledger_note_view(ledger, "ann", "house", a_day, "mail");
    ledger_note_view(ledger, "ann", "flat", a_day - 1, NULL);
    ledger_note_event(ledger, &inquiry);
    ledger_note(ledger, &word);
}

/* What a store holds must be what the batches up to its position counted. */
static uint64_t expect_whole(struct store *store)
{
    struct error err = {0};
    struct store_position position = {0};
    ASSERT_OK(store_get_position(store, &position, &err), err);
    expect_views(store, position.batch, 2 * position.batch);
    return position.batch;
}

/* One round with the n-th call failing; false when the fault was not met any more. */
static bool round_with_fault(int n, int code, int failing, bool reopen)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct ledger ledger = new_ledger();
    struct store *store = must_open(dir);
    note_some(&ledger);
    ledger_apply(&ledger, store);
    ASSERT_OK(store_maintain(store, &err), err);
    note_some(&ledger);
    struct store_batch batch = ledger_seal(&ledger);

    faults = 0;
    fault_code = code;
    calls_failing = failing;
    calls_left = n;
    enum status applied = store_apply(store, &batch, &err);
    if (applied != STATUS_OK) {
        assert_true(applied == STATUS_DISK_FULL || applied == STATUS_IO);
        assert_int_equal(err.status, applied);
        assert_non_null(strstr(err.message, "batch 2"));
    }
    enum status maintained = store_maintain(store, &err);
    assert_true(maintained == STATUS_OK || maintained == STATUS_DISK_FULL ||
                maintained == STATUS_IO);
    bool met = faults > 0;
    assert_true(!met || applied != STATUS_OK || maintained != STATUS_OK);
    calls_left = -1;

    assert_int_equal(expect_whole(store), applied == STATUS_OK ? 2 : 1);
    if (reopen) {
        store_close(store);
        store = must_open(dir);
        expect_whole(store); /* a commit that failed while syncing may have got through */
    }
    ASSERT_OK(store_apply(store, &batch, &err), err);
    ASSERT_OK(store_maintain(store, &err), err);
    assert_int_equal(expect_whole(store), 2);
    store_close(store);
    store = must_open(dir);
    assert_int_equal(expect_whole(store), 2);
    store_close(store);
    ledger_release(batch);
    ledger_done(&ledger);
    unit_remove(dir);
    return met;
}

TEST(whichever_write_fails_a_batch_is_applied_once_and_whole)
{
    static const struct {
        const char *name;
        int code;
        int failing; /* calls in a row */
        bool reopen;
    } cases[] = {
        {"a full disk", SQLITE_FULL, 1, false},
        {"a full disk, for a while", SQLITE_FULL, 1000, false},
        {"a write error, once", SQLITE_IOERR_WRITE, 1, false},
        {"write errors, then a restart", SQLITE_IOERR_WRITE, 1000, true},
        {"a full disk, then a restart", SQLITE_FULL, 1, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int n = 0;
        while (round_with_fault(n, cases[i].code, cases[i].failing, cases[i].reopen))
            n++;
        ROW(n >= 10, cases[i].name, "only %d calls: is the fault in the way?", n);
    }
}

TEST(a_store_that_cannot_be_made_is_refused_and_made_later)
{
    static const int codes[] = {SQLITE_FULL, SQLITE_IOERR_WRITE};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        bool met = true;
        for (int n = 0; met; n++) {
            char *dir = unit_temp_dir();
            struct error err = {0};
            struct store *store = NULL;
            faults = 0;
            fault_code = codes[i];
            calls_failing = 1;
            calls_left = n;
            enum status status = open_in(dir, sqlite_journal_id, &store, &err);
            met = faults > 0;
            calls_left = -1;
            ROW((status != STATUS_OK) == met, "open", "call %d failed with %d: %s", n, codes[i],
                status_code(status));
            if (met)
                assert_true(status == STATUS_DISK_FULL || status == STATUS_IO);
            else
                store_close(store);
            store = must_open(dir);
            expect_views(store, 0, 0);
            store_close(store);
            unit_remove(dir);
        }
    }
}

static int refuse_commit(void *asked)
{
    ++*(int *)asked;
    return 1;
}

TEST(a_refused_commit_is_a_failure)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct ledger ledger = new_ledger();
    struct store *store = must_open(dir);
    sqlite3 *db = ((struct sqlite_store *)store)->writer.connection.db;
    int asked = 0;
    note_some(&ledger);
    struct store_batch batch = ledger_seal(&ledger);
    sqlite3_commit_hook(db, refuse_commit, &asked);
    assert_int_equal(store_apply(store, &batch, &err), STATUS_IO);
    assert_int_equal(asked, 1);
    assert_int_equal(expect_whole(store), 0);
    sqlite3_commit_hook(db, NULL, NULL);
    ASSERT_OK(store_apply(store, &batch, &err), err);
    assert_int_equal(expect_whole(store), 1);
    ledger_release(batch);
    store_close(store);
    ledger_done(&ledger);
    unit_remove(dir);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(whichever_write_fails_a_batch_is_applied_once_and_whole),
        UNIT(a_store_that_cannot_be_made_is_refused_and_made_later),
        UNIT(a_refused_commit_is_a_failure),
    };
    return cmocka_run_group_tests(tests, install, NULL);
}
