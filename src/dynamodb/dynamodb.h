/*
 * dynamodb.h - the client of DynamoDB and of what speaks its protocol: signed JSON over HTTP.
 *
 *     dynamodb_open(&options, &dynamodb, &err);          once a process
 *     dynamodb_channel_open(dynamodb, &channel, &err);   once a thread
 *     dynamodb_start(channel, &call, &err);              as often as one likes
 *     dynamodb_run(channel, 0, &err);                    until all are done
 *
 * A call is tried again, with the same body, for as long as its outcome is open: throttled, a 5xx,
 * a timeout, a connection that broke, an answer that is torn or fails its checksum; at times that
 * grow and are drawn by lot, until the call's deadline. So whatever is handed over must be safe to
 * apply twice, and to apply late: reads, and writes behind a condition that the first one makes
 * false. A condition that fails may therefore have been made to fail by an earlier try of the same
 * call.
 *
 * It knows no table, item or listing: bodies go in as JSON and come out as parsed JSON. Following
 * LastEvaluatedKey and asking again for UnprocessedKeys is the caller's.
 *
 * Where region, endpoint and credentials come from: docs/operations/aws-credentials.md.
 *
 * Threads: a struct dynamodb is shared by all; a channel and its calls belong to one thread.
 */
#ifndef FOOTFALL_DYNAMODB_DYNAMODB_H
#define FOOTFALL_DYNAMODB_DYNAMODB_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/histogram.h"
#include "base/status.h"
#include "base/text.h"

struct dynamodb;         /* made by dynamodb_open(), freed by dynamodb_close() */
struct dynamodb_channel; /* made by dynamodb_channel_open(), freed by dynamodb_channel_close() */

enum {
    DYNAMODB_CONNECTIONS = 64,            /* of a channel, unless told otherwise */
    DYNAMODB_CONNECTIONS_MAX = 1024,      /* that it may be told */
    DYNAMODB_TRY_TIMEOUT_MS = 5000,       /* for one try, from connecting to the last byte */
    DYNAMODB_DEADLINE_MS = 30 * 1000,     /* for a call with all its tries */
    DYNAMODB_BACKOFF_FIRST_MS = 25,       /* the most before the second try; doubles each time */
    DYNAMODB_BACKOFF_MOST_MS = 5000,      /* ... up to here */
    DYNAMODB_BODY_BYTES_MAX = 16 << 20,   /* of a call; DynamoDB's own limit */
    DYNAMODB_ANSWER_BYTES_MAX = 64 << 20, /* longer ones are refused: 16 MiB of items as JSON */
    DYNAMODB_IN_FLIGHT_MAX = 1 << 20      /* calls started and not done, on one channel */
};

/* Texts are copied. 0 and NULL mean what is said of each. */
struct dynamodb_options {
    const char *endpoint;        /* http[s]://HOST[:PORT]; NULL: AWS_ENDPOINT_URL_DYNAMODB,
                                    AWS_ENDPOINT_URL, else https://dynamodb.REGION.amazonaws.com */
    const char *region;          /* NULL: AWS_REGION, AWS_DEFAULT_REGION, the profile's */
    const char *profile;         /* NULL: AWS_PROFILE, "default"; named here it goes before the
                                    environment's keys */
    uint32_t connections;        /* of each channel; 0: DYNAMODB_CONNECTIONS */
    uint32_t request_timeout_ms; /* of one try; 0: DYNAMODB_TRY_TIMEOUT_MS */
    uint32_t deadline_ms;        /* of a call that has none; 0: DYNAMODB_DEADLINE_MS */
    struct clock clock;          /* for signing; {0}: the machine's */
};

/*
 * Finds endpoint, region and credentials; asks nobody but, where they say the credentials are, the
 * machine's metadata endpoints.
 *
 * On STATUS_OK the caller owns *out. Otherwise *out is untouched:
 *   STATUS_INVALID       an endpoint or region that cannot be one, a file that cannot be read
 *   STATUS_NOT_FOUND     no region, or no credentials; the words say where was looked
 *   STATUS_IO            whoever hands out credentials did not answer
 *   STATUS_NO_MEMORY
 */
MUST_USE enum status dynamodb_open(const struct dynamodb_options *options, struct dynamodb **out,
                                   struct error *err);

/* Channels are closed before. Accepts NULL. */
void dynamodb_close(struct dynamodb *dynamodb);

/*
 * Ends waiting, for good: calls in flight are given up within a fraction of a second as
 * DYNAMODB_UNKNOWN, new ones are refused with STATUS_STOPPED. From any thread.
 */
void dynamodb_stop(struct dynamodb *dynamodb);

/* What was found; texts live as long as the client. */
const char *dynamodb_endpoint(const struct dynamodb *dynamodb);
const char *dynamodb_region(const struct dynamodb *dynamodb);

/* STATUS_NO_MEMORY; no connection is made before the first call. */
MUST_USE enum status dynamodb_channel_open(struct dynamodb *dynamodb, struct dynamodb_channel **out,
                                           struct error *err);

/* Calls in flight are forgotten: done() is not called any more. Accepts NULL. */
void dynamodb_channel_close(struct dynamodb_channel *channel);

/* How a call ended. */
enum dynamodb_outcome {
    DYNAMODB_OK,
    DYNAMODB_CONDITION_FAILED, /* ConditionalCheckFailedException */
    DYNAMODB_NO_PATH,      /* ValidationException about a document path: a parent map is missing */
    DYNAMODB_NO_TABLE,     /* ResourceNotFoundException */
    DYNAMODB_TABLE_EXISTS, /* ResourceInUseException */
    DYNAMODB_REFUSED,      /* any other definite no: access, signature, validation */
    DYNAMODB_UNKNOWN,      /* given up: a try may or may not have been applied */
    DYNAMODB_THROTTLED     /* given up: throttled to the end, no try had an unknown outcome */
};

/*
 * What done() gets. body is the parsed answer (an error's too), or NULL when the last try had none;
 * it is the client's and lives until done() returns: json_incref() keeps it. error is filled unless
 * the outcome is DYNAMODB_OK: always STATUS_IO (STATUS_STOPPED after dynamodb_stop(),
 * STATUS_TOO_LARGE for an answer over the limit), so that it cannot be taken for something that a
 * user did wrong; its code tells the outcomes apart ("dynamodb_throttled", ...), its words name the
 * operation, DynamoDB's type and message.
 */
struct dynamodb_answer {
    enum dynamodb_outcome outcome;
    json_t *body;
    uint32_t tries;
    struct error error;
};

typedef void dynamodb_done_fn(void *context, const struct dynamodb_answer *answer);

/* A call. It and its body are the caller's memory and stay untouched until done(), which is called
 * exactly once and may free or start it again. Set the rest to {0}. */
struct dynamodb_call {
    const char *operation; /* "UpdateItem"; lives as long as the call */
    struct text body;      /* JSON */
    uint32_t deadline_ms;  /* from dynamodb_start(); 0: the client's */
    dynamodb_done_fn *done;
    void *context;

    /* the client's own */
    struct dynamodb_call *next;
    struct dynamodb_slot *slot;
    uint64_t deadline_ns;
    uint64_t due_ns;
    uint32_t tries;
    bool doubtful;      /* some try's outcome is unknown */
    bool has_refreshed; /* new credentials were fetched on its behalf */
    bool has_corrected; /* the clock was corrected on its behalf */
};

/*
 * Hands a call over. done() comes from dynamodb_run() (or dynamodb_ask()), never from here, and may
 * start further calls. Calls beyond the channel's connections wait their turn.
 *   STATUS_TOO_LARGE   the body is over DYNAMODB_BODY_BYTES_MAX
 *   STATUS_OVERLOADED  DYNAMODB_IN_FLIGHT_MAX calls are in flight
 *   STATUS_STOPPED     after dynamodb_stop()
 */
MUST_USE enum status dynamodb_start(struct dynamodb_channel *channel, struct dynamodb_call *call,
                                    struct error *err);

/* Started and not done. */
size_t dynamodb_in_flight(const struct dynamodb_channel *channel);

/*
 * Sends, receives and calls done() until at most that many calls are in flight. What goes wrong
 * with a call is in its answer; here only STATUS_NO_MEMORY, after which it may be called again.
 */
MUST_USE enum status dynamodb_run(struct dynamodb_channel *channel, size_t until_in_flight,
                                  struct error *err);

/*
 * One call, waited for; calls that are in flight beside it go on. Out of memory all of the
 * channel's are given up. *outcome says how it ended and
 * *out is the parsed answer, the caller's (NULL when there was none; out may be NULL). STATUS_OK
 * when the outcome is DYNAMODB_OK, else the answer's error.
 */
MUST_USE enum status dynamodb_ask(struct dynamodb_channel *channel, const char *operation,
                                  struct text body, json_t **out, enum dynamodb_outcome *outcome,
                                  struct error *err);

/*
 * What has been done since dynamodb_open(), by operation; any thread may read while others count.
 * Operations that the client does not know by name are one row, "other", the last.
 *
 * Who loads calls, then failures, then tries, never sees more calls than tries, nor a failed call
 * that is not among the failures.
 */
struct dynamodb_operation {
    const char *name;           /* "UpdateItem"; static storage */
    bool writes;                /* consumed counts write units, else read units */
    _Atomic uint64_t calls;     /* that are done */
    _Atomic uint64_t failures;  /* of them: refused, throttled or unknown at the end, or no table.
                                   A condition or path that fails is an answer, no failure */
    _Atomic uint64_t tries;     /* requests sent */
    _Atomic uint64_t retries;   /* of them: after a call's first */
    _Atomic uint64_t throttles; /* tries answered with "slow down" */
    _Atomic uint64_t unknown;   /* tries whose outcome is unknown */
    _Atomic uint64_t consumed_milli; /* thousandths of capacity units, where the call asked
                                        for ReturnConsumedCapacity */
    struct histogram latency;        /* of a try, from sending to the last byte */
};

/* The rows, which live as long as the client. */
const struct dynamodb_operation *dynamodb_operations(const struct dynamodb *dynamodb,
                                                     size_t *count);

/* How far the machine's clock was found to be behind DynamoDB's, in milliseconds; 0 at first. */
int64_t dynamodb_clock_skew_ms(const struct dynamodb *dynamodb);

#endif
