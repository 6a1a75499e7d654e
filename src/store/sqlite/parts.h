/*
 * parts.h - what a SQLite store is made of, for its own files and for tests that break them.
 */
#ifndef FOOTFALL_STORE_SQLITE_PARTS_H
#define FOOTFALL_STORE_SQLITE_PARTS_H

#include "base/files.h"
#include "store/sqlite/batch.h"
#include "store/store.h"

struct sqlite_store {
    struct store store; /* first, so that one pointer is both */
    char path[FILE_PATH_BYTES];
    char wal_path[FILE_PATH_BYTES + 4];
    uint64_t cache_bytes; /* of each connection */
    struct batch_writer writer;
};

#endif
