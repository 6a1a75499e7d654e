/*
 * mapping_record.c - a record as JSON: for each field the cell, else the constant; its meaning, if
 * --values gives one; its JSON.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/import/mapping.h"
#include "cli/import/mapping_parts.h"
#include "model/event.h"
#include "present/json_writer.h"

enum { ENCODED_BYTES_MAX = 4 };

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
        if (meaning->field == field && mapping_text_is(meaning->from, *value)) {
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
