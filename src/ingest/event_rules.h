/*
 * event_rules.h - what an installation accepts from its clients, beyond what an event is.
 *
 * Threads: read-only once filled, apart from what its owner sets before each request.
 */
#ifndef FOOTFALL_INGEST_EVENT_RULES_H
#define FOOTFALL_INGEST_EVENT_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"
#include "model/event.h"

struct event_rules {
    bool accepts_platform[256]; /* by code, model/platform.h */
    char platform_list[400];    /* "facebook, instagram": for messages; "..." behind a long one */
    int64_t now_ms;             /* the time of events that state none */
    int64_t ahead_ms_max;       /* how far in the future an event may lie */
    int64_t behind_ms_max;      /* how far in the past; 0: any */
    bool has_oldest;            /* then oldest_ms instead, the oldest moment, as imports state it */
    int64_t oldest_ms;
    struct text only_user; /* events of others are refused; absent: any user's. The owner sets
                              it before each request, too */
};

/*
 * Fills *out from the configured list: one or more platform names, separated by commas (spaces are
 * ignored). Events may lie 5 minutes ahead and 400 days behind, unless the caller changes that.
 * STATUS_INVALID names a bad name; *out is then as before.
 */
MUST_USE enum status event_rules_init(struct event_rules *out, struct text platforms,
                                      struct error *err);

/*
 * What a value must be, whichever way it came. STATUS_INVALID with the field's name; codes
 * "unknown_event_type", "unknown_platform" (naming the accepted ones), "invalid_timestamp".
 */
MUST_USE enum status event_rules_find_type(struct text name, enum event_type *out,
                                           struct error *err);
MUST_USE enum status event_rules_find_platform(const struct event_rules *rules, struct text name,
                                               uint8_t *code, struct error *err);
MUST_USE enum status event_rules_check_time(const struct event_rules *rules, int64_t time_ms,
                                            struct error *err);

/* The default list. */
const char *event_rules_default_platforms(void);

#endif
