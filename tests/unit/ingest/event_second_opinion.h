/*
 * event_second_opinion.h - an event as jansson and the rules, written down once more, see it.
 *
 * For tests and fuzzing. The two sides differ by design in one place: an inquiry is kept as it was
 * sent, so it may hold numbers too large for jansson (or for anybody), and one key twice. Then the
 * event with {} for its inquiry must be good for both.
 */
#ifndef FOOTFALL_TESTS_EVENT_SECOND_OPINION_H
#define FOOTFALL_TESTS_EVENT_SECOND_OPINION_H

#include <stdbool.h>
#include <stddef.h>

#include "ingest/event_json.h"
#include "ingest/event_rules.h"

/*
 * Compares both sides on one text of at most INQUIRY_BYTES_MAX bytes; NULL when they agree, else
 * what differs. *accepted says whether event_json_decode() took it for an event, *kept that only
 * its inquiry was beyond jansson.
 */
const char *event_opinions_differ(const char *json, size_t len, const struct event_rules *rules,
                                  bool *accepted, bool *kept);

#endif
