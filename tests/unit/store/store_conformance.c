/*
 * store_conformance.c - the promises of store/store.h, for every kind of store.
 *
 * Each test notes entries in a ledger (store_ledger.h), hands them to the store in sealed
 * batches, and compares the store's answers with the ledger's.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store_conformance.h"

#include "store_trial.h"

int store_conformance(const struct store_kind *kind)
{
    store_kind_tested = kind;
    return store_conformance_batches() + store_conformance_counts() + store_conformance_facts() +
           store_conformance_history();
}
