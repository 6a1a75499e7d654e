/*
 * long_work.h - what a person at a terminal wants of long work: to see it go on, and to end it.
 *
 * Progress is one line on stderr that is written over, only when stderr is a terminal. SIGINT and
 * SIGTERM are remembered, so that the work can tidy up and end by itself.
 *
 * Threads: one at a time.
 */
#ifndef FOOTFALL_CLI_LONG_WORK_H
#define FOOTFALL_CLI_LONG_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct long_work {
    const char *doing; /* "copying the store"; the caller's */
    const char *unit;  /* "bytes": shown as MiB; else as it stands */
    uint64_t total;    /* 0: not known */
    uint64_t done;
    uint64_t show_after_ns; /* the next time */
    bool shown;
    bool is_terminal;
};

/* From now on SIGINT and SIGTERM are remembered. */
void long_work_catch_signals(void);

void long_work_begin(struct long_work *work, const char *doing, const char *unit, uint64_t total);
/* So much more is done. STATUS_STOPPED, "interrupted", after a signal. */
MUST_USE enum status long_work_step(struct long_work *work, uint64_t more, struct error *err);
/* Wipes the line. */
void long_work_end(struct long_work *work);

#endif
