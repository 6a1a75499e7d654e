/*
 * footfall_unit.h - a published library of one's own for each test of it.
 */
#ifndef FOOTFALL_TESTS_FOOTFALL_UNIT_H
#define FOOTFALL_TESTS_FOOTFALL_UNIT_H

#include "unit.h"

#include <footfall.h>

static const int64_t noon_ms = INT64_C(1769860800000); /* 2026-01-31T12:00:00Z */

static inline int64_t stands_still(void *context)
{
    return *(const int64_t *)context;
}

/* Opened at noon_ms in a folder of its own. */
struct own_footfall {
    char *dir;
    int64_t now_ms;
    struct footfall *at;
};

#define ASSERT_FOOTFALL_OK(call, error)                                                            \
    do {                                                                                           \
        enum footfall_status unit_given = (call);                                                  \
        if (unit_given != FOOTFALL_OK) {                                                           \
            print_error("%s:%d: %d %s: %s\n", __FILE__, __LINE__, (int)unit_given, (error).code,   \
                        (error).message);                                                          \
            UNIT_FAIL();                                                                           \
        }                                                                                          \
    } while (0)

static inline void own_open(struct own_footfall *own)
{
    struct footfall_error error;
    struct footfall_options options = {
        .size = sizeof options, .now_ms = stands_still, .now_context = &own->now_ms};
    if (own->dir == NULL)
        own->dir = unit_temp_dir();
    own->now_ms = noon_ms;
    ASSERT_FOOTFALL_OK(footfall_open(own->dir, &options, &own->at, &error), error);
}

static inline void own_close(struct own_footfall *own)
{
    struct footfall_error error;
    ASSERT_FOOTFALL_OK(footfall_close(own->at, &error), error);
    unit_remove(own->dir);
}

#endif
