/*
 * encoding.c - a list of codings with weights.
 *
 *     gzip, deflate;q=0.5, br ; q=0
 *     '--'  '-----------'  '------'
 *
 * Files are compressed beforehand, so the only question is which of three to send: the client's
 * order of weights is about its own cost, which is nothing here.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/encoding.h"

#include <stdbool.h>
#include <string.h>

#include "http/media.h"

static const char *const names[ENCODINGS] = {
    [ENCODING_GZIP] = "gzip",
    [ENCODING_BROTLI] = "br",
};

/* The text up to the separator; *rest is moved behind it. */
static struct text take(struct text *rest, char separator)
{
    const char *end = memchr(rest->at, separator, rest->len);
    struct text taken = {rest->at, end == NULL ? rest->len : (size_t)(end - rest->at)};
    size_t past = taken.len + (end != NULL);
    *rest = (struct text){rest->at + past, rest->len - past};
    return text_trim(taken);
}

/* Whether the weight behind a coding's name is above 0: "0", "0.0" and the like are not. */
static bool is_taken(struct text weight)
{
    if (weight.len < 3 || (weight.at[0] | 0x20) != 'q' || weight.at[1] != '=')
        return weight.len == 0;
    for (size_t i = 2; i < weight.len; i++) {
        if (weight.at[i] >= '1' && weight.at[i] <= '9')
            return true;
    }
    return false;
}

enum encoding encoding_choose(struct text accept_encoding)
{
    enum { NOT_NAMED, REFUSED, TAKEN } said[ENCODINGS] = {NOT_NAMED};
    bool others = false;
    struct text rest = accept_encoding;
    while (rest.len > 0) {
        struct text weight = take(&rest, ',');
        struct text name = weight.len == 0 ? weight : take(&weight, ';');
        bool taken = is_taken(text_trim(weight));
        if (name.len == 1 && name.at[0] == '*')
            others = taken;
        for (enum encoding i = ENCODING_GZIP; i < ENCODINGS; i++) {
            if (text_is_caseless(name, names[i]))
                said[i] = taken ? TAKEN : REFUSED;
        }
    }
    for (enum encoding i = ENCODINGS - 1; i > ENCODING_NONE; i--) {
        if (said[i] == TAKEN || (said[i] == NOT_NAMED && others))
            return i;
    }
    return ENCODING_NONE;
}

const char *encoding_name(enum encoding encoding)
{
    return names[encoding];
}
