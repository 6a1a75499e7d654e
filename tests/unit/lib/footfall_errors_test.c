/*
 * footfall_errors_test.c - the published library: every refusal has its status, code and field.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "footfall_unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define EVENT(...)                                                                                 \
    {                                                                                              \
        .size = sizeof(struct footfall_metric_event), .user_id = "u", .listing_id = "l",           \
        .event_type = "view", ##__VA_ARGS__                                                        \
    }

static void expect(const char *row, enum footfall_status got, const struct footfall_error *error,
                   const char *code, const char *field)
{
    ROW(got == FOOTFALL_INVALID && error->status == FOOTFALL_INVALID, row, "status %d", (int)got);
    ROW(strcmp(error->code, code) == 0, row, "code %s: %s", error->code, error->message);
    ROW(strcmp(error->field, field) == 0, row, "field %s: %s", error->field, error->message);
    ROW(error->message[0] != '\0', row, "no words");
}

TEST(events_are_refused_by_the_rules_and_words_of_ingest)
{
    static char too_long[200];
    static const struct {
        const char *name;
        struct footfall_metric_event event;
        const char *code;
        const char *field;
    } cases[] = {
        {"no user",
         {.size = sizeof cases[0].event, .listing_id = "l", .event_type = "view"},
         "missing_field",
         "userId"},
        {"no listing",
         {.size = sizeof cases[0].event, .user_id = "u", .event_type = "view"},
         "missing_field",
         "listingId"},
        {"no type",
         {.size = sizeof cases[0].event, .user_id = "u", .listing_id = "l"},
         "missing_field",
         "eventType"},
        {"a user with #",
         {.size = sizeof cases[0].event, .user_id = "u#1", .listing_id = "l", .event_type = "view"},
         "invalid_id",
         "userId"},
        {"a listing that is no UTF-8",
         {.size = sizeof cases[0].event,
          .user_id = "u",
          .listing_id = "\xff",
          .event_type = "view"},
         "invalid_id",
         "listingId"},
        {"a type that is none",
         {.size = sizeof cases[0].event, .user_id = "u", .listing_id = "l", .event_type = "veiw"},
         "unknown_event_type",
         "eventType"},
        {"a platform that is none", EVENT(.platform = "facebok"), "unknown_platform", "platform"},
        {"a long id", EVENT(.id = too_long), "invalid_id", "id"},
        {"an empty visitor", EVENT(.visitor = ""), "invalid_id", "visitor"},
        {"a source of ours", EVENT(.source = "(other)"), "invalid_source", "source"},
        {"seconds for milliseconds", EVENT(.has_timestamp = true, .timestamp_ms = 1769860800),
         "invalid_timestamp", "timestamp"},
        {"from the future", EVENT(.has_timestamp = true, .timestamp_ms = noon_ms + 301 * 1000),
         "invalid_timestamp", "timestamp"},
        {"an inquiry's words on a view", EVENT(.inquiry = "{}"), "invalid_inquiry", "inquiry"},
        {"an inquiry that is no object",
         {.size = sizeof cases[0].event,
          .user_id = "u",
          .listing_id = "l",
          .event_type = "inquiry",
          .inquiry = "[1]"},
         "wrong_type",
         "inquiry"},
        {"an inquiry that is no JSON",
         {.size = sizeof cases[0].event,
          .user_id = "u",
          .listing_id = "l",
          .event_type = "inquiry",
          .inquiry = "{\"a\":}"},
         "invalid_json",
         ""},
        {"an inquiry and more",
         {.size = sizeof cases[0].event,
          .user_id = "u",
          .listing_id = "l",
          .event_type = "inquiry",
          .inquiry = "{} {}"},
         "invalid_json",
         ""},
    };
    struct own_footfall own = {0};
    struct footfall_error error;
    struct footfall_aggregated_metrics *metrics = NULL;
    memset(too_long, 'x', sizeof too_long - 1);
    own_open(&own);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        /* behind a good one, which is not recorded either */
        struct footfall_metric_event events[2] = {EVENT(.source = "web"), cases[i].event};
        expect(cases[i].name, footfall_record_events(own.at, events, 2, NULL, &error), &error,
               cases[i].code, cases[i].field);
        ROW(error.index == 1, cases[i].name, "index %lld", (long long)error.index);
        ROW(footfall_record_events(own.at, events, 2, NULL, NULL) == FOOTFALL_INVALID,
            cases[i].name, "without a place for the error");
    }
    ASSERT_FOOTFALL_OK(footfall_get_aggregated_metrics(own.at, "u", "l", NULL, &metrics, &error),
                       error);
    assert_int_equal(metrics->total_views + metrics->total_inquiries, 0);
    footfall_free(metrics);

    expect("alone", footfall_record_view(own.at, "u", "l", "nowhere", NULL, &error), &error,
           "unknown_platform", "platform");
    assert_int_equal(error.index, -1);
    expect("JSON's place", footfall_record_inquiry(own.at, "u", "l", NULL, "{\"a\":}", &error),
           &error, "invalid_json", "");
    assert_int_equal(error.offset, 5);
    own_close(&own);
}

TEST(too_many_events_are_refused_whole)
{
    enum { MANY = 10001 };
    struct own_footfall own = {0};
    struct footfall_error error;
    struct footfall_metric_event *events = calloc(MANY, sizeof *events);
    assert_non_null(events);
    for (int i = 0; i < MANY; i++)
        events[i] = (struct footfall_metric_event)EVENT(.platform = NULL);
    own_open(&own);
    assert_int_equal(footfall_record_events(own.at, events, MANY, NULL, &error),
                     FOOTFALL_TOO_LARGE);
    assert_string_equal(error.code, "too_many_events");
    ASSERT_FOOTFALL_OK(footfall_record_events(own.at, events, MANY - 1, NULL, &error), error);
    free(events);
    own_close(&own);
}

TEST(ranges_are_refused_by_the_rules_of_http)
{
    static const struct {
        const char *name;
        struct footfall_range range;
        const char *code;
        const char *field;
    } cases[] = {
        {"a period that is none",
         {.size = sizeof cases[0].range, .period = "yearly"},
         "invalid_period",
         "period"},
        {"one date",
         {.size = sizeof cases[0].range, .start_date = "2026-01-01"},
         "invalid_range",
         "endDate"},
        {"no such day",
         {.size = sizeof cases[0].range, .start_date = "2026-02-29", .end_date = "2026-03-01"},
         "invalid_date",
         "startDate"},
        {"end before start",
         {.size = sizeof cases[0].range, .start_date = "2026-01-02", .end_date = "2026-01-01"},
         "invalid_range",
         "endDate"},
        {"no such zone",
         {.size = sizeof cases[0].range,
          .start_date = "2026-01-02",
          .end_date = "2026-01-03",
          .timezone = "Mars/Base"},
         "unknown_timezone",
         "timezone"},
    };
    struct own_footfall own = {0};
    struct footfall_error error;
    const char *const two[] = {"a", "b"};
    own_open(&own);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct footfall_range *range = &cases[i].range;
        struct footfall_aggregated_metrics *metrics = NULL;
        struct footfall_metrics_page *page = NULL;
        struct footfall_comparison *comparison = NULL;
        expect(cases[i].name,
               footfall_get_aggregated_metrics(own.at, "u", "l", range, &metrics, &error), &error,
               cases[i].code, cases[i].field);
        expect(cases[i].name,
               footfall_get_all_listings_metrics(own.at, "u", range, NULL, &page, &error), &error,
               cases[i].code, cases[i].field);
        expect(cases[i].name,
               footfall_compare_listings(own.at, "u", two, 2, range, &comparison, &error), &error,
               cases[i].code, cases[i].field);
        ROW(metrics == NULL && page == NULL && comparison == NULL, cases[i].name, "a result");
    }
    own_close(&own);
}

TEST(questions_are_refused_with_the_field_to_blame)
{
    struct own_footfall own = {0};
    struct footfall_error error;
    struct footfall_performance_metrics *day = NULL;
    struct footfall_days *days = NULL;
    struct footfall_metrics_page *page = NULL;
    struct footfall_comparison *comparison = NULL;
    struct footfall_inquiries_page *inquiries = NULL;
    struct footfall_listing *listing = NULL;
    struct footfall_listings_page *listings = NULL;
    const char *const one[] = {"a"};
    const char *const bad[] = {"a", "b#"};
    struct footfall_page_request request = {.size = sizeof request};
    struct footfall_inquiries_request asked = {.size = sizeof asked};
    own_open(&own);

    expect("a date", footfall_get_metrics_for_date(own.at, "u", "l", "today", NULL, &day, &error),
           &error, "invalid_date", "date");
    expect("no date", footfall_get_metrics_for_date(own.at, "u", "l", NULL, NULL, &day, &error),
           &error, "invalid_date", "date");
    expect("a listing",
           footfall_get_metrics_for_date(own.at, "u", NULL, "2026-01-01", NULL, &day, &error),
           &error, "invalid_argument", "listingId");
    expect("no dates", footfall_get_metrics_for_date_range(own.at, "u", "l", NULL, &days, &error),
           &error, "missing_parameter", "startDate");
    expect("no user", footfall_get_all_listings_metrics(own.at, NULL, NULL, NULL, &page, &error),
           &error, "invalid_argument", "userId");
    request.sort = "likes";
    expect("sort", footfall_get_all_listings_metrics(own.at, "u", NULL, &request, &page, &error),
           &error, "invalid_sort", "sort");
    request.sort = "shares";
    request.direction = "up";
    expect("direction",
           footfall_get_all_listings_metrics(own.at, "u", NULL, &request, &page, &error), &error,
           "invalid_direction", "direction");
    request.direction = "asc";
    request.limit = 1001;
    expect("limit", footfall_get_all_listings_metrics(own.at, "u", NULL, &request, &page, &error),
           &error, "invalid_limit", "limit");
    request.limit = 0;
    request.cursor = "made-up";
    expect("cursor", footfall_get_all_listings_metrics(own.at, "u", NULL, &request, &page, &error),
           &error, "invalid_cursor", "cursor");
    expect("one listing", footfall_compare_listings(own.at, "u", one, 1, NULL, &comparison, &error),
           &error, "invalid_listing_count", "listing");
    expect("21 listings",
           footfall_compare_listings(own.at, "u", one, 21, NULL, &comparison, &error), &error,
           "invalid_listing_count", "listing");
    expect("a bad one", footfall_compare_listings(own.at, "u", bad, 2, NULL, &comparison, &error),
           &error, "invalid_id", "listing");
    asked.timezone = "Mars/Base";
    expect("a zone alone", footfall_get_inquiries(own.at, "u", &asked, &inquiries, &error), &error,
           "unknown_timezone", "timezone");
    asked.timezone = NULL;
    asked.listing_id = "";
    expect("an empty id", footfall_get_inquiries(own.at, "u", &asked, &inquiries, &error), &error,
           "invalid_id", "listingId");
    expect("a limit", footfall_get_listings(own.at, "u", 1001, NULL, &listings, &error), &error,
           "invalid_limit", "limit");
    expect("a cursor", footfall_get_listings(own.at, "u", 0, "x", &listings, &error), &error,
           "invalid_cursor", "cursor");
    expect("an id", footfall_get_listing(own.at, ".", "l", &listing, &error), &error, "invalid_id",
           "userId");
    own_close(&own);
}

TEST(details_are_refused_by_the_rules_of_ingest)
{
    static char long_address[600];
    static const struct {
        const char *name;
        struct footfall_listing_details details;
        const char *field;
    } cases[] = {
        {"a long address", {.size = sizeof cases[0].details, .address = long_address}, "address"},
        {"no UTF-8", {.size = sizeof cases[0].details, .status = "\xc3"}, "status"},
        {"a currency's name", {.size = sizeof cases[0].details, .currency = "dollar"}, "currency"},
        {"no address", {.size = sizeof cases[0].details, .image = "house.png"}, "image"},
        {"an empty status", {.size = sizeof cases[0].details, .status = ""}, "status"},
        {"a negative price",
         {.size = sizeof cases[0].details, .has_price = true, .price = -1},
         "price"},
        {"no number", {.size = sizeof cases[0].details, .has_price = true, .price = NAN}, "price"},
    };
    struct own_footfall own = {0};
    struct footfall_error error;
    memset(long_address, 'x', sizeof long_address - 1);
    own_open(&own);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(cases[i].name, footfall_put_listing(own.at, "u", "l", &cases[i].details, &error),
               &error, "invalid_listing", cases[i].field);
    expect("no details", footfall_put_listing(own.at, "u", "l", NULL, &error), &error,
           "invalid_argument", "details");
    expect("no listing", footfall_delete_listing(own.at, "u", NULL, &error), &error,
           "invalid_argument", "listingId");
    own_close(&own);
}

TEST(a_folder_is_opened_once_and_with_options_that_make_sense)
{
    static const struct {
        const char *name;
        struct footfall_options options;
        const char *code;
        const char *field;
    } cases[] = {
        {"no such platform name",
         {.size = sizeof cases[0].options, .platforms = "My Portal"},
         "invalid_platform",
         "platforms"},
        {"too many hours",
         {.size = sizeof cases[0].options, .dedupe_hours = 169},
         "invalid_argument",
         "dedupe_hours"},
        {"too few ids",
         {.size = sizeof cases[0].options, .dedupe_ids = 10},
         "invalid_argument",
         "dedupe_ids"},
        {"little memory",
         {.size = sizeof cases[0].options, .memory_bytes = 4096},
         "invalid_argument",
         "memory_bytes"},
        {"a short interval",
         {.size = sizeof cases[0].options, .seal_interval_ms = 1},
         "invalid_argument",
         "seal_interval_ms"},
    };
    struct own_footfall own = {0};
    struct footfall_error error;
    struct footfall *second = NULL;
    own_open(&own);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum footfall_status got = footfall_open(own.dir, &cases[i].options, &second, &error);
        ROW(got == FOOTFALL_INVALID && strcmp(error.code, cases[i].code) == 0, cases[i].name,
            "%s: %s", error.code, error.message);
        ROW(strstr(error.message, "platform") != NULL || strcmp(error.field, cases[i].field) == 0,
            cases[i].name, "field %s", error.field);
    }
    assert_int_equal(footfall_open(own.dir, NULL, &second, &error), FOOTFALL_BUSY);
    assert_string_equal(error.code, "busy");
    assert_int_equal(footfall_open(NULL, NULL, &second, &error), FOOTFALL_INVALID);
    assert_int_equal(footfall_open("/dev/null/data", NULL, &second, &error), FOOTFALL_IO);
    assert_null(second);
    assert_int_equal(footfall_close(NULL, &error), FOOTFALL_OK);
    footfall_free(NULL);
    own_close(&own);
}

TEST(accepted_platforms_and_ages_are_those_of_the_options)
{
    char *dir = unit_temp_dir();
    struct footfall_error error;
    struct footfall *footfall = NULL;
    int64_t now_ms = noon_ms;
    const struct footfall_options options = {.size = sizeof options,
                                             .platforms = "facebook, myportal",
                                             .any_age = true,
                                             .now_ms = stands_still,
                                             .now_context = &now_ms};
    struct footfall_metric_event event =
        EVENT(.platform = "myportal", .has_timestamp = true, .timestamp_ms = 0);
    ASSERT_FOOTFALL_OK(footfall_open(dir, &options, &footfall, &error), error);
    ASSERT_FOOTFALL_OK(footfall_record_events(footfall, &event, 1, NULL, &error), error);
    event.platform = "instagram";
    expect("not accepted", footfall_record_events(footfall, &event, 1, NULL, &error), &error,
           "unknown_platform", "platform");
    assert_non_null(strstr(error.message, "facebook, myportal"));
    ASSERT_FOOTFALL_OK(footfall_close(footfall, &error), error);
    unit_remove(dir);
}

UNIT_MAIN(UNIT(events_are_refused_by_the_rules_and_words_of_ingest),
          UNIT(too_many_events_are_refused_whole), UNIT(ranges_are_refused_by_the_rules_of_http),
          UNIT(questions_are_refused_with_the_field_to_blame),
          UNIT(details_are_refused_by_the_rules_of_ingest),
          UNIT(a_folder_is_opened_once_and_with_options_that_make_sense),
          UNIT(accepted_platforms_and_ages_are_those_of_the_options))
