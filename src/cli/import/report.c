/*
 * report.c - stderr for people, a file of JSON lines for whoever mends what was rejected.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/import/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "present/json_writer.h"

enum { SHOWN_REJECTS_MAX = 10, TERMINAL_MS = 200, LOG_MS = 10000, BAR_CELLS = 20 };

enum status report_open(struct report *report, const char *name, const char *errors_path,
                        uint64_t start_offset, struct error *err)
{
    *report = (struct report){
        .name = name,
        .errors_path = errors_path,
        .on_terminal = isatty(STDERR_FILENO) == 1,
        .started_ns = monotonic_ns(),
        .start_offset = start_offset,
    };
    report->shown_ns = report->started_ns;
    if (errors_path == NULL)
        return STATUS_OK;
    report->errors = fopen(errors_path, "ae");
    return report->errors != NULL ? STATUS_OK : fail_errno(err, "--errors %s", errors_path);
}

void report_close(struct report *report)
{
    if (report->errors != NULL)
        fclose(report->errors);
    report->errors = NULL;
}

void report_clear(struct report *report)
{
    if (report->line_is_open)
        fputs("\r\033[K", stderr);
    report->line_is_open = false;
}

void report_say(struct report *report, const char *format, ...)
{
    va_list arguments;
    report_clear(report);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

static enum status write_reject(struct report *report, const struct piece *piece,
                                const struct piece_reject *reject, struct bytes *line,
                                struct error *err)
{
    struct json_writer writer = {.out = line};
    line->len = 0;
    json_put_object(&writer);
    json_put_key(&writer, "line");
    json_put_u64(&writer, reject->line);
    json_put_key(&writer, "code");
    json_put_text(&writer, reject->code);
    json_put_key(&writer, "error");
    json_put_text(&writer, reject->message);
    if (reject->field.len > 0) {
        json_put_key(&writer, "field");
        json_put_text(&writer, reject->field);
    }
    json_put_key(&writer, "record");
    json_put_text(&writer,
                  (struct text){(const char *)piece->raw.at + reject->raw_at, reject->raw_len});
    json_put_object_end(&writer);
    if (writer.failed || !bytes_append(line, "\n", 1))
        return fail(err, STATUS_NO_MEMORY, "no memory for a rejected record");
    if (fwrite(line->at, 1, line->len, report->errors) != line->len)
        return fail_errno(err, "%s", report->errors_path);
    return STATUS_OK;
}

static void say_reject(struct report *report, const struct piece_reject *reject)
{
    if (report->shown_rejects == SHOWN_REJECTS_MAX)
        report_say(report, "further rejected records are only counted; --errors FILE keeps all");
    if (report->shown_rejects++ < SHOWN_REJECTS_MAX)
        report_say(report, "line %" PRIu64 ": %.*s (%.*s)", reject->line,
                   TEXT_ARGS(reject->message), TEXT_ARGS(reject->code));
}

enum status report_rejects(struct report *report, const struct piece *piece, struct error *err)
{
    struct bytes line = {0};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < piece->reject_count && status == STATUS_OK; i++) {
        if (report->errors != NULL)
            status = write_reject(report, piece, &piece->rejects[i], &line, err);
        else
            say_reject(report, &piece->rejects[i]);
    }
    bytes_done(&line);
    if (status == STATUS_OK && report->errors != NULL && piece->reject_count > 0 &&
        (fflush(report->errors) != 0 || fdatasync(fileno(report->errors)) != 0))
        status = fail_errno(err, "%s", report->errors_path);
    report->untimed += piece->untimed;
    return status;
}

double report_seconds(const struct report *report)
{
    return (double)(monotonic_ns() - report->started_ns) / (double)ns_per_s;
}

/* "1:02:03" or "2:03" */
struct span {
    char text[32];
};
static struct span span_of(double seconds)
{
    struct span span;
    unsigned long whole = seconds > 3e8 ? 300000000UL : (unsigned long)(seconds + 0.5);
    if (whole >= 3600)
        snprintf(span.text, sizeof span.text, "%lu:%02lu:%02lu", whole / 3600, whole / 60 % 60,
                 whole % 60);
    else
        snprintf(span.text, sizeof span.text, "%lu:%02lu", whole / 60, whole % 60);
    return span;
}

void report_progress(struct report *report, const struct import_totals *totals, uint64_t offset,
                     uint64_t total_bytes)
{
    uint64_t now_ns = monotonic_ns();
    uint64_t interval_ms = report->on_terminal ? TERMINAL_MS : LOG_MS;
    if (now_ns - report->shown_ns < interval_ms * ns_per_ms)
        return;
    report->shown_ns = now_ns;
    report_clear(report);

    double seconds = report_seconds(report);
    uint64_t done = totals->recorded + totals->duplicates + totals->rejected;
    if (total_bytes > 0) {
        double part = (double)offset / (double)(total_bytes > offset ? total_bytes : offset);
        double moved = (double)(offset - report->start_offset);
        double left_s =
            moved > 0 ? (double)(total_bytes > offset ? total_bytes - offset : 0) / moved * seconds
                      : 0;
        if (report->on_terminal) {
            char bar[BAR_CELLS + 1];
            for (int i = 0; i < BAR_CELLS; i++)
                bar[i] = (double)i < part * BAR_CELLS ? '#' : '.';
            bar[BAR_CELLS] = '\0';
            fprintf(stderr, "[%s] ", bar);
        }
        fprintf(stderr, "%3.0f %%, %s left, ", part * 100, span_of(left_s).text);
    }
    fprintf(stderr, "%" PRIu64 " events, %.0f/s, %" PRIu64 " rejected", done,
            (double)done / (seconds > 0 ? seconds : 1), totals->rejected);
    if (report->on_terminal)
        report->line_is_open = true;
    else
        fputc('\n', stderr);
    fflush(stderr);
}
