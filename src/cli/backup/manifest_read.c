/*
 * manifest_read.c - manifest.json is read, and believed when its checksum and its words are right.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "cli/backup/digest.h"
#include "cli/backup/manifest_parts.h"
#include "model/calendar.h"

enum { MANIFEST_BYTES_MAX = 64 * 1024 * 1024 };

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
    char line[MANIFEST_SUM_LINE_BYTES + 1];
    enum status status = digest_bytes(json->at, json->len, words, err);
    if (status != STATUS_OK)
        return status;
    snprintf(line, sizeof line, "%s  %s\n", words, manifest_json_name);
    if (sum->at == NULL || sum->len != strlen(line) || memcmp(sum->at, line, sum->len) != 0)
        return fail(err, STATUS_CORRUPT,
                    "%s/%s is damaged, or %s/%s is: one is not the other's checksum", dir,
                    manifest_json_name, dir, manifest_sum_name);
    return STATUS_OK;
}

static enum status not_whole(const char *dir, const char *what, struct error *err)
{
    return fail(err, STATUS_CORRUPT, "%s/%s: %s is missing or wrong", dir, manifest_json_name,
                what);
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
        if (!take_text(item, "path", path, sizeof path) || !manifest_is_path(path))
            return not_whole(dir, "a file's path", err);
        struct manifest_file *file = manifest_append(out, path, err);
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

enum status manifest_read(const char *dir, struct manifest *out, struct error *err)
{
    struct bytes text = {0};
    struct bytes sum = {0};
    struct manifest manifest = {0};
    json_error_t where;
    json_t *root = NULL;

    if (access(dir, F_OK) != 0)
        return fail(err, STATUS_NOT_FOUND, "there is no %s", dir);
    enum status status = read_whole(dir, manifest_json_name, MANIFEST_BYTES_MAX, &text, err);
    if (status == STATUS_NOT_FOUND)
        status = fail(err, status,
                      "%s is no backup, or not a whole one: it has no %s, which is written last",
                      dir, manifest_json_name);
    if (status == STATUS_OK)
        status = read_whole(dir, manifest_sum_name, MANIFEST_SUM_LINE_BYTES, &sum, err);
    if (status == STATUS_NOT_FOUND && text.len > 0)
        status = fail(err, STATUS_CORRUPT, "%s/%s is missing", dir, manifest_sum_name);
    if (status == STATUS_OK)
        status = check_sum(dir, &text, &sum, err);
    if (status != STATUS_OK)
        goto cleanup;
    root = json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL)
        status = fail(err, STATUS_CORRUPT, "%s/%s: line %d: %s", dir, manifest_json_name,
                      where.line, where.text);
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
