/*
 * mapping.c - lists of NAME=VALUE, read once, into texts that point into the options.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/import/mapping.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "cli/import/mapping_parts.h"
#include "present/json_writer.h"

static const char answer_prefix[] = "inquiry.";

const char *const import_field_names[IMPORT_FIELDS] = {
    [IMPORT_USER_ID] = "userId",       [IMPORT_LISTING_ID] = "listingId",
    [IMPORT_EVENT_TYPE] = "eventType", [IMPORT_PLATFORM] = "platform",
    [IMPORT_SOURCE] = "source",        [IMPORT_TIMESTAMP] = "timestamp",
    [IMPORT_VISITOR] = "visitor",      [IMPORT_ID] = "id",
};

/* The text up to the next `mark`; *rest is what follows, absent when it was the last. */
static struct text next_part(struct text *rest, char mark)
{
    const char *found = memchr(rest->at, mark, rest->len);
    size_t len = found == NULL ? rest->len : (size_t)(found - rest->at);
    struct text part = {rest->at, len};
    *rest = found == NULL ? (struct text){NULL, 0} : (struct text){found + 1, rest->len - len - 1};
    while (part.len > 0 && part.at[0] == ' ')
        part = (struct text){part.at + 1, part.len - 1};
    while (part.len > 0 && part.at[part.len - 1] == ' ')
        part.len--;
    return part;
}

static enum status unknown_field(struct text name, const char *flag, struct error *err)
{
    const char *meant = nearest_name(name, import_field_names, IMPORT_FIELDS);
    return fail_input(err, "usage", "",
                      "--%s: events have no field \"%.*s\"%s%s; the fields are userId, listingId, "
                      "eventType, platform, source, timestamp, visitor, id and inquiry.NAME",
                      flag, (int)(name.len < 60 ? name.len : 60), name.at,
                      meant == NULL ? "" : ", did you mean ", meant == NULL ? "" : meant);
}

static bool find_field(struct text name, enum import_field *out)
{
    for (enum import_field field = 0; field < IMPORT_FIELDS; field++) {
        if (text_is(name, import_field_names[field])) {
            *out = field;
            return true;
        }
    }
    return false;
}

static enum status bad_part(const char *flag, struct text part, const char *shape,
                            struct error *err)
{
    return fail_input(err, "usage", "", "--%s: \"%.*s\" should be %s", flag,
                      (int)(part.len < 100 ? part.len : 100), part.at, shape);
}

static enum status take_map(struct mapping *mapping, struct text part, struct error *err)
{
    enum import_field field;
    struct text column = part;
    struct text name = next_part(&column, '=');
    if (column.at == NULL || column.len == 0 || name.len == 0)
        return bad_part("map", part, "FIELD=COLUMN", err);
    struct column named = {.name = column, .index = NO_COLUMN};
    if (find_field(name, &field)) {
        mapping->columns[field] = named;
        return STATUS_OK;
    }
    size_t prefix = sizeof answer_prefix - 1;
    if (name.len <= prefix || memcmp(name.at, answer_prefix, prefix) != 0)
        return unknown_field(name, "map", err);
    if (mapping->answer_count == MAPPING_ANSWERS_MAX)
        return fail_input(err, "usage", "", "--map: an inquiry can have %d members at most",
                          MAPPING_ANSWERS_MAX);
    mapping->answers[mapping->answer_count++] =
        (struct answer){{name.at + prefix, name.len - prefix}, named};
    return STATUS_OK;
}

static enum status take_constant(struct mapping *mapping, struct text part, struct error *err)
{
    enum import_field field;
    struct text value = part;
    struct text name = next_part(&value, '=');
    if (value.at == NULL || value.len == 0)
        return bad_part("set", part, "FIELD=VALUE", err);
    if (!find_field(name, &field))
        return unknown_field(name, "set", err);
    if (field == IMPORT_ID)
        return fail_input(err, "usage", "",
                          "--set: all events would have the same id, and count "
                          "as one");
    mapping->constants[field] = value;
    return STATUS_OK;
}

static enum status take_meaning(struct mapping *mapping, struct text part, struct error *err)
{
    struct meaning meaning = {0};
    struct text rest = part;
    struct text name = next_part(&rest, ':');
    if (rest.at == NULL)
        return bad_part("values", part, "FIELD:VALUE IN THE FILE=VALUE", err);
    meaning.from = next_part(&rest, '=');
    if (rest.at == NULL || meaning.from.len == 0)
        return bad_part("values", part, "FIELD:VALUE IN THE FILE=VALUE", err);
    meaning.to = rest;
    if (!find_field(name, &meaning.field))
        return unknown_field(name, "values", err);
    if (mapping->meaning_count == MAPPING_VALUES_MAX)
        return fail_input(err, "usage", "", "--values: at most %d", MAPPING_VALUES_MAX);
    mapping->meanings[mapping->meaning_count++] = meaning;
    return STATUS_OK;
}

static enum status take_list(struct mapping *mapping, const char *list,
                             enum status (*take)(struct mapping *, struct text, struct error *),
                             struct error *err)
{
    struct text rest = list == NULL ? (struct text){NULL, 0} : text_of(list);
    while (rest.at != NULL) {
        struct text part = next_part(&rest, ',');
        enum status status = take(mapping, part, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* --set timestamp: "now", or a time that has one meaning. */
static enum status read_constant_time(struct mapping *mapping, struct error *err)
{
    struct text text = mapping->constants[IMPORT_TIMESTAMP];
    struct time_format format = {.kind = TIME_OF_ITSELF, .zone = mapping->times.zone};
    if (text.at == NULL)
        return STATUS_OK;
    mapping->time_is_now = text_is(text, "now");
    if (mapping->time_is_now)
        return STATUS_OK;
    struct error why;
    if (time_format_read(&format, text, &mapping->constant_ms, &why) != STATUS_OK)
        return fail_input(err, "usage", "", "--set timestamp: %s", why.message);
    return STATUS_OK;
}

static enum status open_encoding(struct mapping *mapping, const char *encoding, struct error *err)
{
    if (encoding == NULL || strcasecmp(encoding, "UTF-8") == 0)
        return STATUS_OK;
    mapping->recoder = iconv_open("UTF-8", encoding);
    if (mapping->recoder == (iconv_t)-1)
        return fail_input(err, "usage", "",
                          "--encoding \"%.60s\" is not known; iconv --list has the names",
                          encoding);
    mapping->recodes = true;
    return STATUS_OK;
}

enum status mapping_new(const struct mapping_options *options, struct mapping **out,
                        struct error *err)
{
    struct mapping *mapping = calloc(1, sizeof *mapping);
    if (mapping == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for the mapping of columns");
    for (enum import_field field = 0; field < IMPORT_FIELDS; field++)
        mapping->columns[field].index = NO_COLUMN;
    enum status status = take_list(mapping, options->map, take_map, err);
    if (status == STATUS_OK)
        status = take_list(mapping, options->set, take_constant, err);
    if (status == STATUS_OK)
        status = take_list(mapping, options->values, take_meaning, err);
    if (status == STATUS_OK && options->user != NULL)
        mapping->constants[IMPORT_USER_ID] = text_of(options->user);
    if (status == STATUS_OK)
        status = time_format_init(&mapping->times, options->time_format, options->timezone, err);
    if (status == STATUS_OK)
        status = read_constant_time(mapping, err);
    if (status == STATUS_OK)
        status = open_encoding(mapping, options->encoding, err);
    if (status != STATUS_OK) {
        mapping_free(mapping);
        return status;
    }
    *out = mapping;
    return STATUS_OK;
}

void mapping_free(struct mapping *mapping)
{
    if (mapping == NULL)
        return;
    if (mapping->recodes)
        iconv_close(mapping->recoder);
    bytes_done(&mapping->recoded);
    free(mapping);
}

bool mapping_time_is_now(const struct mapping *mapping)
{
    return mapping->time_is_now;
}

bool mapping_has_constant(const struct mapping *mapping, enum import_field field)
{
    return mapping->constants[field].at != NULL &&
           (field != IMPORT_TIMESTAMP || !mapping->time_is_now);
}

void mapping_put_constant(const struct mapping *mapping, struct json_writer *writer,
                          enum import_field field)
{
    if (field == IMPORT_TIMESTAMP)
        json_put_i64(writer, mapping->constant_ms);
    else
        json_put_text(writer, mapping->constants[field]);
}
