/*
 * mapping.c - lists of NAME=VALUE, columns found by name, cells written as JSON.
 *
 * The lists are read once, into texts that point into the options. A record is then a loop over
 * fields: the cell, else the constant; its meaning, if --values gives one; its JSON.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/import/mapping.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "model/event.h"
#include "present/json_writer.h"

enum { NO_COLUMN = -1, UNUSED_BYTES = 1024, COLUMN_NUMBER_DIGITS = 3, ENCODED_BYTES_MAX = 4 };

static const char answer_prefix[] = "inquiry.";

const char *const import_field_names[IMPORT_FIELDS] = {
    [IMPORT_USER_ID] = "userId",       [IMPORT_LISTING_ID] = "listingId",
    [IMPORT_EVENT_TYPE] = "eventType", [IMPORT_PLATFORM] = "platform",
    [IMPORT_SOURCE] = "source",        [IMPORT_TIMESTAMP] = "timestamp",
    [IMPORT_VISITOR] = "visitor",      [IMPORT_ID] = "id",
};

static const bool is_required[IMPORT_FIELDS] = {
    [IMPORT_USER_ID] = true,
    [IMPORT_LISTING_ID] = true,
    [IMPORT_EVENT_TYPE] = true,
    [IMPORT_TIMESTAMP] = true, /* or years would be counted today */
};

struct column {
    struct text name; /* as --map says; absent: not mapped */
    int index;        /* in a record; NO_COLUMN */
};

struct answer { /* a member of `inquiry` */
    struct text key;
    struct column column;
};

struct meaning {
    enum import_field field;
    struct text from;
    struct text to; /* empty: none */
};

struct mapping {
    struct column columns[IMPORT_FIELDS];
    struct text constants[IMPORT_FIELDS];
    struct answer answers[MAPPING_ANSWERS_MAX];
    size_t answer_count;
    struct meaning meanings[MAPPING_VALUES_MAX];
    size_t meaning_count;
    size_t header_count; /* cells of the header; 0 without one */
    struct time_format times;
    bool time_is_now;    /* --set timestamp=now: the server's clock, so the field is left out */
    int64_t constant_ms; /* else the moment that --set gives */
    bool recodes;
    iconv_t recoder;
    struct bytes recoded;
};

/* ---- the lists ---- */

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

/* ---- the header ---- */

static bool text_equal_caseless(struct text a, struct text b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.at, b.at, a.len) == 0);
}

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
        if (!text_equal_caseless(cells[i], column->name))
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
                text_equal_caseless(cells[i], text_of(import_field_names[field])))
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

/* ---- records ---- */

static struct text trim(struct text text)
{
    while (text.len > 0 && (text.at[0] == ' ' || text.at[0] == '\t'))
        text = (struct text){text.at + 1, text.len - 1};
    while (text.len > 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static bool is_ascii(struct text text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.at[i] >= 0x80)
            return false;
    }
    return true;
}

/* The cell in UTF-8; good until the next one. */
static enum status recode(struct mapping *mapping, struct text *cell, struct error *err)
{
    if (is_ascii(*cell))
        return STATUS_OK;
    if (!mapping->recodes) {
        if (utf8_valid(*cell))
            return STATUS_OK;
        return fail_input(
            err, "invalid_encoding", "",
            "\"%.*s\" is not UTF-8; say how the file is written with --encoding, such "
            "as WINDOWS-1252",
            (int)(cell->len < 40 ? cell->len : 40), cell->at);
    }
    char *from = (char *)cell->at;
    size_t from_bytes = cell->len;
    size_t room = cell->len * ENCODED_BYTES_MAX;
    mapping->recoded.len = 0;
    if (!bytes_reserve(&mapping->recoded, room))
        return fail(err, STATUS_NO_MEMORY, "no memory for a cell");
    char *to = (char *)mapping->recoded.at;
    if (iconv(mapping->recoder, &from, &from_bytes, &to, &room) == (size_t)-1) {
        iconv(mapping->recoder, NULL, NULL, NULL, NULL);
        return fail_input(err, "invalid_encoding", "",
                          "byte %zu of a cell is no character of --encoding",
                          cell->len - from_bytes);
    }
    *cell = (struct text){(char *)mapping->recoded.at, (size_t)(to - (char *)mapping->recoded.at)};
    return STATUS_OK;
}

static enum status read_cell(struct mapping *mapping, const struct column *column,
                             const struct text *cells, size_t count, struct text *out,
                             struct error *err)
{
    *out = (struct text){"", 0};
    if (column->index == NO_COLUMN)
        return STATUS_OK;
    if ((size_t)column->index >= count)
        return fail_input(err, "invalid_csv", "",
                          "the record has %zu cells; column %d is not there", count,
                          column->index + 1);
    *out = trim(cells[column->index]);
    return recode(mapping, out, err);
}

/* What --values makes of it; true when it was there. */
static bool give_meaning(const struct mapping *mapping, enum import_field field, struct text *value)
{
    for (size_t i = 0; i < mapping->meaning_count; i++) {
        const struct meaning *meaning = &mapping->meanings[i];
        if (meaning->field == field && text_equal_caseless(meaning->from, *value)) {
            *value = meaning->to;
            return true;
        }
    }
    return false;
}

/* Types and platforms are words that Footfall writes small. */
static void put_small(struct json_writer *writer, struct text value)
{
    char small[64];
    if (value.len > sizeof small) {
        json_put_text(writer, value);
        return;
    }
    for (size_t i = 0; i < value.len; i++)
        small[i] =
            (char)(value.at[i] >= 'A' && value.at[i] <= 'Z' ? value.at[i] + 32 : value.at[i]);
    json_put_text(writer, (struct text){small, value.len});
}

static enum status put_field(const struct mapping *mapping, struct json_writer *writer,
                             enum import_field field, struct text value, struct error *err)
{
    int64_t time_ms = 0;
    json_put_key(writer, import_field_names[field]);
    if (field == IMPORT_TIMESTAMP) {
        enum status status = time_format_read(&mapping->times, value, &time_ms, err);
        if (status != STATUS_OK)
            return status;
        json_put_i64(writer, time_ms);
    } else if (field == IMPORT_EVENT_TYPE || field == IMPORT_PLATFORM) {
        put_small(writer, value);
    } else {
        json_put_text(writer, value);
    }
    return STATUS_OK;
}

/* What is written in an inquiry's columns; nothing when all are empty. */
static enum status put_answers(struct mapping *mapping, struct json_writer *writer,
                               const struct text *cells, size_t count, struct error *err)
{
    bool begun = false;
    for (size_t i = 0; i < mapping->answer_count; i++) {
        const struct answer *answer = &mapping->answers[i];
        struct text value;
        enum status status = read_cell(mapping, &answer->column, cells, count, &value, err);
        if (status != STATUS_OK)
            return status;
        if (value.len == 0)
            continue;
        if (!begun) {
            json_put_key(writer, "inquiry");
            json_put_object(writer);
            begun = true;
        }
        json_put_key_text(writer, answer->key);
        json_put_text(writer, value);
    }
    if (begun)
        json_put_object_end(writer);
    return STATUS_OK;
}

static enum status check_width(const struct mapping *mapping, const struct text *cells,
                               size_t count, struct error *err)
{
    while (count > mapping->header_count && cells[count - 1].len == 0)
        count--; /* some programs end every line with a delimiter */
    if (mapping->header_count == 0 || count == mapping->header_count)
        return STATUS_OK;
    return fail_input(err, "invalid_csv", "", "the record has %zu cells, the header has %zu", count,
                      mapping->header_count);
}

enum status mapping_write(struct mapping *mapping, const struct text *cells, size_t count,
                          struct bytes *out, bool *has_id, bool *skipped, struct error *err)
{
    struct json_writer writer = {.out = out};
    size_t len_before = out->len;
    *has_id = false;
    *skipped = false;
    enum status status = check_width(mapping, cells, count, err);
    if (status != STATUS_OK)
        return status;
    json_put_object(&writer);
    for (enum import_field field = 0; field < IMPORT_FIELDS; field++) {
        struct text value;
        status = read_cell(mapping, &mapping->columns[field], cells, count, &value, err);
        if (status != STATUS_OK)
            return status;
        bool given = value.len > 0;
        bool meant = given && give_meaning(mapping, field, &value);
        if (meant && value.len == 0 && field == IMPORT_EVENT_TYPE) {
            *skipped = true;
            out->len = len_before;
            return STATUS_OK;
        }
        bool has_constant = !given && mapping_has_constant(mapping, field);
        if (has_constant) {
            json_put_key(&writer, import_field_names[field]);
            mapping_put_constant(mapping, &writer, field);
        }
        bool may_lack = field != IMPORT_TIMESTAMP || mapping->time_is_now;
        if (has_constant || (value.len == 0 && may_lack))
            continue; /* what is required and missing the server refuses by name */
        status = put_field(mapping, &writer, field, value, err);
        if (status != STATUS_OK)
            return status;
        *has_id |= field == IMPORT_ID;
    }
    status = put_answers(mapping, &writer, cells, count, err);
    if (status == STATUS_OK && writer.failed)
        status = fail(err, STATUS_NO_MEMORY, "no memory for a record");
    return status;
}
