/*
 * sql_tables.h - the packed blocks as ordinary tables: SQLite virtual tables on a connection.
 *
 *     listing_days       a row a listing and UTC day              from month blocks
 *     platform_days      a row a listing, UTC day and platform    from month blocks
 *     source_days        a row a listing, UTC day and source      from month blocks
 *     platform_quarters  the same by quarter of an hour           from cell blocks
 *     source_quarters
 *
 * They can only be read. A condition on user_id or listing_id (=) or date (=, <, <=, >, >=,
 * BETWEEN) decides which blocks are read at all; SQLite checks every condition once more.
 *
 * What has no platform or no source is named "none", so that the rows of a day always sum to it.
 *
 * Threads: as the connection.
 */
#ifndef FOOTFALL_STORE_SQLITE_SQL_TABLES_H
#define FOOTFALL_STORE_SQLITE_SQL_TABLES_H

#include "store/sqlite/connection.h"

struct sql_tables {
    struct connection *connection;
    uint64_t blocks; /* decoded so far */
    bool declaring;  /* SQLite compiles one of our own declarations: for an authorizer */
};

/* Registers them; tables outlives the connection. */
MUST_USE enum status sql_tables_register(struct sql_tables *tables, struct connection *connection,
                                         struct error *err);

#endif
