/*
 * recovery_test.c - after a crash a journal opens to what was acknowledged.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal/segment.h"
#include "journal/spares.h"

enum { BLOCK = JOURNAL_BLOCK_BYTES, HEAD = SEGMENT_RECORD_HEAD_BYTES };

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
    char *dir = fixture_make_segment(tail_lens, 3);
    const char *path = fixture_segment(dir, 1);
    size_t len = 0;
    char *whole = fixture_read(path, &len);
    static const char zeros[TAIL_END];

    for (size_t at = TAIL_2_AT; at <= TAIL_END; at++) {
        struct error err = {0};
        uint64_t records = 0;
        fixture_poke(path, at, zeros, TAIL_END - at);
        enum status status = fixture_try_open(dir, &records, &err);
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
    char *dir = fixture_make_segment(tail_lens, 3);
    const char *path = fixture_segment(dir, 1);
    size_t len = 0;
    char *whole = fixture_read(path, &len);

    /* In the unused rest, where all cuts are alike, a few will do. */
    for (size_t at = len - 1; at > 0; at -= at > (size_t)TAIL_END ? 509 : 1) {
        struct error err = {0};
        uint64_t records = 0;
        assert_int_equal(truncate(path, (off_t)at), 0);
        assert_int_equal(fixture_try_open(dir, &records, &err), STATUS_CORRUPT);
        assert_non_null(strstr(err.message, path));
    }
    free(whole);
    unit_remove(dir);
}

TEST(any_damaged_byte_of_the_last_record_takes_only_that_record)
{
    char *dir = fixture_make_segment(tail_lens, 3);
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
            ASSERT_OK(fixture_try_open(dir, &records, &err), err);
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
    char *dir = fixture_make_segment(tail_lens, 3);
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
        enum status status = fixture_try_open(dir, &records, &err);
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
            assert_int_equal(fixture_try_open(dir, &records, &err), STATUS_CORRUPT);
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
    char *dir = fixture_make_segment(tail_lens, 3);
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
    ASSERT_OK(fixture_try_open(dir, &records, &err), err);
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
        ASSERT_OK(fixture_try_open(dir, &records, &err), err);
    }
    unit_remove(dir);
}

UNIT_MAIN(UNIT(a_tail_cut_at_any_byte_opens_to_a_correct_prefix),
          UNIT(a_file_cut_at_any_byte_is_refused_by_name),
          UNIT(any_damaged_byte_of_the_last_record_takes_only_that_record),
          UNIT(any_damaged_byte_before_the_last_record_is_refused_by_name_and_place),
          UNIT(a_damaged_byte_in_an_older_segment_is_refused_by_name_and_place),
          UNIT(a_torn_tail_is_measured_and_left_behind_for_good),
          UNIT(a_torn_write_in_a_recycled_segment_takes_only_itself),
          UNIT(old_records_of_a_recycled_segment_are_never_taken_for_new_ones))
