/*
 * seen_inquiries.h - which inquiries a batch has had already: of several of one key the first
 * stands, as in a table that is put to only once.
 *
 * Threads: one at a time.
 */
#ifndef FOOTFALL_STORE_DYNAMODB_SEEN_INQUIRIES_H
#define FOOTFALL_STORE_DYNAMODB_SEEN_INQUIRIES_H

#include <stdbool.h>

#include <xxhash.h>

#include "base/status.h"
#include "model/inquiry.h"
#include "store/dynamodb/body.h"

/* Hashes of their keys in an open table. Start as {0}. */
struct seen_inquiries {
    XXH128_hash_t *slots;
    size_t mask;
    size_t count;
    struct body key; /* scratch */
};

/* *repeated: whether one of this key came before; notes it otherwise. STATUS_NO_MEMORY. */
MUST_USE enum status seen_inquiries_note(struct seen_inquiries *seen, const struct inquiry *inquiry,
                                         bool *repeated, struct error *err);
/* For the next batch. */
void seen_inquiries_forget(struct seen_inquiries *seen);
void seen_inquiries_done(struct seen_inquiries *seen);

#endif
