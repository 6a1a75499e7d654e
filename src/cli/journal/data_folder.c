/*
 * data_folder.c - journal and store of a data folder, side by side.
 *
 * Which journal a folder with segments of two holds is the store's to say: it is the one whose
 * records the store lacks. A store that names a journal of which no segment is here is foreign.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/journal/data_folder.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static bool has_segment_of(const struct inspection *inspection, const uint8_t *id)
{
    size_t count = 0;
    const struct found_segment *segments = inspect_segments(inspection, &count);
    for (size_t i = 0; i < count; i++)
        if (memcmp(segments[i].header.journal_id, id, JOURNAL_ID_BYTES) == 0)
            return true;
    return false;
}

static enum status match_store(struct data_folder *folder, struct error *err)
{
    if (memcmp(inspect_id(folder->inspection), folder->store.journal_id, JOURNAL_ID_BYTES) == 0)
        return STATUS_OK;
    if (!has_segment_of(folder->inspection, folder->store.journal_id)) {
        char has[JOURNAL_ID_WORDS_BYTES];
        journal_id_words(folder->store.journal_id, has);
        folder->store_status = fail(&folder->store_error, STATUS_FOREIGN,
                                    "the store follows journal %s, which is another one", has);
        return STATUS_OK;
    }
    inspect_close(folder->inspection);
    folder->inspection = NULL;
    return inspect_open(folder->journal, folder->store.journal_id, &folder->inspection, err);
}

enum status data_folder_open(const char *path, struct data_folder *out, struct error *err)
{
    *out = (struct data_folder){.path = path};
    enum status status = file_path(out->journal, path, "journal", err);
    if (status == STATUS_OK)
        status = file_path(out->store_path, path, "footfall.db", err);
    if (status == STATUS_OK)
        status = file_path(out->dedupe, path, "dedupe", err);
    if (status != STATUS_OK)
        return status;

    /* the lock first */
    status = inspect_open(out->journal, NULL, &out->inspection, &out->no_journal);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        *err = out->no_journal;
        return status;
    }
    out->store_status = sqlite_store_read_state(out->store_path, &out->store, &out->store_error);
    if (out->inspection == NULL) {
        if (out->store_status != STATUS_OK)
            return fail(err, STATUS_NOT_FOUND,
                        "%s: this is no data folder: %.300s; --data names the folder that holds "
                        "journal/ and footfall.db",
                        path, out->no_journal.message);
        memcpy(out->id, out->store.journal_id, sizeof out->id);
        return STATUS_OK;
    }
    if (out->store_status == STATUS_OK)
        status = match_store(out, err);
    if (status == STATUS_OK)
        memcpy(out->id, inspect_id(out->inspection), sizeof out->id);
    return status;
}

void data_folder_close(struct data_folder *folder)
{
    inspect_close(folder->inspection);
    folder->inspection = NULL;
}

uint64_t data_folder_seq_begin(const struct data_folder *folder)
{
    size_t count = 0;
    if (folder->inspection == NULL)
        return 1;
    const struct found_segment *segments = inspect_segments(folder->inspection, &count);
    for (size_t i = 0; i < count; i++)
        if (segments[i].state == HEADER_GOOD || segments[i].state == HEADER_ROTTEN)
            return segments[i].header.seq_first;
    return 1;
}

void journal_id_words(const uint8_t *id, char out[JOURNAL_ID_WORDS_BYTES])
{
    for (size_t i = 0; i < JOURNAL_ID_BYTES; i++)
        snprintf(out + 2 * i, 3, "%02x", id[i]);
}
