/*
 * unit.c - what unit tests share.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <ftw.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *unit_temp_dir(void)
{
    const char *base = getenv("TMPDIR");
    char *path = NULL;
    if (asprintf(&path, "%s/footfall-test-XXXXXX", base != NULL ? base : "/tmp") < 0)
        abort();
    if (mkdtemp(path) == NULL) {
        perror(path);
        abort();
    }
    return path;
}

static int remove_one(const char *path, const struct stat *stat_buf, int kind, struct FTW *ftw)
{
    (void)stat_buf;
    (void)kind;
    (void)ftw;
    return remove(path);
}

void unit_remove(char *path)
{
    if (path == NULL)
        return;
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(path);
}

static int64_t unit_now_ms(void *context)
{
    return atomic_load(&((struct unit_clock *)context)->now_ms);
}

struct clock unit_clock(struct unit_clock *clock)
{
    return (struct clock){.now_ms = unit_now_ms, .context = clock};
}

uint64_t unit_random(struct unit_random *random)
{
    uint64_t word = random->state += 0x9e3779b97f4a7c15;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return word ^ (word >> 31);
}

uint64_t unit_random_below(struct unit_random *random, uint64_t bound)
{
    return unit_random(random) % bound;
}

struct unit_random unit_random_seeded(void)
{
    const char *given = getenv("FOOTFALL_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : monotonic_ns();
    print_message("FOOTFALL_SEED=%llu\n", (unsigned long long)seed);
    return (struct unit_random){seed};
}
