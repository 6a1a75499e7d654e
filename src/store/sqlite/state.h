/*
 * state.h - which journal a store's file follows, and how far, without opening the store.
 *
 * For the operator's tools, which look at a data folder that no server uses: they hold the
 * journal's lock meanwhile.
 *
 * Threads: no shared state.
 */
#ifndef FOOTFALL_STORE_SQLITE_STATE_H
#define FOOTFALL_STORE_SQLITE_STATE_H

#include "store/sqlite/connection.h"
#include "store/store.h"

struct sqlite_store_state {
    uint8_t journal_id[STORE_JOURNAL_ID_BYTES];
    struct store_position position;
};

/*
 * Reads it, what only the file's log (-wal) has included. Changes and makes no file.
 *   STATUS_NOT_FOUND  there is no such file
 *   STATUS_CORRUPT    not a footfall store, or damaged
 *   STATUS_INVALID    written by a newer footfall
 *   STATUS_IO, STATUS_NO_MEMORY
 */
MUST_USE enum status sqlite_store_read_state(const char *path, struct sqlite_store_state *out,
                                             struct error *err);

/* Makes the store follow another journal, of which it has the batches up to state->position.batch
 * and the records up to state->position.seq. Durable when it returns. Statuses as above. */
MUST_USE enum status sqlite_store_write_state(const char *path,
                                              const struct sqlite_store_state *state,
                                              struct error *err);

/* For the store's own files: opens a file that no server uses, to read it and leave no trace;
 * connection_close() whatever the status. */
MUST_USE enum status sqlite_store_open_unused(struct connection *connection, const char *path,
                                              struct error *err);
/* Reads the state on an open connection, which the read transaction, if any, then sees. */
MUST_USE enum status sqlite_store_state_of(struct connection *connection,
                                           struct sqlite_store_state *out, struct error *err);

#endif
