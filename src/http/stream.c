/*
 * stream.c - lines to batches to the group.
 *
 *     pieces of some KiB ─► buffer ─► ndjson_read: events ─► submit ─► batch
 *                                                                        │ commit
 *                                     recorded, duplicates, error ◄──────┘
 *
 * The buffer makes batches of thousands: a commit costs a sync whatever is in it. One batch waits
 * at a time, and nothing behind it is submitted before it is known to be recorded: a group may fail
 * while the next one is gathered, and one submission of a group while others of it are recorded. So
 * what was recorded is always everything before the first line that was not.
 *
 * While a batch is on its way the buffer fills on. Only when it is full is the commit waited for.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/stream.h"

#include <assert.h>
#include <stdlib.h>

#include "http/handlers.h"
#include "http/request.h"
#include "http/server_parts.h"
#include "ingest/ndjson.h"
#include "present/json_writer.h"

enum {
    STREAM_BATCH_BYTES = 256 * 1024, /* a batch, when no other is on its way */
    STREAM_BUFFER_BYTES = 512 * 1024
};

struct stream {
    struct ndjson lines;
    struct submission batch; /* while has_batch */
    bool has_batch;          /* submitted, and not collected yet */
    uint64_t batch_line;     /* where it begins */
    uint64_t recorded;
    uint64_t duplicates;
    uint64_t next_line; /* the first that was not recorded; 0 while all were */
};

struct stream *stream_new(void)
{
    struct stream *stream = malloc(sizeof *stream);
    if (stream == NULL)
        return NULL;
    stream->has_batch = false;
    stream->recorded = 0;
    stream->duplicates = 0;
    stream->next_line = 0;
    ndjson_init(&stream->lines);
    return stream;
}

void stream_free(struct stream *stream)
{
    if (stream == NULL)
        return;
    assert(!stream_is_pending(stream));
    ndjson_done(&stream->lines);
    free(stream);
}

bool stream_is_pending(const struct stream *stream)
{
    return stream->has_batch && !atomic_load_explicit(&stream->batch.done, memory_order_acquire);
}

/* Takes the outcome of the batch, if there is one; it is done. Its failure is the stream's end. */
static enum status collect(struct stream *stream, struct error *err)
{
    if (!stream->has_batch)
        return STATUS_OK;
    stream->has_batch = false;
    if (stream->batch.error.status != STATUS_OK) {
        *err = stream->batch.error;
        stream->next_line = stream->batch_line;
        return err->status;
    }
    stream->recorded += stream->batch.recorded;
    stream->duplicates += stream->batch.duplicates;
    return STATUS_OK;
}

/* Commits if the batch waits, and collects it. */
static enum status settle(struct request *request, struct error *err)
{
    if (stream_is_pending(request->stream))
        instance_commit(request->server->instance);
    return collect(request->stream, err);
}

/* Where to go on when nothing that was read is outstanding. */
static uint64_t next_unread_line(const struct stream *stream)
{
    return stream->lines.line + (stream->lines.partial.len == 0 ? 1 : 0);
}

/* Submits the events of the server's scratch. */
static enum status submit(struct request *request, struct error *err)
{
    struct http_server *server = request->server;
    struct stream *stream = request->stream;
    uint64_t first_line = server->event_lines[0];
    if (server->events.count == 0)
        return STATUS_OK;
    enum status status = settle(request, err);
    if (status != STATUS_OK)
        return status;

    for (int attempt = 0;; attempt++) {
        status = request_submit_events(request, server->events.at, server->events.count,
                                       &stream->batch, err);
        if (status == STATUS_OK) {
            stream->has_batch = true;
            stream->batch_line = first_line;
            return STATUS_OK;
        }
        if (status != STATUS_OVERLOADED || attempt > 0)
            break;
        instance_commit(server->instance); /* the group is full */
    }
    stream->next_line = first_line;
    return status;
}

/* The stream ends here: what waits is settled, so that the counts in the answer are final. */
static enum status give_up(struct request *request, enum status status, struct error *err)
{
    struct error earlier; /* what was submitted first counts first */
    if (settle(request, &earlier) != STATUS_OK) {
        *err = earlier;
        status = earlier.status;
    }
    if (request->stream->next_line == 0)
        request->stream->next_line = next_unread_line(request->stream);
    request->server->traffic.events_rejected += request->stream->lines.rejected;
    return status;
}

/* Whether the buffer is read before another piece comes into it. */
static bool is_due(const struct request *request, size_t len)
{
    if (request->body.len + len > STREAM_BUFFER_BYTES)
        return true;
    return request->body.len >= STREAM_BATCH_BYTES && !stream_is_pending(request->stream);
}

/* Reads and submits what the buffer holds. */
static enum status drain(struct request *request, struct error *err)
{
    struct http_server *server = request->server;
    struct stream *stream = request->stream;
    struct bytes *buffer = &request->body;
    enum status status = STATUS_OK;
    size_t at = 0;
    while (status == STATUS_OK && at < buffer->len) {
        size_t taken = 0;
        event_list_clear(&server->events);
        status =
            ndjson_read(&stream->lines, (char *)buffer->at + at, buffer->len - at,
                        events_rules(request), &server->events, server->event_lines, &taken, err);
        if (status == STATUS_OK)
            status = submit(request, err);
        else if (server->events.count > 0)
            stream->next_line = server->event_lines[0];
        at += taken;
    }
    buffer->len = 0;
    return status;
}

enum status stream_receive(struct request *request, const char *piece, size_t len,
                           struct error *err)
{
    enum status status = STATUS_OK;
    request->server->streamed++;
    if (is_due(request, len))
        status = drain(request, err);
    if (status == STATUS_OK) {
        status = request_reserve_body(request, len, err);
        struct error drained;
        if (status != STATUS_OK && drain(request, &drained) != STATUS_OK) {
            status = drained.status;
            *err = drained;
        }
    }
    if (status != STATUS_OK)
        return give_up(request, status, err);
    memcpy(request->body.at + request->body.len, piece, len);
    request->body.len += len;
    return STATUS_OK;
}

enum status stream_end(struct request *request, struct error *err)
{
    struct http_server *server = request->server;
    enum status status = drain(request, err);
    if (status == STATUS_OK) {
        event_list_clear(&server->events);
        status = ndjson_end(&request->stream->lines, events_rules(request), &server->events,
                            server->event_lines, err);
        if (status == STATUS_OK)
            status = submit(request, err);
    }
    return status == STATUS_OK ? STATUS_OK : give_up(request, status, err);
}

static void write_counts(struct json_writer *writer, const struct stream *stream)
{
    json_put_key(writer, "recorded");
    json_put_u64(writer, stream->recorded);
    json_put_key(writer, "duplicates");
    json_put_u64(writer, stream->duplicates);
    json_put_key(writer, "rejected");
    json_put_u64(writer, stream->lines.rejected);
    json_put_key(writer, "errors");
    json_put_array(writer);
    for (size_t i = 0; i < stream->lines.error_count; i++) {
        const struct ndjson_error *error = &stream->lines.errors[i];
        json_put_object(writer);
        json_put_key(writer, "line");
        json_put_u64(writer, error->line);
        json_put_key(writer, "code");
        json_put_string(writer, error->code);
        json_put_key(writer, "error");
        json_put_text(writer, error->message);
        if (error->field.len > 0) {
            json_put_key(writer, "field");
            json_put_text(writer, error->field);
        }
        if (error->offset >= 0) {
            json_put_key(writer, "offset");
            json_put_i64(writer, error->offset);
        }
        json_put_object_end(writer);
    }
    json_put_array_end(writer);
}

enum status stream_finish(struct request *request, struct error *err)
{
    struct stream *stream = request->stream;
    enum status status = collect(stream, err);
    request->server->traffic.events_rejected += stream->lines.rejected;
    if (status != STATUS_OK)
        return status;
    if (stream->recorded + stream->duplicates == 0 && stream->lines.rejected > 0)
        return fail_input(err, "all_rejected", "", "every line was refused; nothing was recorded");

    struct json_writer writer = {.out = &request->out};
    json_put_object(&writer);
    json_put_key(&writer, "success");
    json_put_bool(&writer, true);
    write_counts(&writer, stream);
    json_put_object_end(&writer);
    return writer.failed ? fail(err, STATUS_NO_MEMORY, "answer: no memory") : STATUS_OK;
}

bool stream_error_json(const struct stream *stream, const struct error *error, struct bytes *out)
{
    struct json_writer writer = {.out = out};
    json_put_object(&writer);
    json_put_key(&writer, "success");
    json_put_bool(&writer, false);
    json_put_key(&writer, "error");
    json_put_string(&writer, error->message);
    json_put_key(&writer, "code");
    json_put_string(&writer, error->code);
    write_counts(&writer, stream);
    if (stream->next_line > 0) {
        json_put_key(&writer, "nextLine");
        json_put_u64(&writer, stream->next_line);
    }
    json_put_object_end(&writer);
    return !writer.failed;
}
