/*
 * record.h - the content of a journal record: what was accepted, resolved and in order.
 *
 * A record is one of
 *   GROUP  entries that became durable together: events, listing details set or removed
 *   SEAL   "what was recorded since the last seal is batch n"
 * and starts with a version, so that later kinds can be told apart. The bytes are described in
 * docs/formats/records.md. Every entry stands by itself: a group is its head followed by any
 * selection of encoded entries, which lets the engine leave out repeated events.
 *
 * Decoding checks bounds and lengths only: what the journal holds was once valid, and replay is
 * blind. Numbers that cannot be right give STATUS_CORRUPT.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_MODEL_RECORD_H
#define FOOTFALL_MODEL_RECORD_H

#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"
#include "model/event.h"
#include "model/listing.h"

enum record_kind { RECORD_GROUP = 1, RECORD_SEAL = 2 };
enum entry_kind { ENTRY_EVENT = 1, ENTRY_LISTING_SET = 2, ENTRY_LISTING_REMOVED = 3 };

enum { RECORD_HEAD_BYTES = 16 };

struct record_head {
    enum record_kind kind;
    int64_t received_ms; /* GROUP: when it was accepted; never less than in the record before */
    uint64_t batch;      /* SEAL: n, from 1 */
};

/* What stands in it depends on the kind; decoding leaves the other fields as they were. */
struct entry {
    enum entry_kind kind;
    struct event event;             /* ENTRY_EVENT */
    struct text user_id;            /* ENTRY_LISTING_SET and _REMOVED */
    struct text listing_id;         /* the same */
    struct listing_details details; /* ENTRY_LISTING_SET; updated_ms is not encoded but is the
                                       group's received_ms: decoded as 0 */
};

void record_head_encode(const struct record_head *head, uint8_t out[RECORD_HEAD_BYTES]);
MUST_USE enum status record_head_decode(struct text record, struct record_head *out,
                                        struct error *err);

/*
 * Appends one entry. false when out of memory; *out is then as before. What is encoded must keep
 * the rules of event.h and listing.h, its time within the calendar: an entry that could not be
 * decoded must never reach the journal, so this is asserted.
 */
MUST_USE bool entry_encode_event(struct bytes *out, const struct event *event);
MUST_USE bool entry_encode_listing_set(struct bytes *out, struct text user_id,
                                       struct text listing_id,
                                       const struct listing_details *details);
MUST_USE bool entry_encode_listing_removed(struct bytes *out, struct text user_id,
                                           struct text listing_id);

/*
 * Reads the entry at *from (which may be end: an entry is missing) and moves *from behind it. Its
 * texts point into the record. STATUS_CORRUPT when the bytes are no entry; platform names are
 * interned, which can give STATUS_TOO_LARGE. *from then stays; *out may have changed.
 */
MUST_USE enum status entry_decode(const uint8_t **from, const uint8_t *end, struct entry *out,
                                  struct error *err);

#endif
