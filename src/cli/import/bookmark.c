/*
 * bookmark.c - jansson writes and reads it; numbers over 2^53 are texts, as JSON's readers need.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/import/bookmark.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BOOKMARK_VERSION = 1, HEX_BYTES = 17 };

static bool read_number(const json_t *from, const char *name, uint64_t *out)
{
    const json_t *number = json_object_get(from, name);
    if (!json_is_integer(number) || json_integer_value(number) < 0)
        return false;
    *out = (uint64_t)json_integer_value(number);
    return true;
}

static bool read_hex(const json_t *from, const char *name, uint64_t *out)
{
    const char *text = json_string_value(json_object_get(from, name));
    if (text == NULL || strlen(text) != HEX_BYTES - 1 ||
        strspn(text, "0123456789abcdef") != HEX_BYTES - 1)
        return false;
    *out = strtoull(text, NULL, 16);
    return true;
}

static bool read_text(const json_t *from, const char *name, char *out, size_t out_bytes)
{
    const char *text = json_string_value(json_object_get(from, name));
    if (text == NULL || strlen(text) >= out_bytes)
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

enum status bookmark_read(const char *path, struct bookmark *out, struct error *err)
{
    struct bookmark bookmark = {0};
    uint64_t version = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL && errno == ENOENT)
        return fail(err, STATUS_NOT_FOUND, "%s: there is no bookmark", path);
    if (file == NULL)
        return fail_errno(err, "%s", path);
    json_t *json = json_loadf(file, 0, NULL);
    fclose(file);
    bool good = read_number(json, "footfallBookmark", &version) && version == BOOKMARK_VERSION &&
                read_text(json, "target", bookmark.target, sizeof bookmark.target) &&
                read_text(json, "format", bookmark.format, sizeof bookmark.format) &&
                read_hex(json, "reading", &bookmark.reading) &&
                read_hex(json, "identity", &bookmark.identity) &&
                read_number(json, "offset", &bookmark.offset) &&
                read_number(json, "lines", &bookmark.lines) &&
                read_hex(json, "headHash", &bookmark.head_hash) &&
                read_hex(json, "tailHash", &bookmark.tail_hash) &&
                read_number(json, "recorded", &bookmark.totals.recorded) &&
                read_number(json, "duplicates", &bookmark.totals.duplicates) &&
                read_number(json, "rejected", &bookmark.totals.rejected) &&
                read_number(json, "skipped", &bookmark.totals.skipped);
    json_decref(json);
    if (!good)
        return fail(err, STATUS_CORRUPT,
                    "%s is no bookmark of an import; name another place with --bookmark", path);
    *out = bookmark;
    return STATUS_OK;
}

struct hex {
    char text[HEX_BYTES];
};
static struct hex hex(uint64_t number)
{
    struct hex hex;
    snprintf(hex.text, sizeof hex.text, "%016" PRIx64, number);
    return hex;
}

static char *bookmark_text(const struct bookmark *bookmark)
{
    json_t *json = json_pack(
        "{si ss ss ss ss sI sI ss ss sI sI sI sI}", "footfallBookmark", BOOKMARK_VERSION, "target",
        bookmark->target, "format", bookmark->format, "reading", hex(bookmark->reading).text,
        "identity", hex(bookmark->identity).text, "offset", (json_int_t)bookmark->offset, "lines",
        (json_int_t)bookmark->lines, "headHash", hex(bookmark->head_hash).text, "tailHash",
        hex(bookmark->tail_hash).text, "recorded", (json_int_t)bookmark->totals.recorded,
        "duplicates", (json_int_t)bookmark->totals.duplicates, "rejected",
        (json_int_t)bookmark->totals.rejected, "skipped", (json_int_t)bookmark->totals.skipped);
    char *text = json_dumps(json, JSON_INDENT(2));
    json_decref(json);
    return text;
}

/* Splits a path into its folder and its name, which point into `copy`. */
static void split_path(char *copy, const char **folder, const char **name)
{
    char *slash = strrchr(copy, '/');
    *folder = slash == NULL ? "." : slash == copy ? "/" : copy;
    *name = slash == NULL ? copy : slash + 1;
    if (slash != NULL)
        *slash = '\0';
}

enum status bookmark_write(const char *path, const struct bookmark *bookmark, struct error *err)
{
    enum status status = STATUS_OK;
    char copy[FILE_PATH_BYTES];
    char new_path[FILE_PATH_BYTES];
    const char *folder;
    const char *name;
    int fd = -1;
    char *text = NULL;

    int len = snprintf(new_path, sizeof new_path, "%s.new", path);
    if (len < 0 || (size_t)len >= sizeof new_path)
        return fail(err, STATUS_IO, "%.200s...: the path of the bookmark is too long", path);
    memcpy(copy, path, strlen(path) + 1);
    split_path(copy, &folder, &name);
    text = bookmark_text(bookmark);
    if (text == NULL) {
        status = fail(err, STATUS_NO_MEMORY, "no memory for the bookmark");
        goto cleanup;
    }
    size_t text_len = strlen(text);
    fd = open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (fd < 0) {
        status = fail_errno(err,
                            "the bookmark %s cannot be kept; name another place with "
                            "--bookmark",
                            new_path);
        goto cleanup;
    }
    text[text_len] = '\n'; /* for people: the NUL is not written */
    status = file_write_at(fd, text, text_len + 1, 0, new_path, err);
    if (status == STATUS_OK && fsync(fd) != 0)
        status = fail_errno(err, "%s: sync", new_path);
    if (status == STATUS_OK)
        status = file_rename(folder,
                             strrchr(new_path, '/') == NULL ? new_path : strrchr(new_path, '/') + 1,
                             name, err);

cleanup:
    if (fd >= 0)
        close(fd);
    free(text);
    return status;
}
