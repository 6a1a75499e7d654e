/*
 * writer.h - the newest segment: records go in, and spares become the next.
 *
 * Threads: the appender's only, or before the helper runs.
 */
#ifndef FOOTFALL_JOURNAL_WRITER_H
#define FOOTFALL_JOURNAL_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "journal/state.h"

/* For ids and salts. */
MUST_USE enum status writer_random(void *to, size_t len, struct error *err);

/* Makes journal->buffer hold at least len bytes; what was in it is lost. */
MUST_USE enum status writer_reserve(struct journal *journal, uint64_t len, struct error *err);

/*
 * Makes a spare the newest segment.
 *   STATUS_DISK_FULL, STATUS_NO_MEMORY  nothing has changed and a later try may succeed
 *   STATUS_IO                           the device or the folder has failed
 */
MUST_USE enum status writer_begin(struct journal *journal, struct error *err);

/* Writes the record in the buffer, whole blocks of it, behind the newest one and waits until it
 * is durable. After a failure nobody knows what the disk holds. */
MUST_USE enum status writer_put(struct journal *journal, uint64_t bytes, struct error *err);

#endif
