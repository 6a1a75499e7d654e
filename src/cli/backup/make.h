/*
 * make.h - a backup of a data folder, whether a server uses it or not.
 *
 * What it promises, and the order that keeps it: docs/decisions/0014-backup.md.
 *
 * Threads: no shared state.
 */
#ifndef FOOTFALL_CLI_BACKUP_MAKE_H
#define FOOTFALL_CLI_BACKUP_MAKE_H

#include "cli/backup/manifest.h"

/*
 * Makes the backup `to` of the data folder `data`; *out tells what is in it, for manifest_done().
 * On any other status than STATUS_OK there is no `to`:
 *   STATUS_INVALID    `to` is there, or lies inside the data folder
 *   STATUS_NOT_FOUND  data is no data folder
 *   STATUS_CORRUPT, STATUS_FOREIGN  what is to be copied is damaged, or does not belong together
 *   STATUS_DISK_FULL  no room there, or the server's disk became nearly full meanwhile
 *   STATUS_BUSY       another process makes the same backup
 *   STATUS_STOPPED    a signal came
 *   STATUS_IO, STATUS_NO_MEMORY
 */
MUST_USE enum status backup_make(const char *data, const char *to, struct manifest *out,
                                 struct error *err);

#endif
