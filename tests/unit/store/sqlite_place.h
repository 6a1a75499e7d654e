/*
 * sqlite_place.h - SQLite stores in folders of their own, for the tests of that kind.
 */
#ifndef FOOTFALL_TESTS_SQLITE_PLACE_H
#define FOOTFALL_TESTS_SQLITE_PLACE_H

#include "store/sqlite/parts.h"
#include "store/sqlite/sqlite_store.h"
#include "store_conformance.h"
#include "store_ledger.h"

extern const struct store_kind sqlite_kind;
extern const uint8_t sqlite_journal_id[STORE_JOURNAL_ID_BYTES];
extern const int32_t a_day; /* 2025-03-04 */

/* DIR/footfall.db */
enum status open_in(void *dir, const uint8_t id[STORE_JOURNAL_ID_BYTES], struct store **out,
                    struct error *err);
struct store *must_open(char *dir);
/* Of the same journal. */
struct ledger new_ledger(void);
/* Runs SQL on the file behind the store's back. */
void tamper(const char *dir, const char *sql);
/* The user's views around a_day, of a listing or (NULL) of all; the reader has begun. */
uint64_t views_of(struct store_reader *reader, const char *user, const char *listing);
/* Reads ann's views anew and compares them and the position. */
void expect_views(struct store *store, uint64_t batch, uint64_t views);

#endif
