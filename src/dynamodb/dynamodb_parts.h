/*
 * dynamodb_parts.h - for the files of this folder: what the client and a channel are made of.
 *
 * Threads: as dynamodb.h says; what threads share is atomic, or never changes after opening, or
 * locks for itself (credentials.h).
 */
#ifndef FOOTFALL_DYNAMODB_DYNAMODB_PARTS_H
#define FOOTFALL_DYNAMODB_DYNAMODB_PARTS_H

#include <curl/curl.h>

#include "base/bytes.h"
#include "base/files.h"
#include "base/random.h"
#include "dynamodb/call_list.h"
#include "dynamodb/credentials.h"
#include "dynamodb/dynamodb.h"
#include "dynamodb/outcome.h"
#include "dynamodb/sigv4.h"

enum { ENDPOINT_BYTES = 512, HOST_BYTES = 300, OPERATIONS = 14 };

struct dynamodb {
    char endpoint[ENDPOINT_BYTES]; /* with a final "/" */
    char host[HOST_BYTES];         /* as the Host header has it */
    char region[SIGV4_SCOPE_TEXT_BYTES];
    char ca_bundle[FILE_PATH_BYTES]; /* "": the system's authorities */
    uint32_t connections;
    uint32_t request_timeout_ms;
    uint32_t deadline_ms;
    struct clock clock;
    struct credentials_provider *credentials;
    _Atomic int64_t skew_ms; /* added to the clock */
    _Atomic bool stopped;
    _Atomic uint64_t channels_opened; /* seeds their lots */
    struct dynamodb_operation operations[OPERATIONS];
};

/* One connection's worth: a curl handle and the try that it carries, if any. */
struct dynamodb_slot {
    struct dynamodb_channel *channel;
    struct dynamodb_slot *next_free;
    struct dynamodb_call *call; /* NULL: free */
    CURL *curl;
    struct curl_slist *fields;
    uint64_t sent_ns;
    uint64_t generation; /* of the credentials it was signed with */
    struct bytes answer; /* the body */
    bool too_large;
    bool no_memory;
    bool has_crc;
    uint32_t crc;
    int64_t date_ms; /* of the answer; 0: none */
    char curl_words[CURL_ERROR_SIZE];
};

struct dynamodb_channel {
    struct dynamodb *dynamodb;
    CURLM *multi;
    struct dynamodb_slot *slots; /* dynamodb->connections of them */
    struct dynamodb_slot *free;
    struct call_list ready;   /* wait for a slot */
    struct call_list waiting; /* for due_ns, in its order */
    size_t in_flight;
    struct random random;
    struct sigv4_key key;
    struct credentials credentials;
    uint64_t generation; /* of credentials; 0: none yet */
};

/* stats.c: the row of an operation. */
struct dynamodb_operation *dynamodb_operation_row(struct dynamodb *dynamodb, const char *name);
void dynamodb_operations_init(struct dynamodb *dynamodb);
/* Adds what the answer says it consumed. */
void dynamodb_count_capacity(struct dynamodb_operation *row, const json_t *body);

/* try.c: one request and its answer. */

/* Makes the slot's curl handle ready for a try of slot->call, signed now.
 * Errors: as credentials_get(), and STATUS_NO_MEMORY. */
MUST_USE enum status try_prepare(struct dynamodb_slot *slot, struct error *err);

/* How a try ended that curl is done with. *body is the caller's (NULL when none was readable). */
struct try_result {
    enum verdict verdict;
    json_t *body;
    struct error error; /* filled unless the verdict is VERDICT_DONE */
};
void try_finish(struct dynamodb_slot *slot, CURLcode code, struct try_result *out);

/* Sets the clock's correction from the Date of a refusal; false when the clock is not what is
 * wrong. */
bool try_correct_clock(struct dynamodb_slot *slot);

/* The moment for signing. */
int64_t dynamodb_now_ms(const struct dynamodb *dynamodb);

#endif
