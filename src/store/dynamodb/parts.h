/*
 * parts.h - how a shared store and its readers lie in memory. For store/dynamodb/ only.
 */
#ifndef FOOTFALL_STORE_DYNAMODB_PARTS_H
#define FOOTFALL_STORE_DYNAMODB_PARTS_H

#include "store/dynamodb/batch_digest.h"
#include "store/dynamodb/claimed_ids.h"
#include "store/dynamodb/day_item.h"
#include "store/dynamodb/dynamodb_store.h"
#include "store/dynamodb/flush.h"
#include "store/dynamodb/moments.h"
#include "store/dynamodb/writer.h"

struct dynamodb_store {
    struct store store;
    struct dynamodb *dynamodb;
    char table[256];
    uint32_t number; /* of the writer */
    uint8_t journal_id[STORE_JOURNAL_ID_BYTES];
    bool cells;
    struct clock clock;

    struct dynamodb_channel *channel; /* of the thread that applies */
    struct body body;
    struct writer writer;
    struct flush *flush;
    uint64_t claimed_here; /* the batch that this process has claimed */
    uint64_t epoch_closed; /* of claimed ids: the newest one that we closed when it had broken */
    int64_t as_of_ms;      /* what was last said of it; never goes back */
    struct moments moments;

    _Atomic uint64_t bytes; /* of the table */

    pthread_mutex_t refresh_lock; /* what follows: of whoever refreshes */
    uint64_t looked_ns;           /* at the table's size */
    struct dynamodb_channel *refresh_channel;
    struct body refresh_body;

    struct dynamodb_channel *ids_channel; /* of the thread that claims ids */
    struct body ids_body;
    struct claimed_ids ids;
};

struct dynamodb_reader {
    struct store_reader reader;
    struct dynamodb_store *store;
    struct dynamodb_channel *channel;
    struct moment moment;
    struct body body;
    struct day_item item;
    struct arena arena; /* of one item's deltas */
};

/* reader_days.c */
enum status dynamodb_reader_totals(struct store_reader *reader, const struct store_scope *scope,
                                   store_rows_fn *each, void *context, struct error *err);
enum status dynamodb_reader_cells(struct store_reader *reader, const struct store_scope *scope,
                                  store_rows_fn *each, void *context, struct error *err);
enum status dynamodb_reader_sums(struct store_reader *reader, const struct store_scope *scope,
                                 store_sums_fn *each, void *context, struct error *err);

/* reader_inquiries.c, reader_listings.c */
enum status dynamodb_reader_inquiries(struct store_reader *base,
                                      const struct store_inquiry_query *query,
                                      store_inquiry_fn *each, void *context, struct error *err);
enum status dynamodb_reader_listings(struct store_reader *base,
                                     const struct store_listing_query *query,
                                     store_listing_fn *each, void *context, struct error *err);

#endif
