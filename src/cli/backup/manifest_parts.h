/*
 * manifest_parts.h - for the manifest's own files: its names, its list and the files of a folder.
 *
 * Threads: no shared state.
 */
#ifndef FOOTFALL_CLI_BACKUP_MANIFEST_PARTS_H
#define FOOTFALL_CLI_BACKUP_MANIFEST_PARTS_H

#include "cli/backup/manifest.h"

enum { MANIFEST_SUM_LINE_BYTES = 64 + 2 + 13 + 1 }; /* of manifest.sha256 */

extern const char manifest_json_name[14];
extern const char manifest_sum_name[16];

/* footfall.db, journal/NAME or dedupe/NAME, and NAME nothing that leads elsewhere. */
bool manifest_is_path(const char *path);

/* A new last file of that path; NULL: *err is STATUS_TOO_LARGE or STATUS_NO_MEMORY. */
struct manifest_file *manifest_append(struct manifest *manifest, const char *path,
                                      struct error *err);

/* Calls each with the path within dir of all that is there and no folder, in order. */
MUST_USE enum status manifest_each_file(const char *dir,
                                        enum status (*each)(void *context, const char *path,
                                                            struct error *err),
                                        void *context, struct error *err);

#endif
