/*
 * history_model.h - what Footfall should answer, by the simplest means: a list of all events, gone
 * through from the start for every question.
 *
 * Local days come from glibc's own time zones, which the program does not use. Everything lies in
 * one piece of memory without pointers, which processes can share: the histories are lived by
 * children that get killed.
 */
#ifndef FOOTFALL_TESTS_HISTORY_MODEL_H
#define FOOTFALL_TESTS_HISTORY_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/counts.h"
#include "model/event.h"
#include "query/range.h"

enum {
    MODEL_USERS = 3,
    MODEL_LISTINGS = 6,  /* a user's */
    MODEL_PLATFORMS = 9, /* 0: none; the last two are not built in */
    MODEL_SOURCES = 100,
    MODEL_SOURCE_NONE = -1,
    MODEL_SOURCE_OTHER = MODEL_SOURCES,
    MODEL_EVENTS_MAX = 20000,
    MODEL_ZONES = 20,
    MODEL_DAYS_MAX = RANGE_DAYS_MAX,
    MODEL_SPAN_DAYS = 900
};

struct model_event {
    uint8_t user;
    uint8_t listing;
    uint8_t platform;
    uint8_t type;
    int16_t source;    /* as sent */
    int16_t counts_as; /* the source under which it counts */
    uint32_t id;       /* 0: none */
    int64_t time_ms;
    int64_t received_ms;
};

struct model_details {
    uint32_t address; /* a number that stands in it; 0: no details are kept */
    int64_t updated_ms;
};

struct model {
    int64_t first_ms;                                     /* midnight, UTC; no event lies before */
    int16_t local_day[MODEL_ZONES][MODEL_SPAN_DAYS * 96]; /* by quarter-hour since first_ms */
    struct model_event events[MODEL_EVENTS_MAX];
    size_t event_count;
    struct model_details details[MODEL_USERS][MODEL_LISTINGS];
};

extern const char *const model_zones[MODEL_ZONES];

void model_init(struct model *model, int64_t first_ms);
/* Records it, unless its user has sent its id before; returns whether it was new. */
bool model_record(struct model *model, const struct model_event *event);

/* The local day of a moment, as model/calendar.h numbers days. */
int32_t model_day(const struct model *model, int zone, int64_t time_ms);

struct model_sum {
    struct counts counts;
    int64_t updated_ms;
};

struct model_answer {
    struct model_sum total;
    struct model_sum platforms[MODEL_PLATFORMS];
    struct counts sources[MODEL_SOURCES + 1];
    struct counts before; /* the equally long range before */
    struct model_sum days[MODEL_DAYS_MAX];
    struct model_sum day_platforms[MODEL_DAYS_MAX][MODEL_PLATFORMS];
};

/* A user's listing on local days first to last. */
void model_aggregate(const struct model *model, int user, int listing, int zone, int32_t first,
                     int32_t last, struct model_answer *out);

/* Names, as they are sent and answered. The texts are static. */
struct text model_user_name(int user);
struct text model_listing_name(int listing);
struct text model_platform_name(int platform); /* absent for 0 */
struct text model_source_name(int source);     /* absent for MODEL_SOURCE_NONE */

#endif
