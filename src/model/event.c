/*
 * event.c - the rules for an event's texts.
 *
 * They run several times an event, and nearly all texts are short ASCII, so a text is first
 * looked at eight bytes at a time for anything that is not plain (control characters, '#', DEL,
 * bytes above 0x7f). Only a text with such a byte takes the slow walk, character by character,
 * which decides and finds the words.
 *
 * The word tests are the classic ones: (w - n) & ~w & 0x80 in each byte lane says "some byte is
 * less than n" for n <= 0x80; borrows can only disturb lanes above one that is truly less, so the
 * answer to "any?" is exact.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model/event.h"

#include <stdint.h>

static const uint64_t ones = 0x0101010101010101;
static const uint64_t highs = 0x8080808080808080;

static uint64_t load_word(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Not 0 when a byte of the word is a control character, DEL, '#' or above 0x7f. */
static uint64_t not_plain(uint64_t word)
{
    uint64_t hash = word ^ ones * '#';
    uint64_t del = word ^ ones * 0x7f;
    uint64_t control = (word - ones * 0x20) & ~word;
    uint64_t equal = ((hash - ones) & ~hash) | ((del - ones) & ~del);
    return (word | control | equal) & highs;
}

static bool is_plain(struct text text)
{
    uint64_t found = 0;
    if (text.len >= 8) {
        size_t i = 0;
        for (; i + 8 <= text.len; i += 8)
            found |= not_plain(load_word(text.at + i));
        return (found | not_plain(load_word(text.at + text.len - 8))) == 0; /* may overlap */
    }
    uint64_t word = ones * 'a';
    memcpy(&word, text.at, text.len);
    return not_plain(word) == 0;
}

/*
 * Bytes of the character at `at` (before end) and its code point; 0 when the bytes there are no
 * UTF-8. RFC 3629, section 4: the second byte's range excludes overlong forms, surrogates and
 * what lies above U+10FFFF.
 */
static size_t utf8_read(const unsigned char *at, const unsigned char *end, uint32_t *code_point)
{
    unsigned char first = at[0];
    size_t len;
    unsigned char low = 0x80, high = 0xbf;
    if (first < 0x80) {
        *code_point = first;
        return 1;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        len = 2;
    } else if (first >= 0xe0 && first <= 0xef) {
        len = 3;
        if (first == 0xe0)
            low = 0xa0;
        else if (first == 0xed)
            high = 0x9f;
    } else if (first >= 0xf0 && first <= 0xf4) {
        len = 4;
        if (first == 0xf0)
            low = 0x90;
        else if (first == 0xf4)
            high = 0x8f;
    } else {
        return 0;
    }
    if ((size_t)(end - at) < len || at[1] < low || at[1] > high)
        return 0;
    uint32_t value = (first & (0x7fu >> len)) << 6 | (at[1] & 0x3fu);
    for (size_t i = 2; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (at[i] & 0x3fu);
    }
    *code_point = value;
    return len;
}

/* The slow walk. */
static enum status check_characters(struct text text, const char *code, const char *field,
                                    struct error *err)
{
    const unsigned char *start = (const unsigned char *)text.at;
    const unsigned char *end = start + text.len;
    for (const unsigned char *at = start; at < end;) {
        uint32_t code_point;
        size_t len = utf8_read(at, end, &code_point);
        if (len == 0)
            return fail_input(err, code, field, "\"%s\" is not valid UTF-8 at its byte %zu", field,
                              (size_t)(at - start) + 1);
        if (code_point == '#')
            return fail_input(err, code, field,
                              "\"%s\" must not contain \"#\"; this one has it as byte %zu", field,
                              (size_t)(at - start) + 1);
        if (code_point < 0x20 || (code_point >= 0x7f && code_point <= 0x9f))
            return fail_input(err, code, field,
                              "\"%s\" must not contain control characters; this one has U+%04X as "
                              "byte %zu",
                              field, (unsigned)code_point, (size_t)(at - start) + 1);
        at += len;
    }
    return STATUS_OK;
}

static enum status check_text(struct text text, size_t bytes_max, const char *code,
                              const char *field, struct error *err)
{
    if (text.len == 0 || text.len > bytes_max)
        return fail_input(err, code, field, "\"%s\" must be 1 to %zu bytes long; this one has %zu",
                          field, bytes_max, text.len);
    if (text.at[0] == '.' && (text.len == 1 || (text.len == 2 && text.at[1] == '.')))
        return fail_input(err, code, field, "\"%s\" must not be \".\" or \"..\"", field);
    if (is_plain(text))
        return STATUS_OK;
    return check_characters(text, code, field, err);
}

static const char *const type_names[EVENT_TYPES] = {"view", "share", "inquiry"};

const char *event_type_name(enum event_type type)
{
    return type_names[type];
}

bool event_type_parse(struct text name, enum event_type *type)
{
    for (int i = 0; i < EVENT_TYPES; i++) {
        if (text_is(name, type_names[i])) {
            *type = (enum event_type)i;
            return true;
        }
    }
    return false;
}

enum status id_check(struct text text, size_t bytes_max, const char *field, struct error *err)
{
    return check_text(text, bytes_max, "invalid_id", field, err);
}

enum status source_check(struct text text, struct error *err)
{
    enum status status = check_text(text, SOURCE_BYTES_MAX, "invalid_source", "source", err);
    if (status == STATUS_OK && text.at[0] == '(')
        status = fail_input(err, "invalid_source", "source",
                            "\"source\" must not begin with \"(\", which marks the names that "
                            "Footfall makes itself, such as \"(other)\"");
    return status;
}

bool utf8_valid(struct text text)
{
    const unsigned char *at = (const unsigned char *)text.at;
    const unsigned char *end = at + text.len;
    while (at < end) {
        while (end - at >= 8 && (load_word((const char *)at) & highs) == 0)
            at += 8;
        if (at == end)
            break;
        uint32_t code_point;
        size_t len = utf8_read(at, end, &code_point);
        if (len == 0)
            return false;
        at += len;
    }
    return true;
}
