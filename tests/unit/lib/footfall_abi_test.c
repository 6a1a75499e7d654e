/*
 * footfall_abi_test.c - programs built against an older or a newer footfall.h work, or are told.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "footfall_unit.h"

#include <stddef.h>
#include <string.h>

/* As a later version might have it. */
struct later_event {
    struct footfall_metric_event known;
    const char *campaign;
    uint64_t weight;
};

/* As an earlier version might have had it. */
struct earlier_event {
    size_t size;
    const char *user_id;
    const char *listing_id;
    const char *event_type;
};

TEST(an_older_programs_structs_are_filled_with_defaults)
{
    struct own_footfall own = {0};
    struct footfall_error error;
    struct footfall_recorded recorded = {0};
    const struct earlier_event events[] = {{sizeof events[0], "u", "l", "view"},
                                           {sizeof events[0], "u", "l", "share"},
                                           {sizeof events[0], "u", "l", "view"}};
    own_open(&own);
    ASSERT_FOOTFALL_OK(
        footfall_record_events(own.at, (const struct footfall_metric_event *)(const void *)events,
                               3, &recorded, &error),
        error);
    assert_int_equal(recorded.recorded, 3);
    own_close(&own);
}

TEST(a_newer_programs_structs_are_taken_while_what_is_new_is_unused)
{
    struct own_footfall own = {0};
    struct footfall_error error;
    struct later_event events[2] = {0};
    const struct footfall_metric_event *given = &events[0].known;
    for (int i = 0; i < 2; i++)
        events[i].known = (struct footfall_metric_event){
            .size = sizeof events[0], .user_id = "u", .listing_id = "l", .event_type = "view"};
    own_open(&own);
    ASSERT_FOOTFALL_OK(footfall_record_events(own.at, given, 2, NULL, &error), error);

    events[1].weight = 7;
    assert_int_equal(footfall_record_events(own.at, given, 2, NULL, &error), FOOTFALL_INVALID);
    assert_string_equal(error.code, "invalid_argument");
    assert_string_equal(error.field, "size");
    assert_int_equal(error.index, 1);
    own_close(&own);
}

TEST(a_size_that_can_be_none_is_refused)
{
    static const size_t sizes[] = {
        0, 1, sizeof(size_t), sizeof(struct footfall_range) - 1, 1 << 20, SIZE_MAX};
    struct own_footfall own = {0};
    struct footfall_error error;
    struct footfall_aggregated_metrics *metrics = NULL;
    own_open(&own);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct footfall_range range = {.size = sizes[i]};
        assert_int_equal(
            footfall_get_aggregated_metrics(own.at, "u", "l", &range, &metrics, &error),
            FOOTFALL_INVALID);
        assert_string_equal(error.code, "invalid_argument");
        assert_non_null(strstr(error.message, "sizeof(struct footfall_range)"));
    }
    struct footfall_metric_event events[] = {
        {.size = sizeof events[0], .user_id = "u", .listing_id = "l", .event_type = "view"},
        {.size = sizeof events[0] - 8, .user_id = "u", .listing_id = "l", .event_type = "view"}};
    assert_int_equal(footfall_record_events(own.at, events, 2, NULL, &error), FOOTFALL_INVALID);
    assert_int_equal(error.index, 1);
    own_close(&own);
}

/* What stands where is a promise. On another ABI than this the numbers differ, the promise not. */
TEST(published_structs_have_kept_their_places)
{
#if defined(__x86_64__) && defined(__LP64__)
    assert_int_equal(sizeof(struct footfall_error), 648);
    assert_int_equal(offsetof(struct footfall_error, code), 8);
    assert_int_equal(offsetof(struct footfall_error, field), 32);
    assert_int_equal(offsetof(struct footfall_error, message), 104);
    assert_int_equal(offsetof(struct footfall_options, now_context), 72);
    assert_int_equal(offsetof(struct footfall_metric_event, has_timestamp), 80);
    assert_int_equal(offsetof(struct footfall_range, timezone), 32);
    assert_int_equal(offsetof(struct footfall_page_request, include_daily_breakdown), 40);
    assert_int_equal(offsetof(struct footfall_inquiries_request, cursor), 48);
    assert_int_equal(offsetof(struct footfall_listing_details, has_price), 48);
    assert_int_equal(offsetof(struct footfall_performance_metrics, updated_at_ms), 56);
    assert_int_equal(offsetof(struct footfall_platform_metrics, last_updated_ms), 32);
    assert_int_equal(offsetof(struct footfall_aggregated_metrics, conversion_rate), 136);
    assert_int_equal(offsetof(struct footfall_listing, updated_at_ms), 56);
    assert_int_equal(offsetof(struct footfall_inquiry, inquiry), 48);
#endif
    assert_int_equal(FOOTFALL_STOPPED, 13);
    assert_int_equal(strspn(footfall_version(), "0123456789."), strlen(footfall_version()));
}

UNIT_MAIN(UNIT(an_older_programs_structs_are_filled_with_defaults),
          UNIT(a_newer_programs_structs_are_taken_while_what_is_new_is_unused),
          UNIT(a_size_that_can_be_none_is_refused), UNIT(published_structs_have_kept_their_places))
