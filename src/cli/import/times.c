/*
 * times.c - a local time is read as if it were UTC, and then moved by its zone.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/import/times.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/calendar.h"
#include "query/zone.h"

enum { TIME_BYTES_MAX = 63, SECONDS_DIGITS_MAX = 11 };

enum status time_format_init(struct time_format *out, const char *format, const char *zone,
                             struct error *err)
{
    struct time_format made = {.kind = TIME_OF_ITSELF};
    struct error why;
    if (zone != NULL && zone_find(text_of(zone), &made.zone, &why) != STATUS_OK)
        return fail_input(err, "usage", "", "--timezone: %s", why.message);
    if (format == NULL) {
        made.kind = TIME_OF_ITSELF;
    } else if (strcmp(format, "milliseconds") == 0) {
        made.kind = TIME_MILLISECONDS;
    } else if (strcmp(format, "seconds") == 0) {
        made.kind = TIME_SECONDS;
    } else if (strchr(format, '%') == NULL || strstr(format, "%s") != NULL) {
        return fail_input(err, "usage", "",
                          "--time-format \"%.100s\": use milliseconds, seconds, or a pattern such "
                          "as \"%%d.%%m.%%Y %%H:%%M\"",
                          format);
    } else {
        made.kind = TIME_PATTERN;
        made.pattern = format;
    }
    *out = made;
    return STATUS_OK;
}

static enum status refuse(struct error *err, const char *text, const char *words)
{
    return fail_input(err, "invalid_timestamp", "timestamp", "\"%s\" %s", text, words);
}

static enum status from_zone(const struct time_format *format, const char *text, int64_t local_ms,
                             int64_t *time_ms, struct error *err)
{
    if (format->zone == NULL)
        return refuse(err, text,
                      "has no offset from UTC: say which clock it was read from with "
                      "--timezone");
    *time_ms = zone_ms_of_local(format->zone, local_ms);
    return STATUS_OK;
}

static enum status read_number(const char *text, int64_t scale, int64_t *time_ms, struct error *err)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number > calendar_ms_max / scale ||
        number < calendar_ms_min / scale)
        return refuse(err, text,
                      scale == 1 ? "is no whole number of milliseconds since 1970"
                                 : "is no whole number of seconds since 1970");
    *time_ms = number * scale;
    return STATUS_OK;
}

/* "2026-01-31", "2026-01-31 08:15" or longer, on some clock; as if it were UTC. */
static bool parse_local(const char *text, int64_t *local_ms)
{
    char whole[TIME_BYTES_MAX + 16];
    size_t len = strlen(text);
    const char *rest = len <= 10 ? "T00:00:00Z" : len == 16 ? ":00Z" : "Z";
    snprintf(whole, sizeof whole, "%s%s", text, rest);
    if (len > 10)
        whole[10] = 'T';
    return (len == 10 || text[10] == ' ' || text[10] == 'T') &&
           time_parse_rfc3339(text_of(whole), local_ms);
}

static enum status read_of_itself(const struct time_format *format, const char *text,
                                  int64_t *time_ms, struct error *err)
{
    char spaced[TIME_BYTES_MAX + 1];
    int64_t local_ms = 0;
    size_t len = strlen(text);
    if (strspn(text, "0123456789-") == len && strspn(text + 1, "0123456789") == len - 1) {
        if (len <= SECONDS_DIGITS_MAX)
            return refuse(err, text,
                          "could be seconds or milliseconds: say which with "
                          "--time-format");
        return read_number(text, 1, time_ms, err);
    }
    snprintf(spaced, sizeof spaced, "%s", text);
    if (len > 10 && spaced[10] == ' ')
        spaced[10] = 'T';
    if (time_parse_rfc3339(text_of(spaced), time_ms))
        return STATUS_OK;
    if (len >= 10 && parse_local(text, &local_ms))
        return from_zone(format, text, local_ms, time_ms, err);
    return refuse(err, text,
                  "is no time that has one meaning: say how it is written with "
                  "--time-format, such as \"%d.%m.%Y %H:%M\"");
}

static enum status read_pattern(const struct time_format *format, const char *text,
                                int64_t *time_ms, struct error *err)
{
    struct tm parts = {.tm_mday = 1};
    const char *end = strptime(text, format->pattern, &parts);
    if (end == NULL || *end != '\0')
        return refuse(err, text, "is not written as --time-format says");
    long offset_s = parts.tm_gmtoff;
    struct tm same = parts;
    int64_t local_ms = (int64_t)timegm(&same) * 1000;
    if (same.tm_mday != parts.tm_mday || same.tm_mon != parts.tm_mon) /* February 30 */
        return refuse(err, text, "is a day that does not exist");
    if (local_ms < calendar_ms_min || local_ms > calendar_ms_max)
        return refuse(err, text, "lies outside of the years 1 to 9999");
    if (strstr(format->pattern, "%z") == NULL)
        return from_zone(format, text, local_ms, time_ms, err);
    *time_ms = local_ms - offset_s * INT64_C(1000);
    return STATUS_OK;
}

enum status time_format_read(const struct time_format *format, struct text text, int64_t *time_ms,
                             struct error *err)
{
    char copy[TIME_BYTES_MAX + 1];
    if (text.len == 0 || text.len > TIME_BYTES_MAX || memchr(text.at, '\0', text.len) != NULL)
        return fail_input(err, "invalid_timestamp", "timestamp", "%s",
                          text.len == 0 ? "the time is missing" : "the text is no time");
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    switch (format->kind) {
    case TIME_MILLISECONDS:
        return read_number(copy, 1, time_ms, err);
    case TIME_SECONDS:
        return read_number(copy, 1000, time_ms, err);
    case TIME_PATTERN:
        return read_pattern(format, copy, time_ms, err);
    case TIME_OF_ITSELF:
        break;
    }
    return read_of_itself(format, copy, time_ms, err);
}
