/*
 * batch_digest.h - what tells a batch from another one under the same number.
 *
 * Deterministic: recovery rebuilds the batch and its digest. A journal that was copied, or set back
 * to an older state, sooner or later seals other content under a number that is claimed already.
 *
 * Threads: any; the batch is only read.
 */
#ifndef FOOTFALL_STORE_DYNAMODB_BATCH_DIGEST_H
#define FOOTFALL_STORE_DYNAMODB_BATCH_DIGEST_H

#include "store/store.h"

enum { BATCH_DIGEST_BYTES = 33 }; /* 128 bits in hexadecimal digits, with NUL */

/* STATUS_NO_MEMORY. */
MUST_USE enum status batch_digest(const struct store_batch *batch,
                                  const uint8_t journal_id[STORE_JOURNAL_ID_BYTES],
                                  char out[BATCH_DIGEST_BYTES], struct error *err);

#endif
