/*
 * sqlite_store.h - the embedded store: one SQLite file, footfall.db.
 *
 * WAL mode, synchronous=FULL, checkpoints called explicitly by store_maintain(). A batch is one
 * transaction that also moves the position. Tables: docs/formats/store.md.
 *
 * Threads: as store.h says.
 */
#ifndef FOOTFALL_STORE_SQLITE_SQLITE_STORE_H
#define FOOTFALL_STORE_SQLITE_SQLITE_STORE_H

#include "store/store.h"

struct sqlite_store_options {
    const char *path;          /* of the file; made if missing */
    const uint8_t *journal_id; /* STORE_JOURNAL_ID_BYTES: the journal this store follows */
    uint64_t cache_bytes;      /* per connection; 0 for 64 MiB */
    uint32_t page_bytes;       /* of a new file; 0 for the default */
};

/*
 * Opens or creates the store.
 *   STATUS_FOREIGN  it follows another journal
 *   STATUS_CORRUPT  not a footfall store, or damaged
 *   STATUS_INVALID  written by a newer footfall
 *   STATUS_BUSY, STATUS_IO, STATUS_DISK_FULL, STATUS_NO_MEMORY
 */
MUST_USE enum status sqlite_store_open(const struct sqlite_store_options *options,
                                       struct store **out, struct error *err);

#endif
