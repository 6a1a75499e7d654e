/*
 * answer.c - the usual answer byte by byte, because there are a hundred thousand of them a second;
 * any other by the JSON library.
 *
 *     {"success":true,"recorded":1,"duplicates":0}
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/load/answer.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static bool skip(struct text *rest, const char *word)
{
    if (!text_starts_with(*rest, word))
        return false;
    rest->at += strlen(word);
    rest->len -= strlen(word);
    return true;
}

static bool take_number(struct text *rest, uint64_t *out)
{
    uint64_t value = 0;
    size_t digits = 0;
    while (digits < rest->len && digits < 18 && rest->at[digits] >= '0' && rest->at[digits] <= '9')
        value = value * 10 + (uint64_t)(rest->at[digits++] - '0');
    rest->at += digits;
    rest->len -= digits;
    *out = value;
    return digits > 0;
}

static bool read_usual(struct text rest, struct answer *out)
{
    struct answer answer = {.success = true};
    if (!skip(&rest, "{\"success\":true,\"recorded\":") || !take_number(&rest, &answer.recorded) ||
        !skip(&rest, ",\"duplicates\":") || !take_number(&rest, &answer.duplicates) ||
        !skip(&rest, "}") || rest.len > 1 || (rest.len == 1 && *rest.at != '\n'))
        return false;
    *out = answer;
    return true;
}

static uint64_t count_of(const json_t *object, const char *name)
{
    json_int_t value = json_integer_value(json_object_get(object, name));
    return value > 0 ? (uint64_t)value : 0;
}

bool answer_read(const char *body, size_t len, struct answer *out)
{
    if (read_usual((struct text){body, len}, out))
        return true;
    json_t *object = json_loadb(body, len, 0, NULL);
    if (!json_is_object(object)) {
        json_decref(object);
        return false;
    }
    const char *code = json_string_value(json_object_get(object, "code"));
    *out = (struct answer){
        .success = json_is_true(json_object_get(object, "success")),
        .recorded = count_of(object, "recorded"),
        .duplicates = count_of(object, "duplicates"),
        .rejected = count_of(object, "rejected"),
    };
    snprintf(out->code, sizeof out->code, "%s", code == NULL ? "" : code);
    json_decref(object);
    return true;
}
