/*
 * files_test.c - what is written is there, and every failure names its file.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"

TEST(paths_are_joined_or_refused)
{
    char path[FILE_PATH_BYTES], longest[FILE_PATH_BYTES];
    struct error err;
    ASSERT_OK(file_path(path, "/a/b", "c", &err), err);
    assert_string_equal(path, "/a/b/c");
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(file_path(path, longest, "c", &err), STATUS_INVALID);
    longest[sizeof longest - 2] = '\0'; /* with "/c" there is no room for the NUL */
    assert_int_equal(file_path(path, longest, "c", &err), STATUS_INVALID);
    longest[sizeof longest - 3] = '\0'; /* with "/c" it just fits */
    ASSERT_OK(file_path(path, longest, "c", &err), err);
}

TEST(a_folder_is_made_once_and_kept)
{
    char *dir = unit_temp_dir();
    char path[FILE_PATH_BYTES], file[FILE_PATH_BYTES];
    struct error err;
    struct stat stat_buf;
    ASSERT_OK(file_path(path, dir, "made", &err), err);
    ASSERT_OK(file_make_dir(path, &err), err);
    assert_int_equal(stat(path, &stat_buf), 0);
    assert_int_equal(stat_buf.st_mode & 0777, 0700);
    ASSERT_OK(file_make_dir(path, &err), err);
    strcat(path, "/"); /* NOLINT: room enough */
    ASSERT_OK(file_make_dir(path, &err), err);

    ASSERT_OK(file_path(file, dir, "file", &err), err);
    int fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(file_make_dir(file, &err), STATUS_IO);
    assert_non_null(strstr(err.message, "is not a folder"));
    assert_non_null(strstr(err.message, file));
    unit_remove(dir);
}

TEST(a_folder_without_a_parent_is_refused_by_name)
{
    char *dir = unit_temp_dir();
    char path[FILE_PATH_BYTES];
    struct error err;
    ASSERT_OK(file_path(path, dir, "missing/child", &err), err);
    assert_int_equal(file_make_dir(path, &err), STATUS_IO);
    assert_non_null(strstr(err.message, path));
    assert_non_null(strstr(err.message, "No such file"));
    assert_int_equal(file_sync_dir(path, &err), STATUS_IO);
    unit_remove(dir);
}

TEST(what_is_written_at_a_place_is_read_there)
{
    char *dir = unit_temp_dir();
    char path[FILE_PATH_BYTES], got[16];
    struct error err;
    size_t len;
    ASSERT_OK(file_path(path, dir, "file", &err), err);
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    ASSERT_OK(file_write_at(fd, "hello", 5, 1000, path, &err), err);
    ASSERT_OK(file_write_at(fd, "", 0, 5000, path, &err), err);
    ASSERT_OK(file_read_at(fd, got, 5, 1000, &len, path, &err), err);
    assert_int_equal(len, 5);
    assert_memory_equal(got, "hello", 5);
    ASSERT_OK(file_read_at(fd, got, sizeof got, 1003, &len, path, &err), err);
    assert_int_equal(len, 2); /* the file ends */
    ASSERT_OK(file_read_at(fd, got, sizeof got, 9000, &len, path, &err), err);
    assert_int_equal(len, 0);
    close(fd);

    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(file_write_at(fd, "x", 1, 0, path, &err), STATUS_IO);
    assert_non_null(strstr(err.message, path));
    close(fd);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(file_read_at(fd, got, 1, 0, &len, path, &err), STATUS_IO);
    close(fd);
    unit_remove(dir);
}

TEST(a_full_disk_is_told_apart)
{
    struct error err;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(file_write_at(fd, "x", 1, 0, "/dev/full", &err), STATUS_DISK_FULL);
    assert_string_equal(err.code, "disk_full");
    close(fd);
}

TEST(a_rename_replaces_and_a_missing_file_is_named)
{
    char *dir = unit_temp_dir();
    char path[FILE_PATH_BYTES];
    struct error err;
    ASSERT_OK(file_path(path, dir, "old", &err), err);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    ASSERT_OK(file_rename(dir, "old", "new", &err), err);
    assert_int_not_equal(access(path, F_OK), 0);
    ASSERT_OK(file_path(path, dir, "new", &err), err);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(file_rename(dir, "old", "new", &err), STATUS_IO);
    assert_non_null(strstr(err.message, "/old"));
    assert_int_equal(access(path, F_OK), 0);
    unit_remove(dir);
}

UNIT_MAIN(UNIT(paths_are_joined_or_refused), UNIT(a_folder_is_made_once_and_kept),
          UNIT(a_folder_without_a_parent_is_refused_by_name),
          UNIT(what_is_written_at_a_place_is_read_there), UNIT(a_full_disk_is_told_apart),
          UNIT(a_rename_replaces_and_a_missing_file_is_named))
