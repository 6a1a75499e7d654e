/*
 * day_create.c - a listing-day that is not there, put whole.
 *
 * PutItem has no expression for what is put, and so no limit of one: all parts go at once.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/dynamodb/day_update.h"

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

static void put_sources(struct body *body, const struct day_delta *delta, bool cells)
{
    body_put(body, ",\"_s\":{\"M\":{");
    size_t unit = delta->platform_units;
    for (size_t name = 0; name < delta->name_count; name++) {
        struct counts sum = {0};
        char key[SOURCE_CELL_KEY_BYTES];
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
    day_body_begin(body, target);
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
