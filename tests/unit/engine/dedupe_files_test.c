/*
 * dedupe_files_test.c - fingerprints come back from disk, or the file that lost them is named.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "engine/dedupe_files.h"

static const uint8_t ours[DEDUPE_JOURNAL_ID_BYTES] = {1, 2, 3};
static const uint8_t theirs[DEDUPE_JOURNAL_ID_BYTES] = {9};

struct loaded {
    size_t count;
    uint64_t sum;
    int64_t hour_last;
};

static enum status load_one(void *context, int64_t hour, const uint64_t *fingerprints, size_t count,
                            struct error *err)
{
    (void)err;
    struct loaded *loaded = context;
    assert_true(hour >= loaded->hour_last);
    loaded->hour_last = hour;
    loaded->count += count;
    for (size_t i = 0; i < count; i++)
        loaded->sum += fingerprints[i];
    return STATUS_OK;
}

static enum status load(const char *dir, const uint8_t *journal, struct loaded *loaded,
                        struct error *err)
{
    struct dedupe_files *files = NULL;
    *loaded = (struct loaded){.hour_last = INT64_MIN};
    enum status status = dedupe_files_open(dir, journal, &files, err);
    if (status == STATUS_OK)
        status = dedupe_files_load(files, load_one, loaded, err);
    dedupe_files_close(files);
    return status;
}

static void append(const char *dir, int64_t hour, const uint64_t *ids, size_t count)
{
    struct error err;
    struct loaded loaded = {.hour_last = INT64_MIN};
    struct dedupe_files *files = NULL;
    ASSERT_OK(dedupe_files_open(dir, ours, &files, &err), err);
    ASSERT_OK(dedupe_files_load(files, load_one, &loaded, &err), err);
    ASSERT_OK(dedupe_files_append(files, hour, ids, count, &err), err);
    dedupe_files_close(files);
}

static const uint64_t ids[] = {1, 20, 300, 4000, 50000};

TEST(fingerprints_come_back_hour_by_hour_until_they_expire)
{
    struct error err;
    char *dir = unit_temp_dir();
    append(dir, 101, ids, 2);
    append(dir, 100, ids + 2, 1);
    append(dir, 101, ids + 3, 2);
    struct loaded loaded;
    ASSERT_OK(load(dir, ours, &loaded, &err), err);
    assert_int_equal(loaded.count, 5);
    assert_int_equal(loaded.sum, 54321);

    struct dedupe_files *files = NULL;
    struct loaded again = {.hour_last = INT64_MIN};
    ASSERT_OK(dedupe_files_open(dir, ours, &files, &err), err);
    ASSERT_OK(dedupe_files_load(files, load_one, &again, &err), err);
    ASSERT_OK(dedupe_files_expire(files, 101, &err), err);
    dedupe_files_close(files);
    ASSERT_OK(load(dir, ours, &loaded, &err), err);
    assert_int_equal(loaded.count, 4);
    unit_remove(dir);
}

TEST(fingerprints_keep_their_seed)
{
    struct error err;
    char *dir = unit_temp_dir();
    struct dedupe_files *files = NULL;
    ASSERT_OK(dedupe_files_open(dir, ours, &files, &err), err);
    uint64_t seed = dedupe_files_seed(files);
    dedupe_files_close(files);
    files = NULL;
    ASSERT_OK(dedupe_files_open(dir, ours, &files, &err), err);
    assert_true(dedupe_files_seed(files) == seed);
    dedupe_files_close(files);
    unit_remove(dir);
}

TEST(fingerprints_of_another_journal_are_refused)
{
    struct error err;
    struct loaded loaded;
    char *dir = unit_temp_dir();
    append(dir, 100, ids, 5);
    assert_int_equal(load(dir, theirs, &loaded, &err), STATUS_FOREIGN);

    char path[FILE_PATH_BYTES];
    ASSERT_OK(file_path(path, dir, "seed", &err), err);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(load(dir, ours, &loaded, &err), STATUS_CORRUPT);
    assert_non_null(strstr(err.message, "seed"));
    unit_remove(dir);
}

TEST(fingerprints_under_another_hours_name_are_refused)
{
    static const uint64_t two[] = {7, 8};
    struct error err = {0};
    struct loaded loaded;
    char from[FILE_PATH_BYTES];
    char to[FILE_PATH_BYTES];
    char *dir = unit_temp_dir();
    append(dir, 100, two, 2);
    snprintf(from, sizeof from, "%s/100.ids", dir);
    snprintf(to, sizeof to, "%s/101.ids", dir);
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(load(dir, ours, &loaded, &err), STATUS_CORRUPT);
    assert_non_null(strstr(err.message, "101.ids at byte 24: it holds hour 100"));
    unit_remove(dir);
}

TEST(fingerprints_cut_at_any_byte_give_whole_blocks)
{
    struct error err;
    char *dir = unit_temp_dir();
    char path[FILE_PATH_BYTES];
    append(dir, 100, ids, 3);
    ASSERT_OK(file_path(path, dir, "100.ids", &err), err);
    struct stat before;
    struct stat after;
    assert_int_equal(stat(path, &before), 0);
    append(dir, 100, ids + 3, 2);
    assert_int_equal(stat(path, &after), 0);

    for (off_t size = after.st_size - 1; size >= 0; size--) {
        struct loaded loaded;
        assert_int_equal(truncate(path, size), 0);
        ASSERT_OK(load(dir, ours, &loaded, &err), err);
        assert_int_equal(loaded.count, size >= before.st_size ? 3 : 0);
    }
    append(dir, 100, ids, 5); /* what was cut is written again */
    struct loaded loaded;
    ASSERT_OK(load(dir, ours, &loaded, &err), err);
    assert_int_equal(loaded.sum, 54321);
    unit_remove(dir);
}

TEST(fingerprints_rotten_anywhere_but_in_the_last_block_are_refused_by_name)
{
    struct error err;
    char *dir = unit_temp_dir();
    char path[FILE_PATH_BYTES];
    append(dir, 100, ids, 3);
    ASSERT_OK(file_path(path, dir, "100.ids", &err), err);
    struct stat first;
    assert_int_equal(stat(path, &first), 0);
    append(dir, 100, ids + 3, 2);
    struct stat both;
    assert_int_equal(stat(path, &both), 0);

    int fd = open(path, O_RDWR | O_CLOEXEC);
    for (off_t at = 0; at < both.st_size; at++) {
        if (at >= 36 && at < 40)
            continue; /* spare bytes of the head */
        uint8_t byte;
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        const uint8_t rotten[] = {byte ^ 0xff, 0};
        for (size_t i = 0; i < sizeof rotten && rotten[i] != byte; i++) {
            assert_int_equal(pwrite(fd, &rotten[i], 1, at), 1);
            struct loaded loaded;
            enum status status = load(dir, ours, &loaded, &err);
            if (at < first.st_size) {
                assert_true(status == STATUS_CORRUPT || status == STATUS_FOREIGN);
                assert_non_null(strstr(err.message, "100.ids"));
            } else {
                assert_int_equal(status, STATUS_OK); /* as if it had never been finished */
                assert_int_equal(loaded.count, 3);
            }
        }
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    }
    close(fd);
    unit_remove(dir);
}

TEST(fingerprints_zeroed_from_any_byte_on_give_whole_blocks)
{
    struct error err;
    char *dir = unit_temp_dir();
    char path[FILE_PATH_BYTES];
    uint8_t bytes[256];
    static const uint8_t zeros[256];
    append(dir, 100, ids, 3);
    append(dir, 100, ids + 3, 2);
    ASSERT_OK(file_path(path, dir, "100.ids", &err), err);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    size_t len = (size_t)pread(fd, bytes, sizeof bytes, 0);
    size_t first_end = 40 + 8 + 3 * 8;
    assert_int_equal(len, first_end + 8 + 2 * 8);

    /* What a file system may show of an append after a power cut: the length without the bytes.
     * The last three bytes of an id are zeros anyway. */
    for (size_t at = len; at >= 40; at--) {
        struct loaded loaded;
        assert_int_equal(pwrite(fd, zeros, len - at, (off_t)at), (ssize_t)(len - at));
        ASSERT_OK(load(dir, ours, &loaded, &err), err);
        size_t want = at >= len - 6 ? 5 : at >= first_end - 6 ? 3 : 0;
        ROW(loaded.count == want, "zeroed", "from byte %zu: %zu ids", at, loaded.count);
    }
    close(fd);
    unit_remove(dir);
}

struct damage_seen {
    struct loaded loaded; /* first, as load_one() takes it */
    size_t damages;
};

static void see_damage(void *context, int64_t hour, const struct error *error)
{
    struct damage_seen *seen = context;
    assert_int_equal(hour, 100);
    assert_non_null(strstr(error->message, "100.ids"));
    seen->damages++;
}

TEST(fingerprints_of_a_damaged_folder_are_read_where_they_can_be_and_move_under_their_seed)
{
    struct error err;
    char *dir = unit_temp_dir();
    char path[FILE_PATH_BYTES];
    char to[FILE_PATH_BYTES];
    struct dedupe_files *files = NULL;
    struct dedupe_files *moved = NULL;
    struct damage_seen seen = {.loaded = {.hour_last = INT64_MIN}};

    assert_int_equal(dedupe_files_open_as_is(dir, ours, &files, &err), STATUS_NOT_FOUND);
    append(dir, 100, ids, 2);
    append(dir, 100, ids + 2, 1);
    append(dir, 100, ids + 3, 1);
    append(dir, 101, ids + 4, 1);
    ASSERT_OK(file_path(path, dir, "100.ids", &err), err);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "x", 1, 40 + 8 + 2 * 8 + 8), 1); /* in the second block */
    close(fd);

    ASSERT_OK(dedupe_files_open_as_is(dir, ours, &files, &err), err);
    ASSERT_OK(dedupe_files_load_readable(files, load_one, see_damage, &seen, &err), err);
    assert_int_equal(seen.damages, 1);
    assert_int_equal(seen.loaded.count, 3); /* the first block, and the hour behind */
    assert_int_equal(seen.loaded.sum, 1 + 20 + 50000);

    ASSERT_OK(file_path(to, dir, "moved", &err), err);
    ASSERT_OK(dedupe_files_found(to, theirs, dedupe_files_seed(files), &moved, &err), err);
    ASSERT_OK(dedupe_files_append(moved, 101, ids, 5, &err), err);
    dedupe_files_close(moved);
    moved = NULL;
    ASSERT_OK(dedupe_files_open(to, theirs, &moved, &err), err);
    assert_true(dedupe_files_seed(moved) == dedupe_files_seed(files));
    dedupe_files_close(moved);
    dedupe_files_close(files);
    struct loaded loaded;
    ASSERT_OK(load(to, theirs, &loaded, &err), err);
    assert_int_equal(loaded.sum, 54321);
    unit_remove(dir);
}

UNIT_MAIN(
    UNIT(fingerprints_come_back_hour_by_hour_until_they_expire), UNIT(fingerprints_keep_their_seed),
    UNIT(fingerprints_of_another_journal_are_refused),
    UNIT(fingerprints_under_another_hours_name_are_refused),
    UNIT(fingerprints_cut_at_any_byte_give_whole_blocks),
    UNIT(fingerprints_rotten_anywhere_but_in_the_last_block_are_refused_by_name),
    UNIT(fingerprints_zeroed_from_any_byte_on_give_whole_blocks),
    UNIT(fingerprints_of_a_damaged_folder_are_read_where_they_can_be_and_move_under_their_seed))
