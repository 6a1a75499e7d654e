/*
 * run.c - open, find the place, loop over pieces.
 *
 * The bookmark in memory moves when a piece is acknowledged; on disk it follows at most BOOKMARK_MS
 * or BOOKMARK_RECORDS later, and at the end, however that comes about. The time is for a slow
 * server, the number for a fast one: how much is in doubt must not depend on its speed. A last
 * record that has no line end and is rejected may only be half written: the bookmark stays before
 * it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/import/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/clock.h"
#include "cli/import/delivery.h"
#include "cli/import/dry_run.h"
#include "cli/import/format.h"
#include "cli/import/piece.h"
#include "cli/import/report.h"

enum { BOOKMARK_MS = 100, BOOKMARK_RECORDS = 64 * 1024, PATH_QUERY_BYTES = 64, WAIT_SAID_S = 10 };

static volatile sig_atomic_t stop_asked;

static void ask_to_stop(int number __attribute__((unused)))
{
    stop_asked = 1;
}

struct import {
    const struct import_options *options;
    struct source *source;
    struct piece *piece;
    struct piece_reader reader;
    struct delivery delivery;
    struct report report;
    struct dry_run dry;
    struct arena arena;
    char path[PATH_QUERY_BYTES];
    bool has_bookmark;
    bool tail_was_rejected;
    struct bookmark bookmark;    /* what was acknowledged */
    struct import_totals before; /* of earlier runs */
    bool bookmark_is_behind;     /* on disk */
    uint64_t bookmark_written_ns;
    size_t unmarked;       /* records acknowledged since */
    const char *waits_for; /* the code that was said last; NULL: none. Codes are kept for good */
    uint64_t wait_said_ns;
    struct import_result *result;
};

/* The first signal ends the import between two pieces, the second the program. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = ask_to_stop, .sa_flags = (int)SA_RESETHAND};
    stop_asked = 0;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* ---- what the file is ---- */

/* What ids are made from: the file's start, and what makes its records mean something else. */
static uint64_t identity_of(const struct import *import)
{
    const struct mapping_options *mapping = &import->options->mapping;
    const char *const texts[] = {mapping->set, mapping->user};
    struct text head = source_head(import->source);
    uint64_t identity = XXH3_64bits(head.at, head.len);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *text = texts[i] == NULL ? "" : texts[i];
        identity = XXH3_64bits_withSeed(text, strlen(text), identity);
    }
    return identity;
}

static enum status check_options(const struct import *import, const char *format, struct error *err)
{
    const struct import_options *options = import->options;
    const struct mapping_options *mapping = &options->mapping;
    if (strcmp(format, "csv") != 0 &&
        (mapping->map != NULL || mapping->values != NULL || mapping->time_format != NULL ||
         mapping->encoding != NULL || options->delimiter != 0 || options->no_header))
        return fail_input(err, "usage", "",
                          "--map, --values, --time-format, --encoding, --delimiter and --no-header "
                          "are for CSV; %s is read as NDJSON",
                          options->path);
    return STATUS_OK;
}

/* Reads the header, or knows that there is none. */
static enum status begin_csv(struct import *import, struct error *err)
{
    const struct import_options *options = import->options;
    struct csv_record header = {0};
    const char *unused = "";
    char delimiter = options->delimiter;
    if (delimiter == 0 && import_name_ends_with(options->path, ".tsv"))
        delimiter = '\t';
    enum status status = csv_records_new(import->source, delimiter, &import->reader.csv, err);
    if (status != STATUS_OK)
        return status;
    if (options->no_header)
        return mapping_take_header(import->reader.mapping, NULL, 0, &import->arena, &unused, err);
    status = csv_records_look(import->reader.csv, &header, err);
    if (status != STATUS_OK)
        return status;
    if (header.is_bad)
        return STATUS_INVALID;
    if (header.bytes == 0)
        return fail_input(err, "empty_file", "", "%s: it is empty; a header is expected",
                          options->path);
    status = mapping_take_header(import->reader.mapping, header.cells, header.cell_count,
                                 &import->arena, &unused, err);
    if (status != STATUS_OK)
        return status;
    if (unused[0] != '\0')
        report_say(&import->report, "columns that are not used: %s", unused);
    return csv_records_take(import->reader.csv, &header, err);
}

/* ---- the place ---- */

static enum status write_bookmark(struct import *import, struct error *err)
{
    struct bookmark *bookmark = &import->bookmark;
    enum status status = source_hash_before(import->source, bookmark->offset, &bookmark->head_hash,
                                            &bookmark->tail_hash, err);
    if (status == STATUS_OK)
        status = bookmark_write(import->result->bookmark_path, bookmark, err);
    import->bookmark_is_behind = false;
    import->bookmark_written_ns = monotonic_ns();
    import->unmarked = 0;
    return status;
}

/* Whether the file before the bookmark is what it was; on STATUS_OK. */
static enum status check_file(const struct import *import, const struct bookmark *found,
                              bool *is_same, struct error *err)
{
    uint64_t head = 0;
    uint64_t tail = 0;
    *is_same = false;
    if (source_bytes(import->source) < found->offset)
        return STATUS_OK;
    enum status status = source_hash_before(import->source, found->offset, &head, &tail, err);
    *is_same = head == found->head_hash && tail == found->tail_hash;
    return status;
}

/* Whose records would be another's events with other options must not be taken for done. */
static uint64_t hash_of_reading(const struct import_options *options)
{
    const struct mapping_options *mapping = &options->mapping;
    const char *const texts[] = {mapping->map,         mapping->set,      mapping->values,
                                 mapping->user,        mapping->encoding, mapping->timezone,
                                 mapping->time_format, options->oldest};
    uint64_t hash = (uint64_t)options->no_header << 8 | (uint8_t)options->delimiter;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *text = texts[i] == NULL ? "" : texts[i];
        hash = XXH3_64bits_withSeed(text, strlen(text), hash);
    }
    return hash;
}

static enum status check_bookmark(const struct import *import, const struct bookmark *found,
                                  const char *format, bool is_same, struct error *err)
{
    const char *path = import->result->bookmark_path;
    if (strcmp(found->target, import->options->target) != 0)
        return fail_input(err, "usage", "",
                          "%s is the bookmark of an import into %s, not %s; keep another with "
                          "--bookmark",
                          path, found->target, import->options->target);
    if (!is_same)
        return fail_input(err, "changed_file", "",
                          "%s is not the file that %s was kept for: what was imported of it has "
                          "changed. To import it as a new file, from its beginning: --restart",
                          import->options->path, path);
    if (found->reading != hash_of_reading(import->options))
        return fail_input(err, "usage", "",
                          "%s was kept for this file read in another way: --user, --map, --set, "
                          "--values or another option was different. For a second import of the "
                          "file name another place with --bookmark; to import it anew as you say "
                          "now: --restart",
                          path);
    if (strcmp(found->format, format) != 0)
        return fail_input(err, "usage", "", "%s was kept for a file read as %s, not as %s", path,
                          found->format, format);
    return STATUS_OK;
}

static enum status name_bookmark(struct import *import, struct error *err)
{
    const struct import_options *options = import->options;
    char *out = import->result->bookmark_path;
    int len = options->bookmark_path != NULL
                  ? snprintf(out, FILE_PATH_BYTES, "%s", options->bookmark_path)
                  : snprintf(out, FILE_PATH_BYTES, "%s.bookmark", options->path);
    if (len > 0 && len < FILE_PATH_BYTES)
        return STATUS_OK;
    out[0] = '\0';
    return fail_input(err, "usage", "", "the path of the bookmark is too long");
}

/* Takes up the bookmark, or begins one. */
static enum status find_place(struct import *import, const char *format, struct error *err)
{
    struct bookmark found;
    struct bookmark *bookmark = &import->bookmark;
    const struct import_options *options = import->options;
    bool is_same = false;
    *bookmark =
        (struct bookmark){.identity = identity_of(import), .reading = hash_of_reading(options)};
    import->result->from_line = 1;
    import->has_bookmark = source_is_file(import->source) && !options->dry_run;
    if (!import->has_bookmark && options->bookmark_path != NULL && !options->dry_run)
        return fail_input(err, "usage", "",
                          "--bookmark: only a file can be gone on with, and %s "
                          "is none",
                          options->path);
    if (!import->has_bookmark)
        return STATUS_OK;
    if (strlen(options->target) >= sizeof bookmark->target)
        return fail_input(err, "usage", "", "the server's address is too long");
    snprintf(bookmark->target, sizeof bookmark->target, "%s", options->target);
    snprintf(bookmark->format, sizeof bookmark->format, "%s", format);

    enum status status = name_bookmark(import, err);
    if (status != STATUS_OK)
        return status;
    status = bookmark_read(import->result->bookmark_path, &found, err);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status == STATUS_OK)
        status = check_file(import, &found, &is_same, err);
    if (status == STATUS_OK && !options->restart)
        status = check_bookmark(import, &found, format, is_same, err);
    if (status != STATUS_OK)
        return status;
    if (options->restart) {
        if (is_same)
            bookmark->identity = found.identity; /* so that what is repeated has its old ids */
        return STATUS_OK;
    }
    *bookmark = found;
    import->before = found.totals;
    import->result->was_resumed = found.offset > 0;
    import->result->from_line = found.lines + 1;
    return STATUS_OK;
}

/* ---- the loop ---- */

static struct import_totals sum(struct import_totals a, struct import_totals b)
{
    return (struct import_totals){a.recorded + b.recorded, a.duplicates + b.duplicates,
                                  a.rejected + b.rejected, a.skipped + b.skipped};
}

/* What the piece held is acknowledged, and its rejects are kept. */
static enum status move_bookmark(struct import *import, struct error *err)
{
    const struct piece *piece = import->piece;
    struct bookmark *bookmark = &import->bookmark;
    import->result->lines = piece->end_lines;
    import->tail_was_rejected |= piece->is_tail && piece->reject_count > 0;
    if (!import->has_bookmark || import->tail_was_rejected)
        return STATUS_OK;
    bookmark->offset = piece->end_offset;
    bookmark->lines = piece->end_lines;
    bookmark->totals = sum(import->before, import->result->run);
    import->bookmark_is_behind = true;
    import->unmarked += piece->record_count;
    if (import->unmarked + PIECE_RECORDS_MAX <= BOOKMARK_RECORDS &&
        monotonic_ns() - import->bookmark_written_ns < BOOKMARK_MS * ns_per_ms)
        return STATUS_OK;
    return write_bookmark(import, err);
}

static enum status import_piece(struct import *import, struct error *err)
{
    struct piece *piece = import->piece;
    struct import_totals *run = &import->result->run;
    enum status status = piece_read(piece, &import->reader, err);
    if (status != STATUS_OK)
        return status;
    if (import->options->dry_run)
        status = dry_run_check(&import->dry, piece, run, err);
    else
        status = delivery_send(&import->delivery, piece, run, err);
    if (status != STATUS_OK)
        return status;
    run->rejected += piece->reject_count;
    run->skipped += piece->skipped;
    piece_sort_rejects(piece);
    status = report_rejects(&import->report, piece, err);
    if (status == STATUS_OK)
        status = move_bookmark(import, err);
    report_progress(&import->report, run, piece->end_offset, source_bytes(import->source));
    return status;
}

static enum status import_pieces(struct import *import, struct error *err)
{
    const struct import_options *options = import->options;
    enum status status = STATUS_OK;
    do {
        if (stop_asked != 0)
            return fail(err, STATUS_STOPPED, "%s: stopped", options->path);
        status = import_piece(import, err);
        if (status == STATUS_OK && import->result->run.rejected > options->errors_max)
            status = fail_input(err, "too_many_rejected", "",
                                "%s: over %llu records were rejected; mend what they say, or allow "
                                "more with --max-errors",
                                options->path, (unsigned long long)options->errors_max);
    } while (status == STATUS_OK && !import->piece->is_last);
    return status;
}

static void say_waiting(void *context, const struct error *why, unsigned seconds)
{
    struct import *import = context;
    uint64_t now_ns = monotonic_ns();
    if (import->waits_for == why->code && now_ns - import->wait_said_ns < WAIT_SAID_S * ns_per_s)
        return; /* the same, still */
    import->waits_for = why->code;
    import->wait_said_ns = now_ns;
    if (why->status == STATUS_OVERLOADED)
        report_say(&import->report, "the server cannot take more now (%s): again in %u s",
                   why->code, seconds);
    else
        report_say(&import->report, "%s: again in %u s", why->message, seconds);
}

static enum status begin(struct import *import, struct target *target, struct error *err)
{
    const struct import_options *options = import->options;
    const char *format = NULL;
    enum status status = source_open(options->path, &stop_asked, &import->source, err);
    if (status == STATUS_OK)
        status = import_format_find(options->path, options->format, source_head(import->source),
                                    &format, err);
    if (status == STATUS_OK)
        status = check_options(import, format, err);
    if (status == STATUS_OK)
        status = mapping_new(&options->mapping, &import->reader.mapping, err);
    if (status == STATUS_OK)
        status = find_place(import, format, err);
    if (status == STATUS_OK)
        status = report_open(&import->report, options->path, options->errors_path,
                             import->bookmark.offset, err);
    if (status == STATUS_OK && options->dry_run)
        status = dry_run_init(&import->dry, options->oldest, options->is_quiet, err);
    import->reader.source = import->source;
    import->reader.identity = import->bookmark.identity;
    if (status == STATUS_OK && strcmp(format, "csv") == 0)
        status = begin_csv(import, err);
    if (status == STATUS_OK && import->bookmark.offset > 0)
        status = source_seek(import->source, import->bookmark.offset, import->bookmark.lines, err);
    if (status == STATUS_OK && import->has_bookmark)
        status = write_bookmark(import, err); /* before anything is sent: it must be possible */
    snprintf(import->path, sizeof import->path, "/v1/events?oldest=%s", options->oldest);
    import->delivery = (struct delivery){
        .target = target,
        .path = import->path,
        .patience_s = options->patience_s,
        .stop = &stop_asked,
        .waiting = say_waiting,
        .context = import,
        .was_answered = import->result->was_resumed,
    };
    return status;
}

static void end(struct import *import)
{
    struct import_result *result = import->result;
    result->all_runs = sum(import->before, result->run);
    result->seconds = report_seconds(&import->report);
    report_clear(&import->report);
    if (import->report.untimed > 0 && !mapping_time_is_now(import->reader.mapping))
        report_say(&import->report,
                   "%llu event%s without a timestamp counted as of now (--set timestamp=TIME "
                   "gives them one)",
                   (unsigned long long)import->report.untimed,
                   import->report.untimed == 1 ? "" : "s");
    report_close(&import->report);
    if (import->piece != NULL)
        piece_done(import->piece);
    free(import->piece);
    piece_reader_done(&import->reader);
    source_close(import->source);
    arena_done(&import->arena);
}

enum status import_run(const struct import_options *options, struct target *target,
                       struct import_result *out, struct error *err)
{
    struct import import = {.options = options, .result = out};
    enum status status = STATUS_OK;
    struct error last;
    *out = (struct import_result){0};
    catch_signals();
    import.piece = calloc(1, sizeof *import.piece);
    if (import.piece == NULL) {
        status = fail(err, STATUS_NO_MEMORY, "no memory for an import");
        goto cleanup;
    }
    status = begin(&import, target, err);
    if (status != STATUS_OK)
        goto cleanup;
    status = import_pieces(&import, err);
    if (import.bookmark_is_behind && write_bookmark(&import, &last) != STATUS_OK &&
        status == STATUS_OK) {
        *err = last;
        status = last.status;
    }

cleanup:
    end(&import);
    return status;
}
