/*
 * store_trial.h - what the parts of the conformance suite share: a store, a reader and the truth.
 */
#ifndef FOOTFALL_TESTS_STORE_TRIAL_H
#define FOOTFALL_TESTS_STORE_TRIAL_H

#include "store_conformance.h"
#include "store_ledger.h"

extern const struct store_kind *store_kind_tested;

/* A place with an open store, a reader and the truth about them. */
struct trial {
    void *place;
    struct store *store;
    struct store_reader *reader;
    struct ledger ledger;
    struct error err;
};

struct trial *trial_new(void);
void trial_free(struct trial *trial);
void trial_reopen(struct trial *trial);

/* Begins a read; the batch it sees. store_reader_end() ends it. */
uint64_t begin(struct trial *trial);
void expect_position(struct trial *trial, uint64_t batch);

int32_t day_of(int year, int month, int day);
/* All of the user's listings in the years of the suite's events. */
struct store_scope all_of(const char *user);
/* Begins, compares all counts of the user with the ledger up to the position seen, ends. */
void check_user(struct trial *trial, const char *row, const char *user);

/* Notes a view, share or inquiry of every make that n can mean. */
void note_nth(struct ledger *ledger, int n, const char *user);
/* Notes ann's word on a listing, its address; "-" removes it. */
void say(struct ledger *ledger, const char *listing, const char *words);

/* The parts; each is a number of tests that failed. */
int store_conformance_batches(void);
int store_conformance_counts(void);
int store_conformance_facts(void);
int store_conformance_history(void);

#endif
