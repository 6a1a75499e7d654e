/*
 * sqlite_walk_test.c - a walk meets everything once, in order, from wherever it begins.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite/walk.h"

#include <stdlib.h>
#include <string.h>

#include "sqlite_place.h"
#include "store_trial.h"

enum { ITEMS_MAX = 400, WORDS_BYTES = 256 };

/* What was met, in words, and the places, whose texts are copied. */
struct met {
    size_t count;
    char words[ITEMS_MAX][WORDS_BYTES];
    struct walk_place places[ITEMS_MAX];
    char texts[ITEMS_MAX][3][64];
};

static struct text copy_text(char to[64], struct text from)
{
    if (from.at == NULL)
        return from;
    assert_true(from.len < 64);
    memcpy(to, from.at, from.len);
    to[from.len] = '\0';
    return (struct text){to, from.len};
}

static void describe(const struct walk_item *item, char out[WORDS_BYTES])
{
    const struct walk_place *place = &item->place;
    struct counts sum = {0};
    if (place->kind == WALK_CELLS)
        for (size_t i = 0; i < item->cells->platform_count; i++)
            counts_add(&sum, &item->cells->platforms[i].counts);
    snprintf(
        out, WORDS_BYTES, "%d %.*s %lld %.*s %.*s: %llu %.*s %.*s", (int)place->kind,
        TEXT_ARGS(place->user_id), (long long)place->number, TEXT_ARGS(place->key),
        TEXT_ARGS(place->listing_id), (unsigned long long)counts_sum(&sum),
        place->kind == WALK_INQUIRY ? (int)item->inquiry.content.len : 0, item->inquiry.content.at,
        place->kind == WALK_LISTING ? (int)item->details.address.len : 0, item->details.address.at);
}

static void walk_behind(const char *path, const struct walk_place *behind, struct met *met)
{
    struct sqlite_walk *walk = NULL;
    struct walk_item item;
    struct error err;
    met->count = 0;
    ASSERT_OK(sqlite_walk_open(path, behind, &walk, &err), err);
    for (;;) {
        ASSERT_OK(sqlite_walk_next(walk, &item, &err), err);
        if (item.place.kind == WALK_END)
            break;
        size_t n = met->count++;
        assert_true(n < ITEMS_MAX);
        describe(&item, met->words[n]);
        met->places[n] = item.place;
        met->places[n].user_id = copy_text(met->texts[n][0], item.place.user_id);
        met->places[n].key = copy_text(met->texts[n][1], item.place.key);
        met->places[n].listing_id = copy_text(met->texts[n][2], item.place.listing_id);
    }
    if (!behind->is_set) {
        uint64_t count = 0;
        ASSERT_OK(sqlite_walk_count(walk, &count, &err), err);
        assert_int_equal(count, met->count);
    }
    sqlite_walk_close(walk);
}

TEST(a_walk_from_any_place_meets_what_is_behind_it)
{
    static struct met all;
    static struct met rest;
    char *dir = unit_temp_dir();
    char path[FILE_PATH_BYTES];
    snprintf(path, sizeof path, "%s/footfall.db", dir);
    struct ledger ledger = new_ledger();
    struct store *store = must_open(dir);
    for (int n = 0; n < 60; n++)
        note_nth(&ledger, n * 7, n % 3 == 0 ? "ann" : "bo");
    for (int n = 0; n < 12; n++)
        ledger_note_view(&ledger, "cy", n % 2 == 0 ? "flat" : "house", a_day + n / 4, NULL);
    say(&ledger, "flat", "1 Main St");
    say(&ledger, "house", "2 Main St");
    say(&ledger, "house", "-");
    ledger_apply(&ledger, store);
    store_close(store);

    walk_behind(path, &(struct walk_place){0}, &all);
    int kinds[WALK_END] = {0};
    for (size_t i = 0; i < all.count; i++)
        kinds[all.places[i].kind]++;
    assert_true(kinds[WALK_CELLS] > 3);
    assert_true(kinds[WALK_INQUIRY] > 3);
    assert_int_equal(kinds[WALK_LISTING], 1);
    for (size_t i = 0; i < all.count; i++) {
        walk_behind(path, &all.places[i], &rest);
        ROW(rest.count == all.count - i - 1, all.words[i], "%zu behind it, not %zu", rest.count,
            all.count - i - 1);
        for (size_t k = 0; k < rest.count; k++)
            ROW(strcmp(rest.words[k], all.words[i + 1 + k]) == 0, all.words[i], "%s",
                rest.words[k]);
    }
    ledger_done(&ledger);
    unit_remove(dir);
}

TEST(a_rotten_block_is_named)
{
    char *dir = unit_temp_dir();
    char path[FILE_PATH_BYTES];
    snprintf(path, sizeof path, "%s/footfall.db", dir);
    struct ledger ledger = new_ledger();
    struct store *store = must_open(dir);
    note_nth(&ledger, 1, "ann");
    ledger_apply(&ledger, store);
    store_close(store);
    tamper(dir, "UPDATE cells SET block = x'ff00'");

    struct sqlite_walk *walk = NULL;
    struct walk_item item;
    struct error err;
    ASSERT_OK(sqlite_walk_open(path, &(struct walk_place){0}, &walk, &err), err);
    assert_int_equal(sqlite_walk_next(walk, &item, &err), STATUS_CORRUPT);
    assert_non_null(strstr(err.message, "cells of user ann"));
    sqlite_walk_close(walk);
    ledger_done(&ledger);
    unit_remove(dir);
}

UNIT_MAIN(UNIT(a_walk_from_any_place_meets_what_is_behind_it), UNIT(a_rotten_block_is_named))
