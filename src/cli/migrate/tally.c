/*
 * tally.c - sums, and digests that are sums.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/migrate/tally.h"

#include <inttypes.h>
#include <string.h>
#include <xxhash.h>

#include "model/platform.h"

/* A hash over parts, each with its length so that none can be mistaken for its neighbour's. */
struct hashing {
    uint64_t state;
};

static void take(struct hashing *hashing, const void *at, size_t len)
{
    uint64_t words[3] = {hashing->state, len, len == 0 ? 0 : XXH3_64bits(at, len)};
    hashing->state = XXH3_64bits(words, sizeof words);
}

static void take_text(struct hashing *hashing, struct text text)
{
    take(hashing, text.at, text.len);
}

static void take_number(struct hashing *hashing, int64_t number)
{
    take(hashing, &number, sizeof number);
}

static uint64_t digest_counts(struct hashing key, const struct counts *counts)
{
    uint64_t sum = 0;
    for (int type = 0; type < EVENT_TYPES; type++) {
        struct hashing of_type = key;
        take_number(&of_type, type);
        sum += of_type.state * counts->of[type];
    }
    return sum;
}

void tally_add_cells(struct tally *tally, struct text user_id, struct text listing_id,
                     const struct count_rows *cells)
{
    struct hashing listing = {0};
    take_text(&listing, user_id);
    take_text(&listing, listing_id);
    for (size_t i = 0; i < cells->platform_count; i++) {
        const struct platform_row *row = &cells->platforms[i];
        struct hashing key = listing;
        take_number(&key, row->day);
        take_number(&key, row->quarter);
        take_text(&key,
                  row->platform == PLATFORM_NONE ? text_of("") : platform_name(row->platform));
        tally->platforms_digest += digest_counts(key, &row->counts);
        counts_add(&tally->counts, &row->counts);
    }
    for (size_t i = 0; i < cells->source_count; i++) {
        const struct source_row *row = &cells->sources[i];
        struct hashing key = listing;
        take_number(&key, row->day);
        take_number(&key, row->quarter);
        take_text(&key, row->source);
        tally->sources_digest += digest_counts(key, &row->counts);
    }
    tally->listing_days++;
    tally->approximate += cells->approximate ? 1 : 0;
}

void tally_add_inquiry(struct tally *tally, const struct inquiry *inquiry)
{
    struct hashing hashing = {1};
    take_text(&hashing, inquiry->user_id);
    take_text(&hashing, inquiry->listing_id);
    take_text(&hashing, inquiry->key);
    take_text(&hashing, inquiry->source);
    take_text(&hashing, inquiry->content);
    take_text(&hashing,
              inquiry->platform == PLATFORM_NONE ? text_of("") : platform_name(inquiry->platform));
    take_number(&hashing, inquiry->time_ms);
    take_number(&hashing, inquiry->received_ms);
    tally->facts_digest += hashing.state;
    tally->inquiries++;
}

void tally_add_details(struct tally *tally, struct text user_id, struct text listing_id,
                       const struct listing_details *details)
{
    struct hashing hashing = {2};
    int64_t price = 0;
    memcpy(&price, &details->price, sizeof price);
    take_text(&hashing, user_id);
    take_text(&hashing, listing_id);
    take_text(&hashing, details->address);
    take_text(&hashing, details->currency);
    take_text(&hashing, details->image);
    take_text(&hashing, details->status);
    take_number(&hashing, details->has_price ? price : 0);
    take_number(&hashing, details->has_price);
    take_number(&hashing, details->updated_ms);
    tally->facts_digest += hashing.state;
    tally->listings++;
}

static enum status differ(const char *what, uint64_t want, uint64_t got, struct error *err)
{
    return fail(err, STATUS_CORRUPT,
                "the target does not hold what was moved: %" PRIu64 " %s, not %" PRIu64
                "; did something else write to it?",
                got, what, want);
}

enum status tally_compare(const struct tally *before, const struct tally *moved,
                          const struct tally *held, struct error *err)
{
    static const char *const names[EVENT_TYPES] = {
        [EVENT_VIEW] = "views", [EVENT_SHARE] = "shares", [EVENT_INQUIRY] = "inquiries"};
    for (int type = 0; type < EVENT_TYPES; type++) {
        uint64_t want = count_add(before->counts.of[type], moved->counts.of[type]);
        if (held->counts.of[type] != want)
            return differ(names[type], want, held->counts.of[type], err);
    }
    if (held->platforms_digest != before->platforms_digest + moved->platforms_digest)
        return fail(err, STATUS_CORRUPT,
                    "the target's sums are right, but some counts stand elsewhere than they stood");
    if (tally_things(before) > 0)
        return STATUS_OK;
    const struct {
        const char *what;
        uint64_t want;
        uint64_t got;
    } pairs[] = {{"listing-days", moved->listing_days, held->listing_days},
                 {"inquiries with their data", moved->inquiries, held->inquiries},
                 {"listings with details", moved->listings, held->listings}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (pairs[i].want != pairs[i].got)
            return differ(pairs[i].what, pairs[i].want, pairs[i].got, err);
    if (held->sources_digest != moved->sources_digest)
        return fail(err, STATUS_CORRUPT,
                    "the target's totals are right, but those by source are not");
    if (held->facts_digest != moved->facts_digest)
        return fail(err, STATUS_CORRUPT,
                    "the target has as many inquiries and listings, but not the same");
    return STATUS_OK;
}

/* The fields in the order of the file; json integers are signed, so digests go through int64_t. */
static uint64_t *const *fields_of(struct tally *tally, uint64_t *fields[10])
{
    fields[0] = &tally->listing_days;
    fields[1] = &tally->counts.of[EVENT_VIEW];
    fields[2] = &tally->counts.of[EVENT_SHARE];
    fields[3] = &tally->counts.of[EVENT_INQUIRY];
    fields[4] = &tally->inquiries;
    fields[5] = &tally->listings;
    fields[6] = &tally->approximate;
    fields[7] = &tally->platforms_digest;
    fields[8] = &tally->sources_digest;
    fields[9] = &tally->facts_digest;
    return fields;
}
static const char *const field_names[10] = {
    "listingDays", "views",       "shares",          "inquiries",     "inquiryFacts",
    "listings",    "approximate", "platformsDigest", "sourcesDigest", "factsDigest"};

json_t *tally_to_json(const struct tally *tally)
{
    struct tally copy = *tally;
    uint64_t *fields[10];
    uint64_t *const *values = fields_of(&copy, fields);
    json_t *json = json_object();
    bool ok = json != NULL;
    for (size_t i = 0; i < 10 && ok; i++)
        ok = json_object_set_new(json, field_names[i], json_integer((json_int_t)*values[i])) == 0;
    if (!ok) {
        json_decref(json);
        return NULL;
    }
    return json;
}

bool tally_from_json(const json_t *json, struct tally *out)
{
    struct tally tally = {0};
    uint64_t *fields[10];
    uint64_t *const *values = fields_of(&tally, fields);
    for (size_t i = 0; i < 10; i++) {
        const json_t *number = json_object_get(json, field_names[i]);
        if (!json_is_integer(number))
            return false;
        *values[i] = (uint64_t)json_integer_value(number);
    }
    *out = tally;
    return true;
}
