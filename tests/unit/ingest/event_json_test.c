/*
 * event_json_test.c - what an event may be, and where its limits are.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest_unit.h"

#include <pthread.h>

#include "model/platform.h"

TEST(a_whole_event_is_read_as_it_was_meant)
{
    static const char json[] = " {\"inquiry\" : { \"name\":\"J\\u006fhn\", \"n\": [1e999, 1, "
                               "123456789012345678901234567890,"
                               " {\"k\":1,\"k\":2}, true,false,null, -0.0E-1, [], {}] } "
                               ",\r\n\t\"userId\":\"u\\u0049d/\\\"\",\""
                               "listingId\":\"caf\\u00e9 \xf0\x9f\x98\x80 \\ud83d\\ude00\", "
                               "\"eventType\":\"inquiry\",\"platform\":"
                               "\"link\\u0065din\", \"source\":\"e-mail\\/autumn\", "
                               "\"timestamp\":1767225600123,\"\\u0069d\": "
                               "\"01J\",\"visitor\":\"v..\"} \n";
    struct event_rules rules = unit_rules();
    struct error err;
    char *copy = unit_exact_copy(json, sizeof json - 1);
    struct event event;
    ASSERT_OK(event_json_decode(copy, sizeof json - 1, &rules, &event, &err), err);
    assert_true(text_is(event.user_id, "uId/\""));
    assert_true(text_is(event.listing_id, "caf\xc3\xa9 \xf0\x9f\x98\x80 \xf0\x9f\x98\x80"));
    assert_int_equal(EVENT_INQUIRY, event.type);
    assert_true(text_equal(platform_name(event.platform), text_of("linkedin")));
    assert_true(text_is(event.source, "e-mail/autumn"));
    assert_int_equal(1767225600123, event.time_ms);
    assert_true(text_is(event.id, "01J"));
    assert_true(text_is(event.visitor, "v.."));
    const char *from = strchr(json, '{') + 1;
    from = strchr(from, '{');
    const char *to = strstr(json, "] } ,") + 3;
    assert_true(text_equal(event.inquiry, (struct text){from, (size_t)(to - from)}));
    free(copy);
}

TEST(absent_and_null_are_the_same)
{
    static const char *const rows[] = {
        VIEW,
        "{\"userId\":\"u\",\"listingId\":\"l\",\"eventType\":\"view\",\"platform\":null,\"source\":"
        "null,"
        "\"timestamp\":null,\"id\":null,\"visitor\":null,\"inquiry\":null}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct event_rules rules = unit_rules();
        struct error err;
        char *copy = unit_exact_copy(rows[i], strlen(rows[i]));
        struct event event;
        ASSERT_OK(event_json_decode(copy, strlen(rows[i]), &rules, &event, &err), err);
        ROW(event.platform == PLATFORM_NONE && event.source.at == NULL && event.id.at == NULL &&
                event.visitor.at == NULL && event.inquiry.at == NULL,
            rows[i], "something is there");
        ROW(event.time_ms == UNIT_NOW_MS, rows[i], "time %lld", (long long)event.time_ms);
        free(copy);
    }
}

TEST(only_configured_platforms_are_accepted)
{
    static const struct {
        const char *platform;
        enum status want;
    } rows[] = {{"x", STATUS_OK},
                {"my-portal", STATUS_OK},
                {"facebook", STATUS_INVALID}, /* built in, but not in the list */
                {"other-portal", STATUS_INVALID}};
    struct event_rules rules, other;
    struct error err;
    ASSERT_OK(event_rules_init(&other, text_of("other-portal"), &err), err);
    ASSERT_OK(event_rules_init(&rules, text_of("x, my-portal"), &err), err);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char json[128];
        size_t len = (size_t)sprintf(json, EVENT "\"platform\":\"%s\"}", rows[i].platform);
        char *copy = unit_exact_copy(json, len);
        struct event event;
        err.message[0] = '\0';
        enum status status = event_json_decode(copy, len, &rules, &event, &err);
        ROW(status == rows[i].want, rows[i].platform, "status %d: %s", status, err.message);
        if (status == STATUS_OK)
            ROW(text_is(platform_name(event.platform), rows[i].platform), rows[i].platform,
                "another platform");
        else
            ROW(strstr(err.message, "the accepted ones are x, my-portal") != NULL, rows[i].platform,
                "%s", err.message);
        free(copy);
    }
}

TEST(limits_are_inclusive)
{
    static const struct {
        const char *json;
        int64_t behind_ms_max;
    } rows[] = {
        {EVENT "\"timestamp\":1767225900000}", 400 * INT64_C(86400000)},
        {EVENT "\"timestamp\":1732665600000}", 400 * INT64_C(86400000)},
        {EVENT "\"timestamp\":\"2026-01-01T01:05:00+01:00\"}", 400 * INT64_C(86400000)},
        {EVENT "\"timestamp\":\"2024-11-27t00:00:00z\"}", 400 * INT64_C(86400000)},
        {EVENT "\"timestamp\":0}", 0},
        {EVENT "\"timestamp\":-0 }", 0},
        {EVENT "\"timestamp\":-62135596800000}", 0},
        {EVENT "\"id\":\"" TEN("012345") "abcd\"}", 1},
        {EVENT "\"visitor\":\"" TEN("012345") "abcd\"}", 1},
        {EVENT "\"source\":\"" TEN("012345") "abcd\"}", 1},
        {EVENT "\"source\":\"..."
               "\"}",
         1},
        {"{\"userId\":\"" TEN("0123456789ab") "01234567\",\"listingId\":\"" TEN(
             "0123456789ab") "01234567\",\"eventType\":\"share\"}",
         1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct event_rules rules = unit_rules();
        rules.behind_ms_max = rows[i].behind_ms_max;
        struct error err = {0};
        char *copy = unit_exact_copy(rows[i].json, strlen(rows[i].json));
        struct event event;
        enum status status = event_json_decode(copy, strlen(rows[i].json), &rules, &event, &err);
        ROW(status == STATUS_OK, rows[i].json, "%s", err.message);
        free(copy);
    }
}

/* The answer to an inquiry whose object is `levels` deep or, if 0, has `bytes` bytes. */
static enum status decode_inquiry(size_t levels, size_t bytes, struct error *err)
{
    struct event_rules rules = unit_rules();
    size_t body = levels > 0 ? levels * 6 : bytes;
    char *json = malloc(sizeof ASKED + 16 + body);
    assert_non_null(json);
    char *at = json + sprintf(json, ASKED "\"inquiry\":");
    if (levels > 0) {
        at += sprintf(at, "{\"a\":");
        for (size_t i = 2; i < levels; i++)
            *at++ = '[';
        at += sprintf(at, "{}");
        for (size_t i = 2; i < levels; i++)
            *at++ = ']';
        *at++ = '}';
    } else {
        at += sprintf(at, "{\"a\":\"");
        memset(at, 'x', bytes - 8);
        at += bytes - 8;
        *at++ = '"';
        *at++ = '}';
    }
    *at++ = '}';
    size_t len = (size_t)(at - json);
    char *copy = unit_exact_copy(json, len);
    free(json);
    struct event event;
    enum status status = event_json_decode(copy, len, &rules, &event, err);
    free(copy);
    return status;
}

TEST(an_inquiry_has_a_greatest_size_and_depth)
{
    static const struct {
        const char *name;
        size_t levels;
        size_t bytes;
        enum status want;
        const char *words;
    } rows[] = {
        {"two levels", 2, 0, STATUS_OK, ""},
        {"64 levels", 64, 0, STATUS_OK, ""},
        {"65 levels", 65, 0, STATUS_INVALID, "more than 64 levels"},
        {"100,000 levels", 100000, 0, STATUS_INVALID, "more than 64 levels"},
        {"8 KiB", 0, 8192, STATUS_OK, ""},
        {"8 KiB and a byte", 0, 8193, STATUS_INVALID, "8193 bytes long; at most 8192"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err = {0};
        enum status status = decode_inquiry(rows[i].levels, rows[i].bytes, &err);
        ROW(status == rows[i].want, rows[i].name, "status %d: %s", status, err.message);
        if (status == STATUS_OK)
            continue;
        ROW(strcmp(err.code, "invalid_inquiry") == 0, rows[i].name, "code %s", err.code);
        ROW(strstr(err.message, rows[i].words) != NULL, rows[i].name, "%s", err.message);
        ROW(err.offset == 62, rows[i].name, "offset %lld", (long long)err.offset);
    }
}

static void *decode_deep(void *context)
{
    static const char *const starts[] = {"[",
                                         "{\"inquiry\":{\"a\":", "{\"userId\":", "{\"inquiry\":"};
    static const char *const brackets[] = {"[", "[", "[", "{\"a\":"};
    struct event_rules *rules = context;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        size_t deep = 100000, one = strlen(brackets[i]), start = strlen(starts[i]);
        char *json = malloc(start + deep * one);
        if (json == NULL)
            return NULL;
        memcpy(json, starts[i], start);
        for (size_t level = 0; level < deep; level++)
            memcpy(json + start + level * one, brackets[i], one);
        struct event_list list = {0};
        enum status status = events_json_decode(json, start + deep * one, rules, &list, NULL);
        event_list_done(&list);
        free(json);
        if (status != STATUS_INVALID)
            return NULL;
    }
    return rules;
}

TEST(depth_costs_no_stack)
{
    struct event_rules rules = unit_rules();
    pthread_attr_t attr;
    pthread_t thread;
    void *done = NULL;
    assert_int_equal(0, pthread_attr_init(&attr));
    assert_int_equal(0, pthread_attr_setstacksize(&attr, 128 * 1024));
    assert_int_equal(0, pthread_create(&thread, &attr, decode_deep, &rules));
    assert_int_equal(0, pthread_join(thread, &done));
    pthread_attr_destroy(&attr);
    assert_ptr_equal(&rules, done);
}

TEST(an_event_cut_anywhere_is_refused_where_it_ends)
{
    static const char json[] =
        "[{\"userId\":\"agent-\\u00e9\",\"listingId\":\"l\xf0\x9f\x98\x80\",\"eventType\":"
        "\"inquiry\","
        "\"platform\":\"x\", "
        "\"source\":null,\"timestamp\":1767225600000,\"id\":\"01J\",\"visitor\":"
        "\"\\ud83d\\ude00\",\"inquiry\":{\"a\":[1.5e3,true,null,{\"b\":\"\\n\xc3\xa9\"}]}}, "
        "{\"userId\":\"u\","
        "\"listingId\":\"l\",\"eventType\":\"view\"}]";
    struct event_list list = {0};
    struct error err;
    ASSERT_OK(unit_decode(json, sizeof json - 1, &list, &err), err);
    assert_int_equal(2, list.count);
    size_t comma = (size_t)(strstr(json, ", {\"userId") - json);
    for (size_t len = 0; len < sizeof json - 1; len++) {
        char row[32];
        snprintf(row, sizeof row, "cut to %zu bytes", len);
        event_list_clear(&list);
        enum status status = unit_decode(json, len, &list, &err);
        ROW(status == STATUS_INVALID, row, "status %d", status);
        ROW(strcmp(err.code, "invalid_json") == 0, row, "code %s: %s", err.code, err.message);
        /* a word, an escape or a character that is cut is reported at its start */
        ROW(err.offset <= (int64_t)len && err.offset + 12 >= (int64_t)len, row, "offset %lld",
            (long long)err.offset);
        int64_t index = len == 0 ? -1 : len > comma;
        ROW(err.index == index, row, "index %lld", (long long)err.index);
    }
    event_list_done(&list);
}

TEST(an_array_holds_from_no_event_to_the_greatest_number)
{
    static const struct {
        size_t count;
        enum status want;
    } rows[] = {{0, STATUS_OK},
                {1, STATUS_OK},
                {EVENTS_MAX, STATUS_OK},
                {EVENTS_MAX + 1, STATUS_TOO_LARGE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t one = sizeof VIEW; /* with its comma */
        char *json = malloc(2 + rows[i].count * one);
        assert_non_null(json);
        char *at = json;
        *at++ = '[';
        for (size_t j = 0; j < rows[i].count; j++)
            at += sprintf(at, "%s%s", j == 0 ? "" : ",", VIEW);
        *at++ = ']';
        struct event_list list = {0};
        struct error err = {0};
        enum status status = unit_decode(json, (size_t)(at - json), &list, &err);
        char row[32];
        snprintf(row, sizeof row, "%zu events", rows[i].count);
        ROW(status == rows[i].want, row, "status %d: %s", status, err.message);
        if (status == STATUS_OK) {
            ROW(list.count == rows[i].count, row, "%zu read", list.count);
        } else {
            ROW(strcmp(err.code, "too_many_events") == 0, row, "code %s", err.code);
            ROW(err.index == EVENTS_MAX, row, "index %lld", (long long)err.index);
            ROW(err.offset == 1 + (int64_t)(EVENTS_MAX * one), row, "offset %lld",
                (long long)err.offset);
            ROW(strstr(err.message, "10000") != NULL, row, "%s", err.message);
        }
        event_list_done(&list);
        free(json);
    }
}

/* Appends a character to text and, escaped in one of the ways that JSON has, to json. */
static void put_character(struct unit_random *random, uint32_t scalar, char **text, char **json)
{
    char utf8[5] = {0};
    if (scalar < 0x80)
        sprintf(utf8, "%c", (int)scalar);
    else if (scalar < 0x800)
        sprintf(utf8, "%c%c", (int)(0xc0 | scalar >> 6), (int)(0x80 | (scalar & 0x3f)));
    else if (scalar < 0x10000)
        sprintf(utf8, "%c%c%c", (int)(0xe0 | scalar >> 12), (int)(0x80 | (scalar >> 6 & 0x3f)),
                (int)(0x80 | (scalar & 0x3f)));
    else
        sprintf(utf8, "%c%c%c%c", (int)(0xf0 | scalar >> 18), (int)(0x80 | (scalar >> 12 & 0x3f)),
                (int)(0x80 | (scalar >> 6 & 0x3f)), (int)(0x80 | (scalar & 0x3f)));
    *text += sprintf(*text, "%s", utf8);

    bool must = scalar < 0x20 || scalar == '"' || scalar == '\\';
    if (!must && unit_random_below(random, 3) > 0)
        *json += sprintf(*json, "%s", utf8);
    else if (scalar < 0x10000)
        *json += sprintf(*json, unit_random_below(random, 2) == 0 ? "\\u%04x" : "\\u%04X", scalar);
    else
        *json += sprintf(*json, "\\u%04x\\u%04X", 0xd800 + ((scalar - 0x10000) >> 10),
                         0xdc00 + ((scalar - 0x10000) & 0x3ff));
}

TEST(escaped_texts_come_back_as_they_were)
{
    static const uint32_t edges[] = {0x20,   0x7e,    0xa0,     0x7ff, 0x800, 0xd7ff, 0xe000,
                                     0xffff, 0x10000, 0x10ffff, '"',   '\\',  '/'};
    struct unit_random random = unit_random_seeded();
    struct event_rules rules = unit_rules();
    for (int round = 0; round < 20000; round++) {
        char text[600], json[2000];
        char *text_end = text, *json_end = json;
        json_end += sprintf(json_end, "{\"userId\":\"");
        size_t count = 1 + unit_random_below(&random, 30);
        for (size_t i = 0; i < count; i++) {
            uint32_t scalar = 0;
            if (unit_random_below(&random, 3) == 0)
                scalar = edges[unit_random_below(&random, sizeof edges / sizeof edges[0])];
            else
                scalar = (uint32_t)unit_random_below(
                    &random, UINT64_C(0x80) << unit_random_below(&random, 14));
            if (scalar < 0x20 || scalar == '#' || (scalar >= 0x7f && scalar < 0xa0) ||
                (scalar >= 0xd800 && scalar < 0xe000) || scalar > 0x10ffff ||
                (i == 0 && scalar == '.'))
                scalar = 'a';
            put_character(&random, scalar, &text_end, &json_end);
        }
        json_end += sprintf(json_end, "\",\"listingId\":\"l\",\"eventType\":\"view\"}");
        char *copy = unit_exact_copy(json, (size_t)(json_end - json));
        struct event event;
        struct error err;
        ASSERT_OK(event_json_decode(copy, (size_t)(json_end - json), &rules, &event, &err), err);
        assert_true(text_equal(event.user_id, (struct text){text, (size_t)(text_end - text)}));
        free(copy);
    }
}

UNIT_MAIN(UNIT(a_whole_event_is_read_as_it_was_meant), UNIT(absent_and_null_are_the_same),
          UNIT(only_configured_platforms_are_accepted), UNIT(limits_are_inclusive),
          UNIT(an_inquiry_has_a_greatest_size_and_depth), UNIT(depth_costs_no_stack),
          UNIT(an_event_cut_anywhere_is_refused_where_it_ends),
          UNIT(an_array_holds_from_no_event_to_the_greatest_number),
          UNIT(escaped_texts_come_back_as_they_were))
