/*
 * event_rules.c - the configured list of platforms, as a table by code and as words.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest/event_rules.h"

#include <stdio.h>
#include <string.h>

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

const char *event_rules_default_platforms(void)
{
    return "facebook,instagram,linkedin,x,tiktok,youtube,pinterest,whatsapp,messenger,snapchat,"
           "reddit,threads,nextdoor";
}
