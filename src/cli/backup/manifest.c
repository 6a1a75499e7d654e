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
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/backup/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "cli/backup/digest.h"
#include "model/calendar.h"
#include "present/json_writer.h"

enum { MANIFEST_BYTES_MAX = 64 * 1024 * 1024, SUM_LINE_BYTES = 64 + 2 + 13 + 1 };

static const char json_name[] = "manifest.json";
static const char sum_name[] = "manifest.sha256";

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
static bool is_ours(const char *path)
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

static bool is_manifest(const char *path)
{
    return strcmp(path, json_name) == 0 || strcmp(path, sum_name) == 0;
}

/* ---- writing ---- */

static struct manifest_file *add_file(struct manifest *manifest, const char *path,
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
static enum status
each_file(const char *dir, enum status (*each)(void *context, const char *path, struct error *err),
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

struct adding {
    struct manifest *manifest;
    const char *dir;
    struct long_work *work;
};

static enum status add_one(void *context, const char *path, struct error *err)
{
    const struct adding *adding = context;
    char whole[FILE_PATH_BYTES];
    if (strcmp(path, "INCOMPLETE") == 0)
        return STATUS_OK;
    if (!is_ours(path))
        return fail(err, STATUS_INVALID, "%s/%s: no backup has such a file", adding->dir, path);
    enum status status = file_path(whole, adding->dir, path, err);
    if (status != STATUS_OK)
        return status;
    struct manifest_file *file = add_file(adding->manifest, path, err);
    return file == NULL
               ? err->status
               : digest_file(whole, DIGEST_SYNC, adding->work, file->sha256, &file->bytes, err);
}

enum status manifest_add_files(struct manifest *manifest, const char *dir, struct long_work *work,
                               struct error *err)
{
    struct adding adding = {manifest, dir, work};
    return each_file(dir, add_one, &adding, err);
}

static enum status write_file(const char *dir, const char *name, const void *from, size_t len,
                              struct error *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = file_path(path, dir, name, err);
    if (status != STATUS_OK)
        return status;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail_errno(err, "cannot create %s", path);
    status = file_write_at(fd, from, len, 0, path, err);
    if (status == STATUS_OK && fsync(fd) != 0)
        status = fail_errno(err, "cannot sync %s", path);
    close(fd);
    return status;
}

static void put_text(struct json_writer *json, const char *key, const char *value)
{
    json_put_key(json, key);
    json_put_string(json, value);
}

static void put_number(struct json_writer *json, const char *key, uint64_t value)
{
    json_put_key(json, key);
    json_put_u64(json, value);
}

static void put_manifest(struct json_writer *json, const struct manifest *manifest)
{
    char moment[MOMENT_BYTES];
    json_put_object(json);
    put_number(json, "footfallBackup", MANIFEST_VERSION);
    put_text(json, "program", manifest->program);
    put_text(json, "journalId", manifest->journal_id);
    put_number(json, "batch", manifest->batch);
    put_number(json, "storeRecord", manifest->store_record);
    put_number(json, "firstRecord", manifest->first_record);
    put_number(json, "lastRecord", manifest->last_record);
    moment_words(manifest->began_ms, moment);
    put_text(json, "began", moment);
    moment_words(manifest->ended_ms, moment);
    put_text(json, "ended", moment);
    json_put_key(json, "files");
    json_put_array(json);
    for (size_t i = 0; i < manifest->count; i++) {
        json_put_object(json);
        put_text(json, "path", manifest->files[i].path);
        put_number(json, "bytes", manifest->files[i].bytes);
        put_text(json, "sha256", manifest->files[i].sha256);
        json_put_object_end(json);
    }
    json_put_array_end(json);
    json_put_object_end(json);
}

enum status manifest_write(const struct manifest *manifest, const char *dir, struct error *err)
{
    struct bytes bytes = {0};
    struct json_writer json = {.out = &bytes};
    char words[DIGEST_WORDS_BYTES];
    char line[SUM_LINE_BYTES + 1];

    put_manifest(&json, manifest);
    enum status status = STATUS_OK;
    if (json.failed || !bytes_append(&bytes, "\n", 1))
        status = fail(err, STATUS_NO_MEMORY, "no memory for the manifest");
    if (status == STATUS_OK)
        status = digest_bytes(bytes.at, bytes.len, words, err);
    if (status == STATUS_OK)
        status = write_file(dir, json_name, bytes.at, bytes.len, err);
    if (status == STATUS_OK) {
        snprintf(line, sizeof line, "%s  %s\n", words, json_name);
        status = write_file(dir, sum_name, line, strlen(line), err);
    }
    bytes_done(&bytes);
    return status;
}

/* ---- reading ---- */

static enum status read_whole(const char *dir, const char *name, size_t max, struct bytes *out,
                              struct error *err)
{
    char path[FILE_PATH_BYTES];
    size_t got = 0;
    enum status status = file_path(path, dir, name, err);
    if (status != STATUS_OK)
        return status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? fail(err, STATUS_NOT_FOUND, "there is no %s", path)
                               : fail_errno(err, "cannot open %s", path);
    for (size_t want = 64 * 1024; status == STATUS_OK && out->len <= max; out->len += got) {
        if (!bytes_reserve(out, want)) {
            status = fail(err, STATUS_NO_MEMORY, "no memory to read %s", path);
            break;
        }
        status = file_read_at(fd, out->at + out->len, want, (off_t)out->len, &got, path, err);
        if (status == STATUS_OK && got == 0)
            break;
    }
    close(fd);
    if (status == STATUS_OK && out->len > max)
        status = fail(err, STATUS_CORRUPT, "%s is damaged: it is longer than any manifest", path);
    return status;
}

static enum status check_sum(const char *dir, const struct bytes *json, const struct bytes *sum,
                             struct error *err)
{
    char words[DIGEST_WORDS_BYTES];
    char line[SUM_LINE_BYTES + 1];
    enum status status = digest_bytes(json->at, json->len, words, err);
    if (status != STATUS_OK)
        return status;
    snprintf(line, sizeof line, "%s  %s\n", words, json_name);
    if (sum->len != strlen(line) || memcmp(sum->at, line, sum->len) != 0)
        return fail(err, STATUS_CORRUPT,
                    "%s/%s is damaged, or %s/%s is: one is not the other's checksum", dir,
                    json_name, dir, sum_name);
    return STATUS_OK;
}

static enum status not_whole(const char *dir, const char *what, struct error *err)
{
    return fail(err, STATUS_CORRUPT, "%s/%s: %s is missing or wrong", dir, json_name, what);
}

static bool take_number(const json_t *object, const char *key, uint64_t *out)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static bool take_text(const json_t *object, const char *key, char *out, size_t bytes)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL && (size_t)snprintf(out, bytes, "%s", text) < bytes;
}

static bool take_moment(const json_t *object, const char *key, int64_t *out)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL && time_parse_rfc3339(text_of(text), out);
}

static enum status take_files(const json_t *files, const char *dir, struct manifest *out,
                              struct error *err)
{
    size_t i;
    const json_t *item;
    json_array_foreach(files, i, item)
    {
        char path[MANIFEST_PATH_BYTES];
        if (!take_text(item, "path", path, sizeof path) || !is_ours(path))
            return not_whole(dir, "a file's path", err);
        struct manifest_file *file = add_file(out, path, err);
        if (file == NULL)
            return err->status;
        if (!take_number(item, "bytes", &file->bytes) ||
            !take_text(item, "sha256", file->sha256, sizeof file->sha256))
            return not_whole(dir, path, err);
        if (i > 0 && strcmp(out->files[i - 1].path, path) >= 0)
            return not_whole(dir, "the order of files", err);
    }
    return STATUS_OK;
}

static enum status take_manifest(const json_t *root, const char *dir, struct manifest *out,
                                 struct error *err)
{
    uint64_t version = 0;
    if (!take_number(root, "footfallBackup", &version) || version == 0)
        return not_whole(dir, "footfallBackup", err);
    if (version > MANIFEST_VERSION)
        return fail(err, STATUS_FOREIGN,
                    "%s: a newer Footfall made this backup (version %" PRIu64
                    "; this one knows up to %d)",
                    dir, version, MANIFEST_VERSION);
    if (!take_text(root, "program", out->program, sizeof out->program) ||
        !take_text(root, "journalId", out->journal_id, sizeof out->journal_id) ||
        !take_number(root, "batch", &out->batch) ||
        !take_number(root, "storeRecord", &out->store_record) ||
        !take_number(root, "firstRecord", &out->first_record) ||
        !take_number(root, "lastRecord", &out->last_record) ||
        !take_moment(root, "began", &out->began_ms) || !take_moment(root, "ended", &out->ended_ms))
        return not_whole(dir, "what it holds", err);
    return take_files(json_object_get(root, "files"), dir, out, err);
}

bool manifest_is_there(const char *dir)
{
    char path[FILE_PATH_BYTES];
    struct error ignored;
    return file_path(path, dir, json_name, &ignored) == STATUS_OK && access(path, F_OK) == 0;
}

enum status manifest_refuse(const char *dir, struct error *err)
{
    if (!manifest_is_there(dir))
        return STATUS_OK;
    return fail(err, STATUS_NOT_FOUND,
                "%s is a backup, and using it would change it; make a data folder of it: footfall "
                "restore %s --data NEWDIR",
                dir, dir);
}

enum status manifest_read(const char *dir, struct manifest *out, struct error *err)
{
    struct bytes text = {0};
    struct bytes sum = {0};
    struct manifest manifest = {0};
    json_error_t where;
    json_t *root = NULL;

    if (access(dir, F_OK) != 0)
        return fail(err, STATUS_NOT_FOUND, "there is no %s", dir);
    enum status status = read_whole(dir, json_name, MANIFEST_BYTES_MAX, &text, err);
    if (status == STATUS_NOT_FOUND)
        status = fail(err, status,
                      "%s is no backup, or not a whole one: it has no %s, which is written last",
                      dir, json_name);
    if (status == STATUS_OK)
        status = read_whole(dir, sum_name, SUM_LINE_BYTES, &sum, err);
    if (status == STATUS_NOT_FOUND && text.len > 0)
        status = fail(err, STATUS_CORRUPT, "%s/%s is missing", dir, sum_name);
    if (status == STATUS_OK)
        status = check_sum(dir, &text, &sum, err);
    if (status != STATUS_OK)
        goto cleanup;
    root = json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL)
        status =
            fail(err, STATUS_CORRUPT, "%s/%s: line %d: %s", dir, json_name, where.line, where.text);
    if (status == STATUS_OK)
        status = take_manifest(root, dir, &manifest, err);
    if (status == STATUS_OK) {
        *out = manifest;
        manifest = (struct manifest){0};
    }

cleanup:
    json_decref(root);
    manifest_done(&manifest);
    bytes_done(&text);
    bytes_done(&sum);
    return status;
}

/* ---- comparing ---- */

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
    enum status status = each_file(dir, check_extra, &checking, err);
    for (size_t i = 0; i < manifest->count && status == STATUS_OK; i++)
        status = check_file(&checking, &manifest->files[i], err);
    *damages = checking.damages;
    return status;
}
