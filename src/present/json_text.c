/*
 * json_text.c - texts escaped by a table, numbers without printf wherever that is exact.
 *
 * Doubles: m / 10^k with both exact in a double is the double nearest to the decimal "m e-k"
 * (Clinger, "How to Read Floating Point Numbers Accurately", 1990: one correctly rounded
 * division), so the least k for which it gives the number back is the shortest decimal of its
 * kind. Only what needs more than 53 bits of m, or lies beyond, is left to printf, with the least
 * precision that reads back.
 *
 * Texts that are not UTF-8, such as a message cut in the middle of a character, get U+FFFD: what
 * comes out is always JSON.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "present/json_text.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"

enum { FRACTION_DIGITS_MAX = 22 }; /* 10^22 is the last power of ten that a double holds */

static const double exact_max = 9007199254740992; /* 2^53 */

static const double powers_of_ten[FRACTION_DIGITS_MAX + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* What becomes of an ASCII byte: '-' it stays, 'u' \u00xx, else a backslash and the letter. */
static const char escapes[128 + 1] = "uuuuuuuubtnufruu"
                                     "uuuuuuuuuuuuuuuu"
                                     "--\"---u---------"
                                     "------------u-u-"
                                     "----------------"
                                     "------------\\---"
                                     "----------------"
                                     "---------------u";

static const char hex[] = "0123456789abcdef";

/* How many bytes the UTF-8 character at `at` has (RFC 3629, section 4); 0 when it is none. */
static size_t character_bytes(const uint8_t *at, size_t left)
{
    uint8_t first = at[0];
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    size_t len = 0;
    if (first >= 0xc2 && first <= 0xdf)
        len = 2;
    else if (first >= 0xe0 && first <= 0xef)
        len = 3;
    else if (first >= 0xf0 && first <= 0xf4)
        len = 4;
    if (len == 0 || left < len)
        return 0;
    if (first == 0xe0)
        low = 0xa0; /* overlong below */
    else if (first == 0xed)
        high = 0x9f; /* surrogates above */
    else if (first == 0xf0)
        low = 0x90;
    else if (first == 0xf4)
        high = 0x8f; /* beyond U+10FFFF */
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    return len;
}

/* Writes one character of more than a byte and moves *from behind it. */
static char *put_character(char *to, const uint8_t **from, const uint8_t *end)
{
    const uint8_t *at = *from;
    size_t len = character_bytes(at, (size_t)(end - at));
    if (len == 0) {
        *from = at + 1;
        return mempcpy(to, "\\ufffd", 6);
    }
    *from = at + len;
    /* line ends in JavaScript before 2019: U+2028, U+2029 */
    if (len == 3 && at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0xa8 || at[2] == 0xa9))
        return mempcpy(to, at[2] == 0xa8 ? "\\u2028" : "\\u2029", 6);
    return mempcpy(to, at, len);
}

static char *put_u_escape(char *to, uint8_t byte)
{
    to = mempcpy(to, "\\u00", 4);
    *to++ = hex[byte >> 4];
    *to++ = hex[byte & 15];
    return to;
}

char *json_write_text(char *to, struct text text)
{
    const uint8_t *from = (const uint8_t *)text.at;
    const uint8_t *end = from + text.len;
    *to++ = '"';
    while (from < end) {
        uint8_t byte = *from;
        char escape = byte < 0x80 ? escapes[byte] : 0;
        if (escape == 0) {
            to = put_character(to, &from, end);
            continue;
        }
        if (escape == '-') {
            *to++ = (char)byte;
        } else if (escape == 'u') {
            to = put_u_escape(to, byte);
        } else {
            *to++ = '\\';
            *to++ = escape;
        }
        from++;
    }
    *to++ = '"';
    return to;
}

/* In JSON '<', '>', '&' and longer characters stand in strings only, where escapes mean the same.
 */
char *json_write_raw(char *to, struct text json)
{
    const uint8_t *from = (const uint8_t *)json.at;
    const uint8_t *end = from + json.len;
    while (from < end) {
        uint8_t byte = *from;
        if (byte >= 0x80) {
            to = put_character(to, &from, end);
            continue;
        }
        if (byte == '<' || byte == '>' || byte == '&')
            to = put_u_escape(to, byte);
        else
            *to++ = (char)byte;
        from++;
    }
    return to;
}

static const uint64_t whole_powers_of_ten[] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
    10000000000000000000u,
};

/* Of a number that is not 0. 1233 / 4096 is a little more than log10(2). */
static int digits_of(uint64_t number)
{
    int guess = (64 - __builtin_clzll(number)) * 1233 >> 12;
    return guess + (number >= whole_powers_of_ten[guess]);
}

/* Eight digits in the bytes of one word, the first in the lowest: halves, then quarters, then
 * digits are split off side by side. 10486 / 2^20 and 103 / 2^10 are close enough to 1 / 100 and
 * 1 / 10 for what can stand there. */
static uint64_t eight_digits(uint32_t number)
{
    uint64_t word = number / 10000 | (uint64_t)(number % 10000) << 32;
    uint64_t upper = (word * 10486) >> 20 & 0x0000007f0000007f;
    word = upper | (word - upper * 100) << 16;
    upper = (word * 103) >> 10 & 0x000f000f000f000f;
    word = upper | (word - upper * 10) << 8;
    return word + 0x3030303030303030;
}

/* The last `digits`, at most eight; writes eight bytes all the same. */
static char *write_part(char *to, uint64_t number, int digits)
{
    put_u64((uint8_t *)to, eight_digits((uint32_t)number) >> 8 * (8 - digits));
    return to + digits;
}

char *json_write_u64(char *to, uint64_t number)
{
    static const uint64_t part = 100000000;
    if (number < 10) { /* most counts */
        *to = (char)('0' + number);
        return to + 1;
    }
    if (number < part)
        return write_part(to, number, digits_of(number));
    uint64_t high = number / part;
    if (high < part) {
        to = write_part(to, high, digits_of(high));
    } else {
        to = write_part(to, high / part, digits_of(high / part));
        to = write_part(to, high % part, 8);
    }
    return write_part(to, number % part, 8);
}

/* mantissa / 10^digits as "12.345"; digits > 0. */
static char *write_decimal(char *to, uint64_t mantissa, int digits)
{
    uint64_t power = 1;
    int room = digits;
    uint64_t whole = 0;
    if (digits < JSON_U64_BYTES_MAX) {
        for (int i = 0; i < digits; i++)
            power *= 10;
        whole = mantissa / power;
    }
    to = json_write_u64(to, whole);
    *to++ = '.';
    uint64_t fraction = mantissa - whole * power;
    for (char *at = to + room; at > to; fraction /= 10)
        *--at = (char)('0' + fraction % 10);
    return to + room;
}

/* NULL when the number needs more than that. */
static char *write_short_decimal(char *to, double size)
{
    if (size < 1e-5)
        return NULL;
    for (int digits = 1; digits <= FRACTION_DIGITS_MAX; digits++) {
        double mantissa = rint(size * powers_of_ten[digits]);
        if (mantissa >= exact_max)
            return NULL;
        if (mantissa / powers_of_ten[digits] == size)
            return write_decimal(to, (uint64_t)mantissa, digits);
    }
    return NULL;
}

/* Whatever stands for the decimal point where the program's locale is not C. */
static void use_point(char *number)
{
    char *at = number + strspn(number, "+-0123456789e");
    size_t foreign = strcspn(at, "+-0123456789e");
    if (foreign > 0) {
        *at = '.';
        memmove(at + 1, at + foreign, strlen(at + foreign) + 1);
    }
}

char *json_write_double(char *to, double number)
{
    if (!isfinite(number))
        return JSON_WRITE(to, "null");
    double size = fabs(number);
    if (signbit(number))
        *to++ = '-';
    if (size == 0 && signbit(number))
        return JSON_WRITE(to, "0.0"); /* "-0" would read back as a whole number, without sign */
    if (size < exact_max && size == floor(size))
        return json_write_u64(to, (uint64_t)size);
    char *end = write_short_decimal(to, size);
    if (end != NULL)
        return end;

    int precision = isnormal(number) ? 15 : 1;
    do
        snprintf(to, JSON_DOUBLE_BYTES_MAX - 1, "%.*g", precision, size);
    while (strtod(to, NULL) != size && ++precision <= 17);
    use_point(to);
    return to + strlen(to);
}
