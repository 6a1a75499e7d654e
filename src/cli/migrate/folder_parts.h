/*
 * folder_parts.h - what makes a data folder of a folder: a journal, and fingerprints of ids.
 *
 * Threads: no shared state.
 */
#ifndef FOOTFALL_CLI_MIGRATE_FOLDER_PARTS_H
#define FOOTFALL_CLI_MIGRATE_FOLDER_PARTS_H

#include "base/status.h"
#include "journal/journal.h"

/* Makes dir/journal, empty, or finds the one that an earlier run made. */
MUST_USE enum status folder_make_journal(const char *dir, uint8_t id[JOURNAL_ID_BYTES],
                                         struct error *err);

/*
 * Carries the fingerprints of the data folder `from`, which no server may use, to dir/dedupe, for
 * the journal `id`. What an earlier run left there is removed before. Without any, nothing is made.
 *   STATUS_BUSY, STATUS_NOT_FOUND, STATUS_CORRUPT, STATUS_FOREIGN, STATUS_IO, STATUS_NO_MEMORY
 */
MUST_USE enum status folder_carry_ids(const char *from, const char *dir,
                                      const uint8_t id[JOURNAL_ID_BYTES], uint64_t *ids,
                                      struct error *err);

/* A node's new data folder over a table: a journal, and the fingerprints of `from`. It is there
 * whole or not at all. STATUS_INVALID: it is there already; others as above. */
MUST_USE enum status folder_make_node(const char *path, const char *from, uint64_t *ids,
                                      struct error *err);

#endif
