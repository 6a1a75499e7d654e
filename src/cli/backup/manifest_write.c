/*
 * manifest_write.c - a backup's files are summed up, and manifest.json and its checksum written.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "cli/backup/digest.h"
#include "cli/backup/manifest_parts.h"
#include "model/calendar.h"
#include "present/json_writer.h"

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
    if (!manifest_is_path(path))
        return fail(err, STATUS_INVALID, "%s/%s: no backup has such a file", adding->dir, path);
    enum status status = file_path(whole, adding->dir, path, err);
    if (status != STATUS_OK)
        return status;
    struct manifest_file *file = manifest_append(adding->manifest, path, err);
    return file == NULL
               ? err->status
               : digest_file(whole, DIGEST_SYNC, adding->work, file->sha256, &file->bytes, err);
}

enum status manifest_add_files(struct manifest *manifest, const char *dir, struct long_work *work,
                               struct error *err)
{
    struct adding adding = {manifest, dir, work};
    return manifest_each_file(dir, add_one, &adding, err);
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
    char line[MANIFEST_SUM_LINE_BYTES + 1];

    put_manifest(&json, manifest);
    enum status status = STATUS_OK;
    if (json.failed || !bytes_append(&bytes, "\n", 1))
        status = fail(err, STATUS_NO_MEMORY, "no memory for the manifest");
    if (status == STATUS_OK)
        status = digest_bytes(bytes.at, bytes.len, words, err);
    if (status == STATUS_OK)
        status = write_file(dir, manifest_json_name, bytes.at, bytes.len, err);
    if (status == STATUS_OK) {
        snprintf(line, sizeof line, "%s  %s\n", words, manifest_json_name);
        status = write_file(dir, manifest_sum_name, line, strlen(line), err);
    }
    bytes_done(&bytes);
    return status;
}
