/*
 * digest.h - SHA-256 of bytes and files, and copies that are digested on the way.
 *
 * Threads: no shared state.
 */
#ifndef FOOTFALL_CLI_BACKUP_DIGEST_H
#define FOOTFALL_CLI_BACKUP_DIGEST_H

#include "cli/backup/manifest.h"

enum digest_mode { DIGEST_ONLY, DIGEST_SYNC /* and sync the file */ };

MUST_USE enum status digest_bytes(const void *from, size_t len, char words[DIGEST_WORDS_BYTES],
                                  struct error *err);

/* STATUS_NOT_FOUND: the file cannot be opened or read. STATUS_STOPPED: *work was interrupted. */
MUST_USE enum status digest_file(const char *path, enum digest_mode mode, struct long_work *work,
                                 char words[DIGEST_WORDS_BYTES], uint64_t *bytes,
                                 struct error *err);

/* Copies the file to a new one, syncs that, and digests what was read. Stretches of zeros take no
 * room on disk. Other statuses than those above are the copy's. */
MUST_USE enum status digest_copy(const char *from, const char *to, struct long_work *work,
                                 char words[DIGEST_WORDS_BYTES], uint64_t *bytes,
                                 struct error *err);

#endif
