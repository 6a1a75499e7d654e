/*
 * zipf_test.c - ranks come as often as the formula says: Pearson's chi-square over all ranks.
 *
 * A right generator exceeds the bound of a row once in ten thousand seeds (Wilson and Hilferty's
 * approximation of the 99.99 % quantile); the seeds here are fixed, so a failure is a wrong
 * generator.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "cli/load/zipf.h"

enum { DRAWS = 1000000, EXPECTED_MIN = 10 };

static double chi_square_bound(double degrees)
{
    static const double quantile = 3.719; /* of the normal distribution, at 0.9999 */
    double part = 2 / (9 * degrees);
    return degrees * pow(1 - part + quantile * sqrt(part), 3);
}

TEST(ranks_come_as_often_as_the_formula_says)
{
    static const struct {
        const char *name;
        uint64_t count;
        double exponent;
    } cases[] = {
        {"one rank", 1, 0.99},
        {"two", 2, 1},
        {"even", 100, 0},
        {"nearly even", 1000, 0.01},
        {"the usual", 10000, 0.99},
        {"exactly 1", 10000, 1},
        {"a hair beside 1", 1000, 1.000000001},
        {"steep", 1000, 2},
        {"very steep", 50, 8},
        {"a million ranks", 1000000, 0.8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct zipf zipf;
        struct random random = {42 + i};
        uint64_t count = cases[i].count;
        uint32_t *seen = calloc(count + 1, sizeof *seen);
        assert_non_null(seen);
        zipf_init(&zipf, count, cases[i].exponent);
        for (int draw = 0; draw < DRAWS; draw++) {
            uint64_t rank = zipf_next(&zipf, &random);
            ROW(rank >= 1 && rank <= count, cases[i].name, "rank %llu", (unsigned long long)rank);
            seen[rank]++;
        }

        double sum = 0;
        for (uint64_t rank = count; rank >= 1; rank--)
            sum += pow((double)rank, -cases[i].exponent);
        double chi_square = 0;
        double degrees = -1;
        double expected = 0; /* of ranks taken together until there are enough */
        double observed = 0;
        for (uint64_t rank = 1; rank <= count; rank++) {
            expected += DRAWS * pow((double)rank, -cases[i].exponent) / sum;
            observed += seen[rank];
            if (expected < EXPECTED_MIN && rank < count)
                continue;
            chi_square += (observed - expected) * (observed - expected) / expected;
            degrees += 1;
            expected = observed = 0;
        }
        free(seen);
        double bound = degrees < 1 ? 1e-9 : chi_square_bound(degrees);
        ROW(chi_square <= bound, cases[i].name, "chi-square %.1f with %.0f degrees of freedom",
            chi_square, degrees);
    }
}

UNIT_MAIN(UNIT(ranks_come_as_often_as_the_formula_says))
