/*
 * event_json_test.c - what an event may be, and how everything else is refused.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest_unit.h"

#include <pthread.h>

#include "model/platform.h"

/* Starts an event that is whole but for what a row adds; 49 bytes, or 52. */
#define EVENT  "{\"userId\":\"u\",\"listingId\":\"l\",\"eventType\":\"view\","
#define ASKED  "{\"userId\":\"u\",\"listingId\":\"l\",\"eventType\":\"inquiry\","
#define VIEW   "{\"userId\":\"u\",\"listingId\":\"l\",\"eventType\":\"view\"}"
#define TEN(x) x x x x x x x x x x

static enum status decode(const char *json, size_t len, struct event_list *list, struct error *err)
{
    struct event_rules rules = unit_rules();
    *err = (struct error){.index = -1, .offset = -1};
    char *copy = unit_exact_copy(json, len);
    enum status status = events_json_decode(copy, len, &rules, list, err);
    /* Callers that want no words get the same verdict. */
    memcpy(copy, json, len);
    struct event_list other = {0};
    assert_int_equal(status, events_json_decode(copy, len, &rules, &other, NULL));
    event_list_done(&other);
    free(copy);
    return status;
}

struct refusal {
    const char *json;
    const char *code;
    const char *field;
    int64_t offset;
    int64_t index;
    const char *words; /* in the message */
};

static void check_refusals(const struct refusal *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct refusal *row = &rows[i];
        struct event_list list = {0};
        struct error err;
        enum status status = decode(row->json, strlen(row->json), &list, &err);
        ROW(status == STATUS_INVALID && err.status == status, row->json, "status %d", status);
        ROW(strcmp(err.code, row->code) == 0, row->json, "code %s: %s", err.code, err.message);
        ROW(strcmp(err.field, row->field) == 0, row->json, "field %s", err.field);
        ROW(err.offset == row->offset, row->json, "offset %lld: %s", (long long)err.offset,
            err.message);
        ROW(err.index == row->index, row->json, "index %lld", (long long)err.index);
        ROW(strstr(err.message, row->words) != NULL, row->json, "message: %s", err.message);
        event_list_done(&list);
    }
}
#define CHECK_REFUSALS(rows) check_refusals(rows, sizeof(rows) / sizeof(rows)[0])

TEST(what_is_no_json_is_refused_at_its_byte)
{
    static const struct refusal rows[] = {
        {"", "invalid_json", "", 0, -1, "ends at byte 0"},
        {"  ", "invalid_json", "", 2, -1, "ends at byte 2"},
        {"x", "invalid_json", "", 0, -1, "found 'x'"},
        {"nul", "invalid_json", "", 0, -1, "found 'n'"},
        {"\xef\xbb\xbf" VIEW, "invalid_json", "", 0, -1, "byte order mark"},
        {"{", "invalid_json", "", 1, -1, "ends at byte 1"},
        {"{\x01", "invalid_json", "", 1, -1, "0x01"},
        {"{,", "invalid_json", "", 1, -1, "found ','"},
        {"{'userId':1}", "invalid_json", "", 1, -1, "key in quotes"},
        {"{\"userId\"}", "invalid_json", "", 9, -1, "expected ':'"},
        {"{\"userId\" 1", "invalid_json", "", 10, -1, "expected ':'"},
        {"{\"userId\":}", "invalid_json", "", 10, -1, "found '}'"},
        {"{\"userId\":\"u\",}", "invalid_json", "", 14, -1, "key in quotes"},
        {"{\"userId\":\"u\" \"", "invalid_json", "", 14, -1, "',' or '}'"},
        {"{\"userId\":\"u\"]", "invalid_json", "", 13, -1, "',' or '}'"},
        {VIEW "x", "invalid_json", "", 49, -1, "nothing more"},
        {VIEW " }", "invalid_json", "", 50, -1, "nothing more"},
        {VIEW VIEW, "invalid_json", "", 49, -1, "nothing more"},
        {"/**/" VIEW, "invalid_json", "", 0, -1, "found '/'"},
        {"[", "invalid_json", "", 1, 0, "ends at byte 1"},
        {"[,]", "invalid_json", "", 1, 0, "found ','"},
        {"[" VIEW, "invalid_json", "", 50, 0, "',' or ']'"},
        {"[" VIEW ",]", "invalid_json", "", 51, 1, "found ']'"},
        {"[" VIEW " " VIEW "]", "invalid_json", "", 51, 0, "',' or ']'"},
        {"[" VIEW "}", "invalid_json", "", 50, 0, "',' or ']'"},
        {"[" VIEW "]]", "invalid_json", "", 51, -1, "nothing more"},
        {"[]0", "invalid_json", "", 2, -1, "nothing more"},
        /* strings */
        {"{\"userId\":\"u", "invalid_json", "", 12, -1, "ends inside a string"},
        {"{\"userId\":\"u\\", "invalid_json", "", 12, -1, "ends inside a string"},
        {"{\"userId\":\"u\\\"", "invalid_json", "", 14, -1, "ends inside a string"},
        {"{\"userId\":\"a\nb\"", "invalid_json", "", 12, -1, "control character (0x0A)"},
        {"{\"userId\":\"a\tb\"", "invalid_json", "", 12, -1, "control character (0x09)"},
        {"{\"userId\":\"\\n\n\"", "invalid_json", "", 13, -1, "control character (0x0A)"},
        {"{\"userId\":\"a\\x41\"", "invalid_json", "", 12, -1, "escape"},
        {"{\"userId\":\"a\\u12g4\"", "invalid_json", "", 12, -1, "escape"},
        {"{\"userId\":\"a\\u12\"", "invalid_json", "", 12, -1, "escape"},
        {"{\"userId\":\"a\\U0041\"", "invalid_json", "", 12, -1, "escape"},
        {"{\"userId\":\"\\u0000\"", "invalid_json", "", 11, -1, "u0000"},
        {"{\"userId\":\"\\u0041\\ud800\"", "invalid_json", "", 17, -1, "surrogate"},
        {"{\"userId\":\"\\udc00\"", "invalid_json", "", 11, -1, "surrogate"},
        {"{\"userId\":\"\\ud800\\u0041\"", "invalid_json", "", 11, -1, "surrogate"},
        {"{\"userId\":\"\\ud800\\ud800\"", "invalid_json", "", 11, -1, "surrogate"},
        {"{\"userId\":\"\\ud83d\\ude0\"", "invalid_json", "", 11, -1, "surrogate"},
        {"{\"userId\":\"\\ud83dude00\"", "invalid_json", "", 11, -1, "surrogate"},
        /* UTF-8 */
        {"{\"userId\":\"a\xc0\xaf\"", "invalid_json", "", 12, -1, "0xC0"},
        {"{\"userId\":\"a\xc1\xbf\"", "invalid_json", "", 12, -1, "0xC1"},
        {"{\"userId\":\"a\xe0\x80\xaf\"", "invalid_json", "", 12, -1, "0xE0"},
        {"{\"userId\":\"a\xf0\x80\x80\xaf\"", "invalid_json", "", 12, -1, "0xF0"},
        {"{\"userId\":\"a\xed\xa0\x80\"", "invalid_json", "", 12, -1, "0xED"},
        {"{\"userId\":\"a\xf4\x90\x80\x80\"", "invalid_json", "", 12, -1, "0xF4"},
        {"{\"userId\":\"a\xf5\x80\x80\x80\"", "invalid_json", "", 12, -1, "0xF5"},
        {"{\"userId\":\"a\xff\"", "invalid_json", "", 12, -1, "0xFF"},
        {"{\"userId\":\"a\x80\"", "invalid_json", "", 12, -1, "0x80"},
        {"{\"userId\":\"\xc3\xa9\xe2\x82\"", "invalid_json", "", 13, -1, "0xE2"},
        {"{\"userId\":\"\xf0\x9f\x98", "invalid_json", "", 11, -1, "0xF0"},
        /* numbers and words */
        {EVENT "\"timestamp\":01}", "invalid_json", "", 62, -1, "leading zero"},
        {EVENT "\"timestamp\":-}", "invalid_json", "", 62, -1, "a digit"},
        {EVENT "\"timestamp\":-01}", "invalid_json", "", 63, -1, "leading zero"},
        {EVENT "\"timestamp\":1.}", "invalid_json", "", 63, -1, "a digit"},
        {EVENT "\"timestamp\":1e}", "invalid_json", "", 63, -1, "a digit"},
        {EVENT "\"timestamp\":1e+}", "invalid_json", "", 64, -1, "a digit"},
        {EVENT "\"timestamp\":+1}", "invalid_json", "", 61, -1, "found '+'"},
        {EVENT "\"timestamp\":.5}", "invalid_json", "", 61, -1, "found '.'"},
        {EVENT "\"timestamp\":NaN}", "invalid_json", "", 61, -1, "found 'N'"},
        {EVENT "\"timestamp\":Infinity}", "invalid_json", "", 61, -1, "found 'I'"},
        {EVENT "\"timestamp\":-Infinity}", "invalid_json", "", 62, -1, "a digit"},
        {EVENT "\"timestamp\":1767225600000", "invalid_json", "", 74, -1, "ends at byte 74"},
        {EVENT "\"platform\":nul}", "invalid_json", "", 60, -1, "found 'n'"},
        {EVENT "\"platform\":NULL}", "invalid_json", "", 60, -1, "found 'N'"},
        {EVENT "\"platform\":nullx}", "invalid_json", "", 64, -1, "',' or '}'"},
        {EVENT "\"source\":tru}", "invalid_json", "", 58, -1, "found 't'"},
        /* inside an inquiry, where nothing is read but all is checked */
        {ASKED "\"inquiry\":{\"a\":01}}", "invalid_json", "", 68, -1, "',' or '}'"},
        {ASKED "\"inquiry\":{\"a\":\"\\ud800\"}}", "invalid_json", "", 68, -1, "surrogate"},
        {ASKED "\"inquiry\":{\"a\":\"\\u0000\"}}", "invalid_json", "", 68, -1, "u0000"},
        {ASKED "\"inquiry\":{\"a\":\"\xc0\xaf\"}}", "invalid_json", "", 68, -1, "0xC0"},
        {ASKED "\"inquiry\":{\"a\":[1,]}}", "invalid_json", "", 70, -1, "a value"},
        {ASKED "\"inquiry\":{\"a\":[1}}}", "invalid_json", "", 69, -1, "',' or ']'"},
        {ASKED "\"inquiry\":{\"a\":{]}}", "invalid_json", "", 68, -1, "key in quotes"},
        {ASKED "\"inquiry\":{\"a\":1,}}", "invalid_json", "", 69, -1, "key in quotes"},
        {ASKED "\"inquiry\":{\"a\" 1}}", "invalid_json", "", 67, -1, "':'"},
        {ASKED "\"inquiry\":{\"a\":NaN}}", "invalid_json", "", 67, -1, "found 'N'"},
        {ASKED "\"inquiry\":{\"a\nb\":1}}", "invalid_json", "", 65, -1, "0x0A"},
        {ASKED "\"inquiry\":{\"a\":", "invalid_json", "", 67, -1, "ends at byte 67"},
    };
    CHECK_REFUSALS(rows);
}

TEST(json_that_is_no_event_is_refused_by_name)
{
    static const struct refusal rows[] = {
        {"\"x\"", "wrong_type", "", 0, -1, "array of events, not a string"},
        {" 12", "wrong_type", "", 1, -1, "array of events, not a number"},
        {"null", "wrong_type", "", 0, -1, "not null"},
        {"[1]", "wrong_type", "", 1, 0, "an event must be an object, not a number"},
        {"[" VIEW ", [] ]", "wrong_type", "", 52, 1, "must be an object, not an array"},
        {"[[[[[[", "wrong_type", "", 1, 0, "must be an object, not an array"},
        {"{}", "missing_field", "userId", 0, -1, "userId is missing"},
        {"[ {}]", "missing_field", "userId", 2, 0, "userId is missing"},
        {"{\"userId\":\"u\"}", "missing_field", "listingId", 0, -1, "listingId is missing"},
        {"[" VIEW "," VIEW ",{\"userId\":\"u\",\"listingId\":\"l\"}]", "missing_field", "eventType",
         101, 2, "eventType is missing"},
        {EVENT "\"listingID\":1}", "unknown_field", "listingID", 49, -1,
         "unknown field \"listingID\"; did you mean \"listingId\"?"},
        {EVENT "\"listing_id\":1}", "unknown_field", "listing_id", 49, -1, "\"listingId\"?"},
        {EVENT "\"user\":1}", "unknown_field", "user", 49, -1, "\"userId\"?"},
        {EVENT "\"Source\":1}", "unknown_field", "Source", 49, -1, "\"source\"?"},
        {EVENT "\"timestmap\":1}", "unknown_field", "timestmap", 49, -1, "\"timestamp\"?"},
        {EVENT "\"ID\":1}", "unknown_field", "ID", 49, -1, "\"id\"?"},
        {EVENT "\"userIdx\":1}", "unknown_field", "userIdx", 49, -1, "\"userId\"?"},
        {EVENT "\"campaign\":1}", "unknown_field", "campaign", 49, -1,
         "the known ones are userId, listingId, eventType, platform, source, timestamp, id, "
         "visitor, inquiry"},
        {EVENT "\"\":1}", "unknown_field", "", 49, -1, "unknown field \"\""},
        {EVENT "\"caf\xc3\xa9\":1}", "unknown_field", "caf\xc3\xa9", 49, -1, "known ones"},
        {EVENT "\"" TEN("longname-") "\":1}", "unknown_field",
         "longname-longname-longname-longname-longname-longname-longna...", 49, -1, "known ones"},
        {EVENT "\"user\\u0049d\":\"v\"}", "duplicate_field", "userId", 49, -1, "userId stands"},
        {EVENT "\"userId\":\"u\"}", "duplicate_field", "userId", 49, -1, "twice"},
        {EVENT "\"source\":null,\"source\":\"s\"}", "duplicate_field", "source", 63, -1, "twice"},
        {"{\"userId\":null", "wrong_type", "userId", 10, -1, "userId must be a string, not null"},
        {"{\"listingId\":7", "wrong_type", "listingId", 13, -1, "not a number"},
        {"{\"eventType\":true", "wrong_type", "eventType", 13, -1, "not true"},
        {"{\"platform\":[]", "wrong_type", "platform", 12, -1, "not an array"},
        {"{\"source\":{}", "wrong_type", "source", 10, -1, "not an object"},
        {"{\"id\":1", "wrong_type", "id", 6, -1, "id must be a string, not a number"},
        {"{\"visitor\":false", "wrong_type", "visitor", 11, -1, "not false"},
        {"{\"timestamp\":true", "wrong_type", "timestamp", 13, -1, "RFC 3339 string, not true"},
        {"{\"timestamp\":{}", "wrong_type", "timestamp", 13, -1, "not an object"},
        {"{\"inquiry\":\"x\"", "wrong_type", "inquiry", 11, -1, "an object, not a string"},
        {"{\"inquiry\":[]", "wrong_type", "inquiry", 11, -1, "an object, not an array"},
    };
    CHECK_REFUSALS(rows);
}

TEST(values_that_break_a_rule_are_refused_with_their_place)
{
    static const struct refusal rows[] = {
        {"{\"userId\":\"\"", "invalid_id", "userId", 10, -1, ""},
        {"{\"userId\": \"a#b\"", "invalid_id", "userId", 11, -1, "#"},
        {"{\"userId\":\"a\\u0023b\"", "invalid_id", "userId", 10, -1, "#"},
        {"{\"userId\":\"a\\nb\"", "invalid_id", "userId", 10, -1, "control"},
        {"{\"userId\":\"a\x7f\"", "invalid_id", "userId", 10, -1, "control"},
        {"{\"userId\":\"a\xc2\x80\"", "invalid_id", "userId", 10, -1, "control"},
        {"{\"userId\":\".\"", "invalid_id", "userId", 10, -1, ""},
        {"{\"listingId\":\"..\"", "invalid_id", "listingId", 13, -1, ""},
        {"{\"userId\":\"" TEN("0123456789abc") "\"", "invalid_id", "userId", 10, -1, "128"},
        {"{\"id\":\"" TEN("0123456") "\"", "invalid_id", "id", 6, -1, "64"},
        {"{\"visitor\":\"" TEN("0123456") "\"", "invalid_id", "visitor", 11, -1, "64"},
        {"{\"visitor\":\"#\"", "invalid_id", "visitor", 11, -1, "#"},
        {"{\"source\":\"(other)\"", "invalid_source", "source", 10, -1, "("},
        {"{\"source\":\"\"", "invalid_source", "source", 10, -1, ""},
        {"{\"source\":\"a#\"", "invalid_source", "source", 10, -1, "#"},
        {"{\"eventType\":\"click\"", "unknown_event_type", "eventType", 13, -1,
         "\"click\"; the known ones are view, share and inquiry"},
        {"{\"eventType\":\"View\"", "unknown_event_type", "eventType", 13, -1, "\"View\""},
        {"{\"eventType\":\"\"", "unknown_event_type", "eventType", 13, -1, "\"\""},
        {"{\"platform\":\"myspace\"", "unknown_platform", "platform", 12, -1,
         "\"myspace\"; the accepted ones are facebook, instagram, linkedin, x, tiktok"},
        {"{\"platform\":\"\"", "unknown_platform", "platform", 12, -1, "\"\""},
        {"{\"platform\":\"none\"", "unknown_platform", "platform", 12, -1, "\"none\""},
        {"[" VIEW ",{\"platform\":\"Facebook\"", "unknown_platform", "platform", 63, 1, "Facebook"},
        {"{\"timestamp\":1.5}", "invalid_timestamp", "timestamp", 13, -1, "without fraction"},
        {"{\"timestamp\":1767225600000.0}", "invalid_timestamp", "timestamp", 13, -1, "fraction"},
        {"{\"timestamp\":1e12}", "invalid_timestamp", "timestamp", 13, -1, "exponent"},
        {"{\"timestamp\":1e999}", "invalid_timestamp", "timestamp", 13, -1, "exponent"},
        {"{\"timestamp\":1E-2}", "invalid_timestamp", "timestamp", 13, -1, "exponent"},
        {"{\"timestamp\":9223372036854775807}", "invalid_timestamp", "timestamp", 13, -1, "9999"},
        {"{\"timestamp\":9223372036854775808}", "invalid_timestamp", "timestamp", 13, -1, "9999"},
        {"{\"timestamp\":-9223372036854775808}", "invalid_timestamp", "timestamp", 13, -1, "9999"},
        {"{\"timestamp\":999999999999999999}", "invalid_timestamp", "timestamp", 13, -1, "9999"},
        {"{\"timestamp\":253402300800000}", "invalid_timestamp", "timestamp", 13, -1, "9999"},
        {"{\"timestamp\":-62135596800001}", "invalid_timestamp", "timestamp", 13, -1, "9999"},
        {"{\"timestamp\":-0}", "invalid_timestamp", "timestamp", 13, -1, "behind"},
        {"{\"timestamp\":1767225900001}", "invalid_timestamp", "timestamp", 13, -1,
         "more than 5 minutes ahead of this server's clock (1767225600000)"},
        {"{\"timestamp\":1732665599999}", "invalid_timestamp", "timestamp", 13, -1,
         "more than 400 days behind this server's clock (1767225600000)"},
        {"{\"timestamp\":1767225600}", "invalid_timestamp", "timestamp", 13, -1,
         "counts milliseconds since 1970"},
        {"{\"timestamp\":\"2026-01-01T00:05:00.001Z\"}", "invalid_timestamp", "timestamp", 13, -1,
         "5 minutes ahead"},
        {"{\"timestamp\":\"2026-01-01\"}", "invalid_timestamp", "timestamp", 13, -1, "RFC 3339"},
        {"{\"timestamp\":\"2026-02-30T00:00:00Z\"}", "invalid_timestamp", "timestamp", 13, -1,
         "RFC 3339"},
        {"{\"timestamp\":\"1767225600000\"}", "invalid_timestamp", "timestamp", 13, -1, "RFC 3339"},
        {"{\"timestamp\":\"\"}", "invalid_timestamp", "timestamp", 13, -1, "RFC 3339"},
        {EVENT "\"inquiry\":{}}", "invalid_inquiry", "inquiry", 59, -1, "not view"},
        {"{\"inquiry\": {\"a\":1},\"userId\":\"u\",\"listingId\":\"l\",\"eventType\":\"share\"}",
         "invalid_inquiry", "inquiry", 12, -1, "not share"},
    };
    CHECK_REFUSALS(rows);
}

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
    ASSERT_OK(decode(json, sizeof json - 1, &list, &err), err);
    assert_int_equal(2, list.count);
    size_t comma = (size_t)(strstr(json, ", {\"userId") - json);
    for (size_t len = 0; len < sizeof json - 1; len++) {
        char row[32];
        snprintf(row, sizeof row, "cut to %zu bytes", len);
        event_list_clear(&list);
        enum status status = decode(json, len, &list, &err);
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
        enum status status = decode(json, (size_t)(at - json), &list, &err);
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

UNIT_MAIN(UNIT(what_is_no_json_is_refused_at_its_byte),
          UNIT(json_that_is_no_event_is_refused_by_name),
          UNIT(values_that_break_a_rule_are_refused_with_their_place),
          UNIT(a_whole_event_is_read_as_it_was_meant), UNIT(absent_and_null_are_the_same),
          UNIT(only_configured_platforms_are_accepted), UNIT(limits_are_inclusive),
          UNIT(an_inquiry_has_a_greatest_size_and_depth), UNIT(depth_costs_no_stack),
          UNIT(an_event_cut_anywhere_is_refused_where_it_ends),
          UNIT(an_array_holds_from_no_event_to_the_greatest_number),
          UNIT(escaped_texts_come_back_as_they_were))
