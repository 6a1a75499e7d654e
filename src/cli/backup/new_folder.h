/*
 * new_folder.h - a folder that is there whole or not at all.
 *
 * It is made as NAME.partial, with a file INCOMPLETE in it that says so, and gets its name when
 * everything in it is durable. What an interrupted process left as NAME.partial is removed by the
 * next that makes NAME: the file tells that it is one, and a lock on it that nobody is at work.
 *
 * Threads: no shared state.
 */
#ifndef FOOTFALL_CLI_BACKUP_NEW_FOLDER_H
#define FOOTFALL_CLI_BACKUP_NEW_FOLDER_H

#include "base/files.h"

struct new_folder {
    char path[FILE_PATH_BYTES];
    char partial[FILE_PATH_BYTES]; /* to be filled; empty when there is nothing to abandon */
    int marker;                    /* of INCOMPLETE, locked */
};

/*
 * Makes NAME.partial. outside: a folder in which NAME may not lie.
 *   STATUS_INVALID  NAME is there, or lies inside, or is no folder's name; NAME.partial is somebody
 *                   else's
 *   STATUS_BUSY     another process makes NAME
 *   STATUS_IO, STATUS_DISK_FULL
 */
MUST_USE enum status new_folder_begin(struct new_folder *folder, const char *name,
                                      const char *outside, struct error *err);

/* A folder within it; name without '/'. */
MUST_USE enum status new_folder_add(const struct new_folder *folder, const char *name,
                                    struct error *err);

/* Syncs the folders (files are synced by who made them) and gives the name; never over another. */
MUST_USE enum status new_folder_finish(struct new_folder *folder, struct error *err);

/* Removes what new_folder_finish() did not name, as far as it can; does nothing afterwards. */
void new_folder_abandon(struct new_folder *folder);

#endif
