/*
 * store_conformance.h - what every kind of store must pass: the promises of store/store.h.
 *
 * A kind's own test program describes how to make places for its stores and calls
 * store_conformance(). Tests of what only that kind does stand in that program.
 */
#ifndef FOOTFALL_TESTS_STORE_CONFORMANCE_H
#define FOOTFALL_TESTS_STORE_CONFORMANCE_H

#include "store/store.h"

/*
 * A place is where one store's data lies: a folder, a table. It outlives the open store.
 *
 * Two promises are split, because a table that others write to has no transactions to read in:
 *
 *   updates_run_ahead  a reader that began before a batch sees its counts of that moment, but of a
 *                      receive time that the batch has overwritten since the newer value
 *   counts_own_bytes   store_size() is what the store itself measures: right at once. Otherwise an
 *                      engine counts now and then, and may say 0 until it has
 */
struct store_kind {
    const char *name;
    bool updates_run_ahead;
    bool counts_own_bytes;
    void *(*place_new)(void);
    void (*place_free)(void *place);
    enum status (*open)(void *place, const uint8_t journal_id[STORE_JOURNAL_ID_BYTES],
                        struct store **out, struct error *err);
};

/* Runs the suite; the number of tests that failed. */
int store_conformance(const struct store_kind *kind);

#endif
