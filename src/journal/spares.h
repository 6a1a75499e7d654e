/*
 * spares.h - segments ready before they are needed: zeroed ahead, recycled, or removed.
 *
 * A spare is a file spare-<n>.seg of the journal's segment size, every block of it allocated and
 * written, so that using it can neither fill the disk nor change an inode. One that is still
 * being made is called spare-<n>.tmp.
 *
 * Threads: as each function says; state.h names the parties.
 */
#ifndef FOOTFALL_JOURNAL_SPARES_H
#define FOOTFALL_JOURNAL_SPARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "journal/state.h"

enum { SPARE_NAME_BYTES = 32 };

void spare_name(uint64_t number, char out[SPARE_NAME_BYTES]);
/* Whether the name is a spare's, whole or not. */
bool spare_name_parse(const char *name, uint64_t *number, bool *whole);
/* Whether the file has that size and all its blocks: copying tools like to punch holes. */
bool spare_is_solid(const char *path, uint64_t bytes);

/* How many spares are worth keeping when they cost nothing to make. */
size_t spares_kept(const struct journal *journal);

/* Makes one spare now and counts it as ready. Before the helper runs. */
MUST_USE enum status spares_make(struct journal *journal, struct error *err);

MUST_USE enum status spares_start(struct journal *journal, struct error *err);
/* Ends the helper; what it was making is removed. */
void spares_stop(struct journal *journal);

/*
 * The appender's: takes a ready spare, waiting for the helper while that is making one.
 * STATUS_DISK_FULL when there is none and the last try to make one failed.
 */
MUST_USE enum status spares_take(struct journal *journal, uint64_t *number, struct error *err);
/* Puts one back that could not be used after all. */
void spares_return(struct journal *journal, uint64_t number);

/* Waits until the helper has nothing to do but wait. For tests. */
void spares_settle(struct journal *journal);
/* Lets the helper try again at once after a failure. */
void spares_retry(struct journal *journal);

#endif
