/*
 * event_texts.h - an event from texts that are apart already, by the rules of event_json.h.
 *
 * For callers in the same process: the C library. A text that is absent was not given; errors have
 * the same codes, fields and words as those of JSON. Only in `inquiry`, which is JSON, they have an
 * offset.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_INGEST_EVENT_TEXTS_H
#define FOOTFALL_INGEST_EVENT_TEXTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"
#include "ingest/event_rules.h"
#include "model/event.h"

struct event_texts {
    struct text user_id;
    struct text listing_id;
    struct text event_type;
    struct text platform;
    struct text source;
    struct text id;
    struct text visitor;
    struct text inquiry; /* a JSON object */
    bool has_time;       /* else the event is of the rules' now_ms */
    int64_t time_ms;
};

/* The event's texts are the caller's. STATUS_INVALID; codes as event_json_decode(). */
MUST_USE enum status event_from_texts(const struct event_texts *texts,
                                      const struct event_rules *rules, struct event *out,
                                      struct error *err);

#endif
