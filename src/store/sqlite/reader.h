/*
 * reader.h - answers from the store's tables: what store_reader_* promise.
 *
 * Threads: a reader has its own connection and belongs to one thread at a time. A callback must
 * not use the reader that called it.
 */
#ifndef FOOTFALL_STORE_SQLITE_READER_H
#define FOOTFALL_STORE_SQLITE_READER_H

#include "store/store.h"

/* path must outlive the reader, which sqlite_reader_close() frees. */
MUST_USE enum status sqlite_reader_open(const char *path, uint64_t cache_bytes,
                                        const struct store_ops *ops, struct store_reader **out,
                                        struct error *err);
void sqlite_reader_close(struct store_reader *base); /* accepts NULL */

enum status sqlite_reader_begin(struct store_reader *base, struct store_position *out,
                                struct error *err);
enum status sqlite_reader_totals(struct store_reader *base, const struct store_scope *scope,
                                 store_rows_fn *each, void *context, struct error *err);
enum status sqlite_reader_cells(struct store_reader *base, const struct store_scope *scope,
                                store_rows_fn *each, void *context, struct error *err);
enum status sqlite_reader_sums(struct store_reader *base, const struct store_scope *scope,
                               store_sums_fn *each, void *context, struct error *err);
enum status sqlite_reader_inquiries(struct store_reader *base,
                                    const struct store_inquiry_query *query, store_inquiry_fn *each,
                                    void *context, struct error *err);
enum status sqlite_reader_listings(struct store_reader *base,
                                   const struct store_listing_query *query, store_listing_fn *each,
                                   void *context, struct error *err);
void sqlite_reader_end(struct store_reader *base);

#endif
