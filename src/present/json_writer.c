/*
 * json_writer.c - values straight into the buffer, one reservation a value.
 *
 * Commas need no stack: one is due before a value or a key exactly when the last thing written
 * was a whole value. Opening a bracket or writing a key clears that, everything else sets it.
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
#include "present/json_writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/calendar.h"

enum {
    ESCAPE_BYTES_MAX = 6, /* \u00xx, for one byte */
    NUMBER_BYTES_MAX = 48,
    FRACTION_DIGITS_MAX = 22 /* 10^22 is the last power of ten that a double holds */
};

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

/* Room for len bytes behind the buffer's end, NULL when out of memory. */
static char *room(struct json_writer *writer, size_t len)
{
    if (writer->failed || !bytes_reserve(writer->out, len)) {
        writer->failed = true;
        return NULL;
    }
    return (char *)writer->out->at + writer->out->len;
}

/* What was written from room() on ends here. */
static void keep(struct json_writer *writer, const char *end)
{
    writer->out->len = (size_t)((const uint8_t *)end - writer->out->at);
}

static void put_token(struct json_writer *writer, const char *token, size_t len, bool is_value)
{
    char *to = room(writer, len + 1);
    if (to == NULL)
        return;
    if (writer->need_comma)
        *to++ = ',';
    to = mempcpy(to, token, len);
    keep(writer, to);
    writer->need_comma = is_value;
}

static void put_end(struct json_writer *writer, char bracket)
{
    char *to = room(writer, 1);
    if (to == NULL)
        return;
    *to++ = bracket;
    keep(writer, to);
    writer->need_comma = true;
}

void json_put_object(struct json_writer *writer)
{
    put_token(writer, "{", 1, false);
}
void json_put_object_end(struct json_writer *writer)
{
    put_end(writer, '}');
}
void json_put_array(struct json_writer *writer)
{
    put_token(writer, "[", 1, false);
}
void json_put_array_end(struct json_writer *writer)
{
    put_end(writer, ']');
}

void json_put_key(struct json_writer *writer, const char *name)
{
    size_t len = strlen(name);
    char *to = room(writer, len + 4);
    if (to == NULL)
        return;
    if (writer->need_comma)
        *to++ = ',';
    *to++ = '"';
    to = mempcpy(to, name, len);
    *to++ = '"';
    *to++ = ':';
    keep(writer, to);
    writer->need_comma = false;
}

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

/* The text in quotes; to has room for 2 + ESCAPE_BYTES_MAX * text.len bytes. */
static char *put_quoted(char *to, struct text text)
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

static char *text_room(struct json_writer *writer, struct text text)
{
    if (text.len > (SIZE_MAX - 4) / ESCAPE_BYTES_MAX)
        writer->failed = true;
    char *to = room(writer, 4 + ESCAPE_BYTES_MAX * text.len);
    if (to != NULL && writer->need_comma)
        *to++ = ',';
    return to;
}

void json_put_key_text(struct json_writer *writer, struct text name)
{
    char *to = text_room(writer, name);
    if (to == NULL)
        return;
    to = put_quoted(to, name);
    *to++ = ':';
    keep(writer, to);
    writer->need_comma = false;
}

void json_put_text(struct json_writer *writer, struct text text)
{
    if (text.at == NULL) {
        json_put_null(writer);
        return;
    }
    char *to = text_room(writer, text);
    if (to == NULL)
        return;
    keep(writer, put_quoted(to, text));
    writer->need_comma = true;
}

void json_put_string(struct json_writer *writer, const char *string)
{
    json_put_text(writer, text_of(string));
}

static void put_digits(struct json_writer *writer, bool negative, uint64_t number)
{
    char digits[NUMBER_BYTES_MAX];
    char *end = digits + sizeof digits;
    char *start = end;
    do {
        *--start = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    if (negative)
        *--start = '-';
    put_token(writer, start, (size_t)(end - start), true);
}

void json_put_u64(struct json_writer *writer, uint64_t number)
{
    put_digits(writer, false, number);
}

void json_put_i64(struct json_writer *writer, int64_t number)
{
    uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    put_digits(writer, number < 0, size);
}

/* mantissa / 10^digits as "12.345"; digits > 0. */
static void put_decimal(struct json_writer *writer, bool negative, uint64_t mantissa, int digits)
{
    char text[NUMBER_BYTES_MAX];
    char *end = text + sizeof text;
    char *start = end;
    for (int i = 0; i < digits || mantissa > 0 || *start == '.'; i++) {
        *--start = (char)('0' + mantissa % 10);
        mantissa /= 10;
        if (i + 1 == digits)
            *--start = '.';
    }
    if (negative)
        *--start = '-';
    put_token(writer, start, (size_t)(end - start), true);
}

static bool put_short_decimal(struct json_writer *writer, bool negative, double size)
{
    if (size < 1e-5)
        return false;
    for (int digits = 1; digits <= FRACTION_DIGITS_MAX; digits++) {
        double mantissa = rint(size * powers_of_ten[digits]);
        if (mantissa >= exact_max)
            return false;
        if (mantissa / powers_of_ten[digits] == size) {
            put_decimal(writer, negative, (uint64_t)mantissa, digits);
            return true;
        }
    }
    return false;
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

void json_put_double(struct json_writer *writer, double number)
{
    if (!isfinite(number)) {
        json_put_null(writer);
        return;
    }
    bool negative = signbit(number);
    double size = fabs(number);
    if (size < exact_max && size == floor(size) && !(negative && size == 0)) {
        put_digits(writer, negative, (uint64_t)size);
        return;
    }
    if (size > 0 && put_short_decimal(writer, negative, size))
        return;

    char text[NUMBER_BYTES_MAX];
    int precision = isnormal(number) ? 15 : 1;
    do
        snprintf(text, sizeof text, "%.*g", precision, number);
    while (strtod(text, NULL) != number && ++precision <= 17);
    use_point(text);
    put_token(writer, text, strlen(text), true);
}

void json_put_bool(struct json_writer *writer, bool value)
{
    put_token(writer, value ? "true" : "false", value ? 4 : 5, true);
}

void json_put_null(struct json_writer *writer)
{
    put_token(writer, "null", 4, true);
}

void json_put_date(struct json_writer *writer, int32_t day)
{
    char quoted[DATE_BYTES + 2];
    quoted[0] = '"';
    date_format(day, quoted + 1);
    quoted[DATE_BYTES + 1] = '"';
    put_token(writer, quoted, sizeof quoted, true);
}

/* In JSON '<', '>', '&' and longer characters stand in strings only, where escapes mean the same.
 */
void json_put_raw(struct json_writer *writer, struct text json)
{
    const uint8_t *from = (const uint8_t *)json.at;
    const uint8_t *end = from + json.len;
    char *to = text_room(writer, json);
    if (to == NULL)
        return;
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
    keep(writer, to);
    writer->need_comma = true;
}
