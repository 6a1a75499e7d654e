/*
 * random.h - numbers that a seed repeats: for loads, samples and tests, never for secrets.
 *
 * SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014).
 *
 * Threads: a generator belongs to one thread at a time.
 */
#ifndef FOOTFALL_BASE_RANDOM_H
#define FOOTFALL_BASE_RANDOM_H

#include <stdint.h>

/* Start with any state; equal states give equal numbers. */
struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
    uint64_t word = random->state += 0x9e3779b97f4a7c15;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return word ^ (word >> 31);
}

__extension__ typedef unsigned __int128 random_product; /* not in ISO C */

/* From 0 to bound - 1, bound > 0. Favours none by more than bound / 2^64 (Lemire's product). */
static inline uint64_t random_below(struct random *random, uint64_t bound)
{
    return (uint64_t)(((random_product)random_next(random) * bound) >> 64);
}

/* From 0 (included) to 1 (excluded), in steps of 2^-53. */
static inline double random_unit(struct random *random)
{
    return (double)(random_next(random) >> 11) * 0x1p-53;
}

#endif
