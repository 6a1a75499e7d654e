/*
 * spares_test.c - segments are ready ahead, come back when released, and a full disk heals.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/spares.h"

static struct journal_stats stats_of(struct journal *journal)
{
    struct journal_stats stats;
    journal_get_stats(journal, &stats);
    return stats;
}

static uint64_t count_records(struct journal *journal)
{
    struct fixture_seen seen = {0};
    struct error err = {0};
    ASSERT_OK(journal_replay(journal, journal_seq_first(journal), fixture_see, &seen, &err), err);
    return seen.count;
}

/* From now on nothing can be prepared, as on a full disk, and the helper knows. */
static void fill_disk(struct journal *journal)
{
    atomic_store(&journal->refuse_errno, ENOSPC);
    spares_retry(journal);
    spares_settle(journal);
}

static void make_room(struct journal *journal)
{
    atomic_store(&journal->refuse_errno, 0);
    spares_retry(journal);
    spares_settle(journal);
}

TEST(spares_are_ready_ahead)
{
    char *dir = unit_temp_dir();
    struct journal *journal = fixture_start(dir);
    spares_settle(journal);
    assert_int_equal(stats_of(journal).spares, 2);
    assert_int_equal(fixture_count(dir, "spare-", ".seg"), 2);
    fixture_fill(journal, EVENTS_PER_SEGMENT + 1, 64);
    spares_settle(journal);
    assert_int_equal(stats_of(journal).spares, 2);
    assert_int_equal(stats_of(journal).segments, 2);
    journal_close(journal);
    unit_remove(dir);
}

TEST(an_append_waits_for_a_spare_in_the_making)
{
    char *dir = unit_temp_dir();
    struct journal *journal = fixture_start(dir);
    fixture_fill(journal, 60, 43000); /* a segment each, faster than they can be made */
    assert_int_equal(stats_of(journal).segments, 60);
    journal_close(journal);
    unit_remove(dir);
}

TEST(released_segments_become_spares_oldest_first)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct journal *journal = fixture_start(dir);
    fixture_fill(journal, 5 * EVENTS_PER_SEGMENT, 64);

    static const struct {
        const char *name;
        uint64_t release;
        uint64_t want_first;
    } cases[] = {
        {"nothing", 0, 1},
        {"half a segment", 10, 1},
        {"one segment", 11, 12},
        {"back: no effect", 3, 12},
        {"three and a half", 40, 34},
        {"all: the newest stays", 55, 45},
        {"more than there is", 1000, 45},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        journal_release(journal, cases[i].release);
        spares_settle(journal);
        ROW(journal_seq_first(journal) == cases[i].want_first, cases[i].name, "first is %llu",
            (unsigned long long)journal_seq_first(journal));
        ROW(stats_of(journal).segments == 5 - (cases[i].want_first - 1) / 11, cases[i].name,
            "segments");
    }
    assert_int_equal(fixture_count(dir, "00", ".seg"), 1);
    assert_int_equal(stats_of(journal).spares, fixture_count(dir, "spare-", ".seg"));
    journal_close(journal);

    ASSERT_OK(fixture_open(dir, &journal, &err), err);
    assert_int_equal(journal_seq_first(journal), 45);
    assert_int_equal(count_records(journal), 11);
    journal_close(journal);
    unit_remove(dir);
}

TEST(a_journal_that_is_released_stays_small)
{
    char *dir = unit_temp_dir();
    struct journal *journal = fixture_start(dir);
    for (uint64_t i = 0; i < 100; i++) {
        fixture_fill(journal, EVENTS_PER_SEGMENT, 64);
        journal_release(journal, journal_seq_last(journal));
    }
    spares_settle(journal);
    assert_int_equal(fixture_count(dir, "00", ".seg"), 1);
    assert_true(fixture_count(dir, "spare-", "") <= 8);

    fixture_fill(journal, 30 * (size_t)EVENTS_PER_SEGMENT, 64); /* more than are worth keeping */
    journal_release(journal, journal_seq_last(journal));
    spares_settle(journal);
    assert_int_equal(fixture_count(dir, "00", ".seg"), 1);
    assert_int_equal(fixture_count(dir, "spare-", ".seg"), 8);
    assert_int_equal(stats_of(journal).spares, 8);
    journal_close(journal);
    unit_remove(dir);
}

TEST(a_full_disk_refuses_events_keeps_room_for_control_and_heals)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct journal *journal = fixture_start(dir);
    spares_settle(journal);
    fill_disk(journal);
    assert_false(stats_of(journal).disk_full); /* nothing was wanted so far */

    /* The newest segment and both spares can still be used. */
    fixture_fill(journal, 3 * EVENTS_PER_SEGMENT, 64);
    spares_settle(journal);
    assert_true(stats_of(journal).disk_full);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fixture_append(journal, JOURNAL_EVENTS, 64, &err), STATUS_DISK_FULL);
        assert_non_null(strstr(err.message, "No space left"));
    }
    for (int i = 0; i < 4; i++)
        ASSERT_OK(fixture_append(journal, JOURNAL_CONTROL, 4072, &err), err);
    assert_int_equal(fixture_append(journal, JOURNAL_CONTROL, 1, &err), STATUS_DISK_FULL);
    assert_false(stats_of(journal).failed);

    make_room(journal);
    assert_false(stats_of(journal).disk_full);
    fixture_fill(journal, 20, 64);
    journal_close(journal);

    ASSERT_OK(fixture_open(dir, &journal, &err), err);
    assert_int_equal(count_records(journal), 3 * EVENTS_PER_SEGMENT + 4 + 20);
    journal_close(journal);
    unit_remove(dir);
}

TEST(a_release_heals_a_full_disk)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct journal *journal = fixture_start(dir);
    spares_settle(journal);
    fill_disk(journal);
    fixture_fill(journal, 3 * EVENTS_PER_SEGMENT, 64);
    spares_settle(journal);
    assert_int_equal(fixture_append(journal, JOURNAL_EVENTS, 64, &err), STATUS_DISK_FULL);

    journal_release(journal, 2 * EVENTS_PER_SEGMENT); /* two segments, still nothing to make */
    spares_settle(journal);
    assert_false(stats_of(journal).disk_full);
    fixture_fill(journal, 2 * EVENTS_PER_SEGMENT, 64);
    spares_settle(journal);
    assert_int_equal(fixture_append(journal, JOURNAL_EVENTS, 64, &err), STATUS_DISK_FULL);
    assert_int_equal(journal_seq_first(journal), 23);
    journal_close(journal);
    unit_remove(dir);
}

TEST(a_journal_starts_on_a_full_disk_and_heals)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct journal *journal = fixture_start(dir);
    fixture_fill(journal, 30, 64);
    spares_settle(journal);
    journal_close(journal);
    fixture_remove_spares(dir);

    ASSERT_OK(fixture_open(dir, &journal, &err), err);
    atomic_store(&journal->refuse_errno, ENOSPC);
    ASSERT_OK(journal_start(journal, &err), err);
    assert_true(stats_of(journal).disk_full);
    assert_int_equal(fixture_append(journal, JOURNAL_EVENTS, 64, &err), STATUS_DISK_FULL);
    assert_int_equal(fixture_append(journal, JOURNAL_CONTROL, 64, &err), STATUS_DISK_FULL);

    journal_release(journal, 30); /* the oldest two of three */
    spares_settle(journal);
    assert_int_equal(stats_of(journal).spares, 2);
    fixture_fill(journal, 5, 64);
    spares_settle(journal); /* now the third has a successor and can go, too */
    journal_close(journal);

    ASSERT_OK(fixture_open(dir, &journal, &err), err);
    assert_int_equal(journal_seq_first(journal), 31);
    assert_int_equal(count_records(journal), 5);
    journal_close(journal);
    unit_remove(dir);
}

TEST(what_an_earlier_life_left_is_used_or_removed)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    char *block = calloc(1, SEGMENT_BYTES);
    assert_non_null(block);
    struct journal *journal = fixture_start(dir);
    spares_settle(journal); /* leaves spare-1 and spare-2 */
    fixture_fill(journal, 3, 64);
    journal_close(journal);

    fixture_write(fixture_path(dir, "spare-7.tmp"), block, SEGMENT_BYTES);
    fixture_write(fixture_path(dir, "spare-8.seg"), block, SEGMENT_BYTES / 2);
    fixture_write(fixture_path(dir, "spare-9.seg"), "", 0);
    assert_int_equal(truncate(fixture_path(dir, "spare-9.seg"), SEGMENT_BYTES), 0); /* a hole */
    fixture_write(fixture_path(dir, "notes.txt"), "mine", 4);
    free(block);

    ASSERT_OK(fixture_open(dir, &journal, &err), err);
    assert_int_equal(stats_of(journal).spares, 2);
    assert_int_equal(access(fixture_path(dir, "spare-1.seg"), F_OK), 0);
    assert_int_equal(access(fixture_path(dir, "spare-2.seg"), F_OK), 0);
    assert_int_equal(fixture_count(dir, "spare-", ""), 2);
    assert_int_equal(access(fixture_path(dir, "notes.txt"), F_OK), 0);
    assert_int_equal(count_records(journal), 3);

    /* New ones get new names. */
    ASSERT_OK(journal_start(journal, &err), err);
    spares_settle(journal);
    assert_int_equal(access(fixture_path(dir, "spare-10.seg"), F_OK), 0);
    journal_close(journal);
    unit_remove(dir);
}

TEST(a_spare_that_somebody_spoiled_is_replaced)
{
    static const struct {
        const char *name;
        off_t bytes; /* what is left; -1 for nothing at all */
    } cases[] = {{"removed", -1}, {"cut", 5}, {"cut, then a hole", SEGMENT_BYTES}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static const char *const names[] = {"spare-1.seg", "spare-2.seg"};
        char *dir = unit_temp_dir();
        struct error err = {0};
        struct journal *journal = fixture_start(dir);
        spares_settle(journal);
        for (size_t j = 0; j < 2; j++) {
            const char *path = fixture_path(dir, names[j]);
            int failed = cases[i].bytes < 0 ? unlink(path)
                                            : truncate(path, 0) + truncate(path, cases[i].bytes);
            ROW(failed == 0, cases[i].name, "cannot spoil %s", path);
        }
        fixture_fill(journal, 4 * (size_t)EVENTS_PER_SEGMENT, 64);
        spares_settle(journal);
        ROW(stats_of(journal).spares == 2, cases[i].name, "spares");
        ROW(stats_of(journal).segments == 4, cases[i].name, "segments");
        journal_close(journal);
        ASSERT_OK(fixture_open(dir, &journal, &err), err);
        ROW(count_records(journal) == 44, cases[i].name, "records");
        journal_close(journal);
        unit_remove(dir);
    }
}

TEST(closing_does_not_wait_for_large_spares)
{
    char *dir = unit_temp_dir();
    const struct journal_options options = {
        .dir = dir, .segment_bytes = 16 * 1024 * 1024, .spares = 16};
    struct journal *journal = NULL;
    struct error err = {0};
    ASSERT_OK(journal_open(&options, &journal, &err), err);
    ASSERT_OK(journal_start(journal, &err), err);
    journal_close(journal);
    assert_int_equal(fixture_count(dir, "spare-", ".tmp"), 0);
    assert_true(fixture_count(dir, "spare-", ".seg") < 16);
    unit_remove(dir);
}

TEST(too_many_open_files_pass)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct rlimit limit;
    struct journal *journal = fixture_start(dir);
    fixture_fill(journal, EVENTS_PER_SEGMENT, 64);
    spares_settle(journal);

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    enum status status = fixture_append(journal, JOURNAL_EVENTS, 64, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(status, STATUS_NO_MEMORY);
    assert_false(stats_of(journal).failed);
    fixture_fill(journal, 20, 64);
    journal_close(journal);
    unit_remove(dir);
}

/* Writes go where every write fails: to /dev/full, and to a file that is open for reading. */
TEST(a_failed_write_ends_appends_until_the_journal_is_opened_again)
{
    static const char *const devices[] = {"/dev/full", "/dev/null"};
    for (size_t i = 0; i < 2; i++) {
        char *dir = unit_temp_dir();
        struct error err = {0};
        struct journal *journal = fixture_start(dir);
        fixture_fill(journal, 3, 64);
        int fd = journal->fd;
        journal->fd = open(devices[i], i == 0 ? O_RDWR | O_CLOEXEC : O_RDONLY | O_CLOEXEC);
        assert_true(journal->fd >= 0);

        assert_int_equal(fixture_append(journal, JOURNAL_EVENTS, 64, &err), STATUS_UNKNOWN);
        assert_true(stats_of(journal).failed);
        assert_int_equal(stats_of(journal).seq_last, 3);
        close(journal->fd);
        journal->fd = fd; /* working again: no difference */
        for (int again = 0; again < 3; again++)
            assert_int_equal(fixture_append(journal, JOURNAL_CONTROL, 1, &err), STATUS_STOPPED);
        journal_close(journal);

        journal = fixture_start(dir);
        assert_int_equal(journal_seq_last(journal), 3);
        fixture_fill(journal, 2, 64);
        journal_close(journal);
        unit_remove(dir);
    }
}

UNIT_MAIN(UNIT(spares_are_ready_ahead), UNIT(an_append_waits_for_a_spare_in_the_making),
          UNIT(released_segments_become_spares_oldest_first),
          UNIT(a_journal_that_is_released_stays_small),
          UNIT(a_full_disk_refuses_events_keeps_room_for_control_and_heals),
          UNIT(a_release_heals_a_full_disk), UNIT(a_journal_starts_on_a_full_disk_and_heals),
          UNIT(what_an_earlier_life_left_is_used_or_removed),
          UNIT(a_spare_that_somebody_spoiled_is_replaced),
          UNIT(closing_does_not_wait_for_large_spares), UNIT(too_many_open_files_pass),
          UNIT(a_failed_write_ends_appends_until_the_journal_is_opened_again))
