/*
 * journal.c - fuzz target: a journal folder in which anything may have happened.
 *
 * Every input begins with the same good journal, two segments with two records and one:
 *
 *     1 | header | record 1 | record 2 | zeros        2 | header | record 3 | zeros
 *
 * and is a list of things done to it: headers and records written anew with good checksums, bytes
 * overwritten, files cut. What opens must replay without a gap; and if the first byte says so, take
 * another record and open once more. What does not open says where and why.
 *
 * Millions of runs want it cheap: the same two files are used again, and blocks that nothing was
 * done to are holes, which read as zeros and cost no writing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "journal/journal.h"
#include "journal/segment.h"

enum { FILES = 2, FILE_BYTES = JOURNAL_SEGMENT_BYTES_MIN, OPS_MAX = 64, APPEND = 1 };

enum { FILE_BLOCKS = FILE_BYTES / JOURNAL_BLOCK_BYTES };

struct file {
    uint8_t bytes[FILE_BYTES];
    bool touched[FILE_BLOCKS];
    size_t len;
};
static struct file files[FILES];
static struct file good[FILES]; /* as every input finds them */

static void touch(struct file *file, size_t at, size_t len)
{
    for (size_t block = at / JOURNAL_BLOCK_BYTES; block * JOURNAL_BLOCK_BYTES < at + len; block++)
        file->touched[block] = true;
}

static void put_header(struct file *file, const struct segment_header *header)
{
    touch(file, 0, SEGMENT_HEADER_BYTES);
    segment_header_encode(header, file->bytes);
}

static void put_record(struct file *file, size_t block, uint64_t salt, uint64_t seq,
                       struct text payload)
{
    uint8_t *at = file->bytes + block * JOURNAL_BLOCK_BYTES;
    size_t room = FILE_BYTES - block * JOURNAL_BLOCK_BYTES - SEGMENT_RECORD_HEAD_BYTES;
    size_t len = payload.len < room ? payload.len : room;
    memcpy(at + SEGMENT_RECORD_HEAD_BYTES, payload.at, len);
    segment_record_seal(at, salt, seq, (uint32_t)len);
    touch(file, block * JOURNAL_BLOCK_BYTES, SEGMENT_RECORD_HEAD_BYTES + len);
}

static void make_good(void)
{
    const struct segment_header first = {
        .number = 1, .segment_bytes = FILE_BYTES, .seq_first = 1, .salt = 7};
    const struct segment_header second = {.number = 2,
                                          .segment_bytes = FILE_BYTES,
                                          .seq_first = 3,
                                          .salt = 9,
                                          .before_number = 1,
                                          .before_end = 3 * JOURNAL_BLOCK_BYTES,
                                          .before_seq_last = 2};
    put_header(&good[0], &first);
    put_record(&good[0], 1, 7, 1, text_of("one"));
    put_record(&good[0], 2, 7, 2, text_of("two"));
    put_header(&good[1], &second);
    put_record(&good[1], 1, 9, 3, text_of("three"));
}

static void begin(void)
{
    for (int i = 0; i < FILES; i++) {
        for (size_t block = 0; block < FILE_BLOCKS; block++) {
            size_t at = block * JOURNAL_BLOCK_BYTES;
            if (files[i].touched[block])
                memcpy(files[i].bytes + at, good[i].bytes + at, JOURNAL_BLOCK_BYTES);
            files[i].touched[block] = good[i].touched[block];
        }
        files[i].len = FILE_BYTES;
    }
}

static void do_header(struct fuzz_input *input, struct file *file)
{
    struct segment_header header = {
        .number = fuzz_number(input, 1),
        .segment_bytes = fuzz_number(input, 1) * JOURNAL_BLOCK_BYTES,
        .seq_first = fuzz_number(input, 1),
        .salt = fuzz_number(input, 1),
        .before_number = fuzz_number(input, 1),
        .before_end = fuzz_number(input, 1) * JOURNAL_BLOCK_BYTES,
        .before_seq_last = fuzz_number(input, 1),
    };
    put_header(file, &header);
}

static void do_record(struct fuzz_input *input, struct file *file)
{
    size_t block = 1 + fuzz_number(input, 1) % (FILE_BYTES / JOURNAL_BLOCK_BYTES - 1);
    uint64_t salt = fuzz_number(input, 1);
    uint64_t seq = fuzz_number(input, 1);
    put_record(file, block, salt, seq, fuzz_text(input, fuzz_number(input, 1)));
}

static void do_patch(struct fuzz_input *input, struct file *file)
{
    size_t at = fuzz_number(input, 2);
    struct text bytes = fuzz_text(input, fuzz_number(input, 1));
    size_t len = bytes.len < FILE_BYTES - at ? bytes.len : FILE_BYTES - at;
    memcpy(file->bytes + at, bytes.at, len);
    touch(file, at, len);
}

/* Whether the next input writes it anyhow. */
static bool is_kept(const char *name)
{
    uint64_t number = 0;
    return name[0] == '.' || strcmp(name, "lock") == 0 ||
           (segment_name_parse(name, &number) && number >= 1 && number <= FILES);
}

static void empty(const char *dir)
{
    char path[PATH_MAX];
    DIR *folder = opendir(dir);
    FUZZ_CHECK(folder != NULL, "cannot read %s", dir);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (is_kept(entry->d_name))
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        unlink(path);
    }
    closedir(folder);
}

static void write_blocks(int fd, const struct file *file, const char *path)
{
    for (size_t block = 0; block < FILE_BLOCKS; block++) {
        size_t at = block * JOURNAL_BLOCK_BYTES;
        size_t len = file->len < at + JOURNAL_BLOCK_BYTES ? file->len - at : JOURNAL_BLOCK_BYTES;
        if (file->touched[block] && at < file->len)
            FUZZ_CHECK(pwrite(fd, file->bytes + at, len, (off_t)at) == (ssize_t)len,
                       "cannot write %s", path);
    }
}

static void write_files(const char *dir)
{
    for (int i = 0; i < FILES; i++) {
        char name[SEGMENT_NAME_BYTES];
        char path[PATH_MAX];
        segment_name((uint64_t)i + 1, name);
        snprintf(path, sizeof path, "%s/%s", dir, name);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        FUZZ_CHECK(fd >= 0, "cannot make %s", path);
        write_blocks(fd, &files[i], path);
        FUZZ_CHECK(ftruncate(fd, (off_t)files[i].len) == 0, "cannot size %s", path);
        close(fd);
    }
}

/* The context is the number of the record before. */
static enum status see_record(void *context, uint64_t seq, struct text payload, struct error *err)
{
    static volatile char read_all;
    uint64_t *before = context;
    (void)err;
    FUZZ_CHECK(seq == *before + 1, "record %lu behind %lu", seq, *before);
    for (size_t i = 0; i < payload.len; i++)
        read_all = (char)(read_all ^ payload.at[i]); /* a sanitizer sees if it may not be */
    *before = seq;
    return STATUS_OK;
}

static void append_and_open_again(struct journal *journal, const struct journal_options *options)
{
    struct error err;
    const struct text payload = text_of("one more");
    uint64_t last = journal_seq_last(journal);
    uint64_t seq = 0;
    FUZZ_CHECK(journal_start(journal, &err) == STATUS_OK, "%s", err.message);
    FUZZ_CHECK(journal_append(journal, JOURNAL_EVENTS, &payload, 1, &seq, &err) == STATUS_OK, "%s",
               err.message);
    FUZZ_CHECK(seq == last + 1, "record %lu appended behind %lu", seq, last);
    journal_close(journal);
    FUZZ_CHECK(journal_open(options, &journal, &err) == STATUS_OK, "%s", err.message);
    FUZZ_CHECK(journal_seq_last(journal) == seq, "the appended record is lost");
    uint64_t before = journal_seq_first(journal) - 1;
    FUZZ_CHECK(journal_replay(journal, before + 1, see_record, &before, &err) == STATUS_OK, "%s",
               err.message);
    journal_close(journal);
}

static void check(const char *dir, bool append)
{
    struct journal *journal = NULL;
    struct error err = {0};
    const struct journal_options options = {.dir = dir, .segment_bytes = FILE_BYTES, .spares = 1};
    enum status status = journal_open(&options, &journal, &err);
    if (status == STATUS_OK) {
        uint64_t before = journal_seq_first(journal) - 1;
        status = journal_replay(journal, before + 1, see_record, &before, &err);
        FUZZ_CHECK(status != STATUS_OK || before == journal_seq_last(journal),
                   "replayed to %lu of %lu", before, journal_seq_last(journal));
        if (status == STATUS_OK && append)
            append_and_open_again(journal, &options);
        else
            journal_close(journal);
    }
    FUZZ_CHECK(status == STATUS_OK || status == STATUS_CORRUPT || status == STATUS_FOREIGN,
               "status %d: %s", status, err.message);
    FUZZ_CHECK(status == STATUS_OK || strstr(err.message, dir) != NULL,
               "refused without a file: %s", err.message);
}

int fuzz_one(const uint8_t *data, size_t size)
{
    static const char *dir;
    struct fuzz_input input = {data, size};
    if (dir == NULL) {
        dir = fuzz_temp_dir();
        make_good();
        memcpy(files, good, sizeof files);
    }
    begin();
    bool append = fuzz_number(&input, 1) == APPEND;
    for (int ops = 0; input.left > 0 && ops < OPS_MAX; ops++) {
        uint64_t op = fuzz_number(&input, 1);
        struct file *file = &files[op & 1];
        switch (op >> 1 & 3) {
        case 0:
            do_header(&input, file);
            break;
        case 1:
            do_record(&input, file);
            break;
        case 2:
            do_patch(&input, file);
            break;
        default:
            file->len = fuzz_number(&input, 2);
            break;
        }
    }
    write_files(dir);
    check(dir, append);
    empty(dir);
    return 0;
}
