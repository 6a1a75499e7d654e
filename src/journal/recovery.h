/*
 * recovery.h - from the files in the folder to a chain that can be replayed and continued.
 *
 * Threads: before the helper runs, so there is only one.
 */
#ifndef FOOTFALL_JOURNAL_RECOVERY_H
#define FOOTFALL_JOURNAL_RECOVERY_H

#include "base/status.h"
#include "journal/state.h"

/*
 * Fills the chain, the ready spares and the numbers that follow from them, and checks all but
 * the records of older segments, which journal_replay() reads. Removes spares that are half
 * made or of another size. Statuses and words: journal_open().
 */
MUST_USE enum status recover(struct journal *journal, struct error *err);

#endif
