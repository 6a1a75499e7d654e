/*
 * ndjson.h - events from a stream of JSON lines, as it arrives.
 *
 * Lines end with LF or CR LF; the last one need not. Blank lines are skipped but numbered. A bad
 * line is counted, the first 100 are described, and reading goes on: the codes are those of
 * event_json_decode(), and "line_too_long" for a line of more than NDJSON_LINE_BYTES_MAX bytes.
 * Memory is bounded by two such lines and 100 messages, however long the stream.
 *
 * Threads: a stream belongs to one thread at a time.
 */
#ifndef FOOTFALL_INGEST_NDJSON_H
#define FOOTFALL_INGEST_NDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"
#include "ingest/event_json.h"

enum { NDJSON_LINE_BYTES_MAX = 64 * 1024, NDJSON_ERRORS_MAX = 100 };

struct ndjson_error {
    uint64_t line;     /* from 1 */
    int64_t offset;    /* in the line, from 0; -1 for none */
    const char *code;  /* static storage */
    struct text field; /* empty for none */
    struct text message;
};

/* Start with ndjson_init(). */
struct ndjson {
    struct bytes partial; /* a line whose end has not come yet */
    struct bytes spare;   /* changes places with it, so that a finished line stays readable */
    bool skipping;        /* the rest of an overlong line is thrown away */
    uint64_t line;        /* the last line begun, from 1; 0 before the first */
    uint64_t rejected;
    struct ndjson_error errors[NDJSON_ERRORS_MAX]; /* texts live in the arena */
    size_t error_count;
    struct arena arena;
};

void ndjson_init(struct ndjson *stream);
void ndjson_done(struct ndjson *stream);

/*
 * Reads the next piece of the stream: whole lines become events, appended to *list; the rest is
 * kept. Reads no further than fits into EVENTS_MAX events in the list: *taken says how many bytes
 * were used; call again with the rest. Events point into `piece` and into the stream's memory,
 * and are good until the next call. The piece is changed; nothing outside it is touched.
 * list_lines[i] is the line of event i (the caller's array of EVENTS_MAX).
 *
 * STATUS_NO_MEMORY only; the events then in the list are whole, and the stream is at its end.
 */
MUST_USE enum status ndjson_read(struct ndjson *stream, char *piece, size_t len,
                                 const struct event_rules *rules, struct event_list *list,
                                 uint64_t *list_lines, size_t *taken, struct error *err);

/*
 * The stream is over: reads a last line that has no end. The list must have room for one more
 * event. As above.
 */
MUST_USE enum status ndjson_end(struct ndjson *stream, const struct event_rules *rules,
                                struct event_list *list, uint64_t *list_lines, struct error *err);

#endif
