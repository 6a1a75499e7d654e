/*
 * encoding_test.c - Accept-Encoding.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include "http/encoding.h"

TEST(encoding_is_the_smallest_that_is_taken)
{
    static const struct {
        const char *field;
        enum encoding want;
    } cases[] = {
        {"gzip, deflate, br, zstd", ENCODING_BROTLI},
        {"gzip, deflate", ENCODING_GZIP},
        {"deflate, zstd", ENCODING_NONE},
        {"identity", ENCODING_NONE},
        {"", ENCODING_NONE},
        {" , ,", ENCODING_NONE},
        {"GZip", ENCODING_GZIP},
        {"br;q=0, gzip;q=0.1", ENCODING_GZIP},
        {"br ; q=0.000 , gzip ; q=0", ENCODING_NONE},
        {"br;q=0.001", ENCODING_BROTLI},
        {"br;Q=1", ENCODING_BROTLI},
        {"gzip;q=1.0, br;q=0.5", ENCODING_BROTLI},
        {"*", ENCODING_BROTLI},
        {"*;q=0", ENCODING_NONE},
        {"br;q=0, *", ENCODING_GZIP},
        {"gzip, *;q=0", ENCODING_GZIP},
        {"gzip;nonsense", ENCODING_NONE},
        {"br;q=", ENCODING_NONE},
        {"brotli, xgzip", ENCODING_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum encoding got = encoding_choose(text_of(cases[i].field));
        ROW(got == cases[i].want, cases[i].field, "encoding %d", got);
    }
    assert_int_equal(encoding_choose((struct text){NULL, 0}), ENCODING_NONE);
}

UNIT_MAIN(UNIT(encoding_is_the_smallest_that_is_taken))
