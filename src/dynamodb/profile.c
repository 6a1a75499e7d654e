/*
 * profile.c - lines of "[section]" and "key = value".
 *
 * A line that begins with "#" or ";" is a comment, and so is what follows a blank and one of them
 * behind a value. A line that begins with a blank belongs to the key above (nested settings of S3
 * and the like) and is passed over. The first of several equal keys counts.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dynamodb/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/text.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct text trimmed(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    while (end > at && is_blank(end[-1]))
        end--;
    return (struct text){at, (size_t)(end - at)};
}

/* What is between the brackets of a section's line. */
static struct text section_name(const char *line, const char *end)
{
    const char *bracket = memchr(line, ']', (size_t)(end - line));
    return trimmed(line + 1, bracket == NULL ? end : bracket);
}

/* [name], or in the config file [profile name], and [default] for "default". */
static bool section_is(struct text section, const char *name, bool is_config)
{
    static const char prefix[] = "profile";
    if (!is_config || strcmp(name, "default") == 0)
        if (text_is(section, name))
            return true;
    if (!is_config || !text_starts_with(section, prefix) || section.len == sizeof prefix - 1 ||
        !is_blank(section.at[sizeof prefix - 1]))
        return false;
    return text_is(trimmed(section.at + sizeof prefix - 1, section.at + section.len), name);
}

static struct text value_of(const char *at, const char *end)
{
    for (const char *mark = at; mark + 1 < end; mark++)
        if (is_blank(mark[0]) && (mark[1] == '#' || mark[1] == ';'))
            end = mark;
    return trimmed(at, end);
}

/* One key of a section; absent text when it is not there. *found says whether the section is. */
static struct text look_up(struct text file, const char *section, bool is_config, const char *key,
                           bool *found)
{
    const char *end = file.at + file.len;
    bool inside = false;
    for (const char *line = file.at; line < end;) {
        const char *line_end = memchr(line, '\n', (size_t)(end - line));
        if (line_end == NULL)
            line_end = end;
        const char *equals = memchr(line, '=', (size_t)(line_end - line));
        if (line[0] == '[') {
            inside = section_is(section_name(line, line_end), section, is_config);
            *found = *found || inside;
        } else if (inside && equals != NULL && !is_blank(line[0]) && line[0] != '#' &&
                   line[0] != ';' && text_is(trimmed(line, equals), key)) {
            return value_of(equals + 1, line_end);
        }
        line = line_end + 1;
    }
    return (struct text){0};
}

/* A file's content; empty when there is none. */
static enum status read_file(const char *path, struct bytes *out, struct error *err)
{
    enum status status = STATUS_OK;
    size_t got = 0;
    struct stat stat;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return STATUS_OK;
    if (fd < 0 || fstat(fd, &stat) != 0) {
        fail_errno(err, "the AWS file %s cannot be read", path);
        status = STATUS_INVALID;
        goto cleanup;
    }
    if (stat.st_size > PROFILE_FILE_BYTES_MAX) {
        status = fail(err, STATUS_INVALID, "the AWS file %s is longer than %d bytes", path,
                      PROFILE_FILE_BYTES_MAX);
        goto cleanup;
    }
    if (!bytes_reserve(out, (size_t)stat.st_size + 1)) {
        status = fail(err, STATUS_NO_MEMORY, "no memory for %s", path);
        goto cleanup;
    }
    status = file_read_at(fd, out->at, (size_t)stat.st_size, 0, &got, path, err);
    out->len = got;
    if (status == STATUS_IO)
        status = STATUS_INVALID; /* a folder, for one */

cleanup:
    if (fd >= 0)
        close(fd);
    return status;
}

/* From a variable, else from the home folder. */
static bool find_path(const char *variable, const char *name, char out[FILE_PATH_BYTES])
{
    const char *given = getenv(variable);
    const char *home = getenv("HOME");
    int len = 0;
    if (given != NULL && given[0] != '\0')
        len = snprintf(out, FILE_PATH_BYTES, "%s", given);
    else if (home != NULL && home[0] != '\0')
        len = snprintf(out, FILE_PATH_BYTES, "%s/.aws/%s", home, name);
    return len > 0 && len < FILE_PATH_BYTES;
}

bool profile_paths(char credentials[FILE_PATH_BYTES], char config[FILE_PATH_BYTES])
{
    credentials[0] = '\0';
    config[0] = '\0';
    bool has_credentials = find_path("AWS_SHARED_CREDENTIALS_FILE", "credentials", credentials);
    bool has_config = find_path("AWS_CONFIG_FILE", "config", config);
    return has_credentials || has_config;
}

/* The keys of one file; what the file before said stays. */
static enum status take_keys(struct text file, const char *path, const char *name, bool is_config,
                             struct profile *out, struct error *err)
{
    const struct {
        const char *key;
        char *to;
        size_t cap;
    } keys[] = {
        {"aws_access_key_id", out->credentials.access_key, sizeof out->credentials.access_key},
        {"aws_secret_access_key", out->credentials.secret_key, sizeof out->credentials.secret_key},
        {"aws_session_token", out->credentials.token, sizeof out->credentials.token},
        {"region", out->region, sizeof out->region},
        {"role_arn", out->role_arn, sizeof out->role_arn},
        {"role_session_name", out->role_session_name, sizeof out->role_session_name},
        {"web_identity_token_file", out->web_identity_token_file,
         sizeof out->web_identity_token_file},
    };
    static const char *const beyond[] = {"sso_session", "sso_start_url", "credential_process",
                                         "source_profile", "credential_source"};
    /* a key of one file and a secret of another would be nobody's */
    bool has_keys = out->credentials.access_key[0] != '\0';

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct text value = look_up(file, name, is_config, keys[i].key, &out->found);
        if (value.at == NULL || keys[i].to[0] != '\0' || (i < 3 && has_keys))
            continue;
        if (value.len >= keys[i].cap)
            return fail(err, STATUS_INVALID, "%s: %s of profile %s is longer than %zu bytes", path,
                        keys[i].key, name, keys[i].cap - 1);
        memcpy(keys[i].to, value.at, value.len);
        keys[i].to[value.len] = '\0';
    }
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++)
        if (look_up(file, name, is_config, beyond[i], &out->found).at != NULL)
            out->wants_more = true;
    return STATUS_OK;
}

enum status profile_read(const char *name, struct profile *out, struct error *err)
{
    char paths[2][FILE_PATH_BYTES];
    enum status status = STATUS_OK;
    *out = (struct profile){.credentials.expires_ms = INT64_MAX};
    if (!profile_paths(paths[0], paths[1]))
        return STATUS_OK;
    for (size_t i = 0; i < 2 && status == STATUS_OK; i++) {
        struct bytes file = {0};
        if (paths[i][0] != '\0')
            status = read_file(paths[i], &file, err);
        if (status == STATUS_OK && file.len > 0)
            status = take_keys((struct text){(const char *)file.at, file.len}, paths[i], name,
                               i == 1, out, err);
        if (file.at != NULL)
            explicit_bzero(file.at, file.len);
        bytes_done(&file);
    }
    return status;
}
