/*
 * data_folder.h - a data folder that no server uses, as it lies there, for the operator's tools.
 *
 * Nothing in it is changed. While it is open no server can start on it.
 *
 * Threads: one.
 */
#ifndef FOOTFALL_CLI_JOURNAL_DATA_FOLDER_H
#define FOOTFALL_CLI_JOURNAL_DATA_FOLDER_H

#include "base/files.h"
#include "cli/moment.h"
#include "journal/inspect.h"
#include "store/sqlite/state.h"

struct data_folder {
    const char *path; /* the caller's */
    char journal[FILE_PATH_BYTES];
    char store_path[FILE_PATH_BYTES];
    char dedupe[FILE_PATH_BYTES];
    struct inspection *inspection; /* NULL: there is no segment */
    struct error no_journal;       /* says so */
    /* STATUS_OK: the store can be read and follows this journal. STATUS_NOT_FOUND: there is none.
     * STATUS_FOREIGN: it follows another. Otherwise store_error says why it cannot be read. */
    enum status store_status;
    struct error store_error;
    struct sqlite_store_state store; /* with STATUS_OK and STATUS_FOREIGN */
    uint8_t id[JOURNAL_ID_BYTES];    /* the journal's: the store's when a segment has it */
};

/*
 * STATUS_OK also without a journal, if there is a store that names one. On any status
 * data_folder_close() is called.
 *   STATUS_BUSY       a server uses it
 *   STATUS_NOT_FOUND  there is neither
 *   STATUS_IO, STATUS_NO_MEMORY, STATUS_INVALID
 */
MUST_USE enum status data_folder_open(const char *path, struct data_folder *out, struct error *err);
void data_folder_close(struct data_folder *folder);

/* Where the journal's oldest segment begins, as far as its header can be believed; 1 without a
 * journal. */
uint64_t data_folder_seq_begin(const struct data_folder *folder);

enum { JOURNAL_ID_WORDS_BYTES = 2 * JOURNAL_ID_BYTES + 1 };
void journal_id_words(const uint8_t *id, char out[JOURNAL_ID_WORDS_BYTES]);

#endif
