/*
 * prometheus_test.c - what is written can be read by the format's grammar.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "http/prometheus.h"
#include "prometheus_grammar.h"

static void check(struct bytes *page)
{
    const char *wrong = NULL;
    assert_true(bytes_append(page, "", 1)); /* a NUL for the reader */
    int line = prometheus_grammar_check((const char *)page->at, &wrong);
    ROW(line == 0, "page", "line %d: %s", line, wrong);
}

TEST(prometheus_pages_keep_the_grammar)
{
    struct bytes page = {0};
    struct prometheus writer = {.out = &page};
    struct histogram histogram = {0};
    histogram_add(&histogram, 1);
    histogram_add(&histogram, 20 * 1000);
    histogram_add(&histogram, (uint64_t)3600 * 1000 * 1000 * 1000);

    prometheus_family(&writer, "footfall_things_total", "counter", "Things.");
    prometheus_u64(&writer, "", NULL, 0);
    prometheus_u64(&writer, "", "a=\"b\",c=\"\"", UINT64_MAX);
    prometheus_family(&writer, "footfall_lag_seconds", "gauge", "Lag; 0 without one.");
    prometheus_double(&writer, "", NULL, 0.000123);
    prometheus_double(&writer, "", "a=\"b\"", 1e300);
    prometheus_family(&writer, "footfall_times_seconds", "histogram", "Times.");
    prometheus_histogram(&writer, NULL, &histogram);
    prometheus_histogram(&writer, "operation=\"x\"", &histogram);
    assert_false(writer.failed);
    check(&page);
    assert_non_null(
        strstr((const char *)page.at, "footfall_times_seconds_bucket{le=\"+Inf\"} 3\n"));
    assert_non_null(strstr((const char *)page.at,
                           "footfall_times_seconds_bucket{operation=\"x\",le=\"1.6384e-05\"} 1\n"));
    assert_non_null(strstr((const char *)page.at, "footfall_times_seconds_count 3\n"));
    bytes_done(&page);
}

TEST(prometheus_labels_are_escaped)
{
    char out[64];
    assert_true(prometheus_label("a", "b\"c\\d\ne", out, sizeof out));
    assert_string_equal(out, "a=\"b\\\"c\\\\d\\ne\"");

    char tight[8];
    assert_true(prometheus_label("a", "bc", tight, sizeof tight));
    assert_false(prometheus_label("a", "bcdef", tight, sizeof tight));
    assert_false(prometheus_label("a", "bc\"\"", tight, sizeof tight));
    assert_false(prometheus_label("abcdefghi", "", tight, sizeof tight));
}

TEST(prometheus_grammar_finds_mistakes)
{
    static const struct {
        const char *name;
        const char *page;
        int line;
    } cases[] = {
        {"fine", "# HELP a b\n# TYPE a counter\na 1\n", 0},
        {"no final line feed", "# HELP a b\n# TYPE a counter\na 1", 3},
        {"a sample before its family", "a 1\n", 1},
        {"a family twice", "# HELP a b\n# TYPE a gauge\na 1\n# HELP a b\n# TYPE a gauge\na 1\n", 4},
        {"no type", "# HELP a b\na 1\n", 2},
        {"an unknown type", "# HELP a b\n# TYPE a number\na 1\n", 2},
        {"an open label", "# HELP a b\n# TYPE a gauge\na{b=\"c} 1\n", 3},
        {"a bad label name", "# HELP a b\n# TYPE a gauge\na{1b=\"c\"} 1\n", 3},
        {"no value", "# HELP a b\n# TYPE a gauge\na \n", 3},
        {"words for a value", "# HELP a b\n# TYPE a gauge\na x\n", 3},
        {"another family's sample", "# HELP a b\n# TYPE a gauge\nab 1\n", 3},
        {"the same sample twice", "# HELP a b\n# TYPE a gauge\na 1\na 2\n", 4},
        {"buckets that fall",
         "# HELP a b\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\n", 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *wrong = "";
        int line = prometheus_grammar_check(cases[i].page, &wrong);
        ROW(line == cases[i].line, cases[i].name, "line %d: %s", line, wrong);
    }
}

UNIT_MAIN(UNIT(prometheus_pages_keep_the_grammar), UNIT(prometheus_labels_are_escaped),
          UNIT(prometheus_grammar_finds_mistakes))
