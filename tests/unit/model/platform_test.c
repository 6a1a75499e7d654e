/*
 * platform_test.c - names outside, small numbers inside.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <pthread.h>
#include <string.h>

#include "model/platform.h"

/* These codes stand on disks: a change here loses what was counted. */
TEST(built_in_codes_never_change)
{
    static const char *const names[] = {
        "facebook", "instagram", "linkedin", "x",      "tiktok",  "youtube",  "pinterest",
        "whatsapp", "messenger", "snapchat", "reddit", "threads", "nextdoor",
    };
    assert_int_equal(sizeof names / sizeof names[0], PLATFORM_BUILTIN_LAST);
    for (unsigned number = 1; number <= PLATFORM_BUILTIN_LAST; number++) {
        const uint8_t code = (uint8_t)number;
        uint8_t found = 0, interned = 0;
        struct error err;
        assert_true(text_is(platform_name(code), names[code - 1]));
        assert_true(platform_find(text_of(names[code - 1]), &found));
        ASSERT_OK(platform_intern(text_of(names[code - 1]), &interned, &err), err);
        assert_int_equal(found, code);
        assert_int_equal(interned, code);
    }
    assert_int_equal(platform_name(PLATFORM_NONE).len, 0);
}

TEST(other_spellings_are_not_found_or_made)
{
    static const struct {
        const char *name;
        bool makable;
    } cases[] = {
        {"face", true},
        {"facebookk", true},
        {"Facebook", false},
        {"", false},
        {"none", false},
        {"nonesuch", true},
        {"a b", false},
        {"a.b", false},
        {"caf\xc3\xa9", false},
        {"a-b_9", true},
        {"#", false},
        {"(other)", false},
        {"abcdefghijklmnopqrstuvwxyz-01234", true},
        {"abcdefghijklmnopqrstuvwxyz-012345", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text name = text_of(cases[i].name);
        struct error err;
        uint8_t code = 77;
        ROW(!platform_find(name, &code), cases[i].name, "was found");
        enum status status = platform_intern(name, &code, &err);
        ROW(status == (cases[i].makable ? STATUS_OK : STATUS_INVALID), cases[i].name, "gave %s",
            status_code(status));
        if (status == STATUS_OK) {
            assert_true(code > PLATFORM_BUILTIN_LAST && code < PLATFORMS_MAX);
            assert_true(text_equal(platform_name(code), name));
        } else {
            assert_int_equal(code, 77);
            assert_string_equal(err.field, "platform");
        }
    }
}

TEST(a_name_keeps_its_code)
{
    char name[] = "made-once";
    uint8_t first, second;
    struct error err;
    ASSERT_OK(platform_intern(text_of(name), &first, &err), err);
    struct text kept = platform_name(first);
    name[0] = 'x'; /* the caller's bytes are the caller's */
    ASSERT_OK(platform_intern(text_of("another"), &second, &err), err);
    assert_int_not_equal(first, second);
    assert_true(text_is(kept, "made-once"));
    ASSERT_OK(platform_intern(text_of("made-once"), &second, &err), err);
    assert_int_equal(first, second);
}

enum { THREADS = 4, NAMES = 60 };

/* Interns the same names as the others do, in an order of its own, and reads all it sees. */
static void *intern_many(void *context)
{
    uint8_t *codes = context; /* NAMES of them, then the thread's number */
    for (int i = 0; i < NAMES; i++) {
        int number = (i * 7 + codes[NAMES] * 13) % NAMES;
        char name[16];
        snprintf(name, sizeof name, "thread-%d", number);
        if (platform_intern(text_of(name), &codes[number], NULL) != STATUS_OK ||
            !text_is(platform_name(codes[number]), name))
            return context;
    }
    return NULL;
}

TEST(threads_agree_on_codes)
{
    pthread_t threads[THREADS];
    uint8_t codes[THREADS][NAMES + 1];
    for (int i = 0; i < THREADS; i++) {
        codes[i][NAMES] = (uint8_t)i;
        assert_int_equal(pthread_create(&threads[i], NULL, intern_many, codes[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
        assert_memory_equal(codes[i], codes[0], NAMES);
    }
}

/* The last test: it fills the process's table. */
TEST(there_is_an_end_to_names)
{
    struct error err;
    uint8_t code = 0;
    enum status status = STATUS_OK;
    int made = 0;
    char name[16];
    for (; made < 1000 && status == STATUS_OK; made++) {
        snprintf(name, sizeof name, "fill-%d", made);
        status = platform_intern(text_of(name), &code, &err);
    }
    assert_int_equal(status, STATUS_TOO_LARGE);
    assert_string_equal(err.code, "too_many_platforms");
    assert_int_equal(code, PLATFORMS_MAX - 1);
    assert_true(text_is(platform_name(1), "facebook"));
    ASSERT_OK(platform_intern(text_of("fill-0"), &code, &err), err); /* known ones stay known */
}

UNIT_MAIN(UNIT(built_in_codes_never_change), UNIT(other_spellings_are_not_found_or_made),
          UNIT(a_name_keeps_its_code), UNIT(threads_agree_on_codes), UNIT(there_is_an_end_to_names))
