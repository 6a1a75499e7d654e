/*
 * event_refusal_test.c - what is no event is refused, with its code, field and place.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest_unit.h"

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
        enum status status = unit_decode(row->json, strlen(row->json), &list, &err);
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

TEST(no_text_at_all_is_an_empty_one)
{
    struct event_rules rules = unit_rules();
    struct event_list list = {0};
    struct error err = {0};
    assert_int_equal(events_json_decode(NULL, 0, &rules, &list, &err), STATUS_INVALID);
    assert_string_equal(err.code, "invalid_json");
    assert_non_null(strstr(err.message, "ends at byte 0"));
}

UNIT_MAIN(UNIT(no_text_at_all_is_an_empty_one), UNIT(what_is_no_json_is_refused_at_its_byte),
          UNIT(json_that_is_no_event_is_refused_by_name),
          UNIT(values_that_break_a_rule_are_refused_with_their_place))
