/*
 * facts_test.c - inquiries and listing details are read as one, from rollups and store.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine_unit.h"

#include <string.h>

struct told {
    size_t count;
    char words[32][80];
};

static enum status tell_inquiry(void *context, const struct inquiry *inquiry, struct error *err)
{
    (void)err;
    struct told *told = context;
    snprintf(told->words[told->count++], sizeof told->words[0], "%.*s/%.*s",
             TEXT_ARGS(inquiry->listing_id), TEXT_ARGS(inquiry->key));
    return STATUS_OK;
}

static void inquire(struct engine *engine, const char *listing, const char *id, int64_t time_ms)
{
    struct event event = view_of("u", listing, id);
    event.type = EVENT_INQUIRY;
    event.time_ms = time_ms;
    record(engine, &event, 1);
}

TEST(engine_pages_inquiries_newest_first_across_rollup_and_store)
{
    struct error err;
    char *dir = unit_temp_dir();
    struct engine *engine = open_engine(dir);
    inquire(engine, "a", "i1", noon_ms + 1);
    inquire(engine, "b", "i4", noon_ms + 4);
    flush(engine);
    inquire(engine, "a", "i2", noon_ms + 2);
    inquire(engine, "a", "i3", noon_ms + 3);
    inquire(engine, "b", "i5", noon_ms + 5);

    static const struct {
        const char *name;
        const char *listing;
        size_t limit;
        int64_t behind_ms; /* 0: from the first */
        const char *want;
    } rows[] = {
        {"all", NULL, 10, 0, "b/i5 b/i4 a/i3 a/i2 a/i1 "},
        {"a page", NULL, 2, 0, "b/i5 b/i4 "},
        {"the page behind", NULL, 2, 4, "a/i3 a/i2 "},
        {"one listing", "a", 10, 0, "a/i3 a/i2 a/i1 "},
        {"one listing's second page", "a", 1, 3, "a/i2 "},
        {"nothing behind the last", NULL, 9, 1, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char key[8];
        snprintf(key, sizeof key, "i%d", (int)rows[i].behind_ms);
        struct store_inquiry_query query = {
            .user_id = text_of("u"),
            .listing_id =
                rows[i].listing == NULL ? (struct text){NULL, 0} : text_of(rows[i].listing),
            .from_ms = noon_ms,
            .to_ms = noon_ms + 100,
            .resume = rows[i].behind_ms != 0,
            .behind_ms = noon_ms + rows[i].behind_ms,
            .behind_key = text_of(key),
            .behind_listing_id = text_of(rows[i].behind_ms == 4 ? "b" : "a"),
            .limit = rows[i].limit};
        struct told told = {0};
        char words[512] = "";
        ASSERT_OK(engine_read_inquiries(engine, &query, tell_inquiry, &told, &err), err);
        for (size_t k = 0; k < told.count; k++)
            strcat(strcat(words, told.words[k]), " ");
        ROW(strcmp(words, rows[i].want) == 0, rows[i].name, "got: %s", words);
    }
    close_engine(engine);
    unit_remove(dir);
}

static enum status tell_listing(void *context, struct text listing_id,
                                const struct listing_details *details, struct error *err)
{
    (void)err;
    struct told *told = context;
    snprintf(told->words[told->count++], sizeof told->words[0], "%.*s=%d", TEXT_ARGS(listing_id),
             (int)details->price);
    return STATUS_OK;
}

static void set_price(struct engine *engine, const char *listing, int price)
{
    struct error err;
    struct submission submission;
    struct listing_details details = {.has_price = true, .price = price};
    ASSERT_OK(engine_submit_listing(engine, text_of("u"), text_of(listing),
                                    price == 0 ? NULL : &details, &submission, &err),
              err);
    engine_commit(engine);
    ASSERT_OK(submission.error.status, submission.error);
}

static void check_listings(struct engine *engine, const char *behind, size_t limit,
                           const char *want)
{
    struct error err;
    struct told told = {0};
    char words[512] = "";
    struct store_listing_query query = {.user_id = text_of("u"),
                                        .behind = behind == NULL ? (struct text){NULL, 0}
                                                                 : text_of(behind),
                                        .limit = limit};
    ASSERT_OK(engine_read_listings(engine, &query, tell_listing, &told, &err), err);
    for (size_t k = 0; k < told.count; k++)
        strcat(strcat(words, told.words[k]), " ");
    assert_string_equal(words, want);
}

TEST(engine_shows_the_last_word_on_listings_across_rollup_and_store)
{
    char *dir = unit_temp_dir();
    struct engine *engine = open_engine(dir);
    set_price(engine, "a", 1);
    set_price(engine, "b", 2);
    set_price(engine, "d", 4);
    flush(engine);
    check_listings(engine, NULL, 10, "a=1 b=2 d=4 ");
    set_price(engine, "a", 0); /* removed */
    set_price(engine, "b", 20);
    set_price(engine, "c", 3);
    set_price(engine, "c", 30);
    check_listings(engine, NULL, 10, "b=20 c=30 d=4 ");
    check_listings(engine, NULL, 2, "b=20 c=30 ");
    check_listings(engine, "b", 10, "c=30 d=4 ");
    flush(engine);
    check_listings(engine, NULL, 10, "b=20 c=30 d=4 ");
    close_engine(engine);
    engine = open_engine(dir);
    check_listings(engine, "c", 10, "d=4 ");
    close_engine(engine);
    unit_remove(dir);
}

UNIT_MAIN(UNIT(engine_pages_inquiries_newest_first_across_rollup_and_store),
          UNIT(engine_shows_the_last_word_on_listings_across_rollup_and_store))
