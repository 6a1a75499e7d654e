/*
 * copy_test.c - a pin keeps every segment, and a copy is a journal by itself.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/copy.h"
#include "journal/spares.h"

enum { BLOCK = JOURNAL_BLOCK_BYTES };

/* A new folder beside dir. */
static char *new_dir(const char *dir, const char *name)
{
    char *path = NULL;
    assert_true(asprintf(&path, "%s-%s", dir, name) > 0);
    assert_int_equal(mkdir(path, 0700), 0);
    return path;
}

/* Opens the copy as a journal, checks every record, and appends to it. */
static void check_copy(const char *dir, const struct journal_copied *copied, const char *row)
{
    struct journal *journal = NULL;
    struct error err = {0};
    struct fixture_seen seen = {0};
    struct journal_stats stats;
    ASSERT_OK(fixture_open(dir, &journal, &err), err);
    journal_get_stats(journal, &stats);
    ROW(journal_seq_first(journal) == copied->seq_first, row, "first is %llu",
        (unsigned long long)journal_seq_first(journal));
    ROW(journal_seq_last(journal) == copied->seq_last, row, "last is %llu",
        (unsigned long long)journal_seq_last(journal));
    ROW(stats.cut_bytes == 0, row, "the copy has a torn tail");
    ASSERT_OK(journal_replay(journal, journal_seq_first(journal), fixture_see, &seen, &err), err);
    ROW(seen.count == copied->seq_last + 1 - copied->seq_first, row, "%llu records",
        (unsigned long long)seen.count);
    ASSERT_OK(journal_start(journal, &err), err);
    ASSERT_OK(fixture_append(journal, JOURNAL_EVENTS, 100, &err), err);
    assert_int_equal(journal_seq_last(journal), copied->seq_last + 1);
    journal_close(journal);
}

TEST(a_pinned_journal_keeps_every_segment)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct journal *journal = fixture_start(dir);
    int first = -1;
    int second = -1;
    fixture_fill(journal, 5 * EVENTS_PER_SEGMENT, 64);
    ASSERT_OK(journal_pin(dir, &first, &err), err);
    ASSERT_OK(journal_pin(dir, &second, &err), err);

    journal_release(journal, 30);
    spares_settle(journal);
    assert_int_equal(journal_seq_first(journal), 1);
    assert_int_equal(fixture_count(dir, "00", ".seg"), 5);
    fixture_fill(journal, EVENTS_PER_SEGMENT, 64); /* it grows meanwhile */
    journal_unpin(first);
    spares_retry(journal);
    spares_settle(journal);
    assert_int_equal(fixture_count(dir, "00", ".seg"), 6);

    journal_unpin(second);
    spares_retry(journal);
    spares_settle(journal);
    assert_int_equal(journal_seq_first(journal), 23);
    journal_close(journal);
    unit_remove(dir);
}

TEST(a_journal_that_was_pinned_can_be_pinned_and_released_again)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct journal *journal = fixture_start(dir);
    for (int i = 0; i < 3; i++) {
        int pin = -1;
        fixture_fill(journal, 3 * EVENTS_PER_SEGMENT, 64);
        ASSERT_OK(journal_pin(dir, &pin, &err), err);
        journal_unpin(pin);
        journal_release(journal, journal_seq_last(journal));
        spares_settle(journal);
        assert_int_equal(fixture_count(dir, "00", ".seg"), 1);
    }
    journal_close(journal);
    unit_remove(dir);
}

TEST(it_tells_whether_somebody_has_the_journal_open)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    bool open = true;
    ASSERT_OK(journal_is_open(dir, &open, &err), err);
    assert_false(open);
    struct journal *journal = fixture_start(dir);
    ASSERT_OK(journal_is_open(dir, &open, &err), err);
    assert_true(open);
    journal_close(journal);
    ASSERT_OK(journal_is_open(dir, &open, &err), err);
    assert_false(open);
    unit_remove(dir);
}

static enum status copy_pinned(struct journal_copy_options *options, struct journal_copied *out,
                               struct error *err)
{
    int pin = -1;
    ASSERT_OK(journal_pin(options->from, &pin, err), *err);
    options->pin = &pin;
    enum status status = journal_copy(options, out, err);
    options->pin = NULL;
    journal_unpin(pin);
    return status;
}

TEST(a_copy_is_a_journal_from_the_segment_of_the_wanted_record_on)
{
    static const struct {
        const char *name;
        size_t records;
        bool restarted; /* the newest segment is an empty one */
        uint64_t seq_from;
        uint64_t want_first;
    } cases[] = {
        {"all", 60, false, 1, 1},
        {"from within a segment", 60, false, 25, 23},
        {"from a segment's first", 60, false, 23, 23},
        {"the newest alone", 60, false, 60, 56},
        {"behind the last", 60, false, 61, 56},
        {"far behind the last", 60, false, 1000, 56},
        {"nothing recorded", 0, false, 1, 1},
        {"restarted, from the record before", 60, true, 60, 56},
        {"restarted, the empty one alone", 60, true, 61, 61},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *dir = unit_temp_dir();
        char *to = new_dir(dir, "copy");
        struct error err = {0};
        struct journal_copied copied = {0};
        struct journal_copied looked = {0};
        struct journal *journal = fixture_start(dir);
        fixture_fill(journal, cases[i].records, 64);
        if (cases[i].restarted) {
            journal_close(journal);
            journal = fixture_start(dir);
        }
        struct journal_copy_options options = {
            .from = dir, .to = to, .seq_from = cases[i].seq_from};
        ASSERT_OK(copy_pinned(&options, &copied, &err), err);
        options.to = NULL;
        ASSERT_OK(copy_pinned(&options, &looked, &err), err);

        ROW(copied.seq_first == cases[i].want_first, cases[i].name, "first is %llu",
            (unsigned long long)copied.seq_first);
        ROW(copied.seq_last == cases[i].records, cases[i].name, "last");
        ROW(memcmp(copied.journal_id, journal_id(journal), JOURNAL_ID_BYTES) == 0, cases[i].name,
            "another id");
        ROW(memcmp(&copied, &looked, sizeof copied) == 0, cases[i].name,
            "looking gives what copying gives");
        journal_close(journal);
        check_copy(to, &copied, cases[i].name);
        unit_remove(to);
        unit_remove(dir);
    }
}

struct writer {
    struct journal *journal;
    _Atomic bool over;
};

static void *write_on(void *context)
{
    struct writer *writer = context;
    while (!atomic_load(&writer->over)) {
        fixture_fill(writer->journal, 1, 3000);
        if (journal_seq_last(writer->journal) > 100)
            journal_release(writer->journal, journal_seq_last(writer->journal) - 100);
    }
    return NULL;
}

TEST(a_copy_of_a_growing_journal_has_all_that_was_durable_and_no_gap)
{
    char *dir = fixture_memory_dir();
    struct error err = {0};
    struct writer writer = {.journal = fixture_start(dir)};
    pthread_t thread;
    fixture_fill(writer.journal, 30, 3000);
    assert_int_equal(pthread_create(&thread, NULL, write_on, &writer), 0);
    for (int i = 0; i < 40; i++) {
        char *to = new_dir(dir, "copy");
        struct journal_copied copied = {0};
        int pin = -1;
        ASSERT_OK(journal_pin(dir, &pin, &err), err);
        uint64_t durable = journal_seq_last(writer.journal);
        uint64_t from = durable - 20; /* not released before the pin */
        struct journal_copy_options options = {.from = dir, .to = to, .seq_from = from};
        ASSERT_OK(copy_pinned(&options, &copied, &err), err);
        journal_unpin(pin);
        assert_true(copied.seq_first <= from);
        assert_true(copied.seq_last >= durable);
        check_copy(to, &copied, "growing");
        unit_remove(to);
    }
    atomic_store(&writer.over, true);
    pthread_join(thread, NULL);
    journal_close(writer.journal);
    unit_remove(dir);
}

TEST(what_is_damaged_is_refused_by_name)
{
    static const struct {
        const char *name;
        uint64_t segment;
        size_t at; /* bytes that are overwritten */
        bool removed;
        uint64_t seq_from;
        enum status want;
        const char *words;
    } cases[] = {
        {"a record in the middle", 2, 3 * BLOCK + 30, false, 1, STATUS_CORRUPT,
         "0000000000000002.seg: record 14, expected at byte 12288, is damaged"},
        {"a record's head", 2, 3 * BLOCK, false, 1, STATUS_CORRUPT,
         "0000000000000002.seg: record 14, expected at byte 12288, is missing"},
        {"a header", 3, 40, false, 1, STATUS_CORRUPT, "0000000000000003.seg"},
        {"a segment", 2, 0, true, 1, STATUS_CORRUPT, "0000000000000002.seg is missing"},
        {"a record before those wanted", 2, 3 * BLOCK, false, 25, STATUS_OK, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *dir = unit_temp_dir();
        char *to = new_dir(dir, "copy");
        struct error err = {0};
        struct journal_copied copied = {0};
        struct journal *journal = fixture_start(dir);
        fixture_fill(journal, 5 * EVENTS_PER_SEGMENT, 64);
        journal_close(journal);
        if (cases[i].removed)
            assert_int_equal(unlink(fixture_segment(dir, cases[i].segment)), 0);
        else
            fixture_poke(fixture_segment(dir, cases[i].segment), cases[i].at, "\xa5\x5a", 2);
        struct journal_copy_options options = {
            .from = dir, .to = to, .seq_from = cases[i].seq_from};
        enum status status = copy_pinned(&options, &copied, &err);
        ROW(status == cases[i].want, cases[i].name, "%s: %s", status_code(status), err.message);
        if (status != STATUS_OK)
            ROW(strstr(err.message, cases[i].words) != NULL, cases[i].name, "%s", err.message);
        unit_remove(to);
        unit_remove(dir);
    }
}

static enum status give_up(void *context, uint64_t bytes, struct error *err)
{
    (void)context;
    return bytes == 0 ? STATUS_OK : fail(err, STATUS_STOPPED, "enough");
}

TEST(a_step_can_end_the_copying)
{
    char *dir = unit_temp_dir();
    char *to = new_dir(dir, "copy");
    struct error err = {0};
    struct journal_copied copied = {0};
    struct journal *journal = fixture_start(dir);
    fixture_fill(journal, 5, 64);
    struct journal_copy_options options = {.from = dir, .to = to, .seq_from = 1, .step = give_up};
    assert_int_equal(copy_pinned(&options, &copied, &err), STATUS_STOPPED);
    journal_close(journal);
    unit_remove(to);
    unit_remove(dir);
}

TEST(a_folder_without_a_journal_is_not_found)
{
    char *dir = unit_temp_dir();
    struct error err = {0};
    struct journal_copied copied = {0};
    int pin = -1;
    struct journal_copy_options options = {.from = dir, .seq_from = 1};
    assert_int_equal(copy_pinned(&options, &copied, &err), STATUS_NOT_FOUND);
    assert_int_equal(journal_pin(fixture_path(dir, "none"), &pin, &err), STATUS_NOT_FOUND);
    unit_remove(dir);
}

UNIT_MAIN(UNIT(a_pinned_journal_keeps_every_segment),
          UNIT(a_journal_that_was_pinned_can_be_pinned_and_released_again),
          UNIT(it_tells_whether_somebody_has_the_journal_open),
          UNIT(a_copy_is_a_journal_from_the_segment_of_the_wanted_record_on),
          UNIT(a_copy_of_a_growing_journal_has_all_that_was_durable_and_no_gap),
          UNIT(what_is_damaged_is_refused_by_name), UNIT(a_step_can_end_the_copying),
          UNIT(a_folder_without_a_journal_is_not_found))
