/*
 * platform.h - the social platforms, as names outside and small numbers inside.
 *
 * The built-in platforms have fixed codes that are written to disk; the list only ever grows.
 * Other names (from configuration, or met in a journal or a store) get a code for this process
 * when they are first interned; on disk they stand by name. What is *accepted* from clients is
 * the configured list and is ingest's affair; what was once recorded is always understood.
 *
 * Threads: any. Names and codes stay valid for the life of the process.
 */
#ifndef FOOTFALL_MODEL_PLATFORM_H
#define FOOTFALL_MODEL_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

/* PLATFORM_NONE stands for an event without a platform: it counts in the totals only. */
enum {
    PLATFORM_NONE = 0,
    PLATFORM_BUILTIN_LAST = 13, /* facebook is 1 */
    PLATFORM_NAME_BYTES_MAX = 32,
    PLATFORMS_MAX = 250 /* codes in one process, from 0 (none) to 249, built-in ones included */
};

/* The name of a code; empty for PLATFORM_NONE. code must have come from this header. */
struct text platform_name(uint8_t code);

/* The code of a name that is built in or interned; false when it is neither. */
bool platform_find(struct text name, uint8_t *code);

/*
 * The code of a name, made if need be. Names are 1 to 32 bytes of a-z, 0-9, '-' and '_', and not
 * "none". STATUS_INVALID for another spelling, STATUS_TOO_LARGE when PLATFORMS_MAX are in use.
 */
MUST_USE enum status platform_intern(struct text name, uint8_t *code, struct error *err);

#endif
