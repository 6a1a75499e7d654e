/*
 * manifest.h - what a backup says of itself, and whether its files are what it says.
 *
 * manifest.json names every file with size and SHA-256, and the state that they hold;
 * manifest.sha256 holds the SHA-256 of manifest.json, as the tool sha256sum writes it. The format:
 * docs/formats/backup.md.
 *
 * Threads: no shared state.
 */
#ifndef FOOTFALL_CLI_BACKUP_MANIFEST_H
#define FOOTFALL_CLI_BACKUP_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/files.h"
#include "cli/journal/data_folder.h"
#include "cli/long_work.h"

enum {
    MANIFEST_VERSION = 1,
    MANIFEST_PATH_BYTES = 64,  /* "journal/0123456789abcdef.seg" and more */
    MANIFEST_FILES_MAX = 65536 /* far more than segments and hours there are */
};
enum { DIGEST_WORDS_BYTES = 65 }; /* SHA-256 in hexadecimal, and a NUL */

struct manifest_file {
    char path[MANIFEST_PATH_BYTES]; /* within the backup */
    uint64_t bytes;
    char sha256[DIGEST_WORDS_BYTES];
};

struct manifest {
    char program[32]; /* the version that made it */
    char journal_id[JOURNAL_ID_WORDS_BYTES];
    uint64_t batch;        /* that the store has */
    uint64_t store_record; /* and the record that sealed it */
    uint64_t first_record; /* of the journal */
    uint64_t last_record;
    int64_t began_ms;
    int64_t ended_ms;
    struct manifest_file *files; /* by path */
    size_t count;
};

/* Start as {0}. */
void manifest_done(struct manifest *manifest);

/* Syncs and adds every file in the folder but INCOMPLETE. */
MUST_USE enum status manifest_add_files(struct manifest *manifest, const char *dir,
                                        struct long_work *work, struct error *err);
/* Writes and syncs manifest.json and manifest.sha256. */
MUST_USE enum status manifest_write(const struct manifest *manifest, const char *dir,
                                    struct error *err);

/* Whether the folder is a backup, which nothing may change. */
bool manifest_is_there(const char *dir);
/* STATUS_NOT_FOUND, with what to do, for a backup instead of a data folder that may be changed. */
MUST_USE enum status manifest_refuse(const char *dir, struct error *err);

/*
 *   STATUS_NOT_FOUND  there is no such folder, or no backup in it
 *   STATUS_CORRUPT    the manifest is damaged or not whole
 *   STATUS_FOREIGN    a newer Footfall made it
 *   STATUS_IO, STATUS_NO_MEMORY
 */
MUST_USE enum status manifest_read(const char *dir, struct manifest *out, struct error *err);

/* Called for each file that is not what the manifest says; words name it. */
typedef void manifest_damage_fn(void *context, const char *words);

/*
 * Compares the files in dir with the manifest, all of them, and copies them into the folder to
 * unless that is NULL; copies are synced. *damages is how many were told. Only what cannot be told
 * of a file is an error: STATUS_IO and STATUS_DISK_FULL of the copy, STATUS_NO_MEMORY,
 * STATUS_STOPPED.
 */
MUST_USE enum status manifest_check(const struct manifest *manifest, const char *dir,
                                    const char *to, manifest_damage_fn *damaged, void *context,
                                    struct long_work *work, uint64_t *damages, struct error *err);

uint64_t manifest_bytes(const struct manifest *manifest); /* of all files */

#endif
