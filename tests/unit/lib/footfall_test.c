/*
 * footfall_test.c - the published library: what was recorded is answered, by every question.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "footfall_unit.h"

#include <pthread.h>

static const char agent[] = "agent-7";

/* The specification's three calls. */
static void record_journey(struct footfall *footfall)
{
    struct footfall_error error;
    ASSERT_FOOTFALL_OK(
        footfall_record_view(footfall, agent, "house", "facebook", "social-media", &error), error);
    ASSERT_FOOTFALL_OK(footfall_record_view(footfall, agent, "house", NULL, "website", &error),
                       error);
    ASSERT_FOOTFALL_OK(footfall_record_share(footfall, agent, "house", "instagram", &error), error);
    ASSERT_FOOTFALL_OK(footfall_record_inquiry(footfall, agent, "house", "linkedin",
                                               " {\"name\": \"John Doe\"}\n", &error),
                       error);
    ASSERT_FOOTFALL_OK(footfall_record_view(footfall, agent, "flat", NULL, NULL, &error), error);
}

TEST(aggregated_metrics_are_those_of_the_specification)
{
    struct own_footfall own = {0};
    struct footfall_error error;
    struct footfall_aggregated_metrics *metrics = NULL;
    own_open(&own);
    record_journey(own.at);
    ASSERT_FOOTFALL_OK(
        footfall_get_aggregated_metrics(own.at, agent, "house", NULL, &metrics, &error), error);
    assert_string_equal(metrics->listing_id, "house");
    assert_string_equal(metrics->period, "weekly");
    assert_string_equal(metrics->start_date, "2026-01-25");
    assert_string_equal(metrics->end_date, "2026-01-31");
    assert_string_equal(metrics->timezone, "UTC");
    assert_int_equal(metrics->total_views, 2);
    assert_int_equal(metrics->total_shares, 1);
    assert_int_equal(metrics->total_inquiries, 1);
    assert_int_equal(metrics->by_platform_count, 3);
    assert_string_equal(metrics->by_platform[0]->name, "facebook");
    assert_int_equal(metrics->by_platform[0]->views, 1);
    assert_int_equal(metrics->by_platform[0]->last_updated_ms, noon_ms);
    assert_int_equal(metrics->by_platform[1]->shares, 1);
    assert_int_equal(metrics->by_platform[2]->inquiries, 1);
    assert_int_equal(metrics->by_source_count, 2);
    assert_string_equal(metrics->by_source[1]->name, "website");
    assert_int_equal(metrics->by_source[1]->views, 1);
    assert_int_equal(metrics->daily_breakdown_count, 7);
    assert_string_equal(metrics->daily_breakdown[6]->date, "2026-01-31");
    assert_int_equal(metrics->daily_breakdown[6]->views, 2);
    assert_int_equal(metrics->daily_breakdown[0]->views, 0);
    assert_true(metrics->trends.views_change > 99.9 && metrics->trends.views_change < 100.1);
    assert_true(metrics->conversion_rate > 49.9 && metrics->conversion_rate < 50.1);
    footfall_free(metrics);
    own_close(&own);
}

TEST(single_days_hold_what_happened_in_the_callers_zone)
{
    struct own_footfall own = {0};
    struct footfall_error error;
    struct footfall_performance_metrics *day = NULL;
    struct footfall_days *days = NULL;
    struct footfall_range range = {.size = sizeof range,
                                   .start_date = "2026-01-29",
                                   .end_date = "2026-01-31",
                                   .timezone = "Asia/Tokyo"};
    const struct footfall_metric_event event = {.size = sizeof event,
                                                .user_id = agent,
                                                .listing_id = "house",
                                                .event_type = "view",
                                                .timestamp_ms = noon_ms - 20 * 3600 * 1000,
                                                .has_timestamp = true};
    own_open(&own); /* 20 hours before noon is 16:00 of the 30th, in Tokyo 01:00 of the 31st */
    ASSERT_FOOTFALL_OK(footfall_record_events(own.at, &event, 1, NULL, &error), error);

    ASSERT_FOOTFALL_OK(
        footfall_get_metrics_for_date(own.at, agent, "house", "2026-01-30", NULL, &day, &error),
        error);
    assert_string_equal(day->listing_id, "house");
    assert_string_equal(day->date, "2026-01-30");
    assert_int_equal(day->views, 1);
    assert_int_equal(day->platform_count, 0);
    assert_int_equal(day->updated_at_ms, noon_ms);
    footfall_free(day);

    ASSERT_FOOTFALL_OK(
        footfall_get_metrics_for_date_range(own.at, agent, "house", &range, &days, &error), error);
    assert_int_equal(days->count, 3);
    assert_int_equal(days->days[1]->views, 0);
    assert_string_equal(days->days[2]->date, "2026-01-31");
    assert_int_equal(days->days[2]->views, 1);
    footfall_free(days);
    own_close(&own);
}

TEST(all_listings_come_in_the_order_asked_for_page_by_page)
{
    struct own_footfall own = {0};
    struct footfall_error error;
    struct footfall_metrics_page *first = NULL;
    struct footfall_metrics_page *second = NULL;
    struct footfall_page_request request = {.size = sizeof request, .limit = 1};
    own_open(&own);
    record_journey(own.at);
    ASSERT_FOOTFALL_OK(
        footfall_get_all_listings_metrics(own.at, agent, NULL, &request, &first, &error), error);
    assert_int_equal(first->count, 1);
    assert_string_equal(first->listings[0]->listing_id, "house");
    assert_int_equal(first->listings[0]->daily_breakdown_count, 0);
    assert_non_null(first->next_cursor);

    request.cursor = first->next_cursor;
    request.include_daily_breakdown = true;
    ASSERT_FOOTFALL_OK(
        footfall_get_all_listings_metrics(own.at, agent, NULL, &request, &second, &error), error);
    assert_int_equal(second->count, 1);
    assert_string_equal(second->listings[0]->listing_id, "flat");
    assert_int_equal(second->listings[0]->daily_breakdown_count, 7);
    assert_null(second->next_cursor);
    footfall_free(first);
    footfall_free(second);
    own_close(&own);
}

TEST(listings_are_compared_side_by_side)
{
    struct own_footfall own = {0};
    struct footfall_error error;
    struct footfall_comparison *comparison = NULL;
    const char *const listings[] = {"flat", "house", "unseen"};
    const struct footfall_range today = {.size = sizeof today, .period = "daily"};
    own_open(&own);
    record_journey(own.at);
    ASSERT_FOOTFALL_OK(
        footfall_compare_listings(own.at, agent, listings, 3, &today, &comparison, &error), error);
    assert_int_equal(comparison->count, 3);
    assert_string_equal(comparison->period, "daily");
    assert_int_equal(comparison->listings[0]->total_views, 1);
    assert_int_equal(comparison->listings[1]->total_views, 2);
    assert_int_equal(comparison->listings[2]->total_views, 0);
    assert_int_equal(comparison->listings[2]->daily_breakdown_count, 1);
    footfall_free(comparison);
    own_close(&own);
}

TEST(inquiries_keep_what_was_written)
{
    struct own_footfall own = {0};
    struct footfall_error error;
    struct footfall_inquiries_page *page = NULL;
    const struct footfall_inquiries_request request = {.size = sizeof request,
                                                       .listing_id = "house",
                                                       .start_date = "2026-01-31",
                                                       .end_date = "2026-01-31"};
    own_open(&own);
    record_journey(own.at);
    ASSERT_FOOTFALL_OK(footfall_get_inquiries(own.at, agent, &request, &page, &error), error);
    assert_int_equal(page->count, 1);
    assert_string_equal(page->inquiries[0]->listing_id, "house");
    assert_string_equal(page->inquiries[0]->platform, "linkedin");
    assert_null(page->inquiries[0]->source);
    assert_string_equal(page->inquiries[0]->inquiry, "{\"name\": \"John Doe\"}");
    assert_int_equal(page->inquiries[0]->timestamp_ms, noon_ms);
    assert_null(page->next_cursor);
    footfall_free(page);

    ASSERT_FOOTFALL_OK(footfall_get_inquiries(own.at, "agent-8", NULL, &page, &error), error);
    assert_int_equal(page->count, 0);
    footfall_free(page);
    own_close(&own);
}

TEST(details_of_listings_are_set_paged_and_removed)
{
    struct own_footfall own = {0};
    struct footfall_error error;
    struct footfall_listing *listing = NULL;
    struct footfall_listings_page *page = NULL;
    const struct footfall_listing_details details = {.size = sizeof details,
                                                     .address = "12 Hill Road, Denver",
                                                     .currency = "USD",
                                                     .has_price = true,
                                                     .price = 485000};
    const struct footfall_listing_details none = {.size = sizeof none};
    own_open(&own);
    ASSERT_FOOTFALL_OK(footfall_put_listing(own.at, agent, "house", &details, &error), error);
    ASSERT_FOOTFALL_OK(footfall_put_listing(own.at, agent, "flat", &none, &error), error);

    ASSERT_FOOTFALL_OK(footfall_get_listing(own.at, agent, "house", &listing, &error), error);
    assert_string_equal(listing->address, "12 Hill Road, Denver");
    assert_string_equal(listing->currency, "USD");
    assert_null(listing->image);
    assert_true(listing->has_price && listing->price > 484999 && listing->price < 485001);
    assert_int_equal(listing->updated_at_ms, noon_ms);
    footfall_free(listing);

    ASSERT_FOOTFALL_OK(footfall_get_listings(own.at, agent, 1, NULL, &page, &error), error);
    assert_int_equal(page->count, 1);
    assert_string_equal(page->listings[0]->listing_id, "flat");
    assert_false(page->listings[0]->has_price);
    struct footfall_listings_page *next = NULL;
    ASSERT_FOOTFALL_OK(footfall_get_listings(own.at, agent, 0, page->next_cursor, &next, &error),
                       error);
    assert_int_equal(next->count, 1);
    assert_string_equal(next->listings[0]->listing_id, "house");
    footfall_free(page);
    footfall_free(next);

    ASSERT_FOOTFALL_OK(footfall_delete_listing(own.at, agent, "house", &error), error);
    assert_int_equal(footfall_delete_listing(own.at, agent, "house", &error), FOOTFALL_NOT_FOUND);
    assert_string_equal(error.code, "listing_not_found");
    assert_int_equal(footfall_get_listing(own.at, agent, "house", &listing, &error),
                     FOOTFALL_NOT_FOUND);
    own_close(&own);
}

TEST(an_event_with_an_id_counts_once_in_this_life_and_the_next)
{
    struct own_footfall own = {0};
    struct footfall_error error;
    struct footfall_recorded recorded = {0};
    const struct footfall_metric_event events[] = {
        {.size = sizeof events[0],
         .user_id = agent,
         .listing_id = "house",
         .event_type = "view",
         .id = "e-1",
         .visitor = "v"},
        {.size = sizeof events[0],
         .user_id = agent,
         .listing_id = "house",
         .event_type = "view",
         .id = "e-2"},
        {.size = sizeof events[0],
         .user_id = agent,
         .listing_id = "house",
         .event_type = "share",
         .id = "e-1"},
    };
    own_open(&own);
    ASSERT_FOOTFALL_OK(footfall_record_events(own.at, events, 3, &recorded, &error), error);
    assert_int_equal(recorded.recorded, 2);
    assert_int_equal(recorded.duplicates, 1);
    ASSERT_FOOTFALL_OK(footfall_flush(own.at, &error), error);
    ASSERT_FOOTFALL_OK(footfall_close(own.at, &error), error);

    own_open(&own);
    ASSERT_FOOTFALL_OK(footfall_record_events(own.at, events, 3, &recorded, &error), error);
    assert_int_equal(recorded.recorded, 0);
    assert_int_equal(recorded.duplicates, 3);
    ASSERT_FOOTFALL_OK(footfall_record_events(own.at, NULL, 0, &recorded, &error), error);
    assert_int_equal(recorded.recorded + recorded.duplicates, 0);
    ASSERT_FOOTFALL_OK(footfall_check(own.at, &error), error);
    own_close(&own);
}

enum { THREADS = 8, ROUNDS = 60, PER_ROUND = 5 };

static void *record_many(void *context)
{
    struct footfall *footfall = context;
    for (int i = 0; i < ROUNDS; i++) {
        struct footfall_metric_event events[PER_ROUND];
        struct footfall_aggregated_metrics *metrics = NULL;
        for (int j = 0; j < PER_ROUND; j++)
            events[j] = (struct footfall_metric_event){.size = sizeof events[j],
                                                       .user_id = agent,
                                                       .listing_id = j % 2 == 0 ? "house" : "flat",
                                                       .event_type = "view",
                                                       .platform = "x"};
        if (footfall_record_events(footfall, events, PER_ROUND, NULL, NULL) != FOOTFALL_OK)
            return (void *)(uintptr_t) "an event was refused";
        if (footfall_get_aggregated_metrics(footfall, agent, "house", NULL, &metrics, NULL) !=
            FOOTFALL_OK)
            return (void *)(uintptr_t) "a question was refused";
        bool sees_its_own = metrics->total_views >= (uint64_t)(i + 1) * 3;
        bool adds_up = metrics->total_views == metrics->by_platform[0]->views &&
                       metrics->total_views == metrics->daily_breakdown[6]->views;
        footfall_free(metrics);
        if (!sees_its_own || !adds_up)
            return (void *)(uintptr_t) "a thread does not see what it recorded, or halves of it";
    }
    return NULL;
}

TEST(threads_record_at_once_and_nothing_is_lost)
{
    struct own_footfall own = {0};
    struct footfall_error error;
    struct footfall_aggregated_metrics *metrics = NULL;
    pthread_t threads[THREADS];
    own_open(&own);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, record_many, own.at), 0);
    for (int i = 0; i < THREADS; i++) {
        void *complaint = NULL;
        pthread_join(threads[i], &complaint);
        if (complaint != NULL) {
            print_error("%s\n", (const char *)complaint);
            UNIT_FAIL();
        }
    }
    ASSERT_FOOTFALL_OK(
        footfall_get_aggregated_metrics(own.at, agent, "flat", NULL, &metrics, &error), error);
    assert_int_equal(metrics->total_views, THREADS * ROUNDS * 2);
    footfall_free(metrics);
    own_close(&own);
}

UNIT_MAIN(UNIT(aggregated_metrics_are_those_of_the_specification),
          UNIT(single_days_hold_what_happened_in_the_callers_zone),
          UNIT(all_listings_come_in_the_order_asked_for_page_by_page),
          UNIT(listings_are_compared_side_by_side), UNIT(inquiries_keep_what_was_written),
          UNIT(details_of_listings_are_set_paged_and_removed),
          UNIT(an_event_with_an_id_counts_once_in_this_life_and_the_next),
          UNIT(threads_record_at_once_and_nothing_is_lost))
