/*
 * store.h - where sealed batches come to rest, and what every kind of store promises.
 *
 * A store applies batches in the order of their numbers, each exactly once however often it is
 * handed over, atomically or, over a network, item by item behind guards. Readers see whole
 * transactions: the number of the last applied batch, and exactly what these batches counted.
 *
 * It does not know the journal's files, the clock or HTTP. Every kind, a folder beside this file,
 * passes one conformance suite, tests/unit/store/store_conformance.c.
 *
 * Threads: apply from one thread; a reader belongs to one thread at a time; readers run beside
 * apply and beside each other.
 */
#ifndef FOOTFALL_STORE_STORE_H
#define FOOTFALL_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"
#include "model/counts.h"
#include "model/inquiry.h"
#include "model/listing.h"
#include "rollup/rollup.h"

enum { STORE_JOURNAL_ID_BYTES = 16 };

struct store;        /* made by a kind's open function, freed by store_close() */
struct store_reader; /* made by store_reader_open(), freed by store_reader_close() */

/* How far a store is: the last applied batch and the journal record that sealed it; 0, 0 at first.
 */
struct store_position {
    uint64_t batch;
    uint64_t seq;
    uint64_t tail; /* of the batch; 0 when the store does not keep it */
};

/* A sealed batch. Its number is rollup_batch(rollup). */
struct store_batch {
    const struct rollup *rollup;
    uint64_t seq;  /* of the SEAL record */
    uint64_t tail; /* a digest of the journal record before the seal, for a store that more than one
                      journal may reach: so a copied journal is told from its original; 0: none */
};

/* What a question covers. */
struct store_scope {
    struct text user_id;
    const struct text *listing_ids; /* listing_count of them; 0: all of the user's */
    size_t listing_count;
    int32_t first_day; /* UTC, inclusive */
    int32_t last_day;
};

/* Inquiries newest first: by (time_ms, key, listing_id), all descending. */
struct store_inquiry_query {
    struct text user_id;
    struct text listing_id; /* absent: of all listings */
    int64_t from_ms;        /* inclusive */
    int64_t to_ms;          /* exclusive */
    bool resume;            /* only those behind the position below */
    int64_t behind_ms;
    struct text behind_key;
    struct text behind_listing_id;
    size_t limit;
};

/* Listing details in the order of listing ids. */
struct store_listing_query {
    struct text user_id;
    struct text listing_id; /* absent: all */
    struct text behind;     /* absent: from the first; else only ids greater than this */
    size_t limit;
};

/* Anything but STATUS_OK from a callback ends the read with that status. Texts and rows are
 * valid during the call. A listing may come several times, each time with other rows. */
typedef enum status store_rows_fn(void *context, struct text listing_id,
                                  const struct count_rows *rows, struct error *err);
typedef enum status store_sums_fn(void *context, struct text listing_id, const struct counts *sum,
                                  struct error *err);
typedef enum status store_inquiry_fn(void *context, const struct inquiry *inquiry,
                                     struct error *err);
typedef enum status store_listing_fn(void *context, struct text listing_id,
                                     const struct listing_details *details, struct error *err);

/* An event's id, to be claimed for one writer of a shared store before the event is appended. */
enum store_claim_verdict {
    CLAIM_OURS,     /* nobody had it; or we had claimed it, and whoever asks knows that it was never
                       appended */
    CLAIM_REPEATED, /* another writer's journal has it */
    CLAIM_UNDECIDED /* another writer claimed it; whether its journal has it, is not known yet */
};
struct store_claim {
    struct text user_id;
    struct text id;
    enum store_claim_verdict verdict; /* the answer */
};

/* The functions of a kind, as the calls below describe them. */
struct store_ops {
    enum status (*position)(struct store *store, struct store_position *out, struct error *err);
    enum status (*apply)(struct store *store, const struct store_batch *batch, struct error *err);
    enum status (*size)(struct store *store, uint64_t *bytes, struct error *err);
    enum status (*maintain)(struct store *store, struct error *err);
    enum status (*refresh)(struct store *store, int64_t *fresh_as_of_ms,
                           struct error *err); /* NULL: not shared */
    enum status (*note_drained)(struct store *store, int64_t as_of_ms,
                                struct error *err); /* NULL: not shared */
    enum status (*claim_ids)(struct store *store, struct store_claim *claims, size_t count,
                             uint64_t seq, struct error *err); /* NULL: cannot */
    enum status (*release_ids)(struct store *store, const struct store_claim *claims, size_t count,
                               uint64_t seq, struct error *err);
    void (*close)(struct store *store);
    enum status (*reader_open)(struct store *store, struct store_reader **out, struct error *err);
    enum status (*reader_begin)(struct store_reader *reader, struct store_position *out,
                                struct error *err);
    enum status (*reader_totals)(struct store_reader *reader, const struct store_scope *scope,
                                 store_rows_fn *each, void *context, struct error *err);
    enum status (*reader_cells)(struct store_reader *reader, const struct store_scope *scope,
                                store_rows_fn *each, void *context, struct error *err);
    enum status (*reader_sums)(struct store_reader *reader, const struct store_scope *scope,
                               store_sums_fn *each, void *context, struct error *err);
    enum status (*reader_inquiries)(struct store_reader *reader,
                                    const struct store_inquiry_query *query, store_inquiry_fn *each,
                                    void *context, struct error *err);
    enum status (*reader_listings)(struct store_reader *reader,
                                   const struct store_listing_query *query, store_listing_fn *each,
                                   void *context, struct error *err);
    void (*reader_end)(struct store_reader *reader);
    void (*reader_close)(struct store_reader *reader);
};

/* Every kind's struct begins with one of these. */
struct store {
    const struct store_ops *ops;
};
struct store_reader {
    const struct store_ops *ops;
};

static inline enum status store_get_position(struct store *store, struct store_position *out,
                                             struct error *err)
{
    return store->ops->position(store, out, err);
}

/*
 * Applies the batch durably, or does nothing if it is applied already. When it fails the batch
 * is not applied and may be handed over again: STATUS_DISK_FULL, STATUS_BUSY, STATUS_IO,
 * STATUS_CORRUPT (stored bytes are not blocks), STATUS_FOREIGN (a gap: its number is not the next;
 * or another journal writes in our place: an operator must decide, then it goes on by itself).
 */
static inline enum status store_apply(struct store *store, const struct store_batch *batch,
                                      struct error *err)
{
    return store->ops->apply(store, batch, err);
}

/* Bytes on disk. */
static inline enum status store_size(struct store *store, uint64_t *bytes, struct error *err)
{
    return store->ops->size(store, bytes, err);
}

/* Housekeeping between batches, such as a checkpoint. From the thread that applies. */
static inline enum status store_maintain(struct store *store, struct error *err)
{
    return store->ops->maintain(store, err);
}

/*
 * A shared store is one that other writers, each with a journal of its own, put their batches into.
 * It changes without this writer's doing; what follows is only asked of such a store.
 */
static inline bool store_is_shared(const struct store *store)
{
    return store->ops->refresh != NULL;
}

/*
 * Looks at what the other writers say of themselves: what each of them acknowledged up to
 * *fresh_as_of_ms is in the store; 0 when there is no other writer. From any thread, beside the one
 * that applies; it may take a while.
 */
static inline enum status store_refresh(struct store *store, int64_t *fresh_as_of_ms,
                                        struct error *err)
{
    return store->ops->refresh(store, fresh_as_of_ms, err);
}

/* Tells the other writers that the store has everything that this one acknowledged up to as_of_ms;
 * store_nothing_to_come: and that no more comes until it notes another time. From the thread that
 * applies. */
static const int64_t store_nothing_to_come = INT64_MAX;
static inline enum status store_note_drained(struct store *store, int64_t as_of_ms,
                                             struct error *err)
{
    return store->ops->note_drained(store, as_of_ms, err);
}

static inline bool store_can_claim(const struct store *store)
{
    return store->ops->claim_ids != NULL;
}

/*
 * Claims ids for the events of the journal record `seq`, which is about to be appended, and fills
 * in the verdicts. From one thread at a time, beside the one that applies. Takes bounded time. When
 * it fails some may be claimed all the same, and verdicts say nothing: nothing with these ids may
 * be appended under that number, and they are to be released. Records without ids may follow.
 *
 * Whoever opens a journal claims nothing (count 0) once, before anything is appended or applied,
 * and gives the number behind the last record that has an id, or was applied: what an earlier
 * process claimed for records from there on was never appended.
 */
static inline enum status store_claim_ids(struct store *store, struct store_claim *claims,
                                          size_t count, uint64_t seq, struct error *err)
{
    return store->ops->claim_ids(store, claims, count, seq, err);
}

/* The record `seq` will not have these after all, which the newest call of store_claim_ids() asked
 * for; those of others are let be. When it fails, as when claiming fails: nothing with ids claimed
 * for `seq` may be appended under that number. And the store never takes such a claim, or one that
 * nobody got to release, for an event that was recorded. */
static inline enum status store_release_ids(struct store *store, const struct store_claim *claims,
                                            size_t count, uint64_t seq, struct error *err)
{
    return store->ops->release_ids(store, claims, count, seq, err);
}

static inline void store_close(struct store *store)
{
    if (store != NULL)
        store->ops->close(store);
}

static inline enum status store_reader_open(struct store *store, struct store_reader **out,
                                            struct error *err)
{
    return store->ops->reader_open(store, out, err);
}

/* Begins a read transaction; *out is the position it sees. Each begin has its end. */
static inline enum status store_reader_begin(struct store_reader *reader,
                                             struct store_position *out, struct error *err)
{
    return reader->ops->reader_begin(reader, out, err);
}

/* Totals of whole days in the scope (model/counts.h). */
static inline enum status store_reader_totals(struct store_reader *reader,
                                              const struct store_scope *scope, store_rows_fn *each,
                                              void *context, struct error *err)
{
    return reader->ops->reader_totals(reader, scope, each, context, err);
}

/* Quarter-hour cells of the days in the scope. */
static inline enum status store_reader_cells(struct store_reader *reader,
                                             const struct store_scope *scope, store_rows_fn *each,
                                             void *context, struct error *err)
{
    return reader->ops->reader_cells(reader, scope, each, context, err);
}

/* What each listing of the scope counted on its days, all platforms together: the totals of
 * store_reader_totals() added up, for whoever needs no more of them. */
static inline enum status store_reader_sums(struct store_reader *reader,
                                            const struct store_scope *scope, store_sums_fn *each,
                                            void *context, struct error *err)
{
    return reader->ops->reader_sums(reader, scope, each, context, err);
}

static inline enum status store_reader_inquiries(struct store_reader *reader,
                                                 const struct store_inquiry_query *query,
                                                 store_inquiry_fn *each, void *context,
                                                 struct error *err)
{
    return reader->ops->reader_inquiries(reader, query, each, context, err);
}

static inline enum status store_reader_listings(struct store_reader *reader,
                                                const struct store_listing_query *query,
                                                store_listing_fn *each, void *context,
                                                struct error *err)
{
    return reader->ops->reader_listings(reader, query, each, context, err);
}

static inline void store_reader_end(struct store_reader *reader)
{
    reader->ops->reader_end(reader);
}

static inline void store_reader_close(struct store_reader *reader)
{
    if (reader != NULL)
        reader->ops->reader_close(reader);
}

#endif
