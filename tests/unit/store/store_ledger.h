/*
 * store_ledger.h - the naive truth that stores are compared with: every entry, kept one by one.
 *
 * A ledger notes entries, seals them into batches as the engine would, and answers every question
 * a store answers by walking over all that it noted. Out of memory it aborts.
 */
#ifndef FOOTFALL_TESTS_STORE_LEDGER_H
#define FOOTFALL_TESTS_STORE_LEDGER_H

#include "base/arena.h"
#include "count_table.h"
#include "store/store.h"
#include "unit.h"

struct noted {
    struct entry entry; /* texts in the ledger's arena */
    int64_t received_ms;
    uint64_t batch; /* it will be or is part of */
};

/* Start as {.journal_id = ...}; ledger_done() ends it. */
struct ledger {
    uint8_t journal_id[STORE_JOURNAL_ID_BYTES];
    struct arena arena;
    struct noted *at;
    size_t count;
    size_t cap;
    size_t sealed;         /* of them, are in a batch */
    uint64_t batches;      /* sealed */
    uint64_t seq;          /* of the last record */
    bool later_updates_do; /* in what is compared now, a newer updated_ms is right, too */
};

void ledger_done(struct ledger *ledger);

/* Notes an event, or another entry, as received a millisecond after the one before. Texts are
 * copied. */
void ledger_note_event(struct ledger *ledger, const struct event *event);
void ledger_note(struct ledger *ledger, const struct entry *entry);
/* Shorthand: a view of a listing, with a source (NULL: none) on a day at 12:00. */
void ledger_note_view(struct ledger *ledger, const char *user, const char *listing, int32_t day,
                      const char *source);

/*
 * Seals what was noted since the last seal into the next batch. ledger_rebuild() makes a batch
 * that was sealed before once more, as recovery does. ledger_release() frees either.
 */
struct store_batch ledger_seal(struct ledger *ledger);
struct store_batch ledger_rebuild(struct ledger *ledger, uint64_t batch);
void ledger_release(struct store_batch batch);
/* Seals, applies, expects success. */
void ledger_apply(struct ledger *ledger, struct store *store);

/* What the ledger says of the batches up to `batch`. */
void ledger_counts(const struct ledger *ledger, uint64_t batch, const struct store_scope *scope,
                   bool cells, struct count_table *out);
/* Compares the reader's totals, their sums and the cells with the ledger's. The reader has begun.
 */
void ledger_check_counts(const struct ledger *ledger, const char *row, uint64_t batch,
                         struct store_reader *reader, const struct store_scope *scope);

/* Inquiries and listing details, as lines of text: one string is easily compared and shown. */
char *ledger_inquiries(const struct ledger *ledger, uint64_t batch,
                       const struct store_inquiry_query *query);
char *ledger_listings(const struct ledger *ledger, uint64_t batch,
                      const struct store_listing_query *query);
/* The same from a store. The caller frees. */
char *store_inquiries(struct store_reader *reader, const struct store_inquiry_query *query);
char *store_listings(struct store_reader *reader, const struct store_listing_query *query);
/* Fails the test and shows both unless the texts are the same; frees both. */
void answers_equal(const char *row, char *got, char *want);

#endif
