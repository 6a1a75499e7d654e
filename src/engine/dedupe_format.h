/*
 * dedupe_format.h - the bytes of a fingerprint folder's files: docs/formats/fingerprints.md. For
 * dedupe_files.c only, which knows the folder and when what is synced.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_ENGINE_DEDUPE_FORMAT_H
#define FOOTFALL_ENGINE_DEDUPE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "engine/dedupe_files.h"

enum { DEDUPE_HEAD_BYTES = 40, DEDUPE_BLOCK_IDS_MAX = 32 * 1024 * 1024 };

/* number: the seed, or the hour. */
void dedupe_head_encode(uint8_t head[DEDUPE_HEAD_BYTES], const uint8_t *journal_id,
                        uint64_t number);

/* The head's number. path is for the words.
 *   STATUS_CORRUPT  it is not a head
 *   STATUS_FOREIGN  it is one of another journal */
MUST_USE enum status dedupe_head_decode(const uint8_t head[DEDUPE_HEAD_BYTES],
                                        const uint8_t *journal_id, uint64_t *number,
                                        const char *path, struct error *err);

/* Makes *out one block of 1 to DEDUPE_BLOCK_IDS_MAX fingerprints; false when out of memory. */
MUST_USE bool dedupe_block_encode(struct bytes *out, int64_t hour, const uint64_t *fingerprints,
                                  size_t count);

/*
 * Calls each with the fingerprints of the blocks, which are what stands behind a file's head, and
 * are turned into numbers in place. *end is then the file's offset behind the last good one; what
 * follows is torn. STATUS_CORRUPT, with file and offset, when a good block stands behind a bad one,
 * after the blocks before it went to each; otherwise what each answers.
 */
MUST_USE enum status dedupe_blocks_give(int64_t hour, struct bytes *blocks, const char *path,
                                        dedupe_files_fn *each, void *context, uint64_t *end,
                                        struct error *err);

#endif
