/*
 * listings.h - agencies and listings that do not exist.
 *
 * Streets, towns and agencies are invented; addresses of images and post end in .example.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_DEMO_LISTINGS_H
#define FOOTFALL_DEMO_LISTINGS_H

#include <stdint.h>

enum { AGENCIES = 6, LISTING_ID_BYTES = 16, LISTING_ADDRESS_BYTES = 64 };

struct agency {
    const char *user_id;
    const char *prefix; /* of its listings' ids */
    const char *currency;
    const char *town;
    unsigned listings_weight;
    double fame;           /* more visitors for everything it has */
    unsigned platforms[6]; /* weights of its own, traffic.c says of which */
};
extern const struct agency agencies[AGENCIES];

struct listing {
    const struct agency *agency;
    char id[LISTING_ID_BYTES];
    char address[LISTING_ADDRESS_BYTES];
    uint32_t price;
    const char *status;
    int32_t launch_day; /* counted from the first day of the demo; may lie before it */
    int32_t sold_day;   /* far behind the last day: not sold */
    double appeal;      /* views on an ordinary day of an ordinary week */
};

/* The listing of that number; `days` is how long the demo is. */
struct listing listing_make(uint64_t seed, unsigned number, int32_t days);

#endif
