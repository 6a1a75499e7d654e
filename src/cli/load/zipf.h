/*
 * zipf.h - ranks as popularity has them: rank k comes in proportion to 1 / k^exponent.
 *
 * Exact for any exponent from 0 (all alike) up, any count, and constant in time and memory.
 *
 * Threads: a struct zipf is constant once made.
 */
#ifndef FOOTFALL_CLI_LOAD_ZIPF_H
#define FOOTFALL_CLI_LOAD_ZIPF_H

#include <stdint.h>

#include "base/random.h"

struct zipf {
    uint64_t count;
    double exponent;
    double area_first; /* where the hat's area begins: H(1.5) - 1 */
    double area_last;  /* where it ends: H(count + 0.5) */
    double sure;       /* closer than this to its rank, a point is accepted unseen */
};

/* count from 1 to 2^40, exponent from 0 to 10. */
void zipf_init(struct zipf *zipf, uint64_t count, double exponent);

/* A rank from 1 to count. */
uint64_t zipf_next(const struct zipf *zipf, struct random *random);

#endif
