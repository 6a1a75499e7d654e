/*
 * event_differential_test.c - our decoder against a second opinion: jansson and the rules, written
 * down once more, on hundreds of thousands of broken events.
 *
 * Valid events are mutated by a generator whose seed is printed (FOOTFALL_SEED repeats it). Both
 * sides must agree on the verdict, and on every value (event_second_opinion.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "event_second_opinion.h"
#include "ingest_unit.h"

enum { MUTATIONS = 250000, JSON_BYTES_MAX = 1024 };

static const char *const seeds[] = {
    "{\"userId\":\"agent-00042\",\"listingId\":\"listing-000123\",\"eventType\":\"view\","
    "\"platform\":"
    "\"facebook\",\"source\":\"social-media\",\"timestamp\":1767225600000,\"id\":\"01JKM5Z9\"}",
    "{ \"eventType\" : \"share\" , \"userId\" : \"u\\u0041\\n\", \"listingId\":\"caf\xc3\xa9 "
    "\\ud83d\\ude00\" }\n",
    "{\"userId\":\"u\",\"listingId\":\"l\",\"eventType\":\"inquiry\",\"inquiry\":{\"name\":\"John "
    "\\\"D\\\"\","
    "\"n\":[1,-2.5e3,0,true,false,null,{\"\xe2\x82\xac\":\"\\u20ac\"}],\"o\":{}},\"visitor\":\"v-"
    "1\"}",
    "{\"platform\":null,\"source\":null,\"timestamp\":\"2025-12-31T23:59:59.5+01:00\",\"id\":null,"
    "\"visitor\":null,\"inquiry\":null,\"userId\":\"\xf0\x9f\x98\x80\",\"listingId\":\".a\","
    "\"eventType\":\"view\"}",
    "{\"userId\":\"u#\",\"listingId\":\"\",\"eventType\":\"view\",\"timestamp\":-0,\"platform\":"
    "\"x\"}",
    "{\"userId\":\"u\",\"listingId\":\"l\",\"eventType\":\"view\",\"timestamp\":1767225600001,"
    "\"source\":\"(s\"}",
    "{\"userId\":\"u\",\"listingId\":\"l\",\"eventType\":\"inquiry\",\"inquiry\":{\"a\":-1e999,"
    "\"b\":{"
    "\"c\":12345678901234567890},\"a\":[{\"d\":\"e\"}]},\"source\":\"s\"}",
};

/* What mutations put in. */
static const char *const pieces[] = {
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    " ",
    "\n",
    "\r",
    "\t",
    "null",
    "true",
    "false",
    "0",
    "-",
    "1",
    "9",
    ".",
    "e",
    "E+",
    "1e999",
    "99999999999999999999",
    "\\u0000",
    "\\ud800",
    "\\udc00",
    "\\uD83D\\uDE00",
    "\\u00e9",
    "\\/",
    "\\b",
    "\\x",
    "\xc3\xa9",
    "\xc0\xaf",
    "\xed\xa0\x80",
    "\xf4\x90\x80\x80",
    "\xf0\x9f\x98\x80",
    "\xff",
    "#",
    "\x7f",
    "\x01",
    "\xc2\x85",
    "\xef\xbb\xbf",
    "\"id\":\"2\",",
    ",\"id\":\"2\"",
    "\"a\":1,",
    "..",
    "(",
    "userId",
    "inquiry",
    "view",
    "\"inquiry\":{\"a\":1},",
    "1767225600000",
};

struct mutant {
    char json[JSON_BYTES_MAX];
    size_t len;
};

static void put_in(struct mutant *mutant, size_t at, const char *from, size_t len)
{
    if (mutant->len + len > sizeof mutant->json)
        return;
    memmove(mutant->json + at + len, mutant->json + at, mutant->len - at);
    memmove(mutant->json + at, from, len);
    mutant->len += len;
}

static void take_out(struct mutant *mutant, size_t at, size_t len)
{
    memmove(mutant->json + at, mutant->json + at + len, mutant->len - at - len);
    mutant->len -= len;
}

static void mutate(struct unit_random *random, struct mutant *mutant)
{
    if (mutant->len == 0)
        return;
    size_t at = unit_random_below(random, mutant->len);
    size_t len = 1 + unit_random_below(random, mutant->len - at);
    if (len > 20)
        len = 20;
    char held[20];
    const char *piece = pieces[unit_random_below(random, sizeof pieces / sizeof pieces[0])];
    switch (unit_random_below(random, 7)) {
    case 0: /* one bit */
        mutant->json[at] = (char)(mutant->json[at] ^ (1 << unit_random_below(random, 8)));
        break;
    case 1: /* one byte, any */
        mutant->json[at] = (char)unit_random_below(random, 256);
        break;
    case 2:
        put_in(mutant, at, piece, strlen(piece));
        break;
    case 3: /* in place of what was there */
        take_out(mutant, at, len < strlen(piece) ? len : strlen(piece));
        put_in(mutant, at, piece, strlen(piece));
        break;
    case 4:
        take_out(mutant, at, len);
        break;
    case 5: /* a stretch once more, elsewhere */
        memcpy(held, mutant->json + at, len);
        put_in(mutant, unit_random_below(random, mutant->len), held, len);
        break;
    default: /* cut off */
        if (unit_random_below(random, 4) == 0)
            mutant->len = at;
        break;
    }
}

TEST(both_sides_agree_on_every_mutation)
{
    struct unit_random random = unit_random_seeded();
    struct event_rules rules = unit_rules();
    size_t accepted_count = 0, kept_count = 0;
    for (int round = 0; round < MUTATIONS; round++) {
        const char *seed = seeds[unit_random_below(&random, sizeof seeds / sizeof seeds[0])];
        struct mutant mutant = {.len = strlen(seed)};
        memcpy(mutant.json, seed, mutant.len);
        for (uint64_t left = unit_random_below(&random, 4); left > 0; left--)
            mutate(&random, &mutant);
        bool accepted, kept;
        const char *difference =
            event_opinions_differ(mutant.json, mutant.len, &rules, &accepted, &kept);
        ROW(difference == NULL, difference, "%.*s", (int)mutant.len, mutant.json);
        accepted_count += accepted;
        kept_count += kept;
    }
    print_message("%d mutations: %zu accepted, %zu with an inquiry that only we keep\n", MUTATIONS,
                  accepted_count, kept_count);
    assert_true(accepted_count > MUTATIONS / 20);
    assert_true(kept_count > MUTATIONS / 100);
}

UNIT_MAIN(UNIT(both_sides_agree_on_every_mutation))
