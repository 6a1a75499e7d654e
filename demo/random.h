/*
 * random.h - chance that a seed repeats.
 *
 * SplitMix64. A stream of its own for each thing that chance decides (a listing, its day), made
 * from names: so one thing's luck does not depend on how often another was asked.
 *
 * Threads: one a stream.
 */
#ifndef FOOTFALL_DEMO_RANDOM_H
#define FOOTFALL_DEMO_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t state;
};

struct random random_of(uint64_t seed, uint64_t a, uint64_t b);
uint64_t random_next(struct random *random);
uint64_t random_below(struct random *random, uint64_t bound);
double random_part(struct random *random);   /* 0 up to 1 */
double random_normal(struct random *random); /* mean 0, deviation 1 */
/* How often something happens that happens `mean` times on average. */
unsigned random_poisson(struct random *random, double mean);
/* An index, by weights; their sum is counted on the way. */
unsigned random_choice(struct random *random, const unsigned *weights, unsigned count);

#endif
