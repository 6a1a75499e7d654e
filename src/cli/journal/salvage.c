/*
 * salvage.c - footfall journal salvage: a new data folder of all that can still be read.
 *
 * The store of the old folder has, for good, what stands up to record `after` (its position); of
 * the journal only what stands behind that is needed. So the new folder is
 *
 *     old store, as it is          records behind `after` that can be read, in order
 *     = batches 1 to b             = what batches b+1, b+2 ... will be made of
 *
 * Why each event then counts once at most:
 *   - A record up to `after` is in the store and is never copied; one behind it is not in the
 *     store, for a batch and its position are one transaction.
 *   - Each record is copied at most once: the walk gives rising numbers only.
 *   - Groups stand by themselves. A group lists the events that were new when it was written, so
 *     counting one whose neighbour is lost counts nothing twice and nothing that was not accepted.
 *     That is why records behind a gap are kept. Listing details come in order; one that is
 *     lost leaves the word before it.
 *   - Batches need numbers without gaps, and a lost seal would leave one. So seals are numbered
 *     anew from b+1. Where a seal is lost two batches become one; nothing depends on where a batch
 *     ends. The old numbers mean nothing any more, as the store's copy has no batch behind b.
 *
 * Why the new journal has a new id: batch b+1 here need not be batch b+1 there. With the old id, a
 * copy of the old store put beside the new journal would be taken for its own. With a new one such
 * a mixture is refused at start. Also the keys of inquiries without an id are made of the journal's
 * id and the record's number; new ones cannot meet those in the store. The store's copy and the
 * fingerprints are told the new id; the fingerprints keep their seed, so they stay true.
 *
 * Why records are numbered anew from 1: a journal has no gaps. The store's copy says that it has
 * what stands up to record 0. If anything is in the store, record 1 is an empty group with the
 * receive time of the newest record that was read up to there: receive times never go back.
 *
 * The work is done in NEWDIR.partial, which gets its name when all is durable and was read again.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/journal/tools.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "cli/journal/data_folder.h"
#include "cli/journal/salvage_parts.h"
#include "engine/store_kind.h"
#include "model/record.h"

struct salvage {
    const struct journal_tool_options *options;
    struct data_folder folder;
    char partial[FILE_PATH_BYTES]; /* where it is made */
    struct journal *journal;       /* the new one */
    uint64_t after;                /* the store has what stands up to here */
    uint64_t batch;                /* the number of the last seal */
    bool unsealed;                 /* groups came behind it */
    bool begun;                    /* something was appended, or need not be */
    int64_t received_ms;           /* of the newest group that was read */
    bool has_received;
    uint64_t written;      /* records in the new journal */
    uint64_t kept;         /* of them, records of the old one; seals are counted as kept */
    uint64_t entries;      /* in the groups that were kept */
    uint64_t lost;         /* records behind `after` that cannot be read */
    uint64_t run_old;      /* the run of kept records that goes on: its first number there */
    uint64_t run_old_last; /* and its last; 0: no run */
    uint64_t run_new;
    uint64_t run_new_last;
};

/* ---- what is lost ---- */

static void tell_lost(struct salvage *salvage, uint64_t first, uint64_t last, const char *where,
                      const char *words)
{
    if (last <= salvage->after) {
        printf("unreadable: records %" PRIu64 " to %" PRIu64
               " (%s: %s); the store has them, nothing is lost\n",
               first, last, where, words);
        return;
    }
    if (first <= salvage->after)
        first = salvage->after + 1;
    salvage->lost += last - first + 1;
    printf("LOST: records %" PRIu64 " to %" PRIu64 " (%s: %s)\n", first, last, where, words);
}

static enum status on_finding(void *context, const struct finding *finding, struct error *err)
{
    (void)err;
    char where[SEGMENT_NAME_BYTES + 40];
    snprintf(where, sizeof where, "%s at byte %" PRIu64, finding->file, finding->offset);
    if (finding->lost_first != 0)
        tell_lost(context, finding->lost_first, finding->lost_last, where, finding->words);
    else
        printf("found: %s: %s\n", where, finding->words);
    return STATUS_OK;
}

/* ---- what is kept ---- */

static enum status append(struct salvage *salvage, struct text record, struct error *err)
{
    uint64_t seq = 0;
    enum status status = journal_append(salvage->journal, JOURNAL_CONTROL, &record, 1, &seq, err);
    salvage->written += status == STATUS_OK;
    return status;
}

/* The time from which receive times go on, if records up to the store's position were read. */
static enum status begin(struct salvage *salvage, struct error *err)
{
    uint8_t record[RECORD_HEAD_BYTES];
    struct record_head head = {.kind = RECORD_GROUP, .received_ms = salvage->received_ms};
    if (salvage->begun)
        return STATUS_OK;
    salvage->begun = true;
    if (!salvage->has_received)
        return STATUS_OK;
    record_head_encode(&head, record);
    return append(salvage, (struct text){(const char *)record, sizeof record}, err);
}

static void end_run(struct salvage *salvage)
{
    if (salvage->run_old_last != 0)
        printf("kept: records %" PRIu64 " to %" PRIu64 ", as %" PRIu64 " to %" PRIu64
               " of the new journal\n",
               salvage->run_old, salvage->run_old_last, salvage->run_new, salvage->run_new_last);
    salvage->run_old_last = 0;
}

static void note_kept(struct salvage *salvage, uint64_t seq)
{
    if (salvage->run_old_last == 0 || salvage->run_old_last + 1 != seq) {
        end_run(salvage);
        salvage->run_old = seq;
        salvage->run_new = salvage->written;
    }
    salvage->run_old_last = seq;
    salvage->run_new_last = salvage->written;
    salvage->kept++;
}

static enum status keep_group(struct salvage *salvage, const struct found_record *record,
                              const struct record_head *head, struct error *err)
{
    const uint8_t *from = (const uint8_t *)record->payload.at + RECORD_HEAD_BYTES;
    const uint8_t *end = (const uint8_t *)record->payload.at + record->payload.len;
    uint64_t entries = 0;
    struct error why;
    for (; from < end; entries++) {
        struct entry entry;
        if (entry_decode(&from, end, &entry, &why) != STATUS_OK) {
            tell_lost(salvage, record->seq, record->seq, record->file, why.message);
            return STATUS_OK;
        }
    }
    if (head->received_ms > salvage->received_ms || !salvage->has_received)
        salvage->received_ms = head->received_ms;
    salvage->has_received = true;
    if (record->seq <= salvage->after)
        return STATUS_OK;
    enum status status = append(salvage, record->payload, err);
    if (status != STATUS_OK)
        return status;
    salvage->unsealed = true;
    salvage->entries += entries;
    note_kept(salvage, record->seq);
    return STATUS_OK;
}

/* A batch without anything in it is never sealed, so one whose groups are all lost is not. */
static enum status keep_seal(struct salvage *salvage, uint64_t seq, struct error *err)
{
    uint8_t record[RECORD_HEAD_BYTES];
    struct record_head head = {.kind = RECORD_SEAL, .batch = salvage->batch + 1};
    if (seq <= salvage->after || !salvage->unsealed)
        return STATUS_OK;
    record_head_encode(&head, record);
    enum status status = append(salvage, (struct text){(const char *)record, sizeof record}, err);
    if (status != STATUS_OK)
        return status;
    salvage->batch++;
    salvage->unsealed = false;
    note_kept(salvage, seq);
    return STATUS_OK;
}

static enum status on_record(void *context, const struct found_record *record, struct error *err)
{
    struct salvage *salvage = context;
    struct record_head head;
    struct error why;
    enum status status = STATUS_OK;
    if (record->seq > salvage->after)
        status = begin(salvage, err);
    if (status != STATUS_OK)
        return status;
    if (record_head_decode(record->payload, &head, &why) != STATUS_OK) {
        if (record->payload.len > 0 && record->payload.at[0] > 1)
            return fail(err, STATUS_FOREIGN,
                        "record %" PRIu64 " (%s): %.300s; salvage with that one", record->seq,
                        record->file, why.message);
        tell_lost(salvage, record->seq, record->seq, record->file, why.message);
        return STATUS_OK;
    }
    return head.kind == RECORD_GROUP ? keep_group(salvage, record, &head, err)
                                     : keep_seal(salvage, record->seq, err);
}

/* ---- the new journal ---- */

/* Segments as large as the old ones', so that every record fits. */
static uint64_t segment_bytes(const struct data_folder *folder)
{
    uint64_t largest = 0;
    size_t count = 0;
    if (folder->inspection == NULL)
        return 0;
    const struct found_segment *segments = inspect_segments(folder->inspection, &count);
    for (size_t i = 0; i < count; i++)
        if (segments[i].state == HEADER_GOOD && segments[i].header.segment_bytes > largest)
            largest = segments[i].header.segment_bytes;
    return largest; /* 0: the default */
}

static enum status see_again(void *context, uint64_t seq, struct text payload, struct error *err)
{
    uint64_t *count = context;
    struct record_head head;
    (void)seq;
    ++*count;
    return record_head_decode(payload, &head, err);
}

/* Opens it again and reads it all. */
static enum status read_again(const struct salvage *salvage, const struct journal_options *options,
                              struct error *err)
{
    struct journal *journal = NULL;
    uint64_t count = 0;
    enum status status = journal_open(options, &journal, err);
    if (status == STATUS_OK && salvage->written > 0)
        status = journal_replay(journal, 1, see_again, &count, err);
    if (status == STATUS_OK && count != salvage->written)
        status =
            fail(err, STATUS_IO,
                 "%s has %" PRIu64 " records, and %" PRIu64 " were written: is the disk whole?",
                 options->dir, count, salvage->written);
    journal_close(journal);
    return status;
}

static enum status write_journal(struct salvage *salvage, uint8_t id[JOURNAL_ID_BYTES],
                                 struct error *err)
{
    char dir[FILE_PATH_BYTES];
    const struct inspect_visitor visitor = {on_record, on_finding, salvage};
    struct journal_options options = {
        .dir = dir, .segment_bytes = segment_bytes(&salvage->folder), .spares = 1};
    enum status status = file_path(dir, salvage->partial, "journal", err);
    if (status == STATUS_OK)
        status = journal_open(&options, &salvage->journal, err);
    if (status != STATUS_OK)
        return status;
    memcpy(id, journal_id(salvage->journal), JOURNAL_ID_BYTES);
    status = journal_start(salvage->journal, err);
    if (status == STATUS_OK && salvage->folder.inspection != NULL)
        status = inspect_walk(salvage->folder.inspection, &visitor, err);
    if (status == STATUS_OK)
        status = begin(salvage, err);
    end_run(salvage);
    journal_close(salvage->journal);
    salvage->journal = NULL;
    return status == STATUS_OK ? read_again(salvage, &options, err) : status;
}

/* ---- the whole ---- */

/* Whether the store may be left behind, and which records it has. An empty one is what a start
 * without a store leaves before it is refused. */
static enum status look_at_store(struct salvage *salvage, struct error *err)
{
    const struct data_folder *folder = &salvage->folder;
    const char *why = folder->store_error.message;
    enum status status = folder->store_status;
    bool whole_journal = data_folder_seq_begin(folder) == 1;
    if (status == STATUS_OK && folder->store.position.batch == 0 && !whole_journal) {
        why = "the store is empty";
        status = STATUS_NOT_FOUND;
    }
    if (folder->store_status == STATUS_OK) {
        salvage->after = folder->store.position.seq;
        salvage->batch = folder->store.position.batch;
    }
    if (status == STATUS_OK || (status == STATUS_NOT_FOUND && whole_journal) ||
        salvage->options->without_store)
        return STATUS_OK;
    return fail(err, status,
                "%.200s. What was recorded before record %" PRIu64
                " is only there: put a footfall.db of this data folder, from a backup, into its "
                "place (with its -wal, if it has one), or say --without-store to do without",
                why, data_folder_seq_begin(folder));
}

/* NEWDIR is free, outside of DIR, and NEWDIR.partial is made. */
static enum status make_partial(struct salvage *salvage, struct error *err)
{
    const char *to = salvage->options->to;
    char data[PATH_MAX];
    char made[PATH_MAX];
    int len = snprintf(salvage->partial, sizeof salvage->partial, "%s", to);
    while (len > 1 && len < PATH_MAX && salvage->partial[len - 1] == '/')
        salvage->partial[--len] = '\0';
    if (len == 0 || len + 9 > (int)sizeof salvage->partial)
        return fail_input(err, "usage", "", "--to %.200s: not a folder's name", to);
    memcpy(salvage->partial + len, ".partial", 9);

    if (rmdir(to) != 0 && errno != ENOENT)
        return errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR
                   ? fail(err, STATUS_INVALID,
                          "%s is there already: --to names a folder that is not there, or is empty",
                          to)
                   : fail_errno(err, "%s", to);
    if (mkdir(salvage->partial, 0700) != 0)
        return errno == EEXIST ? fail(err, STATUS_INVALID,
                                      "%s is there, left by a salvage that did not end: remove it",
                                      salvage->partial)
                               : fail_errno(err, "cannot make %s", salvage->partial);
    if (realpath(salvage->options->data, data) == NULL || realpath(salvage->partial, made) == NULL)
        return fail_errno(err, "cannot look at %s", salvage->options->data);
    size_t data_len = strlen(data);
    if (strncmp(made, data, data_len) == 0 && made[data_len] == '/') {
        (void)rmdir(salvage->partial);
        return fail_input(err, "usage", "", "--to %.200s lies inside the data folder", to);
    }
    return STATUS_OK;
}

/* The folder gets its name when everything in it is durable. */
static enum status give_name(const struct salvage *salvage, struct error *err)
{
    char parent[FILE_PATH_BYTES];
    char to[FILE_PATH_BYTES];
    size_t len = strlen(salvage->partial) - strlen(".partial");
    memcpy(to, salvage->partial, len);
    to[len] = '\0';
    memcpy(parent, to, len + 1);
    char *slash = strrchr(parent, '/');
    if (slash == NULL)
        memcpy(parent, ".", 2);
    else
        slash[slash == parent] = '\0';
    enum status status = file_sync_dir(salvage->partial, err);
    if (status == STATUS_OK && rename(salvage->partial, to) != 0)
        status = fail_errno(err, "cannot rename %s to %s", salvage->partial, to);
    return status == STATUS_OK ? file_sync_dir(parent, err) : status;
}

static void sum_up(const struct salvage *salvage)
{
    const struct data_folder *folder = &salvage->folder;
    struct inspect_totals totals = {0};
    if (folder->inspection != NULL)
        inspect_get_totals(folder->inspection, &totals);
    uint64_t last = totals.seq_last != 0 ? totals.seq_last : totals.seq_begin - 1;
    if (totals.seq_begin == 0)
        last = 0;
    if (folder->store_status == STATUS_OK && salvage->after > last)
        printf("The journal ends at record %" PRIu64 " and the store has what stands up to record "
               "%" PRIu64 ". What was recorded behind that, if anything, is lost.\n",
               last, salvage->after);
    if (folder->store_status == STATUS_OK)
        printf("store: kept, batch %" PRIu64 "\n", folder->store.position.batch);
    else
        printf("store: none; %s counts only what the journal has\n", salvage->options->to);
    printf("journal: %" PRIu64 " records kept with %" PRIu64 " entries, %" PRIu64 " records lost\n",
           salvage->kept, salvage->entries, salvage->lost);
    printf("Ready: footfall serve --data %s\n", salvage->options->to);
    printf("Keep %s until you are content, and never serve both: clients would be counted in two "
           "places.\n",
           salvage->options->data);
}

enum status journal_salvage(const struct journal_tool_options *options, bool *damaged,
                            struct error *err)
{
    struct salvage salvage = {.options = options};
    uint8_t id[JOURNAL_ID_BYTES];
    *damaged = false; /* NEWDIR is not */

    enum status status = store_kind_need_sqlite(
        options->data, "what of its journal can be read, footfall journal dump prints", err);
    if (status == STATUS_OK)
        status = data_folder_open(options->data, &salvage.folder, err);
    if (status == STATUS_OK)
        status = look_at_store(&salvage, err);
    if (status == STATUS_OK)
        status = make_partial(&salvage, err);
    uint64_t begin_at = status == STATUS_OK ? data_folder_seq_begin(&salvage.folder) : 0;
    if (status == STATUS_OK && begin_at > salvage.after + 1)
        tell_lost(&salvage, salvage.after + 1, begin_at - 1, "before the oldest segment",
                  "neither store nor journal has them");
    if (status == STATUS_OK)
        status = write_journal(&salvage, id, err);
    if (status == STATUS_OK && salvage.folder.store_status == STATUS_OK)
        status = salvage_store(&salvage.folder, salvage.partial, id, err);
    if (status == STATUS_OK)
        status = salvage_fingerprints(&salvage.folder, salvage.partial, id, err);
    if (status == STATUS_OK)
        status = give_name(&salvage, err);
    if (status == STATUS_OK)
        sum_up(&salvage);
    data_folder_close(&salvage.folder);
    return status;
}
