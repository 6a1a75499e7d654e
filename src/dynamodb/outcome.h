/*
 * outcome.h - what an answer of DynamoDB means for a call: the table of its errors.
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_DYNAMODB_OUTCOME_H
#define FOOTFALL_DYNAMODB_OUTCOME_H

#include <jansson.h>

#include "base/text.h"
#include "dynamodb/dynamodb.h"

/* What to do about the answer to one try. */
enum verdict {
    VERDICT_DONE,      /* 200, and whole */
    VERDICT_CONDITION, /* a condition failed: an answer */
    VERDICT_NO_PATH,
    VERDICT_NO_TABLE,
    VERDICT_TABLE_EXISTS,
    VERDICT_THROTTLED, /* not applied: again, later */
    VERDICT_UNKNOWN,   /* applied or not: again, later */
    VERDICT_EXPIRED,   /* not applied: the credentials are over, or not known here; again with new
                          ones, once */
    VERDICT_CLOCK, /* not applied: the signature's time is off; again with the clock corrected, once
                    */
    VERDICT_REFUSED /* not applied, and would not be the next time */
};

/* An error as DynamoDB words it. Texts point into body and live as long. */
struct refusal {
    const char *type;    /* "ConditionalCheckFailedException"; "" when the answer has none */
    const char *message; /* "" when it has none */
};

/* Reads __type (without its prefix up to "#") and message or Message. */
struct refusal outcome_read_refusal(const json_t *body);

/* body may be NULL: nothing that is JSON came. */
enum verdict outcome_judge(long http_status, const json_t *body, const struct refusal *refusal);

/* As DYNAMODB_… says, for verdicts that end a call; others are as if given up. */
enum dynamodb_outcome outcome_of(enum verdict verdict, bool doubtful);

/* The stable word of an outcome: "dynamodb_throttled". Static storage. */
const char *outcome_code(enum dynamodb_outcome outcome);

#endif
