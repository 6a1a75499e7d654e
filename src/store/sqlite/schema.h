/*
 * schema.h - the tables of the store's file, and whether a file is one of ours.
 *
 * docs/formats/store.md describes them for whoever looks with the sqlite3 shell.
 *
 * Threads: the connection's.
 */
#ifndef FOOTFALL_STORE_SQLITE_SCHEMA_H
#define FOOTFALL_STORE_SQLITE_SCHEMA_H

#include "store/sqlite/connection.h"

enum {
    SCHEMA_APPLICATION_ID = 0x46465354, /* "FFST" */
    SCHEMA_VERSION = 1,
    SCHEMA_PAGE_BYTES_DEFAULT = 8192 /* docs/decisions/0002-store-blocks-and-page-size.md */
};

/*
 * Makes the tables in an empty file, or makes sure that the file is a store of this version that
 * follows the journal. Puts the file into WAL mode. The errors are those of sqlite_store_open().
 */
MUST_USE enum status schema_open(struct connection *connection, const uint8_t *journal_id,
                                 uint32_t page_bytes, struct error *err);

#endif
