/*
 * dynamodb_place.h - a table of its own for each test, on the engine that with-engine.mjs started.
 */
#ifndef FOOTFALL_TESTS_DYNAMODB_PLACE_H
#define FOOTFALL_TESTS_DYNAMODB_PLACE_H

#include "store/dynamodb/dynamodb_store.h"
#include "store_conformance.h"
#include "store_ledger.h"

/* The client of the whole program, and a channel to look at tables with. */
extern struct dynamodb *place_client;
extern struct dynamodb_channel *place_channel;

/* A place: its table. */
struct table_place {
    char table[64];
    uint32_t writer; /* 1 */
    bool cells;      /* true */
};

/* Opens the client; call it first in main(). Without an engine's address it says so and ends. */
void places_begin(void);
void places_end(void);

void *table_place_new(void);
void table_place_free(void *place);
enum status table_place_open(void *place, const uint8_t journal_id[STORE_JOURNAL_ID_BYTES],
                             struct store **out, struct error *err);

/* Asks the engine; the caller frees the answer. Fails the test unless it answers `want`. */
json_t *ask_engine(const char *operation, enum dynamodb_outcome want, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
