/*
 * outcome_test.c - every kind of answer means what the protocol says.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dynamodb/outcome.h"

#include "unit.h"

TEST(an_answer_is_judged_by_its_type)
{
    static const struct {
        const char *name;
        long http_status;
        const char *body; /* NULL: nothing that is JSON */
        enum verdict want;
    } cases[] = {
        {"whole", 200, "{}", VERDICT_DONE},
        {"a success that is no object", 200, "[]", VERDICT_UNKNOWN},
        {"a success that is no JSON", 200, NULL, VERDICT_UNKNOWN},
        {"a refusal with a success's status", 200, "{\"__type\":\"a#ValidationException\"}",
         VERDICT_UNKNOWN},
        {"condition", 400,
         "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException\","
         "\"message\":\"The conditional request failed\"}",
         VERDICT_CONDITION},
        {"condition, without a prefix", 400, "{\"__type\":\"ConditionalCheckFailedException\"}",
         VERDICT_CONDITION},
        {"throttled table", 400,
         "{\"__type\":\"c#ProvisionedThroughputExceededException\",\"message\":\"slow\"}",
         VERDICT_THROTTLED},
        {"throttled account", 400, "{\"__type\":\"c#ThrottlingException\"}", VERDICT_THROTTLED},
        {"too many", 400, "{\"__type\":\"c#RequestLimitExceeded\"}", VERDICT_THROTTLED},
        {"429 without words", 429, NULL, VERDICT_THROTTLED},
        {"document path", 400,
         "{\"__type\":\"c#ValidationException\",\"message\":\"The document path provided in the "
         "update expression is invalid for update\"}",
         VERDICT_NO_PATH},
        {"document path, Message", 400,
         "{\"__type\":\"c#ValidationException\",\"Message\":\"The document path provided in the "
         "update expression is invalid for update\"}",
         VERDICT_NO_PATH},
        {"another validation", 400,
         "{\"__type\":\"c#ValidationException\",\"message\":\"One or more parameter values\"}",
         VERDICT_REFUSED},
        {"no table", 400, "{\"__type\":\"c#ResourceNotFoundException\"}", VERDICT_NO_TABLE},
        {"table exists", 400, "{\"__type\":\"c#ResourceInUseException\"}", VERDICT_TABLE_EXISTS},
        {"expired token", 400, "{\"__type\":\"c#ExpiredTokenException\"}", VERDICT_EXPIRED},
        {"unknown key", 400, "{\"__type\":\"c#UnrecognizedClientException\"}", VERDICT_EXPIRED},
        {"signature", 400, "{\"__type\":\"c#InvalidSignatureException\"}", VERDICT_CLOCK},
        {"access", 400, "{\"__type\":\"c#AccessDeniedException\"}", VERDICT_REFUSED},
        {"a type of tomorrow", 400, "{\"__type\":\"c#SomethingNewException\"}", VERDICT_REFUSED},
        {"500", 500, "{\"__type\":\"c#InternalServerError\"}", VERDICT_UNKNOWN},
        {"500 with a type of tomorrow", 500, "{\"__type\":\"c#Odd\"}", VERDICT_UNKNOWN},
        {"503 of a balancer", 503, NULL, VERDICT_UNKNOWN},
        {"400 of a balancer", 400, NULL, VERDICT_UNKNOWN},
        {"404 of a web server", 404, "{\"error\":\"no such page\"}", VERDICT_UNKNOWN},
        {"a redirection", 302, NULL, VERDICT_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *body = cases[i].body == NULL ? NULL : json_loads(cases[i].body, 0, NULL);
        struct refusal refusal = outcome_read_refusal(body);
        enum verdict got = outcome_judge(cases[i].http_status, body, &refusal);
        ROW(got == cases[i].want, cases[i].name, "verdict %d, not %d", (int)got,
            (int)cases[i].want);
        json_decref(body);
    }
}

TEST(words_are_read_in_both_spellings)
{
    static const char *const bodies[] = {
        "{\"__type\":\"com.amazon.coral.service#AccessDeniedException\",\"message\":\"no\"}",
        "{\"__type\":\"com.amazon.coral.service#AccessDeniedException\",\"Message\":\"no\"}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        json_t *body = json_loads(bodies[i], 0, NULL);
        struct refusal refusal = outcome_read_refusal(body);
        assert_string_equal(refusal.type, "AccessDeniedException");
        assert_string_equal(refusal.message, "no");
        json_decref(body);
    }
    struct refusal none = outcome_read_refusal(NULL);
    assert_string_equal(none.type, "");
    assert_string_equal(none.message, "");
}

TEST(being_throttled_after_an_unknown_try_is_unknown)
{
    assert_int_equal(outcome_of(VERDICT_THROTTLED, false), DYNAMODB_THROTTLED);
    assert_int_equal(outcome_of(VERDICT_THROTTLED, true), DYNAMODB_UNKNOWN);
    assert_int_equal(outcome_of(VERDICT_UNKNOWN, false), DYNAMODB_UNKNOWN);
    assert_int_equal(outcome_of(VERDICT_CONDITION, true), DYNAMODB_CONDITION_FAILED);
    assert_int_equal(outcome_of(VERDICT_EXPIRED, false), DYNAMODB_REFUSED);
}

UNIT_MAIN(UNIT(an_answer_is_judged_by_its_type), UNIT(words_are_read_in_both_spellings),
          UNIT(being_throttled_after_an_unknown_try_is_unknown))
