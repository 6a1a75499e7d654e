/*
 * inspect.c - the files of a journal's folder, and what each is.
 *
 * Opening reads every header; a damaged one becomes a finding that inspect_walk.c reports in its
 * place. The journal that is looked for is the one that the caller names, as the store knows it,
 * or else the one with the most segments here: the others are foreign.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/inspect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/files.h"
#include "journal/inspect_parts.h"

const char *finding_name(enum finding_kind kind)
{
    static const char *const names[FINDING_KINDS] = {
        [FINDING_TORN_TAIL] = "torn_tail",  [FINDING_ROT] = "rot",
        [FINDING_HEADER] = "header",        [FINDING_SIZE] = "size",
        [FINDING_MISSING] = "missing",      [FINDING_FOREIGN] = "foreign",
        [FINDING_NEWER] = "newer",          [FINDING_CHAIN] = "chain",
        [FINDING_UNREADABLE] = "unreadable"};
    return names[kind];
}

struct finding finding_of(enum finding_kind kind, uint64_t number, uint64_t offset,
                          const char *format, ...)
{
    struct finding finding = {.kind = kind, .offset = offset};
    va_list arguments;
    segment_name(number, finding.file);
    va_start(arguments, format);
    vsnprintf(finding.words, sizeof finding.words, format, arguments);
    va_end(arguments);
    return finding;
}

/* ---- opening ---- */

static void note(struct found_segment *segment, enum header_state state,
                 const struct finding *problem)
{
    segment->state = state;
    segment->problem = *problem;
    segment->has_problem = true;
}

/* Opens a segment file that may be anything. *bytes is its size; fd -1 with words when it cannot
 * be read. */
int inspect_open_segment(const char *path, uint64_t *bytes, struct error *err)
{
    struct stat stat_buf;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        (void)fail_errno(err, "it cannot be opened");
        return -1;
    }
    if (fstat(fd, &stat_buf) != 0 || !S_ISREG(stat_buf.st_mode)) {
        (void)fail(err, STATUS_IO, "it is not a regular file");
        close(fd);
        return -1;
    }
    *bytes = (uint64_t)stat_buf.st_size;
    /* What is read should be what the disk has; advice may be refused. */
    int refused = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    (void)refused;
    return fd;
}

static void look_at_header(struct found_segment *segment, const char *path)
{
    uint8_t block[SEGMENT_HEADER_BYTES] = {0};
    struct error error;
    struct finding problem;
    size_t got = 0;

    int fd = inspect_open_segment(path, &segment->bytes, &error);
    enum status status = fd < 0 ? STATUS_IO : STATUS_OK;
    if (status == STATUS_OK)
        status = file_read_at(fd, block, sizeof block, 0, &got, "it", &error);
    if (fd >= 0)
        close(fd);
    if (status != STATUS_OK) {
        problem = finding_of(FINDING_UNREADABLE, segment->number, 0, "%.300s", error.message);
        note(segment, HEADER_UNREADABLE, &problem);
        return;
    }
    status = segment_header_decode(block, "it", &segment->header, &error);
    if (status == STATUS_FOREIGN) {
        problem = finding_of(FINDING_NEWER, segment->number, 8,
                             "a newer Footfall wrote this segment, in a format that this one "
                             "does not know");
        note(segment, HEADER_NEWER, &problem);
    } else if (got < sizeof block) {
        problem = finding_of(FINDING_SIZE, segment->number, got, "the file ends inside its header");
        note(segment, HEADER_ROTTEN, &problem);
        segment->bytes = 0;
    } else if (status != STATUS_OK) {
        segment->header = segment_header_fields(block);
        problem = finding_of(FINDING_HEADER, segment->number, 0, "the segment's header is damaged");
        note(segment, HEADER_ROTTEN, &problem);
    } else if (segment->header.number != segment->number) {
        problem = finding_of(FINDING_FOREIGN, segment->number, 32,
                             "the header says that this is segment %" PRIu64
                             ": it was renamed or copied here",
                             segment->header.number);
        note(segment, HEADER_FOREIGN, &problem);
    } else if (segment->header.segment_bytes != segment->bytes) {
        problem = finding_of(FINDING_SIZE, segment->number, segment->bytes,
                             "the file has %" PRIu64 " bytes and had %" PRIu64 " when it was made",
                             segment->bytes, segment->header.segment_bytes);
        note(segment, HEADER_GOOD, &problem);
    }
}

static enum status add_file(struct inspection *inspection, uint64_t number, struct error *err)
{
    char path[FILE_PATH_BYTES];
    char name[SEGMENT_NAME_BYTES];
    if (inspection->count == inspection->cap) {
        size_t cap = inspection->cap == 0 ? 64 : inspection->cap * 2;
        struct found_segment *larger = reallocarray(inspection->segments, cap, sizeof *larger);
        if (larger == NULL)
            return fail(err, STATUS_NO_MEMORY, "journal %s: no memory", inspection->dir);
        inspection->segments = larger;
        inspection->cap = cap;
    }
    segment_name(number, name);
    enum status status = file_path(path, inspection->dir, name, err);
    if (status != STATUS_OK)
        return status;
    struct found_segment *segment = &inspection->segments[inspection->count++];
    *segment = (struct found_segment){.number = number};
    look_at_header(segment, path);
    return STATUS_OK;
}

static int compare_segments(const void *a, const void *b)
{
    uint64_t left = ((const struct found_segment *)a)->number;
    uint64_t right = ((const struct found_segment *)b)->number;
    return (left > right) - (left < right);
}

static enum status read_folder(struct inspection *inspection, struct error *err)
{
    enum status status = STATUS_OK;
    DIR *dir = opendir(inspection->dir);
    if (dir == NULL)
        return fail_errno(err, "cannot read the folder %s", inspection->dir);
    while (status == STATUS_OK) {
        uint64_t number = 0;
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL) {
            if (errno != 0)
                status = fail_errno(err, "cannot read the folder %s", inspection->dir);
            break;
        }
        if (segment_name_parse(entry->d_name, &number))
            status = add_file(inspection, number, err);
    }
    closedir(dir);
    if (status == STATUS_OK && inspection->count == 0)
        status = fail(err, STATUS_NOT_FOUND, "there is no journal segment in %s", inspection->dir);
    if (inspection->count > 0)
        qsort(inspection->segments, inspection->count, sizeof inspection->segments[0],
              compare_segments);
    return status;
}

/* Shared, so that several may look at once; a server wants it for itself. */
static enum status lock_folder(struct inspection *inspection, struct error *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = file_path(path, inspection->dir, "lock", err);
    if (status != STATUS_OK)
        return status;
    inspection->lock_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (inspection->lock_fd < 0)
        return errno == ENOENT ? STATUS_OK : fail_errno(err, "cannot open %s", path);
    if (flock(inspection->lock_fd, LOCK_SH | LOCK_NB) == 0)
        return STATUS_OK;
    if (errno == EWOULDBLOCK)
        return fail(err, STATUS_BUSY, "the journal %s is in use by a running server",
                    inspection->dir);
    return fail_errno(err, "cannot lock %s", path);
}

bool inspect_has_id(const struct found_segment *segment, const uint8_t *id)
{
    return memcmp(segment->header.journal_id, id, JOURNAL_ID_BYTES) == 0;
}

/* The id that most good headers have; of two, the newer segments'. */
static void choose_id(struct inspection *inspection)
{
    size_t most = 0;
    for (size_t i = 0; i < inspection->count; i++) {
        const struct found_segment *segment = &inspection->segments[i];
        size_t same = 0;
        if (segment->state != HEADER_GOOD)
            continue;
        for (size_t j = 0; j < inspection->count; j++)
            same += inspection->segments[j].state == HEADER_GOOD &&
                    inspect_has_id(&inspection->segments[j], segment->header.journal_id);
        if (same >= most) {
            most = same;
            memcpy(inspection->id, segment->header.journal_id, sizeof inspection->id);
        }
    }
    /* without one good header the newest is as good as any */
    if (most == 0 && inspection->count > 0)
        memcpy(inspection->id, inspection->segments[inspection->count - 1].header.journal_id,
               sizeof inspection->id);
}

static void mark_foreign(struct inspection *inspection)
{
    for (size_t i = 0; i < inspection->count; i++) {
        struct found_segment *segment = &inspection->segments[i];
        if (segment->state != HEADER_GOOD || inspect_has_id(segment, inspection->id))
            continue;
        struct finding problem =
            finding_of(FINDING_FOREIGN, segment->number, 16,
                       "this segment belongs to another journal and is left out");
        note(segment, HEADER_FOREIGN, &problem);
    }
}

enum status inspect_open(const char *dir, const uint8_t *wanted_id, struct inspection **out,
                         struct error *err)
{
    struct stat stat_buf;
    if (stat(dir, &stat_buf) != 0)
        return errno == ENOENT ? fail(err, STATUS_NOT_FOUND, "there is no folder %s", dir)
                               : fail_errno(err, "cannot look at %s", dir);
    struct inspection *inspection = calloc(1, sizeof *inspection);
    if (inspection == NULL)
        return fail(err, STATUS_NO_MEMORY, "journal %s: no memory", dir);
    inspection->lock_fd = -1;
    inspection->reader.fd = -1;
    enum status status = STATUS_OK;
    inspection->dir = strdup(dir);
    if (inspection->dir == NULL) {
        status = fail(err, STATUS_NO_MEMORY, "journal %s: no memory", dir);
        goto cleanup;
    }
    status = lock_folder(inspection, err);
    if (status == STATUS_OK)
        status = read_folder(inspection, err);
    if (status != STATUS_OK)
        goto cleanup;
    if (wanted_id != NULL)
        memcpy(inspection->id, wanted_id, sizeof inspection->id);
    else
        choose_id(inspection);
    mark_foreign(inspection);
    *out = inspection;
    inspection = NULL;

cleanup:
    inspect_close(inspection);
    return status;
}

const uint8_t *inspect_id(const struct inspection *inspection)
{
    return inspection->id;
}

const struct found_segment *inspect_segments(const struct inspection *inspection, size_t *count)
{
    *count = inspection->count;
    return inspection->segments;
}

void inspect_close(struct inspection *inspection)
{
    if (inspection == NULL)
        return;
    reader_done(&inspection->reader);
    if (inspection->lock_fd >= 0)
        close(inspection->lock_fd);
    free(inspection->segments);
    free(inspection->dir);
    free(inspection);
}
