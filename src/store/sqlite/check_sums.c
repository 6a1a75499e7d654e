/*
 * check_sums.c - whether a listing's totals are the sum of its cells.
 *
 * What is compared is a list of (day, platform or source, counts) of both sides, sorted and added
 * up. Counts that ended at their maximum are equal as soon as both did.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/check_sums.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/calendar.h"
#include "model/event.h"
#include "model/platform.h"

/* What was counted under one key of one side. */
struct sum {
    int32_t day;
    struct text source; /* absent: of a platform */
    uint8_t platform;
    struct counts counts;
    int64_t updated_ms; /* of a platform */
};

void check_tell(const struct store_check_visitor *visitor, enum store_problem problem,
                const char *format, ...)
{
    char words[ERROR_MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    visitor->problem(visitor->context, problem, words);
}

static bool sums_reserve(struct sums *sums, size_t more)
{
    if (sums->cap - sums->count >= more)
        return true;
    size_t cap = sums->cap < 256 ? 256 : sums->cap * 2;
    while (cap - sums->count < more)
        cap *= 2;
    struct sum *larger = reallocarray(sums->at, cap, sizeof *larger);
    if (larger == NULL)
        return false;
    sums->at = larger;
    sums->cap = cap;
    return true;
}

static int compare_keys(const struct sum *a, const struct sum *b)
{
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    if ((a->source.at == NULL) != (b->source.at == NULL))
        return a->source.at == NULL ? -1 : 1;
    if (a->source.at != NULL)
        return text_compare(a->source, b->source);
    return (a->platform > b->platform) - (a->platform < b->platform);
}

static int compare_sums(const void *a, const void *b)
{
    return compare_keys(a, b);
}

/* Adds the rows to the sums, one for each key. */
static enum status gather(const struct count_rows *rows, struct sums *sums, struct error *err)
{
    sums->count = 0;
    if (!sums_reserve(sums, rows->platform_count + rows->source_count + 1))
        return fail(err, STATUS_NO_MEMORY, "no memory to check the store");
    for (size_t i = 0; i < rows->platform_count; i++) {
        const struct platform_row *row = &rows->platforms[i];
        sums->at[sums->count++] = (struct sum){.day = row->day,
                                               .platform = row->platform,
                                               .counts = row->counts,
                                               .updated_ms = row->updated_ms};
    }
    for (size_t i = 0; i < rows->source_count; i++) {
        const struct source_row *row = &rows->sources[i];
        sums->at[sums->count++] =
            (struct sum){.day = row->day, .source = row->source, .counts = row->counts};
    }
    if (sums->count == 0)
        return STATUS_OK;
    qsort(sums->at, sums->count, sizeof *sums->at, compare_sums);
    size_t kept = 0;
    for (size_t i = 1; i < sums->count; i++) {
        struct sum *into = &sums->at[kept];
        const struct sum *from = &sums->at[i];
        if (compare_keys(into, from) != 0) {
            sums->at[++kept] = *from;
            continue;
        }
        counts_add(&into->counts, &from->counts);
        if (from->updated_ms > into->updated_ms)
            into->updated_ms = from->updated_ms;
    }
    sums->count = kept + 1;
    return STATUS_OK;
}

/* Whose sums they are. */
struct place {
    struct text user;
    struct text listing;
};

/* "user U, listing L, 2026-01-31" */
static void place_words(const struct place *place, int32_t day, char *out, size_t bytes)
{
    char date[DATE_BYTES];
    date_format(day, date);
    snprintf(out, bytes, "user %.*s, listing %.*s, %.*s", TEXT_ARGS(place->user),
             TEXT_ARGS(place->listing), DATE_BYTES, date);
}

static struct text name_of(const struct sum *sum)
{
    if (sum->source.at != NULL)
        return sum->source;
    return sum->platform == PLATFORM_NONE ? text_of("none") : platform_name(sum->platform);
}

/* One of the two may be NULL: nothing counted. */
static void compare(const struct check_sums *check, const struct place *place,
                    const struct sum *totals, const struct sum *cells)
{
    static const char *const names[EVENT_TYPES] = {
        [EVENT_VIEW] = "views", [EVENT_SHARE] = "shares", [EVENT_INQUIRY] = "inquiries"};
    static const struct counts nothing = {{0}};
    const struct sum *any = totals != NULL ? totals : cells;
    assert(any != NULL);
    const struct counts *left = totals != NULL ? &totals->counts : &nothing;
    const struct counts *right = cells != NULL ? &cells->counts : &nothing;
    const char *kind = any->source.at != NULL ? "source" : "platform";
    struct text name = name_of(any);
    char words[320];

    place_words(place, any->day, words, sizeof words);
    for (int type = 0; type < EVENT_TYPES; type++)
        if (left->of[type] != right->of[type])
            check_tell(check->visitor, STORE_SUMS,
                       "%s: %s %.*s has %" PRIu64
                       " %s in the totals, and its cells sum to %" PRIu64,
                       words, kind, TEXT_ARGS(name), left->of[type], names[type], right->of[type]);
    if (totals != NULL && cells != NULL && totals->updated_ms != cells->updated_ms)
        check_tell(check->visitor, STORE_SUMS,
                   "%s: %s %.*s was last counted at %" PRId64 " ms in the totals, and at %" PRId64
                   " ms in the cells",
                   words, kind, TEXT_ARGS(name), totals->updated_ms, cells->updated_ms);
}

/* What the sources of a day name may not be more than its platforms have. */
static void check_sources(struct check_sums *check, const struct place *place,
                          const struct sums *sums)
{
    char words[320];
    for (size_t i = 0; i < sums->count;) {
        int32_t day = sums->at[i].day;
        struct counts all = {{0}};
        struct counts named = {{0}};
        for (; i < sums->count && sums->at[i].day == day; i++)
            counts_add(sums->at[i].source.at == NULL ? &all : &named, &sums->at[i].counts);
        check->listing_days++;
        for (int type = 0; type < EVENT_TYPES; type++)
            if (named.of[type] > all.of[type]) {
                place_words(place, day, words, sizeof words);
                check_tell(check->visitor, STORE_SUMS,
                           "%s: the named sources have %" PRIu64
                           " of one kind, and the day has %" PRIu64,
                           words, named.of[type], all.of[type]);
            }
    }
}

enum status check_sums_compare(struct check_sums *check, struct text user, struct text listing,
                               const struct count_rows *of_totals,
                               const struct count_rows *of_cells, struct error *err)
{
    const struct place place = {user, listing};
    struct sums *totals = &check->of_totals;
    struct sums *cells = &check->of_cells;
    enum status status = gather(of_totals, totals, err);
    if (status == STATUS_OK)
        status = gather(of_cells, cells, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0, j = 0; i < totals->count || j < cells->count;) {
        int order = i == totals->count  ? 1
                    : j == cells->count ? -1
                                        : compare_keys(&totals->at[i], &cells->at[j]);
        compare(check, &place, order <= 0 ? &totals->at[i] : NULL,
                order >= 0 ? &cells->at[j] : NULL);
        i += order <= 0;
        j += order >= 0;
    }
    check_sources(check, &place, totals);
    return STATUS_OK;
}

void check_sums_done(struct check_sums *check)
{
    free(check->of_totals.at);
    free(check->of_cells.at);
    check->of_totals = check->of_cells = (struct sums){0};
}
