/*
 * profile.h - what the AWS command line's files say about a profile: keys, region, role.
 *
 * AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials: sections [NAME].
 * AWS_CONFIG_FILE, else ~/.aws/config: sections [profile NAME] and [default].
 * A file that is not there is an empty one; in both, the credentials file goes before.
 *
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 *
 * Threads: reads files and environment, keeps nothing.
 */
#ifndef FOOTFALL_DYNAMODB_PROFILE_H
#define FOOTFALL_DYNAMODB_PROFILE_H

#include <stdbool.h>

#include "base/files.h"
#include "base/status.h"
#include "dynamodb/credentials.h"

enum {
    PROFILE_FILE_BYTES_MAX = 1 << 20,
    PROFILE_NAME_BYTES = 128, /* with its NUL */
    PROFILE_ROLE_BYTES = 2049 /* a role's ARN, with its NUL */
};

/* "" for what is not said. */
struct profile {
    bool found; /* there is a section of that name */
    struct credentials credentials;
    char region[SIGV4_SCOPE_TEXT_BYTES];
    char role_arn[PROFILE_ROLE_BYTES];
    char role_session_name[PROFILE_NAME_BYTES];
    char web_identity_token_file[FILE_PATH_BYTES];
    bool wants_more; /* SSO, a process, another profile's role: what Footfall does not do */
};

/*
 * STATUS_OK also when there is no such profile.
 *   STATUS_INVALID    a file that is there cannot be read, is too long, or has a value over its
 * limit STATUS_NO_MEMORY
 */
MUST_USE enum status profile_read(const char *name, struct profile *out, struct error *err);

/* Where the two files are looked for, for words. False when they cannot be: no HOME. */
bool profile_paths(char credentials[FILE_PATH_BYTES], char config[FILE_PATH_BYTES]);

#endif
