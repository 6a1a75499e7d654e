/*
 * recovery.c - from the files in the folder to a chain that can be replayed and continued.
 *
 * The chain: segment numbers follow each other without a gap, as segments are recycled oldest
 * first with the folder synced in between. Each header repeats where the one before ended, so
 * all ends are known but the newest one's; a chain that contradicts itself is refused.
 *
 * The newest segment is read record by record up to the first place that holds none. That is the
 * end, and what a crash left there is cut, if nothing behind it proves otherwise. Proof is a
 * whole record under this segment's salt whose number is not below the missing one: appends are
 * synced one by one, so it was written after the missing one had become durable, and that one
 * has been damaged since. Records start on block boundaries, so all of them are tried.
 *
 * A bad header is never a torn write: the header is synced while the file still has a spare's
 * name, and the segment's name is what it gets afterwards.
 *
 * The files are synced and their cached pages dropped before the newest is read. Otherwise a
 * record could be read from memory, counted, and be gone after the power fails.
 *
 * Replay trusts no end: every record's checksum, the numbers without gaps, and each segment
 * ending exactly where the next one's header says.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/recovery.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "journal/reader.h"
#include "journal/segment_numbers.h"
#include "journal/spares.h"

/* Keeps a whole spare of the right size for use, removes any other. */
static enum status sort_spare(struct journal *journal, const char *name, uint64_t number,
                              bool whole, struct error *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = journal_path(journal, name, path, err);
    if (status != STATUS_OK)
        return status;
    if (number >= journal->spare_next)
        journal->spare_next = number + 1;
    if (whole && journal->ready_count < spares_kept(journal) &&
        spare_is_solid(path, journal->segment_bytes)) {
        journal->ready[journal->ready_count++] = number;
        return STATUS_OK;
    }
    if (unlink(path) != 0)
        return fail_errno(err, "cannot remove %s", path);
    return STATUS_OK;
}

static enum status read_folder(struct journal *journal, struct segment_numbers *numbers,
                               struct error *err)
{
    enum status status = STATUS_OK;
    DIR *dir = opendir(journal->dir);
    if (dir == NULL)
        return fail_errno(err, "cannot read the folder %s", journal->dir);

    while (status == STATUS_OK) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL) {
            if (errno != 0)
                status = fail_errno(err, "cannot read the folder %s", journal->dir);
            break;
        }
        uint64_t number = 0;
        bool whole = false;
        if (spare_name_parse(entry->d_name, &number, &whole))
            status = sort_spare(journal, entry->d_name, number, whole, err);
        else if (segment_name_parse(entry->d_name, &number) &&
                 !segment_numbers_add(numbers, number))
            status = fail(err, STATUS_NO_MEMORY, "journal %s: no memory", journal->dir);
    }
    closedir(dir);
    segment_numbers_sort(numbers);
    return status;
}

/* Whether header follows the chain's newest segment, whose end it then states. */
static enum status check_link(struct journal *journal, const struct segment_header *header,
                              const char *path, struct error *err)
{
    if (journal->segment_count == 0) {
        memcpy(journal->id, header->journal_id, sizeof journal->id);
        return STATUS_OK;
    }
    struct chained *before = &journal->segments[journal->segment_count - 1];
    if (memcmp(header->journal_id, journal->id, sizeof journal->id) != 0)
        return fail(err, STATUS_FOREIGN, "%s: belongs to another journal than the segments before",
                    path);
    if (header->before_number != before->header.number) {
        char missing[SEGMENT_NAME_BYTES];
        segment_name(before->header.number + 1, missing);
        return fail(err, STATUS_CORRUPT, "%s/%s is missing: %s is the next that is there",
                    journal->dir, missing, path);
    }
    if (header->before_end > before->header.segment_bytes ||
        header->seq_first < before->header.seq_first ||
        header->seq_first - before->header.seq_first >
            (header->before_end - SEGMENT_HEADER_BYTES) / JOURNAL_BLOCK_BYTES)
        return fail(err, STATUS_CORRUPT,
                    "%s: the header at byte 0 does not fit the segment before: it begins at "
                    "record %" PRIu64 " and that one at %" PRIu64,
                    path, header->seq_first, before->header.seq_first);
    before->end = header->before_end;
    before->seq_last = header->before_seq_last;
    return STATUS_OK;
}

static enum status add_segment(struct journal *journal, struct reader *reader, uint64_t number,
                               char path[FILE_PATH_BYTES], struct error *err)
{
    char name[SEGMENT_NAME_BYTES];
    struct chained segment = {0};

    segment_name(number, name);
    enum status status = journal_path(journal, name, path, err);
    if (status == STATUS_OK)
        status = reader_open(reader, path, number, &segment.header, err);
    if (status == STATUS_OK)
        status = check_link(journal, &segment.header, path, err);
    if (status == STATUS_OK)
        status = chain_reserve(journal, err);
    if (status != STATUS_OK)
        return status;
    segment.seq_last = segment.header.seq_first - 1;
    segment.end = SEGMENT_HEADER_BYTES;
    chain_push(journal, &segment);
    return STATUS_OK;
}

/* Nothing at segment->end is a record. Is that the end, or has one been damaged? */
static enum status check_behind(struct reader *reader, const struct chained *segment,
                                struct error *err)
{
    uint64_t missing = segment->seq_last + 1;

    for (uint64_t at = segment->end; at < reader->bytes; at += JOURNAL_BLOCK_BYTES) {
        enum reader_found found = READER_NOTHING;
        struct segment_record record = {0};
        const uint8_t *payload = NULL;
        const uint8_t *head = NULL;
        enum status status = reader_head(reader, at, &head, err);
        /* Numbers first: what an earlier use of the file left is older, whatever its salt. */
        if (status == STATUS_OK && segment_record_head(head, reader->salt, &record) &&
            record.seq >= missing)
            status = reader_look(reader, at, &found, &record, &payload, err);
        if (status != STATUS_OK)
            return status;
        if (found == READER_RECORD)
            return fail(err, STATUS_CORRUPT,
                        "%s: record %" PRIu64 " at byte %" PRIu64
                        " is damaged: it was durable, as record %" PRIu64 " at byte %" PRIu64
                        " came after it",
                        reader->path, missing, segment->end, record.seq, at);
    }
    return STATUS_OK;
}

/* Notes how much of a record somebody began to write at segment->end. */
static enum status measure_torn(struct journal *journal, struct reader *reader,
                                const struct chained *segment, struct error *err)
{
    const uint8_t *head = NULL;
    struct segment_record record;

    if (segment->end >= reader->bytes)
        return STATUS_OK;
    enum status status = reader_head(reader, segment->end, &head, err);
    if (status != STATUS_OK || !segment_record_begun(head, reader->salt, segment->seq_last + 1))
        return status;
    uint64_t left = reader->bytes - segment->end;
    journal->cut_bytes = JOURNAL_BLOCK_BYTES;
    if (segment_record_head(head, reader->salt, &record) &&
        segment_record_bytes(record.payload_bytes) <= left)
        journal->cut_bytes = segment_record_bytes(record.payload_bytes);
    return STATUS_OK;
}

static enum status find_end(struct journal *journal, struct reader *reader, struct error *err)
{
    struct chained *newest = &journal->segments[journal->segment_count - 1];
    enum status status = reader_settle(reader, err);

    while (status == STATUS_OK && newest->end < reader->bytes) {
        enum reader_found found = READER_NOTHING;
        struct segment_record record = {0};
        const uint8_t *payload = NULL;
        status = reader_look(reader, newest->end, &found, &record, &payload, err);
        if (status != STATUS_OK || found != READER_RECORD || record.seq != newest->seq_last + 1)
            break;
        newest->seq_last = record.seq;
        newest->end += segment_record_bytes(record.payload_bytes);
    }
    if (status == STATUS_OK)
        status = check_behind(reader, newest, err);
    if (status == STATUS_OK)
        status = measure_torn(journal, reader, newest, err);
    journal->replace_newest =
        newest->seq_last < newest->header.seq_first && journal->cut_bytes == 0;
    return status;
}

enum status recover(struct journal *journal, struct error *err)
{
    struct segment_numbers numbers = {0};
    struct reader reader = {.fd = -1};
    char path[FILE_PATH_BYTES];

    /* Names first: a recycled file may only be written to when its old name cannot come back. */
    enum status status = journal_sync_dir(journal, err);
    if (status == STATUS_OK)
        status = read_folder(journal, &numbers, err);
    for (size_t i = 0; status == STATUS_OK && i < numbers.count; i++)
        status = add_segment(journal, &reader, numbers.at[i], path, err);
    if (status == STATUS_OK && numbers.count > 0)
        status = find_end(journal, &reader, err);
    if (status != STATUS_OK || numbers.count == 0)
        goto cleanup;

    atomic_store(&journal->seq_first, journal->segments[0].header.seq_first);
    atomic_store(&journal->seq_last, journal->segments[journal->segment_count - 1].seq_last);

cleanup:
    reader_done(&reader);
    segment_numbers_done(&numbers);
    return status;
}

/* Hands out a segment's records from seq_from on. */
static enum status replay_segment(struct reader *reader, const struct chained *segment,
                                  uint64_t seq_from, journal_replay_fn *each, void *context,
                                  struct error *err)
{
    uint64_t at = SEGMENT_HEADER_BYTES;

    for (uint64_t seq = segment->header.seq_first; seq <= segment->seq_last; seq++) {
        enum reader_found found = READER_NOTHING;
        struct segment_record record = {0};
        const uint8_t *payload = NULL;
        enum status status = STATUS_OK;
        if (at < segment->end)
            status = reader_look(reader, at, &found, &record, &payload, err);
        if (status != STATUS_OK)
            return status;
        if (found != READER_RECORD || record.seq != seq)
            return fail(err, STATUS_CORRUPT,
                        "%s: record %" PRIu64 ", expected at byte %" PRIu64 ", is %s", reader->path,
                        seq, at, found == READER_NOTHING ? "missing" : "damaged");
        if (seq >= seq_from) {
            struct text text = {(const char *)payload, record.payload_bytes};
            status = each(context, seq, text, err);
            if (status != STATUS_OK)
                return status;
        }
        at += segment_record_bytes(record.payload_bytes);
    }
    if (at != segment->end)
        return fail(err, STATUS_CORRUPT,
                    "%s: its records end at byte %" PRIu64 ", and the next segment says %" PRIu64,
                    reader->path, at, segment->end);
    return STATUS_OK;
}

enum status journal_replay(struct journal *journal, uint64_t seq_from, journal_replay_fn *each,
                           void *context, struct error *err)
{
    struct reader reader = {.fd = -1};
    char path[FILE_PATH_BYTES];
    char name[SEGMENT_NAME_BYTES];
    enum status status = STATUS_OK;

    assert(!journal->started);
    if (seq_from < journal_seq_first(journal))
        return fail(err, STATUS_INVALID,
                    "journal %s: record %" PRIu64 " is gone, the oldest is %" PRIu64, journal->dir,
                    seq_from, journal_seq_first(journal));

    for (size_t i = 0; status == STATUS_OK && i < journal->segment_count; i++) {
        const struct chained *segment = &journal->segments[i];
        struct segment_header header;
        if (segment->seq_last < seq_from)
            continue;
        segment_name(segment->header.number, name);
        status = journal_path(journal, name, path, err);
        if (status == STATUS_OK)
            status = reader_open(&reader, path, segment->header.number, &header, err);
        if (status == STATUS_OK)
            status = replay_segment(&reader, segment, seq_from, each, context, err);
    }
    reader_done(&reader);
    return status;
}
