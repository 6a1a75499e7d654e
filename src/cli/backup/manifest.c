/*
 * manifest.c - what a backup says of itself.
 *
 *     manifest.sha256   vouches for manifest.json
 *     manifest.json     vouches for every other file: its size and SHA-256
 *
 * So one flipped byte anywhere is found, a file that is missing, and one that is there too much.
 * SHA-256 instead of a faster checksum, because every system can compare it and it also tells a
 * change that was made on purpose, when manifest.sha256 is kept elsewhere.
 *
 * A backup comes from anywhere: paths are checked to be of the kinds that backups have, before any
 * of them is opened or made.
 *
 * Writing, reading and comparing have files of their own beside this one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/backup/manifest_parts.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char manifest_json_name[] = "manifest.json";
const char manifest_sum_name[] = "manifest.sha256";

void manifest_done(struct manifest *manifest)
{
    free(manifest->files);
    *manifest = (struct manifest){0};
}

uint64_t manifest_bytes(const struct manifest *manifest)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < manifest->count; i++)
        bytes += manifest->files[i].bytes;
    return bytes;
}

/* footfall.db, journal/NAME or dedupe/NAME, and NAME nothing that leads elsewhere. */
bool manifest_is_path(const char *path)
{
    static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz-._";
    const char *name = path;
    if (strcmp(path, "footfall.db") == 0)
        return true;
    if (strncmp(path, "journal/", 8) == 0)
        name = path + 8;
    else if (strncmp(path, "dedupe/", 7) == 0)
        name = path + 7;
    else
        return false;
    return *name != '\0' && *name != '.' && strspn(name, allowed) == strlen(name) &&
           strlen(path) < MANIFEST_PATH_BYTES;
}

struct manifest_file *manifest_append(struct manifest *manifest, const char *path,
                                      struct error *err)
{
    if (manifest->count == MANIFEST_FILES_MAX) {
        (void)fail(err, STATUS_TOO_LARGE, "more than %d files", MANIFEST_FILES_MAX);
        return NULL;
    }
    if ((manifest->count & (manifest->count - 1)) == 0) {
        size_t cap = manifest->count == 0 ? 1 : manifest->count * 2;
        struct manifest_file *larger = reallocarray(manifest->files, cap, sizeof *larger);
        if (larger == NULL) {
            (void)fail(err, STATUS_NO_MEMORY, "no memory for the manifest");
            return NULL;
        }
        manifest->files = larger;
    }
    struct manifest_file *file = &manifest->files[manifest->count++];
    *file = (struct manifest_file){0};
    snprintf(file->path, sizeof file->path, "%s", path);
    return file;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Calls each with the path within dir of all that is there and no folder, in order. */
enum status manifest_each_file(const char *dir,
                               enum status (*each)(void *context, const char *path,
                                                   struct error *err),
                               void *context, struct error *err)
{
    char copy[FILE_PATH_BYTES];
    char *paths[] = {copy, NULL};
    enum status status = STATUS_OK;
    snprintf(copy, sizeof copy, "%s", dir);
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    if (tree == NULL)
        return fail_errno(err, "cannot read %s", dir);
    for (FTSENT *item; status == STATUS_OK && (item = fts_read(tree)) != NULL;) {
        if (item->fts_info == FTS_DNR || item->fts_info == FTS_ERR || item->fts_info == FTS_NS) {
            errno = item->fts_errno;
            status = fail_errno(err, "cannot read %s", item->fts_path);
        } else if (item->fts_info != FTS_D && item->fts_info != FTS_DP) {
            status = each(context, item->fts_path + strlen(copy) + 1, err);
        }
    }
    fts_close(tree);
    return status;
}

bool manifest_is_there(const char *dir)
{
    char path[FILE_PATH_BYTES];
    struct error ignored;
    return file_path(path, dir, manifest_json_name, &ignored) == STATUS_OK &&
           access(path, F_OK) == 0;
}

enum status manifest_refuse(const char *dir, struct error *err)
{
    if (!manifest_is_there(dir))
        return STATUS_OK;
    return fail(err, STATUS_NOT_FOUND,
                "%s is a backup, and using it would change it; make a data folder of it: footfall "
                "restore %s --to NEWDIR",
                dir, dir);
}
