/*
 * event_rules.c - the configured list of platforms, as a table by code and as words; and what a
 * type, a platform and a time must be.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest/event_rules.h"

#include <stdio.h>
#include <string.h>

#include "ingest/json_cursor.h"
#include "model/calendar.h"
#include "model/platform.h"

static const int64_t ahead_ms_default = INT64_C(5) * 60 * 1000;
static const int64_t behind_ms_default = INT64_C(400) * 24 * 60 * 60 * 1000;

/* The text up to the next comma, without the spaces around it; *rest is what follows. */
static struct text next_name(struct text *rest)
{
    const char *comma = memchr(rest->at, ',', rest->len);
    size_t len = comma == NULL ? rest->len : (size_t)(comma - rest->at);
    struct text name = {rest->at, len};
    *rest = comma == NULL ? (struct text){NULL, 0} : (struct text){comma + 1, rest->len - len - 1};
    while (name.len > 0 && name.at[0] == ' ')
        name = (struct text){name.at + 1, name.len - 1};
    while (name.len > 0 && name.at[name.len - 1] == ' ')
        name.len--;
    return name;
}

/* Appends a name to the words, as far as there is room for it and for what says "there is more". */
static void list_name(struct event_rules *rules, struct text name)
{
    static const char more[] = ", ...";
    size_t used = strlen(rules->platform_list);
    size_t room = sizeof rules->platform_list - used;
    if (used >= sizeof more && strcmp(rules->platform_list + used + 1 - sizeof more, more) == 0)
        return;
    if (room < name.len + 2 + sizeof more)
        snprintf(rules->platform_list + used, room, "%s", more);
    else
        snprintf(rules->platform_list + used, room, "%s%.*s", used == 0 ? "" : ", ",
                 TEXT_ARGS(name));
}

enum status event_rules_init(struct event_rules *out, struct text platforms, struct error *err)
{
    struct event_rules rules = {.ahead_ms_max = ahead_ms_default,
                                .behind_ms_max = behind_ms_default};
    struct text rest = platforms.at == NULL ? text_of("") : platforms;
    while (rest.at != NULL) {
        struct text name = next_name(&rest);
        if (name.len == 0)
            return fail_input(err, "invalid_platform", "platforms",
                              "the list of platforms \"%.*s\" has an empty name in it",
                              (int)(platforms.len > 200 ? 200 : platforms.len),
                              platforms.at == NULL ? "" : platforms.at);
        uint8_t code = PLATFORM_NONE;
        enum status status = platform_intern(name, &code, err);
        if (status != STATUS_OK)
            return status;
        if (!rules.accepts_platform[code])
            list_name(&rules, name);
        rules.accepts_platform[code] = true;
    }
    *out = rules;
    return STATUS_OK;
}

/*
 * Each check is two functions: what accepts nearly every event, and what finds the words for the
 * others. Apart, because words need room on the stack, which costs also those who do not use it.
 */
#define RARE __attribute__((noinline, cold))

RARE static enum status refuse_type(struct text name, struct error *err)
{
    return fail_input(err, "unknown_event_type", "eventType",
                      "unknown event type \"%s\"; the known ones are view, share and inquiry",
                      json_excerpt(name).text);
}

enum status event_rules_find_type(struct text name, enum event_type *out, struct error *err)
{
    return event_type_parse(name, out) ? STATUS_OK : refuse_type(name, err);
}

RARE static enum status refuse_platform(const struct event_rules *rules, struct text name,
                                        struct error *err)
{
    return fail_input(err, "unknown_platform", "platform",
                      "unknown platform \"%s\"; the accepted ones are %s", json_excerpt(name).text,
                      rules->platform_list);
}

enum status event_rules_find_platform(const struct event_rules *rules, struct text name,
                                      uint8_t *code, struct error *err)
{
    if (platform_find(name, code) && rules->accepts_platform[*code])
        return STATUS_OK;
    return refuse_platform(rules, name, err);
}

/* "5 minutes": a duration in the largest unit that divides it. */
struct duration {
    char text[32];
};
static struct duration duration(int64_t ms)
{
    const struct {
        int64_t ms;
        const char *name;
    } units[] = {{ms_per_day, "day"},
                 {3600000, "hour"},
                 {60000, "minute"},
                 {1000, "second"},
                 {1, "millisecond"}};
    size_t i = 0;
    while (ms % units[i].ms != 0)
        i++;
    long long number = ms / units[i].ms;
    struct duration duration;
    snprintf(duration.text, sizeof duration.text, "%lld %s%s", number, units[i].name,
             number == 1 ? "" : "s");
    return duration;
}

/* The differences are taken without signs: they cannot overflow. */
static bool is_ahead(const struct event_rules *rules, int64_t time_ms)
{
    return time_ms > rules->now_ms &&
           (uint64_t)time_ms - (uint64_t)rules->now_ms > (uint64_t)rules->ahead_ms_max;
}

static bool is_behind(const struct event_rules *rules, int64_t time_ms)
{
    if (rules->has_oldest)
        return time_ms < rules->oldest_ms;
    return rules->behind_ms_max > 0 && time_ms < rules->now_ms &&
           (uint64_t)rules->now_ms - (uint64_t)time_ms > (uint64_t)rules->behind_ms_max;
}

/* The time is outside the calendar, or ahead, or behind. */
RARE static enum status refuse_time(const struct event_rules *rules, int64_t time_ms,
                                    struct error *err)
{
    static const char field[] = "timestamp";
    long long now_ms = (long long)rules->now_ms;
    if (time_ms < calendar_ms_min || time_ms > calendar_ms_max)
        return fail_input(err, "invalid_timestamp", field,
                          "timestamp lies outside the years 1 to 9999; it counts milliseconds");
    if (is_ahead(rules, time_ms))
        return fail_input(err, "invalid_timestamp", field,
                          "timestamp %lld is more than %s ahead of this server's clock (%lld)",
                          (long long)time_ms, duration(rules->ahead_ms_max).text, now_ms);
    if (rules->has_oldest) {
        char date[DATE_BYTES];
        date_format(day_of_ms(rules->oldest_ms), date);
        return fail_input(err, "invalid_timestamp", field,
                          "timestamp %lld is before %.*s, the oldest that this request takes; it "
                          "counts milliseconds since 1970",
                          (long long)time_ms, DATE_BYTES, date);
    }
    return fail_input(err, "invalid_timestamp", field,
                      "timestamp %lld is more than %s behind this server's clock (%lld); it "
                      "counts milliseconds since 1970",
                      (long long)time_ms, duration(rules->behind_ms_max).text, now_ms);
}

enum status event_rules_check_time(const struct event_rules *rules, int64_t time_ms,
                                   struct error *err)
{
    bool good = time_ms >= calendar_ms_min && time_ms <= calendar_ms_max &&
                !is_ahead(rules, time_ms) && !is_behind(rules, time_ms);
    return good ? STATUS_OK : refuse_time(rules, time_ms, err);
}

const char *event_rules_default_platforms(void)
{
    return "facebook,instagram,linkedin,x,tiktok,youtube,pinterest,whatsapp,messenger,snapchat,"
           "reddit,threads,nextdoor";
}
