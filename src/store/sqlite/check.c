/*
 * check.c - whether a store agrees with itself.
 *
 * Totals lie by (user, month, listing), cells by (user, day, listing). For one user and month both
 * are walked in the order of listings, side by side: one cursor on the totals and one on the cells
 * of each day of the month. At each step the least listing any of them stands at is taken from all
 * that stand at it:
 *
 *     totals  of month      a   b       d          at b: the month's block, and the cells
 *     cells   of day 1      a           d                of day 2
 *     cells   of day 2          b   c   d          at c: cells without totals
 *     ...
 *
 * so the whole store is read once, in order, with as much memory as one listing's month takes, and
 * a block that stands without its counterpart is found like one with other numbers.
 *
 * What is compared is a list of (day, platform or source, counts) of both sides, sorted and added
 * up. Counts that ended at their maximum are equal as soon as both did.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/check.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "model/calendar.h"
#include "model/cell_block.h"
#include "model/event.h"
#include "model/month_block.h"
#include "model/platform.h"
#include "store/sqlite/batch.h"
#include "store/sqlite/state.h"

enum { DAYS_MAX = 31, STEP_BLOCKS = 256, PAGE_PROBLEMS_MAX = 100 };

enum statement { NEXT_OF_TOTALS, NEXT_OF_CELLS, MONTH, DAY, STATEMENTS = DAY + DAYS_MAX };

/* ?1 user, ?2 month or day */
static const char sql_next_of_totals[] =
    "SELECT user, month FROM totals WHERE (user, month) > (?1, ?2) ORDER BY user, month LIMIT 1";
static const char sql_next_of_cells[] =
    "SELECT user, day FROM cells WHERE (user, day) > (?1, ?2) ORDER BY user, day LIMIT 1";
static const char sql_month[] =
    "SELECT listing, block FROM totals WHERE user = ?1 AND month = ?2 ORDER BY listing";
static const char sql_day[] =
    "SELECT listing, block FROM cells WHERE user = ?1 AND day = ?2 ORDER BY listing";

/* Rows of one table for one user and month or day, in the order of listings. */
struct stream {
    sqlite3_stmt *statement;
    struct text listing; /* absent: at the end */
};

/* What was counted under one key of one side. */
struct sum {
    int32_t day;
    struct text source; /* absent: of a platform */
    uint8_t platform;
    struct counts counts;
    int64_t updated_ms; /* of a platform */
};

struct sums {
    struct sum *at;
    size_t count;
    size_t cap;
};

struct check {
    struct connection connection;
    const struct store_check_visitor *visitor;
    struct store_checked checked;
    sqlite3_stmt *statements[STATEMENTS];
    struct bytes user; /* in hand */
    int32_t month;
    struct count_rows totals;
    struct count_rows cells;
    struct sums of_totals;
    struct sums of_cells;
    uint64_t since_step;
};

static void tell(struct check *check, enum store_problem problem, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void tell(struct check *check, enum store_problem problem, const char *format, ...)
{
    char words[ERROR_MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    check->visitor->problem(check->visitor->context, problem, words);
}

static enum status cannot_read(struct check *check, struct error *err)
{
    return connection_failed(&check->connection, "it cannot be read", err);
}

static enum status step(struct check *check, struct error *err)
{
    if (++check->since_step < STEP_BLOCKS)
        return STATUS_OK;
    uint64_t blocks = check->since_step;
    check->since_step = 0;
    return check->visitor->step(check->visitor->context, blocks, err);
}

/* ---- SQLite's own check ---- */

static enum status check_pages(struct check *check, struct error *err)
{
    char sql[48];
    sqlite3_stmt *statement = NULL;
    enum status status = STATUS_OK;
    int code = SQLITE_ROW;
    snprintf(sql, sizeof sql, "PRAGMA integrity_check(%d)", PAGE_PROBLEMS_MAX);
    if (sqlite3_prepare_v2(check->connection.db, sql, -1, &statement, NULL) != SQLITE_OK)
        return cannot_read(check, err);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct text words = column_text(statement, 0);
        if (!text_is(words, "ok"))
            tell(check, STORE_PAGES, "%.*s", TEXT_ARGS(words));
    }
    if (code != SQLITE_DONE)
        status = cannot_read(check, err);
    sqlite3_finalize(statement);
    return status;
}

/* ---- sums ---- */

static enum status no_memory(struct error *err)
{
    return fail(err, STATUS_NO_MEMORY, "no memory to check the store");
}

static bool sums_reserve(struct sums *sums, size_t more)
{
    if (sums->cap - sums->count >= more)
        return true;
    size_t cap = sums->cap < 256 ? 256 : sums->cap * 2;
    while (cap - sums->count < more)
        cap *= 2;
    struct sum *larger = reallocarray(sums->at, cap, sizeof *larger);
    if (larger == NULL)
        return false;
    sums->at = larger;
    sums->cap = cap;
    return true;
}

static int compare_keys(const struct sum *a, const struct sum *b)
{
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    if ((a->source.at == NULL) != (b->source.at == NULL))
        return a->source.at == NULL ? -1 : 1;
    if (a->source.at != NULL)
        return text_compare(a->source, b->source);
    return (a->platform > b->platform) - (a->platform < b->platform);
}

static int compare_sums(const void *a, const void *b)
{
    return compare_keys(a, b);
}

/* Adds the rows to the sums, one for each key. */
static enum status gather(const struct count_rows *rows, struct sums *sums, struct error *err)
{
    sums->count = 0;
    if (!sums_reserve(sums, rows->platform_count + rows->source_count + 1))
        return no_memory(err);
    for (size_t i = 0; i < rows->platform_count; i++) {
        const struct platform_row *row = &rows->platforms[i];
        sums->at[sums->count++] = (struct sum){.day = row->day,
                                               .platform = row->platform,
                                               .counts = row->counts,
                                               .updated_ms = row->updated_ms};
    }
    for (size_t i = 0; i < rows->source_count; i++) {
        const struct source_row *row = &rows->sources[i];
        sums->at[sums->count++] =
            (struct sum){.day = row->day, .source = row->source, .counts = row->counts};
    }
    if (sums->count == 0)
        return STATUS_OK;
    qsort(sums->at, sums->count, sizeof *sums->at, compare_sums);
    size_t kept = 0;
    for (size_t i = 1; i < sums->count; i++) {
        struct sum *into = &sums->at[kept];
        const struct sum *from = &sums->at[i];
        if (compare_keys(into, from) != 0) {
            sums->at[++kept] = *from;
            continue;
        }
        counts_add(&into->counts, &from->counts);
        if (from->updated_ms > into->updated_ms)
            into->updated_ms = from->updated_ms;
    }
    sums->count = kept + 1;
    return STATUS_OK;
}

/* "user U, listing L, 2026-01-31" */
static void place_words(const struct check *check, struct text listing, int32_t day, char *out,
                        size_t bytes)
{
    char date[DATE_BYTES];
    date_format(day, date);
    snprintf(out, bytes, "user %.*s, listing %.*s, %.*s", (int)check->user.len,
             (const char *)check->user.at, TEXT_ARGS(listing), DATE_BYTES, date);
}

static struct text name_of(const struct sum *sum)
{
    if (sum->source.at != NULL)
        return sum->source;
    return sum->platform == PLATFORM_NONE ? text_of("none") : platform_name(sum->platform);
}

/* One of the two may be NULL: nothing counted. */
static void compare(struct check *check, struct text listing, const struct sum *totals,
                    const struct sum *cells)
{
    static const char *const names[EVENT_TYPES] = {
        [EVENT_VIEW] = "views", [EVENT_SHARE] = "shares", [EVENT_INQUIRY] = "inquiries"};
    static const struct counts nothing = {{0}};
    const struct sum *any = totals != NULL ? totals : cells;
    assert(any != NULL);
    const struct counts *left = totals != NULL ? &totals->counts : &nothing;
    const struct counts *right = cells != NULL ? &cells->counts : &nothing;
    const char *kind = any->source.at != NULL ? "source" : "platform";
    struct text name = name_of(any);
    char place[320];

    place_words(check, listing, any->day, place, sizeof place);
    for (int type = 0; type < EVENT_TYPES; type++)
        if (left->of[type] != right->of[type])
            tell(check, STORE_SUMS,
                 "%s: %s %.*s has %" PRIu64 " %s in the totals, and its cells sum to %" PRIu64,
                 place, kind, TEXT_ARGS(name), left->of[type], names[type], right->of[type]);
    if (totals != NULL && cells != NULL && totals->updated_ms != cells->updated_ms)
        tell(check, STORE_SUMS,
             "%s: %s %.*s was last counted at %" PRId64 " ms in the totals, and at %" PRId64
             " ms in the cells",
             place, kind, TEXT_ARGS(name), totals->updated_ms, cells->updated_ms);
}

/* What the sources of a day name may not be more than its platforms have. */
static void check_sources(struct check *check, struct text listing, const struct sums *sums)
{
    char place[320];
    for (size_t i = 0; i < sums->count;) {
        int32_t day = sums->at[i].day;
        struct counts all = {{0}};
        struct counts named = {{0}};
        for (; i < sums->count && sums->at[i].day == day; i++)
            counts_add(sums->at[i].source.at == NULL ? &all : &named, &sums->at[i].counts);
        check->checked.listing_days++;
        for (int type = 0; type < EVENT_TYPES; type++)
            if (named.of[type] > all.of[type]) {
                place_words(check, listing, day, place, sizeof place);
                tell(check, STORE_SUMS,
                     "%s: the named sources have %" PRIu64 " of one kind, and the day has %" PRIu64,
                     place, named.of[type], all.of[type]);
            }
    }
}

static enum status compare_sides(struct check *check, struct text listing, struct error *err)
{
    struct sums *totals = &check->of_totals;
    struct sums *cells = &check->of_cells;
    enum status status = gather(&check->totals, totals, err);
    if (status == STATUS_OK)
        status = gather(&check->cells, cells, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0, j = 0; i < totals->count || j < cells->count;) {
        int order = i == totals->count  ? 1
                    : j == cells->count ? -1
                                        : compare_keys(&totals->at[i], &cells->at[j]);
        compare(check, listing, order <= 0 ? &totals->at[i] : NULL,
                order >= 0 ? &cells->at[j] : NULL);
        i += order <= 0;
        j += order >= 0;
    }
    check_sources(check, listing, totals);
    return STATUS_OK;
}

/* ---- walking ---- */

static enum status stream_next(struct check *check, struct stream *stream, struct error *err)
{
    int code = sqlite3_step(stream->statement);
    if (code == SQLITE_ROW) {
        stream->listing = column_text(stream->statement, 0);
        if (stream->listing.at == NULL)
            stream->listing = text_of("");
        return STATUS_OK;
    }
    stream->listing = (struct text){NULL, 0};
    return code == SQLITE_DONE ? STATUS_OK : cannot_read(check, err);
}

static enum status stream_open(struct check *check, struct stream *stream, int32_t at,
                               struct error *err)
{
    struct text user = {(const char *)check->user.at, check->user.len};
    sqlite3_reset(stream->statement);
    if (!bind_text(stream->statement, 1, user) || !bind_number(stream->statement, 2, at))
        return cannot_read(check, err);
    return stream_next(check, stream, err);
}

/* Decodes the block a stream stands at, if it can be; *good: it could. */
static enum status decode(struct check *check, const struct stream *stream, enum block_table table,
                          int32_t at, struct count_rows *rows, bool *good, struct error *err)
{
    struct text block = column_blob(stream->statement, 1);
    struct text user = {(const char *)check->user.at, check->user.len};
    struct error why = {0};
    enum status status = STATUS_OK;
    if (block.len == 0)
        status = block_missing(&why);
    else if (table == BLOCK_TOTALS)
        status = month_block_decode(block, at, CALENDAR_DAY_MIN, CALENDAR_DAY_MAX, rows, &why);
    else
        status = cell_block_decode(block, at, rows, &why);
    check->checked.month_blocks += table == BLOCK_TOTALS;
    check->checked.cell_blocks += table == BLOCK_CELLS;
    if (status == STATUS_CORRUPT) {
        struct error words;
        (void)block_corrupt(&check->connection, table, user, at, stream->listing, &why, &words);
        tell(check, STORE_BLOCK, "%.400s", words.message);
        *good = false;
        status = STATUS_OK;
    } else if (status != STATUS_OK) {
        *err = why;
    }
    return status == STATUS_OK ? step(check, err) : status;
}

/* The least listing that a stream stands at; absent when all are at the end. */
static struct text least_listing(const struct stream *streams, size_t count)
{
    struct text least = {NULL, 0};
    for (size_t i = 0; i < count; i++)
        if (streams[i].listing.at != NULL &&
            (least.at == NULL || text_compare(streams[i].listing, least) < 0))
            least = streams[i].listing;
    return least;
}

/* Takes the listing from all streams that stand at it, and compares. */
static enum status check_listing(struct check *check, struct stream *streams, size_t count,
                                 struct text listing, struct error *err)
{
    bool stands[1 + DAYS_MAX];
    bool good = true;
    enum status status = STATUS_OK;
    int32_t first_day = month_first_day(check->month);

    count_rows_clear(&check->totals);
    count_rows_clear(&check->cells);
    for (size_t i = 0; i < count; i++)
        stands[i] = streams[i].listing.at != NULL && text_equal(streams[i].listing, listing);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        if (stands[i])
            status = i == 0 ? decode(check, &streams[i], BLOCK_TOTALS, check->month, &check->totals,
                                     &good, err)
                            : decode(check, &streams[i], BLOCK_CELLS, first_day + (int32_t)i - 1,
                                     &check->cells, &good, err);
    if (status == STATUS_OK && good)
        status = compare_sides(check, listing, err);
    /* the rows' and the listing's texts lie in the statements until here */
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        if (stands[i])
            status = stream_next(check, &streams[i], err);
    return status;
}

static enum status check_month(struct check *check, struct error *err)
{
    struct stream streams[1 + DAYS_MAX] = {{.statement = check->statements[MONTH]}};
    size_t count = 1 + (size_t)month_length(check->month);
    int32_t first_day = month_first_day(check->month);

    enum status status = stream_open(check, &streams[0], check->month, err);
    for (size_t i = 1; i < count && status == STATUS_OK; i++) {
        streams[i].statement = check->statements[DAY + i - 1];
        status = stream_open(check, &streams[i], first_day + (int32_t)i - 1, err);
    }
    while (status == STATUS_OK) {
        struct text listing = least_listing(streams, count);
        if (listing.at == NULL)
            break;
        status = check_listing(check, streams, count, listing, err);
    }
    for (size_t i = 0; i < count; i++)
        sqlite3_reset(check->statements[MONTH + i]);
    return status;
}

/* A user and one of his months or days. */
struct pair {
    struct bytes user;
    int64_t at;
    bool found;
};

/* The first pair of a table behind (check->user, behind). */
static enum status next_pair(struct check *check, enum statement which, int64_t behind,
                             struct pair *out, struct error *err)
{
    sqlite3_stmt *statement = check->statements[which];
    struct text user = {(const char *)check->user.at, check->user.len};
    enum status status = STATUS_OK;
    if (user.at == NULL)
        user = text_of("");
    if (!bind_text(statement, 1, user) || !bind_number(statement, 2, behind))
        return cannot_read(check, err);
    int code = sqlite3_step(statement);
    out->found = code == SQLITE_ROW;
    if (out->found) {
        struct text found = column_text(statement, 0);
        out->at = sqlite3_column_int64(statement, 1);
        out->user.len = 0;
        if (!bytes_append(&out->user, found.at, found.len))
            status = no_memory(err);
    } else if (code != SQLITE_DONE) {
        status = cannot_read(check, err);
    }
    sqlite3_reset(statement);
    return status;
}

static struct text text_of_bytes(const struct bytes *bytes)
{
    return (struct text){(const char *)bytes->at, bytes->len};
}

/* Goes on to the next user and month that has totals or cells; false when there is none. */
static enum status advance(struct check *check, struct pair *totals, struct pair *cells,
                           bool *found, struct error *err)
{
    bool begun = check->user.len > 0;
    int64_t behind_day =
        begun ? (int64_t)month_first_day(check->month) + month_length(check->month) - 1 : INT64_MIN;
    enum status status =
        next_pair(check, NEXT_OF_TOTALS, begun ? check->month : INT64_MIN, totals, err);
    if (status == STATUS_OK)
        status = next_pair(check, NEXT_OF_CELLS, behind_day, cells, err);
    if (status != STATUS_OK)
        return status;
    *found = totals->found || cells->found;
    if (!*found)
        return STATUS_OK;
    int64_t month_min = month_of_day(CALENDAR_DAY_MIN);
    int64_t month_max = month_of_day(CALENDAR_DAY_MAX);
    if ((totals->found && (totals->at < month_min || totals->at > month_max)) ||
        (cells->found && (cells->at < CALENDAR_DAY_MIN || cells->at > CALENDAR_DAY_MAX)))
        return fail(err, STATUS_CORRUPT, "store %s: a month or a day in it is none",
                    check->connection.path);
    int64_t cells_month = cells->found ? month_of_day((int32_t)cells->at) : 0;
    int order = !totals->found ? 1
                : !cells->found
                    ? -1
                    : text_compare(text_of_bytes(&totals->user), text_of_bytes(&cells->user));
    if (order == 0)
        order = totals->at <= cells_month ? -1 : 1;
    const struct pair *next = order < 0 ? totals : cells;
    check->month = (int32_t)(order < 0 ? totals->at : cells_month);
    check->user.len = 0;
    return bytes_append(&check->user, next->user.at, next->user.len) ? STATUS_OK : no_memory(err);
}

static enum status check_sums(struct check *check, struct error *err)
{
    struct pair totals = {0};
    struct pair cells = {0};
    bool found = true;
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        status = advance(check, &totals, &cells, &found, err);
        if (status != STATUS_OK || !found)
            break;
        status = check_month(check, err);
    }
    bytes_done(&totals.user);
    bytes_done(&cells.user);
    return status;
}

/* ---- the whole ---- */

static enum status prepare(struct check *check, struct error *err)
{
    const char *sql[STATEMENTS] = {[NEXT_OF_TOTALS] = sql_next_of_totals,
                                   [NEXT_OF_CELLS] = sql_next_of_cells,
                                   [MONTH] = sql_month};
    for (size_t i = DAY; i < STATEMENTS; i++)
        sql[i] = sql_day;
    return connection_prepare(&check->connection, sql, check->statements, STATEMENTS, err);
}

static enum status count_facts(struct check *check, struct error *err)
{
    int64_t inquiries = 0;
    int64_t listings = 0;
    enum status status =
        connection_number(&check->connection, "SELECT count(*) FROM inquiries", &inquiries, err);
    if (status == STATUS_OK)
        status =
            connection_number(&check->connection, "SELECT count(*) FROM listings", &listings, err);
    check->checked.inquiries = (uint64_t)inquiries;
    check->checked.listings = (uint64_t)listings;
    return status;
}

enum status sqlite_store_check(const char *path, const struct store_check_visitor *visitor,
                               struct store_checked *out, struct error *err)
{
    struct check check = {.visitor = visitor};
    struct sqlite_store_state state;
    enum status status = sqlite_store_open_unused(&check.connection, path, err);
    if (status == STATUS_OK)
        status = sqlite_store_state_of(&check.connection, &state, err);
    if (status == STATUS_OK)
        status = check_pages(&check, err);
    if (status == STATUS_OK)
        status = prepare(&check, err);
    if (status == STATUS_OK)
        status = check_sums(&check, err);
    if (status == STATUS_OK)
        status = count_facts(&check, err);
    *out = check.checked;
    connection_finalize(check.statements, STATEMENTS);
    connection_close(&check.connection);
    bytes_done(&check.user);
    count_rows_done(&check.totals);
    count_rows_done(&check.cells);
    free(check.of_totals.at);
    free(check.of_cells.at);
    return status;
}
