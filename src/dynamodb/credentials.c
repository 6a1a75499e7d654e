/*
 * credentials.c - the place they come from, and the moment to ask it again.
 *
 * `state` guards what is known; it is held for moments only. `renewing` is held while a place is
 * asked. Credentials that are still good are renewed by whoever gets `renewing` at once, and the
 * others go on; expired ones by everybody in turn, of whom the first asks and the others find them
 * renewed. A renewal that failed is not repeated before a while, so that thousands of calls do not
 * become thousands of questions.
 *
 * A generation is a number for a set of credentials, so that whoever holds a copy knows whether it
 * is the newest, and a refusal of old ones does not void new ones.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dynamodb/credentials.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dynamodb/credentials_remote.h"
#include "dynamodb/profile.h"

enum place {
    PLACE_ENVIRONMENT,
    PLACE_WEB_IDENTITY, /* variables */
    PLACE_PROFILE,
    PLACE_CONTAINER,
    PLACE_INSTANCE
};

enum { PLACE_WORDS_BYTES = PROFILE_NAME_BYTES + 16 };

struct credentials_provider {
    enum place place;
    char words[PLACE_WORDS_BYTES];
    char profile[PROFILE_NAME_BYTES];
    char region[SIGV4_SCOPE_TEXT_BYTES];

    pthread_mutex_t renewing;
    pthread_mutex_t state; /* guards what follows */
    struct credentials credentials;
    uint64_t generation; /* from 1 */
    int64_t renew_at_ms;
    struct error error; /* of the last renewal, while it failed */
};

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

static bool is_true(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && strcasecmp(value, "true") == 0;
}

static enum status copy_variable(const char *name, char *to, size_t cap, struct error *err)
{
    const char *value = getenv(name);
    int len = snprintf(to, cap, "%s", value == NULL ? "" : value);
    return (size_t)len < cap
               ? STATUS_OK
               : fail(err, STATUS_INVALID, "%s is longer than %zu bytes", name, cap - 1);
}

static enum status from_environment(struct credentials *out, struct error *err)
{
    *out = (struct credentials){.expires_ms = INT64_MAX};
    enum status status =
        copy_variable("AWS_ACCESS_KEY_ID", out->access_key, sizeof out->access_key, err);
    if (status == STATUS_OK)
        status =
            copy_variable("AWS_SECRET_ACCESS_KEY", out->secret_key, sizeof out->secret_key, err);
    if (status == STATUS_OK)
        status = copy_variable("AWS_SESSION_TOKEN", out->token, sizeof out->token, err);
    return status;
}

static const char *session_name(const char *given)
{
    return given == NULL || given[0] == '\0' ? "footfall" : given;
}

static enum status from_profile(const struct credentials_provider *provider,
                                struct credentials *out, struct error *err)
{
    struct profile profile;
    enum status status = profile_read(provider->profile, &profile, err);
    if (status != STATUS_OK)
        return status;
    *out = profile.credentials;
    if (out->access_key[0] != '\0' && out->secret_key[0] != '\0')
        status = STATUS_OK;
    else if (profile.role_arn[0] != '\0' && profile.web_identity_token_file[0] != '\0')
        status = credentials_from_web_identity(profile.web_identity_token_file, profile.role_arn,
                                               session_name(profile.role_session_name),
                                               provider->region, out, err);
    else if (profile.wants_more || profile.role_arn[0] != '\0')
        status = fail(err, STATUS_INVALID,
                      "the AWS profile %s gets its keys by single sign-on, a process or another "
                      "role, which Footfall does not do: put the output of `aws configure "
                      "export-credentials --profile %s --format env` into the environment",
                      provider->profile, provider->profile);
    else
        status = fail(err, STATUS_NOT_FOUND, "the AWS profile %s %s", provider->profile,
                      profile.found ? "has no aws_access_key_id with an aws_secret_access_key"
                                    : "is neither in the credentials file nor in the config file");
    explicit_bzero(&profile, sizeof profile);
    return status;
}

static enum status ask_place(const struct credentials_provider *provider, struct credentials *out,
                             struct error *err)
{
    switch (provider->place) {
    case PLACE_ENVIRONMENT:
        return from_environment(out, err);
    case PLACE_WEB_IDENTITY:
        return credentials_from_web_identity(
            getenv("AWS_WEB_IDENTITY_TOKEN_FILE"), getenv("AWS_ROLE_ARN"),
            session_name(getenv("AWS_ROLE_SESSION_NAME")), provider->region, out, err);
    case PLACE_PROFILE:
        return from_profile(provider, out, err);
    case PLACE_CONTAINER:
        return credentials_from_container(out, err);
    case PLACE_INSTANCE:
        break;
    }
    return credentials_from_instance(out, err);
}

static void use_profile(struct credentials_provider *provider, const char *name)
{
    provider->place = PLACE_PROFILE;
    snprintf(provider->profile, sizeof provider->profile, "%s", name);
    snprintf(provider->words, sizeof provider->words, "profile %s", provider->profile);
}

static void use_place(struct credentials_provider *provider, enum place place, const char *words)
{
    provider->place = place;
    snprintf(provider->words, sizeof provider->words, "%s", words);
}

/* Goes down the list of credentials.h to the first that is there. */
static enum status choose_place(struct credentials_provider *provider, const char *named,
                                struct error *err)
{
    struct profile profile;
    enum status status = STATUS_OK;
    const char *wanted = named != NULL ? named : getenv("AWS_PROFILE");
    if (wanted != NULL && strlen(wanted) >= PROFILE_NAME_BYTES)
        return fail(err, STATUS_INVALID, "the name of the AWS profile is longer than %d bytes",
                    PROFILE_NAME_BYTES - 1);
    if (named != NULL) {
        use_profile(provider, named);
        return STATUS_OK;
    }
    if (is_set("AWS_ACCESS_KEY_ID") && is_set("AWS_SECRET_ACCESS_KEY")) {
        use_place(provider, PLACE_ENVIRONMENT, "the environment");
        return STATUS_OK;
    }
    if (is_set("AWS_ACCESS_KEY_ID") || is_set("AWS_SECRET_ACCESS_KEY"))
        return fail(err, STATUS_INVALID,
                    "only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set");
    if (is_set("AWS_WEB_IDENTITY_TOKEN_FILE") && is_set("AWS_ROLE_ARN")) {
        use_place(provider, PLACE_WEB_IDENTITY, "web identity");
        return STATUS_OK;
    }
    if (wanted != NULL && wanted[0] != '\0') {
        use_profile(provider, wanted);
        return STATUS_OK;
    }
    status = profile_read("default", &profile, err);
    if (status != STATUS_OK)
        return status;
    bool has_keys = profile.credentials.access_key[0] != '\0' || profile.role_arn[0] != '\0' ||
                    profile.wants_more;
    explicit_bzero(&profile, sizeof profile);
    if (has_keys)
        use_profile(provider, "default");
    else if (is_set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") ||
             is_set("AWS_CONTAINER_CREDENTIALS_FULL_URI"))
        use_place(provider, PLACE_CONTAINER, "the container's role");
    else if (!is_true("AWS_EC2_METADATA_DISABLED"))
        use_place(provider, PLACE_INSTANCE, "the instance's role");
    else
        status = fail(err, STATUS_NOT_FOUND,
                      "there are no AWS credentials: set AWS_ACCESS_KEY_ID and "
                      "AWS_SECRET_ACCESS_KEY, or name a profile (instance metadata is disabled)");
    return status;
}

/* With `state` held. */
static void keep(struct credentials_provider *provider, const struct credentials *fresh,
                 int64_t now_ms)
{
    provider->credentials = *fresh;
    provider->generation++;
    provider->renew_at_ms = INT64_MAX;
    if (fresh->expires_ms != INT64_MAX) {
        provider->renew_at_ms = fresh->expires_ms - CREDENTIALS_RENEW_BEFORE_MS;
        if (provider->renew_at_ms < now_ms + CREDENTIALS_RETRY_MS)
            provider->renew_at_ms = now_ms + CREDENTIALS_RETRY_MS;
    }
}

enum status credentials_open(const struct credentials_options *options, int64_t now_ms,
                             struct credentials_provider **out, struct error *err)
{
    struct credentials fresh = {0};
    struct credentials_provider *provider = calloc(1, sizeof *provider);
    if (provider == NULL)
        return fail(err, STATUS_NO_MEMORY, "no memory for AWS credentials");
    pthread_mutex_init(&provider->renewing, NULL);
    pthread_mutex_init(&provider->state, NULL);
    snprintf(provider->region, sizeof provider->region, "%s", options->region);

    enum status status = choose_place(provider, options->profile, err);
    if (status == STATUS_OK)
        status = ask_place(provider, &fresh, err);
    if (status == STATUS_IO && provider->place == PLACE_INSTANCE && err != NULL) {
        struct error cause = *err;
        status = fail(err, STATUS_NOT_FOUND,
                      "there are no AWS credentials: none in the environment, none of a profile "
                      "or container, and the instance's metadata do not answer (%.200s)",
                      cause.message);
    }
    if (status == STATUS_OK) {
        keep(provider, &fresh, now_ms);
        *out = provider; /* now the caller's */
        provider = NULL;
    }
    explicit_bzero(&fresh, sizeof fresh);
    credentials_close(provider);
    return status;
}

/* With `renewing` held. Another may have renewed them while this thread waited for it. */
static void renew(struct credentials_provider *provider, int64_t now_ms)
{
    struct credentials fresh = {0};
    struct error error = {0};
    pthread_mutex_lock(&provider->state);
    bool is_due = now_ms >= provider->renew_at_ms;
    pthread_mutex_unlock(&provider->state);
    if (!is_due)
        return;

    enum status status = ask_place(provider, &fresh, &error);

    pthread_mutex_lock(&provider->state);
    if (status == STATUS_OK) {
        keep(provider, &fresh, now_ms);
        provider->error = (struct error){0};
    } else {
        bool is_good = now_ms < provider->credentials.expires_ms;
        provider->renew_at_ms =
            now_ms + (is_good ? CREDENTIALS_RETRY_MS : CREDENTIALS_RETRY_EXPIRED_MS);
        provider->error = error;
    }
    pthread_mutex_unlock(&provider->state);
    explicit_bzero(&fresh, sizeof fresh);
}

enum status credentials_get(struct credentials_provider *provider, int64_t now_ms,
                            struct credentials *out, uint64_t *generation, struct error *err)
{
    enum status status = STATUS_OK;
    pthread_mutex_lock(&provider->state);
    bool is_due = now_ms >= provider->renew_at_ms;
    bool is_good = now_ms < provider->credentials.expires_ms;
    pthread_mutex_unlock(&provider->state);

    if (is_due && !is_good)
        pthread_mutex_lock(&provider->renewing);
    if (is_due && (!is_good || pthread_mutex_trylock(&provider->renewing) == 0)) {
        renew(provider, now_ms);
        pthread_mutex_unlock(&provider->renewing);
    }

    pthread_mutex_lock(&provider->state);
    if (now_ms >= provider->credentials.expires_ms && provider->error.status != STATUS_OK) {
        status = provider->error.status;
        if (err != NULL)
            *err = provider->error;
    } else if (*generation != provider->generation) {
        *out = provider->credentials;
        *generation = provider->generation;
    }
    pthread_mutex_unlock(&provider->state);
    return status;
}

void credentials_refused(struct credentials_provider *provider, uint64_t generation)
{
    pthread_mutex_lock(&provider->state);
    if (provider->generation == generation && provider->error.status == STATUS_OK) {
        provider->credentials.expires_ms = 0;
        provider->renew_at_ms = 0;
    }
    pthread_mutex_unlock(&provider->state);
}

const char *credentials_place(const struct credentials_provider *provider)
{
    return provider->words;
}

void credentials_close(struct credentials_provider *provider)
{
    if (provider == NULL)
        return;
    pthread_mutex_destroy(&provider->renewing);
    pthread_mutex_destroy(&provider->state);
    explicit_bzero(provider, sizeof *provider);
    free(provider);
}
