/*
 * unit.h - what unit tests share: a shape for tests, folders that go away, a clock that obeys.
 *
 *     TEST(arena_keeps_pieces_apart) { ... }
 *     UNIT_MAIN(UNIT(arena_keeps_pieces_apart), ...)
 *
 * A test's name states a promise. Rows of a table are named in failures by ROW().
 */
#ifndef FOOTFALL_TESTS_UNIT_H
#define FOOTFALL_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* after the others, which it needs and does not include */

#undef fail /* base/status.h has a function of that name */
#define UNIT_FAIL() _fail(__FILE__, __LINE__)

#include <stdbool.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/status.h"
#include "base/text.h"

#define TEST(name) static void name(void **unit_state __attribute__((unused)))
#define UNIT(name) cmocka_unit_test(name)
#define UNIT_MAIN(...)                                                                             \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                           \
        return cmocka_run_group_tests(tests, NULL, NULL);                                          \
    }

/* if (!ok) fails the test and prints the row's name with the words, printf-like. */
#define ROW(ok, name, ...)                                                                         \
    do {                                                                                           \
        if (!(ok)) {                                                                               \
            print_error("row \"%s\": ", (name));                                                   \
            print_error(__VA_ARGS__);                                                              \
            print_error("\n");                                                                     \
            UNIT_FAIL();                                                                           \
        }                                                                                          \
    } while (0)

/* Fails with the error's words unless status is STATUS_OK. */
#define ASSERT_OK(call, err)                                                                       \
    do {                                                                                           \
        enum status unit_status = (call);                                                          \
        if (unit_status != STATUS_OK) {                                                            \
            print_error("%s:%d: %s: %s\n", __FILE__, __LINE__, status_code(unit_status),           \
                        (err).message);                                                            \
            UNIT_FAIL();                                                                           \
        }                                                                                          \
    } while (0)

/* A new empty folder below $TMPDIR or /tmp; unit_remove() takes it away with all it holds. */
char *unit_temp_dir(void);    /* the caller frees it through unit_remove() */
void unit_remove(char *path); /* accepts NULL; frees path */

/* A clock that stands still until told. */
struct unit_clock {
    _Atomic int64_t now_ms;
};
struct clock unit_clock(struct unit_clock *clock);

/* A random generator that a printed seed repeats (SplitMix64). */
struct unit_random {
    uint64_t state;
};
uint64_t unit_random(struct unit_random *random);
uint64_t unit_random_below(struct unit_random *random, uint64_t bound);
/* $FOOTFALL_SEED, or one from the clock; prints it. */
struct unit_random unit_random_seeded(void);

#endif
