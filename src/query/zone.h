/*
 * zone.h - IANA time zones: where a caller's days begin and end.
 *
 * Zones are read from the system's tzdata, which the distribution keeps current, by GLib; glibc's
 * own TZ is process-wide. A zone is loaded once and kept for the life of the process, at most
 * ZONES_MAX of them (there are some 600 names); newer data is seen after a restart. Boundaries are
 * rounded down to quarter-hours, which changes nothing since 1979, when Kiritimati gave up -10:40.
 * Why GLib, and what it gets wrong: docs/decisions/0003-time-zones.md.
 *
 * Threads: any.
 */
#ifndef FOOTFALL_QUERY_ZONE_H
#define FOOTFALL_QUERY_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum { ZONES_MAX = 1024, ZONE_NAME_BYTES_MAX = 64 };

struct zone; /* lives as long as the process */

/*
 * The zone of a name such as "Europe/Berlin" or "UTC". STATUS_INVALID, code "unknown_timezone",
 * field "timezone" for a name that tzdata does not have (offsets and POSIX rules are no names);
 * STATUS_NO_MEMORY.
 */
MUST_USE enum status zone_find(struct text name, const struct zone **out, struct error *err);

/* UTC itself, which needs no tzdata. */
const struct zone *zone_utc(void);

struct text zone_name(const struct zone *zone);
/* Whether its days are UTC days at all times (UTC, Etc/UTC, GMT, ...): totals then answer alone. */
bool zone_is_utc(const struct zone *zone);

/* The local calendar day (as model/calendar.h numbers days) of a moment. */
int32_t zone_day_of_ms(const struct zone *zone, int64_t time_ms);
/*
 * The first moment of a local day, a multiple of a quarter-hour: 00:00, or where a change of
 * clocks skips it, the first that exists, or where clocks go back over it to the day before, the
 * one after which the day before is over. The day ends where the next one starts; a day that the
 * calendar skipped (Apia, 2011-12-30) has no length.
 */
int64_t zone_day_start_ms(const struct zone *zone, int32_t day);

/*
 * The moment at which the zone's clocks show local_ms (milliseconds since 1970-01-01 00:00 on that
 * clock): the first one where clocks go back over it; where a change of clocks skips it, as if they
 * had not changed yet.
 */
int64_t zone_ms_of_local(const struct zone *zone, int64_t local_ms);

/* The edition of the zone data, such as "2026a"; "unknown" when the system does not say. */
const char *zone_data_version(void);

#endif
