/*
 * recovery_test.c - after a crash a journal opens to what was acknowledged, or says what is wrong.
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

/* Opens, replays everything, closes. *records is how many came, contents checked. */
static enum status try_open(const char *dir, uint64_t *records, struct error *err)
{
    struct journal *journal = NULL;
    struct fixture_seen seen = {0};
    enum status status = fixture_open(dir, &journal, err);
    if (status == STATUS_OK)
        status = journal_replay(journal, journal_seq_first(journal), fixture_see, &seen, err);
    if (status == STATUS_OK)
        assert_int_equal(seen.count, journal_seq_last(journal) + 1 - journal_seq_first(journal));
    *records = seen.count;
    journal_close(journal);
    return status;
}

/* A folder without spares whose only segment holds records of these lengths. */
static char *make_segment(const size_t *lens, size_t count)
{
    char *dir = fixture_memory_dir();
    struct error err = {0};
    struct journal *journal = fixture_start(dir);
    for (size_t i = 0; i < count; i++)
        ASSERT_OK(fixture_append(journal, JOURNAL_EVENTS, lens[i], &err), err);
    journal_close(journal);
    fixture_remove_spares(dir);
    return dir;
}

static const size_t tail_lens[] = {100, 300, 4500};
enum { TAIL_2_AT = 2 * BLOCK, TAIL_3_AT = 3 * BLOCK, TAIL_END = 5 * BLOCK };

/* How many records are whole when only what lies before byte `at` was written. */
static uint64_t whole_before(size_t at)
{
    uint64_t count = 1;
    count += at >= (size_t)TAIL_2_AT + HEAD + 300;
    count += at >= (size_t)TAIL_3_AT + HEAD + 4500;
    return count;
}

TEST(a_tail_cut_at_any_byte_opens_to_a_correct_prefix)
{
    char *dir = make_segment(tail_lens, 3);
    const char *path = fixture_segment(dir, 1);
    size_t len = 0;
    char *whole = fixture_read(path, &len);
    static const char zeros[TAIL_END];

    for (size_t at = TAIL_2_AT; at <= TAIL_END; at++) {
        struct error err = {0};
        uint64_t records = 0;
        fixture_poke(path, at, zeros, TAIL_END - at);
        enum status status = try_open(dir, &records, &err);
        if (status != STATUS_OK || records != whole_before(at)) {
            print_error("cut at %zu: %s, %llu records\n", at, err.message,
                        (unsigned long long)records);
            UNIT_FAIL();
        }
        fixture_poke(path, TAIL_2_AT, whole + TAIL_2_AT, TAIL_END - TAIL_2_AT);
    }
    free(whole);
    unit_remove(dir);
}

TEST(a_file_cut_at_any_byte_is_refused_by_name)
{
    char *dir = make_segment(tail_lens, 3);
    const char *path = fixture_segment(dir, 1);
    size_t len = 0;
    char *whole = fixture_read(path, &len);

    /* In the unused rest, where all cuts are alike, a few will do. */
    for (size_t at = len - 1; at > 0; at -= at > (size_t)TAIL_END ? 509 : 1) {
        struct error err = {0};
        uint64_t records = 0;
        assert_int_equal(truncate(path, (off_t)at), 0);
        assert_int_equal(try_open(dir, &records, &err), STATUS_CORRUPT);
        assert_non_null(strstr(err.message, path));
    }
    free(whole);
    unit_remove(dir);
}

TEST(any_damaged_byte_of_the_last_record_takes_only_that_record)
{
    char *dir = make_segment(tail_lens, 3);
    const char *path = fixture_segment(dir, 1);
    size_t len = 0;
    char *whole = fixture_read(path, &len);

    for (size_t at = TAIL_3_AT; at < TAIL_END; at++) {
        const char other[] = {(char)~whole[at], 0};
        for (int kind = 0; kind < 2; kind++) { /* inverted, zeroed */
            struct error err = {0};
            uint64_t records = 0;
            bool matters = at < (size_t)TAIL_3_AT + HEAD + 4500 && other[kind] != whole[at];
            fixture_poke(path, at, &other[kind], 1);
            ASSERT_OK(try_open(dir, &records, &err), err);
            if (records != (matters ? 2 : 3)) {
                print_error("byte %zu: %llu records\n", at, (unsigned long long)records);
                UNIT_FAIL();
            }
        }
        fixture_poke(path, at, whole + at, 1);
    }
    free(whole);
    unit_remove(dir);
}

TEST(any_damaged_byte_before_the_last_record_is_refused_by_name_and_place)
{
    char *dir = make_segment(tail_lens, 3);
    const char *path = fixture_segment(dir, 1);
    size_t len = 0;
    char *whole = fixture_read(path, &len);

    for (size_t at = 0; at < TAIL_3_AT; at++) {
        size_t block = at / BLOCK * BLOCK;
        size_t used = block == 0 ? BLOCK : HEAD + tail_lens[block / BLOCK - 1];
        char other = (char)~whole[at];
        char place[32];
        struct error err = {0};
        uint64_t records = 0;
        fixture_poke(path, at, &other, 1);
        enum status status = try_open(dir, &records, &err);
        fixture_poke(path, at, whole + at, 1);
        if (at - block >= used) { /* padding */
            assert_int_equal(status, STATUS_OK);
            assert_int_equal(records, 3);
            continue;
        }
        snprintf(place, sizeof place, "at byte %zu", block);
        if (status != STATUS_CORRUPT || strstr(err.message, path) == NULL ||
            strstr(err.message, place) == NULL) {
            print_error("byte %zu: %s: %s\n", at, status_code(status), err.message);
            UNIT_FAIL();
        }
    }
    free(whole);
    unit_remove(dir);
}

TEST(a_damaged_byte_in_an_older_segment_is_refused_by_name_and_place)
{
    char *dir = fixture_memory_dir();
    struct journal *journal = fixture_start(dir);
    fixture_fill(journal, EVENTS_PER_SEGMENT, 64); /* full: the last is no torn tail either */
    fixture_fill(journal, 1, 64);
    journal_close(journal);
    const char *path = fixture_segment(dir, 1);
    size_t len = 0;
    char *whole = fixture_read(path, &len);

    for (size_t record = 0; record < EVENTS_PER_SEGMENT; record++) {
        static const size_t places[] = {0, 9, 17, 22, HEAD, HEAD + 63};
        size_t start = (1 + record) * BLOCK;
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
            char other = (char)~whole[start + places[i]];
            char place[32];
            struct error err = {0};
            uint64_t records = 0;
            fixture_poke(path, start + places[i], &other, 1);
            assert_int_equal(try_open(dir, &records, &err), STATUS_CORRUPT);
            assert_int_equal(records, record);
            snprintf(place, sizeof place, "at byte %zu", start);
            assert_non_null(strstr(err.message, place));
            assert_non_null(strstr(err.message, path));
            fixture_poke(path, start + places[i], whole + start + places[i], 1);
        }
    }
    free(whole);
    unit_remove(dir);
}

TEST(a_torn_tail_is_measured_and_left_behind_for_good)
{
    char *dir = make_segment(tail_lens, 3);
    const char *path = fixture_segment(dir, 1);
    struct error err = {0};
    struct journal *journal = NULL;
    struct journal_stats stats;
    size_t len = 0;
    char *whole = fixture_read(path, &len);

    fixture_poke(path, TAIL_3_AT + BLOCK, "\0\0\0\0\0\0\0\0", 8);
    ASSERT_OK(fixture_open(dir, &journal, &err), err);
    journal_get_stats(journal, &stats);
    assert_int_equal(stats.cut_bytes, 2 * BLOCK);
    assert_int_equal(journal_seq_last(journal), 2);
    ASSERT_OK(journal_start(journal, &err), err);
    fixture_fill(journal, 1, 64); /* another record 3 */
    journal_close(journal);

    /* What was cut stays cut, even if the device shows it after all. */
    fixture_poke(path, 0, whole, len);
    free(whole);
    uint64_t records = 0;
    ASSERT_OK(try_open(dir, &records, &err), err);
    assert_int_equal(records, 3);

    size_t second_len = 0;
    char *second = fixture_read(fixture_segment(dir, 2), &second_len);
    struct segment_header header;
    ASSERT_OK(segment_header_decode((uint8_t *)second, "2", &header, &err), err);
    assert_int_equal(header.before_end, TAIL_3_AT);
    assert_int_equal(header.before_seq_last, 2);
    free(second);
    unit_remove(dir);
}

/* Any part of a write may be missing after a crash; what it went over is an old record. */
TEST(a_torn_write_in_a_recycled_segment_takes_only_itself)
{
    enum { SECTOR = 512, LEN = 11000, SECTORS = 3 * BLOCK / SECTOR, SECTORS_USED = 22 };
    struct unit_random random = unit_random_seeded();
    char *dir = fixture_memory_dir();
    struct error err = {0};
    struct journal *journal = fixture_start(dir);
    for (int i = 0; i < 12; i++) { /* every spare has had an earlier use */
        fixture_fill(journal, 3, LEN);
        journal_release(journal, journal_seq_last(journal));
        spares_settle(journal);
    }
    fixture_fill(journal, 1, LEN);
    uint64_t number = journal->number;
    size_t at = (size_t)journal->end;
    uint64_t seq = journal_seq_last(journal);
    size_t len = 0;
    char *before = fixture_read(fixture_segment(dir, number), &len);
    fixture_fill(journal, 1, LEN);
    assert_int_equal(journal->number, number);
    char *after = fixture_read(fixture_segment(dir, number), &len);
    journal_close(journal);
    assert_int_not_equal(before[at], 0); /* recycled indeed */

    for (int round = 0; round < 400; round++) {
        uint64_t kept = round < SECTORS ? ~(UINT64_C(1) << round) : unit_random(&random);
        bool all = true;
        for (int i = 0; i < SECTORS; i++) {
            bool keep = (kept >> i & 1) != 0;
            size_t place = at + (size_t)i * SECTOR;
            fixture_poke(fixture_segment(dir, number), place, (keep ? after : before) + place,
                         SECTOR);
            all = all && (keep || i >= SECTORS_USED);
        }
        ASSERT_OK(fixture_open(dir, &journal, &err), err);
        assert_int_equal(journal_seq_last(journal), all ? seq + 1 : seq);
        journal_close(journal);
    }
    free(before);
    free(after);
    unit_remove(dir);
}

TEST(old_records_of_a_recycled_segment_are_never_taken_for_new_ones)
{
    char *dir = fixture_memory_dir();
    struct error err = {0};
    uint64_t last = 0;
    for (int life = 0; life < 30; life++) {
        struct journal *journal = NULL;
        ASSERT_OK(fixture_open(dir, &journal, &err), err);
        assert_int_equal(journal_seq_last(journal), last);
        ASSERT_OK(journal_start(journal, &err), err);
        fixture_fill(journal, 1 + (size_t)life % 25, 64);
        last = journal_seq_last(journal);
        journal_release(journal, last);
        spares_settle(journal);
        journal_close(journal);
        uint64_t records = 0;
        ASSERT_OK(try_open(dir, &records, &err), err);
    }
    unit_remove(dir);
}

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
        enum status status = try_open(dir, &records, &err);
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
    assert_int_equal(try_open(dir, &records, &err), STATUS_CORRUPT);
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
        enum status status = try_open(dir, &records, &err);
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
        char *dir = make_segment(&cases[i].len, 1);
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

UNIT_MAIN(UNIT(a_tail_cut_at_any_byte_opens_to_a_correct_prefix),
          UNIT(a_file_cut_at_any_byte_is_refused_by_name),
          UNIT(any_damaged_byte_of_the_last_record_takes_only_that_record),
          UNIT(any_damaged_byte_before_the_last_record_is_refused_by_name_and_place),
          UNIT(a_damaged_byte_in_an_older_segment_is_refused_by_name_and_place),
          UNIT(a_torn_tail_is_measured_and_left_behind_for_good),
          UNIT(a_torn_write_in_a_recycled_segment_takes_only_itself),
          UNIT(old_records_of_a_recycled_segment_are_never_taken_for_new_ones),
          UNIT(what_happened_to_the_folder_is_named_or_does_no_harm),
          UNIT(an_older_copy_of_a_segment_is_refused),
          UNIT(numbers_and_ends_decide_not_checksums_alone),
          UNIT(a_segment_with_a_trace_of_a_record_is_kept))
