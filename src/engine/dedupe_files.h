/*
 * dedupe_files.h - the window's fingerprints on disk, a file an hour.
 *
 * A journal segment may be recycled only when the ids in it are in these files: they are
 * appended and synced at each seal, before the store applies the batch. What came after the last
 * seal is in the journal. Expiring an hour is unlinking its file. The bytes are described in
 * docs/formats/fingerprints.md.
 *
 * Threads: none inside. Opening and loading happen before the store thread starts; the rest is
 * that thread's.
 */
#ifndef FOOTFALL_ENGINE_DEDUPE_FILES_H
#define FOOTFALL_ENGINE_DEDUPE_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { DEDUPE_JOURNAL_ID_BYTES = 16 };

struct dedupe_files; /* made by dedupe_files_open(), freed by dedupe_files_close() */

/*
 * Opens or creates the folder and its seed.
 *   STATUS_FOREIGN  the folder belongs to another journal
 *   STATUS_CORRUPT  the seed is damaged, or gone while fingerprints are there
 *   STATUS_IO, STATUS_DISK_FULL, STATUS_NO_MEMORY
 */
MUST_USE enum status dedupe_files_open(const char *dir, const uint8_t *journal_id,
                                       struct dedupe_files **out, struct error *err);
void dedupe_files_close(struct dedupe_files *files); /* accepts NULL */

/* As dedupe_files_open(), but makes nothing: STATUS_NOT_FOUND when there is neither seed nor
 * fingerprint. */
MUST_USE enum status dedupe_files_open_as_is(const char *dir, const uint8_t *journal_id,
                                             struct dedupe_files **out, struct error *err);

/* Makes a folder, which must not be there, with that seed: fingerprints of another folder with the
 * seed stay true here. */
MUST_USE enum status dedupe_files_found(const char *dir, const uint8_t *journal_id, uint64_t seed,
                                        struct dedupe_files **out, struct error *err);

/* The secret of every fingerprint here: random when the folder was made. */
uint64_t dedupe_files_seed(const struct dedupe_files *files);

/*
 * Calls each with the fingerprints on disk, hour after hour. A last block torn by a crash is left
 * out, and its place is used again; any other damage is STATUS_CORRUPT with file and offset.
 */
typedef enum status dedupe_files_fn(void *context, int64_t hour, const uint64_t *fingerprints,
                                    size_t count, struct error *err);
MUST_USE enum status dedupe_files_load(struct dedupe_files *files, dedupe_files_fn *each,
                                       void *context, struct error *err);

/* As dedupe_files_load(), for folders that may be damaged: what is wrong with an hour's file goes
 * to damaged, after the blocks before the damage went to each, and the next hour follows. */
typedef void dedupe_files_damage_fn(void *context, int64_t hour, const struct error *error);
MUST_USE enum status dedupe_files_load_readable(struct dedupe_files *files, dedupe_files_fn *each,
                                                dedupe_files_damage_fn *damaged, void *context,
                                                struct error *err);

/* Appends fingerprints to an hour's file and syncs it. After a failure the same call may be made
 * again. */
MUST_USE enum status dedupe_files_append(struct dedupe_files *files, int64_t hour,
                                         const uint64_t *fingerprints, size_t count,
                                         struct error *err);

/* Removes the files of hours before oldest_hour. */
MUST_USE enum status dedupe_files_expire(struct dedupe_files *files, int64_t oldest_hour,
                                         struct error *err);

#endif
