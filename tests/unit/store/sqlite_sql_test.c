/*
 * sqlite_sql_test.c - conditions decide how many blocks a question in SQL reads.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/sql_session.h"

#include <string.h>

#include "model/calendar.h"
#include "sqlite_place.h"

enum { USERS = 4, LISTINGS = 10, MONTHS = 6 };

/* Each user has a view of each listing on the first and the second of six months. */
static struct sql_session *fill(char *dir)
{
    char path[FILE_PATH_BYTES];
    struct error err = {0};
    struct sql_session *session = NULL;
    struct ledger ledger = new_ledger();
    struct store *store = must_open(dir);
    for (int user = 0; user < USERS; user++)
        for (int listing = 0; listing < LISTINGS; listing++)
            for (int month = 0; month < MONTHS; month++)
                for (int day = 0; day < 2; day++) {
                    char user_id[16];
                    char listing_id[16];
                    snprintf(user_id, sizeof user_id, "u%d", user);
                    snprintf(listing_id, sizeof listing_id, "l%d", listing);
                    int32_t first = day_from_civil((struct civil){2025, 1 + month, 1});
                    ledger_note_view(&ledger, user_id, listing_id, first + day, "mail");
                }
    ledger_apply(&ledger, store);
    store_close(store);
    ledger_done(&ledger);
    ASSERT_OK(file_path(path, dir, "footfall.db", &err), err);
    ASSERT_OK(sql_session_open(path, false, 0, &session, &err), err);
    return session;
}

static enum status see_columns(void *context, const char *const *names, size_t count,
                               struct error *err)
{
    (void)context;
    (void)names;
    (void)count;
    (void)err;
    return STATUS_OK;
}

static enum status see_row(void *context, const struct sql_value *values, size_t count,
                           struct error *err)
{
    (void)values;
    (void)count;
    (void)err;
    ++*(uint64_t *)context;
    return STATUS_OK;
}

TEST(only_the_blocks_that_conditions_name_are_read)
{
    static const struct {
        const char *sql;
        uint64_t want_rows;
        uint64_t want_blocks;
    } cases[] = {
        {"SELECT * FROM listing_days", 480, 240},
        {"SELECT * FROM listing_days WHERE user_id = 'u1'", 120, 60},
        {"SELECT * FROM listing_days WHERE user_id = 'u1' AND listing_id = 'l3'", 12, 6},
        {"SELECT * FROM listing_days WHERE user_id = 'u1' AND listing_id = 'l3'"
         " AND date = '2025-02-01'",
         1, 1},
        {"SELECT * FROM listing_days WHERE user_id = 'u1' AND listing_id = 'l3'"
         " AND date BETWEEN '2025-02-01' AND '2025-03-01'",
         3, 2},
        {"SELECT * FROM listing_days WHERE user_id = 'u1' AND date > '2025-05-31'", 20, 10},
        {"SELECT * FROM listing_days WHERE listing_id = 'l3'", 48, 24},
        {"SELECT * FROM listing_days WHERE listing_id = 'l3' AND date < '2025-02-01'", 8, 4},
        {"SELECT * FROM listing_days WHERE date >= '2025-06-02'", 40, 40},
        {"SELECT * FROM listing_days WHERE date >= '2030-01-01'", 0, 0},
        {"SELECT * FROM listing_days WHERE user_id = 'nobody'", 0, 0},
        {"SELECT * FROM listing_days WHERE date = 'no date'", 0, 0},
        {"SELECT * FROM listing_days WHERE user_id = NULL", 0, 0},
        {"SELECT * FROM listing_days WHERE user_id IN ('u0', 'u3') AND listing_id IN ('l1', 'l2')",
         48, 24},
        {"SELECT * FROM platform_quarters WHERE user_id = 'u1' AND date = '2025-02-02'", 10, 10},
        {"SELECT * FROM source_quarters WHERE user_id = 'u1' AND listing_id = 'l9'"
         " AND date >= '2025-06-01'",
         2, 2},
        {"SELECT * FROM source_quarters WHERE date = '2025-02-02'", 40, 40},
        {"SELECT a.views FROM listing_days a JOIN platform_days b USING (user_id, listing_id, date)"
         " WHERE a.user_id = 'u1' AND a.listing_id = 'l3' AND a.date = '2025-02-01'",
         1, 2},
        {"SELECT 1", 1, 0},
    };
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct sql_session *session = fill(dir);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t rows = 0;
        struct text rest = {NULL, 0};
        const struct sql_visitor visitor = {see_columns, see_row, &rows};
        uint64_t before = sql_session_blocks(session);
        ASSERT_OK(sql_session_run(session, text_of(cases[i].sql), &visitor, &rest, &err), err);
        uint64_t blocks = sql_session_blocks(session) - before;
        ROW(rows == cases[i].want_rows, cases[i].sql, "%llu rows", (unsigned long long)rows);
        ROW(blocks == cases[i].want_blocks, cases[i].sql, "%llu blocks",
            (unsigned long long)blocks);
        assert_int_equal(rest.len, 0);
    }
    sql_session_close(session);
    unit_remove(dir);
}

TEST(a_damaged_block_is_named)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct text rest = {NULL, 0};
    uint64_t rows = 0;
    const struct sql_visitor visitor = {see_columns, see_row, &rows};
    struct sql_session *session = fill(dir);
    tamper(dir, "UPDATE totals SET block = x'07' WHERE user = 'u2' AND listing = 'l5'");
    const char *sql = "SELECT * FROM listing_days WHERE user_id = 'u2'";
    assert_int_equal(sql_session_run(session, text_of(sql), &visitor, &rest, &err), STATUS_CORRUPT);
    ROW(strstr(err.message, "user u2, listing l5, 2025-01") != NULL, "words", "%s", err.message);
    sql_session_close(session);
    unit_remove(dir);
}

static enum status stop_at_once(void *context, const struct sql_value *values, size_t count,
                                struct error *err)
{
    (void)context;
    (void)values;
    (void)count;
    return fail(err, STATUS_IO, "nobody listens");
}

TEST(a_statement_ends_when_its_reader_does_or_when_it_is_interrupted)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct text rest = {NULL, 0};
    struct sql_session *session = fill(dir);
    const struct sql_visitor visitor = {see_columns, stop_at_once, NULL};
    assert_int_equal(
        sql_session_run(session, text_of("SELECT * FROM listing_days"), &visitor, &rest, &err),
        STATUS_IO);
    sql_session_interrupt(session);
    const char *endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
                          " SELECT count(*) FROM n";
    assert_int_equal(sql_session_run(session, text_of(endless), &visitor, &rest, &err),
                     STATUS_STOPPED);
    sql_session_close(session);
    unit_remove(dir);
}

UNIT_MAIN(UNIT(only_the_blocks_that_conditions_name_are_read), UNIT(a_damaged_block_is_named),
          UNIT(a_statement_ends_when_its_reader_does_or_when_it_is_interrupted))
