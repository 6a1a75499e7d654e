/*
 * dynamodb_table.h - the table itself: made, looked at, and what another application wrote into it
 * put where Footfall finds it.
 *
 * Threads: a channel's.
 */
#ifndef FOOTFALL_STORE_DYNAMODB_DYNAMODB_TABLE_H
#define FOOTFALL_STORE_DYNAMODB_DYNAMODB_TABLE_H

#include "dynamodb/dynamodb.h"

/* The attribute whose time, in seconds since 1970, lets an item expire: claimed ids have one. */
#define DYNAMODB_TABLE_TTL_ATTRIBUTE "expires"

struct dynamodb_table_facts {
    char status[32];        /* "ACTIVE", "CREATING", ... */
    char hash_key[64];      /* its name and type, such as "PK S"; "" when there is none */
    char range_key[64];     /* "SK S" */
    char billing[32];       /* "PAY_PER_REQUEST", "PROVISIONED", or "" */
    char ttl_attribute[64]; /* "" when nothing expires, or the engine knows no such thing */
    uint64_t items;         /* as the engine last counted, hours ago perhaps */
    uint64_t bytes;
};

/*
 * STATUS_NOT_FOUND: there is no such table, and the words name the command that makes it. Does not
 * ask about expiry; dynamodb_table_read_ttl() does.
 */
MUST_USE enum status dynamodb_table_describe(struct dynamodb_channel *channel, const char *table,
                                             struct dynamodb_table_facts *out, struct error *err);
MUST_USE enum status dynamodb_table_read_ttl(struct dynamodb_channel *channel, const char *table,
                                             struct dynamodb_table_facts *out, struct error *err);

/* STATUS_INVALID unless the keys are PK and SK, both strings. */
MUST_USE enum status dynamodb_table_check_keys(const char *table,
                                               const struct dynamodb_table_facts *facts,
                                               struct error *err);

/*
 * Makes the table, billed by request, and waits until it is active; STATUS_OK, too, when there is
 * one already (*existed; true, too, when only the answer to a first try was lost). STATUS_INVALID:
 * it has other keys. STATUS_IO, STATUS_BUSY: it did not become active in two minutes.
 */
MUST_USE enum status dynamodb_table_create(struct dynamodb_channel *channel, const char *table,
                                           bool *existed, struct error *err);

/* Lets claimed ids expire; STATUS_OK, too, when they do already. Engines without expiry answer
 * STATUS_IO: such a table keeps the ids, and nothing else is lost. */
MUST_USE enum status dynamodb_table_enable_ttl(struct dynamodb_channel *channel, const char *table,
                                               struct error *err);

/*
 * Listing-days that another application wrote have no DAY# item, so that questions about all of a
 * user's listings miss them until Footfall adds to them. This puts the missing ones: it reads all
 * keys of the table and may be repeated and interrupted. progress (may be NULL) gets the
 * listing-days seen and put so far; anything but STATUS_OK from it ends the pass with that status.
 */
typedef enum status dynamodb_adopt_fn(void *context, uint64_t seen, uint64_t put,
                                      struct error *err);
MUST_USE enum status dynamodb_table_adopt(struct dynamodb_channel *channel, const char *table,
                                          dynamodb_adopt_fn *progress, void *context,
                                          struct error *err);

#endif
