/*
 * dynamodb.c - what all channels share, and where it is found.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dynamodb/dynamodb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dynamodb/dynamodb_parts.h"
#include "dynamodb/fetch.h"
#include "dynamodb/profile.h"

static bool is_region(const char *name)
{
    return name[0] != '\0' && strlen(name) < SIGV4_SCOPE_TEXT_BYTES &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") ==
               strlen(name);
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

/* Options, variables, the profile. */
static enum status find_region(struct dynamodb *dynamodb, const struct dynamodb_options *options,
                               struct error *err)
{
    struct profile profile = {0};
    enum status status = STATUS_OK;
    const char *name = options->region;
    if (name == NULL)
        name = variable("AWS_REGION");
    if (name == NULL)
        name = variable("AWS_DEFAULT_REGION");
    if (name == NULL) {
        const char *of = options->profile != NULL ? options->profile : variable("AWS_PROFILE");
        status = profile_read(of == NULL ? "default" : of, &profile, err);
        name = profile.region;
    }
    if (status == STATUS_OK && name[0] == '\0')
        status = fail(err, STATUS_NOT_FOUND,
                      "no AWS region is known: give --region, or set AWS_REGION, or region in the "
                      "profile");
    else if (status == STATUS_OK && !is_region(name))
        status = fail(err, STATUS_INVALID, "%.64s cannot be an AWS region", name);
    if (status == STATUS_OK)
        snprintf(dynamodb->region, sizeof dynamodb->region, "%s", name);
    explicit_bzero(&profile, sizeof profile);
    return status;
}

/* Scheme, host and port only; the Host header without a port that is the scheme's own. */
static enum status take_endpoint(struct dynamodb *dynamodb, const char *given, struct error *err)
{
    enum { PARTS = 7 };
    static const CURLUPart parts[PARTS] = {CURLUPART_SCHEME,  CURLUPART_HOST,  CURLUPART_PORT,
                                           CURLUPART_PATH,    CURLUPART_QUERY, CURLUPART_USER,
                                           CURLUPART_FRAGMENT};
    char *values[PARTS] = {0};
    enum status status = STATUS_OK;
    CURLU *url = curl_url();
    bool ok = url != NULL && curl_url_set(url, CURLUPART_URL, given, 0) == CURLUE_OK;
    for (size_t i = 0; i < PARTS && ok; i++)
        (void)curl_url_get(url, parts[i], &values[i], i == 2 ? CURLU_NO_DEFAULT_PORT : 0);
    ok = ok && values[0] != NULL && values[1] != NULL &&
         (strcmp(values[0], "http") == 0 || strcmp(values[0], "https") == 0) &&
         (values[3] == NULL || strcmp(values[3], "/") == 0) && values[4] == NULL &&
         values[5] == NULL && values[6] == NULL;
    if (ok) {
        const char *port = values[2];
        int host_len = snprintf(dynamodb->host, sizeof dynamodb->host, "%s%s%s", values[1],
                                port == NULL ? "" : ":", port == NULL ? "" : port);
        int len = snprintf(dynamodb->endpoint, sizeof dynamodb->endpoint, "%s://%s/", values[0],
                           dynamodb->host);
        ok = host_len > 0 && (size_t)host_len < sizeof dynamodb->host && len > 0 &&
             (size_t)len < sizeof dynamodb->endpoint;
    }
    if (!ok)
        status = fail(err, STATUS_INVALID,
                      "the DynamoDB endpoint %.200s is not http[s]://HOST[:PORT]", given);
    for (size_t i = 0; i < PARTS; i++)
        curl_free(values[i]);
    curl_url_cleanup(url);
    return status;
}

static enum status find_endpoint(struct dynamodb *dynamodb, const struct dynamodb_options *options,
                                 struct error *err)
{
    char aws[ENDPOINT_BYTES];
    const char *given = options->endpoint;
    if (given == NULL)
        given = variable("AWS_ENDPOINT_URL_DYNAMODB");
    if (given == NULL)
        given = variable("AWS_ENDPOINT_URL");
    if (given == NULL) {
        snprintf(aws, sizeof aws, "https://dynamodb.%s.amazonaws.com%s", dynamodb->region,
                 strncmp(dynamodb->region, "cn-", 3) == 0 ? ".cn" : "");
        given = aws;
    }
    return take_endpoint(dynamodb, given, err);
}

/* AWS_CA_BUNDLE, as AWS's tools have it: who may vouch for the endpoint. */
static enum status find_authorities(struct dynamodb *dynamodb, struct error *err)
{
    const char *path = variable("AWS_CA_BUNDLE");
    if (path == NULL)
        return STATUS_OK;
    if (strlen(path) >= sizeof dynamodb->ca_bundle)
        return fail(err, STATUS_INVALID, "AWS_CA_BUNDLE is longer than a path can be");
    if (access(path, R_OK) != 0) {
        fail_errno(err, "AWS_CA_BUNDLE %s", path);
        return STATUS_INVALID;
    }
    memcpy(dynamodb->ca_bundle, path, strlen(path) + 1);
    return STATUS_OK;
}

static uint32_t or_default(uint32_t given, uint32_t otherwise)
{
    return given == 0 ? otherwise : given;
}

enum status dynamodb_open(const struct dynamodb_options *options, struct dynamodb **out,
                          struct error *err)
{
    enum status status = STATUS_OK;
    struct dynamodb *dynamodb = calloc(1, sizeof *dynamodb);
    if (dynamodb == NULL) {
        status = fail(err, STATUS_NO_MEMORY, "no memory for a client of DynamoDB");
        goto cleanup;
    }
    dynamodb->connections = or_default(options->connections, DYNAMODB_CONNECTIONS);
    if (dynamodb->connections > DYNAMODB_CONNECTIONS_MAX)
        dynamodb->connections = DYNAMODB_CONNECTIONS_MAX;
    dynamodb->request_timeout_ms = or_default(options->request_timeout_ms, DYNAMODB_TRY_TIMEOUT_MS);
    dynamodb->deadline_ms = or_default(options->deadline_ms, DYNAMODB_DEADLINE_MS);
    dynamodb->clock = options->clock.now_ms == NULL ? clock_system() : options->clock;
    dynamodb_operations_init(dynamodb);

    status = fetch_ready(err);
    if (status == STATUS_OK)
        status = find_region(dynamodb, options, err);
    if (status == STATUS_OK)
        status = find_endpoint(dynamodb, options, err);
    if (status == STATUS_OK)
        status = find_authorities(dynamodb, err);
    if (status == STATUS_OK)
        status = credentials_open(
            &(struct credentials_options){.profile = options->profile, .region = dynamodb->region},
            dynamodb_now_ms(dynamodb), &dynamodb->credentials, err);
    if (status != STATUS_OK)
        goto cleanup;
    *out = dynamodb; /* now the caller's */
    dynamodb = NULL;

cleanup:
    dynamodb_close(dynamodb);
    return status;
}

void dynamodb_stop(struct dynamodb *dynamodb)
{
    atomic_store(&dynamodb->stopped, true);
}

const char *dynamodb_endpoint(const struct dynamodb *dynamodb)
{
    return dynamodb->endpoint;
}

const char *dynamodb_region(const struct dynamodb *dynamodb)
{
    return dynamodb->region;
}

int64_t dynamodb_clock_skew_ms(const struct dynamodb *dynamodb)
{
    return atomic_load_explicit(&dynamodb->skew_ms, memory_order_relaxed);
}

void dynamodb_close(struct dynamodb *dynamodb)
{
    if (dynamodb == NULL)
        return;
    credentials_close(dynamodb->credentials);
    free(dynamodb);
}
