/*
 * listings.c - a listing from its number: agency, address, price, when it came and when it went.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "listings.h"

#include <math.h>
#include <stdio.h>

#include "random.h"

enum { LAUNCH_BEFORE_DAYS = 45, LIFE_DAYS_MIN = 18, LIFE_DAYS_MORE = 90, NEVER = 1 << 20 };

const struct agency agencies[AGENCIES] = {
    {"north-quay", "NQ", "USD", "Northmere", 30, 1.6, {30, 28, 20, 3, 5, 14}},
    {"harbor-lane", "HL", "USD", "Saltbridge", 24, 1.2, {34, 36, 12, 2, 4, 12}},
    {"elm-and-stone", "ES", "CAD", "Elmsworth", 18, 1.0, {38, 24, 16, 8, 4, 10}},
    {"blue-gable", "BG", "EUR", "Gablefeld", 14, 0.9, {26, 22, 32, 3, 3, 14}},
    {"riverbend-homes", "RB", "USD", "Riverbend Falls", 9, 0.7, {44, 30, 10, 2, 6, 8}},
    {"high-meadow", "HM", "EUR", "Oberwiesen", 5, 0.5, {50, 20, 14, 6, 2, 8}},
};

static const char *const streets[] = {
    "Alder Row",     "Bittern Way",   "Cooper's Reach", "Drumlin Road", "Eddystone Walk",
    "Fennel Close",  "Gantry Street", "Heron Bank",     "Inkwell Lane", "Juniper Rise",
    "Kestrel Court", "Lantern Hill",  "Marrow Lane",    "Nettle Bend",  "Old Ropewalk",
    "Pilot's Steps", "Quince Garth",  "Rushlight Road", "Sedge Place",  "Tollgate Mews",
};
enum { STREETS = sizeof streets / sizeof streets[0] };

struct listing listing_make(uint64_t seed, unsigned number, int32_t days)
{
    struct random random = random_of(seed, 1, number);
    unsigned weights[AGENCIES];
    for (int i = 0; i < AGENCIES; i++)
        weights[i] = agencies[i].listings_weight;
    /* the first of each agency, so that all have some */
    unsigned agency = number < AGENCIES ? number : random_choice(&random, weights, AGENCIES);
    struct listing listing = {.agency = &agencies[agency]};
    snprintf(listing.id, sizeof listing.id, "%s-%04u", agencies[agency].prefix, 1000 + number);
    snprintf(listing.address, sizeof listing.address, "%u %s, %s",
             (unsigned)(1 + random_below(&random, 180)), streets[random_below(&random, STREETS)],
             agencies[agency].town);
    double price = 340000 * exp(0.45 * random_normal(&random));
    listing.price = (uint32_t)(price / 5000) * 5000;

    listing.launch_day =
        (int32_t)random_below(&random, (uint64_t)(days + LAUNCH_BEFORE_DAYS)) - LAUNCH_BEFORE_DAYS;
    listing.sold_day =
        listing.launch_day + LIFE_DAYS_MIN + (int32_t)random_below(&random, LIFE_DAYS_MORE);
    listing.status = "active";
    if (listing.sold_day <= days)
        listing.status = random_below(&random, 4) == 0 ? "pending" : "sold";
    else
        listing.sold_day = NEVER;
    listing.appeal = 7 * agencies[agency].fame * exp(0.8 * random_normal(&random));
    return listing;
}
