/*
 * inspect_walk.c - the records of a journal's folder, and what is wrong between them.
 *
 * `expect` is the number that the next record must have. Where none is found, every later block of
 * the segment is tried for a whole record under the segment's salt whose number is not below
 * `expect`: from there the walk goes on, and the numbers between are lost. A segment ends where
 * the next one's header says; bytes behind that end never count, here as anywhere. Where the next
 * header is missing or damaged, the end is the first place without a record behind it.
 *
 * A damaged header still has its salt, as a rule, and the salt proves each record (32 bits, and
 * the numbers must rise). So records under a damaged header are read when the header names this
 * journal, or continues the segment before in number, record and end at once: one rotten spot
 * leaves one of both.
 *
 * What is lost through a file that is missing or cannot be read is what the next good header does
 * not begin with. It is said once, with the first finding of such a run.
 *
 * A read that fails ends its segment: the rest of a failing disk is for tools that copy disks.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/inspect.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "journal/inspect_parts.h"

/* One walk. */
struct walk {
    struct inspection *inspection;
    const struct inspect_visitor *visitor;
    uint64_t expect; /* the next record's number; 0: not known yet */
    uint64_t end;    /* of the segment before, as found */
    bool over;       /* the visitor has had enough */
};

static bool is_ours(const struct found_segment *segment)
{
    return segment->state == HEADER_GOOD || segment->state == HEADER_ROTTEN;
}

/* The next segment whose header can be believed; NULL: none. */
static const struct found_segment *next_good(const struct inspection *inspection, size_t i)
{
    for (size_t j = i + 1; j < inspection->count; j++)
        if (inspection->segments[j].state == HEADER_GOOD)
            return &inspection->segments[j];
    return NULL;
}

static bool is_newest(const struct inspection *inspection, size_t i)
{
    for (size_t j = i + 1; j < inspection->count; j++)
        if (inspection->segments[j].state != HEADER_FOREIGN)
            return false;
    return true;
}

static enum status report(struct walk *walk, const struct finding *finding, struct error *err)
{
    enum status status = walk->visitor->finding(walk->visitor->context, finding, err);
    walk->over = status != STATUS_OK;
    return status;
}

/* Notes as lost what is expected and comes before `next`, and expects `next`. */
static void lose_up_to(struct walk *walk, uint64_t next, struct finding *finding)
{
    if (walk->expect != 0 && next > walk->expect) {
        finding->lost_first = walk->expect;
        finding->lost_last = next - 1;
    }
    if (next > walk->expect)
        walk->expect = next;
}

/* Where a segment ends, as the next one says. */
struct limit {
    bool known;
    uint64_t end;
    uint64_t seq_last;
};

static enum status find_limit(struct walk *walk, size_t i, struct limit *out, struct error *err)
{
    const struct inspection *inspection = walk->inspection;
    const struct found_segment *segment = &inspection->segments[i];
    uint64_t whole = segment->bytes / JOURNAL_BLOCK_BYTES * JOURNAL_BLOCK_BYTES;
    *out = (struct limit){.end = whole, .seq_last = UINT64_MAX};
    if (i + 1 >= inspection->count)
        return STATUS_OK;
    const struct found_segment *next = &inspection->segments[i + 1];
    if (next->state != HEADER_GOOD || next->number != segment->number + 1)
        return STATUS_OK;
    const struct segment_header *header = &next->header;
    bool fits = segment->state != HEADER_GOOD ||
                (header->before_end <= segment->header.segment_bytes &&
                 header->seq_first >= segment->header.seq_first &&
                 header->seq_first - segment->header.seq_first <=
                     (header->before_end - SEGMENT_HEADER_BYTES) / JOURNAL_BLOCK_BYTES);
    if (!fits) {
        struct finding finding =
            finding_of(FINDING_CHAIN, next->number, 72,
                       "the header does not fit the segment before: it begins at record %" PRIu64
                       " and that one at %" PRIu64,
                       header->seq_first, segment->header.seq_first);
        return report(walk, &finding, err);
    }
    out->known = true;
    out->seq_last = header->before_seq_last;
    if (header->before_end < out->end)
        out->end = header->before_end;
    return STATUS_OK;
}

/* Finds the first whole record from *at on, with a number from seq_first to seq_last. *at is then
 * its place; without one it is `end`. */
static enum status search(struct reader *reader, uint64_t *at, uint64_t end, uint64_t seq_first,
                          uint64_t seq_last, struct segment_record *record, const uint8_t **payload,
                          struct error *err)
{
    for (; *at < end; *at += JOURNAL_BLOCK_BYTES) {
        enum reader_found found = READER_NOTHING;
        const uint8_t *head = NULL;
        enum status status = reader_head(reader, *at, &head, err);
        if (status == STATUS_OK && segment_record_head(head, reader->salt, record) &&
            record->seq >= seq_first && record->seq <= seq_last &&
            segment_record_bytes(record->payload_bytes) <= end - *at)
            status = reader_look(reader, *at, &found, record, payload, err);
        if (status != STATUS_OK || found == READER_RECORD)
            return status;
    }
    return STATUS_OK;
}

/* Nothing at `at`, and nothing behind it: the end of a segment whose end nobody states. */
static enum status look_at_tail(struct walk *walk, const struct found_segment *segment, uint64_t at,
                                struct error *err)
{
    struct reader *reader = &walk->inspection->reader;
    struct segment_record record;
    const uint8_t *head = NULL;
    if (at >= reader->bytes)
        return STATUS_OK;
    enum status status = reader_head(reader, at, &head, err);
    if (status != STATUS_OK || !segment_record_begun(head, reader->salt, walk->expect))
        return status;
    uint64_t torn = JOURNAL_BLOCK_BYTES;
    if (segment_record_head(head, reader->salt, &record) &&
        segment_record_bytes(record.payload_bytes) <= reader->bytes - at)
        torn = segment_record_bytes(record.payload_bytes);
    walk->inspection->totals.torn_bytes = torn;
    struct finding finding =
        finding_of(FINDING_TORN_TAIL, segment->number, at,
                   "the write of record %" PRIu64 " was not finished (%" PRIu64
                   " bytes): a crash interrupted it, nobody was told that it is durable, and the "
                   "next start leaves it out",
                   walk->expect, torn);
    return report(walk, &finding, err);
}

/* The place `at` holds no record, the next one is at `next` with number seq. */
static enum status report_hole(struct walk *walk, const struct found_segment *segment, uint64_t at,
                               uint64_t next, uint64_t seq, struct error *err)
{
    struct finding finding;
    if (walk->expect != 0 && seq > walk->expect)
        finding = finding_of(FINDING_ROT, segment->number, at,
                             "damaged up to byte %" PRIu64 ", though it had been durable", next);
    else
        finding = finding_of(FINDING_ROT, segment->number, at,
                             "there is no record up to byte %" PRIu64, next);
    lose_up_to(walk, seq, &finding);
    return report(walk, &finding, err);
}

static enum status give_record(struct walk *walk, struct found_segment *segment, uint64_t at,
                               const struct segment_record *record, const uint8_t *payload,
                               struct error *err)
{
    struct inspect_totals *totals = &walk->inspection->totals;
    struct found_record found = {
        .seq = record->seq,
        .offset = at,
        .payload = {(const char *)payload, record->payload_bytes},
    };
    segment_name(segment->number, found.file);
    uint64_t bytes = segment_record_bytes(record->payload_bytes);
    if (totals->seq_first == 0)
        totals->seq_first = record->seq;
    totals->seq_last = record->seq;
    totals->records++;
    totals->record_bytes += bytes;
    segment->records++;
    segment->record_bytes += bytes;
    walk->expect = record->seq + 1;
    walk->end = at + bytes;
    enum status status = walk->visitor->record(walk->visitor->context, &found, err);
    walk->over = status != STATUS_OK;
    return status;
}

/* What the next header states about the end, and the end that was found. */
static enum status check_end(struct walk *walk, const struct found_segment *segment, uint64_t at,
                             const struct limit *limit, struct error *err)
{
    struct finding finding;
    if (walk->expect != 0 && walk->expect <= limit->seq_last)
        finding = finding_of(FINDING_ROT, segment->number, at,
                             "damaged from here to the segment's end, though it had been durable");
    else if (at < limit->end)
        finding = finding_of(FINDING_CHAIN, segment->number, at,
                             "its records end here, and the next segment says at byte %" PRIu64,
                             limit->end);
    else
        return STATUS_OK;
    lose_up_to(walk, limit->seq_last + 1, &finding);
    return report(walk, &finding, err);
}

static enum status read_records(struct walk *walk, size_t i, const struct limit *limit,
                                uint64_t *at, struct error *err)
{
    struct inspection *inspection = walk->inspection;
    struct found_segment *segment = &inspection->segments[i];
    struct reader *reader = &inspection->reader;

    while (*at < limit->end) {
        struct segment_record record = {0};
        const uint8_t *payload = NULL;
        uint64_t next = *at;
        enum status status = search(reader, &next, limit->end, walk->expect, limit->seq_last,
                                    &record, &payload, err);
        if (status != STATUS_OK)
            return status;
        if (next >= limit->end)
            break;
        if (next != *at || (walk->expect != 0 && record.seq != walk->expect)) {
            status = report_hole(walk, segment, *at, next, record.seq, err);
            if (status != STATUS_OK)
                return status;
        }
        status = give_record(walk, segment, next, &record, payload, err);
        if (status != STATUS_OK)
            return status;
        *at = next + segment_record_bytes(record.payload_bytes);
    }
    if (limit->known)
        return check_end(walk, segment, *at, limit, err);
    return is_newest(inspection, i) ? look_at_tail(walk, segment, *at, err) : STATUS_OK;
}

static enum status walk_segment(struct walk *walk, size_t i, struct error *err)
{
    struct inspection *inspection = walk->inspection;
    struct found_segment *segment = &inspection->segments[i];
    struct reader *reader = &inspection->reader;
    char name[SEGMENT_NAME_BYTES];
    char path[FILE_PATH_BYTES];
    struct limit limit;
    struct error why;
    uint64_t at = SEGMENT_HEADER_BYTES;

    enum status status = find_limit(walk, i, &limit, err);
    segment_name(segment->number, name);
    if (status == STATUS_OK)
        status = file_path(path, inspection->dir, name, err);
    if (status != STATUS_OK)
        return status;
    reader_close(reader);
    reader->path = name;
    reader->salt = segment->header.salt;
    reader->fd = inspect_open_segment(path, &reader->bytes, &why);
    reader->bytes = reader->bytes / JOURNAL_BLOCK_BYTES * JOURNAL_BLOCK_BYTES;
    if (limit.end > reader->bytes)
        limit.end = reader->bytes;
    status = reader->fd < 0 ? STATUS_IO : read_records(walk, i, &limit, &at, &why);
    reader_close(reader);
    if (!walk->over && (status == STATUS_IO || status == STATUS_CORRUPT)) {
        struct finding finding = finding_of(FINDING_UNREADABLE, segment->number, at,
                                            "it cannot be read from here on: %.300s", why.message);
        if (limit.known)
            lose_up_to(walk, limit.seq_last + 1, &finding);
        return report(walk, &finding, err);
    }
    if (status != STATUS_OK && err != NULL)
        *err = why;
    return status;
}

/* Segments between `before` and segment i that no file has the name of. */
static enum status check_missing(struct walk *walk, uint64_t before, size_t i, struct error *err)
{
    const struct inspection *inspection = walk->inspection;
    uint64_t number = inspection->segments[i].number;
    uint64_t missing = before + 1;
    size_t at = 0;
    while (at < inspection->count && inspection->segments[at].number <= before)
        at++;
    while (inspection->segments[at].number == missing && missing < number) {
        at++;
        missing++;
    }
    if (missing >= number)
        return STATUS_OK;
    struct finding finding =
        finding_of(FINDING_MISSING, missing, 0,
                   "this segment is missing: %016" PRIx64 ".seg is the next that is there",
                   inspection->segments[at].number);
    const struct found_segment *good = inspection->segments[i].state == HEADER_GOOD
                                           ? &inspection->segments[i]
                                           : next_good(inspection, i);
    if (good != NULL)
        lose_up_to(walk, good->header.seq_first, &finding);
    return report(walk, &finding, err);
}

/* Whether records under this damaged header may be taken for this journal's. */
static bool is_vouched_for(const struct walk *walk, const struct found_segment *segment)
{
    const struct segment_header *header = &segment->header;
    return segment->bytes > SEGMENT_HEADER_BYTES &&
           (inspect_has_id(segment, walk->inspection->id) ||
            (header->number == segment->number && walk->expect != 0 &&
             header->seq_first == walk->expect && header->before_end == walk->end));
}

/* What a segment's file is, and, where it cannot be read, what goes with it. */
static enum status report_problem(struct walk *walk, size_t i, bool readable, struct error *err)
{
    struct finding finding = walk->inspection->segments[i].problem;
    const struct found_segment *good = next_good(walk->inspection, i);
    if (!readable && good != NULL)
        lose_up_to(walk, good->header.seq_first, &finding);
    return report(walk, &finding, err);
}

static enum status check_begin(struct walk *walk, const struct found_segment *segment,
                               struct error *err)
{
    uint64_t seq_first = segment->header.seq_first;
    struct finding finding;
    if (walk->expect == 0)
        walk->expect = walk->inspection->totals.seq_begin = seq_first;
    if (walk->expect == seq_first)
        return STATUS_OK;
    finding = finding_of(FINDING_CHAIN, segment->number, 48,
                         "the segment begins at record %" PRIu64 ", and record %" PRIu64 " is due",
                         seq_first, walk->expect);
    lose_up_to(walk, seq_first, &finding);
    return report(walk, &finding, err);
}

enum status inspect_walk(struct inspection *inspection, const struct inspect_visitor *visitor,
                         struct error *err)
{
    struct walk walk = {.inspection = inspection, .visitor = visitor};
    enum status status = STATUS_OK;
    uint64_t before = 0; /* the last segment that is not another journal's */

    inspection->totals = (struct inspect_totals){0};
    for (size_t i = 0; i < inspection->count && status == STATUS_OK; i++) {
        struct found_segment *segment = &inspection->segments[i];
        segment->records = 0;
        segment->record_bytes = 0;
        bool readable = segment->state == HEADER_GOOD ||
                        (segment->state == HEADER_ROTTEN && is_vouched_for(&walk, segment));
        if (segment->state != HEADER_FOREIGN && before != 0)
            status = check_missing(&walk, before, i, err);
        if (segment->state != HEADER_FOREIGN)
            before = segment->number;
        if (status == STATUS_OK && segment->has_problem)
            status = report_problem(&walk, i, readable, err);
        inspection->totals.segments += is_ours(segment);
        if (status == STATUS_OK && segment->state == HEADER_GOOD)
            status = check_begin(&walk, segment, err);
        if (status == STATUS_OK && readable)
            status = walk_segment(&walk, i, err);
    }
    return status;
}

void inspect_get_totals(const struct inspection *inspection, struct inspect_totals *out)
{
    *out = inspection->totals;
}
