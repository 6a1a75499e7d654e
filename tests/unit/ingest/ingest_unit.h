/*
 * ingest_unit.h - what the tests of ingest/ share: rules with a clock that stands still, and
 * buffers that end exactly where their text ends, so that a sanitizer sees any step beyond.
 */
#ifndef FOOTFALL_TESTS_INGEST_UNIT_H
#define FOOTFALL_TESTS_INGEST_UNIT_H

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "ingest/event_json.h"
#include "ingest/event_rules.h"

/* 2026-01-01T00:00:00Z */
#define UNIT_NOW_MS INT64_C(1767225600000)

static inline struct event_rules unit_rules(void)
{
    struct event_rules rules;
    struct error err;
    ASSERT_OK(event_rules_init(&rules, text_of(event_rules_default_platforms()), &err), err);
    rules.now_ms = UNIT_NOW_MS;
    return rules;
}

/* The caller frees it. */
static inline char *unit_exact_copy(const char *from, size_t len)
{
    char *copy = malloc(len == 0 ? 1 : len);
    assert_non_null(copy);
    if (len > 0)
        memcpy(copy, from, len);
    return copy;
}

/* Starts an event that is whole but for what a row adds; 49 bytes, or 52. */
#define EVENT  "{\"userId\":\"u\",\"listingId\":\"l\",\"eventType\":\"view\","
#define ASKED  "{\"userId\":\"u\",\"listingId\":\"l\",\"eventType\":\"inquiry\","
#define VIEW   "{\"userId\":\"u\",\"listingId\":\"l\",\"eventType\":\"view\"}"
#define TEN(x) x x x x x x x x x x

/* Decodes a copy, and once more without words: the verdict must be the same. */
static inline enum status unit_decode(const char *json, size_t len, struct event_list *list,
                                      struct error *err)
{
    struct event_rules rules = unit_rules();
    *err = (struct error){.index = -1, .offset = -1};
    char *copy = unit_exact_copy(json, len);
    enum status status = events_json_decode(copy, len, &rules, list, err);
    /* Callers that want no words get the same verdict. */
    memcpy(copy, json, len);
    struct event_list other = {0};
    assert_int_equal(status, events_json_decode(copy, len, &rules, &other, NULL));
    event_list_done(&other);
    free(copy);
    return status;
}

#endif
