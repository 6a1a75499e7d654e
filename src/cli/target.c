/*
 * target.c - opening and closing what a command talks to. Asking: target_ask.c.
 *
 * A data folder becomes a server on a loopback port (local_server.h), so that behind the opening
 * there is one kind of target.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/target.h"

#include <stdlib.h>
#include <string.h>

#include "cli/target_parts.h"

static const char default_url[] = "http://127.0.0.1:8080";

const struct flag flag_url = {
    .name = "url",
    .value = "URL",
    .initial = default_url,
    .variable = "FOOTFALL_URL",
    .help = "The server to talk to.",
};
const struct flag flag_data = {
    .name = "data",
    .value = "DIR",
    .completion = COMPLETE_DIRECTORY,
    .help = "Opens this data folder instead of asking a server; refused while a server uses it.",
};
const struct flag flag_key_file = {
    .name = "key-file",
    .value = "FILE",
    .completion = COMPLETE_FILE,
    .help = "A file whose first line is the server's key, instead of the variable FOOTFALL_KEY.",
};

static bool is_loopback_host(const char *host)
{
    return access_host_is_loopback(text_of(host));
}

/* Keeps "scheme://host:port/prefix" without a final slash. */
static enum status take_url(struct target *target, const char *url, struct error *err)
{
    enum status status = STATUS_OK;
    char *scheme = NULL;
    char *host = NULL;
    char *extra = NULL;
    bool has_extra = false;
    CURLU *parts = curl_url();
    if (parts == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for a URL");

    CURLUcode code = curl_url_set(parts, CURLUPART_URL, url, 0);
    if (code == CURLUE_OK)
        code = curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0);
    if (code == CURLUE_OK)
        code = curl_url_get(parts, CURLUPART_HOST, &host, 0);
    static const CURLUPart extras[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY,
                                       CURLUPART_FRAGMENT};
    for (size_t i = 0; code == CURLUE_OK && i < sizeof extras / sizeof extras[0]; i++) {
        has_extra |= curl_url_get(parts, extras[i], &extra, 0) == CURLUE_OK;
        curl_free(extra);
        extra = NULL;
    }
    if (code != CURLUE_OK || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0) ||
        has_extra || strlen(url) >= sizeof target->url) {
        status = fail_input(err, "usage", "",
                            "--url \"%.200s\" is no address of a server; it should look like %s",
                            url, default_url);
        goto cleanup;
    }
    snprintf(target->url, sizeof target->url, "%s", url);
    for (size_t len = strlen(target->url); len > 0 && target->url[len - 1] == '/'; len--)
        target->url[len - 1] = '\0';
    target->is_loopback = is_loopback_host(host);

cleanup:
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parts);
    return status;
}

static enum status read_key_file(const char *path, char out[TARGET_KEY_LINE_BYTES],
                                 struct error *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return fail_errno(err, "--key-file %s", path);
    bool got = fgets(out, TARGET_KEY_LINE_BYTES, file) != NULL;
    fclose(file);
    if (got)
        out[strcspn(out, "\r\n")] = '\0';
    if (!got || out[0] == '\0')
        return fail_input(err, "usage", "", "--key-file %s: its first line is empty", path);
    return STATUS_OK;
}

/* The file wins over the environment, as flags do everywhere. */
static enum status take_key(struct target *target, const char *path, struct error *err)
{
    const char *key = getenv("FOOTFALL_KEY");
    struct access checked;
    enum status status = STATUS_OK;
    if (path != NULL)
        status = read_key_file(path, target->key, err);
    else if (key != NULL && strlen(key) < sizeof target->key)
        snprintf(target->key, sizeof target->key, "%s", key);
    else if (key != NULL)
        status = fail_input(err, "usage", "", "FOOTFALL_KEY is longer than a key can be, %d bytes",
                            ACCESS_KEY_BYTES_MAX);
    if (status == STATUS_OK && target->key[0] != '\0')
        status = access_init_key(&checked, text_of(target->key), err);
    return status;
}

static enum status open_server(struct target *target, const struct arguments *arguments,
                               struct error *err)
{
    enum status status = take_url(target, argument_text(arguments, "url"), err);
    if (status == STATUS_OK)
        status = take_key(target, argument_text(arguments, "key-file"), err);
    return status;
}

static enum status open_folder(struct target *target, const char *data, struct error *err)
{
    enum status status = local_server_open(data, &target->folder, err);
    if (status != STATUS_OK)
        return status;
    snprintf(target->url, sizeof target->url, "http://%s", local_server_address(target->folder));
    snprintf(target->key, sizeof target->key, "%s", local_server_key(target->folder));
    target->is_loopback = true;
    return STATUS_OK;
}

enum status target_open(const struct arguments *arguments, struct target **out, struct error *err)
{
    enum status status = STATUS_OK;
    struct error ignored;
    const char *data = argument_text(arguments, "data");
    if (data != NULL &&
        (argument_is_given(arguments, "url") || argument_text(arguments, "key-file") != NULL))
        return fail_usage(arguments, err,
                          "--data opens a folder, --url and --key-file are for a server: which is "
                          "it?");
    struct target *target = calloc(1, sizeof *target);
    if (target == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for a connection");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        target->curl = curl_easy_init();
    if (target->curl == NULL) {
        status = fail(err, STATUS_NO_MEMORY, "no memory for a connection");
        goto cleanup;
    }
    status = data != NULL ? open_folder(target, data, err) : open_server(target, arguments, err);
    if (status != STATUS_OK)
        goto cleanup;

    *out = target; /* now the caller's */
    target = NULL;

cleanup:
    (void)target_close(target, &ignored);
    return status;
}

enum status target_close(struct target *target, struct error *err)
{
    if (target == NULL)
        return STATUS_OK;
    curl_easy_cleanup(target->curl); /* first: the folder's server waits for open connections */
    enum status status = local_server_close(target->folder, err);
    bytes_done(&target->answer);
    explicit_bzero(target->key, sizeof target->key);
    free(target);
    return status;
}

int target_finish(struct target *target, enum status status, struct error *err)
{
    struct error closing;
    enum status closed = target_close(target, &closing);
    if (status == STATUS_OK && closed != STATUS_OK) {
        *err = closing;
        status = closed;
    }
    return status == STATUS_OK ? EXIT_DONE : report_error(err);
}

const char *target_url(const struct target *target)
{
    return target->url;
}

const char *target_key(const struct target *target)
{
    return target->key[0] == '\0' ? NULL : target->key;
}
