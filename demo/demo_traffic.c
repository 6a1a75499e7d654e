/*
 * demo_traffic.c - writes what script/demo fills a server with; the same seed and day, the same.
 *
 *     demo_traffic events|listings SEED DAYS LISTINGS NOW-MS [URL]
 *
 * events: NDJSON for `footfall import`. listings: a configuration for curl that sets the details of
 * all listings at URL.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listings.h"
#include "model/calendar.h"
#include "traffic.h"

enum { DAYS_MAX = 400, LISTINGS_MAX = 100000 };

static bool read_number(const char *text, uint64_t max, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    *out = number;
    return errno == 0 && end != text && *end == '\0' && text[0] != '-' && number <= max;
}

static void write_events(const struct demo *demo, unsigned listings)
{
    for (int32_t day = 0; day < demo->days; day++) {
        for (unsigned number = 0; number < listings; number++) {
            struct listing listing = listing_make(demo->seed, number, demo->days);
            traffic_write_day(demo, number, &listing, day, stdout);
        }
    }
}

static void write_listings(const struct demo *demo, unsigned listings, const char *url)
{
    for (unsigned number = 0; number < listings; number++) {
        struct listing listing = listing_make(demo->seed, number, demo->days);
        const char *user = listing.agency->user_id;
        printf(
            "%surl = \"%s/v1/users/%s/listings/%s\"\nrequest = \"PUT\"\nfail\nsilent\n"
            "show-error\noutput = \"/dev/null\"\nheader = \"Content-Type: application/json\"\n"
            "data = \"{\\\"address\\\":\\\"%s\\\",\\\"price\\\":%u,\\\"currency\\\":\\\"%s\\\","
            "\\\"image\\\":\\\"https://images.example/%s/%s.jpg\\\",\\\"status\\\":\\\"%s\\\"}\"\n",
            number == 0 ? "" : "next\n", url, user, listing.id, listing.address, listing.price,
            listing.agency->currency, user, listing.id, listing.status);
    }
}

int main(int count, char **words)
{
    uint64_t seed = 0;
    uint64_t days = 0;
    uint64_t listings = 0;
    uint64_t now_ms = 0;
    bool wants_listings = count == 7 && strcmp(words[1], "listings") == 0;
    bool wants_events = count == 6 && strcmp(words[1], "events") == 0;
    if ((!wants_listings && !wants_events) || !read_number(words[2], UINT64_MAX, &seed) ||
        !read_number(words[3], DAYS_MAX, &days) || days == 0 ||
        !read_number(words[4], LISTINGS_MAX, &listings) || listings == 0 ||
        !read_number(words[5], (uint64_t)calendar_ms_max, &now_ms)) {
        fprintf(stderr,
                "usage: demo_traffic events SEED DAYS LISTINGS NOW-MS\n"
                "       demo_traffic listings SEED DAYS LISTINGS NOW-MS URL\n"
                "up to %d days and %d listings\n",
                DAYS_MAX, LISTINGS_MAX);
        return 2;
    }
    struct demo demo = {.seed = seed, .days = (int32_t)days, .now_ms = (int64_t)now_ms};
    demo.first_day = day_of_ms(demo.now_ms) - demo.days + 1;
    if (wants_events)
        write_events(&demo, (unsigned)listings);
    else
        write_listings(&demo, (unsigned)listings, words[6]);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "demo_traffic: writing failed: %s\n", strerror(errno));
        return 1;
    }
    return 0;
}
