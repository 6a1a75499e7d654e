/*
 * instance_parts.h - what the facade holds. For lib/ only.
 */
#ifndef FOOTFALL_LIB_INSTANCE_PARTS_H
#define FOOTFALL_LIB_INSTANCE_PARTS_H

#include <pthread.h>

#include "lib/instance.h"

enum { NOTICE_NAMES_MAX = 16 };

/* The engine's notices, on their way to the log: each name at most once in ten seconds, with how
 * many were held back. */
struct notices {
    pthread_mutex_t lock;
    struct {
        const char *name;
        uint64_t logged_ns;
        uint64_t held_back;
    } names[NOTICE_NAMES_MAX];
};

/* An engine_notice_fn; context is a struct notices. */
void notices_log(void *context, const char *name, const struct error *error);

struct instance {
    struct engine *engine;
    struct clock clock;
    uint64_t boot_nonce;
    struct notices notices;
};

#endif
