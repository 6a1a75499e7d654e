/*
 * sql.c - footfall sql: questions in SQL, answered from the store.
 *
 * Rows go out as they come, in any number. A table measures its columns by the first rows only;
 * what is wider later pushes its line. Texts of inquiries come from anybody: in a table control
 * characters are shown as such, never sent to the terminal.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "cli/backup/manifest.h"
#include "cli/commands.h"
#include "cli/shared_flags.h"
#include "cli/sql/output.h"
#include "engine/store_kind.h"
#include "journal/copy.h"
#include "store/sqlite/sql_session.h"

enum { STDIN_BYTES_MAX = 16 * 1024 * 1024, TIME_LIMIT_S_MAX = 24 * 60 * 60 };

static const struct flag flag_data_served =
    DATA_FOLDER_FLAG("The data folder, or a backup. A server may use it.");
static const struct flag flag_format = {
    .name = "format",
    .value = "FORMAT",
    .initial = "table",
    .choices = "table|csv|ndjson|json",
    .help = "How rows are shown.",
};
static const struct flag flag_time_limit = {
    .name = "time-limit",
    .value = "SECONDS",
    .initial = "60",
    .help = "A statement that takes longer is ended; 0: no limit. While one runs the server's "
            "log cannot start over.",
};
static const struct flag flag_tables = {
    .name = "tables",
    .help = "Prints the tables and their columns.",
};

static const char tables_text[] =
    "listing_days(user_id, listing_id, date, views, shares, inquiries, updated_at)\n"
    "    a row a listing and UTC day\n"
    "platform_days(user_id, listing_id, date, platform, views, shares, inquiries, updated_at)\n"
    "source_days(user_id, listing_id, date, source, views, shares, inquiries)\n"
    "    the same by platform, by source; what has none is named none\n"
    "platform_quarters(user_id, listing_id, date, time, starts_at, platform, views, shares,\n"
    "                  inquiries, updated_at)\n"
    "source_quarters(user_id, listing_id, date, time, starts_at, source, views, shares, "
    "inquiries)\n"
    "    the same by quarter of an hour, UTC; time is 08:15\n"
    "inquiries(user_id, listing_id, date, timestamp, received_at, id, platform, source, inquiry)\n"
    "    each inquiry; inquiry is what was sent, as JSON\n"
    "listings(user_id, listing_id, address, price, currency, image, status, updated_at)\n"
    "    details of listings\n"
    "\n"
    "date is 2026-03-01. updated_at, starts_at, timestamp and received_at are milliseconds since\n"
    "1970: datetime(updated_at / 1000, 'unixepoch').\n"
    "A condition on user_id, listing_id or date says what is read at all; without one everything "
    "is.\n";

static struct sql_session *running; /* for the signal */

static void on_signal(int number)
{
    (void)number;
    if (running != NULL)
        sql_session_interrupt(running);
}

/* Says on stderr what the store cannot know yet. */
static enum status tell_freshness(const char *data, struct sql_session *session, struct error *err)
{
    char journal[FILE_PATH_BYTES];
    struct sqlite_store_state state;
    struct journal_copied records = {0};
    struct error ignored;
    bool serving = false;
    enum status status = sql_session_state(session, &state, err);
    if (status == STATUS_OK)
        status = file_path(journal, data, "journal", err);
    if (status != STATUS_OK)
        return status;
    if (journal_is_open(journal, &serving, &ignored) == STATUS_OK && serving) {
        fprintf(stderr,
                "footfall: a server uses %s: what it recorded since its last seal (within "
                "--seal-interval-ms) is not in these answers\n",
                data);
        return STATUS_OK;
    }
    int pin = -1;
    struct journal_copy_options look = {.from = journal, .pin = &pin, .seq_from = UINT64_MAX};
    if (journal_pin(journal, &pin, &ignored) == STATUS_OK &&
        journal_copy(&look, &records, &ignored) == STATUS_OK &&
        records.seq_last > state.position.seq) {
        uint64_t missing = records.seq_last - state.position.seq;
        fprintf(stderr,
                "footfall: the journal has %" PRIu64 " record%s that the store does not have "
                "yet: not in these answers; the next start of a server counts what is in the "
                "journal\n",
                missing, missing == 1 ? "" : "s");
    }
    journal_unpin(pin);
    return STATUS_OK;
}

/* Runs every statement of the text. */
static enum status run_all(struct sql_session *session, struct text sql, struct sql_output *output,
                           struct error *err)
{
    const struct sql_visitor visitor = {sql_output_columns, sql_output_row, output};
    enum status status = STATUS_OK;
    while (status == STATUS_OK && sql.len > 0) {
        sql_output_begin(output);
        status = sql_session_run(session, sql, &visitor, &sql, err);
        if (status == STATUS_OK)
            status = sql_output_end(output, err);
    }
    return status;
}

static enum status run_stdin(struct sql_session *session, struct sql_output *output,
                             struct error *err)
{
    struct bytes text = {0};
    enum status status = STATUS_OK;
    size_t got = 1;
    while (status == STATUS_OK && got > 0 && text.len <= STDIN_BYTES_MAX) {
        if (!bytes_reserve(&text, 64 * 1024)) {
            status = fail(err, STATUS_NO_MEMORY, "no memory for the statements");
            break;
        }
        got = fread(text.at + text.len, 1, 64 * 1024, stdin);
        text.len += got;
    }
    if (status == STATUS_OK && ferror(stdin))
        status = fail_errno(err, "stdin");
    if (status == STATUS_OK && text.len > STDIN_BYTES_MAX)
        status = fail_input(err, "sql", "", "more than %d bytes of statements", STDIN_BYTES_MAX);
    if (status == STATUS_OK)
        status = run_all(session, (struct text){(const char *)text.at, text.len}, output, err);
    bytes_done(&text);
    return status;
}

static bool is_word(const char *line, const char *word)
{
    size_t len = strlen(word);
    return strncmp(line, word, len) == 0 && strspn(line + len, " \r\n") == strlen(line + len);
}

/* One statement after the other, each ended by a semicolon; what is wrong with one is said. */
static enum status run_terminal(struct sql_session *session, struct sql_output *output,
                                struct error *err)
{
    struct bytes text = {0};
    char *line = NULL;
    size_t cap = 0;
    ssize_t len = 0;
    enum status status = STATUS_OK;
    fputs("footfall sql: statements end with a semicolon; .tables, .quit\n", stdout);
    for (;;) {
        fputs(text.len == 0 ? "footfall> " : "     ...> ", stdout);
        fflush(stdout);
        len = getline(&line, &cap, stdin);
        if (len < 0 || (text.len == 0 && (is_word(line, ".quit") || is_word(line, ".exit"))))
            break;
        if (text.len == 0 && (is_word(line, ".tables") || is_word(line, ".help"))) {
            fputs(tables_text, stdout);
            continue;
        }
        if (text.len == 0 && line[strspn(line, " \t\r\n")] == '\0')
            continue;
        if (!bytes_append(&text, line, (size_t)len) || !bytes_reserve(&text, 1)) {
            status = fail(err, STATUS_NO_MEMORY, "no memory for the statement");
            break;
        }
        text.at[text.len] = '\0';
        if (!sql_is_complete((const char *)text.at) && text.len <= SQL_STATEMENT_BYTES_MAX)
            continue;
        struct error wrong;
        if (run_all(session, (struct text){(const char *)text.at, text.len}, output, &wrong) !=
            STATUS_OK)
            (void)report_error(&wrong);
        text.len = 0;
    }
    if (len < 0)
        putchar('\n');
    free(line);
    bytes_done(&text);
    return status;
}

static enum status answer(const struct arguments *arguments, uint64_t time_limit_s,
                          struct error *err)
{
    char path[FILE_PATH_BYTES];
    const char *data = argument_text(arguments, "data");
    struct sql_session *session = NULL;
    struct sql_output output;
    struct sigaction action = {.sa_handler = on_signal};

    enum status status = store_kind_need_sqlite(data, "it is not to be asked in SQL", err);
    if (status != STATUS_OK)
        return status;
    status = file_path(path, data, "footfall.db", err);
    if (status == STATUS_OK)
        status =
            sql_session_open(path, manifest_is_there(data), time_limit_s * 1000, &session, err);
    if (status == STATUS_NOT_FOUND)
        status = fail(err, status,
                      "%s is no data folder: it has no footfall.db; --data names the folder of a "
                      "server",
                      data);
    if (status != STATUS_OK)
        return status;
    running = session;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sql_output_init(&output, argument_text(arguments, "format"), stdout);
    status = tell_freshness(data, session, err);
    if (status == STATUS_OK && arguments->operand_count > 0)
        status = run_all(session, text_of(arguments->operands[0]), &output, err);
    else if (status == STATUS_OK && isatty(STDIN_FILENO) == 1)
        status = run_terminal(session, &output, err);
    else if (status == STATUS_OK)
        status = run_stdin(session, &output, err);
    if (fflush(stdout) != 0 && status == STATUS_OK)
        status = fail_errno(err, "stdout");
    sql_output_done(&output);
    running = NULL;
    sql_session_close(session);
    return status;
}

static int run_sql(const struct arguments *arguments)
{
    struct error error;
    uint64_t time_limit_s = 0;
    if (argument_is_on(arguments, "tables")) {
        fputs(tables_text, stdout);
        return EXIT_DONE;
    }
    enum status status =
        argument_number(arguments, "time-limit", 0, TIME_LIMIT_S_MAX, &time_limit_s, &error);
    if (status != STATUS_OK)
        return report_error(&error);
    status = answer(arguments, time_limit_s, &error);
    if (status == STATUS_OK)
        return EXIT_DONE;
    (void)report_error(&error);
    return EXIT_FAILED;
}

const struct command command_sql = {
    .name = "sql",
    .summary = "Ask the store in SQL.",
    .usage = (const char *const[]){"[QUERY] [--data DIR] [--format FORMAT] [--time-limit SECONDS]",
                                   "--tables", NULL},
    .text = "Answers SQL (SQLite's) over listing-days, platforms, sources, quarter-hours, "
            "inquiries and details of listings. --tables names the tables. Without QUERY it reads "
            "statements from standard input; from a terminal, one after the other.\n\n"
            "It reads beside a running server and never writes: only SELECT, WITH, VALUES and "
            "EXPLAIN are taken. What the server recorded in its last seconds is not in the store "
            "yet; standard error says so. Name a user, a listing or dates where you can: then only "
            "their blocks are read.",
    .flags = (const struct flag *const[]){&flag_data_served, &flag_format, &flag_time_limit,
                                          &flag_tables, NULL},
    .operands_max = 1,
    .run = run_sql,
};
