/*
 * zipf.c - rejection-inversion: W. Hörmann, G. Derflinger, "Rejection-inversion to generate
 * variates from monotone discrete distributions", ACM TOMACS 6 (1996), section 2.
 *
 * The histogram with bars h(k) = k^-s lies under the hat h(x), x from 1/2 on. A point is drawn
 * evenly from the area under the hat by inverting its integral H, and rounded to the nearest rank
 * k; it counts when it also lies under the bar of k, which is so in most draws whatever s and count
 * are. Points close enough to k always lie under it (`sure`), which saves the logarithm.
 *
 * H(x) = (x^(1-s) - 1) / (1 - s), and ln x for s = 1. Both are log-space expressions of
 * (e^t - 1) / t, which stays exact where 1 - s is tiny.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/load/zipf.h"

#include <math.h>

/* (e^t - 1) / t */
static double grown(double t)
{
    return fabs(t) > 1e-8 ? expm1(t) / t : 1 + t / 2 * (1 + t / 3);
}

/* ln(1 + t) / t */
static double shrunk(double t)
{
    return fabs(t) > 1e-8 ? log1p(t) / t : 1 - t * (0.5 - t / 3);
}

static double bar(const struct zipf *zipf, double x)
{
    return exp(-zipf->exponent * log(x));
}

static double area(const struct zipf *zipf, double x)
{
    double log_x = log(x);
    return grown((1 - zipf->exponent) * log_x) * log_x;
}

static double area_inverse(const struct zipf *zipf, double value)
{
    double t = value * (1 - zipf->exponent);
    if (t < -1)
        t = -1; /* rounding only */
    return exp(shrunk(t) * value);
}

void zipf_init(struct zipf *zipf, uint64_t count, double exponent)
{
    *zipf = (struct zipf){.count = count, .exponent = exponent};
    zipf->area_first = area(zipf, 1.5) - 1;
    zipf->area_last = area(zipf, (double)count + 0.5);
    zipf->sure = 2 - area_inverse(zipf, area(zipf, 2.5) - bar(zipf, 2));
}

uint64_t zipf_next(const struct zipf *zipf, struct random *random)
{
    if (zipf->exponent == 0)
        return 1 + random_below(random, zipf->count);
    for (;;) {
        double point = zipf->area_last + random_unit(random) * (zipf->area_first - zipf->area_last);
        double x = area_inverse(zipf, point);
        uint64_t rank = (uint64_t)(x + 0.5);
        if (rank < 1)
            rank = 1;
        else if (rank > zipf->count)
            rank = zipf->count;
        double nearest = (double)rank;
        if (nearest - x <= zipf->sure || point >= area(zipf, nearest + 0.5) - bar(zipf, nearest))
            return rank;
    }
}
