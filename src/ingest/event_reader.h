/*
 * event_reader.h - one event object, wherever it stands.
 *
 * Inside this folder only: what event_json.h and ndjson.h share. The rules are event_json.h's.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_INGEST_EVENT_READER_H
#define FOOTFALL_INGEST_EVENT_READER_H

#include "base/status.h"
#include "ingest/event_rules.h"
#include "ingest/json_cursor.h"
#include "model/event.h"

/*
 * Reads the event at the cursor, which is where a value must start, and moves behind it. On an
 * error *out may be half filled.
 */
MUST_USE enum status event_read(struct json_cursor *cursor, const struct event_rules *rules,
                                struct event *out, struct error *err);

/* Reads a text that is one event with white space around it. */
MUST_USE enum status event_read_alone(struct json_cursor *cursor, const struct event_rules *rules,
                                      struct event *out, struct error *err);

#endif
