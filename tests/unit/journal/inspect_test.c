/*
 * inspect_test.c - what the tools read is what the journal would, and damage never goes unsaid.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/inspect.h"

/* What a walk has told. */
struct told {
    uint64_t records;
    uint64_t seq_last;
    uint64_t lost;
    uint64_t findings;
    uint64_t damages; /* findings but torn tails */
    enum finding_kind kind;
    uint64_t stop_at; /* the visitor has enough at this record */
};

static enum status on_record(void *context, const struct found_record *record, struct error *err)
{
    struct told *told = context;
    struct fixture_seen seen = {0};
    if (record->seq == told->stop_at)
        return fail(err, STATUS_IO, "enough");
    assert_true(record->seq > told->seq_last);
    assert_int_equal(record->offset % JOURNAL_BLOCK_BYTES, 0);
    told->records++;
    told->seq_last = record->seq;
    return fixture_see(&seen, record->seq, record->payload, err);
}

static enum status on_finding(void *context, const struct finding *finding, struct error *err)
{
    (void)err;
    struct told *told = context;
    assert_true(strlen(finding->words) > 0);
    assert_true(strlen(finding_name(finding->kind)) > 0);
    told->findings++;
    told->damages += finding->kind != FINDING_TORN_TAIL;
    told->kind = finding->kind;
    if (finding->lost_first != 0) {
        assert_true(finding->lost_last >= finding->lost_first);
        told->lost += finding->lost_last - finding->lost_first + 1;
    }
    return STATUS_OK;
}

static struct told inspect(const char *dir)
{
    struct told told = {0};
    struct error err;
    struct inspection *inspection = NULL;
    const struct inspect_visitor visitor = {on_record, on_finding, &told};
    ASSERT_OK(inspect_open(dir, NULL, &inspection, &err), err);
    ASSERT_OK(inspect_walk(inspection, &visitor, &err), err);
    inspect_close(inspection);
    return told;
}

/* What the journal itself says: the number of records, or -1 when it refuses. */
static int64_t replayed(const char *dir)
{
    struct journal *journal = NULL;
    struct fixture_seen seen = {0};
    struct error err;
    enum status status = fixture_open(dir, &journal, &err);
    if (status == STATUS_OK)
        status = journal_replay(journal, journal_seq_first(journal), fixture_see, &seen, &err);
    journal_close(journal);
    return status == STATUS_OK ? (int64_t)seen.count : -1;
}

/* Three runs of a journal: a segment that is full, one that a restart cut, and the newest. */
static char *make_journal(void)
{
    char *dir = fixture_memory_dir();
    struct journal *journal = fixture_start(dir);
    fixture_fill(journal, EVENTS_PER_SEGMENT + 2, 500);
    fixture_fill(journal, 1, 6000);
    journal_close(journal);
    journal = fixture_start(dir);
    fixture_fill(journal, 4, 300);
    journal_close(journal);
    fixture_remove_spares(dir);
    return dir;
}

enum { RECORDS = EVENTS_PER_SEGMENT + 2 + 1 + 4, SEGMENTS = 3 };

TEST(a_whole_journal_is_told_as_it_is)
{
    char *dir = make_journal();
    struct told told = inspect(dir);
    assert_int_equal(told.records, RECORDS);
    assert_int_equal(told.findings, 0);

    struct inspection *inspection = NULL;
    struct error err;
    ASSERT_OK(inspect_open(dir, NULL, &inspection, &err), err);
    const struct inspect_visitor visitor = {on_record, on_finding, &told};
    for (int again = 0; again < 2; again++) {
        told = (struct told){0};
        ASSERT_OK(inspect_walk(inspection, &visitor, &err), err);
        struct inspect_totals totals;
        inspect_get_totals(inspection, &totals);
        assert_int_equal(totals.segments, SEGMENTS);
        assert_int_equal(totals.seq_begin, 1);
        assert_int_equal(totals.seq_first, 1);
        assert_int_equal(totals.seq_last, RECORDS);
        assert_int_equal(totals.records, RECORDS);
        assert_int_equal(totals.record_bytes, (RECORDS + 1) * JOURNAL_BLOCK_BYTES);
    }
    told = (struct told){.stop_at = 5};
    assert_int_equal(inspect_walk(inspection, &visitor, &err), STATUS_IO);
    assert_string_equal(err.message, "enough");
    assert_int_equal(told.findings, 0);
    inspect_close(inspection);
    unit_remove(dir);
}

TEST(nobody_looks_into_a_journal_in_use)
{
    char *dir = fixture_memory_dir();
    struct journal *journal = fixture_start(dir);
    struct inspection *inspection = NULL;
    struct error err;
    assert_int_equal(inspect_open(dir, NULL, &inspection, &err), STATUS_BUSY);
    journal_close(journal);
    ASSERT_OK(inspect_open(dir, NULL, &inspection, &err), err);
    assert_int_equal(fixture_open(dir, &journal, &err), STATUS_BUSY);
    inspect_close(inspection);
    assert_int_equal(inspect_open("/nowhere", NULL, &inspection, &err), STATUS_NOT_FOUND);
    unit_remove(dir);
}

/* Compares both readers on the folder as it is now. */
static void compare(const char *dir, const char *what, uint64_t segment, size_t at)
{
    int64_t count = replayed(dir);
    struct told told = inspect(dir);
    if (count >= 0)
        ROW(told.damages == 0 && told.records == (uint64_t)count, what,
            "segment %d byte %zu: the journal replays %d records, the inspection %d with %d "
            "damages",
            (int)segment, at, (int)count, (int)told.records, (int)told.damages);
    else
        ROW(told.damages > 0 && told.records + told.lost <= RECORDS, what,
            "segment %d byte %zu: refused, and the inspection has %d damages, %d records, %d lost",
            (int)segment, at, (int)told.damages, (int)told.records, (int)told.lost);
    if (count < 0 && at >= SEGMENT_HEADER_BYTES)
        ROW(told.records + told.lost == RECORDS, what,
            "segment %d byte %zu: %d records and %d lost", (int)segment, at, (int)told.records,
            (int)told.lost);
}

TEST(every_byte_that_means_something_inverted_or_zeroed_is_told)
{
    char *dir = make_journal();
    for (uint64_t segment = 1; segment <= SEGMENTS; segment++) {
        const char *path = fixture_segment(dir, segment);
        size_t len = 0;
        char *bytes = fixture_read(path, &len);
        for (size_t at = 0; at < len; at++) {
            size_t within = at % JOURNAL_BLOCK_BYTES;
            /* of each block: what stands in heads and headers, some payload, the last bytes */
            if (within > 100 && within < JOURNAL_BLOCK_BYTES - 4)
                continue;
            char inverted = (char)~bytes[at];
            fixture_poke(path, at, &inverted, 1);
            compare(dir, "inverted", segment, at);
            if (bytes[at] != 0) {
                fixture_poke(path, at, "", 1);
                compare(dir, "zeroed", segment, at);
            }
            fixture_poke(path, at, bytes + at, 1);
        }
        free(bytes);
    }
    unit_remove(dir);
}

TEST(a_file_cut_anywhere_is_told)
{
    char *dir = make_journal();
    for (uint64_t segment = 1; segment <= SEGMENTS; segment++) {
        const char *path = fixture_segment(dir, segment);
        size_t len = 0;
        char *bytes = fixture_read(path, &len);
        for (size_t size = len - 1; size > 5000; size -= 997) {
            assert_int_equal(truncate(path, (off_t)size), 0);
            assert_int_equal(replayed(dir), -1);
            ROW(inspect(dir).damages > 0, "cut", "segment %d at %zu", (int)segment, size);
        }
        assert_int_equal(truncate(path, 10), 0);
        assert_true(inspect(dir).damages > 0);
        fixture_write(path, bytes, len);
        free(bytes);
    }
    assert_int_equal(inspect(dir).findings, 0);
    unit_remove(dir);
}

TEST(a_torn_tail_is_no_damage_and_the_end_of_an_older_segment_is)
{
    char *dir = make_journal();
    size_t last = SEGMENT_HEADER_BYTES + 3 * JOURNAL_BLOCK_BYTES + 100;
    fixture_poke(fixture_segment(dir, 3), last, "rot", 3);
    struct told told = inspect(dir);
    assert_int_equal(told.kind, FINDING_TORN_TAIL);
    assert_int_equal(told.damages, 0);
    assert_int_equal(told.records, RECORDS - 1);

    last = SEGMENT_HEADER_BYTES + 2 * JOURNAL_BLOCK_BYTES + 100;
    fixture_poke(fixture_segment(dir, 2), last, "rot", 3);
    told = inspect(dir);
    assert_int_equal(told.damages, 1);
    assert_int_equal(told.lost, 1);
    assert_int_equal(told.findings, 2);
    unit_remove(dir);
}

TEST(a_damaged_header_leaves_its_records_readable)
{
    static const struct {
        const char *name;
        size_t at;
        size_t len;
        uint64_t want_lost; /* in segment 2, which has 3 records */
    } cases[] = {
        {"magic", 0, 8, 0},         {"journal id", 16, 16, 0},  {"number", 32, 8, 0},
        {"first record", 48, 8, 0}, {"salt", 56, 8, 3},         {"end of the one before", 72, 8, 0},
        {"checksum", 4092, 4, 0},   {"everything", 0, 4096, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *dir = make_journal();
        char rot[JOURNAL_BLOCK_BYTES];
        memset(rot, 0xa5, sizeof rot);
        fixture_poke(fixture_segment(dir, 2), cases[i].at, rot, cases[i].len);
        struct told told = inspect(dir);
        ROW(told.lost == cases[i].want_lost, cases[i].name, "%d lost", (int)told.lost);
        ROW(told.records == RECORDS - cases[i].want_lost, cases[i].name, "%d records",
            (int)told.records);
        ROW(told.damages >= 1, cases[i].name, "%d damages", (int)told.damages);
        unit_remove(dir);
    }
}

TEST(what_is_missing_or_foreign_is_told_with_what_is_lost)
{
    struct told told;
    char *dir = make_journal();
    assert_int_equal(unlink(fixture_segment(dir, 2)), 0);
    told = inspect(dir);
    assert_int_equal(told.kind, FINDING_MISSING);
    assert_int_equal(told.lost, 3);
    assert_int_equal(told.records, RECORDS - 3);

    char *other = make_journal();
    size_t len = 0;
    char *bytes = fixture_read(fixture_segment(other, 2), &len);
    fixture_write(fixture_segment(dir, 2), bytes, len);
    told = inspect(dir);
    assert_int_equal(told.kind, FINDING_FOREIGN);
    assert_int_equal(told.lost, 3);
    assert_int_equal(told.records, RECORDS - 3);
    free(bytes);

    bytes = fixture_read(fixture_segment(dir, 1), &len);
    fixture_write(fixture_segment(dir, 2), bytes, len);
    told = inspect(dir);
    assert_int_equal(told.kind, FINDING_FOREIGN);
    assert_int_equal(told.records, RECORDS - 3);
    free(bytes);
    unit_remove(other);
    unit_remove(dir);
}

TEST(a_segment_that_cannot_be_read_at_all_is_told_with_what_is_lost)
{
    struct told told;
    char *dir = make_journal();
    assert_int_equal(unlink(fixture_segment(dir, 2)), 0);
    assert_int_equal(mkdir(fixture_segment(dir, 2), 0700), 0);
    told = inspect(dir);
    assert_int_equal(told.kind, FINDING_UNREADABLE);
    assert_int_equal(told.lost, 3);
    assert_int_equal(told.records, RECORDS - 3);

    assert_int_equal(rmdir(fixture_segment(dir, 2)), 0);
    assert_int_equal(symlink("0000000000000001.seg", fixture_segment(dir, 2)), 0);
    told = inspect(dir); /* a link is not followed */
    assert_int_equal(told.kind, FINDING_UNREADABLE);
    assert_int_equal(told.records, RECORDS - 3);
    unit_remove(dir);
}

TEST(a_folder_without_a_journal_is_told_apart_from_none)
{
    struct error err = {0};
    struct inspection *inspection = NULL;
    char *dir = unit_temp_dir();
    assert_int_equal(inspect_open(dir, NULL, &inspection, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.message, "there is no journal segment in"));
    unit_remove(dir);
}

UNIT_MAIN(UNIT(a_whole_journal_is_told_as_it_is), UNIT(nobody_looks_into_a_journal_in_use),
          UNIT(every_byte_that_means_something_inverted_or_zeroed_is_told),
          UNIT(a_file_cut_anywhere_is_told),
          UNIT(a_torn_tail_is_no_damage_and_the_end_of_an_older_segment_is),
          UNIT(a_damaged_header_leaves_its_records_readable),
          UNIT(what_is_missing_or_foreign_is_told_with_what_is_lost),
          UNIT(a_segment_that_cannot_be_read_at_all_is_told_with_what_is_lost),
          UNIT(a_folder_without_a_journal_is_told_apart_from_none))
