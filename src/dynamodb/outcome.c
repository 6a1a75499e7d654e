/*
 * outcome.c - one table from DynamoDB's error types to what is done about them.
 *
 * A 4xx is definite only when it carries a type, and so comes from DynamoDB itself: one without may
 * come from whatever stands between, before or after the request was passed on, and is as open as a
 * 5xx. A type that is not in the table is a definite no.
 *
 * Types: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
 * and the retry lists of AWS's SDKs (@smithy/service-error-classification).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dynamodb/outcome.h"

#include <string.h>

enum { HTTP_OK = 200, HTTP_TOO_MANY = 429, HTTP_SERVER_ERROR = 500 };

static const struct {
    const char *type;
    enum verdict verdict;
} verdicts[] = {
    {"ConditionalCheckFailedException", VERDICT_CONDITION},
    {"ResourceNotFoundException", VERDICT_NO_TABLE},
    {"TableNotFoundException", VERDICT_NO_TABLE},
    {"ResourceInUseException", VERDICT_TABLE_EXISTS},
    {"TableAlreadyExistsException", VERDICT_TABLE_EXISTS},

    {"BandwidthLimitExceeded", VERDICT_THROTTLED},
    {"LimitExceededException", VERDICT_THROTTLED},
    {"PriorRequestNotComplete", VERDICT_THROTTLED},
    {"ProvisionedThroughputExceededException", VERDICT_THROTTLED},
    {"RequestLimitExceeded", VERDICT_THROTTLED},
    {"RequestThrottled", VERDICT_THROTTLED},
    {"RequestThrottledException", VERDICT_THROTTLED},
    {"SlowDown", VERDICT_THROTTLED},
    {"ThrottledException", VERDICT_THROTTLED},
    {"Throttling", VERDICT_THROTTLED},
    {"ThrottlingException", VERDICT_THROTTLED},
    {"TooManyRequestsException", VERDICT_THROTTLED},
    {"TransactionConflictException", VERDICT_THROTTLED},
    {"TransactionInProgressException", VERDICT_THROTTLED},

    {"InternalFailure", VERDICT_UNKNOWN},
    {"InternalServerError", VERDICT_UNKNOWN},
    {"InternalServerErrorException", VERDICT_UNKNOWN},
    {"RequestTimeout", VERDICT_UNKNOWN},
    {"RequestTimeoutException", VERDICT_UNKNOWN},
    {"ServiceUnavailable", VERDICT_UNKNOWN},
    {"ServiceUnavailableException", VERDICT_UNKNOWN},
    /* what was sent is not what arrived: the way, not the request, is at fault */
    {"CRC32CheckFailed", VERDICT_UNKNOWN},

    {"ExpiredToken", VERDICT_EXPIRED},
    {"ExpiredTokenException", VERDICT_EXPIRED},
    {"InvalidClientTokenId", VERDICT_EXPIRED},
    {"UnrecognizedClientException", VERDICT_EXPIRED},

    {"InvalidSignatureException", VERDICT_CLOCK},
    {"RequestExpired", VERDICT_CLOCK},
    {"RequestInTheFuture", VERDICT_CLOCK},
    {"RequestTimeTooSkewed", VERDICT_CLOCK},
    {"SignatureDoesNotMatch", VERDICT_CLOCK},
};

static const char *string_or_empty(const json_t *object, const char *name)
{
    const char *words = json_string_value(json_object_get(object, name));
    return words == NULL ? "" : words;
}

struct refusal outcome_read_refusal(const json_t *body)
{
    struct refusal refusal = {string_or_empty(body, "__type"), string_or_empty(body, "message")};
    const char *mark = strrchr(refusal.type, '#');
    if (mark != NULL)
        refusal.type = mark + 1;
    if (refusal.message[0] == '\0')
        refusal.message = string_or_empty(body, "Message");
    return refusal;
}

enum verdict outcome_judge(long http_status, const json_t *body, const struct refusal *refusal)
{
    if (http_status == HTTP_OK)
        return json_is_object(body) && refusal->type[0] == '\0' ? VERDICT_DONE : VERDICT_UNKNOWN;
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++)
        if (strcmp(refusal->type, verdicts[i].type) == 0)
            return verdicts[i].verdict;
    if (http_status == HTTP_TOO_MANY)
        return VERDICT_THROTTLED;
    if (http_status >= HTTP_SERVER_ERROR || http_status < 400 || refusal->type[0] == '\0')
        return VERDICT_UNKNOWN;
    /* "The document path provided in the update expression is invalid for update", also from
     * Alternator */
    if (strcmp(refusal->type, "ValidationException") == 0 &&
        strstr(refusal->message, "document path") != NULL)
        return VERDICT_NO_PATH;
    return VERDICT_REFUSED;
}

enum dynamodb_outcome outcome_of(enum verdict verdict, bool doubtful)
{
    switch (verdict) {
    case VERDICT_DONE:
        return DYNAMODB_OK;
    case VERDICT_CONDITION:
        return DYNAMODB_CONDITION_FAILED;
    case VERDICT_NO_PATH:
        return DYNAMODB_NO_PATH;
    case VERDICT_NO_TABLE:
        return DYNAMODB_NO_TABLE;
    case VERDICT_TABLE_EXISTS:
        return DYNAMODB_TABLE_EXISTS;
    case VERDICT_THROTTLED:
        return doubtful ? DYNAMODB_UNKNOWN : DYNAMODB_THROTTLED;
    case VERDICT_UNKNOWN:
        return DYNAMODB_UNKNOWN;
    case VERDICT_EXPIRED:
    case VERDICT_CLOCK:
    case VERDICT_REFUSED:
        break;
    }
    return DYNAMODB_REFUSED;
}

const char *outcome_code(enum dynamodb_outcome outcome)
{
    switch (outcome) {
    case DYNAMODB_OK:
        return "ok";
    case DYNAMODB_CONDITION_FAILED:
        return "dynamodb_condition_failed";
    case DYNAMODB_NO_PATH:
        return "dynamodb_no_path";
    case DYNAMODB_NO_TABLE:
        return "dynamodb_no_table";
    case DYNAMODB_TABLE_EXISTS:
        return "dynamodb_table_exists";
    case DYNAMODB_REFUSED:
        return "dynamodb_refused";
    case DYNAMODB_UNKNOWN:
        return "dynamodb_unknown";
    case DYNAMODB_THROTTLED:
        return "dynamodb_throttled";
    }
    return "dynamodb";
}
