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
    uint64_t cache_bytes;    /* of each connection */
    uint64_t log_bytes_kept; /* a longer log is cut off when it is all in the file */
    struct batch_writer writer;
};

enum reader_statement {
    READ_BEGIN,
    READ_END,
    READ_POSITION,
    READ_TOTALS_OF_LISTING,
    READ_TOTALS,
    READ_CELLS_OF_LISTING,
    READ_CELLS,
    READ_INQUIRIES_OF_LISTING,
    READ_INQUIRIES,
    READ_LISTING,
    READ_LISTINGS,
    READER_STATEMENTS
};

struct sqlite_reader {
    struct store_reader reader; /* first, so that one pointer is both */
    struct connection connection;
    sqlite3_stmt *statements[READER_STATEMENTS];
    struct count_rows rows; /* of the block in hand */
};

#endif
