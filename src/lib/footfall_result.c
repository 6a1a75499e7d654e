/*
 * footfall_result.c - results that one call frees, errors as the caller gets them, sized structs.
 *
 *     malloc ─► ┌───────┬─────────────────────────┐
 *               │ arena │ the result's own struct │ ◄── what the caller has
 *               └───┬───┴─────────────────────────┘
 *                   └─► lists, texts, nested structs
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/footfall_parts.h"
#include "model/calendar.h"

enum { STRUCT_BYTES_MAX = 4096 }; /* more is no struct of ours, however new */

struct result {
    struct arena arena;
    alignas(max_align_t) unsigned char made[];
};

/* ---- what the caller passed ---- */

struct text text_given(const char *string)
{
    return string == NULL ? (struct text){NULL, 0} : text_of(string);
}

enum status require(bool good, const char *field, const char *words, struct error *err)
{
    return good ? STATUS_OK : fail_input(err, "invalid_argument", field, "%s %s", field, words);
}

enum status read_sized(void *to, size_t to_bytes, const void *from, size_t from_bytes,
                       const char *name, struct error *err)
{
    bool plausible = from_bytes >= 2 * sizeof(size_t) && from_bytes <= STRUCT_BYTES_MAX &&
                     from_bytes % alignof(size_t) == 0;
    if (!plausible)
        return fail_input(err, "invalid_argument", "size",
                          "size is %zu; it must be sizeof(struct %s)", from_bytes, name);
    for (size_t i = to_bytes; i < from_bytes; i++)
        if (((const unsigned char *)from)[i] != 0)
            return fail_input(err, "invalid_argument", "size",
                              "struct %s holds something that this version of the library does not "
                              "know; its own has %zu bytes",
                              name, to_bytes);
    memset(to, 0, to_bytes);
    memcpy(to, from, from_bytes < to_bytes ? from_bytes : to_bytes);
    return STATUS_OK;
}

enum status check_ids(struct text user_id, struct text listing_id, struct error *err)
{
    enum status status = require(user_id.at != NULL, "userId", "must be given", err);
    if (status == STATUS_OK)
        status = id_check(user_id, ID_BYTES_MAX, "userId", err);
    if (status == STATUS_OK && listing_id.at != NULL)
        status = id_check(listing_id, ID_BYTES_MAX, "listingId", err);
    return status;
}

enum status check_listing(struct text user_id, struct text listing_id, struct error *err)
{
    enum status status = check_ids(user_id, listing_id, err);
    return status == STATUS_OK ? require(listing_id.at != NULL, "listingId", "must be given", err)
                               : status;
}

/* ---- what it gets back ---- */

static enum footfall_status status_given(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return FOOTFALL_OK;
    case STATUS_INVALID:
    case STATUS_UNAUTHORIZED: /* these two are not of this library */
    case STATUS_FORBIDDEN:
        return FOOTFALL_INVALID;
    case STATUS_NOT_FOUND:
        return FOOTFALL_NOT_FOUND;
    case STATUS_TOO_LARGE:
        return FOOTFALL_TOO_LARGE;
    case STATUS_BUSY:
        return FOOTFALL_BUSY;
    case STATUS_CORRUPT:
        return FOOTFALL_CORRUPT;
    case STATUS_FOREIGN:
        return FOOTFALL_FOREIGN;
    case STATUS_IO:
        return FOOTFALL_IO;
    case STATUS_NO_MEMORY:
        return FOOTFALL_NO_MEMORY;
    case STATUS_DISK_FULL:
        return FOOTFALL_DISK_FULL;
    case STATUS_BEHIND:
        return FOOTFALL_BEHIND;
    case STATUS_OVERLOADED:
        return FOOTFALL_OVERLOADED;
    case STATUS_UNKNOWN:
        return FOOTFALL_UNKNOWN;
    case STATUS_STOPPED:
        return FOOTFALL_STOPPED;
    }
    return FOOTFALL_IO;
}

void describe(const struct error *err, struct footfall_error *out)
{
    *out = (struct footfall_error){
        .status = status_given(err->status),
        .code = err->code == NULL ? status_code(err->status) : err->code,
        .index = err->index,
        .offset = err->offset,
    };
    snprintf(out->field, sizeof out->field, "%s", err->field);
    snprintf(out->message, sizeof out->message, "%s", err->message);
}

enum footfall_status tell(enum status status, const struct error *err, struct footfall_error *error)
{
    if (status != STATUS_OK && error != NULL)
        describe(err, error);
    return status_given(status);
}

void *result_new(size_t bytes, struct builder *out)
{
    struct result *result = calloc(1, sizeof *result + bytes);
    if (result == NULL)
        return NULL;
    *out = (struct builder){.arena = &result->arena};
    return result->made;
}

void *builder_take(struct builder *builder, size_t count, size_t bytes)
{
    if (count == 0 || builder->failed)
        return NULL;
    void *taken = arena_zalloc(builder->arena, count, bytes);
    builder->failed = taken == NULL;
    return taken;
}

void *builder_list(struct builder *builder, size_t count)
{
    return builder_take(builder, count, sizeof(void *));
}

const char *builder_text(struct builder *builder, struct text text)
{
    if (text.at == NULL || builder->failed)
        return NULL;
    struct text copy = arena_copy(builder->arena, text);
    builder->failed = copy.at == NULL;
    return copy.at;
}

const char *builder_date(struct builder *builder, int32_t day)
{
    char date[DATE_BYTES];
    date_format(day, date);
    return builder_text(builder, (struct text){date, sizeof date});
}

enum status builder_finish(struct builder *builder, void *result, struct error *err)
{
    if (!builder->failed)
        return STATUS_OK;
    footfall_free(result);
    return fail(err, STATUS_NO_MEMORY, "no memory for a result");
}

void footfall_free(void *result)
{
    if (result == NULL)
        return;
    struct result *whole =
        (struct result *)(void *)((unsigned char *)result - offsetof(struct result, made));
    arena_done(&whole->arena);
    free(whole);
}
