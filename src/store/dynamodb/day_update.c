/*
 * day_update.c - adding to a listing-day that is there, and what all requests about one share.
 * Making it: day_create.c; the maps that adding needs: day_maps.c.
 *
 * An expression names attributes through placeholders where it must: "views", "date" and others are
 * reserved words, and names may hold anything. Keys of cells are made so that they need none: a
 * letter and digits, which no reserved word is. Numbers are shared by all who add the same one,
 * which is mostly 1.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/dynamodb/day_update.h"

#include <stdio.h>

void put_marker_name(struct body *body, uint32_t writer)
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

void day_body_begin(struct body *body, const struct day_target *target)
{
    body_clear(body);
    body_put(body, "{\"TableName\":\"");
    body_put_escaped(body, text_of(target->table));
    body_put(body, "\",\"ReturnConsumedCapacity\":\"TOTAL\"");
}

void day_index_body(struct body *body, const struct day_target *target)
{
    day_body_begin(body, target);
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
    day_body_begin(body, target);
    body_put(body, ",\"ConsistentRead\":true,\"Key\":{");
    put_day_key(body, target);
    body_put(body, "}}");
}

/* ---- add ---- */

void source_cell_key(int16_t quarter, int type, char out[SOURCE_CELL_KEY_BYTES])
{
    snprintf(out, SOURCE_CELL_KEY_BYTES, "q%02d%c", quarter, day_type_letters[type]);
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
        expression_add(expression, path, counts->of[type]);
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
            expression_fixed_name(expression, type_placeholders[type], day_type_names[type]);

    bool named = false;
    for (size_t i = 0; i < delta->platform_count; i++) {
        const struct delta_platform *platform = &delta->platforms[i];
        const struct counts *counts = &by_platform[platform->platform];
        char path[48];
        if (counts_sum(counts) == 0)
            continue;
        if (platform->platform == PLATFORM_NONE) {
            expression_fixed_name(expression, "u", "_u");
            expression_set(expression, "#u", platform->updated_ms);
            continue;
        }
        if (!named)
            expression_fixed_name(expression, "p", "platforms");
        named = true;
        expression_name(expression, "p", i, platform_name(platform->platform));
        snprintf(path, sizeof path, "#p.#p%zu.", i);
        add_counts(expression, path, counts);
        snprintf(path, sizeof path, "#p.#p%zu.lastUpdated", i);
        expression_set(expression, path, platform->updated_ms);
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
                expression_name(expression, "k", placeholders, text_of(key));
                snprintf(path, sizeof path, "#c.#k%zu", placeholders++);
            }
            if (type == EVENT_TYPES)
                expression_set(expression, path, unit->updated_ms - delta->day * ms_per_day);
            else
                expression_add(expression, path, unit->counts.of[type]);
        }
    }
    if (end > from)
        expression_fixed_name(expression, "c", "_c");
}

static void add_sources(struct expression *expression, const struct day_delta *delta, size_t from,
                        size_t end, bool cells)
{
    if (end > from)
        expression_fixed_name(expression, "s", "_s");
    for (size_t i = from; i < end;) {
        uint32_t name = delta->units[i].name;
        struct counts sum = {0};
        char path[32];
        expression_name(expression, "s", name, delta->names[name]);
        for (; i < end && delta->units[i].name == name; i++) {
            const struct counts *counts = &delta->units[i].counts;
            counts_add(&sum, counts);
            for (int type = 0; type < EVENT_TYPES && cells; type++) {
                char key[SOURCE_CELL_KEY_BYTES];
                if (counts->of[type] == 0)
                    continue;
                source_cell_key(delta->units[i].quarter, type, key);
                snprintf(path, sizeof path, "#s.#s%u.%s", name, key);
                expression_add(expression, path, counts->of[type]);
            }
        }
        for (int type = 0; type < EVENT_TYPES; type++) {
            if (sum.of[type] == 0)
                continue;
            snprintf(path, sizeof path, "#s.#s%u.%c", name, day_type_letters[type]);
            expression_add(expression, path, sum.of[type]);
        }
    }
}

void day_body_begin_update(struct body *body, const struct day_target *target)
{
    day_body_begin(body, target);
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
    expression_comma(&expression->names);
    body_put(&expression->names, "\"#f\":\"");
    put_marker_name(&expression->names, target->writer);
    body_put(&expression->names, "\"");
    expression_set(expression, "#f", (int64_t)day_marker(batch, part)); /* :0, for the guard */
    expression_set(expression, "updatedAt", delta->updated_ms);
    if (from < platforms_end) {
        add_totals(expression, delta, from, platforms_end);
        if (target->cells)
            add_platform_cells(expression, delta, from, platforms_end);
    }
    add_sources(expression, delta, sources, end, target->cells);

    day_body_begin_update(body, target);
#ifdef FOOTFALL_DYNAMODB_WITHOUT_GUARD
    /* For the chaos test alone, which must see that counts drift without the guard. */
    body_put(body, ",\"ConditionExpression\":\"attribute_exists(PK)\"");
#else
    body_put(body, ",\"ConditionExpression\":\"attribute_exists(PK) AND "
                   "(attribute_not_exists(#f) OR #f<:0)\"");
#endif
    expression_put_update(body, expression);
}
