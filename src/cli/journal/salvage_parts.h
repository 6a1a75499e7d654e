/*
 * salvage_parts.h - what a salvage takes over beside the journal: store and fingerprints.
 *
 * Threads: one.
 */
#ifndef FOOTFALL_CLI_JOURNAL_SALVAGE_PARTS_H
#define FOOTFALL_CLI_JOURNAL_SALVAGE_PARTS_H

#include "cli/journal/data_folder.h"

/* Copies the folder's store into the folder `to`, where it follows journal id from its record 1
 * on. */
MUST_USE enum status salvage_store(const struct data_folder *folder, const char *to,
                                   const uint8_t *id, struct error *err);

/* Writes the fingerprints that can be read into the folder `to`, for journal id, and says on
 * stdout what is lost. */
MUST_USE enum status salvage_fingerprints(const struct data_folder *folder, const char *to,
                                          const uint8_t *id, struct error *err);

#endif
