/*
 * credentials_remote.c - three endpoints, one kind of answer.
 *
 *     container  GET <uri>, Authorization: <token>
 *                {"AccessKeyId", "SecretAccessKey", "Token", "Expiration": "2026-01-31T08:15:00Z"}
 *     instance   PUT /latest/api/token; then, with it, GET …/security-credentials/ (the role's
 *                name) and …/security-credentials/<role> (as above, and "Code": "Success")
 *     sts        POST Action=AssumeRoleWithWebIdentity&…, Accept: application/json: SessionToken
 *                for Token, and Expiration in seconds
 *
 * A container's full address may be plain HTTP only where the credentials do not leave the machine:
 * loopback and the addresses that ECS and EKS answer at. The token of a file is read each time,
 * because it is rotated.
 *
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dynamodb/credentials_remote.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/files.h"
#include "dynamodb/fetch.h"

enum { URL_BYTES = 2048, HEADER_BYTES = 16 * 1024, TOKEN_FILE_BYTES = HEADER_BYTES - 64 };

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL ? "" : value;
}

/* "2026-01-31T08:15:00Z", with or without a fraction, or seconds since 1970. */
static bool read_expiration(const json_t *value, int64_t *out)
{
    struct tm parts = {0};
    const char *words = json_string_value(value);
    if (json_is_number(value)) {
        *out = (int64_t)(json_number_value(value) * 1000);
        return true;
    }
    if (words == NULL || strptime(words, "%Y-%m-%dT%H:%M:%S", &parts) == NULL)
        return false;
    *out = (int64_t)timegm(&parts) * 1000;
    return true;
}

static bool copy_text(const json_t *object, const char *name, char *to, size_t cap)
{
    const char *value = json_string_value(json_object_get(object, name));
    if (value == NULL || value[0] == '\0' || strlen(value) >= cap)
        return false;
    memcpy(to, value, strlen(value) + 1);
    return true;
}

/* The four fields of an answer. The words never show a value. */
static enum status read_fields(const json_t *object, const char *token_name, const char *url,
                               struct credentials *out, struct error *err)
{
    const json_t *expiration = json_object_get(object, "Expiration");
    const json_t *token = json_object_get(object, token_name);
    *out = (struct credentials){.expires_ms = INT64_MAX};
    if (!copy_text(object, "AccessKeyId", out->access_key, sizeof out->access_key) ||
        !copy_text(object, "SecretAccessKey", out->secret_key, sizeof out->secret_key) ||
        (token != NULL && !copy_text(object, token_name, out->token, sizeof out->token)) ||
        (expiration != NULL && !read_expiration(expiration, &out->expires_ms))) {
        const char *code = json_string_value(json_object_get(object, "Code"));
        return fail(err, STATUS_IO, "%s answers without credentials%s%s", url,
                    code == NULL ? "" : ": ", code == NULL ? "" : code);
    }
    return STATUS_OK;
}

static enum status read_answer(const struct bytes *answer, const char *url, struct credentials *out,
                               struct error *err)
{
    json_t *object = json_loadb((const char *)answer->at, answer->len, 0, NULL);
    enum status status = read_fields(object, "Token", url, out, err);
    json_decref(object);
    return status;
}

static void wipe(struct bytes *bytes)
{
    if (bytes->at != NULL)
        explicit_bzero(bytes->at, bytes->cap);
    bytes_done(bytes);
}

/* A token's file without the line break at its end; STATUS_INVALID for one that cannot be sent. */
static enum status read_token(const char *path, char out[TOKEN_FILE_BYTES], struct error *err)
{
    size_t got = 0;
    enum status status = STATUS_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fail_errno(err, "the token file %s cannot be read", path);
        return STATUS_INVALID;
    }
    status = file_read_at(fd, out, TOKEN_FILE_BYTES, 0, &got, path, err);
    close(fd);
    if (status != STATUS_OK)
        return STATUS_INVALID;
    if (got == TOKEN_FILE_BYTES)
        return fail(err, STATUS_INVALID, "the token file %s is longer than %d bytes", path,
                    TOKEN_FILE_BYTES - 1);
    while (got > 0 && (out[got - 1] == '\n' || out[got - 1] == '\r'))
        got--;
    out[got] = '\0';
    if (got == 0 || strlen(out) != got || strpbrk(out, "\r\n") != NULL)
        return fail(err, STATUS_INVALID, "the token file %s does not hold one line", path);
    return STATUS_OK;
}

/* Plain HTTP only where it does not leave the machine. */
static enum status check_container_url(const char *url, struct error *err)
{
    static const char *const hosts[] = {"localhost",     "127.0.0.1",      "[::1]",
                                        "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
    char *scheme = NULL;
    char *host = NULL;
    CURLU *parts = curl_url();
    bool ok = parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
              curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK;
    if (ok && strcmp(scheme, "https") != 0) {
        bool is_near = false;
        for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
            is_near = is_near || strcmp(host, hosts[i]) == 0;
        ok = is_near && strcmp(scheme, "http") == 0;
    }
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parts);
    return ok ? STATUS_OK
              : fail(err, STATUS_INVALID,
                     "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https://, or http:// to this "
                     "machine or to the container agent's address");
}

enum status credentials_from_container(struct credentials *out, struct error *err)
{
    const char *relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    const char *token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    const char *token_file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    char url[URL_BYTES];
    char from_file[TOKEN_FILE_BYTES] = "";
    char header[HEADER_BYTES] = "";
    struct bytes answer = {0};
    enum status status = STATUS_OK;

    int len = relative[0] != '\0' ? snprintf(url, sizeof url, "http://169.254.170.2%s", relative)
                                  : snprintf(url, sizeof url, "%s", full);
    if (len >= URL_BYTES || (relative[0] != '\0' && relative[0] != '/'))
        return fail(err, STATUS_INVALID, "AWS_CONTAINER_CREDENTIALS_…_URI is no address");
    if (relative[0] == '\0')
        status = check_container_url(url, err);
    if (status == STATUS_OK && token_file[0] != '\0') {
        status = read_token(token_file, from_file, err);
        token = from_file;
    }
    if (status != STATUS_OK)
        goto cleanup;
    if (strlen(token) > TOKEN_FILE_BYTES || strpbrk(token, "\r\n") != NULL) {
        status = fail(err, STATUS_INVALID, "AWS_CONTAINER_AUTHORIZATION_TOKEN is not one line");
        goto cleanup;
    }
    if (token[0] != '\0')
        snprintf(header, sizeof header, "Authorization: %s", token);

    struct fetch request = {.method = "GET", .url = url, .headers = {"Accept: application/json"}};
    if (header[0] != '\0')
        request.headers[1] = header;
    status = fetch(&request, &answer, err);
    if (status == STATUS_OK)
        status = read_answer(&answer, url, out, err);

cleanup:
    wipe(&answer);
    explicit_bzero(from_file, sizeof from_file);
    explicit_bzero(header, sizeof header);
    return status;
}

enum status credentials_from_instance(struct credentials *out, struct error *err)
{
    static const char folder[] = "/latest/meta-data/iam/security-credentials/";
    const char *given = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    char base[URL_BYTES / 2];
    char url[URL_BYTES];
    char header[HEADER_BYTES];
    struct bytes answer = {0};
    int len =
        snprintf(base, sizeof base, "%s", given[0] != '\0' ? given : "http://169.254.169.254");
    if ((size_t)len >= sizeof base)
        return fail(err, STATUS_INVALID, "AWS_EC2_METADATA_SERVICE_ENDPOINT is too long");
    while (len > 0 && base[len - 1] == '/')
        base[--len] = '\0';

    snprintf(url, sizeof url, "%s/latest/api/token", base);
    struct fetch session = {
        .method = "PUT", .url = url, .headers = {"X-aws-ec2-metadata-token-ttl-seconds: 21600"}};
    enum status status = fetch(&session, &answer, err);
    if (status == STATUS_OK)
        snprintf(header, sizeof header, "X-aws-ec2-metadata-token: %.*s", HEADER_BYTES / 2,
                 (const char *)answer.at);

    struct fetch ask = {.method = "GET", .url = url, .headers = {header}};
    if (status == STATUS_OK) {
        snprintf(url, sizeof url, "%s%s", base, folder);
        status = fetch(&ask, &answer, err);
    }
    if (status == STATUS_OK) {
        size_t name_len = strcspn((const char *)answer.at, "\r\n");
        if (name_len == 0 || strlen(base) + strlen(folder) + name_len >= sizeof url) {
            status = fail(err, STATUS_IO, "%s: this machine has no role", url);
        } else {
            snprintf(url, sizeof url, "%s%s%.*s", base, folder, (int)name_len,
                     (const char *)answer.at);
            status = fetch(&ask, &answer, err);
        }
    }
    if (status == STATUS_OK)
        status = read_answer(&answer, url, out, err);
    wipe(&answer);
    explicit_bzero(header, sizeof header);
    return status;
}

/* name=value of a form, escaped. False when out of memory. */
static bool add_field(struct bytes *form, const char *name, const char *value)
{
    char *escaped = curl_easy_escape(NULL, value, 0);
    bool ok = escaped != NULL && (form->len == 0 || bytes_append(form, "&", 1)) &&
              bytes_append(form, name, strlen(name)) && bytes_append(form, "=", 1) &&
              bytes_append(form, escaped, strlen(escaped));
    if (escaped != NULL)
        explicit_bzero(escaped, strlen(escaped));
    curl_free(escaped);
    return ok;
}

enum status credentials_from_web_identity(const char *token_file, const char *role_arn,
                                          const char *session_name, const char *region,
                                          struct credentials *out, struct error *err)
{
    const char *given = variable("AWS_ENDPOINT_URL_STS");
    char token[TOKEN_FILE_BYTES];
    char url[URL_BYTES];
    struct bytes form = {0};
    struct bytes answer = {0};
    json_t *object = NULL;

    enum status status = read_token(token_file, token, err);
    if (status != STATUS_OK)
        goto cleanup;
    int len = given[0] != '\0' ? snprintf(url, sizeof url, "%s", given)
                               : snprintf(url, sizeof url, "https://sts.%s.amazonaws.com%s/",
                                          region, strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
    if (len >= URL_BYTES) {
        status = fail(err, STATUS_INVALID, "AWS_ENDPOINT_URL_STS is too long");
        goto cleanup;
    }
    if (!add_field(&form, "Action", "AssumeRoleWithWebIdentity") ||
        !add_field(&form, "Version", "2011-06-15") || !add_field(&form, "RoleArn", role_arn) ||
        !add_field(&form, "RoleSessionName", session_name) ||
        !add_field(&form, "WebIdentityToken", token) || !bytes_append(&form, "", 1)) {
        status = fail(err, STATUS_NO_MEMORY, "no memory to ask %s", url);
        goto cleanup;
    }
    struct fetch request = {
        .method = "POST",
        .url = url,
        .headers = {"Accept: application/json", "Content-Type: application/x-www-form-urlencoded"},
        .body = (const char *)form.at,
        .through_proxy = true};
    status = fetch(&request, &answer, err);
    if (status != STATUS_OK)
        goto cleanup;
    object = json_loadb((const char *)answer.at, answer.len, 0, NULL);
    const json_t *inner = json_object_get(object, "AssumeRoleWithWebIdentityResponse");
    inner = json_object_get(inner, "AssumeRoleWithWebIdentityResult");
    status = read_fields(json_object_get(inner, "Credentials"), "SessionToken", url, out, err);

cleanup:
    json_decref(object);
    wipe(&form);
    wipe(&answer);
    explicit_bzero(token, sizeof token);
    return status;
}
