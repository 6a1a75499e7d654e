/*
 * journal_fixture.c - what the journal's tests share.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "journal/segment.h"

char *fixture_memory_dir(void)
{
    char *path = strdup("/dev/shm/footfall-test-XXXXXX");
    assert_non_null(path);
    if (mkdtemp(path) != NULL)
        return path;
    free(path);
    return unit_temp_dir();
}

enum status fixture_open(const char *dir, struct journal **out, struct error *err)
{
    const struct journal_options options = {.dir = dir, .segment_bytes = SEGMENT_BYTES};
    return journal_open(&options, out, err);
}

struct journal *fixture_start(const char *dir)
{
    struct journal *journal = NULL;
    struct error err = {0};
    ASSERT_OK(fixture_open(dir, &journal, &err), err);
    ASSERT_OK(journal_start(journal, &err), err);
    return journal;
}

void fixture_content(uint64_t seq, size_t len, char *to)
{
    struct unit_random random = {seq};
    for (size_t i = 0; i < len; i += 8) {
        uint64_t word = unit_random(&random);
        memcpy(to + i, &word, len - i < 8 ? len - i : 8);
    }
}

enum status fixture_append(struct journal *journal, enum journal_class class, size_t len,
                           struct error *err)
{
    uint64_t seq = 0;
    uint64_t next = journal_seq_last(journal) + 1;
    char *content = malloc(len + 1);
    assert_non_null(content);
    fixture_content(next, len, content);
    const struct text parts[] = {{content, len / 3}, {content + len / 3, len - len / 3}};
    enum status status = journal_append(journal, class, parts, 2, &seq, err);
    free(content);
    if (status == STATUS_OK)
        assert_int_equal(seq, next);
    return status;
}

void fixture_fill(struct journal *journal, size_t count, size_t len)
{
    struct error err = {0};
    for (size_t i = 0; i < count; i++)
        ASSERT_OK(fixture_append(journal, JOURNAL_EVENTS, len, &err), err);
}

enum status fixture_see(void *context, uint64_t seq, struct text payload, struct error *err)
{
    struct fixture_seen *seen = context;
    (void)err;
    if (seen->count == 0)
        seen->seq_first = seq;
    else
        assert_int_equal(seq, seen->seq_last + 1);
    char *content = malloc(payload.len + 1);
    assert_non_null(content);
    fixture_content(seq, payload.len, content);
    assert_memory_equal(content, payload.at, payload.len);
    free(content);
    seen->seq_last = seq;
    seen->count++;
    seen->bytes += payload.len;
    return STATUS_OK;
}

const char *fixture_path(const char *dir, const char *name)
{
    static char paths[8][FILE_PATH_BYTES];
    static unsigned turn;
    char *path = paths[turn++ % 8];
    assert_int_equal(file_path(path, dir, name, NULL), STATUS_OK);
    return path;
}

const char *fixture_segment(const char *dir, uint64_t number)
{
    char name[SEGMENT_NAME_BYTES];
    segment_name(number, name);
    return fixture_path(dir, name);
}

char *fixture_read(const char *path, size_t *len)
{
    struct error err = {0};
    struct stat stat_buf;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &stat_buf) != 0) {
        print_error("%s cannot be read\n", path);
        UNIT_FAIL();
    }
    char *bytes = malloc((size_t)stat_buf.st_size + 1);
    assert_non_null(bytes);
    ASSERT_OK(file_read_at(fd, bytes, (size_t)stat_buf.st_size, 0, len, path, &err), err);
    close(fd);
    return bytes;
}

void fixture_write(const char *path, const char *bytes, size_t len)
{
    struct error err = {0};
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    ASSERT_OK(file_write_at(fd, bytes, len, 0, path, &err), err);
    close(fd);
}

void fixture_poke(const char *path, size_t offset, const char *bytes, size_t len)
{
    struct error err = {0};
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ASSERT_OK(file_write_at(fd, bytes, len, (off_t)offset, path, &err), err);
    close(fd);
}

void fixture_copy_dir(const char *from, const char *to)
{
    assert_int_equal(mkdir(to, 0700), 0);
    DIR *dir = opendir(from);
    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (entry->d_name[0] == '.')
            continue;
        size_t len = 0;
        char *bytes = fixture_read(fixture_path(from, entry->d_name), &len);
        fixture_write(fixture_path(to, entry->d_name), bytes, len);
        free(bytes);
    }
    closedir(dir);
}

size_t fixture_count(const char *path, const char *prefix, const char *suffix)
{
    size_t count = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        size_t len = strlen(entry->d_name);
        count += strncmp(entry->d_name, prefix, strlen(prefix)) == 0 && len >= strlen(suffix) &&
                 strcmp(entry->d_name + len - strlen(suffix), suffix) == 0;
    }
    closedir(dir);
    return count;
}

void fixture_remove_spares(const char *path)
{
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        if (strncmp(entry->d_name, "spare-", 6) == 0)
            assert_int_equal(unlink(fixture_path(path, entry->d_name)), 0);
    closedir(dir);
}

enum status fixture_try_open(const char *dir, uint64_t *records, struct error *err)
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

char *fixture_make_segment(const size_t *lens, size_t count)
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
