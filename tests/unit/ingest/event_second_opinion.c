/*
 * event_second_opinion.c - jansson reads the text, and the rules of event_json.h are written down
 * once more over what it read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "event_second_opinion.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "model/calendar.h"
#include "model/platform.h"

static bool is_known(const char *key)
{
    static const char *const known[] = {"userId",    "listingId", "eventType", "platform", "source",
                                        "timestamp", "id",        "visitor",   "inquiry"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(key, known[i]) == 0)
            return true;
    return false;
}

/* The text under a key. false when it is there and is no text. */
static bool text_under(json_t *object, const char *key, struct text *out)
{
    json_t *value = json_object_get(object, key);
    *out = (struct text){NULL, 0};
    if (value == NULL || json_is_null(value))
        return true;
    if (!json_is_string(value))
        return false;
    *out = (struct text){json_string_value(value), json_string_length(value)};
    return true;
}

static bool good_id(json_t *object, const char *key, size_t bytes_max, bool needed,
                    struct text *out)
{
    if (!text_under(object, key, out))
        return false;
    if (out->at == NULL)
        return !needed;
    return id_check(*out, bytes_max, key, NULL) == STATUS_OK;
}

static int levels_of(json_t *value);

static int deeper_of(int deepest, json_t *child)
{
    int levels = levels_of(child);
    return levels > deepest ? levels : deepest;
}

/* How deep objects and arrays stand in each other. */
static int levels_of(json_t *value)
{
    int deepest = 0;
    size_t i;
    const char *key;
    json_t *child;
    if (!json_is_object(value) && !json_is_array(value))
        return 0;
    json_object_foreach(value, key, child) deepest = deeper_of(deepest, child);
    json_array_foreach(value, i, child) deepest = deeper_of(deepest, child);
    return deepest + 1;
}

/* The rules of event_json.h, from a parsed object; texts point into it. */
static bool expect_event(json_t *object, const struct event_rules *rules, struct event *out)
{
    *out = (struct event){.time_ms = rules->now_ms};
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return false;
    json_object_foreach(object, key, value) if (!is_known(key)) return false;

    struct text type, platform;
    if (!good_id(object, "userId", ID_BYTES_MAX, true, &out->user_id) ||
        !good_id(object, "listingId", ID_BYTES_MAX, true, &out->listing_id) ||
        !good_id(object, "id", EVENT_ID_BYTES_MAX, false, &out->id) ||
        !good_id(object, "visitor", VISITOR_BYTES_MAX, false, &out->visitor) ||
        !text_under(object, "eventType", &type) || type.at == NULL ||
        !event_type_parse(type, &out->type) || !text_under(object, "platform", &platform) ||
        !text_under(object, "source", &out->source))
        return false;
    if (platform.at != NULL &&
        (!platform_find(platform, &out->platform) || !rules->accepts_platform[out->platform]))
        return false;
    if (out->source.at != NULL && source_check(out->source, NULL) != STATUS_OK)
        return false;

    json_t *time = json_object_get(object, "timestamp");
    if (json_is_integer(time))
        out->time_ms = json_integer_value(time);
    else if (json_is_string(time)) {
        if (!time_parse_rfc3339((struct text){json_string_value(time), json_string_length(time)},
                                &out->time_ms))
            return false;
    } else if (time != NULL && !json_is_null(time))
        return false;
    if (out->time_ms > rules->now_ms + rules->ahead_ms_max ||
        out->time_ms < rules->now_ms - rules->behind_ms_max)
        return false;

    json_t *inquiry = json_object_get(object, "inquiry");
    if (inquiry == NULL || json_is_null(inquiry))
        return true;
    return json_is_object(inquiry) && out->type == EVENT_INQUIRY &&
           levels_of(inquiry) <= INQUIRY_LEVELS_MAX;
}

static bool same_text(struct text a, struct text b)
{
    return (a.at == NULL) == (b.at == NULL) && text_equal(a, b);
}

static bool same_values(const struct event *got, const struct event *want)
{
    return same_text(got->user_id, want->user_id) && same_text(got->listing_id, want->listing_id) &&
           same_text(got->source, want->source) && same_text(got->id, want->id) &&
           same_text(got->visitor, want->visitor) && got->time_ms == want->time_ms &&
           got->type == want->type && got->platform == want->platform;
}

/* A copy that ends with its memory, so that a sanitizer sees a step behind it. */
static char *exact_copy(const char *from, size_t len)
{
    char *copy = malloc(len == 0 ? 1 : len);
    if (copy == NULL)
        abort();
    if (len > 0)
        memcpy(copy, from, len);
    return copy;
}

/* jansson 2.14 passes over a NUL behind a number or a literal: no JSON has one. */
static json_t *load(const char *json, size_t len, size_t flags, json_error_t *why)
{
    if (len > 0 && memchr(json, '\0', len) != NULL) {
        *why = (json_error_t){0};
        return NULL;
    }
    return json_loadb(json, len, flags, why);
}

/* What jansson makes of the event with {} for its inquiry, the len bytes at `at`. */
static json_t *load_without_inquiry(const char *json, size_t json_len, size_t at, size_t len)
{
    json_error_t why;
    char *simple = malloc(json_len + 2);
    if (simple == NULL)
        abort();
    memcpy(simple, json, at);
    memcpy(simple + at, "{}", 2);
    memcpy(simple + at + 2, json + at + len, json_len - at - len);
    json_t *object = load(simple, json_len - len + 2, JSON_REJECT_DUPLICATES, &why);
    free(simple);
    return object;
}

const char *event_opinions_differ(const char *json, size_t len, const struct event_rules *rules,
                                  bool *accepted, bool *kept)
{
    char *copy = exact_copy(json, len);
    struct event got, want;
    struct error err = {.offset = -1};
    const char *difference = NULL;
    enum status status = event_json_decode(copy, len, rules, &got, &err);
    *accepted = status == STATUS_OK;
    *kept = false;

    json_error_t why;
    json_t *object = load(json, len, JSON_REJECT_DUPLICATES, &why);
    json_t *inquiry = NULL;
    if (object == NULL && *accepted && got.inquiry.at != NULL) {
        enum json_error_code code = json_error_code(&why);
        *kept = code == json_error_duplicate_key || code == json_error_numeric_overflow;
        inquiry = load(got.inquiry.at, got.inquiry.len, JSON_REJECT_DUPLICATES, &why);
        if (inquiry != NULL || !*kept)
            difference = "the inquiry is not what is wrong, yet it was accepted";
        object = load_without_inquiry(json, len, (size_t)(got.inquiry.at - copy), got.inquiry.len);
    }
    bool good = object != NULL && expect_event(object, rules, &want);
    if (difference != NULL)
        ;
    else if (*accepted && !good)
        difference = "accepted, but wrong";
    else if (!*accepted && good)
        difference = err.message[0] != '\0' ? "refused, but right" : "refused without words";
    else if (*accepted && !same_values(&got, &want))
        difference = "other values";
    else if (!*accepted && (err.offset < 0 || err.offset > (int64_t)len))
        difference = "an offset outside of the text";
    else if (*accepted && got.inquiry.at != NULL &&
             memcmp(got.inquiry.at, json + (got.inquiry.at - copy), got.inquiry.len) != 0)
        difference = "an inquiry that is not as it was sent";
    else if (*accepted && !*kept && got.inquiry.at != NULL) {
        inquiry = load(got.inquiry.at, got.inquiry.len, 0, &why);
        if (!json_equal(inquiry, json_object_get(object, "inquiry")))
            difference = "another inquiry";
    }
    json_decref(inquiry);
    json_decref(object);
    free(copy);
    return difference;
}
