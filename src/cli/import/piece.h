/*
 * piece.h - the next few thousand records of the input, as the lines that will be sent.
 *
 * Every line has an id when it is sent: its own, or one made from the identity of the import, the
 * place of the record in the file, and its bytes. So the same record gets the same id in every run,
 * and sending a piece again is harmless.
 *
 *     id = "import-" + XXH3-128(record, seeded with identity and offset)
 *
 * Records that cannot be sent are rejected here, with their line and the reason; so are, later,
 * those that the server refuses.
 *
 * Threads: one.
 */
#ifndef FOOTFALL_CLI_IMPORT_PIECE_H
#define FOOTFALL_CLI_IMPORT_PIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"
#include "cli/import/csv_records.h"
#include "cli/import/mapping.h"
#include "cli/import/source.h"

enum { PIECE_RECORDS_MAX = 8192, PIECE_BYTES_MAX = 1024 * 1024 };

struct piece_record {
    uint64_t line;  /* of the input */
    size_t body_at; /* where its line to send begins */
    size_t raw_at;  /* its own bytes, for whoever mends it */
    size_t raw_len;
};

struct piece_reject {
    uint64_t line;
    struct text code;
    struct text field; /* empty: none */
    struct text message;
    size_t raw_at;
    size_t raw_len;
};

struct piece {
    struct bytes body; /* NDJSON */
    struct bytes raw;
    struct piece_record records[PIECE_RECORDS_MAX];
    size_t record_count;
    struct piece_reject rejects[PIECE_RECORDS_MAX]; /* as many as records at most, in all */
    size_t reject_count;
    struct arena arena; /* what rejects say */
    uint64_t skipped;
    uint64_t untimed;    /* NDJSON records without a timestamp: they count as of now */
    uint64_t end_offset; /* behind the piece */
    uint64_t end_lines;  /* line ends before that */
    bool is_tail;        /* it is the one record that no line end stands behind */
    bool is_last;        /* the input ended */
};

/* What records are made of. */
struct piece_reader {
    struct source *source;
    struct mapping *mapping;
    struct csv_records *csv; /* NULL: NDJSON */
    uint64_t identity;
    struct bytes scratch;
};

/* Reads the next piece over what was there. A last record without a line end is a piece of its own.
 * STATUS_IO, STATUS_STOPPED, STATUS_NO_MEMORY. */
MUST_USE enum status piece_read(struct piece *piece, struct piece_reader *reader,
                                struct error *err);

/* Notes that a record of the piece was refused. STATUS_NO_MEMORY. */
MUST_USE enum status piece_reject(struct piece *piece, const struct piece_record *record,
                                  const struct error *why, struct error *err);

/* Orders the rejects by line. */
void piece_sort_rejects(struct piece *piece);

void piece_done(struct piece *piece);
void piece_reader_done(struct piece_reader *reader);

#endif
