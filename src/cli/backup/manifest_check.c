/*
 * manifest_check.c - files are compared with the manifest, and copied on the way.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/backup/digest.h"
#include "cli/backup/manifest_parts.h"

static bool is_manifest(const char *path)
{
    return strcmp(path, manifest_json_name) == 0 || strcmp(path, manifest_sum_name) == 0;
}

struct checking {
    const struct manifest *manifest;
    const char *dir;
    const char *to;
    manifest_damage_fn *damaged;
    void *context;
    struct long_work *work;
    uint64_t damages;
};

static void tell(struct checking *checking, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void tell(struct checking *checking, const char *format, ...)
{
    char words[ERROR_MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    checking->damages++;
    checking->damaged(checking->context, words);
}

static enum status check_extra(void *context, const char *path, struct error *err)
{
    struct checking *checking = context;
    const struct manifest *manifest = checking->manifest;
    (void)err;
    if (is_manifest(path))
        return STATUS_OK;
    for (size_t i = 0; i < manifest->count; i++)
        if (strcmp(manifest->files[i].path, path) == 0)
            return STATUS_OK;
    tell(checking, "%s is there and the manifest does not name it", path);
    return STATUS_OK;
}

static enum status check_file(struct checking *checking, const struct manifest_file *file,
                              struct error *err)
{
    char from[FILE_PATH_BYTES];
    char to[FILE_PATH_BYTES];
    char words[DIGEST_WORDS_BYTES];
    uint64_t bytes = 0;
    struct error why;

    enum status status = file_path(from, checking->dir, file->path, err);
    if (status == STATUS_OK && checking->to != NULL)
        status = file_path(to, checking->to, file->path, err);
    if (status != STATUS_OK)
        return status;
    if (access(from, F_OK) != 0 && errno == ENOENT) {
        tell(checking, "%s is missing", file->path);
        return STATUS_OK;
    }
    status = checking->to == NULL
                 ? digest_file(from, DIGEST_ONLY, checking->work, words, &bytes, &why)
                 : digest_copy(from, to, checking->work, words, &bytes, &why);
    if (status == STATUS_NOT_FOUND) { /* the source cannot be read: its damage, and no end */
        tell(checking, "%s cannot be read: %.300s", file->path, why.message);
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        *err = why;
        return status;
    }
    if (bytes < file->bytes)
        tell(checking, "%s is cut off: it has %" PRIu64 " of %" PRIu64 " bytes", file->path, bytes,
             file->bytes);
    else if (bytes > file->bytes)
        tell(checking, "%s is too long: it has %" PRIu64 " bytes instead of %" PRIu64, file->path,
             bytes, file->bytes);
    else if (strcmp(words, file->sha256) != 0)
        tell(checking, "%s is damaged: its checksum is %.16s... instead of %.16s...", file->path,
             words, file->sha256);
    return STATUS_OK;
}

enum status manifest_check(const struct manifest *manifest, const char *dir, const char *to,
                           manifest_damage_fn *damaged, void *context, struct long_work *work,
                           uint64_t *damages, struct error *err)
{
    struct checking checking = {.manifest = manifest,
                                .dir = dir,
                                .to = to,
                                .damaged = damaged,
                                .context = context,
                                .work = work};
    enum status status = manifest_each_file(dir, check_extra, &checking, err);
    for (size_t i = 0; i < manifest->count && status == STATUS_OK; i++)
        status = check_file(&checking, &manifest->files[i], err);
    *damages = checking.damages;
    return status;
}
