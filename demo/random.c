/*
 * random.c - SplitMix64 (Steele, Lea, Flood 2014) and three distributions.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "random.h"

#include <assert.h>
#include <math.h>

static const double poisson_normal_from = 40; /* above: the normal distribution is near enough */

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

struct random random_of(uint64_t seed, uint64_t a, uint64_t b)
{
    return (struct random){mix(mix(mix(seed + 1) ^ (a + UINT64_C(0x9e3779b97f4a7c15))) ^ ~b)};
}

uint64_t random_next(struct random *random)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(random->state);
}

uint64_t random_below(struct random *random, uint64_t bound)
{
    assert(bound > 0);
    return random_next(random) % bound;
}

double random_part(struct random *random)
{
    return (double)(random_next(random) >> 11) * 0x1p-53;
}

double random_normal(struct random *random)
{
    double sum = 0; /* of twelve: near enough, and the same everywhere */
    for (int i = 0; i < 12; i++)
        sum += random_part(random);
    return sum - 6;
}

unsigned random_poisson(struct random *random, double mean)
{
    if (mean <= 0)
        return 0;
    if (mean > poisson_normal_from) {
        double count = mean + sqrt(mean) * random_normal(random);
        return count < 0 ? 0 : (unsigned)(count + 0.5);
    }
    double limit = exp(-mean);
    double product = random_part(random);
    unsigned count = 0;
    while (product > limit) {
        product *= random_part(random);
        count++;
    }
    return count;
}

unsigned random_choice(struct random *random, const unsigned *weights, unsigned count)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += weights[i];
    uint64_t at = random_below(random, sum);
    unsigned i = 0;
    while (at >= weights[i])
        at -= weights[i++];
    return i;
}
