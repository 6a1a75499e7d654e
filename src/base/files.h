/*
 * files.h - the few file operations that durable software must get right, in one place.
 *
 * Every function names the path in its error. Nothing here is retried after a failed sync.
 *
 * Threads: no shared state.
 */
#ifndef FOOTFALL_BASE_FILES_H
#define FOOTFALL_BASE_FILES_H

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/status.h"

enum { FILE_PATH_BYTES = PATH_MAX };

/* dir + "/" + name into out. STATUS_INVALID when it does not fit. */
MUST_USE enum status file_path(char out[FILE_PATH_BYTES], const char *dir, const char *name,
                               struct error *err);

/* Makes the folder (0700) and syncs its parent; one that is there is kept. */
MUST_USE enum status file_make_dir(const char *path, struct error *err);

/* Syncs a folder, so that what was created, renamed or removed in it survives a power cut. */
MUST_USE enum status file_sync_dir(const char *path, struct error *err);

/* Writes all of it at offset, over short writes and interruptions. path is for the words. */
MUST_USE enum status file_write_at(int fd, const void *from, size_t len, off_t offset,
                                   const char *path, struct error *err);

/* Reads up to len bytes at offset; *got is less only at the end of the file. */
MUST_USE enum status file_read_at(int fd, void *to, size_t len, off_t offset, size_t *got,
                                  const char *path, struct error *err);

/* Renames within dir and syncs dir. */
MUST_USE enum status file_rename(const char *dir, const char *from, const char *to,
                                 struct error *err);

#endif
