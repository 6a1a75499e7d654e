/*
 * listing_json.c - a listing's details, read from a copy in the arena in which escapes are undone.
 *
 * Only the number is left to jansson: strtod() would take the process's locale for JSON's.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest/listing_json.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "ingest/json_cursor.h"
#include "ingest/json_fields.h"
#include "ingest/listing_rules.h"

enum field { FIELD_ADDRESS, FIELD_PRICE, FIELD_CURRENCY, FIELD_IMAGE, FIELD_STATUS, FIELDS };

static const char *const field_names[FIELDS] = {"address", "price", "currency", "image", "status"};
static const struct json_fields fields = {field_names, FIELDS};

/* Gives the error of a rule its place. */
static enum status placed(const struct json_cursor *cursor, const char *at, enum status status,
                          struct error *err)
{
    if (status != STATUS_OK && err != NULL)
        err->offset = at - cursor->start;
    return status;
}

static enum status read_text(struct json_cursor *cursor, enum field field, struct text *out,
                             struct error *err)
{
    const char *at = cursor->at;
    const char *name = field_names[field];
    if (!json_is(cursor, '"'))
        return json_wrong_type(cursor, name, name, "a string", err);
    struct text text = {0};
    bool plain = false;
    enum status status = json_take_string(cursor, &text, &plain, err);
    if (status != STATUS_OK)
        return status;
    status = placed(cursor, at, listing_check_text(name, text, err), err);
    if (status == STATUS_OK)
        *out = text;
    return status;
}

static enum status read_price(struct json_cursor *cursor, double *out, struct error *err)
{
    const char *at = cursor->at;
    const char *kind = json_kind(cursor);
    if (kind == NULL || strcmp(kind, "a number") != 0)
        return json_wrong_type(cursor, "price", "price", "a number", err);
    enum status status = json_skip_number(cursor, err);
    if (status != STATUS_OK)
        return status;

    json_error_t why;
    json_t *number = json_loadb(at, (size_t)(cursor->at - at), JSON_DECODE_ANY, &why);
    bool overflow = number == NULL && json_error_code(&why) == json_error_numeric_overflow;
    if (number == NULL && !overflow)
        return fail(err, STATUS_NO_MEMORY, "no memory to read a price");
    double price = overflow ? -1 : json_number_value(number);
    json_decref(number);
    status = placed(cursor, at, listing_check_price(price, err), err);
    if (status == STATUS_OK)
        *out = price + 0.0; /* -0 becomes 0 */
    return status;
}

static enum status read_value(struct json_cursor *cursor, enum field field,
                              struct listing_details *out, struct error *err)
{
    switch (field) {
    case FIELD_ADDRESS:
        return read_text(cursor, field, &out->address, err);
    case FIELD_PRICE:
        out->has_price = true;
        return read_price(cursor, &out->price, err);
    case FIELD_CURRENCY:
        return read_text(cursor, field, &out->currency, err);
    case FIELD_IMAGE:
        return read_text(cursor, field, &out->image, err);
    case FIELD_STATUS:
        return read_text(cursor, field, &out->status, err);
    case FIELDS:
        break;
    }
    return STATUS_INVALID; /* not reached: the field is known */
}

static enum status read_member(struct json_cursor *cursor, unsigned *seen,
                               struct listing_details *out, struct error *err)
{
    const char *at = cursor->at;
    struct text key = {0};
    enum status status = json_object_key(cursor, &key, err);
    if (status != STATUS_OK)
        return status;
    size_t field = json_field_find(&fields, key);
    if (field == FIELDS)
        return json_unknown_field(cursor, at, &fields, key, err);
    if ((*seen & 1u << field) != 0)
        return json_duplicate_field(cursor, at, field_names[field], err);
    *seen |= 1u << field;
    if (json_take_word(cursor, "null"))
        return STATUS_OK;
    return read_value(cursor, (enum field)field, out, err);
}

enum status listing_json_decode(struct text json, struct arena *arena, struct listing_details *out,
                                struct error *err)
{
    if (json.at == NULL)
        json = text_of("");
    struct text copy = arena_copy(arena, json);
    if (copy.at == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for details of %zu bytes", json.len);
    struct json_cursor cursor = json_cursor_of((char *)(uintptr_t)copy.at, copy.len);
    struct listing_details details = {0};
    unsigned seen = 0;
    bool more = false;

    if (json_refuse_mark(&cursor, err))
        return STATUS_INVALID;
    json_skip_space(&cursor);
    if (!json_is(&cursor, '{'))
        return json_wrong_type(&cursor, "", "the JSON", "an object of listing details", err);
    enum status status = json_object_begin(&cursor, &more, err);
    while (status == STATUS_OK && more) {
        status = read_member(&cursor, &seen, &details, err);
        if (status == STATUS_OK)
            status = json_object_more(&cursor, &more, err);
    }
    if (status == STATUS_OK)
        status = json_only_space_left(&cursor, err);
    if (status == STATUS_OK)
        *out = details;
    return status;
}
