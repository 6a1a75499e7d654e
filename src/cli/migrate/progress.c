/*
 * progress.c - as JSON: {"version":1,"source":…,"journal":…,"batch":…,"before":…,"behind":…,…}.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/migrate/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/journal/data_folder.h"

enum { PROGRESS_VERSION = 1 };

bool progress_encode(const struct progress *progress, struct bytes *out)
{
    char id[JOURNAL_ID_WORDS_BYTES];
    journal_id_words(progress->journal_id, id);
    json_t *json = json_pack(
        "{s:i, s:s, s:s, s:I, s:s, s:s, s:o*, s:o*, s:o*, s:b}", "version", PROGRESS_VERSION,
        "source", progress->source, "journal", id, "batch", (json_int_t)progress->batch, "before",
        progress->before, "behind", progress->behind, "movedBefore",
        tally_to_json(&progress->moved_before), "moved", tally_to_json(&progress->moved), "there",
        tally_to_json(&progress->there), "complete", progress->complete ? 1 : 0);
    char *words = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    out->len = 0;
    bool ok = words != NULL && bytes_append(out, words, strlen(words));
    free(words);
    json_decref(json);
    return ok;
}

static bool copy_text(const json_t *json, const char *name, char *out, size_t cap)
{
    const char *words = json_string_value(json_object_get(json, name));
    if (words == NULL || strlen(words) >= cap)
        return false;
    memcpy(out, words, strlen(words) + 1);
    return true;
}

static bool read_id(const json_t *json, uint8_t out[STORE_JOURNAL_ID_BYTES])
{
    const char *words = json_string_value(json_object_get(json, "journal"));
    if (words == NULL || strlen(words) != JOURNAL_ID_WORDS_BYTES - 1)
        return false;
    for (size_t i = 0; i < STORE_JOURNAL_ID_BYTES; i++) {
        unsigned byte = 0;
        if (sscanf(words + 2 * i, "%2x", &byte) != 1)
            return false;
        out[i] = (uint8_t)byte;
    }
    return true;
}

bool progress_decode(struct text text, struct progress *out)
{
    json_t *json = json_loadb(text.at, text.len, 0, NULL);
    const json_t *batch = json_object_get(json, "batch");
    bool ok = json_integer_value(json_object_get(json, "version")) == PROGRESS_VERSION &&
              json_is_integer(batch) && json_integer_value(batch) >= 0 &&
              copy_text(json, "source", out->source, sizeof out->source) &&
              read_id(json, out->journal_id) &&
              copy_text(json, "before", out->before, sizeof out->before) &&
              copy_text(json, "behind", out->behind, sizeof out->behind) &&
              tally_from_json(json_object_get(json, "movedBefore"), &out->moved_before) &&
              tally_from_json(json_object_get(json, "moved"), &out->moved) &&
              tally_from_json(json_object_get(json, "there"), &out->there);
    out->batch = (uint64_t)json_integer_value(batch);
    out->complete = json_is_true(json_object_get(json, "complete"));
    json_decref(json);
    return ok;
}
