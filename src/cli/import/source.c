/*
 * source.c - a window that slides over the input.
 *
 *     window   [ taken | at ─── looked at ─── len |      room      ]
 *
 * When no line end is left behind `at`, what is there moves to the front and more is read behind
 * it. Line numbers are counted when bytes are taken.
 *
 * A file that is imported is locked (flock, which costs writers nothing), so that two imports do
 * not move one bookmark. File systems that cannot lock are read all the same.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/import/source.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/files.h"

enum { WINDOW_BYTES = 1024 * 1024, MARK_BYTES = 3 };

static const char byte_order_mark[MARK_BYTES + 1] = "\xef\xbb\xbf";

struct source {
    int fd;
    bool is_file;
    bool is_at_end;
    const char *path; /* the caller's; for words */
    const volatile sig_atomic_t *stop;
    char *window;
    size_t at;
    size_t len;
    uint64_t offset; /* of window[at] in the input */
    uint64_t line_number;
};

static const char *name_of(const struct source *source)
{
    return source->fd == STDIN_FILENO ? "standard input" : source->path;
}

/* Reads once, behind what is there. */
static enum status fill(struct source *source, struct error *err)
{
    ssize_t got;
    do {
        got = read(source->fd, source->window + source->len, WINDOW_BYTES - source->len);
        if (got < 0 && errno == EINTR && *source->stop != 0)
            return fail(err, STATUS_STOPPED, "%s: stopped", name_of(source));
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return fail_errno(err, "%s: read", name_of(source));
    source->is_at_end = got == 0;
    source->len += (size_t)got;
    return STATUS_OK;
}

static enum status refuse_kind(const struct source *source, struct error *err)
{
    static const struct {
        const char *start;
        size_t len;
        const char *words;
    } kinds[] = {
        {"\xff\xfe", 2, "it is UTF-16; save it as UTF-8"},
        {"\xfe\xff", 2, "it is UTF-16; save it as UTF-8"},
        {"\x1f\x8b", 2, "it is compressed; unpack it first (gunzip -k)"},
        {"\x28\xb5\x2f\xfd", 4, "it is compressed; unpack it first (unzstd)"},
        {"PK\x03\x04", 4, "it is a ZIP file, or a spreadsheet (.xlsx): export it as CSV"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (source->len >= kinds[i].len &&
            memcmp(source->window, kinds[i].start, kinds[i].len) == 0)
            return fail_input(err, "unreadable_file", "", "%s: %s", name_of(source),
                              kinds[i].words);
    }
    return STATUS_OK;
}

/* Fills the window's start, as far as the fingerprint needs it. */
static enum status read_head(struct source *source, struct error *err)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !source->is_at_end && source->len < SOURCE_HEAD_BYTES)
        status = fill(source, err);
    if (status == STATUS_OK)
        status = refuse_kind(source, err);
    return status;
}

static void skip_mark(struct source *source)
{
    if (source->offset == 0 && source->len >= MARK_BYTES &&
        memcmp(source->window, byte_order_mark, MARK_BYTES) == 0) {
        source->at = MARK_BYTES;
        source->offset = MARK_BYTES;
    }
}

static enum status open_fd(struct source *source, struct error *err)
{
    struct stat about;
    if (strcmp(source->path, "-") == 0)
        source->fd = STDIN_FILENO;
    else
        source->fd = open(source->path, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0)
        return fail_errno(err, "%s", source->path);
    if (fstat(source->fd, &about) != 0)
        return fail_errno(err, "%s", name_of(source));
    if (S_ISDIR(about.st_mode))
        return fail(err, STATUS_IO, "%s: it is a folder; name a file", name_of(source));
    source->is_file = S_ISREG(about.st_mode) && source->fd != STDIN_FILENO;
    if (source->is_file && flock(source->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return fail(err, STATUS_BUSY, "%s: another import is reading it", source->path);
    return STATUS_OK;
}

enum status source_open(const char *path, const volatile sig_atomic_t *stop, struct source **out,
                        struct error *err)
{
    enum status status = STATUS_OK;
    struct source *source = malloc(sizeof *source);
    if (source == NULL)
        return fail(err, STATUS_NO_MEMORY, "%s: no memory", path);
    *source = (struct source){.fd = -1, .path = path, .stop = stop, .line_number = 1};
    status = open_fd(source, err);
    if (status != STATUS_OK)
        goto cleanup;
    source->window = malloc(WINDOW_BYTES);
    if (source->window == NULL) {
        status = fail(err, STATUS_NO_MEMORY, "%s: no memory", path);
        goto cleanup;
    }
    status = read_head(source, err);
    if (status != STATUS_OK)
        goto cleanup;
    skip_mark(source);

    *out = source; /* now the caller's */
    source = NULL;

cleanup:
    source_close(source);
    return status;
}

void source_close(struct source *source)
{
    if (source == NULL)
        return;
    if (source->fd > STDIN_FILENO)
        close(source->fd);
    free(source->window);
    free(source);
}

bool source_is_file(const struct source *source)
{
    return source->is_file;
}

uint64_t source_bytes(const struct source *source)
{
    struct stat about;
    if (!source->is_file || fstat(source->fd, &about) != 0)
        return 0;
    return (uint64_t)about.st_size;
}

struct text source_head(const struct source *source)
{
    assert(source->offset <= MARK_BYTES);
    size_t len = source->len < SOURCE_HEAD_BYTES ? source->len : SOURCE_HEAD_BYTES;
    return (struct text){source->window, len};
}

enum status source_hash_before(const struct source *source, uint64_t end, uint64_t *head,
                               uint64_t *tail, struct error *err)
{
    size_t want = end < SOURCE_HEAD_BYTES ? (size_t)end : SOURCE_HEAD_BYTES;
    const uint64_t places[] = {0, end - want};
    uint64_t hashes[] = {0, 0};
    enum status status = STATUS_OK;
    char *piece = malloc(SOURCE_HEAD_BYTES);
    if (piece == NULL)
        return fail(err, STATUS_NO_MEMORY, "%s: no memory", source->path);
    for (size_t i = 0; i < 2 && status == STATUS_OK; i++) {
        size_t got = 0;
        status = file_read_at(source->fd, piece, want, (off_t)places[i], &got, source->path, err);
        if (status == STATUS_OK && got < want)
            status = fail(err, STATUS_CORRUPT, "%s: it is shorter than it was", source->path);
        hashes[i] = XXH3_64bits(piece, got);
    }
    free(piece);
    if (status == STATUS_OK) {
        *head = hashes[0];
        *tail = hashes[1];
    }
    return status;
}

enum status source_seek(struct source *source, uint64_t offset, uint64_t lines_before,
                        struct error *err)
{
    assert(source->is_file);
    if (lseek(source->fd, (off_t)offset, SEEK_SET) < 0)
        return fail_errno(err, "%s: seek", source->path);
    source->at = 0;
    source->len = 0;
    source->offset = offset;
    source->line_number = lines_before + 1;
    source->is_at_end = false;
    if (offset > 0)
        return STATUS_OK;
    enum status status = read_head(source, err);
    if (status == STATUS_OK)
        skip_mark(source);
    return status;
}

uint64_t source_offset(const struct source *source)
{
    return source->offset;
}

uint64_t source_line_number(const struct source *source)
{
    return source->line_number;
}

/* Makes room behind what is there, and reads. */
static enum status slide(struct source *source, struct error *err)
{
    if (source->at > 0) {
        memmove(source->window, source->window + source->at, source->len - source->at);
        source->len -= source->at;
        source->at = 0;
    }
    return fill(source, err);
}

enum status source_look(struct source *source, size_t skip, struct source_line *out,
                        struct error *err)
{
    size_t searched = 0;
    for (;;) {
        char *line = source->window + source->at + skip;
        size_t here = source->len - source->at - skip;
        char *feed = memchr(line + searched, '\n', here - searched);
        size_t len = feed != NULL ? (size_t)(feed + 1 - line) : here;
        if (len > SOURCE_LINE_BYTES_MAX + 2) { /* there may be a CR */
            *out = (struct source_line){.text = {line, SOURCE_LINE_BYTES_MAX}, .is_too_long = true};
            return STATUS_OK;
        }
        if (feed != NULL || source->is_at_end) {
            *out = (struct source_line){.text = {line, len}, .is_whole = feed != NULL};
            return STATUS_OK;
        }
        assert(source->len - source->at < WINDOW_BYTES); /* three long lines fit */
        searched = here;
        enum status status = slide(source, err);
        if (status != STATUS_OK)
            return status;
    }
}

void source_take(struct source *source, size_t bytes)
{
    assert(bytes <= source->len - source->at);
    const char *from = source->window + source->at;
    const char *end = from + bytes;
    while (from < end && (from = memchr(from, '\n', (size_t)(end - from))) != NULL) {
        source->line_number++;
        from++;
    }
    source->at += bytes;
    source->offset += bytes;
}

enum status source_skip_line(struct source *source, struct error *err)
{
    for (;;) {
        const char *from = source->window + source->at;
        size_t here = source->len - source->at;
        const char *feed = memchr(from, '\n', here);
        source_take(source, feed != NULL ? (size_t)(feed + 1 - from) : here);
        if (feed != NULL || source->is_at_end)
            return STATUS_OK;
        enum status status = slide(source, err);
        if (status != STATUS_OK)
            return status;
    }
}
