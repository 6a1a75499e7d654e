/*
 * journal_test.c - a journal's life: what was appended comes back, in order, and nothing else.
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

static struct fixture_seen replay_from(struct journal *journal, uint64_t seq_from)
{
    struct fixture_seen seen = {0};
    struct error err = {0};
    ASSERT_OK(journal_replay(journal, seq_from, fixture_see, &seen, &err), err);
    return seen;
}

TEST(a_new_journal_is_empty_and_keeps_its_name)
{
    char *dir = unit_temp_dir();
    const char *path = fixture_path(dir, "journal");
    struct journal *journal = NULL;
    struct error err = {0};
    uint8_t id[JOURNAL_ID_BYTES];

    ASSERT_OK(fixture_open(path, &journal, &err), err);
    memcpy(id, journal_id(journal), sizeof id);
    assert_int_equal(journal_seq_first(journal), 1);
    assert_int_equal(journal_seq_last(journal), 0);
    assert_int_equal(replay_from(journal, 1).count, 0);
    journal_close(journal); /* never started: the name stays all the same */

    for (int i = 0; i < 3; i++) {
        journal = fixture_start(path);
        assert_memory_equal(journal_id(journal), id, sizeof id);
        assert_int_equal(journal_seq_last(journal), 0);
        journal_close(journal);
    }
    /* Restarts without records do not pile up segments. */
    assert_int_equal(fixture_count(path, "00", ".seg"), 1);

    char *other = unit_temp_dir();
    ASSERT_OK(fixture_open(other, &journal, &err), err);
    assert_memory_not_equal(journal_id(journal), id, sizeof id);
    journal_close(journal);
    unit_remove(other);
    unit_remove(dir);
}

TEST(records_come_back_in_order_whatever_their_size)
{
    static const size_t sizes[] = {
        0,    1,    64,   4071, 4072, 4073, 4096, 8167, 8168, 8169, 20000, 43000, 3,
        4072, 8192, 8193, 5,    100,  1000, 1,    9000, 0,    7,    12000, 30000, 64,
    };
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct journal *journal = fixture_start(dir);
    size_t bytes = 0;
    size_t count = sizeof sizes / sizeof sizes[0];

    for (size_t i = 0; i < count; i++) {
        ASSERT_OK(fixture_append(journal, JOURNAL_EVENTS, sizes[i], &err), err);
        bytes += sizes[i];
    }
    journal_close(journal);

    ASSERT_OK(fixture_open(dir, &journal, &err), err);
    struct fixture_seen seen = replay_from(journal, 1);
    assert_int_equal(seen.count, count);
    assert_int_equal(seen.seq_first, 1);
    assert_int_equal(seen.bytes, bytes);
    assert_int_equal(journal_seq_last(journal), count);
    journal_close(journal);
    unit_remove(dir);
}

TEST(replay_starts_where_it_is_told)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct fixture_seen seen = {0};
    struct journal *journal = fixture_start(dir);
    fixture_fill(journal, 40, 100);
    journal_close(journal);

    ASSERT_OK(fixture_open(dir, &journal, &err), err);
    for (uint64_t from = 1; from <= 42; from++) {
        seen = replay_from(journal, from);
        assert_int_equal(seen.count, from <= 40 ? 41 - from : 0);
        if (seen.count > 0)
            assert_int_equal(seen.seq_first, from);
    }
    assert_int_equal(journal_replay(journal, 0, fixture_see, &seen, &err), STATUS_INVALID);
    journal_close(journal);
    unit_remove(dir);
}

static enum status refuse_third(void *context, uint64_t seq, struct text payload, struct error *err)
{
    (void)payload;
    *(uint64_t *)context = seq;
    return seq == 3 ? fail(err, STATUS_BEHIND, "enough") : STATUS_OK;
}

TEST(replay_ends_with_the_status_of_the_callback)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    uint64_t last = 0;
    struct journal *journal = fixture_start(dir);
    fixture_fill(journal, 5, 10);
    journal_close(journal);

    ASSERT_OK(fixture_open(dir, &journal, &err), err);
    assert_int_equal(journal_replay(journal, 1, refuse_third, &last, &err), STATUS_BEHIND);
    assert_int_equal(last, 3);
    assert_string_equal(err.message, "enough");
    journal_close(journal);
    unit_remove(dir);
}

TEST(numbers_go_on_after_each_restart)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    for (uint64_t life = 0; life < 8; life++) {
        struct journal *journal = NULL;
        ASSERT_OK(fixture_open(dir, &journal, &err), err);
        assert_int_equal(journal_seq_last(journal), life * 5);
        assert_int_equal(replay_from(journal, 1).count, life * 5);
        ASSERT_OK(journal_start(journal, &err), err);
        fixture_fill(journal, 5, 5000);
        journal_close(journal);
    }
    assert_int_equal(fixture_count(dir, "00", ".seg"), 8); /* old ones are never appended to */
    unit_remove(dir);
}

TEST(a_record_is_its_parts_joined)
{
    static const struct text parts[] = {{"one", 3}, {NULL, 0}, {"", 0}, {"-two", 4}, {"-3", 2}};
    char *dir = unit_temp_dir();
    struct error err = {0};
    uint64_t seq = 0;
    struct journal *journal = fixture_start(dir);
    ASSERT_OK(journal_append(journal, JOURNAL_EVENTS, parts, 5, &seq, &err), err);
    ASSERT_OK(journal_append(journal, JOURNAL_EVENTS, NULL, 0, &seq, &err), err);
    assert_int_equal(seq, 2);
    journal_close(journal);

    size_t len = 0;
    char *file = fixture_read(fixture_segment(dir, 1), &len);
    assert_memory_equal(file + SEGMENT_HEADER_BYTES + SEGMENT_RECORD_HEAD_BYTES, "one-two-3\0\0",
                        11);
    free(file);
    unit_remove(dir);
}

TEST(sizes_that_do_not_fit_are_refused_and_leave_no_trace)
{
    enum {
        ROOM = SEGMENT_BYTES - SEGMENT_HEADER_BYTES - SEGMENT_RECORD_HEAD_BYTES,
        EVENT_ROOM = ROOM - JOURNAL_CONTROL_RESERVE_BYTES
    };
    static const struct {
        const char *name;
        enum journal_class class;
        size_t len;
        enum status want;
    } cases[] = {
        {"the largest event", JOURNAL_EVENTS, EVENT_ROOM, STATUS_OK},
        {"one byte more", JOURNAL_EVENTS, EVENT_ROOM + 1, STATUS_TOO_LARGE},
        {"the largest control record", JOURNAL_CONTROL, ROOM, STATUS_OK},
        {"one byte more", JOURNAL_CONTROL, ROOM + 1, STATUS_TOO_LARGE},
        {"over the maximum", JOURNAL_EVENTS, JOURNAL_RECORD_BYTES_MAX + 1, STATUS_TOO_LARGE},
    };
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct journal *journal = fixture_start(dir);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t before = journal_seq_last(journal);
        enum status status = fixture_append(journal, cases[i].class, cases[i].len, &err);
        ROW(status == cases[i].want, cases[i].name, "%s", status_code(status));
        ROW(journal_seq_last(journal) == before + (status == STATUS_OK), cases[i].name, "counted");
    }
    journal_close(journal);
    ASSERT_OK(fixture_open(dir, &journal, &err), err);
    assert_int_equal(replay_from(journal, 1).count, 2);
    journal_close(journal);
    unit_remove(dir);
}

TEST(the_largest_record_comes_back)
{
    char *dir = unit_temp_dir();
    const struct journal_options options = {
        .dir = dir, .segment_bytes = 3 * JOURNAL_RECORD_BYTES_MAX / 2, .spares = 1};
    struct journal *journal = NULL;
    struct error err = {0};
    ASSERT_OK(journal_open(&options, &journal, &err), err);
    ASSERT_OK(journal_start(journal, &err), err);
    fixture_fill(journal, 1, 10);
    fixture_fill(journal, 1, JOURNAL_RECORD_BYTES_MAX);
    fixture_fill(journal, 1, 10);
    /* Sums that wrap around are not small. */
    const struct text huge[] = {{"", JOURNAL_RECORD_BYTES_MAX},
                                {"", SIZE_MAX - JOURNAL_RECORD_BYTES_MAX + 5}};
    uint64_t seq = 0;
    assert_int_equal(journal_append(journal, JOURNAL_EVENTS, huge, 2, &seq, &err),
                     STATUS_TOO_LARGE);
    journal_close(journal);

    ASSERT_OK(journal_open(&options, &journal, &err), err);
    struct fixture_seen seen = replay_from(journal, 1);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.bytes, JOURNAL_RECORD_BYTES_MAX + 20);
    journal_close(journal);
    unit_remove(dir);
}

TEST(a_second_opener_is_refused)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct journal *second = NULL;
    struct journal *first = fixture_start(dir);
    assert_int_equal(fixture_open(dir, &second, &err), STATUS_BUSY);
    assert_non_null(strstr(err.message, dir));
    assert_null(second);
    journal_close(first);
    ASSERT_OK(fixture_open(dir, &second, &err), err);
    journal_close(second);
    unit_remove(dir);
}

TEST(wrong_options_are_refused)
{
    static const struct {
        const char *name;
        uint64_t segment_bytes;
        uint32_t spares;
    } cases[] = {
        {"not whole blocks", SEGMENT_BYTES + 1, 0},
        {"too small", SEGMENT_BYTES - JOURNAL_BLOCK_BYTES, 0},
        {"too large", (uint64_t)JOURNAL_SEGMENT_BYTES_MAX + JOURNAL_BLOCK_BYTES, 0},
        {"too many spares", 0, 17},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct journal_options options = {.dir = "/nowhere/at/all",
                                                .segment_bytes = cases[i].segment_bytes,
                                                .spares = cases[i].spares};
        struct journal *journal = NULL;
        struct error err = {0};
        enum status status = journal_open(&options, &journal, &err);
        ROW(status == STATUS_INVALID, cases[i].name, "%s", status_code(status));
    }
    const struct journal_options options = {.dir = "/nowhere/at/all"};
    struct journal *journal = NULL;
    struct error err = {0};
    assert_int_equal(journal_open(&options, &journal, &err), STATUS_IO);
    assert_non_null(strstr(err.message, "/nowhere/at/all"));
}

TEST(files_are_the_owners_only)
{
    char *dir = unit_temp_dir();
    struct stat stat_buf;
    struct journal *journal = fixture_start(dir);
    spares_settle(journal);
    static const char *const names[] = {"lock", "0000000000000001.seg", "spare-1.seg"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ROW(stat(fixture_path(dir, names[i]), &stat_buf) == 0, names[i], "is not there");
        ROW((stat_buf.st_mode & 0777) == 0600, names[i], "mode %o", stat_buf.st_mode);
    }
    journal_close(journal);
    unit_remove(dir);
}

TEST(segment_sizes_may_change_between_lives)
{
    static const uint64_t sizes[] = {SEGMENT_BYTES, 4 * SEGMENT_BYTES, 2 * SEGMENT_BYTES};
    char *dir = unit_temp_dir();
    struct journal *journal = NULL;
    struct error err = {0};
    for (size_t i = 0; i < 3; i++) {
        const struct journal_options options = {.dir = dir, .segment_bytes = sizes[i]};
        ASSERT_OK(journal_open(&options, &journal, &err), err);
        assert_int_equal(replay_from(journal, 1).count, i * 20);
        ASSERT_OK(journal_start(journal, &err), err);
        fixture_fill(journal, 20, 30000);
        spares_settle(journal);
        journal_close(journal);
    }
    const struct journal_options options = {.dir = dir, .segment_bytes = SEGMENT_BYTES};
    ASSERT_OK(journal_open(&options, &journal, &err), err);
    assert_int_equal(replay_from(journal, 1).count, 60);
    assert_int_equal(fixture_count(dir, "spare-", ""), 0); /* of another size: gone */
    ASSERT_OK(journal_start(journal, &err), err);
    journal_release(journal, 60);
    spares_settle(journal);
    assert_int_equal(fixture_count(dir, "00", ".seg"), 1);
    journal_close(journal);
    unit_remove(dir);
}

TEST(each_use_of_a_file_has_its_own_salt)
{
    char *dir = unit_temp_dir();
    struct journal *journal = fixture_start(dir);
    uint64_t salts[12];
    for (size_t i = 0; i < 12; i++) {
        fixture_fill(journal, EVENTS_PER_SEGMENT, 64);
        salts[i] = journal->salt;
        for (size_t before = 0; before < i; before++)
            assert_int_not_equal(salts[before], salts[i]);
        journal_release(journal, journal_seq_last(journal));
        spares_settle(journal);
    }
    journal_close(journal);
    unit_remove(dir);
}

TEST(direct_writing_gives_the_same_files)
{
    char *dir = unit_temp_dir();
    const struct journal_options options = {
        .dir = dir, .segment_bytes = SEGMENT_BYTES, .io = JOURNAL_IO_DIRECT};
    struct journal *journal = NULL;
    struct error err = {0};
    struct journal_stats stats;
    ASSERT_OK(journal_open(&options, &journal, &err), err);
    ASSERT_OK(journal_start(journal, &err), err);
    fixture_fill(journal, 30, 5000);
    fixture_fill(journal, 1, 40000);
    journal_get_stats(journal, &stats);
    print_message("O_DIRECT %s\n", stats.direct ? "is in use" : "is not available here");
    assert_int_equal(stats.seq_last, 31);
    assert_int_equal(stats.appended_bytes, 30 * 8192 + 40960);
    journal_close(journal);

    ASSERT_OK(fixture_open(dir, &journal, &err), err);
    assert_int_equal(replay_from(journal, 1).count, 31);
    journal_close(journal);
    unit_remove(dir);
}

UNIT_MAIN(UNIT(a_new_journal_is_empty_and_keeps_its_name),
          UNIT(records_come_back_in_order_whatever_their_size),
          UNIT(replay_starts_where_it_is_told), UNIT(replay_ends_with_the_status_of_the_callback),
          UNIT(numbers_go_on_after_each_restart), UNIT(a_record_is_its_parts_joined),
          UNIT(sizes_that_do_not_fit_are_refused_and_leave_no_trace),
          UNIT(the_largest_record_comes_back), UNIT(a_second_opener_is_refused),
          UNIT(wrong_options_are_refused), UNIT(files_are_the_owners_only),
          UNIT(segment_sizes_may_change_between_lives), UNIT(each_use_of_a_file_has_its_own_salt),
          UNIT(direct_writing_gives_the_same_files))
