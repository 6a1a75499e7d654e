/*
 * batch.h - folding one sealed batch into the store's tables, in one transaction.
 *
 * Threads: the one that applies.
 */
#ifndef FOOTFALL_STORE_SQLITE_BATCH_H
#define FOOTFALL_STORE_SQLITE_BATCH_H

#include "base/bytes.h"
#include "store/sqlite/connection.h"
#include "store/store.h"

/* Both tables have the key (user, month or day, listing). */
enum block_table { BLOCK_TOTALS, BLOCK_CELLS };

enum batch_statement {
    BATCH_BEGIN,
    BATCH_COMMIT,
    BATCH_ROLLBACK,
    BATCH_POSITION,
    BATCH_MOVE,
    BATCH_TOTALS,
    BATCH_PUT_TOTALS,
    BATCH_CELLS,
    BATCH_PUT_CELLS,
    BATCH_PUT_INQUIRY,
    BATCH_PUT_LISTING,
    BATCH_REMOVE_LISTING,
    BATCH_STATEMENTS
};

/* The connection that writes. Start as {0}; batch_writer_done() takes the half made. */
struct batch_writer {
    struct connection connection;
    sqlite3_stmt *statements[BATCH_STATEMENTS];
    struct bytes folded; /* the block being made */
};

/* Prepares the statements on the open connection. */
MUST_USE enum status batch_writer_prepare(struct batch_writer *writer, struct error *err);
/* Finalizes them and closes the connection. */
void batch_writer_done(struct batch_writer *writer);

/* As store_get_position(). */
MUST_USE enum status batch_position(struct batch_writer *writer, struct store_position *out,
                                    struct error *err);

/* As store_apply(). */
MUST_USE enum status batch_apply(struct batch_writer *writer, const struct store_batch *batch,
                                 struct error *err);

/* Reads (batch, seq) from a statement that selects them; it is reset afterwards. */
MUST_USE enum status position_read(struct connection *connection, sqlite3_stmt *statement,
                                   struct store_position *out, struct error *err);

/*
 * Gives bad block bytes the words that name them: "store P: totals of user U, listing L, 2026-01:
 * why". at is the month or the day.
 */
enum status block_corrupt(struct connection *connection, enum block_table table,
                          struct text user_id, int32_t at, struct text listing_id,
                          const struct error *why, struct error *err);

/* A row is only written with a block in it, so an empty one has lost counts: STATUS_CORRUPT. To
 * those who fold and decode, no bytes mean that nothing was counted yet. */
enum status block_missing(struct error *why);

#endif
