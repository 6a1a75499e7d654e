/*
 * delivery.c - one loop over slices of a piece.
 *
 *     lines    0 ........ settled ......... recorded_to ........ count
 *              | described | recorded or      | not known        |
 *              |           | refused, but not | to the server    |
 *              |           | yet described    | yet              |
 *
 * `settled` moves over lines of which everything is known. `recorded_to` is ahead of it only when
 * an answer had more refusals than it described: then the slice between the two is sent again for
 * its descriptions, and its counts are not counted twice.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/import/delivery.h"

#include <glib.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

enum { WAIT_MS_MIN = 250, WAIT_MS_MAX = 10000, CODE_BYTES_MAX = 64 };

struct progress {
    size_t settled;
    size_t recorded_to;
    uint64_t moved_ns; /* when something was last answered with counts */
    unsigned wait_ms;
};

static uint64_t number_of(const json_t *answer, const char *name)
{
    const json_t *number = json_object_get(answer, name);
    return json_is_integer(number) && json_integer_value(number) > 0
               ? (uint64_t)json_integer_value(number)
               : 0;
}

/* The server's refusal of a line, as an error of ours. */
static void read_refusal(const json_t *refusal, struct error *out)
{
    const char *code = json_string_value(json_object_get(refusal, "code"));
    const char *field = json_string_value(json_object_get(refusal, "field"));
    const char *words = json_string_value(json_object_get(refusal, "error"));
    fail(out, STATUS_INVALID, "%s", words == NULL ? "the server refused it" : words);
    if (code != NULL && strlen(code) <= CODE_BYTES_MAX)
        out->code = g_intern_string(code);
    snprintf(out->field, sizeof out->field, "%s", field == NULL ? "" : field);
}

/*
 * Takes an answer to the lines from `from` to `to`. *described is how far every refusal is known.
 */
static enum status take_refusals(struct piece *piece, const json_t *answer, size_t from, size_t to,
                                 size_t *described, struct error *err)
{
    const json_t *refusals = json_object_get(answer, "errors");
    size_t count = json_array_size(refusals);
    *described = to;
    if (number_of(answer, "rejected") > count && count > 0) {
        uint64_t last = number_of(json_array_get(refusals, count - 1), "line");
        if (from + last < to)
            *described = from + last; /* line 1 is record `from` */
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *refusal = json_array_get(refusals, i);
        uint64_t line = number_of(refusal, "line");
        struct error why;
        if (line == 0 || line > *described - from)
            continue; /* behind what was recorded: it comes again */
        read_refusal(refusal, &why);
        enum status status = piece_reject(piece, &piece->records[from + line - 1], &why, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* Takes an answer that has counts; was_read: of all lines, not only those before nextLine. */
static enum status take_counts(struct piece *piece, const json_t *answer, bool was_read,
                               struct progress *progress, size_t to, struct import_totals *totals,
                               struct error *err)
{
    size_t from = progress->settled;
    bool is_new = from >= progress->recorded_to;
    uint64_t next_line = number_of(answer, "nextLine");
    size_t reached = was_read ? to : from;
    size_t described = 0;
    if (!was_read && next_line > 0 && from + next_line - 1 <= to)
        reached = from + next_line - 1;
    if (is_new) {
        totals->recorded += number_of(answer, "recorded");
        totals->duplicates += number_of(answer, "duplicates");
        progress->recorded_to = reached;
    }
    enum status status = take_refusals(piece, answer, from, reached, &described, err);
    if (described > progress->settled) {
        progress->moved_ns = monotonic_ns();
        progress->wait_ms = WAIT_MS_MIN;
    }
    progress->settled = described;
    return status;
}

static size_t body_place(const struct piece *piece, size_t record)
{
    return record < piece->record_count ? piece->records[record].body_at : piece->body.len;
}

static bool may_heal(const struct delivery *delivery, enum status status, const struct error *why)
{
    return status == STATUS_OVERLOADED ||
           (status == STATUS_IO && (delivery->was_answered || strcmp(why->code, "no_server") != 0));
}

/* Waits as long as the server asked, or longer each time. */
static enum status wait_a_while(struct delivery *delivery, struct progress *progress,
                                const struct error *why, struct error *err)
{
    uint64_t waited_ns = monotonic_ns() - progress->moved_ns;
    unsigned asked_ms = target_retry_after(delivery->target) * 1000;
    unsigned ms = asked_ms > progress->wait_ms ? asked_ms : progress->wait_ms;
    progress->wait_ms = progress->wait_ms * 2 > WAIT_MS_MAX ? WAIT_MS_MAX : progress->wait_ms * 2;
    if (waited_ns + ms * ns_per_ms > delivery->patience_s * ns_per_s) {
        *err = *why;
        return why->status;
    }
    if (delivery->waiting != NULL)
        delivery->waiting(delivery->context, why, (ms + 999) / 1000);
    struct timespec rest = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * (long)ns_per_ms};
    while (*delivery->stop == 0 && nanosleep(&rest, &rest) != 0)
        continue;
    return *delivery->stop == 0 ? STATUS_OK : fail(err, STATUS_STOPPED, "stopped while waiting");
}

enum status delivery_send(struct delivery *delivery, struct piece *piece,
                          struct import_totals *totals, struct error *err)
{
    struct progress progress = {.moved_ns = monotonic_ns(), .wait_ms = WAIT_MS_MIN};
    while (progress.settled < piece->record_count) {
        struct error why;
        json_t *answer = NULL;
        size_t to =
            progress.recorded_to > progress.settled ? progress.recorded_to : piece->record_count;
        size_t start = body_place(piece, progress.settled);
        size_t end = body_place(piece, to);
        enum status status =
            target_send(delivery->target, "POST", delivery->path, "application/x-ndjson",
                        piece->body.at + start, end - start, &answer, &why);
        if (status == STATUS_INVALID && strcmp(why.code, "all_rejected") == 0)
            status = STATUS_OK;
        delivery->was_answered |= status != STATUS_IO;
        if (answer != NULL) {
            enum status taken =
                take_counts(piece, answer, status == STATUS_OK, &progress, to, totals, err);
            json_decref(answer);
            if (taken != STATUS_OK)
                return taken;
        }
        if (status != STATUS_OK && !may_heal(delivery, status, &why)) {
            *err = why;
            return status;
        }
        if (status != STATUS_OK)
            status = wait_a_while(delivery, &progress, &why, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}
