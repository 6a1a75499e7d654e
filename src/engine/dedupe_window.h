/*
 * dedupe_window.h - which ids have been recorded lately: 64-bit fingerprints in memory.
 *
 * A fingerprint stands for (user, id) under a seed that nobody outside knows. It stays for at
 * least `hours` hours by receive time. The window is bounded: at ids_max the oldest sixteenth or
 * hour, whichever is smaller, goes early and is counted.
 *
 * Two different ids with one fingerprint would cost an event: with ten million ids in the window
 * the chance is 5 in 10^13 an event.
 *
 * Threads: none inside; the committing thread's.
 */
#ifndef FOOTFALL_ENGINE_DEDUPE_WINDOW_H
#define FOOTFALL_ENGINE_DEDUPE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum { DEDUPE_HOURS_MAX = 168, DEDUPE_IDS_MIN = 1024, DEDUPE_SEED_BYTES = 8 };
static const int64_t ms_per_hour = 60 * 60 * 1000;

struct dedupe_window; /* made by dedupe_window_new(), freed by dedupe_window_free() */

/* hours: 1 to DEDUPE_HOURS_MAX; ids_max: at least DEDUPE_IDS_MIN. NULL when out of memory. */
MUST_USE struct dedupe_window *dedupe_window_new(uint32_t hours, uint64_t ids_max);
void dedupe_window_free(struct dedupe_window *window); /* accepts NULL */

/* Never 0. */
uint64_t dedupe_fingerprint(uint64_t seed, struct text user_id, struct text id);

/* It is now `hour` (receive time / ms_per_hour, never less than before): what is older than the
 * window expires. */
void dedupe_window_advance(struct dedupe_window *window, int64_t hour);

enum dedupe_verdict { DEDUPE_NEW, DEDUPE_REPEATED, DEDUPE_NO_MEMORY };

/* Fetches what dedupe_window_add() will touch: a cache miss or two each, so who adds many asks for
 * one some places ahead. */
enum { DEDUPE_FETCH_AHEAD = 16 };
void dedupe_window_prefetch(const struct dedupe_window *window, uint64_t fingerprint);
/* Adds the fingerprint under the hour of the last advance, unless it stands already. */
enum dedupe_verdict dedupe_window_add(struct dedupe_window *window, uint64_t fingerprint);
/* Takes back an add() that answered DEDUPE_NEW since the last advance; one that has gone early
 * meanwhile is let be. */
void dedupe_window_remove(struct dedupe_window *window, uint64_t fingerprint);

uint64_t dedupe_window_ids(const struct dedupe_window *window);
uint64_t dedupe_window_ids_max(const struct dedupe_window *window);
/* How many generations (hours, or sixteenths of the bound) went early because it was full. */
uint64_t dedupe_window_dropped(const struct dedupe_window *window);

#endif
