/*
 * day_update.c - the requests that change a listing-day.
 *
 * An expression names attributes through placeholders where it must: "views", "date" and others are
 * reserved words, and names may hold anything. Keys of cells are made so that they need none: a
 * letter and digits, which no reserved word is. Numbers are shared by all who add the same one,
 * which is mostly 1.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/dynamodb/day_update.h"

#include <assert.h>
#include <stdio.h>

void expression_done(struct expression *expression)
{
    body_done(&expression->set);
    body_done(&expression->add);
    body_done(&expression->names);
    body_done(&expression->values);
}

static void expression_clear(struct expression *expression)
{
    body_clear(&expression->set);
    body_clear(&expression->add);
    body_clear(&expression->names);
    body_clear(&expression->values);
    expression->number_count = 0;
}

/* Writes the placeholder of a number, ":0" to ":303". */
static void put_value(struct expression *expression, struct body *into, int64_t number)
{
    size_t place = 0;
    while (place < expression->number_count && expression->numbers[place] != number)
        place++;
    if (place == expression->number_count) {
        assert(place < sizeof expression->numbers / sizeof *expression->numbers);
        expression->numbers[expression->number_count++] = number;
        body_put(&expression->values, place == 0 ? "\":" : ",\":");
        body_put_number(&expression->values, (int64_t)place);
        body_put(&expression->values, "\":");
        body_put_n(&expression->values, number);
    }
    body_put(into, ":");
    body_put_number(into, (int64_t)place);
}

static void put_comma(struct body *body)
{
    if (body->bytes.len > 0)
        body_put(body, ",");
}

/* "#x":"name" */
static void put_name(struct expression *expression, const char *placeholder, size_t number,
                     struct text name)
{
    put_comma(&expression->names);
    body_put(&expression->names, "\"#");
    body_put(&expression->names, placeholder);
    if (number != SIZE_MAX)
        body_put_number(&expression->names, (int64_t)number);
    body_put(&expression->names, "\":\"");
    body_put_escaped(&expression->names, name);
    body_put(&expression->names, "\"");
}

static void put_fixed_name(struct expression *expression, const char *placeholder, const char *name)
{
    put_name(expression, placeholder, SIZE_MAX, text_of(name));
}

static void put_marker_name(struct body *body, uint32_t writer)
{
    body_put(body, "_f");
    body_put_number(body, writer);
}

/* ---- keys ---- */

void put_user_key(struct body *body, struct text user_id)
{
    body_put(body, "\"PK\":{\"S\":\"USER#");
    body_put_escaped(body, user_id);
    body_put(body, "\"}");
}

void put_day_key(struct body *body, const struct day_target *target)
{
    put_user_key(body, target->user_id);
    body_put(body, ",\"SK\":{\"S\":\"METRICS#");
    body_put_escaped(body, target->listing_id);
    body_put(body, "#");
    body_put_date(body, target->day);
    body_put(body, "\"}");
}

static void begin(struct body *body, const struct day_target *target)
{
    body_clear(body);
    body_put(body, "{\"TableName\":\"");
    body_put_escaped(body, text_of(target->table));
    body_put(body, "\",\"ReturnConsumedCapacity\":\"TOTAL\"");
}

void day_index_body(struct body *body, const struct day_target *target)
{
    begin(body, target);
    body_put(body, ",\"Item\":{");
    put_user_key(body, target->user_id);
    body_put(body, ",\"SK\":{\"S\":\"DAY#");
    body_put_date(body, target->day);
    body_put(body, "#");
    body_put_escaped(body, target->listing_id);
    body_put(body, "\"}}}");
}

void day_get_body(struct body *body, const struct day_target *target)
{
    begin(body, target);
    body_put(body, ",\"ConsistentRead\":true,\"Key\":{");
    put_day_key(body, target);
    body_put(body, "}}");
}

/* ---- create ---- */

/* What the units of the delta add up to, of all platforms or of one. */
static struct counts sum_of(const struct day_delta *delta, int platform)
{
    struct counts sum = {0};
    for (size_t i = 0; i < delta->platform_units; i++)
        if (platform < 0 || delta->units[i].platform == platform)
            counts_add(&sum, &delta->units[i].counts);
    return sum;
}

static void put_counts(struct body *body, const struct counts *counts)
{
    for (int type = 0; type < EVENT_TYPES; type++)
        body_put_member_n(body, day_type_names[type], (int64_t)counts->of[type]);
}

static void put_platforms(struct body *body, const struct day_delta *delta)
{
    body_put(body, ",\"platforms\":{\"M\":{");
    bool first = true;
    for (size_t i = 0; i < delta->platform_count; i++) {
        const struct delta_platform *platform = &delta->platforms[i];
        if (platform->platform == PLATFORM_NONE)
            continue;
        struct counts sum = sum_of(delta, platform->platform);
        body_put(body, first ? "\"" : ",\"");
        body_put_text(body, platform_name(platform->platform));
        body_put(body, "\":{\"M\":{");
        put_counts(body, &sum);
        body_put_member_n(body, "lastUpdated", platform->updated_ms);
        body_put(body, "}}");
        first = false;
    }
    body_put(body, "}}");
}

static void put_cells(struct body *body, const struct day_delta *delta)
{
    body_put(body, ",\"_c\":{\"M\":{");
    for (size_t i = 0; i < delta->platform_units; i++) {
        const struct delta_unit *unit = &delta->units[i];
        char key[CELL_KEY_BYTES];
        for (int type = 0; type < EVENT_TYPES; type++) {
            if (unit->counts.of[type] == 0)
                continue;
            cell_key_of(unit->quarter, unit->platform, type, key);
            body_put_member_n(body, key, (int64_t)unit->counts.of[type]);
        }
        cell_key_of(unit->quarter, unit->platform, EVENT_TYPES, key);
        body_put_member_n(body, key, unit->updated_ms - delta->day * ms_per_day);
    }
    body_put(body, "}}");
}

static void source_cell_key(int16_t quarter, int type, char out[16])
{
    snprintf(out, 16, "q%02d%c", quarter, day_type_letters[type]);
}

static void put_sources(struct body *body, const struct day_delta *delta, bool cells)
{
    body_put(body, ",\"_s\":{\"M\":{");
    size_t unit = delta->platform_units;
    for (size_t name = 0; name < delta->name_count; name++) {
        struct counts sum = {0};
        char key[16];
        body_put(body, name == 0 ? "\"" : ",\"");
        body_put_escaped(body, delta->names[name]);
        body_put(body, "\":{\"M\":{");
        for (; unit < delta->unit_count && delta->units[unit].name == name; unit++) {
            const struct counts *counts = &delta->units[unit].counts;
            counts_add(&sum, counts);
            for (int type = 0; type < EVENT_TYPES && cells; type++) {
                if (counts->of[type] == 0)
                    continue;
                source_cell_key(delta->units[unit].quarter, type, key);
                body_put_member_n(body, key, (int64_t)counts->of[type]);
            }
        }
        for (int type = 0; type < EVENT_TYPES; type++) {
            const char letter[2] = {day_type_letters[type], '\0'};
            if (sum.of[type] > 0)
                body_put_member_n(body, letter, (int64_t)sum.of[type]);
        }
        body_put(body, "}}");
    }
    body_put(body, "}}");
}

void day_create_body(struct body *body, const struct day_target *target,
                     const struct day_delta *delta, uint64_t batch)
{
    struct counts sum = sum_of(delta, -1);
    int64_t none_ms = day_delta_platform_updated(delta, PLATFORM_NONE);
    begin(body, target);
    body_put(body, ",\"ConditionExpression\":\"attribute_not_exists(PK)\",\"Item\":{");
    put_day_key(body, target);
    body_put_member_s(body, "listingId", target->listing_id);
    body_put(body, ",\"date\":{\"S\":\"");
    body_put_date(body, target->day);
    body_put(body, "\"}");
    put_counts(body, &sum);
    body_put_member_n(body, "updatedAt", delta->updated_ms);
    put_platforms(body, delta);
    if (none_ms != 0)
        body_put_member_n(body, "_u", none_ms);
    if (target->cells)
        put_cells(body, delta);
    put_sources(body, delta, target->cells);
    body_put(body, ",\"");
    put_marker_name(body, target->writer);
    body_put(body, "\":");
    body_put_n(body, (int64_t)day_marker(batch, delta->part_count - 1));
    body_put(body, "}}");
}

/* ---- add ---- */

static void set_number(struct expression *expression, const char *path, int64_t number)
{
    put_comma(&expression->set);
    body_put(&expression->set, path);
    body_put(&expression->set, "=");
    put_value(expression, &expression->set, number);
}

static void add_number(struct expression *expression, const char *path, uint64_t number)
{
    put_comma(&expression->add);
    body_put(&expression->add, path);
    body_put(&expression->add, " ");
    put_value(expression, &expression->add, (int64_t)number);
}

static const char *const type_placeholders[EVENT_TYPES] = {"v", "h", "i"};

static void add_counts(struct expression *expression, const char *parent,
                       const struct counts *counts)
{
    char path[48];
    for (int type = 0; type < EVENT_TYPES; type++) {
        if (counts->of[type] == 0)
            continue;
        snprintf(path, sizeof path, "%s#%s", parent, type_placeholders[type]);
        add_number(expression, path, counts->of[type]);
    }
}

/* The day's totals and the platforms', of these units. */
static void add_totals(struct expression *expression, const struct day_delta *delta, size_t from,
                       size_t end)
{
    struct counts total = {0};
    struct counts by_platform[PLATFORMS_MAX] = {0};
    for (size_t i = from; i < end; i++) {
        counts_add(&total, &delta->units[i].counts);
        counts_add(&by_platform[delta->units[i].platform], &delta->units[i].counts);
    }
    add_counts(expression, "", &total);
    for (int type = 0; type < EVENT_TYPES; type++)
        if (total.of[type] > 0)
            put_fixed_name(expression, type_placeholders[type], day_type_names[type]);

    bool named = false;
    for (size_t i = 0; i < delta->platform_count; i++) {
        const struct delta_platform *platform = &delta->platforms[i];
        const struct counts *counts = &by_platform[platform->platform];
        char path[48];
        if (counts_sum(counts) == 0)
            continue;
        if (platform->platform == PLATFORM_NONE) {
            put_fixed_name(expression, "u", "_u");
            set_number(expression, "#u", platform->updated_ms);
            continue;
        }
        if (!named)
            put_fixed_name(expression, "p", "platforms");
        named = true;
        put_name(expression, "p", i, platform_name(platform->platform));
        snprintf(path, sizeof path, "#p.#p%zu.", i);
        add_counts(expression, path, counts);
        snprintf(path, sizeof path, "#p.#p%zu.lastUpdated", i);
        set_number(expression, path, platform->updated_ms);
    }
}

static void add_platform_cells(struct expression *expression, const struct day_delta *delta,
                               size_t from, size_t end)
{
    size_t placeholders = 0;
    for (size_t i = from; i < end; i++) {
        const struct delta_unit *unit = &delta->units[i];
        for (int type = 0; type <= EVENT_TYPES; type++) {
            char key[CELL_KEY_BYTES];
            char path[CELL_KEY_BYTES + 8];
            if (type < EVENT_TYPES && unit->counts.of[type] == 0)
                continue;
            cell_key_of(unit->quarter, unit->platform, type, key);
            if (unit->platform <= PLATFORM_BUILTIN_LAST) {
                snprintf(path, sizeof path, "#c.%s", key);
            } else {
                put_name(expression, "k", placeholders, text_of(key));
                snprintf(path, sizeof path, "#c.#k%zu", placeholders++);
            }
            if (type == EVENT_TYPES)
                set_number(expression, path, unit->updated_ms - delta->day * ms_per_day);
            else
                add_number(expression, path, unit->counts.of[type]);
        }
    }
    if (end > from)
        put_fixed_name(expression, "c", "_c");
}

static void add_sources(struct expression *expression, const struct day_delta *delta, size_t from,
                        size_t end, bool cells)
{
    if (end > from)
        put_fixed_name(expression, "s", "_s");
    for (size_t i = from; i < end;) {
        uint32_t name = delta->units[i].name;
        struct counts sum = {0};
        char path[32];
        put_name(expression, "s", name, delta->names[name]);
        for (; i < end && delta->units[i].name == name; i++) {
            const struct counts *counts = &delta->units[i].counts;
            counts_add(&sum, counts);
            for (int type = 0; type < EVENT_TYPES && cells; type++) {
                char key[16];
                if (counts->of[type] == 0)
                    continue;
                source_cell_key(delta->units[i].quarter, type, key);
                snprintf(path, sizeof path, "#s.#s%u.%s", name, key);
                add_number(expression, path, counts->of[type]);
            }
        }
        for (int type = 0; type < EVENT_TYPES; type++) {
            if (sum.of[type] == 0)
                continue;
            snprintf(path, sizeof path, "#s.#s%u.%c", name, day_type_letters[type]);
            add_number(expression, path, sum.of[type]);
        }
    }
}

static void put_update(struct body *body, const struct expression *expression)
{
    body_put(body, ",\"UpdateExpression\":\"");
    if (expression->set.bytes.len > 0) {
        body_put(body, "SET ");
        body_put_text(body, body_text(&expression->set));
    }
    if (expression->add.bytes.len > 0) {
        body_put(body, " ADD ");
        body_put_text(body, body_text(&expression->add));
    }
    assert(expression->set.bytes.len + expression->add.bytes.len + 10 <= EXPRESSION_BYTES_MAX);
    body_put(body, "\"");
    if (expression->names.bytes.len > 0) {
        body_put(body, ",\"ExpressionAttributeNames\":{");
        body_put_text(body, body_text(&expression->names));
        body_put(body, "}");
    }
    if (expression->values.bytes.len > 0) {
        body_put(body, ",\"ExpressionAttributeValues\":{");
        body_put_text(body, body_text(&expression->values));
        body_put(body, "}");
    }
    if (!body_ok(&expression->set) || !body_ok(&expression->add) || !body_ok(&expression->names) ||
        !body_ok(&expression->values))
        body->failed = true;
    body_put(body, "}");
}

static void begin_update(struct body *body, const struct day_target *target)
{
    begin(body, target);
    body_put(body, ",\"Key\":{");
    put_day_key(body, target);
    body_put(body, "}");
}

void day_add_body(struct body *body, struct expression *expression, const struct day_target *target,
                  const struct day_delta *delta, uint64_t batch, uint32_t part)
{
    size_t from;
    size_t end;
    day_delta_units(delta, part, part, &from, &end);
    size_t sources = from > delta->platform_units ? from : delta->platform_units;
    if (sources > end)
        sources = end;
    size_t platforms_end = end < delta->platform_units ? end : delta->platform_units;

    expression_clear(expression);
    put_comma(&expression->names);
    body_put(&expression->names, "\"#f\":\"");
    put_marker_name(&expression->names, target->writer);
    body_put(&expression->names, "\"");
    set_number(expression, "#f", (int64_t)day_marker(batch, part)); /* :0, for the guard */
    set_number(expression, "updatedAt", delta->updated_ms);
    if (from < platforms_end) {
        add_totals(expression, delta, from, platforms_end);
        if (target->cells)
            add_platform_cells(expression, delta, from, platforms_end);
    }
    add_sources(expression, delta, sources, end, target->cells);

    begin_update(body, target);
#ifdef FOOTFALL_DYNAMODB_WITHOUT_GUARD
    /* For the chaos test alone, which must see that counts drift without the guard. */
    body_put(body, ",\"ConditionExpression\":\"attribute_exists(PK)\"");
#else
    body_put(body, ",\"ConditionExpression\":\"attribute_exists(PK) AND "
                   "(attribute_not_exists(#f) OR #f<:0)\"");
#endif
    put_update(body, expression);
}

/* ---- maps ---- */

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
    put_comma(&expression->set);
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
        put_comma(&expression->values);
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
        put_fixed_name(expression, "p", "platforms");
        set_map(expression, "#p", MAP_EMPTY);
    }
    if (wants_sources && item->sources == NULL) {
        put_fixed_name(expression, "s", "_s");
        set_map(expression, "#s", MAP_EMPTY);
    }
    if (target->cells && item->cell_map == NULL) {
        put_fixed_name(expression, "c", "_c");
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
                put_fixed_name(expression, "p", "platforms");
            named = true;
            put_name(expression, "p", i, name);
            snprintf(path, sizeof path, "#p.#p%zu", i);
            set_map(expression, path, MAP_PLATFORM);
            maps++;
        }
        for (size_t i = 0; i < delta->name_count && maps < MAPS_AT_ONCE; i++) {
            if (!lacks(item->sources, delta->names[i]))
                continue;
            if (new_names++ == 0)
                put_fixed_name(expression, "s", "_s");
            put_name(expression, "s", i, delta->names[i]);
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
    begin_update(body, target);
    body_put(body, ",\"ConditionExpression\":\"attribute_exists(PK)");
    if (new_names > 0) {
        body_put(body, " AND size(#s)<=:n\"");
        body_put(&expression->values, ",\":n\":");
        body_put_n(&expression->values, (int64_t)json_object_size(item->sources));
    } else {
        body_put(body, "\"");
    }
    put_update(body, expression);
    return true;
}
