/*
 * metrics_json_test.c - the documents of the API, name by name, read back by jansson.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "present/metrics_json.h"

#include "unit.h"

#include <jansson.h>
#include <string.h>

#include "model/calendar.h"

/* Ids that must come through whole: quotes, markup, control, beyond ASCII, digits only. */
static const char *const odd_ids[] = {
    "plain",
    "say \"hi\"\\",
    "<script>alert(1)</script>",
    "a&b/c d?e",
    "\x01\x1f\x7f",
    "\xf0\x9f\x8f\xa0 H\xc3\xa4user",
    "\xe2\x80\xa8\xe2\x80\xa9",
    "42",
    "__proto__",
};

static json_t *read_back(const struct bytes *out)
{
    json_error_t error;
    json_t *read = json_loadb((const char *)out->at, out->len, JSON_REJECT_DUPLICATES, &error);
    if (read == NULL)
        print_error("%s at %d in %.*s\n", error.text, error.position, (int)out->len,
                    (const char *)out->at);
    assert_non_null(read);
    return read;
}

/* Fails unless *out holds what `want` says (jansson may order keys as it likes), then empties it.
 */
static void check(struct bytes *out, const char *name, const char *want)
{
    json_error_t error;
    json_t *wanted = json_loads(want, JSON_REJECT_DUPLICATES, &error);
    ROW(wanted != NULL, name, "the test is no JSON: %s at %d", error.text, error.position);
    json_t *got = read_back(out);
    ROW(json_equal(got, wanted), name, "got %.*s", (int)out->len, (const char *)out->at);
    json_decref(wanted);
    json_decref(got);
    out->len = 0;
}

static const struct platform_metrics platforms[] = {
    {.name = {"facebook", 8}, .counts = {.of = {3, 2, 1}}, .updated_ms = 1767225600001},
    {.name = {"x", 1}, .counts = {.of = {1, 0, 0}}, .updated_ms = 1767225600000},
};
static const struct source_metrics sources[] = {
    {.name = {"(other)", 7}, .counts = {.of = {1, 1, 1}}},
    {.name = {"e-mail \"March\"", 14}, .counts = {.of = {5, 0, 0}}},
};

static struct range range_of(enum period period, const char *first, const char *last)
{
    struct range range = {.period = period, .zone = zone_utc()};
    assert_true(date_parse(text_of(first), &range.first_day));
    assert_true(date_parse(text_of(last), &range.last_day));
    return range;
}

TEST(metrics_have_the_names_of_the_seed)
{
    struct bytes out = {0};
    struct day_metrics days[2] = {
        {.counts = {.of = {6, 2, 1}},
         .platforms = platforms,
         .platform_count = 2,
         .updated_ms = 1767225600001},
        {0},
    };
    struct range range = range_of(PERIOD_CUSTOM, "2026-02-28", "2026-03-01");
    days[0].day = range.first_day;
    days[1].day = range.last_day;

    assert_true(day_json(&out, text_of("l1"), &days[0], 0));
    check(&out, "a day",
          "{\"success\":true,\"metrics\":{\"listingId\":\"l1\",\"date\":\"2026-02-28\","
          "\"views\":6,\"shares\":2,\"inquiries\":1,\"platforms\":{"
          "\"facebook\":{\"views\":3,\"shares\":2,\"inquiries\":1,\"lastUpdated\":1767225600001},"
          "\"x\":{\"views\":1,\"shares\":0,\"inquiries\":0,\"lastUpdated\":1767225600000}},"
          "\"updatedAt\":1767225600001}}");

    assert_true(days_json(&out, text_of("l1"), &days[1], 1, 0));
    check(&out, "an empty day in a list",
          "{\"success\":true,\"metrics\":[{\"listingId\":\"l1\",\"date\":\"2026-03-01\","
          "\"views\":0,\"shares\":0,\"inquiries\":0,\"platforms\":{},\"updatedAt\":0}]}");

    struct aggregated_metrics metrics = {
        .listing_id = text_of("l1"),
        .range = range,
        .totals = {.of = {6, 2, 1}},
        .platforms = platforms,
        .platform_count = 1,
        .sources = sources,
        .source_count = 2,
        .days = &days[1],
        .day_count = 1,
        .change_percent = {-62.5, 100, 0},
        .conversion_rate = 100.0 / 6,
    };
    assert_true(aggregated_json(&out, &metrics, 0));
    check(&out, "an aggregate",
          "{\"success\":true,\"metrics\":{\"period\":\"custom\",\"startDate\":\"2026-02-28\","
          "\"endDate\":\"2026-03-01\",\"timezone\":\"UTC\",\"totalViews\":6,\"totalShares\":2,"
          "\"totalInquiries\":1,\"byPlatform\":{\"facebook\":{\"views\":3,\"shares\":2,"
          "\"inquiries\":1,\"lastUpdated\":1767225600001}},\"bySource\":{"
          "\"(other)\":{\"views\":1,\"shares\":1,\"inquiries\":1},"
          "\"e-mail \\\"March\\\"\":{\"views\":5,\"shares\":0,\"inquiries\":0}},"
          "\"dailyBreakdown\":[{\"listingId\":\"l1\",\"date\":\"2026-03-01\",\"views\":0,"
          "\"shares\":0,\"inquiries\":0,\"platforms\":{},\"updatedAt\":0}],"
          "\"trends\":{\"viewsChange\":-62.5,\"sharesChange\":100,\"inquiriesChange\":0},"
          "\"conversionRate\":16.666666666666668}}");
    bytes_done(&out);
}

/* The document's end, from the last bracket or brace of what it holds. */
static void check_end(struct bytes *out, const char *name, const char *want)
{
    size_t len = strlen(want);
    ROW(out->len >= len && memcmp(out->at + out->len - len, want, len) == 0, name, "%.*s",
        (int)out->len, (const char *)out->at);
    json_decref(read_back(out));
    out->len = 0;
}

TEST(metrics_say_how_fresh_and_how_exact_they_are)
{
    struct bytes out = {0};
    struct day_metrics day = {.approximate = true};
    struct range range = range_of(PERIOD_WEEKLY, "2026-02-23", "2026-03-01");
    struct aggregated_metrics listings[2] = {
        {.listing_id = text_of("a"), .range = range},
        {.listing_id = text_of("b"), .range = range, .approximate = true}};
    struct metrics_page page = {.listings = listings, .count = 2};

    assert_true(day_json(&out, text_of("a"), &day, 1767225600000));
    check_end(&out, "a day", "},\"freshAsOf\":1767225600000,\"approximate\":true}");
    assert_true(days_json(&out, text_of("a"), &day, 1, 0));
    check_end(&out, "days", "],\"approximate\":true}");
    assert_true(aggregated_json(&out, &listings[0], 7));
    check_end(&out, "an aggregate", "},\"freshAsOf\":7}");
    assert_true(metrics_page_json(&out, &range, &page, 7));
    check_end(&out, "a page", "\"nextCursor\":null,\"freshAsOf\":7,\"approximate\":true}");
    assert_true(compare_json(&out, listings, 2, 7));
    check_end(&out, "a comparison", "],\"freshAsOf\":7,\"approximate\":true}");
    assert_true(compare_json(&out, listings, 1, 0));
    check_end(&out, "an exact one", "}]}");
    bytes_done(&out);
}

TEST(pages_are_keyed_by_listing_and_keep_their_order)
{
    enum { COUNT = sizeof odd_ids / sizeof odd_ids[0] };
    struct bytes out = {0};
    struct range range = range_of(PERIOD_WEEKLY, "2026-02-23", "2026-03-01");
    struct aggregated_metrics listings[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        listings[i] = (struct aggregated_metrics){
            .listing_id = text_of(odd_ids[i]), .range = range, .totals = {.of = {i + 1, 0, 0}}};
    struct metrics_page page = {
        .listings = listings, .count = COUNT, .next_cursor = text_of("AQ-_")};

    assert_true(metrics_page_json(&out, &range, &page, 0));
    json_t *read = read_back(&out);
    json_t *by_listing = json_object_get(read, "metricsByListing");
    json_t *order = json_object_get(read, "order");
    assert_int_equal(json_object_size(by_listing), COUNT);
    assert_int_equal(json_array_size(order), COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        json_t *metrics = json_object_get(by_listing, odd_ids[i]);
        ROW(metrics != NULL, odd_ids[i], "is missing");
        ROW(strcmp(json_string_value(json_array_get(order, i)), odd_ids[i]) == 0, odd_ids[i],
            "is at another place");
        assert_int_equal(json_integer_value(json_object_get(metrics, "totalViews")), i + 1);
        ROW(json_object_get(metrics, "dailyBreakdown") == NULL, odd_ids[i], "shows days");
    }
    assert_string_equal(json_string_value(json_object_get(read, "nextCursor")), "AQ-_");
    assert_string_equal(json_string_value(json_object_get(read, "period")), "weekly");
    assert_string_equal(json_string_value(json_object_get(read, "startDate")), "2026-02-23");
    assert_null(memchr(out.at, '<', out.len));
    json_decref(read);
    out.len = 0;

    page = (struct metrics_page){0};
    assert_true(metrics_page_json(&out, &range, &page, 0));
    check(&out, "an empty page",
          "{\"success\":true,\"period\":\"weekly\",\"startDate\":\"2026-02-23\","
          "\"endDate\":\"2026-03-01\",\"timezone\":\"UTC\",\"metricsByListing\":{},\"order\":[],"
          "\"nextCursor\":null}");

    assert_true(compare_json(&out, listings, COUNT, 0));
    read = read_back(&out);
    json_t *compared = json_object_get(read, "listings");
    for (size_t i = 0; i < COUNT; i++) {
        json_t *one = json_array_get(compared, i);
        assert_string_equal(json_string_value(json_object_get(one, "listingId")), odd_ids[i]);
        assert_int_equal(
            json_integer_value(json_object_get(json_object_get(one, "metrics"), "totalViews")),
            i + 1);
    }
    assert_string_equal(json_string_value(json_object_get(read, "timezone")), "UTC");
    json_decref(read);
    bytes_done(&out);
}

TEST(inquiries_and_listings_say_null_for_what_is_absent)
{
    struct bytes out = {0};
    const struct inquiry inquiries[] = {
        {.user_id = {"u", 1},
         .listing_id = {"l\"1", 3},
         .key = {"order-7", 7},
         .source = {"portal", 6},
         .content = {"{\"name\": \"<b>Jo</b>\"}", 21},
         .time_ms = 1767225600000,
         .received_ms = 1767225600005,
         .platform = 1},
        {.user_id = {"u", 1}, .listing_id = {"l2", 2}, .key = {"j0-1-2", 6}, .time_ms = -5},
    };
    assert_true(inquiries_json(&out, inquiries, 2, (struct text){NULL, 0}));
    assert_null(memchr(out.at, '<', out.len));
    check(&out, "inquiries",
          "{\"success\":true,\"inquiries\":[{\"id\":\"order-7\",\"listingId\":\"l\\\"1\","
          "\"timestamp\":1767225600000,\"receivedAt\":1767225600005,\"platform\":\"facebook\","
          "\"source\":\"portal\",\"inquiry\":{\"name\":\"<b>Jo</b>\"}},"
          "{\"id\":\"j0-1-2\",\"listingId\":\"l2\",\"timestamp\":-5,\"receivedAt\":0,"
          "\"platform\":null,\"source\":null,\"inquiry\":null}],\"nextCursor\":null}");

    const struct listing_entry entries[] = {
        {.listing_id = {"l1", 2},
         .details = {.address = {"1 Main St, \"Apt\" 2", 18},
                     .currency = {"EUR", 3},
                     .image = {"https://example.org/a?b&c", 25},
                     .status = {"active", 6},
                     .has_price = true,
                     .price = 250000.55,
                     .updated_ms = 1767225600000}},
        {.listing_id = {"l2", 2}, .details = {.price = 7}},
    };
    assert_true(listing_json(&out, entries[0].listing_id, &entries[0].details));
    check(&out, "a listing",
          "{\"success\":true,\"listing\":{\"listingId\":\"l1\",\"address\":\"1 Main St, \\\"Apt\\\""
          " 2\",\"price\":250000.55,\"currency\":\"EUR\",\"image\":\"https://example.org/a?b&c\","
          "\"status\":\"active\",\"updatedAt\":1767225600000}}");
    assert_true(listings_json(&out, &entries[1], 1, text_of("next")));
    check(&out, "listings",
          "{\"success\":true,\"listings\":[{\"listingId\":\"l2\",\"address\":null,\"price\":null,"
          "\"currency\":null,\"image\":null,\"status\":null,\"updatedAt\":0}],"
          "\"nextCursor\":\"next\"}");
    bytes_done(&out);
}

TEST(errors_say_where_as_far_as_it_applies)
{
    struct bytes out = {0};
    struct error err = {0};
    assert_int_equal(fail_input(&err, "unknown_field", "timzone", "\"timzone\" is no field"),
                     STATUS_INVALID);
    assert_true(error_json(&out, &err));
    check(&out, "a field",
          "{\"success\":false,\"error\":\"\\\"timzone\\\" is no field\",\"code\":\"unknown_field\","
          "\"field\":\"timzone\"}");

    assert_int_equal(fail(&err, STATUS_DISK_FULL, "no room"), STATUS_DISK_FULL);
    assert_true(error_json(&out, &err));
    check(&out, "no place at all",
          "{\"success\":false,\"error\":\"no room\",\"code\":\"disk_full\"}");

    assert_int_equal(fail_input(&err, "invalid_json", "", "not JSON"), STATUS_INVALID);
    err.index = 0;
    err.line = 12;
    err.offset = 34;
    assert_true(error_json(&out, &err));
    check(&out, "every number",
          "{\"success\":false,\"error\":\"not JSON\",\"code\":\"invalid_json\",\"index\":0,"
          "\"line\":12,\"offset\":34}");

    err = (struct error){.status = STATUS_TOO_LARGE, .index = -1, .line = -1, .offset = -1};
    assert_true(error_json(&out, &err));
    check(&out, "no code", "{\"success\":false,\"error\":\"\",\"code\":\"too_large\"}");
    bytes_done(&out);
}

TEST(every_day_of_a_list_has_its_date)
{
    enum { DAYS = 1500 }; /* with a 29th of February and without, and ends of years */
    static struct day_metrics days[DAYS];
    struct bytes out = {0};
    int32_t day = range_of(PERIOD_CUSTOM, "2023-01-30", "2023-01-30").first_day;
    for (int i = 0; i < DAYS; i++, day++) {
        if (i % 400 == 399)
            day += 3; /* a gap */
        days[i].day = day;
    }
    assert_true(days_json(&out, text_of("a\"b"), days, DAYS, 0));
    assert_true(bytes_append(&out, "", 1));
    const char *at = (const char *)out.at;
    for (int i = 0; i < DAYS; i++) {
        char date[DATE_BYTES + 1] = {0};
        char want[64];
        date_format(days[i].day, date);
        snprintf(want, sizeof want, "{\"listingId\":\"a\\\"b\",\"date\":\"%s\",", date);
        const char *found = strstr(at, "{\"listingId\"");
        ROW(found != NULL && strncmp(found, want, strlen(want)) == 0, date, "got %.50s",
            found == NULL ? "nothing" : found);
        at = found + 1;
    }
    bytes_done(&out);
}

UNIT_MAIN(UNIT(metrics_have_the_names_of_the_seed), UNIT(every_day_of_a_list_has_its_date),
          UNIT(metrics_say_how_fresh_and_how_exact_they_are),
          UNIT(pages_are_keyed_by_listing_and_keep_their_order),
          UNIT(inquiries_and_listings_say_null_for_what_is_absent),
          UNIT(errors_say_where_as_far_as_it_applies))
