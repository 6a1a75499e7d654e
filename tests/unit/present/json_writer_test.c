/*
 * json_writer_test.c - what is written reads back as what was meant, by jansson.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "present/json_writer.h"

#include "unit.h"

#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/calendar.h"

enum { RANDOM_DOUBLES = 200000 };

static const char *written(struct bytes *out)
{
    assert_true(bytes_append(out, "", 1));
    return (const char *)out->at;
}

/* What one double becomes. */
static const char *double_text(struct bytes *out, double number)
{
    struct json_writer writer = {.out = out};
    out->len = 0;
    json_put_double(&writer, number);
    return written(out);
}

TEST(commas_stand_between_values_and_nowhere_else)
{
    struct bytes out = {0};
    struct json_writer w = {.out = &out};
    json_put_array(&w);
    json_put_object(&w);
    json_put_object_end(&w);
    json_put_array(&w);
    json_put_array_end(&w);
    json_put_object(&w);
    json_put_key(&w, "a");
    json_put_array(&w);
    json_put_u64(&w, 1);
    json_put_object(&w);
    json_put_key_text(&w, text_of("b"));
    json_put_null(&w);
    json_put_key(&w, "c");
    json_put_bool(&w, false);
    json_put_object_end(&w);
    json_put_string(&w, "x");
    json_put_raw(&w, text_of("{\"y\": [ ]}"));
    json_put_date(&w, 0);
    json_put_array_end(&w);
    json_put_key(&w, "d");
    json_put_i64(&w, -1);
    json_put_key(&w, "e");
    json_put_raw(&w, text_of("0"));
    json_put_key(&w, "f");
    json_put_double(&w, 0.5);
    json_put_object_end(&w);
    json_put_bool(&w, true);
    json_put_array_end(&w);
    assert_false(w.failed);
    assert_string_equal(written(&out),
                        "[{},[],{\"a\":[1,{\"b\":null,\"c\":false},\"x\",{\"y\": [ ]},"
                        "\"1970-01-01\"],\"d\":-1,\"e\":0,\"f\":0.5},true]");
    bytes_done(&out);
}

TEST(texts_are_inert_and_always_json)
{
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        {"", "\"\""},
        {"plain", "\"plain\""},
        {"say \"hi\" \\ bye", "\"say \\\"hi\\\" \\\\ bye\""},
        {"\b\t\n\f\r\x01\x1f\x7f", "\"\\b\\t\\n\\f\\r\\u0001\\u001f\\u007f\""},
        {"</script><b>&amp;", "\"\\u003c/script\\u003e\\u003cb\\u003e\\u0026amp;\""},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x8f\xa0", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x8f\xa0\""},
        {"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa", "\"\\u2028\\u2029\xe2\x80\xaa\""},
        {"\xef\xbf\xbf\xed\x9f\xbf\xf4\x8f\xbf\xbf",
         "\"\xef\xbf\xbf\xed\x9f\xbf\xf4\x8f\xbf\xbf\""},
        /* not UTF-8: a lone continuation, a cut character, overlong, a surrogate, too high */
        {"a\x80z", "\"a\\ufffdz\""},
        {"cut \xe2\x82", "\"cut \\ufffd\\ufffd\""},
        {"\xf0\x9f\x8f", "\"\\ufffd\\ufffd\\ufffd\""},
        {"\xc0\xaf", "\"\\ufffd\\ufffd\""},
        {"\xe0\x80\xaf", "\"\\ufffd\\ufffd\\ufffd\""},
        {"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""},
        {"\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
        {"\xff\xfe", "\"\\ufffd\\ufffd\""},
        {"\xc3(", "\"\\ufffd(\""},
    };
    struct bytes out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_writer writer = {.out = &out};
        out.len = 0;
        json_put_text(&writer, text_of(cases[i].text));
        ROW(strcmp(written(&out), cases[i].want) == 0, cases[i].want, "got %s",
            (const char *)out.at);
    }
    struct json_writer writer = {.out = &out};
    out.len = 0;
    json_put_array(&writer);
    json_put_text(&writer, (struct text){NULL, 0});
    json_put_text(&writer, (struct text){"a\0b", 3});
    json_put_array_end(&writer);
    assert_string_equal(written(&out), "[null,\"a\\u0000b\"]");
    bytes_done(&out);
}

TEST(raw_json_means_the_same_and_is_inert)
{
    static const char raw[] =
        "{ \"a<b>&\": [\"\\\"</script>\", \"\xe2\x80\xa8\", \"\xf0\x9f\x8f\xa0\"], \"n\": 1e3}";
    struct bytes out = {0};
    struct json_writer writer = {.out = &out};
    json_put_raw(&writer, text_of(raw));
    const char *text = written(&out);
    assert_null(strpbrk(text, "<>&"));
    assert_null(strstr(text, "\xe2\x80\xa8"));
    json_t *before = json_loads(raw, 0, NULL);
    json_t *after = json_loads(text, 0, NULL);
    assert_non_null(before);
    assert_true(json_equal(before, after));
    json_decref(before);
    json_decref(after);
    bytes_done(&out);
}

/* Every byte and every pair of bytes gives JSON; what was UTF-8 comes back unchanged. */
TEST(any_bytes_come_out_as_json)
{
    struct bytes out = {0};
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        const char bytes[] = {(char)(pair >> 8), (char)pair, 'x'};
        struct json_writer writer = {.out = &out};
        out.len = 0;
        json_put_array(&writer);
        json_put_text(&writer, (struct text){bytes, sizeof bytes});
        json_put_array_end(&writer);
        json_t *read = json_loadb((const char *)out.at, out.len, JSON_ALLOW_NUL, NULL);
        if (read == NULL)
            print_error("bytes %04x are no JSON\n", pair);
        assert_non_null(read);
        json_t *made = json_stringn(bytes, sizeof bytes); /* NULL unless UTF-8 */
        if (made != NULL)
            assert_true(json_equal(made, json_array_get(read, 0)));
        json_decref(made);
        json_decref(read);
    }
    bytes_done(&out);
}

TEST(whole_numbers_keep_every_digit)
{
    static const struct {
        const char *want;
        uint64_t number;
        bool negative;
    } cases[] = {
        {"0", 0, false},
        {"9", 9, false},
        {"10", 10, false},
        {"1790000000000", 1790000000000, false},
        {"9007199254740993", 9007199254740993, false},
        {"18446744073709551615", UINT64_MAX, false},
        {"-1", 1, true},
        {"-9223372036854775808", (uint64_t)INT64_MAX + 1, true},
    };
    struct bytes out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_writer writer = {.out = &out};
        out.len = 0;
        if (cases[i].negative)
            json_put_i64(&writer, (int64_t)(0 - cases[i].number));
        else
            json_put_u64(&writer, cases[i].number);
        ROW(strcmp(written(&out), cases[i].want) == 0, cases[i].want, "got %s",
            (const char *)out.at);
    }
    bytes_done(&out);
}

TEST(whole_numbers_of_every_length_are_those_of_printf)
{
    struct unit_random random = unit_random_seeded();
    struct bytes out = {0};
    uint64_t power = 1;
    for (int digits = 1; digits <= 20; digits++, power *= 10) {
        for (int i = 0; i < 300; i++) {
            uint64_t number = i < 7 ? power + (uint64_t)i - 3 /* and what wraps below 3 */
                                    : unit_random_below(&random, power < 2 ? 10 : power) + power;
            char want[24];
            struct json_writer writer = {.out = &out};
            out.len = 0;
            snprintf(want, sizeof want, "%llu", (unsigned long long)number);
            json_put_u64(&writer, number);
            ROW(strcmp(written(&out), want) == 0, want, "got %s", (const char *)out.at);
        }
    }
    bytes_done(&out);
}

TEST(doubles_have_their_shortest_decimal)
{
    static const struct {
        double number;
        const char *want;
    } cases[] = {
        {0, "0"},
        {100, "100"},
        {-100, "-100"},
        {0.5, "0.5"},
        {-12.5, "-12.5"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {100.0 / 3, "33.333333333333336"},
        {200.0 / 3, "66.66666666666667"},
        {100.0 / 7, "14.285714285714286"},
        {1.0 / 3 * 100, "33.33333333333333"},
        {1e-5, "0.00001"},
        {0.000125, "0.000125"},
        {123456789.125, "123456789.125"},
        {9007199254740991, "9007199254740991"},
        {4503599627370495.5, "4503599627370495.5"},
        {1e300, "1e+300"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {NAN, "null"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
    };
    struct bytes out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ROW(strcmp(double_text(&out, cases[i].number), cases[i].want) == 0, cases[i].want, "got %s",
            (const char *)out.at);
    bytes_done(&out);
}

static size_t significant_digits(const char *number)
{
    char digits[64];
    size_t count = 0;
    for (const char *at = number; *at != '\0' && *at != 'e'; at++) {
        if (*at >= '0' && *at <= '9' && (count > 0 || *at != '0'))
            digits[count++] = *at;
    }
    while (count > 0 && digits[count - 1] == '0')
        count--;
    return count;
}

/* The number's shortest spelling, the slow way. */
static size_t fewest_digits(double number)
{
    char text[64];
    int precision = 1;
    do
        snprintf(text, sizeof text, "%.*g", precision, number);
    while (strtod(text, NULL) != number && ++precision <= 17);
    return significant_digits(text);
}

TEST(doubles_read_back_the_same_and_are_shortest)
{
    struct unit_random random = unit_random_seeded();
    struct bytes out = {0};
    for (int i = 0; i < RANDOM_DOUBLES; i++) {
        double number = 0;
        uint64_t bits = unit_random(&random);
        switch (i % 4) {
        case 0: /* any double at all */
            memcpy(&number, &bits, sizeof number);
            break;
        case 1: /* a rate or a change, in percent */
            number = ((double)(bits % 100000) - (double)(bits >> 40)) /
                     (double)(1 + (bits >> 20) % 5000) * 100;
            break;
        case 2: /* a price */
            number = (double)(bits % 100000000000) / 100;
            break;
        case 3: /* near the end of what fits */
            number = (double)(bits >> 11) / 1024;
            break;
        }
        if (!isfinite(number))
            continue;
        const char *text = double_text(&out, number);
        double back = strtod(text, NULL);
        ROW(memcmp(&back, &number, sizeof number) == 0 || number == 0, text, "is not %.17g",
            number);
        ROW(significant_digits(text) <= fewest_digits(number), text, "is longer than need be");
        if (i % 100 == 0) {
            json_t *read = json_loads(text, JSON_DECODE_ANY, NULL);
            ROW(read != NULL, text, "is no JSON");
            json_decref(read);
        }
    }
    bytes_done(&out);
}

TEST(numbers_have_a_point_in_every_locale)
{
    static const char *const locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "ps_AF.UTF-8"};
    struct bytes out = {0};
    size_t tried = 0;
    for (size_t i = 0; i < sizeof locales / sizeof locales[0]; i++) {
        if (setlocale(LC_NUMERIC, locales[i]) == NULL)
            continue;
        tried++;
        bool same = strcmp(double_text(&out, 1.25e-9), "1.25e-09") == 0;
        setlocale(LC_NUMERIC, "C");
        ROW(same, locales[i], "got %s", (const char *)out.at);
    }
    bytes_done(&out);
    if (tried == 0) {
        print_message("no locale with a decimal comma is installed\n");
        skip();
    }
}

UNIT_MAIN(UNIT(commas_stand_between_values_and_nowhere_else), UNIT(texts_are_inert_and_always_json),
          UNIT(raw_json_means_the_same_and_is_inert), UNIT(any_bytes_come_out_as_json),
          UNIT(whole_numbers_keep_every_digit),
          UNIT(whole_numbers_of_every_length_are_those_of_printf),
          UNIT(doubles_have_their_shortest_decimal),
          UNIT(doubles_read_back_the_same_and_are_shortest),
          UNIT(numbers_have_a_point_in_every_locale))
