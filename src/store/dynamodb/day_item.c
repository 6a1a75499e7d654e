/*
 * day_item.c - a listing-day of the table as rows.
 *
 * Numbers of other applications may be anything that DynamoDB calls a number: fractions are cut
 * off, what is below 0 counts as 0, what is too large as the largest count. Platforms whose names
 * are not ours to spell stay in the day's total and count as "none".
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/dynamodb/day_item.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

const char day_type_letters[EVENT_TYPES + 1] = {'v', 's', 'i', 'u'};
const char *const day_type_names[EVENT_TYPES] = {"views", "shares", "inquiries"};

static const char day_prefix[] = "METRICS#";

static enum status no_memory(struct error *err)
{
    return fail(err, STATUS_NO_MEMORY, "no memory to read a listing's day");
}

/* ---- attributes ---- */

static const char *number_of(const json_t *value)
{
    return json_string_value(json_object_get(value, "N"));
}

static uint64_t count_of(const json_t *value)
{
    const char *digits = number_of(value);
    if (digits == NULL || *digits == '-')
        return 0;
    char *end = NULL;
    errno = 0;
    unsigned long long count = strtoull(digits, &end, 10);
    if (errno == ERANGE || count > count_max)
        return count_max;
    if (*end == 'E' || *end == 'e' || *end == '.') {
        double large = strtod(digits, NULL);
        return large >= (double)count_max ? count_max : (uint64_t)large;
    }
    return count;
}

uint64_t attribute_count(const json_t *attributes, const char *name)
{
    return count_of(json_object_get(attributes, name));
}

static int64_t signed_of(const json_t *value, int64_t otherwise)
{
    const char *digits = number_of(value);
    return digits == NULL ? otherwise : strtoll(digits, NULL, 10); /* ends at the limits */
}

int64_t attribute_number(const json_t *attributes, const char *name, int64_t otherwise)
{
    return signed_of(json_object_get(attributes, name), otherwise);
}

struct text attribute_text(const json_t *attributes, const char *name)
{
    const json_t *attribute = json_object_get(attributes, name);
    const json_t *value = json_object_get(attribute, "S");
    if (json_is_true(json_object_get(attribute, "NULL")))
        return (struct text){"", 0};
    if (!json_is_string(value))
        return (struct text){NULL, 0};
    return (struct text){json_string_value(value), json_string_length(value)};
}

const json_t *attribute_map(const json_t *attributes, const char *name)
{
    const json_t *map = json_object_get(json_object_get(attributes, name), "M");
    return json_is_object(map) ? map : NULL;
}

void cell_key_of(int16_t quarter, uint8_t platform, int type, char out[CELL_KEY_BYTES])
{
    if (platform <= PLATFORM_BUILTIN_LAST) {
        snprintf(out, CELL_KEY_BYTES, "%c%02d%c", 'a' + platform, quarter, day_type_letters[type]);
        return;
    }
    struct text name = platform_name(platform);
    snprintf(out, CELL_KEY_BYTES, "z%02d%c%.*s", quarter, day_type_letters[type], TEXT_ARGS(name));
}

/* The type of a letter; -1 for none. */
static int type_of(char letter)
{
    for (int i = 0; i <= EVENT_TYPES; i++)
        if (day_type_letters[i] == letter)
            return i;
    return -1;
}

/* <letter><quarter><type>: false when the key is no cell's. */
static bool cell_key_read(const char *key, char *letter, int16_t *quarter, int *type)
{
    if (key[0] < 'a' || key[0] > 'z' || key[1] < '0' || key[1] > '9' || key[2] < '0' ||
        key[2] > '9')
        return false;
    *letter = key[0];
    *quarter = (int16_t)((key[1] - '0') * 10 + key[2] - '0');
    *type = type_of(key[3]);
    return *quarter < QUARTERS_PER_DAY && *type >= 0;
}

/* ---- reading ---- */

void day_item_done(struct day_item *item)
{
    count_rows_done(&item->totals);
    count_rows_done(&item->cells);
}

void day_item_clear(struct day_item *item, struct text listing_id, int32_t day)
{
    count_rows_clear(&item->totals);
    count_rows_clear(&item->cells);
    item->listing_id = listing_id;
    item->day = day;
    item->marker = 0;
    item->standing.count = 0;
    item->standing.names[SOURCES_PER_DAY_MAX] = (struct text){NULL, 0};
    item->platforms = item->cell_map = item->sources = NULL;
}

/* METRICS#<listing>#<date> */
static bool read_key(const json_t *from, struct text *listing_id, int32_t *day)
{
    const size_t prefix = sizeof day_prefix - 1;
    struct text key = attribute_text(from, "SK");
    if (key.len < prefix + 2 + DATE_BYTES || !text_starts_with(key, day_prefix) ||
        key.at[key.len - DATE_BYTES - 1] != '#')
        return false;
    *listing_id = (struct text){key.at + prefix, key.len - prefix - 1 - DATE_BYTES};
    return date_parse((struct text){key.at + key.len - DATE_BYTES, DATE_BYTES}, day);
}

static enum status read_platforms(struct day_item *item, const json_t *from, struct error *err)
{
    struct counts named = {0};
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)item->platforms, name, value)
    {
        uint8_t platform;
        const json_t *counts = json_object_get(value, "M");
        if (counts == NULL || platform_intern(text_of(name), &platform, NULL) != STATUS_OK)
            continue;
        struct platform_row *row = count_rows_add_platform(&item->totals);
        if (row == NULL)
            return no_memory(err);
        row->day = item->day;
        row->platform = platform;
        for (int type = 0; type < EVENT_TYPES; type++)
            row->counts.of[type] = attribute_count(counts, day_type_names[type]);
        row->updated_ms = attribute_number(counts, "lastUpdated", 0);
        counts_add(&named, &row->counts);
    }
    struct platform_row *none = count_rows_add_platform(&item->totals);
    if (none == NULL)
        return no_memory(err);
    none->day = item->day;
    none->platform = PLATFORM_NONE;
    none->updated_ms = attribute_number(from, "_u", attribute_number(from, "updatedAt", 0));
    for (int type = 0; type < EVENT_TYPES; type++) {
        uint64_t total = attribute_count(from, day_type_names[type]);
        none->counts.of[type] = total > named.of[type] ? total - named.of[type] : 0;
    }
    return STATUS_OK;
}

static enum status read_cell(struct day_item *item, const char *key, const json_t *value,
                             struct error *err)
{
    char letter;
    int16_t quarter;
    int type;
    uint8_t platform;
    if (!cell_key_read(key, &letter, &quarter, &type))
        return STATUS_OK;
    if (letter == 'z') {
        if (platform_intern(text_of(key + 4), &platform, NULL) != STATUS_OK)
            return STATUS_OK;
    } else {
        platform = (uint8_t)(letter - 'a');
        if (platform > PLATFORM_BUILTIN_LAST)
            return STATUS_OK;
    }
    uint16_t *place = &item->places[quarter][platform];
    if (*place == 0) {
        struct platform_row *row = count_rows_add_platform(&item->cells);
        if (row == NULL)
            return no_memory(err);
        row->day = item->day;
        row->quarter = quarter;
        row->platform = platform;
        *place = (uint16_t)item->cells.platform_count;
    }
    struct platform_row *row = &item->cells.platforms[*place - 1];
    if (type == EVENT_TYPES)
        row->updated_ms = item->day * ms_per_day + signed_of(value, 0);
    else
        row->counts.of[type] = count_of(value);
    return STATUS_OK;
}

static enum status read_cells(struct day_item *item, struct error *err)
{
    const char *key;
    json_t *value;
    enum status status = STATUS_OK;
    json_object_foreach((json_t *)(uintptr_t)item->cell_map, key, value)
    {
        status = read_cell(item, key, value, err);
        if (status != STATUS_OK)
            break;
    }
    for (size_t i = 0; i < item->cells.platform_count; i++) {
        const struct platform_row *row = &item->cells.platforms[i];
        item->places[row->quarter][row->platform] = 0;
    }
    return status;
}

static enum status read_source_cells(struct day_item *item, struct text source,
                                     const json_t *counts, struct error *err)
{
    size_t places[QUARTERS_PER_DAY] = {0}; /* row + 1 */
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)counts, key, value)
    {
        char letter;
        int16_t quarter;
        int type;
        if (!cell_key_read(key, &letter, &quarter, &type) || letter != 'q' || type == EVENT_TYPES)
            continue;
        if (places[quarter] == 0) {
            struct source_row *row = count_rows_add_source(&item->cells);
            if (row == NULL)
                return no_memory(err);
            row->day = item->day;
            row->quarter = quarter;
            row->source = source;
            places[quarter] = item->cells.source_count;
        }
        item->cells.sources[places[quarter] - 1].counts.of[type] = count_of(value);
    }
    return STATUS_OK;
}

static enum status read_sources(struct day_item *item, bool with_cells, struct error *err)
{
    static const struct text other = {"(other)", 7};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)item->sources, key, value)
    {
        const json_t *counts = json_object_get(value, "M");
        struct text source = text_of(key);
        if (counts == NULL)
            continue;
        if (text_equal(source, other))
            item->standing.names[SOURCES_PER_DAY_MAX] = source;
        else if (item->standing.count < SOURCES_PER_DAY_MAX)
            item->standing.names[item->standing.count++] = source;
        struct source_row *row = count_rows_add_source(&item->totals);
        if (row == NULL)
            return no_memory(err);
        row->day = item->day;
        row->source = source;
        for (int type = 0; type < EVENT_TYPES; type++) {
            const char letter[2] = {day_type_letters[type], '\0'};
            row->counts.of[type] = attribute_count(counts, letter);
        }
        enum status status = with_cells ? read_source_cells(item, source, counts, err) : STATUS_OK;
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status day_item_read(struct day_item *item, const json_t *from, uint32_t writer,
                          bool with_cells, bool *is_day, struct error *err)
{
    char marker[16];
    struct text listing_id;
    int32_t day;
    *is_day = read_key(from, &listing_id, &day);
    if (!*is_day)
        return STATUS_OK;
    day_item_clear(item, listing_id, day);
    snprintf(marker, sizeof marker, "_f%u", writer);
    item->marker = attribute_count(from, marker);
    item->platforms = attribute_map(from, "platforms");
    item->cell_map = attribute_map(from, "_c");
    item->sources = attribute_map(from, "_s");

    enum status status = read_platforms(item, from, err);
    if (status == STATUS_OK)
        status = read_sources(item, with_cells, err);
    if (status == STATUS_OK && with_cells)
        status = read_cells(item, err);
    return status;
}

/* ---- a reader's moment ---- */

/* Appends the unit to totals, and to cells if it has any: rows of one key are added up by whoever
 * reads them. */
static enum status append_unit(struct day_item *item, const struct day_delta *delta, size_t unit,
                               bool with_cells, struct error *err)
{
    const struct delta_unit *from = &delta->units[unit];
    struct count_rows *grains[] = {&item->totals, with_cells ? &item->cells : NULL};
    for (int i = 0; i < 2 && grains[i] != NULL; i++) {
        int16_t quarter = i == 0 ? 0 : from->quarter;
        if (day_delta_is_source(delta, unit)) {
            struct source_row *row = count_rows_add_source(grains[i]);
            if (row == NULL)
                return no_memory(err);
            *row = (struct source_row){item->day, quarter, delta->names[from->name], from->counts};
        } else {
            struct platform_row *row = count_rows_add_platform(grains[i]);
            if (row == NULL)
                return no_memory(err);
            *row = (struct platform_row){item->day, quarter, from->platform, from->counts,
                                         from->updated_ms};
        }
    }
    return STATUS_OK;
}

enum status day_item_add(struct day_item *item, const struct day_delta *delta, uint32_t from_part,
                         bool with_cells, struct arena *arena, struct error *err)
{
    struct day_delta folded;
    size_t from;
    size_t end;
    enum status status = day_delta_fold(delta, &item->standing, arena, &folded, err);
    if (status != STATUS_OK)
        return status;
    day_delta_units(&folded, from_part, DELTA_PARTS_MAX, &from, &end);
    for (size_t i = from; i < end && status == STATUS_OK; i++)
        status = append_unit(item, &folded, i, with_cells, err);
    return status;
}

/* Takes off as much as is there; *left is what was not. */
static void take_counts(struct counts *of, struct counts *left)
{
    for (int type = 0; type < EVENT_TYPES; type++) {
        uint64_t taken = of->of[type] < left->of[type] ? of->of[type] : left->of[type];
        of->of[type] -= taken;
        left->of[type] -= taken;
    }
}

static void take_unit(struct count_rows *rows, const struct day_delta *delta, size_t unit,
                      bool cells)
{
    const struct delta_unit *what = &delta->units[unit];
    struct counts left = what->counts;
    int16_t quarter = cells ? what->quarter : 0;
    if (day_delta_is_source(delta, unit)) {
        struct text name = delta->names[what->name];
        for (size_t i = 0; i < rows->source_count; i++)
            if (rows->sources[i].quarter == quarter && text_equal(rows->sources[i].source, name))
                take_counts(&rows->sources[i].counts, &left);
    } else {
        for (size_t i = 0; i < rows->platform_count; i++)
            if (rows->platforms[i].quarter == quarter &&
                rows->platforms[i].platform == what->platform)
                take_counts(&rows->platforms[i].counts, &left);
    }
}

enum status day_item_take_off(struct day_item *item, const struct day_delta *delta, uint32_t parts,
                              bool with_cells, struct arena *arena, struct error *err)
{
    struct day_delta folded;
    size_t from;
    size_t end;
    struct source_names standing = item->standing; /* a name that came with it goes with it */
    enum status status = day_delta_fold(delta, &standing, arena, &folded, err);
    if (status != STATUS_OK || parts == 0)
        return status;
    day_delta_units(&folded, 0, parts - 1, &from, &end);
    for (size_t i = from; i < end; i++) {
        take_unit(&item->totals, &folded, i, false);
        if (with_cells)
            take_unit(&item->cells, &folded, i, true);
    }
    return STATUS_OK;
}

static void drop_empty(struct count_rows *rows)
{
    size_t kept = 0;
    for (size_t i = 0; i < rows->platform_count; i++)
        if (counts_sum(&rows->platforms[i].counts) > 0)
            rows->platforms[kept++] = rows->platforms[i];
    rows->platform_count = kept;
    kept = 0;
    for (size_t i = 0; i < rows->source_count; i++)
        if (counts_sum(&rows->sources[i].counts) > 0)
            rows->sources[kept++] = rows->sources[i];
    rows->source_count = kept;
}

/* What the cells, counted up in *cells, leave of the total. */
static bool rest_of(const struct counts *total, const struct counts *cells, struct counts *rest)
{
    for (int type = 0; type < EVENT_TYPES; type++)
        rest->of[type] = total->of[type] > cells->of[type] ? total->of[type] - cells->of[type] : 0;
    return counts_sum(rest) > 0;
}

static enum status level_platforms(struct day_item *item, struct error *err)
{
    struct counts totals[PLATFORMS_MAX] = {0};
    struct counts cells[PLATFORMS_MAX] = {0};
    int64_t updated_ms[PLATFORMS_MAX] = {0};
    for (size_t i = 0; i < item->totals.platform_count; i++) {
        const struct platform_row *row = &item->totals.platforms[i];
        counts_add(&totals[row->platform], &row->counts);
        if (row->updated_ms > updated_ms[row->platform])
            updated_ms[row->platform] = row->updated_ms;
    }
    for (size_t i = 0; i < item->cells.platform_count; i++)
        counts_add(&cells[item->cells.platforms[i].platform], &item->cells.platforms[i].counts);
    for (int platform = 0; platform < PLATFORMS_MAX; platform++) {
        struct counts rest;
        if (!rest_of(&totals[platform], &cells[platform], &rest))
            continue;
        struct platform_row *row = count_rows_add_platform(&item->cells);
        if (row == NULL)
            return no_memory(err);
        *row = (struct platform_row){item->day, DAY_ITEM_NOON, (uint8_t)platform, rest,
                                     updated_ms[platform]};
        item->cells.approximate = true;
    }
    return STATUS_OK;
}

/* At most 65 names, and the delta's. */
static enum status level_sources(struct day_item *item, struct error *err)
{
    size_t cell_count = item->cells.source_count;
    for (size_t i = 0; i < item->totals.source_count; i++) {
        struct text name = item->totals.sources[i].source;
        struct counts total = {0};
        struct counts cells = {0};
        struct counts rest;
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++)
            seen = text_equal(item->totals.sources[j].source, name);
        if (seen)
            continue;
        for (size_t j = i; j < item->totals.source_count; j++)
            if (text_equal(item->totals.sources[j].source, name))
                counts_add(&total, &item->totals.sources[j].counts);
        for (size_t j = 0; j < cell_count; j++)
            if (text_equal(item->cells.sources[j].source, name))
                counts_add(&cells, &item->cells.sources[j].counts);
        if (!rest_of(&total, &cells, &rest))
            continue;
        struct source_row *row = count_rows_add_source(&item->cells);
        if (row == NULL)
            return no_memory(err);
        *row = (struct source_row){item->day, DAY_ITEM_NOON, name, rest};
        item->cells.approximate = true;
    }
    return STATUS_OK;
}

enum status day_item_settle(struct day_item *item, bool with_cells, struct error *err)
{
    drop_empty(&item->totals);
    if (!with_cells)
        return STATUS_OK;
    drop_empty(&item->cells);
    enum status status = level_platforms(item, err);
    return status == STATUS_OK ? level_sources(item, err) : status;
}
