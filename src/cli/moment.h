/*
 * moment.h - a moment as people and programs both read it.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_CLI_MOMENT_H
#define FOOTFALL_CLI_MOMENT_H

#include <stdint.h>

enum { MOMENT_BYTES = 32 };

/* 2026-03-01T08:15:00.123Z, RFC 3339. */
void moment_words(int64_t time_ms, char out[MOMENT_BYTES]);

#endif
