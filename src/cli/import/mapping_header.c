/*
 * mapping_header.c - columns found by name or number.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "cli/import/mapping.h"
#include "cli/import/mapping_parts.h"

enum { UNUSED_BYTES = 1024, COLUMN_NUMBER_DIGITS = 3 };

static const bool is_required[IMPORT_FIELDS] = {
    [IMPORT_USER_ID] = true,
    [IMPORT_LISTING_ID] = true,
    [IMPORT_EVENT_TYPE] = true,
    [IMPORT_TIMESTAMP] = true, /* or years would be counted today */
};

/* "#4": the fourth. */
static bool read_column_number(struct text name, int *index)
{
    int number = 0;
    if (name.len < 2 || name.len > 1 + COLUMN_NUMBER_DIGITS || name.at[0] != '#')
        return false;
    for (size_t i = 1; i < name.len; i++) {
        if (name.at[i] < '0' || name.at[i] > '9')
            return false;
        number = number * 10 + (name.at[i] - '0');
    }
    *index = number - 1;
    return number > 0;
}

/* The names of the header's columns, as far as they fit into a sentence. */
static void list_columns(const struct text *cells, size_t count, char *out, size_t out_bytes)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count && used < out_bytes; i++) {
        size_t len = cells[i].len < 60 ? cells[i].len : 60;
        used += (size_t)snprintf(out + used, out_bytes - used, "%s%.*s", i == 0 ? "" : ", ",
                                 (int)len, cells[i].at);
    }
}

static enum status find_column(struct column *column, const struct text *cells, size_t count,
                               struct error *err)
{
    char names[256];
    if (column->name.at == NULL || read_column_number(column->name, &column->index))
        return STATUS_OK;
    for (size_t i = 0; i < count; i++) {
        if (!mapping_text_is(cells[i], column->name))
            continue;
        if (column->index != NO_COLUMN)
            return fail_input(err, "usage", "",
                              "--map: the file has two columns \"%.*s\"; name one by its number, "
                              "as #%zu",
                              TEXT_ARGS(column->name), i + 1);
        column->index = (int)i;
    }
    if (column->index != NO_COLUMN)
        return STATUS_OK;
    list_columns(cells, count, names, sizeof names);
    return fail_input(err, "usage", "", "--map: the file has no column \"%.*s\"; it has %s",
                      (int)(column->name.len < 60 ? column->name.len : 60), column->name.at,
                      cells == NULL ? "no header: name columns by number, as #1" : names);
}

/* Columns that are named like a field and not mapped otherwise. */
static void take_own_names(struct mapping *mapping, const struct text *cells, size_t count)
{
    for (enum import_field field = 0; field < IMPORT_FIELDS; field++) {
        for (size_t i = 0; i < count; i++) {
            if (mapping->columns[field].index == NO_COLUMN &&
                mapping_text_is(cells[i], text_of(import_field_names[field])))
                mapping->columns[field].index = (int)i;
        }
    }
}

static bool is_used(const struct mapping *mapping, int index)
{
    bool used = false;
    for (enum import_field field = 0; field < IMPORT_FIELDS; field++)
        used |= mapping->columns[field].index == index;
    for (size_t i = 0; i < mapping->answer_count; i++)
        used |= mapping->answers[i].column.index == index;
    return used;
}

static enum status check_required(const struct mapping *mapping, const struct text *cells,
                                  size_t count, struct error *err)
{
    char names[256];
    list_columns(cells, count, names, sizeof names);
    for (enum import_field field = 0; field < IMPORT_FIELDS; field++) {
        if (!is_required[field] || mapping->columns[field].index != NO_COLUMN ||
            mapping->constants[field].at != NULL)
            continue;
        const char *name = import_field_names[field];
        return fail_input(err, "usage", "",
                          "no column says the %s: name it with --map %s=COLUMN, or give all events "
                          "the same with --set %s=VALUE%s%s",
                          name, name, name, cells == NULL ? "" : "; the columns are ", names);
    }
    return STATUS_OK;
}

enum status mapping_take_header(struct mapping *mapping, const struct text *cells, size_t count,
                                struct arena *arena, const char **unused, struct error *err)
{
    struct text left[64];
    size_t left_count = 0;
    enum status status = STATUS_OK;
    for (enum import_field field = 0; field < IMPORT_FIELDS && status == STATUS_OK; field++)
        status = find_column(&mapping->columns[field], cells, count, err);
    for (size_t i = 0; i < mapping->answer_count && status == STATUS_OK; i++)
        status = find_column(&mapping->answers[i].column, cells, count, err);
    if (status != STATUS_OK)
        return status;
    take_own_names(mapping, cells, count);
    status = check_required(mapping, cells, count, err);
    if (status != STATUS_OK)
        return status;

    mapping->header_count = count;
    for (size_t i = 0; i < count && left_count < 64; i++) {
        if (!is_used(mapping, (int)i) && cells[i].len > 0)
            left[left_count++] = cells[i];
    }
    char *names = arena_alloc(arena, UNUSED_BYTES);
    if (names == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for the header");
    list_columns(left, left_count, names, UNUSED_BYTES);
    *unused = names;
    return STATUS_OK;
}
