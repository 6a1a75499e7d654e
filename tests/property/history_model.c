/*
 * history_model.c - the rules, a line each.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "history_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/calendar.h"

enum { NAME_BYTES = 32 };

const char *const model_zones[MODEL_ZONES] = {
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Pacific/Marquesas",
    "America/St_Johns",
    "America/Havana",
    "Asia/Beirut",
    "Africa/Cairo",
    "America/Santiago",
    "Pacific/Apia",
    "Asia/Tehran",
    "Australia/Eucla",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Pacific/Pago_Pago",
};

static void fill_local_days(struct model *model, int zone)
{
    setenv("TZ", model_zones[zone], 1);
    tzset();
    for (size_t i = 0; i < sizeof model->local_day[zone] / sizeof model->local_day[zone][0]; i++) {
        time_t moment = (model->first_ms + (int64_t)i * ms_per_quarter) / 1000;
        struct tm local;
        localtime_r(&moment, &local);
        int32_t day =
            day_from_civil((struct civil){local.tm_year + 1900, local.tm_mon + 1, local.tm_mday});
        model->local_day[zone][i] = (int16_t)(day - day_of_ms(model->first_ms));
    }
}

void model_init(struct model *model, int64_t first_ms)
{
    memset(model, 0, sizeof *model);
    model->first_ms = first_ms;
    for (int zone = 0; zone < MODEL_ZONES; zone++)
        fill_local_days(model, zone);
    unsetenv("TZ");
    tzset();
}

int32_t model_day(const struct model *model, int zone, int64_t time_ms)
{
    size_t quarter = (size_t)((time_ms - model->first_ms) / ms_per_quarter);
    return day_of_ms(model->first_ms) + model->local_day[zone][quarter];
}

/* The first 64 names of a listing's UTC day keep their names. */
static int16_t counts_as(const struct model *model, const struct model_event *event)
{
    bool seen[MODEL_SOURCES] = {false};
    int names = 0;
    if (event->source == MODEL_SOURCE_NONE)
        return MODEL_SOURCE_NONE;
    for (size_t i = 0; i < model->event_count; i++) {
        const struct model_event *before = &model->events[i];
        if (before->user != event->user || before->listing != event->listing ||
            day_of_ms(before->time_ms) != day_of_ms(event->time_ms) || before->counts_as < 0 ||
            before->counts_as == MODEL_SOURCE_OTHER || seen[before->counts_as])
            continue;
        seen[before->counts_as] = true;
        names++;
    }
    return seen[event->source] || names < SOURCES_PER_DAY_MAX ? event->source : MODEL_SOURCE_OTHER;
}

bool model_record(struct model *model, const struct model_event *event)
{
    for (size_t i = 0; i < model->event_count && event->id != 0; i++)
        if (model->events[i].user == event->user && model->events[i].id == event->id)
            return false;
    struct model_event *kept = &model->events[model->event_count];
    *kept = *event;
    kept->counts_as = counts_as(model, event);
    model->event_count++;
    return true;
}

static void add(struct model_sum *sum, const struct model_event *event)
{
    sum->counts.of[event->type]++;
    if (event->received_ms > sum->updated_ms)
        sum->updated_ms = event->received_ms;
}

void model_aggregate(const struct model *model, int user, int listing, int zone, int32_t first,
                     int32_t last, struct model_answer *out)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < model->event_count; i++) {
        const struct model_event *event = &model->events[i];
        int32_t day = model_day(model, zone, event->time_ms);
        if (event->user != user || event->listing != listing || day > last)
            continue;
        if (day >= first) {
            add(&out->total, event);
            add(&out->platforms[event->platform], event);
            add(&out->days[day - first], event);
            add(&out->day_platforms[day - first][event->platform], event);
            if (event->counts_as != MODEL_SOURCE_NONE)
                out->sources[event->counts_as].of[event->type]++;
        } else if (day >= first - (last - first + 1)) {
            out->before.of[event->type]++;
        }
    }
}

/* Made once; later calls find them. */
static struct text name_of(char name[NAME_BYTES], const char *format, int number)
{
    if (name[0] == '\0')
        snprintf(name, NAME_BYTES, format, number);
    return text_of(name);
}

struct text model_user_name(int user)
{
    static char names[MODEL_USERS][NAME_BYTES];
    return name_of(names[user], "agent %d", user);
}

struct text model_listing_name(int listing)
{
    static char names[MODEL_LISTINGS][NAME_BYTES];
    return name_of(names[listing], "l/%d", listing * 7 % MODEL_LISTINGS); /* in another order */
}

struct text model_platform_name(int platform)
{
    static const char *const names[MODEL_PLATFORMS] = {
        NULL, "facebook", "instagram", "x", "whatsapp", "nextdoor", "reddit", "myspace", "orkut",
    };
    return names[platform] == NULL ? (struct text){NULL, 0} : text_of(names[platform]);
}

struct text model_source_name(int source)
{
    static char names[MODEL_SOURCES][NAME_BYTES];
    if (source == MODEL_SOURCE_NONE)
        return (struct text){NULL, 0};
    if (source == MODEL_SOURCE_OTHER)
        return text_of("(other)");
    return name_of(names[source], "source-%d", source * 37 % MODEL_SOURCES);
}
