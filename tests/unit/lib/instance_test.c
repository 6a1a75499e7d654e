/*
 * instance_test.c - the facade: record, ask, page, close; the specification's questions in one
 * process.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include "lib/instance.h"
#include "model/platform.h"

static const int64_t noon_ms = INT64_C(1769860800000); /* 2026-01-31T12:00:00Z */

static struct instance *open_footfall(const char *dir, struct unit_clock *clock)
{
    struct error err;
    struct instance *instance = NULL;
    struct engine_options options = {.data_dir = dir, .clock = unit_clock(clock)};
    ASSERT_OK(instance_open(&options, &instance, &err), err);
    return instance;
}

static struct event event_of(enum event_type type, uint8_t platform)
{
    return (struct event){.user_id = text_of("user"),
                          .listing_id = text_of("listing"),
                          .time_ms = noon_ms,
                          .type = type,
                          .platform = platform};
}

TEST(footfall_answers_a_week_of_what_was_recorded)
{
    struct error err;
    struct unit_clock clock = {noon_ms};
    char *dir = unit_temp_dir();
    struct instance *instance = open_footfall(dir, &clock);
    uint8_t facebook = 0;
    assert_true(platform_find(text_of("facebook"), &facebook));
    const struct event events[] = {event_of(EVENT_VIEW, facebook), event_of(EVENT_VIEW, facebook),
                                   event_of(EVENT_SHARE, PLATFORM_NONE),
                                   event_of(EVENT_INQUIRY, facebook)};
    struct record_result result;
    ASSERT_OK(instance_record_events(instance, events, 4, &result, &err), err);
    assert_int_equal(result.recorded, 4);

    struct arena arena = {0};
    struct range range;
    struct aggregated_metrics metrics;
    struct range_request request = {.period = text_of("weekly")};
    ASSERT_OK(instance_resolve_range(instance, &request, &range, &err), err);
    ASSERT_OK(instance_get_aggregated_metrics(instance, text_of("user"), text_of("listing"), &range,
                                              &arena, &metrics, &err),
              err);
    assert_int_equal(metrics.totals.of[EVENT_VIEW], 2);
    assert_int_equal(metrics.totals.of[EVENT_SHARE], 1);
    assert_int_equal(metrics.totals.of[EVENT_INQUIRY], 1);
    assert_int_equal(metrics.day_count, 7);
    assert_int_equal(metrics.platform_count, 1);
    assert_true(metrics.conversion_rate > 49.9 && metrics.conversion_rate < 50.1);
    arena_done(&arena);
    ASSERT_OK(instance_close(instance, &err), err);
    unit_remove(dir);
}

TEST(footfall_pages_show_every_inquiry_and_listing_once)
{
    enum { INQUIRIES = 23, LISTINGS = 17 };
    struct error err;
    struct unit_clock clock = {noon_ms};
    char *dir = unit_temp_dir();
    struct instance *instance = open_footfall(dir, &clock);
    for (int i = 0; i < INQUIRIES; i++) {
        struct event event = event_of(EVENT_INQUIRY, PLATFORM_NONE);
        struct record_result result;
        event.time_ms -= i / 3; /* several of one moment */
        ASSERT_OK(instance_record_events(instance, &event, 1, &result, &err), err);
        if (i == INQUIRIES / 2)
            ASSERT_OK(instance_flush(instance, &err), err);
    }
    for (int i = 0; i < LISTINGS; i++) {
        char id[16];
        struct submission submission;
        struct listing_details details = {.address = text_of("somewhere")};
        snprintf(id, sizeof id, "l%d", i);
        ASSERT_OK(instance_submit_listing(instance, text_of("user"), text_of(id), &details,
                                          &submission, &err),
                  err);
        instance_commit(instance);
    }

    for (size_t limit = 1; limit <= 25; limit += 4) {
        struct arena arena = {0};
        size_t seen = 0;
        struct text cursor = {NULL, 0};
        do {
            struct inquiries_request request = {
                .user_id = text_of("user"), .limit = limit, .cursor = cursor};
            struct inquiries_page page;
            ASSERT_OK(instance_get_inquiries(instance, &request, &arena, &page, &err), err);
            assert_true(page.count <= limit);
            seen += page.count;
            cursor = page.next_cursor;
        } while (cursor.at != NULL);
        assert_int_equal(seen, INQUIRIES);

        seen = 0;
        do {
            struct listings_page page;
            ASSERT_OK(instance_get_listings(instance, text_of("user"), limit, cursor, &arena, &page,
                                            &err),
                      err);
            seen += page.count;
            cursor = page.next_cursor;
        } while (cursor.at != NULL);
        assert_int_equal(seen, LISTINGS);
        arena_done(&arena);
    }
    struct arena arena = {0};
    struct listing_details details;
    ASSERT_OK(
        instance_get_listing(instance, text_of("user"), text_of("l3"), &arena, &details, &err),
        err);
    assert_true(text_is(details.address, "somewhere"));
    assert_int_equal(
        instance_get_listing(instance, text_of("user"), text_of("none"), &arena, &details, &err),
        STATUS_NOT_FOUND);
    arena_done(&arena);
    ASSERT_OK(instance_close(instance, &err), err);
    unit_remove(dir);
}

/* With everything in the store, with and without events between the starts. */
TEST(footfall_receive_times_go_on_behind_a_restart)
{
    enum { HOUR_MS = 3600 * 1000 };
    static const int64_t clocks_ms[] = {0, -HOUR_MS, -HOUR_MS / 2, 2 * HOUR_MS, HOUR_MS};
    struct error err;
    struct unit_clock clock = {noon_ms};
    char *dir = unit_temp_dir();
    int64_t received_ms = 0;
    for (size_t i = 0; i < sizeof clocks_ms / sizeof clocks_ms[0]; i++) {
        struct arena arena = {0};
        struct record_result result;
        struct inquiries_page page;
        const struct inquiries_request request = {.user_id = text_of("user"), .limit = 1};
        struct event event = event_of(EVENT_INQUIRY, PLATFORM_NONE);
        event.time_ms += (int64_t)i; /* the newest of them comes first */

        clock.now_ms = noon_ms + clocks_ms[i];
        ASSERT_OK(instance_close(open_footfall(dir, &clock), &err), err);
        struct instance *instance = open_footfall(dir, &clock);
        ASSERT_OK(instance_record_events(instance, &event, 1, &result, &err), err);
        ASSERT_OK(instance_get_inquiries(instance, &request, &arena, &page, &err), err);
        ROW(page.count == 1 && page.inquiries[0].received_ms >= received_ms, "start",
            "%zu: received at %lld, before %lld", i, (long long)page.inquiries[0].received_ms,
            (long long)received_ms);
        received_ms = page.inquiries[0].received_ms;
        arena_done(&arena);
        ASSERT_OK(instance_close(instance, &err), err);
    }
    assert_int_equal(received_ms, noon_ms + 2 * HOUR_MS);
    unit_remove(dir);
}

UNIT_MAIN(UNIT(footfall_receive_times_go_on_behind_a_restart),
          UNIT(footfall_answers_a_week_of_what_was_recorded),
          UNIT(footfall_pages_show_every_inquiry_and_listing_once))
