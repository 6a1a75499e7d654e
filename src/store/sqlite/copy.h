/*
 * copy.h - a copy of the store's file at one moment, while a server may write it.
 *
 * It has whole batches: exactly those up to the position that is told. The server is not held up;
 * its log (-wal) cannot start over until the copy is made, and grows meanwhile.
 *
 * Threads: no shared state.
 */
#ifndef FOOTFALL_STORE_SQLITE_COPY_H
#define FOOTFALL_STORE_SQLITE_COPY_H

#include "store/sqlite/connection.h"
#include "store/sqlite/state.h"

/* Called behind each stretch. Anything but STATUS_OK ends the copying with that status. */
typedef enum status sqlite_store_copy_fn(void *context, uint64_t bytes_done, uint64_t bytes,
                                         struct error *err);

/*
 * Copies the store at from to the new file to. is_unused: nobody writes it meanwhile; then nothing
 * is left beside it. Otherwise SQLite leaves a log and its index. *out is what the copy holds. The
 * file is not synced; after a failure it is for the caller to remove. STATUS_NOT_FOUND  there is no
 * store STATUS_CORRUPT    not a footfall store, or damaged STATUS_INVALID    written by a newer
 * footfall STATUS_BUSY, STATUS_IO, STATUS_DISK_FULL, STATUS_NO_MEMORY
 */
MUST_USE enum status sqlite_store_copy(const char *from, bool is_unused, const char *to,
                                       sqlite_store_copy_fn *step, void *context,
                                       struct sqlite_store_state *out, struct error *err);

/* For the store's own files: opens the file beside whoever uses it, to read only (is_unused: as
 * above); a folder that is a symbolic link is followed. path has FILE_PATH_BYTES, is filled, and
 * outlives the connection. connection_close() whatever the status. */
MUST_USE enum status sqlite_store_open_beside(struct connection *connection, const char *from,
                                              bool is_unused, char *path, struct error *err);

#endif
