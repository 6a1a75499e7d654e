/*
 * day_maps.c - the maps that adding to a listing-day needs, and that it lacks.
 *
 * A map and its child cannot be made in one update, so the ones at the top go first. A source's map
 * is its place: it is only made while the day has as many names as were seen, so that two writers
 * together cannot bring more than there are places.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/dynamodb/day_update.h"

#include <stdio.h>

/* A map that is empty; or a platform's, which has all counts, since others add them up. */
enum map_kind { MAP_EMPTY, MAP_PLATFORM, MAP_KINDS };
static const struct {
    const char *placeholder;
    const char *value;
} maps_of[MAP_KINDS] = {
    [MAP_EMPTY] = {":m", "{\"M\":{}}"},
    [MAP_PLATFORM] = {":z", "{\"M\":{\"views\":{\"N\":\"0\"},\"shares\":{\"N\":\"0\"},"
                            "\"inquiries\":{\"N\":\"0\"},\"lastUpdated\":{\"N\":\"0\"}}}"},
};

static void set_map(struct expression *expression, const char *path, enum map_kind kind)
{
    expression_comma(&expression->set);
    body_put(&expression->set, path);
    body_put(&expression->set, "=if_not_exists(");
    body_put(&expression->set, path);
    body_put(&expression->set, ",");
    body_put(&expression->set, maps_of[kind].placeholder);
    body_put(&expression->set, ")");
}

/* A value that no expression names is refused, so each stands only where it is used. */
static void put_maps(struct expression *expression, const bool used[MAP_KINDS])
{
    for (enum map_kind kind = 0; kind < MAP_KINDS; kind++) {
        if (!used[kind])
            continue;
        expression_comma(&expression->values);
        body_put(&expression->values, "\"");
        body_put(&expression->values, maps_of[kind].placeholder);
        body_put(&expression->values, "\":");
        body_put(&expression->values, maps_of[kind].value);
    }
}

static bool lacks(const json_t *map, struct text name)
{
    return json_object_getn(map, name.at, name.len) == NULL;
}

/* The maps at the top: children can only be set in those that are there. */
static bool set_top_maps(struct expression *expression, const struct day_target *target,
                         const struct day_item *item, bool wants_platforms, bool wants_sources)
{
    if (wants_platforms && item->platforms == NULL) {
        expression_fixed_name(expression, "p", "platforms");
        set_map(expression, "#p", MAP_EMPTY);
    }
    if (wants_sources && item->sources == NULL) {
        expression_fixed_name(expression, "s", "_s");
        set_map(expression, "#s", MAP_EMPTY);
    }
    if (target->cells && item->cell_map == NULL) {
        expression_fixed_name(expression, "c", "_c");
        set_map(expression, "#c", MAP_EMPTY);
    }
    return expression->set.bytes.len > 0;
}

enum { MAPS_AT_ONCE = 50 }; /* DynamoDB counts operators, and four kilobytes */

bool day_maps_body(struct body *body, struct expression *expression,
                   const struct day_target *target, const struct day_item *item,
                   const struct day_delta *delta)
{
    char path[32];
    bool wants_platforms = false;
    bool used[MAP_KINDS] = {[MAP_EMPTY] = true};
    size_t new_names = 0;
    size_t maps = 0;
    expression_clear(expression);
    for (size_t i = 0; i < delta->platform_count; i++)
        wants_platforms = wants_platforms || delta->platforms[i].platform != PLATFORM_NONE;

    if (!set_top_maps(expression, target, item, wants_platforms, delta->name_count > 0)) {
        bool named = false;
        for (size_t i = 0; i < delta->platform_count && maps < MAPS_AT_ONCE; i++) {
            struct text name = platform_name(delta->platforms[i].platform);
            if (name.len == 0 || !lacks(item->platforms, name))
                continue;
            if (!named)
                expression_fixed_name(expression, "p", "platforms");
            named = true;
            expression_name(expression, "p", i, name);
            snprintf(path, sizeof path, "#p.#p%zu", i);
            set_map(expression, path, MAP_PLATFORM);
            maps++;
        }
        for (size_t i = 0; i < delta->name_count && maps < MAPS_AT_ONCE; i++) {
            if (!lacks(item->sources, delta->names[i]))
                continue;
            if (new_names++ == 0)
                expression_fixed_name(expression, "s", "_s");
            expression_name(expression, "s", i, delta->names[i]);
            snprintf(path, sizeof path, "#s.#s%zu", i);
            set_map(expression, path, MAP_EMPTY);
            maps++;
        }
        if (maps == 0)
            return false;
        used[MAP_PLATFORM] = named;
        used[MAP_EMPTY] = new_names > 0;
    }
    put_maps(expression, used);
    day_body_begin_update(body, target);
    body_put(body, ",\"ConditionExpression\":\"attribute_exists(PK)");
    if (new_names > 0) {
        body_put(body, " AND size(#s)<=:n\"");
        body_put(&expression->values, ",\":n\":");
        body_put_n(&expression->values, (int64_t)json_object_size(item->sources));
    } else {
        body_put(body, "\"");
    }
    expression_put_update(body, expression);
    return true;
}
