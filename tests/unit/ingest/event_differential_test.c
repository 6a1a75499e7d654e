/*
 * event_differential_test.c - our decoder against a second opinion: jansson and the rules, written
 * down once more, on hundreds of thousands of broken events.
 *
 * Valid events are mutated by a generator whose seed is printed (FOOTFALL_SEED repeats it). Both
 * sides must agree on the verdict, and on every value. They differ by design in one place: an
 * inquiry is kept as it was sent, so it may hold numbers too large for jansson (or for anybody),
 * and one key twice. Then the event with {} for its inquiry must be good for both.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest_unit.h"

#include <jansson.h>

#include "model/calendar.h"
#include "model/platform.h"

enum { MUTATIONS = 250000, JSON_BYTES_MAX = 1024 };

static const char *const seeds[] = {
    "{\"userId\":\"agent-00042\",\"listingId\":\"listing-000123\",\"eventType\":\"view\","
    "\"platform\":"
    "\"facebook\",\"source\":\"social-media\",\"timestamp\":1767225600000,\"id\":\"01JKM5Z9\"}",
    "{ \"eventType\" : \"share\" , \"userId\" : \"u\\u0041\\n\", \"listingId\":\"caf\xc3\xa9 "
    "\\ud83d\\ude00\" }\n",
    "{\"userId\":\"u\",\"listingId\":\"l\",\"eventType\":\"inquiry\",\"inquiry\":{\"name\":\"John "
    "\\\"D\\\"\","
    "\"n\":[1,-2.5e3,0,true,false,null,{\"\xe2\x82\xac\":\"\\u20ac\"}],\"o\":{}},\"visitor\":\"v-"
    "1\"}",
    "{\"platform\":null,\"source\":null,\"timestamp\":\"2025-12-31T23:59:59.5+01:00\",\"id\":null,"
    "\"visitor\":null,\"inquiry\":null,\"userId\":\"\xf0\x9f\x98\x80\",\"listingId\":\".a\","
    "\"eventType\":\"view\"}",
    "{\"userId\":\"u#\",\"listingId\":\"\",\"eventType\":\"view\",\"timestamp\":-0,\"platform\":"
    "\"x\"}",
    "{\"userId\":\"u\",\"listingId\":\"l\",\"eventType\":\"view\",\"timestamp\":1767225600001,"
    "\"source\":\"(s\"}",
    "{\"userId\":\"u\",\"listingId\":\"l\",\"eventType\":\"inquiry\",\"inquiry\":{\"a\":-1e999,"
    "\"b\":{"
    "\"c\":12345678901234567890},\"a\":[{\"d\":\"e\"}]},\"source\":\"s\"}",
};

/* What mutations put in. */
static const char *const pieces[] = {
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    " ",
    "\n",
    "\r",
    "\t",
    "null",
    "true",
    "false",
    "0",
    "-",
    "1",
    "9",
    ".",
    "e",
    "E+",
    "1e999",
    "99999999999999999999",
    "\\u0000",
    "\\ud800",
    "\\udc00",
    "\\uD83D\\uDE00",
    "\\u00e9",
    "\\/",
    "\\b",
    "\\x",
    "\xc3\xa9",
    "\xc0\xaf",
    "\xed\xa0\x80",
    "\xf4\x90\x80\x80",
    "\xf0\x9f\x98\x80",
    "\xff",
    "#",
    "\x7f",
    "\x01",
    "\xc2\x85",
    "\xef\xbb\xbf",
    "\"id\":\"2\",",
    ",\"id\":\"2\"",
    "\"a\":1,",
    "..",
    "(",
    "userId",
    "inquiry",
    "view",
    "\"inquiry\":{\"a\":1},",
    "1767225600000",
};

struct mutant {
    char json[JSON_BYTES_MAX];
    size_t len;
};

static void put_in(struct mutant *mutant, size_t at, const char *from, size_t len)
{
    if (mutant->len + len > sizeof mutant->json)
        return;
    memmove(mutant->json + at + len, mutant->json + at, mutant->len - at);
    memmove(mutant->json + at, from, len);
    mutant->len += len;
}

static void take_out(struct mutant *mutant, size_t at, size_t len)
{
    memmove(mutant->json + at, mutant->json + at + len, mutant->len - at - len);
    mutant->len -= len;
}

static void mutate(struct unit_random *random, struct mutant *mutant)
{
    if (mutant->len == 0)
        return;
    size_t at = unit_random_below(random, mutant->len);
    size_t len = 1 + unit_random_below(random, mutant->len - at);
    if (len > 20)
        len = 20;
    char held[20];
    const char *piece = pieces[unit_random_below(random, sizeof pieces / sizeof pieces[0])];
    switch (unit_random_below(random, 7)) {
    case 0: /* one bit */
        mutant->json[at] = (char)(mutant->json[at] ^ (1 << unit_random_below(random, 8)));
        break;
    case 1: /* one byte, any */
        mutant->json[at] = (char)unit_random_below(random, 256);
        break;
    case 2:
        put_in(mutant, at, piece, strlen(piece));
        break;
    case 3: /* in place of what was there */
        take_out(mutant, at, len < strlen(piece) ? len : strlen(piece));
        put_in(mutant, at, piece, strlen(piece));
        break;
    case 4:
        take_out(mutant, at, len);
        break;
    case 5: /* a stretch once more, elsewhere */
        memcpy(held, mutant->json + at, len);
        put_in(mutant, unit_random_below(random, mutant->len), held, len);
        break;
    default: /* cut off */
        if (unit_random_below(random, 4) == 0)
            mutant->len = at;
        break;
    }
}

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
    return json_is_object(inquiry) && out->type == EVENT_INQUIRY;
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

/*
 * Compares both sides on one text; NULL when they agree. *accepted says whether it was an event,
 * *kept that only its inquiry was beyond jansson.
 */
static const char *compare(const struct mutant *mutant, const struct event_rules *rules,
                           bool *accepted, bool *kept)
{
    char *copy = unit_exact_copy(mutant->json, mutant->len);
    struct event got, want;
    struct error err = {.offset = -1};
    const char *difference = NULL;
    enum status status = event_json_decode(copy, mutant->len, rules, &got, &err);
    *accepted = status == STATUS_OK;
    *kept = false;

    json_error_t why;
    json_t *object = json_loadb(mutant->json, mutant->len, JSON_REJECT_DUPLICATES, &why);
    json_t *inquiry = NULL;
    if (object == NULL && *accepted && got.inquiry.at != NULL) {
        enum json_error_code code = json_error_code(&why);
        *kept = code == json_error_duplicate_key || code == json_error_numeric_overflow;
        inquiry = json_loadb(got.inquiry.at, got.inquiry.len, JSON_REJECT_DUPLICATES, &why);
        if (inquiry != NULL || !*kept)
            difference = "the inquiry is not what is wrong, yet it was accepted";
        struct mutant simple = *mutant;
        size_t at = (size_t)(got.inquiry.at - copy);
        take_out(&simple, at, got.inquiry.len);
        put_in(&simple, at, "{}", 2);
        object = json_loadb(simple.json, simple.len, JSON_REJECT_DUPLICATES, &why);
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
    else if (!*accepted && (err.offset < 0 || err.offset > (int64_t)mutant->len))
        difference = "an offset outside of the text";
    else if (*accepted && got.inquiry.at != NULL &&
             memcmp(got.inquiry.at, mutant->json + (got.inquiry.at - copy), got.inquiry.len) != 0)
        difference = "an inquiry that is not as it was sent";
    else if (*accepted && !*kept && got.inquiry.at != NULL) {
        inquiry = json_loadb(got.inquiry.at, got.inquiry.len, 0, &why);
        if (!json_equal(inquiry, json_object_get(object, "inquiry")))
            difference = "another inquiry";
    }
    json_decref(inquiry);
    json_decref(object);
    free(copy);
    return difference;
}

TEST(both_sides_agree_on_every_mutation)
{
    struct unit_random random = unit_random_seeded();
    struct event_rules rules = unit_rules();
    size_t accepted_count = 0, kept_count = 0;
    for (int round = 0; round < MUTATIONS; round++) {
        const char *seed = seeds[unit_random_below(&random, sizeof seeds / sizeof seeds[0])];
        struct mutant mutant = {.len = strlen(seed)};
        memcpy(mutant.json, seed, mutant.len);
        for (uint64_t left = unit_random_below(&random, 4); left > 0; left--)
            mutate(&random, &mutant);
        bool accepted, kept;
        const char *difference = compare(&mutant, &rules, &accepted, &kept);
        ROW(difference == NULL, difference, "%.*s", (int)mutant.len, mutant.json);
        accepted_count += accepted;
        kept_count += kept;
    }
    print_message("%d mutations: %zu accepted, %zu with an inquiry that only we keep\n", MUTATIONS,
                  accepted_count, kept_count);
    assert_true(accepted_count > MUTATIONS / 20);
    assert_true(kept_count > MUTATIONS / 100);
}

UNIT_MAIN(UNIT(both_sides_agree_on_every_mutation))
