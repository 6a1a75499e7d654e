/*
 * moment.c - moments by the calendar.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/moment.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

void moment_words(int64_t time_ms, char out[MOMENT_BYTES])
{
    int64_t ms = time_ms % 1000;
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm tm;
    if (ms < 0) {
        ms += 1000;
        seconds--;
    }
    if (gmtime_r(&seconds, &tm) == NULL || tm.tm_year > 9999 - 1900 || tm.tm_year < 1 - 1900) {
        snprintf(out, MOMENT_BYTES, "%" PRId64 " ms", time_ms);
        return;
    }
    char date[MOMENT_BYTES - 6];
    (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out, MOMENT_BYTES, "%s.%03dZ", date, (int)ms);
}
