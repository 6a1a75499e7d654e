/*
 * recovery_folder_test.c - files lost, swapped, copied or forged do no harm, or are named.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/segment.h"
#include "journal/spares.h"

enum { BLOCK = JOURNAL_BLOCK_BYTES, HEAD = SEGMENT_RECORD_HEAD_BYTES };

/* What people and file systems do to a folder of four segments, 1 to 3 full and 4 with a few. */
static void nothing(const char *dir)
{
    (void)dir;
}

static void lose(const char *dir, uint64_t number)
{
    assert_int_equal(unlink(fixture_segment(dir, number)), 0);
}

static void lose_oldest(const char *dir)
{
    lose(dir, 1);
}

static void lose_middle(const char *dir)
{
    lose(dir, 2);
}

static void lose_newest(const char *dir)
{
    lose(dir, 4);
}

static void swap(const char *dir)
{
    const char *aside = fixture_path(dir, "aside");
    assert_int_equal(rename(fixture_segment(dir, 2), aside), 0);
    assert_int_equal(rename(fixture_segment(dir, 3), fixture_segment(dir, 2)), 0);
    assert_int_equal(rename(aside, fixture_segment(dir, 3)), 0);
}

static void copy_over(const char *dir, uint64_t from, uint64_t to)
{
    size_t len = 0;
    char *bytes = fixture_read(fixture_segment(dir, from), &len);
    fixture_write(fixture_segment(dir, to), bytes, len);
    free(bytes);
}

static void copy_third_over_second(const char *dir)
{
    copy_over(dir, 3, 2);
}

static void copy_newest_behind(const char *dir)
{
    copy_over(dir, 4, 5);
}

static void put_foreign(const char *dir, uint64_t number)
{
    char *other = fixture_memory_dir();
    struct journal *journal = fixture_start(other);
    fixture_fill(journal, 4 * (size_t)EVENTS_PER_SEGMENT, 64);
    journal_close(journal);
    assert_int_equal(rename(fixture_segment(other, number), fixture_segment(dir, number)), 0);
    unit_remove(other);
}

static void foreign_oldest(const char *dir)
{
    put_foreign(dir, 1);
}

static void foreign_middle(const char *dir)
{
    put_foreign(dir, 2);
}

static void resize(const char *dir, uint64_t number, off_t bytes)
{
    assert_int_equal(truncate(fixture_segment(dir, number), bytes), 0);
}

static void empty_file(const char *dir)
{
    resize(dir, 4, 0);
}

static void longer(const char *dir)
{
    resize(dir, 2, SEGMENT_BYTES + BLOCK);
}

static void zeroed_middle(const char *dir)
{
    static const char zeros[SEGMENT_BYTES];
    fixture_poke(fixture_segment(dir, 2), 0, zeros, sizeof zeros);
}

static void zeroed_newest_header(const char *dir)
{
    static const char zeros[BLOCK];
    fixture_poke(fixture_segment(dir, 4), 0, zeros, sizeof zeros);
}

static void folder_instead(const char *dir)
{
    lose_newest(dir);
    assert_int_equal(mkdir(fixture_segment(dir, 4), 0700), 0);
}

static void link_instead(const char *dir)
{
    const char *aside = fixture_path(dir, "aside");
    assert_int_equal(rename(fixture_segment(dir, 4), aside), 0);
    assert_int_equal(symlink(aside, fixture_segment(dir, 4)), 0);
}

/* A crash between a header's sync and its rename; and one right behind the rename. */
static void header_in_spare(const char *dir)
{
    copy_over(dir, 4, 6);
    assert_int_equal(rename(fixture_segment(dir, 6), fixture_path(dir, "spare-99.seg")), 0);
}

static void empty_newest(const char *dir)
{
    journal_close(fixture_start(dir));
}

TEST(what_happened_to_the_folder_is_named_or_does_no_harm)
{
    static const struct {
        const char *name;
        void (*happen)(const char *dir);
        enum status want;
        uint64_t want_records;
        const char *want_words; /* a part of the message */
    } cases[] = {
        {"nothing", nothing, STATUS_OK, 40, NULL},
        {"the middle is missing", lose_middle, STATUS_CORRUPT, 0, "0002.seg is missing"},
        {"the oldest is missing: as if released", lose_oldest, STATUS_OK, 29, NULL},
        {"the newest is missing: its records are", lose_newest, STATUS_OK, 33, NULL},
        {"two are swapped", swap, STATUS_CORRUPT, 0, "0002.seg: the header at byte 0 says"},
        {"one in two places", copy_third_over_second, STATUS_CORRUPT, 0, "0002.seg: the header"},
        {"the newest in two places", copy_newest_behind, STATUS_CORRUPT, 0, "0005.seg: the header"},
        {"another journal's in the middle", foreign_middle, STATUS_FOREIGN, 0, "0002.seg"},
        {"another journal's at the start", foreign_oldest, STATUS_FOREIGN, 0, "0002.seg"},
        {"the newest is empty", empty_file, STATUS_CORRUPT, 0, "0004.seg"},
        {"the middle is zeros", zeroed_middle, STATUS_CORRUPT, 0, "0002.seg"},
        {"the newest header is zeros", zeroed_newest_header, STATUS_CORRUPT, 0, "0004.seg"},
        {"a longer file", longer, STATUS_CORRUPT, 0, "0002.seg: ends at byte"},
        {"a folder", folder_instead, STATUS_CORRUPT, 0, "0004.seg: not a regular file"},
        {"a link", link_instead, STATUS_IO, 0, "0004.seg"},
        {"a header in a spare", header_in_spare, STATUS_OK, 40, NULL},
        {"an empty newest", empty_newest, STATUS_OK, 40, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *dir = fixture_memory_dir();
        struct error err = {0};
        uint64_t records = 0;
        struct journal *journal = fixture_start(dir);
        fixture_fill(journal, 40, 64);
        journal_close(journal);
        cases[i].happen(dir);
        enum status status = fixture_try_open(dir, &records, &err);
        ROW(status == cases[i].want, cases[i].name, "%s: %s", status_code(status), err.message);
        ROW(status != STATUS_OK || records == cases[i].want_records, cases[i].name, "%llu records",
            (unsigned long long)records);
        ROW(cases[i].want_words == NULL || strstr(err.message, cases[i].want_words) != NULL,
            cases[i].name, "%s", err.message);
        unit_remove(dir);
    }
}

TEST(an_older_copy_of_a_segment_is_refused)
{
    char *dir = fixture_memory_dir();
    struct error err = {0};
    uint64_t records = 0;
    struct journal *journal = fixture_start(dir);
    fixture_fill(journal, 5, 64);
    size_t len = 0;
    char *older = fixture_read(fixture_segment(dir, 1), &len);
    fixture_fill(journal, 20, 64);
    journal_close(journal);
    fixture_write(fixture_segment(dir, 1), older, len);
    free(older);
    assert_int_equal(fixture_try_open(dir, &records, &err), STATUS_CORRUPT);
    assert_non_null(strstr(err.message, "0001.seg: record 6, expected at byte 24576, is missing"));
    unit_remove(dir);
}

/* A record as somebody could place it: at a block, with a number. */
struct placed {
    size_t block;
    uint64_t seq;
};

/* Writes a segment file by hand, all under one salt. placed ends with block 0. */
static void forge(const char *dir, const struct segment_header *header, const struct placed *placed)
{
    enum { LEN = 50 };
    uint8_t *file = calloc(1, SEGMENT_BYTES);
    assert_non_null(file);
    segment_header_encode(header, file);
    for (; placed->block != 0; placed++) {
        uint8_t *record = file + placed->block * BLOCK;
        fixture_content(placed->seq, LEN, (char *)record + HEAD);
        segment_record_seal(record, header->salt, placed->seq, LEN);
    }
    fixture_write(fixture_segment(dir, header->number), (char *)file, SEGMENT_BYTES);
    free(file);
}

TEST(numbers_and_ends_decide_not_checksums_alone)
{
    /* Two segments when `next` is not 0: then it is where segment 1 is said to end, with two
     * records. */
    static const struct {
        const char *name;
        struct placed placed[5];
        uint64_t next;
        enum status want;
        uint64_t want_records;
        const char *want_words;
    } cases[] = {
        {"as it should be", {{1, 1}, {2, 2}}, 0, STATUS_OK, 2, NULL},
        {"lower numbers behind the end are of an earlier use",
         {{1, 1}, {2, 2}, {3, 1}, {5, 2}},
         0,
         STATUS_OK,
         2,
         NULL},
        {"a number left out",
         {{1, 1}, {2, 2}, {3, 4}},
         0,
         STATUS_CORRUPT,
         0,
         "record 3 at byte 12288 is damaged"},
        {"a gap in space",
         {{1, 1}, {2, 2}, {4, 3}},
         0,
         STATUS_CORRUPT,
         0,
         "record 3 at byte 12288 is damaged"},
        {"the last block counts",
         {{1, 1}, {2, 2}, {15, 8}},
         0,
         STATUS_CORRUPT,
         0,
         "as record 8 at byte 61440"},
        {"closed as it should be", {{1, 1}, {2, 2}}, 3, STATUS_OK, 2, NULL},
        {"closed, and what lies behind the cut is cut",
         {{1, 1}, {2, 2}, {3, 3}},
         3,
         STATUS_OK,
         2,
         NULL},
        {"closed, said to end later",
         {{1, 1}, {2, 2}},
         4,
         STATUS_CORRUPT,
         2,
         "0001.seg: its records end at byte 12288, and the next segment says 16384"},
        {"closed, said to end earlier",
         {{1, 1}, {2, 2}},
         2,
         STATUS_CORRUPT,
         0,
         "0002.seg: the header at byte 0 does not fit"},
        {"closed, a number left out",
         {{1, 1}, {2, 3}},
         3,
         STATUS_CORRUPT,
         1,
         "0001.seg: record 2, expected at byte 8192"},
        {"closed, said to end beyond the file",
         {{1, 1}, {2, 2}},
         17,
         STATUS_CORRUPT,
         0,
         "0002.seg: the header at byte 0 does not fit"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *dir = fixture_memory_dir();
        struct error err = {0};
        uint64_t records = 0;
        struct segment_header header = {
            .number = 1, .segment_bytes = SEGMENT_BYTES, .seq_first = 1, .salt = 77};
        forge(dir, &header, cases[i].placed);
        if (cases[i].next != 0) {
            static const struct placed none[1];
            header.number = 2;
            header.before_number = 1;
            header.before_end = cases[i].next * BLOCK;
            header.before_seq_last = 2;
            header.seq_first = 3;
            forge(dir, &header, none);
        }
        enum status status = fixture_try_open(dir, &records, &err);
        ROW(status == cases[i].want, cases[i].name, "%s: %s", status_code(status), err.message);
        ROW(records == cases[i].want_records, cases[i].name, "%llu records",
            (unsigned long long)records);
        ROW(cases[i].want_words == NULL || strstr(err.message, cases[i].want_words) != NULL,
            cases[i].name, "%s", err.message);
        unit_remove(dir);
    }
}

TEST(a_segment_with_a_trace_of_a_record_is_kept)
{
    static const struct {
        const char *name;
        size_t len;
        size_t damage_at;
    } cases[] = {
        {"the number", 100, 0},
        {"the length", 100, 8},
        {"the head's checksum", 100, 16},
        {"the content", 100, HEAD + 50},
        {"a later block", 9000, 2 * BLOCK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *dir = fixture_make_segment(&cases[i].len, 1);
        size_t at = BLOCK + cases[i].damage_at;
        size_t len = 0;
        char *whole = fixture_read(fixture_segment(dir, 1), &len);
        char other = (char)~whole[at];
        fixture_poke(fixture_segment(dir, 1), at, &other, 1);
        free(whole);
        struct journal *journal = fixture_start(dir);
        ROW(journal_seq_last(journal) == 0, cases[i].name, "is a record");
        fixture_fill(journal, 1, 10);
        spares_settle(journal);
        journal_close(journal);
        ROW(fixture_count(dir, "00", ".seg") == 2, cases[i].name, "is gone");
        unit_remove(dir);
    }
}

UNIT_MAIN(UNIT(what_happened_to_the_folder_is_named_or_does_no_harm),
          UNIT(an_older_copy_of_a_segment_is_refused),
          UNIT(numbers_and_ends_decide_not_checksums_alone),
          UNIT(a_segment_with_a_trace_of_a_record_is_kept))
