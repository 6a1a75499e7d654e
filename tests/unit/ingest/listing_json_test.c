/*
 * listing_json_test.c - a listing's details: what is taken, what is refused.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest_unit.h"

#include <locale.h>

#include "ingest/listing_json.h"

static enum status decode(struct text json, struct arena *arena, struct listing_details *out,
                          struct error *err)
{
    char *copy = unit_exact_copy(json.at, json.len);
    enum status status = listing_json_decode((struct text){copy, json.len}, arena, out, err);
    assert_memory_equal(copy, json.at, json.len); /* the caller's text is not changed */
    free(copy);
    return status;
}

TEST(details_are_read_and_copied)
{
    struct arena arena = {0};
    struct listing_details got = {.updated_ms = 5};
    struct error err;
    ASSERT_OK(
        decode(
            text_of(" {\"address\":\"12 Caf\\u00e9 St\\nTown\",\"price\":450000.5,\"currency\":"
                    "\"EUR\", \"image\":\"https://img.example/1.jpg?a=1\",\"status\":\"active\"} "),
            &arena, &got, &err),
        err);
    assert_true(text_is(got.address, "12 Caf\xc3\xa9 St\nTown"));
    assert_true(got.has_price && got.price == 450000.5);
    assert_true(text_is(got.currency, "EUR"));
    assert_true(text_is(got.image, "https://img.example/1.jpg?a=1"));
    assert_true(text_is(got.status, "active"));
    assert_int_equal(0, got.updated_ms);
    arena_done(&arena);
}

TEST(absent_and_null_are_the_same)
{
    static const char *const rows[] = {
        "{}",
        " { } \n",
        "{\"address\":null,\"price\":null,\"currency\":null,\"image\":null,\"status\":null}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena = {0};
        struct listing_details got = {.has_price = true, .address = text_of("old")};
        struct error err = {0};
        enum status status = decode(text_of(rows[i]), &arena, &got, &err);
        ROW(status == STATUS_OK, rows[i], "%s", err.message);
        ROW(!got.has_price && got.address.at == NULL && got.currency.at == NULL &&
                got.image.at == NULL && got.status.at == NULL,
            rows[i], "something is there");
        arena_done(&arena);
    }
}

TEST(prices_are_numbers_of_every_spelling)
{
    static const struct {
        const char *json;
        double want;
    } rows[] = {{"{\"price\":0}", 0},        {"{\"price\":-0}", 0},
                {"{\"price\":-0.0}", 0},     {"{\"price\":1e15}", 1e15},
                {"{\"price\":1.25E2}", 125}, {"{\"price\":1000000000000000}", 1e15},
                {"{\"price\":1e-400}", 0},   {"{\"price\":0.1}", 0.1}};
    (void)setlocale(LC_NUMERIC, "de_DE.UTF-8"); /* where it is there, a comma is its point */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena = {0};
        struct listing_details got = {0};
        struct error err = {0};
        enum status status = decode(text_of(rows[i].json), &arena, &got, &err);
        ROW(status == STATUS_OK, rows[i].json, "%s", err.message);
        ROW(got.has_price && got.price >= rows[i].want && got.price <= rows[i].want, rows[i].json,
            "price %g", got.price);
        ROW(!__builtin_signbit(got.price), rows[i].json, "a negative zero");
        arena_done(&arena);
    }
    (void)setlocale(LC_NUMERIC, "C");
}

TEST(what_breaks_a_rule_is_refused_by_name)
{
    static const struct {
        const char *json;
        const char *code;
        const char *field;
        int64_t offset;
        const char *words;
    } rows[] = {
        {"", "invalid_json", "", 0, "ends at byte 0"},
        {"\xef\xbb\xbf{}", "invalid_json", "", 0, "byte order mark"},
        {"{\"address\":\"a\"", "invalid_json", "", 14, "ends at byte 14"},
        {"{\"address\":\"a\",}", "invalid_json", "", 15, "key in quotes"},
        {"{} {}", "invalid_json", "", 3, "nothing more"},
        {"{\"address\":\"\xff\"}", "invalid_json", "", 12, "UTF-8"},
        {"{\"address\":\"\\u0000\"}", "invalid_json", "", 12, "u0000"},
        {"{\"address\":\"a\nb\"}", "invalid_json", "", 13, "control character"},
        {"{\"price\":01}", "invalid_json", "", 10, "',' or '}'"},
        {"{\"price\":NaN}", "invalid_json", "", 9, "found 'N'"},
        {"{\"price\":1.}", "invalid_json", "", 11, "a digit"},
        {"[]", "wrong_type", "", 0, "object of listing details, not an array"},
        {"7", "wrong_type", "", 0, "not a number"},
        {"[[[[[[[[", "wrong_type", "", 0, "not an array"},
        {"{\"adress\":\"a\"}", "unknown_field", "adress", 1, "did you mean \"address\"?"},
        {"{\"beds\":3}", "unknown_field", "beds", 1,
         "the known ones are address, price, currency, image, status"},
        {"{\"price\":1,\"price\":2}", "duplicate_field", "price", 11, "twice"},
        {"{\"price\":null,\"pri\\u0063e\":2}", "duplicate_field", "price", 14, "twice"},
        {"{\"address\":7}", "wrong_type", "address", 11, "address must be a string, not a number"},
        {"{\"address\":[[[[", "wrong_type", "address", 11, "not an array"},
        {"{\"price\":\"7\"}", "wrong_type", "price", 9, "price must be a number, not a string"},
        {"{\"status\":true}", "wrong_type", "status", 10, "not true"},
        {"{\"price\":-1}", "invalid_listing", "price", 9, "from 0 to 1000000000000000"},
        {"{\"price\":1e15,\"x\":1}", "unknown_field", "x", 14, "x"},
        {"{\"price\":1000000000000000.5}", "invalid_listing", "price", 9, "from 0 to"},
        {"{\"price\":1e999}", "invalid_listing", "price", 9, "from 0 to"},
        {"{\"price\":-1e999}", "invalid_listing", "price", 9, "from 0 to"},
        {"{\"price\":99999999999999999999999}", "invalid_listing", "price", 9, "from 0 to"},
        {"{\"currency\":\"eur\"}", "invalid_listing", "currency", 12, "three capital letters"},
        {"{\"currency\":\"EURO\"}", "invalid_listing", "currency", 12, "three capital letters"},
        {"{\"currency\":\"\"}", "invalid_listing", "currency", 12, "three capital letters"},
        {"{\"image\":\"ftp://a/b\"}", "invalid_listing", "image", 9, "http:// or https://"},
        {"{\"image\":\"javascript:alert(1)\"}", "invalid_listing", "image", 9, "http:// or"},
        {"{\"image\":\"https://\"}", "invalid_listing", "image", 9, "http:// or"},
        {"{\"image\":\"https://a b\"}", "invalid_listing", "image", 9, "without spaces"},
        {"{\"image\":\"https://a\\nb\"}", "invalid_listing", "image", 9, "without spaces"},
        {"{\"address\":\"\"}", "invalid_listing", "address", 11, "empty"},
        {"{\"status\":\"a\\u0007\"}", "invalid_listing", "status", 10, "control"},
        {"{\"status\":\"123456789012345678901234567890123\"}", "invalid_listing", "status", 10,
         "33 bytes long; at most 32"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena = {0};
        struct listing_details got = {.price = 3};
        struct error err = {0};
        enum status status = decode(text_of(rows[i].json), &arena, &got, &err);
        ROW(status == STATUS_INVALID, rows[i].json, "status %d", status);
        ROW(strcmp(err.code, rows[i].code) == 0, rows[i].json, "code %s: %s", err.code,
            err.message);
        ROW(strcmp(err.field, rows[i].field) == 0, rows[i].json, "field %s", err.field);
        ROW(err.offset == rows[i].offset, rows[i].json, "offset %lld", (long long)err.offset);
        ROW(strstr(err.message, rows[i].words) != NULL, rows[i].json, "%s", err.message);
        ROW(got.price == 3 && !got.has_price, rows[i].json, "*out was changed");
        arena_done(&arena);
    }
}

TEST(texts_may_be_as_long_as_promised_and_no_longer)
{
    static const struct {
        const char *field;
        const char *start; /* of the text */
        size_t bytes_max;
    } rows[] = {{"address", "", LISTING_ADDRESS_BYTES_MAX},
                {"image", "http://", LISTING_IMAGE_BYTES_MAX},
                {"status", "", LISTING_STATUS_BYTES_MAX}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t over = 0; over < 2; over++) {
            char text[LISTING_IMAGE_BYTES_MAX + 2], json[LISTING_IMAGE_BYTES_MAX + 64];
            size_t len = rows[i].bytes_max + over;
            memset(text, 'a', len);
            text[len] = '\0';
            memcpy(text, rows[i].start, strlen(rows[i].start));
            snprintf(json, sizeof json, "{\"%s\":\"%s\"}", rows[i].field, text);
            struct arena arena = {0};
            struct listing_details got = {0};
            struct error err = {0};
            enum status status = decode(text_of(json), &arena, &got, &err);
            ROW(status == (over == 0 ? STATUS_OK : STATUS_INVALID), rows[i].field, "%zu bytes: %s",
                len, err.message);
            arena_done(&arena);
        }
    }
}

UNIT_MAIN(UNIT(details_are_read_and_copied), UNIT(absent_and_null_are_the_same),
          UNIT(prices_are_numbers_of_every_spelling), UNIT(what_breaks_a_rule_is_refused_by_name),
          UNIT(texts_may_be_as_long_as_promised_and_no_longer))
