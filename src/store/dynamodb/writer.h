/*
 * writer.h - a writer's claim: which journal may write under a number, and how far it is.
 *
 * A writer is a number, 1 to 999, that belongs to one journal. Its item, WRITER#<n> / STATE:
 *
 *   jid         the journal's id, 32 hexadecimal digits
 *   seq, nonce  the batch that is claimed, and a digest of what it holds
 *   applied     the batch that is in the table whole
 *   appliedSeq  the journal record that sealed it
 *   tail        a digest of the record before that, by which a copied journal is found out
 *   asOf        all that was acknowledged before this moment is in the table
 *   epoch, _e   of claimed ids: claimed_ids.h
 *
 * A batch is claimed before its first part is sent. Whoever finds another journal, or under the
 * same number another digest, must not send anything: a copied journal, one that was set back, or
 * two nodes under one number. WRITERS / <n> lists the writers there are.
 *
 * Threads: a channel's.
 */
#ifndef FOOTFALL_STORE_DYNAMODB_WRITER_H
#define FOOTFALL_STORE_DYNAMODB_WRITER_H

#include "dynamodb/dynamodb.h"
#include "store/dynamodb/body.h"
#include "store/store.h"

enum {
    WRITER_MAX = 999,
    WRITER_HEX_BYTES = 2 * STORE_JOURNAL_ID_BYTES + 1, /* with NUL */
};

/* Whose claim, and over what it is asked for. body is scratch. */
struct writer {
    struct dynamodb_channel *channel;
    const char *table;
    uint32_t number;
    char journal_id[WRITER_HEX_BYTES];
    struct body *body;
};

struct writer_state {
    bool exists;
    char journal_id[WRITER_HEX_BYTES];
    char nonce[WRITER_HEX_BYTES]; /* "" before the first batch */
    uint64_t claimed;
    uint64_t applied;
    uint64_t applied_seq;
    uint64_t tail; /* of the applied batch; 0: none */
    int64_t as_of_ms;
};

void writer_hex(const uint8_t id[STORE_JOURNAL_ID_BYTES], char out[WRITER_HEX_BYTES]);

/* Reads the item; *out has exists == false when there is none. */
MUST_USE enum status writer_read(struct writer *writer, struct writer_state *out,
                                 struct error *err);

/* Makes the writer this journal's if it is nobody's, and lists it. *out: as it then stands.
 * STATUS_FOREIGN: it is another journal's; the words say what to do. */
MUST_USE enum status writer_register(struct writer *writer, int64_t now_ms,
                                     struct writer_state *out, struct error *err);

/* Claims the batch, or finds it claimed by us with the same content. STATUS_FOREIGN: neither. */
MUST_USE enum status writer_claim(struct writer *writer, uint64_t batch, const char *nonce,
                                  struct error *err);

/* The batch up to that position is in the table whole. as_of_ms 0: says nothing about time. */
MUST_USE enum status writer_acknowledge(struct writer *writer,
                                        const struct store_position *position, int64_t as_of_ms,
                                        struct error *err);

/* Everything acknowledged before this moment is in the table. */
MUST_USE enum status writer_note(struct writer *writer, int64_t as_of_ms, struct error *err);

/* The epoch of claimed ids holds up to last_seq, if it is still the open one. */
MUST_USE enum status writer_close_epoch(struct writer *writer, uint64_t epoch, uint64_t last_seq,
                                        struct error *err);

/* The least asOf of all writers but this one; 0 when there is no other. */
MUST_USE enum status writer_others_as_of(struct writer *writer, int64_t *as_of_ms,
                                         struct error *err);

/* The writer becomes new_id's, which goes on behind the claimed batch. STATUS_FOREIGN: it is not
 * old_id's; STATUS_NOT_FOUND: there is no such writer. */
MUST_USE enum status writer_take_over(struct writer *writer,
                                      const uint8_t old_id[STORE_JOURNAL_ID_BYTES],
                                      const uint8_t new_id[STORE_JOURNAL_ID_BYTES],
                                      struct writer_state *before, struct error *err);

/* For words: "status" of a call that DynamoDB did not answer with yes. */
enum status writer_failed(const char *doing, const struct error *why, struct error *err);

#endif
