/*
 * json_cursor.c - the slow parts of a strict JSON reader: escapes, UTF-8, numbers, whole values to
 * be skipped, and the words for what is wrong.
 *
 * Escapes are undone in place, which works because no escape is shorter than what it means: \n is
 * two bytes for one, \u00e9 six for two, \ud83d\ude00 twelve for four. The writing end never
 * passes the reading end. Strings in skipped values are checked by the same loop but not written.
 *
 * Skipping keeps what encloses the value as bits of one word, 1 for an array, so depth costs no
 * stack and is bounded by the word.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ingest/json_cursor.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum status json_refuse(const struct json_cursor *cursor, const char *at, struct error *err,
                        const char *code, const char *field, const char *format, ...)
{
    if (err == NULL)
        return STATUS_INVALID;
    char words[ERROR_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is, one line above */
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    (void)fail_input(err, code, field, "%s", words);
    err->offset = at - cursor->start;
    return STATUS_INVALID;
}

enum status json_expected(const struct json_cursor *cursor, const char *what, struct error *err)
{
    long long place = cursor->at - cursor->start;
    if (cursor->at == cursor->end)
        return json_refuse(cursor, cursor->at, err, "invalid_json", "",
                           "the JSON ends at byte %lld, where %s was expected", place, what);
    unsigned char found = (unsigned char)*cursor->at;
    if (found > ' ' && found < 0x7f)
        return json_refuse(cursor, cursor->at, err, "invalid_json", "",
                           "expected %s at byte %lld of the JSON, found '%c'", what, place, found);
    return json_refuse(cursor, cursor->at, err, "invalid_json", "",
                       "expected %s at byte %lld of the JSON, found the byte 0x%02X", what, place,
                       found);
}

bool json_refuse_mark(const struct json_cursor *cursor, struct error *err)
{
    if (cursor->end - cursor->at < 3 || memcmp(cursor->at, "\xef\xbb\xbf", 3) != 0)
        return false;
    (void)json_refuse(cursor, cursor->at, err, "invalid_json", "",
                      "the JSON starts with a byte order mark (EF BB BF); send UTF-8 without one");
    return true;
}

static bool word_is_here(const struct json_cursor *cursor, const char *word)
{
    size_t len = strlen(word);
    return (size_t)(cursor->end - cursor->at) >= len && memcmp(cursor->at, word, len) == 0;
}

bool json_take_word(struct json_cursor *cursor, const char *word)
{
    bool here = word_is_here(cursor, word);
    if (here)
        cursor->at += strlen(word);
    return here;
}

const char *json_kind(const struct json_cursor *cursor)
{
    if (cursor->at == cursor->end)
        return NULL;
    switch (*cursor->at) {
    case '"':
        return "a string";
    case '{':
        return "an object";
    case '[':
        return "an array";
    case 't':
        return word_is_here(cursor, "true") ? "true" : NULL;
    case 'f':
        return word_is_here(cursor, "false") ? "false" : NULL;
    case 'n':
        return word_is_here(cursor, "null") ? "null" : NULL;
    case '-':
        return "a number";
    default:
        return *cursor->at >= '0' && *cursor->at <= '9' ? "a number" : NULL;
    }
}

enum status json_wrong_type(const struct json_cursor *cursor, const char *field,
                            const char *subject, const char *wanted, struct error *err)
{
    const char *kind = json_kind(cursor);
    if (kind == NULL)
        return json_expected(cursor, wanted, err);
    return json_refuse(cursor, cursor->at, err, "wrong_type", field, "%s must be %s, not %s",
                       subject, wanted, kind);
}

struct json_excerpt json_excerpt(struct text text)
{
    struct json_excerpt excerpt;
    size_t len = text.len;
    bool cut = len > sizeof excerpt.text - 4;
    if (cut)
        for (len = sizeof excerpt.text - 4;
             len > 0 && ((unsigned char)text.at[len] & 0xc0) == 0x80;)
            len--;
    snprintf(excerpt.text, sizeof excerpt.text, "%.*s%s", (int)len, text.at, cut ? "..." : "");
    return excerpt;
}

/* The value of four hexadecimal digits, or -1. */
static int hex4(const char *at, const char *end)
{
    if (end - at < 4)
        return -1;
    int value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = (unsigned char)at[i];
        if (digit >= '0' && digit <= '9')
            digit -= '0';
        else if (digit >= 'a' && digit <= 'f')
            digit -= 'a' - 10;
        else if (digit >= 'A' && digit <= 'F')
            digit -= 'A' - 10;
        else
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* Writes a scalar value above 0 as UTF-8; returns how many bytes. */
static size_t utf8_put(int scalar, char out[4])
{
    if (scalar < 0x80) {
        out[0] = (char)scalar;
        return 1;
    }
    if (scalar < 0x800) {
        out[0] = (char)(0xc0 | scalar >> 6);
        out[1] = (char)(0x80 | (scalar & 0x3f));
        return 2;
    }
    if (scalar < 0x10000) {
        out[0] = (char)(0xe0 | scalar >> 12);
        out[1] = (char)(0x80 | (scalar >> 6 & 0x3f));
        out[2] = (char)(0x80 | (scalar & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | scalar >> 18);
    out[1] = (char)(0x80 | (scalar >> 12 & 0x3f));
    out[2] = (char)(0x80 | (scalar >> 6 & 0x3f));
    out[3] = (char)(0x80 | (scalar & 0x3f));
    return 4;
}

/* How many bytes the well-formed character at `at` has (RFC 3629, section 4), or 0. */
static size_t utf8_bytes(const char *at, const char *end)
{
    const unsigned char *byte = (const unsigned char *)at;
    size_t len = byte[0] < 0x80 ? 1 : byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
    if (len == 1)
        return 1;
    if (byte[0] < 0xc2 || byte[0] > 0xf4 || (size_t)(end - at) < len)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((byte[i] & 0xc0) != 0x80)
            return 0;
    bool bad = (byte[0] == 0xe0 && byte[1] < 0xa0) || /* overlong */
               (byte[0] == 0xed && byte[1] > 0x9f) || /* a surrogate */
               (byte[0] == 0xf0 && byte[1] < 0x90) || /* overlong */
               (byte[0] == 0xf4 && byte[1] > 0x8f);   /* above U+10FFFF */
    return bad ? 0 : len;
}

/* Reads the escape at `at` into the bytes it stands for; returns how many bytes it takes, or 0. */
static size_t read_escape(const struct json_cursor *cursor, const char *at, char out[4],
                          size_t *out_len, struct error *err)
{
    static const char marks[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (cursor->end - at < 2) {
        json_refuse(cursor, at, err, "invalid_json", "", "the JSON ends inside a string");
        return 0;
    }
    const char *mark = at[1] == '\0' ? NULL : strchr(marks, at[1]);
    if (mark != NULL) {
        out[0] = meanings[mark - marks];
        *out_len = 1;
        return 2;
    }
    int unit = at[1] == 'u' ? hex4(at + 2, cursor->end) : -1;
    if (unit < 0) {
        json_refuse(cursor, at, err, "invalid_json", "",
                    "byte %lld of the JSON starts an escape that does not exist",
                    (long long)(at - cursor->start));
        return 0;
    }
    if (unit == 0) {
        json_refuse(cursor, at, err, "invalid_json", "",
                    "byte %lld of the JSON is \\u0000, which no text here may hold",
                    (long long)(at - cursor->start));
        return 0;
    }
    if (unit < 0xd800 || unit > 0xdfff) {
        *out_len = utf8_put(unit, out);
        return 6;
    }
    int low = -1;
    if (unit < 0xdc00 && cursor->end - at >= 12 && at[6] == '\\' && at[7] == 'u')
        low = hex4(at + 8, cursor->end);
    if (low < 0xdc00 || low > 0xdfff) {
        json_refuse(cursor, at, err, "invalid_json", "",
                    "byte %lld of the JSON is half of a surrogate pair without the other half",
                    (long long)(at - cursor->start));
        return 0;
    }
    *out_len = utf8_put(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00), out);
    return 12;
}

/*
 * Reads the rest of the string whose opening quote is at the cursor; up to `at` it is plain. With
 * keep nothing is written, and *out is what stands between the quotes.
 */
static enum status string_rest(struct json_cursor *cursor, char *at, bool keep, struct text *out,
                               struct error *err)
{
    char *from = cursor->at + 1;
    char *to = at;
    for (;;) {
        bool doubtful = false;
        char *stop = json_plain_end(at, cursor->readable, &doubtful);
        if (to != at)
            memmove(to, at, (size_t)(stop - at));
        to += stop - at;
        at = stop;
        if (at >= cursor->end)
            return json_refuse(cursor, cursor->end, err, "invalid_json", "",
                               "the JSON ends inside a string");
        unsigned char byte = (unsigned char)*at;
        if (byte == '"')
            break;

        char character[4];
        size_t len = 0, taken = 0;
        if (byte == '\\') {
            taken = read_escape(cursor, at, character, &len, err);
            if (taken == 0)
                return STATUS_INVALID;
        } else if (byte < 0x20) {
            return json_refuse(cursor, at, err, "invalid_json", "",
                               "byte %lld of the JSON is a control character (0x%02X) in a string; "
                               "write it as an escape",
                               (long long)(at - cursor->start), byte);
        } else {
            taken = len = utf8_bytes(at, cursor->end);
            if (len == 0)
                return json_refuse(cursor, at, err, "invalid_json", "",
                                   "byte %lld of the JSON (0x%02X) starts no valid UTF-8 character",
                                   (long long)(at - cursor->start), byte);
            memcpy(character, at, len);
        }
        if (!keep)
            for (size_t i = 0; i < len; i++)
                to[i] = character[i];
        to += keep ? taken : len;
        at += taken;
    }
    *out = (struct text){from, (size_t)(to - from)};
    cursor->at = at + 1;
    return STATUS_OK;
}

enum status json_finish_string(struct json_cursor *cursor, char *at, struct text *out,
                               struct error *err)
{
    return string_rest(cursor, at, false, out, err);
}

static enum status skip_string(struct json_cursor *cursor, struct error *err)
{
    struct text ignored;
    return string_rest(cursor, cursor->at + 1, true, &ignored, err);
}

static bool skip_digits(struct json_cursor *cursor)
{
    char *from = cursor->at;
    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9')
        cursor->at++;
    return cursor->at > from;
}

enum status json_skip_number(struct json_cursor *cursor, struct error *err)
{
    if (json_is(cursor, '-'))
        cursor->at++;
    if (json_is(cursor, '0'))
        cursor->at++; /* and no digit behind it: the caller meets that and refuses it */
    else if (!skip_digits(cursor))
        return json_expected(cursor, "a digit", err);
    if (json_is(cursor, '.')) {
        cursor->at++;
        if (!skip_digits(cursor))
            return json_expected(cursor, "a digit", err);
    }
    if (json_is(cursor, 'e') || json_is(cursor, 'E')) {
        cursor->at++;
        if (json_is(cursor, '+') || json_is(cursor, '-'))
            cursor->at++;
        if (!skip_digits(cursor))
            return json_expected(cursor, "a digit", err);
    }
    return STATUS_OK;
}

static enum status skip_scalar(struct json_cursor *cursor, struct error *err)
{
    if (json_is(cursor, '"'))
        return skip_string(cursor, err);
    if (json_take_word(cursor, "true") || json_take_word(cursor, "false") ||
        json_take_word(cursor, "null"))
        return STATUS_OK;
    if (json_kind(cursor) == NULL)
        return json_expected(cursor, "a value", err);
    return json_skip_number(cursor, err);
}

/* From behind a key to the value. */
static enum status skip_colon(struct json_cursor *cursor, struct error *err)
{
    json_skip_space(cursor);
    if (!json_is(cursor, ':'))
        return json_expected(cursor, "':'", err);
    cursor->at++;
    json_skip_space(cursor);
    return STATUS_OK;
}

static enum status skip_key(struct json_cursor *cursor, struct error *err)
{
    if (!json_is(cursor, '"'))
        return json_expected(cursor, "a key in quotes", err);
    enum status status = skip_string(cursor, err);
    return status == STATUS_OK ? skip_colon(cursor, err) : status;
}

enum status json_skip_value(struct json_cursor *cursor, unsigned levels_max, struct error *err)
{
    assert(levels_max <= 64);
    uint64_t arrays = 0; /* what encloses the cursor, the innermost in the lowest bit */
    unsigned levels = 0;
    for (;;) {
        enum status status = STATUS_OK;
        bool array = json_is(cursor, '[');
        if (array || json_is(cursor, '{')) {
            if (levels == levels_max)
                return STATUS_TOO_LARGE;
            levels++;
            arrays = arrays << 1 | array;
            cursor->at++;
            json_skip_space(cursor);
            if (!json_is(cursor, array ? ']' : '}')) {
                if (!array)
                    status = skip_key(cursor, err);
                if (status != STATUS_OK)
                    return status;
                continue;
            }
        } else {
            status = skip_scalar(cursor, err);
            if (status != STATUS_OK)
                return status;
        }

        /* A value has ended. Leave what ends with it, up to where another value follows. */
        bool follows = false;
        while (levels > 0 && !follows) {
            array = (arrays & 1) != 0;
            json_skip_space(cursor);
            if (json_is(cursor, array ? ']' : '}')) {
                arrays >>= 1;
                levels--;
            } else if (json_is(cursor, ',')) {
                follows = true;
            } else {
                return json_expected(cursor, array ? "',' or ']'" : "',' or '}'", err);
            }
            cursor->at++;
        }
        if (!follows)
            return STATUS_OK;
        json_skip_space(cursor);
        if (!array)
            status = skip_key(cursor, err);
        if (status != STATUS_OK)
            return status;
    }
}

enum status json_object_begin(struct json_cursor *cursor, bool *more, struct error *err)
{
    assert(json_is(cursor, '{'));
    cursor->at++;
    json_skip_space(cursor);
    *more = !json_is(cursor, '}');
    if (*more && !json_is(cursor, '"'))
        return json_expected(cursor, "a key in quotes or '}'", err);
    if (!*more)
        cursor->at++;
    return STATUS_OK;
}

enum status json_object_key(struct json_cursor *cursor, struct text *key, struct error *err)
{
    bool plain;
    enum status status = json_take_string(cursor, key, &plain, err);
    return status == STATUS_OK ? skip_colon(cursor, err) : status;
}

enum status json_object_more(struct json_cursor *cursor, bool *more, struct error *err)
{
    json_skip_space(cursor);
    *more = json_is(cursor, ',');
    if (!*more && !json_is(cursor, '}'))
        return json_expected(cursor, "',' or '}'", err);
    cursor->at++;
    if (!*more)
        return STATUS_OK;
    json_skip_space(cursor);
    return json_is(cursor, '"') ? STATUS_OK : json_expected(cursor, "a key in quotes", err);
}

enum status json_only_space_left(struct json_cursor *cursor, struct error *err)
{
    json_skip_space(cursor);
    if (cursor->at == cursor->end)
        return STATUS_OK;
    return json_expected(cursor, "nothing more", err);
}
