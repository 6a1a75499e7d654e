/*
 * ndjson.c - cuts a stream into lines and lines into events.
 *
 * A line that lies whole in a piece is decoded where it is. Only a line that is cut between two
 * pieces is copied: its beginning waits in `partial`, and is decoded there when its end has come.
 * Events of this call then point into that buffer, so the beginning of the next cut line goes into
 * the other one; a call finishes at most one cut line, so two are enough.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest/ndjson.h"

#include <assert.h>
#include <string.h>

#include "ingest/event_reader.h"
#include "ingest/json_cursor.h"

/* What one call works on. */
struct reading {
    struct ndjson *stream;
    const struct event_rules *rules;
    struct event_list *list;
    uint64_t *list_lines;
};

void ndjson_init(struct ndjson *stream)
{
    *stream = (struct ndjson){0};
}

void ndjson_done(struct ndjson *stream)
{
    bytes_done(&stream->partial);
    bytes_done(&stream->spare);
    arena_done(&stream->arena);
}

/* Counts the line as bad and keeps the words, if there is still room for them. */
static enum status reject(struct ndjson *stream, const struct error *why, struct error *err)
{
    stream->rejected++;
    if (stream->error_count == NDJSON_ERRORS_MAX)
        return STATUS_OK;
    struct ndjson_error error = {
        .line = stream->line,
        .offset = why->offset,
        .code = why->code,
        .field = arena_copy(&stream->arena, text_of(why->field)),
        .message = arena_copy(&stream->arena, text_of(why->message)),
    };
    if (error.field.at == NULL || error.message.at == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory to describe a bad line");
    stream->errors[stream->error_count++] = error;
    return STATUS_OK;
}

static enum status reject_long(struct ndjson *stream, struct error *err)
{
    struct error why;
    (void)fail_code(&why, STATUS_TOO_LARGE, "line_too_long", "the line is longer than %d bytes",
                    NDJSON_LINE_BYTES_MAX);
    return reject(stream, &why, err);
}

static bool is_blank(const char *line, size_t len)
{
    while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t' || line[len - 1] == '\r'))
        len--;
    return len == 0;
}

/* Decodes one line without its LF. Up to readable memory may be read. */
static enum status take_line(struct reading *reading, char *line, size_t len, const char *readable,
                             struct error *err)
{
    struct ndjson *stream = reading->stream;
    if (len > 0 && line[len - 1] == '\r')
        len--;
    if (len > NDJSON_LINE_BYTES_MAX)
        return reject_long(stream, err);
    struct event *event = event_list_next(reading->list);
    if (event == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for more than %zu events",
                    reading->list->count);

    struct json_cursor cursor = {line, line, line + len, readable};
    struct error why;
    bool wanted = stream->error_count < NDJSON_ERRORS_MAX;
    enum status status = event_read_alone(&cursor, reading->rules, event, wanted ? &why : NULL);
    if (status == STATUS_OK)
        reading->list_lines[reading->list->count++] = stream->line;
    else if (!is_blank(line, len)) /* asked last, because most lines are not */
        return reject(stream, &why, err);
    return STATUS_OK;
}

/* Adds to the line whose end has not come before; decodes it if it has come now. */
static enum status continue_line(struct reading *reading, const char *more, size_t len,
                                 bool complete, struct error *err)
{
    struct ndjson *stream = reading->stream;
    struct bytes *partial = &stream->partial;
    if (partial->len + len > NDJSON_LINE_BYTES_MAX + 1) { /* there may be a CR */
        partial->len = 0;
        stream->skipping = !complete;
        return reject_long(stream, err);
    }
    if (!bytes_append(partial, more, len))
        return fail(err, STATUS_NO_MEMORY, "no memory for a line of %zu bytes", partial->len + len);
    if (!complete)
        return STATUS_OK;
    struct bytes line = *partial;
    stream->partial = stream->spare;
    stream->spare = line;
    stream->partial.len = 0;
    return take_line(reading, (char *)line.at, line.len, (char *)line.at + line.len, err);
}

enum status ndjson_read(struct ndjson *stream, char *piece, size_t len,
                        const struct event_rules *rules, struct event_list *list,
                        uint64_t *list_lines, size_t *taken, struct error *err)
{
    struct reading reading = {.stream = stream, .rules = rules, .list = list};
    reading.list_lines = list_lines;
    const char *end = piece + len;
    char *at = piece;
    enum status status = STATUS_OK;

    while (at < end && list->count < EVENTS_MAX && status == STATUS_OK) {
        char *feed = memchr(at, '\n', (size_t)(end - at));
        size_t line_len = (size_t)((feed != NULL ? feed : end) - at);
        if (stream->skipping) {
            stream->skipping = feed == NULL;
        } else if (feed != NULL && stream->partial.len == 0) {
            stream->line++;
            status = take_line(&reading, at, line_len, end, err);
        } else {
            stream->line += stream->partial.len == 0;
            status = continue_line(&reading, at, line_len, feed != NULL, err);
        }
        at += line_len + (feed != NULL);
    }
    *taken = (size_t)(at - piece);
    return status;
}

enum status ndjson_end(struct ndjson *stream, const struct event_rules *rules,
                       struct event_list *list, uint64_t *list_lines, struct error *err)
{
    assert(list->count < EVENTS_MAX);
    stream->skipping = false;
    if (stream->partial.len == 0)
        return STATUS_OK;
    struct reading reading = {.stream = stream, .rules = rules, .list = list};
    reading.list_lines = list_lines;
    return continue_line(&reading, NULL, 0, true, err);
}
