/*
 * reader_listings.c - listing details from the table, LISTING#... forwards, merged with what the
 * batch on its way has of them.
 *
 * A word on a listing is the newest there is: the one before it is not kept.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "store/dynamodb/facts.h"
#include "store/dynamodb/page.h"

static struct dynamodb_reader *of(struct store_reader *reader)
{
    return (struct dynamodb_reader *)reader;
}

static enum status no_memory(struct error *err)
{
    return fail(err, STATUS_NO_MEMORY, "no memory to read listings");
}

enum { LISTING_PAGE_SPARE = 16, LISTING_PAGE_MAX = 1000 };

struct owed_word {
    struct text listing_id;
    struct listing_details details;
    bool removed;
    char order[LISTING_ORDER_BYTES];
};

struct listing_reading {
    struct dynamodb_reader *reader;
    const struct store_listing_query *query;
    struct rollup *rollup;
    struct bytes owed; /* struct owed_word, by listing */
    size_t next;
    size_t given;
    store_listing_fn *each;
    void *context;
};

static size_t words_in(const struct bytes *words)
{
    return words->len / sizeof(struct owed_word);
}

static int by_listing(const void *left, const void *right)
{
    const struct owed_word *a = left;
    const struct owed_word *b = right;
    return text_compare(a->listing_id, b->listing_id);
}

static enum status owe_word(void *context, struct text user_id, struct text listing_id,
                            const struct listing_details *details, struct error *err)
{
    struct listing_reading *reading = context;
    const struct dynamodb_store *store = reading->reader->store;
    if (reading->query->behind.at != NULL && text_compare(listing_id, reading->query->behind) <= 0)
        return STATUS_OK;
    const struct fact_origin origin = {.journal_id = store->writer.journal_id,
                                       .writer = store->number,
                                       .batch = reading->reader->moment.batch};
    struct owed_word word = {.listing_id = listing_id, .removed = details == NULL};
    if (details != NULL)
        word.details = *details;
    listing_order(&origin, rollup_listing_received_ms(reading->rollup, user_id, listing_id),
                  word.order);
    return bytes_append(&reading->owed, &word, sizeof word) ? STATUS_OK : no_memory(err);
}

static enum status give_listing(struct listing_reading *reading, struct text listing_id,
                                const struct listing_details *details, bool removed,
                                struct error *err)
{
    if (removed || reading->given == reading->query->limit)
        return STATUS_OK;
    reading->given++;
    return reading->each(reading->context, listing_id, details, err);
}

/* The owed words on listings before `until` (absent: all). */
static enum status give_words(struct listing_reading *reading, struct text until, struct error *err)
{
    const struct owed_word *words = (const void *)reading->owed.at;
    enum status status = STATUS_OK;
    while (reading->next < words_in(&reading->owed) && status == STATUS_OK) {
        const struct owed_word *word = &words[reading->next];
        if (until.at != NULL && text_compare(word->listing_id, until) >= 0)
            break;
        reading->next++;
        status = give_listing(reading, word->listing_id, &word->details, word->removed, err);
    }
    return status;
}

static enum status take_listing(struct listing_reading *reading, const json_t *item,
                                struct error *err)
{
    struct text listing_id;
    struct text order;
    struct listing_details details;
    bool removed;
    if (!listing_read(item, &listing_id, &details, &removed, &order) ||
        (reading->query->behind.at != NULL &&
         text_compare(listing_id, reading->query->behind) <= 0))
        return STATUS_OK;
    enum status status = give_words(reading, listing_id, err);
    if (status != STATUS_OK)
        return status;
    const struct owed_word *words = (const void *)reading->owed.at;
    if (reading->next < words_in(&reading->owed) &&
        text_equal(words[reading->next].listing_id, listing_id)) {
        const struct owed_word *word = &words[reading->next++];
        if (order.at == NULL || text_compare(text_of(word->order), order) > 0)
            return give_listing(reading, listing_id, &word->details, word->removed, err);
    }
    return give_listing(reading, listing_id, &details, removed, err);
}

static enum status read_listings(struct listing_reading *reading, struct error *err)
{
    struct dynamodb_reader *reader = reading->reader;
    const struct store_listing_query *query = reading->query;
    struct body low = {0};
    struct body high = {0};
    json_t *start = NULL;
    enum status status = STATUS_OK;
    size_t page = query->limit < LISTING_PAGE_MAX - LISTING_PAGE_SPARE
                      ? query->limit + LISTING_PAGE_SPARE
                      : LISTING_PAGE_MAX;
    body_put(&low, "LISTING#");
    body_put_escaped(&low, query->listing_id.at != NULL ? query->listing_id : query->behind);
    if (query->listing_id.at != NULL)
        body_put_text(&high, body_text(&low));
    else
        body_put(&high, "LISTING$"); /* the byte behind '#' */
    do {
        json_t *answer = NULL;
        page_begin(reader, &reader->body, page, false);
        page_put_values(&reader->body, query->user_id, body_text(&low), body_text(&high));
        status = body_ok(&low) && body_ok(&high) ? page_ask(reader, &start, &answer, err)
                                                 : no_memory(err);
        const json_t *items = json_object_get(answer, "Items");
        for (size_t i = 0; i < json_array_size(items) && status == STATUS_OK; i++)
            status = take_listing(reading, json_array_get(items, i), err);
        json_decref(answer);
    } while (start != NULL && status == STATUS_OK && reading->given < query->limit);
    json_decref(start);
    body_done(&low);
    body_done(&high);
    return status;
}

enum status dynamodb_reader_listings(struct store_reader *base,
                                     const struct store_listing_query *query,
                                     store_listing_fn *each, void *context, struct error *err)
{
    struct dynamodb_reader *reader = of(base);
    struct listing_reading reading = {
        .reader = reader, .query = query, .each = each, .context = context};
    enum status status = STATUS_OK;
    if (query->limit == 0)
        return STATUS_OK;
    reading.rollup = moments_unfinished(&reader->store->moments, &reader->moment);
    if (reading.rollup != NULL)
        status = rollup_read_listings(reading.rollup, query->user_id, query->listing_id, owe_word,
                                      &reading, err);
    if (status == STATUS_OK && words_in(&reading.owed) > 1)
        qsort(reading.owed.at, words_in(&reading.owed), sizeof(struct owed_word), by_listing);
    if (status == STATUS_OK)
        status = read_listings(&reading, err);
    if (status == STATUS_OK)
        status = give_words(&reading, (struct text){NULL, 0}, err);
    bytes_done(&reading.owed);
    rollup_unref(reading.rollup);
    return status;
}
