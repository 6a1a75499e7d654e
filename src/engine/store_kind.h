/*
 * store_kind.h - which kind of store a data folder's journal feeds, written down in the folder.
 *
 * A journal's batches go to one store for good: what one store has, the journal lets go of. So a
 * folder that was served with one kind is not to be opened with another. The file `store-kind`
 * holds the kind's name and a line break; SQLite's folders have footfall.db instead.
 *
 * Threads: no shared state; the journal's lock is held by who settles.
 */
#ifndef FOOTFALL_ENGINE_STORE_KIND_H
#define FOOTFALL_ENGINE_STORE_KIND_H

#include <stdbool.h>

#include "base/status.h"

enum { STORE_KIND_BYTES = 32 };
#define STORE_KIND_SQLITE "sqlite"

/* The folder's kind: STORE_KIND_SQLITE where nothing else is written down. STATUS_CORRUPT when the
 * file holds no name; STATUS_IO. */
MUST_USE enum status store_kind_read(const char *data_dir, char out[STORE_KIND_BYTES],
                                     struct error *err);

/* The folder is of that kind from now on. STATUS_FOREIGN, with what to do, when it is of another
 * one. */
MUST_USE enum status store_kind_settle(const char *data_dir, const char *kind, struct error *err);

/*
 * For tools that work on footfall.db: STATUS_OK when the folder has one or could have. Otherwise
 * STATUS_NOT_FOUND, code "store_elsewhere", with what to do instead.
 */
MUST_USE enum status store_kind_need_sqlite(const char *data_dir, const char *instead,
                                            struct error *err);

#endif
