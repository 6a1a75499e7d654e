/*
 * dynamodb_seen_inquiries_test.c - of several inquiries of one key in a batch the first stands.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <stdio.h>

#include "store/dynamodb/seen_inquiries.h"

static bool note(struct seen_inquiries *seen, const char *listing, const char *key, int64_t time_ms)
{
    const struct inquiry inquiry = {.user_id = text_of("agent"),
                                    .listing_id = text_of(listing),
                                    .key = text_of(key),
                                    .time_ms = time_ms};
    struct error err;
    bool repeated = false;
    assert_int_equal(seen_inquiries_note(seen, &inquiry, &repeated, &err), STATUS_OK);
    return repeated;
}

TEST(a_key_is_listing_moment_and_name_together)
{
    struct seen_inquiries seen = {0};
    assert_false(note(&seen, "l", "a", 1));
    assert_true(note(&seen, "l", "a", 1));
    assert_false(note(&seen, "l", "b", 1));
    assert_false(note(&seen, "other", "a", 1));
    assert_false(note(&seen, "l", "a", 2));
    seen_inquiries_forget(&seen);
    assert_false(note(&seen, "l", "a", 1));
    seen_inquiries_done(&seen);
}

TEST(all_are_known_however_many_there_are)
{
    enum { MANY = 5000 };
    struct seen_inquiries seen = {0};
    char key[16];
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < MANY; i++) {
            snprintf(key, sizeof key, "k%d", i);
            assert_int_equal(note(&seen, "l", key, 1), round == 1);
        }
    seen_inquiries_done(&seen);
}

UNIT_MAIN(UNIT(a_key_is_listing_moment_and_name_together),
          UNIT(all_are_known_however_many_there_are))
