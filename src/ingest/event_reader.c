/*
 * event_reader.c - the event object: nine known fields in any order, each read as what it must be.
 *
 * The fast way is the usual way: a key is compared with the only known name that its first letter
 * allows, a text is scanned once, and the scan says whether it holds anything that could break
 * the rules for ids (not printable ASCII, '#'). If not, and its length and first letter are
 * harmless, it is valid; everything else, and only that, is put to the checks of model/event.h.
 * Those and event_rules.h are the only places that refuse a value, and what they would refuse never
 * takes the fast way.
 *
 * `inquiry` may come before eventType, so whether it may be there at all is asked at the end.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest/event_reader.h"

#include <stdio.h>
#include <string.h>

#include "ingest/event_json.h"
#include "ingest/inquiry_json.h"
#include "ingest/json_fields.h"
#include "model/calendar.h"
#include "model/platform.h"

enum field {
    FIELD_USER_ID,
    FIELD_LISTING_ID,
    FIELD_EVENT_TYPE,
    FIELD_PLATFORM,
    FIELD_SOURCE,
    FIELD_TIMESTAMP,
    FIELD_ID,
    FIELD_VISITOR,
    FIELD_INQUIRY,
    FIELDS
};

enum {
    FIELDS_REQUIRED = 1 << FIELD_USER_ID | 1 << FIELD_LISTING_ID | 1 << FIELD_EVENT_TYPE,
    LONGEST_KEY_BYTES = 10, /* listingId and its closing quote */
    INTEGER_DIGITS_MAX = 18 /* fits int64_t, and is far outside of the calendar */
};

static const char *const field_names[FIELDS] = {
    [FIELD_USER_ID] = "userId",
    [FIELD_LISTING_ID] = "listingId",
    [FIELD_EVENT_TYPE] = "eventType",
    [FIELD_PLATFORM] = "platform",
    [FIELD_SOURCE] = "source",
    [FIELD_TIMESTAMP] = "timestamp",
    [FIELD_ID] = "id",
    [FIELD_VISITOR] = "visitor",
    [FIELD_INQUIRY] = "inquiry",
};
static const struct json_fields fields = {field_names, FIELDS};
/* A name and its closing quote. */
static const uint8_t key_bytes[FIELDS] = {
    [FIELD_USER_ID] = sizeof "userId",
    [FIELD_LISTING_ID] = sizeof "listingId",
    [FIELD_EVENT_TYPE] = sizeof "eventType",
    [FIELD_PLATFORM] = sizeof "platform",
    [FIELD_SOURCE] = sizeof "source",
    [FIELD_TIMESTAMP] = sizeof "timestamp",
    [FIELD_ID] = sizeof "id",
    [FIELD_VISITOR] = sizeof "visitor",
    [FIELD_INQUIRY] = sizeof "inquiry",
};

/* One event being read. */
struct reader {
    struct json_cursor *cursor;
    const struct event_rules *rules;
    struct event *event;
    struct error *err;
    const char *inquiry_at; /* where its value starts, if it has one */
};

/* The field whose name and closing quote stand at `at`, where 10 bytes may be read; else FIELDS. */
static inline enum field field_at(const char *at)
{
#define IS(name) (memcmp(at, name "\"", sizeof name) == 0)
    switch (*at) {
    case 'u':
        return IS("userId") ? FIELD_USER_ID : FIELDS;
    case 'l':
        return IS("listingId") ? FIELD_LISTING_ID : FIELDS;
    case 'e':
        return IS("eventType") ? FIELD_EVENT_TYPE : FIELDS;
    case 'p':
        return IS("platform") ? FIELD_PLATFORM : FIELDS;
    case 's':
        return IS("source") ? FIELD_SOURCE : FIELDS;
    case 't':
        return IS("timestamp") ? FIELD_TIMESTAMP : FIELDS;
    case 'i':
        return IS("id") ? FIELD_ID : IS("inquiry") ? FIELD_INQUIRY : FIELDS;
    case 'v':
        return IS("visitor") ? FIELD_VISITOR : FIELDS;
    default:
        return FIELDS;
    }
#undef IS
}

/* Reads the key whose quote is at the cursor, and its colon. */
static enum status read_key(struct reader *reader, enum field *field)
{
    struct json_cursor *cursor = reader->cursor;
    char *at = cursor->at;
    if (cursor->end - at > LONGEST_KEY_BYTES) {
        *field = field_at(at + 1);
        if (*field < FIELDS) {
            char *behind = at + 1 + key_bytes[*field];
            if (behind < cursor->end && *behind == ':') {
                cursor->at = behind + 1;
                json_skip_space(cursor);
                return STATUS_OK;
            }
        }
    }
    struct text key = {0};
    enum status status = json_object_key(cursor, &key, reader->err);
    if (status != STATUS_OK)
        return status;
    *field = (enum field)json_field_find(&fields, key);
    if (*field == FIELDS)
        return json_unknown_field(cursor, at, &fields, key, reader->err);
    return STATUS_OK;
}

static enum status refuse(struct reader *reader, const char *at, const char *code, enum field field,
                          const char *words)
{
    return json_refuse(reader->cursor, at, reader->err, code, field_names[field], "%s", words);
}

static enum status wrong_type(struct reader *reader, enum field field, const char *wanted)
{
    return json_wrong_type(reader->cursor, field_names[field], field_names[field], wanted,
                           reader->err);
}

/* Gives the error of a check in model/ its place. */
static enum status placed(struct reader *reader, const char *at, enum status status)
{
    if (status != STATUS_OK && reader->err != NULL)
        reader->err->offset = at - reader->cursor->start;
    return status;
}

static enum status read_text(struct reader *reader, enum field field, struct text *out, bool *plain)
{
    if (!json_is(reader->cursor, '"'))
        return wrong_type(reader, field, "a string");
    return json_take_string(reader->cursor, out, plain, reader->err);
}

static enum status read_id(struct reader *reader, enum field field, size_t bytes_max,
                           struct text *out)
{
    const char *at = reader->cursor->at;
    bool plain = false;
    enum status status = read_text(reader, field, out, &plain);
    if (status != STATUS_OK)
        return status;
    if (plain && out->len > 0 && out->len <= bytes_max && out->at[0] != '.')
        return STATUS_OK;
    return placed(reader, at, id_check(*out, bytes_max, field_names[field], reader->err));
}

static enum status read_source(struct reader *reader)
{
    const char *at = reader->cursor->at;
    struct text *source = &reader->event->source;
    bool plain = false;
    enum status status = read_text(reader, FIELD_SOURCE, source, &plain);
    if (status != STATUS_OK)
        return status;
    if (plain && source->len > 0 && source->len <= SOURCE_BYTES_MAX && source->at[0] != '.' &&
        source->at[0] != '(')
        return STATUS_OK;
    return placed(reader, at, source_check(*source, reader->err));
}

static enum status read_event_type(struct reader *reader)
{
    const char *at = reader->cursor->at;
    struct text name = {0};
    bool plain = false;
    enum status status = read_text(reader, FIELD_EVENT_TYPE, &name, &plain);
    if (status != STATUS_OK)
        return status;
    return placed(reader, at, event_rules_find_type(name, &reader->event->type, reader->err));
}

static enum status read_platform(struct reader *reader)
{
    const char *at = reader->cursor->at;
    struct text name = {0};
    bool plain = false;
    enum status status = read_text(reader, FIELD_PLATFORM, &name, &plain);
    if (status != STATUS_OK)
        return status;
    return placed(
        reader, at,
        event_rules_find_platform(reader->rules, name, &reader->event->platform, reader->err));
}

/* Refuses the number at the cursor, which is not an integer of 1 to 18 digits. */
static enum status refuse_number(struct reader *reader)
{
    struct json_cursor *cursor = reader->cursor;
    const char *from = cursor->at;
    enum status status = json_skip_number(cursor, reader->err);
    if (status != STATUS_OK)
        return status;
    if (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9')
        return json_expected(cursor, "no digit behind a leading zero", reader->err);
    bool integer = true;
    for (const char *at = from; at < cursor->at; at++)
        integer = integer && (*at == '-' || (*at >= '0' && *at <= '9'));
    return refuse(reader, from, "invalid_timestamp", FIELD_TIMESTAMP,
                  integer ? "timestamp lies outside the years 1 to 9999; it counts milliseconds"
                          : "timestamp must be a whole number of milliseconds, without fraction or "
                            "exponent");
}

/* Reads the number at the cursor, which must be an integer. */
static enum status read_milliseconds(struct reader *reader, int64_t *out)
{
    struct json_cursor *cursor = reader->cursor;
    bool negative = *cursor->at == '-';
    char *digits = cursor->at + negative;
    char *at = digits;
    int64_t value = 0;
    while (at < cursor->end && *at >= '0' && *at <= '9' && at - digits < INTEGER_DIGITS_MAX)
        value = value * 10 + (*at++ - '0');

    bool whole = at > digits && (*digits != '0' || at == digits + 1);
    if (at < cursor->end && (*at == '.' || *at == 'e' || *at == 'E' || (*at >= '0' && *at <= '9')))
        whole = false;
    if (!whole)
        return refuse_number(reader);
    cursor->at = at;
    if (at == cursor->end) /* the number was cut off: its value says nothing */
        return json_expected(cursor, "',' or '}'", reader->err);
    *out = negative ? -value : value;
    return STATUS_OK;
}

static enum status read_timestamp(struct reader *reader)
{
    struct json_cursor *cursor = reader->cursor;
    const char *at = cursor->at;
    char first = '\0';
    if (at < cursor->end)
        first = *at;
    enum status status = STATUS_OK;
    int64_t time_ms = 0;

    if (first == '"') {
        struct text text = {0};
        bool plain = false;
        status = json_take_string(cursor, &text, &plain, reader->err);
        if (status == STATUS_OK && !time_parse_rfc3339(text, &time_ms))
            status = refuse(reader, at, "invalid_timestamp", FIELD_TIMESTAMP,
                            "timestamp must be an RFC 3339 time such as "
                            "\"2026-01-31T08:15:00Z\", or a number of milliseconds since 1970");
    } else if (first == '-' || (first >= '0' && first <= '9')) {
        status = read_milliseconds(reader, &time_ms);
    } else {
        status =
            wrong_type(reader, FIELD_TIMESTAMP, "a number of milliseconds or an RFC 3339 string");
    }
    if (status != STATUS_OK)
        return status;
    reader->event->time_ms = time_ms;
    return placed(reader, at, event_rules_check_time(reader->rules, time_ms, reader->err));
}

static enum status read_inquiry(struct reader *reader)
{
    reader->inquiry_at = reader->cursor->at;
    return inquiry_json_take(reader->cursor, &reader->event->inquiry, reader->err);
}

static enum status read_value(struct reader *reader, enum field field)
{
    struct event *event = reader->event;
    switch (field) {
    case FIELD_USER_ID:
        return read_id(reader, field, ID_BYTES_MAX, &event->user_id);
    case FIELD_LISTING_ID:
        return read_id(reader, field, ID_BYTES_MAX, &event->listing_id);
    case FIELD_EVENT_TYPE:
        return read_event_type(reader);
    case FIELD_PLATFORM:
        return read_platform(reader);
    case FIELD_SOURCE:
        return read_source(reader);
    case FIELD_TIMESTAMP:
        return read_timestamp(reader);
    case FIELD_ID:
        return read_id(reader, field, EVENT_ID_BYTES_MAX, &event->id);
    case FIELD_VISITOR:
        return read_id(reader, field, VISITOR_BYTES_MAX, &event->visitor);
    case FIELD_INQUIRY:
        return read_inquiry(reader);
    case FIELDS:
        break;
    }
    return STATUS_INVALID; /* not reached: read_key() gives a field that is known */
}

/* What can only be said when the whole object has been read. */
static enum status check_whole(struct reader *reader, const char *object, unsigned seen)
{
    for (enum field field = 0; field < FIELDS; field++)
        if ((FIELDS_REQUIRED & ~seen & 1u << field) != 0)
            return json_refuse(reader->cursor, object, reader->err, "missing_field",
                               field_names[field],
                               "%s is missing; an event needs userId, listingId and eventType",
                               field_names[field]);
    struct text only_user = reader->rules->only_user;
    if (only_user.at != NULL && !text_equal(only_user, reader->event->user_id)) {
        (void)json_refuse(reader->cursor, object, reader->err, "other_user",
                          field_names[FIELD_USER_ID],
                          "userId is not the user that the token is for");
        if (reader->err != NULL)
            reader->err->status = STATUS_FORBIDDEN;
        return STATUS_FORBIDDEN;
    }
    if (reader->inquiry_at == NULL)
        return STATUS_OK;
    return placed(reader, reader->inquiry_at, inquiry_check_type(reader->event->type, reader->err));
}

enum status event_read(struct json_cursor *cursor, const struct event_rules *rules,
                       struct event *out, struct error *err)
{
    if (!json_is(cursor, '{'))
        return json_wrong_type(cursor, "", "an event", "an object", err);
    *out = (struct event){.time_ms = rules->now_ms, .platform = PLATFORM_NONE};
    struct reader reader = {cursor, rules, out, err, NULL};
    const char *object = cursor->at;
    unsigned seen = 0;
    bool more = false;

    enum status status = json_object_begin(cursor, &more, err);
    while (status == STATUS_OK && more) {
        const char *at = cursor->at;
        enum field field = FIELDS;
        status = read_key(&reader, &field);
        if (status != STATUS_OK)
            return status;
        if ((seen & 1u << field) != 0)
            return json_duplicate_field(cursor, at, field_names[field], err);
        seen |= 1u << field;

        bool absent = json_is(cursor, 'n') && (FIELDS_REQUIRED & 1u << field) == 0 &&
                      json_take_word(cursor, "null");
        if (!absent)
            status = read_value(&reader, field);
        if (status == STATUS_OK)
            status = json_object_more(cursor, &more, err);
    }
    return status == STATUS_OK ? check_whole(&reader, object, seen) : status;
}

enum status event_read_alone(struct json_cursor *cursor, const struct event_rules *rules,
                             struct event *out, struct error *err)
{
    if (json_is(cursor, '\xef') && json_refuse_mark(cursor, err))
        return STATUS_INVALID;
    json_skip_space(cursor);
    enum status status = event_read(cursor, rules, out, err);
    return status == STATUS_OK ? json_only_space_left(cursor, err) : status;
}
