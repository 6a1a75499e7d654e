/*
 * credentials_remote.h - credentials that somebody hands out for a few hours: the container's
 * endpoint, the instance's metadata, the token service.
 *
 * Each answers with expires_ms set, or INT64_MAX when it names no moment.
 *
 * Errors: STATUS_IO when the endpoint does not give any, STATUS_INVALID for a variable or file that
 * is wrong, STATUS_NO_MEMORY.
 *
 * Threads: any; no shared state.
 */
#ifndef FOOTFALL_DYNAMODB_CREDENTIALS_REMOTE_H
#define FOOTFALL_DYNAMODB_CREDENTIALS_REMOTE_H

#include "base/status.h"
#include "dynamodb/credentials.h"

/* AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, else _FULL_URI; AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE,
 * else _TOKEN. */
MUST_USE enum status credentials_from_container(struct credentials *out, struct error *err);

/* IMDSv2 at AWS_EC2_METADATA_SERVICE_ENDPOINT, else http://169.254.169.254. */
MUST_USE enum status credentials_from_instance(struct credentials *out, struct error *err);

/* AssumeRoleWithWebIdentity at AWS_ENDPOINT_URL_STS, else https://sts.REGION.amazonaws.com. */
MUST_USE enum status credentials_from_web_identity(const char *token_file, const char *role_arn,
                                                   const char *session_name, const char *region,
                                                   struct credentials *out, struct error *err);

#endif
