/*
 * ndjson.c - fuzz target: a stream of lines, whole and cut into pieces.
 *
 * The first two bytes choose where to cut. Wherever that is, the events, their lines, the number
 * of rejected lines and the words about them are the same.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include "base/bytes.h"
#include "ingest/ndjson.h"

enum { PIECES_MAX = 64 };

static struct event_rules rules;

static void note_text(struct bytes *notes, struct text text)
{
    char present = text.at != NULL;
    FUZZ_CHECK(bytes_append(notes, &present, 1) &&
                   bytes_append(notes, &text.len, sizeof text.len) &&
                   bytes_append(notes, text.at == NULL ? "" : text.at, text.len),
               "no memory");
}

static void note_number(struct bytes *notes, int64_t number)
{
    FUZZ_CHECK(bytes_append(notes, &number, sizeof number), "no memory");
}

/* Writes down the events, which are good until the next call only. */
static void note_events(struct bytes *notes, struct event_list *list, const uint64_t *lines)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct event *event = &list->at[i];
        note_number(notes, (int64_t)lines[i]);
        note_number(notes, event->time_ms);
        note_number(notes, event->type);
        note_number(notes, event->platform);
        note_text(notes, event->user_id);
        note_text(notes, event->listing_id);
        note_text(notes, event->source);
        note_text(notes, event->id);
        note_text(notes, event->visitor);
        note_text(notes, event->inquiry);
    }
    event_list_clear(list);
}

static void read_stream(const uint8_t *stream_bytes, size_t size, uint32_t cuts,
                        struct bytes *notes)
{
    static struct ndjson stream;
    static struct event_list list;
    static uint64_t lines[EVENTS_MAX];
    struct error err;
    ndjson_init(&stream);
    for (size_t at = 0; at < size;) {
        cuts = cuts * 1103515245 + 12345;
        size_t len = cuts == 12345 ? size : 1 + (cuts >> 16) % PIECES_MAX;
        if (len > size - at)
            len = size - at;
        char *piece = fuzz_copy(stream_bytes + at, len);
        size_t taken = 0;
        FUZZ_CHECK(ndjson_read(&stream, piece, len, &rules, &list, lines, &taken, &err) ==
                       STATUS_OK,
                   "%s", err.message);
        FUZZ_CHECK(taken == len, "%zu of %zu bytes taken, with room for more", taken, len);
        note_events(notes, &list, lines);
        free(piece);
        at += len;
    }
    FUZZ_CHECK(ndjson_end(&stream, &rules, &list, lines, &err) == STATUS_OK, "%s", err.message);
    note_events(notes, &list, lines);

    note_number(notes, (int64_t)stream.rejected);
    for (size_t i = 0; i < stream.error_count; i++) {
        const struct ndjson_error *error = &stream.errors[i];
        note_number(notes, (int64_t)error->line);
        note_number(notes, error->offset);
        note_text(notes, text_of(error->code));
        note_text(notes, error->field);
        note_text(notes, error->message);
    }
    ndjson_done(&stream);
}

int fuzz_one(const uint8_t *data, size_t size)
{
    struct error err;
    struct bytes whole = {0};
    struct bytes pieces = {0};
    if (rules.now_ms == 0) {
        FUZZ_CHECK(event_rules_init(&rules, text_of(event_rules_default_platforms()), &err) ==
                       STATUS_OK,
                   "%s", err.message);
        rules.now_ms = INT64_C(1767225600000); /* 2026-01-01T00:00:00Z */
    }
    if (size < 2)
        return 0;
    read_stream(data + 2, size - 2, 0, &whole);
    read_stream(data + 2, size - 2, 1 + ((uint32_t)data[0] << 8 | data[1]), &pieces);
    FUZZ_CHECK(whole.len == pieces.len && memcmp(whole.at, pieces.at, whole.len) == 0,
               "a cut changes what is read");
    bytes_done(&whole);
    bytes_done(&pieces);
    return 0;
}
