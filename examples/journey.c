/*
 * journey.c - a listing's week, from the first view to the numbers its agent reads.
 *
 *     cc -o journey journey.c $(pkg-config --cflags --libs footfall)
 *     ./journey data
 *
 * Somebody sees a house on Facebook, shares it on Instagram, looks at it again on the agency's own
 * page and writes to the agent. The program records each of these and then asks what an agent would
 * ask. footfall.h says what every call promises.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <footfall.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char agent[] = "agent-7";
static const char house[] = "listing-123";
static const char flat[] = "listing-456";

/* One way out for a program this small: say what the library said, and end. Whatever was recorded
 * before is on disk already. */
static void check(enum footfall_status status, const struct footfall_error *error)
{
    if (status == FOOTFALL_OK)
        return;
    fprintf(stderr, "journey: %s (%s)\n", error->message, error->code);
    exit(EXIT_FAILURE);
}

/* What visitors do. When a call returns, its event is on disk. */
static void record_visits(struct footfall *footfall)
{
    struct footfall_error error;

    check(footfall_record_view(footfall, agent, house, "facebook", "social-media", &error), &error);
    check(footfall_record_share(footfall, agent, house, "instagram", &error), &error);
    check(footfall_record_view(footfall, agent, house, NULL, "website", &error), &error);
    check(footfall_record_inquiry(footfall, agent, house, "linkedin",
                                  "{\"name\":\"John Doe\",\"email\":\"john@example.com\"}", &error),
          &error);
}

/* Many events at once cost one sync of the disk. With ids they may be recorded again, after a crash
 * for example, and count once. */
static void record_a_log(struct footfall *footfall)
{
    const struct footfall_metric_event events[] = {
        {.size = sizeof events[0],
         .user_id = agent,
         .listing_id = flat,
         .event_type = "view",
         .source = "newsletter",
         .id = "mail-1"},
        {.size = sizeof events[0],
         .user_id = agent,
         .listing_id = house,
         .event_type = "view",
         .source = "newsletter",
         .id = "mail-2"},
    };
    struct footfall_recorded recorded;
    struct footfall_error error;

    for (int delivery = 1; delivery <= 2; delivery++) {
        check(footfall_record_events(footfall, events, 2, &recorded, &error), &error);
        printf("delivery %d: %" PRIu64 " recorded, %" PRIu64 " duplicates\n", delivery,
               recorded.recorded, recorded.duplicates);
    }
}

/* A refusal says which field is to blame, and records nothing. */
static void show_a_refusal(struct footfall *footfall)
{
    struct footfall_error error;
    if (footfall_record_view(footfall, agent, house, "facebok", NULL, &error) != FOOTFALL_OK)
        printf("refused: %s, field %s\n", error.code, error.field);
}

static void print_week(struct footfall *footfall)
{
    struct footfall_aggregated_metrics *week = NULL;
    struct footfall_error error;

    check(footfall_get_aggregated_metrics(footfall, agent, house, NULL, &week, &error), &error);
    printf("%s, %s to %s\n", week->listing_id, week->start_date, week->end_date);
    printf("  Total Views: %" PRIu64 "\n", week->total_views);
    printf("  Total Shares: %" PRIu64 "\n", week->total_shares);
    printf("  Total Inquiries: %" PRIu64 "\n", week->total_inquiries);
    printf("  Conversion: %.1f %%\n", week->conversion_rate);
    for (size_t i = 0; i < week->by_platform_count; i++)
        printf("  on %s: %" PRIu64 " views, %" PRIu64 " shares, %" PRIu64 " inquiries\n",
               week->by_platform[i]->name, week->by_platform[i]->views,
               week->by_platform[i]->shares, week->by_platform[i]->inquiries);
    for (size_t i = 0; i < week->by_source_count; i++)
        printf("  from %s: %" PRIu64 " views\n", week->by_source[i]->name,
               week->by_source[i]->views);
    footfall_free(week); /* and all that it points to */
}

/* A user can have thousands of listings: they come in pages. */
static void print_all_listings(struct footfall *footfall)
{
    const struct footfall_range month = {
        .size = sizeof month, .period = "monthly", .timezone = "America/Denver"};
    struct footfall_page_request request = {.size = sizeof request, .sort = "views", .limit = 1};
    struct footfall_metrics_page *page = NULL;
    struct footfall_metrics_page *before = NULL; /* holds the cursor */
    struct footfall_error error;

    printf("most viewed of the month\n");
    do {
        request.cursor = before == NULL ? NULL : before->next_cursor;
        check(footfall_get_all_listings_metrics(footfall, agent, &month, &request, &page, &error),
              &error);
        for (size_t i = 0; i < page->count; i++)
            printf("  %s: %" PRIu64 " views\n", page->listings[i]->listing_id,
                   page->listings[i]->total_views);
        footfall_free(before);
        before = page;
    } while (page->next_cursor != NULL);
    footfall_free(page);
}

static void print_comparison(struct footfall *footfall)
{
    const char *const listings[] = {house, flat};
    const struct footfall_range today = {.size = sizeof today, .period = "daily"};
    struct footfall_comparison *comparison = NULL;
    struct footfall_error error;

    check(footfall_compare_listings(footfall, agent, listings, 2, &today, &comparison, &error),
          &error);
    printf("today, side by side\n");
    for (size_t i = 0; i < comparison->count; i++)
        printf("  %s: %" PRIu64 " views, %" PRIu64 " inquiries\n",
               comparison->listings[i]->listing_id, comparison->listings[i]->total_views,
               comparison->listings[i]->total_inquiries);
    footfall_free(comparison);
}

static void print_inquiries(struct footfall *footfall)
{
    struct footfall_inquiries_page *page = NULL;
    struct footfall_error error;

    check(footfall_get_inquiries(footfall, agent, NULL, &page, &error), &error);
    printf("who asked\n");
    for (size_t i = 0; i < page->count; i++)
        printf("  %s on %s: %s\n", page->inquiries[i]->listing_id, page->inquiries[i]->platform,
               page->inquiries[i]->inquiry);
    footfall_free(page);
}

int main(int argc, char **argv)
{
    struct footfall *footfall = NULL;
    struct footfall_error error;
    if (argc != 2) {
        fprintf(stderr, "usage: journey DATA-FOLDER\n");
        return EXIT_FAILURE;
    }

    check(footfall_open(argv[1], NULL, &footfall, &error), &error);
    record_visits(footfall);
    record_a_log(footfall);
    show_a_refusal(footfall);
    print_week(footfall);
    print_all_listings(footfall);
    print_comparison(footfall);
    print_inquiries(footfall);
    check(footfall_close(footfall, &error), &error);
    return EXIT_SUCCESS;
}
