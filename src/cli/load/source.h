/*
 * source.h - where requests come from: events and questions as a plan wants them, as bytes to send.
 *
 * Equal seeds, plans and threads give equal events, but for their ids: those are of this run only,
 * so that every event is a new one to the server.
 *
 * Threads: one source a thread.
 */
#ifndef FOOTFALL_CLI_LOAD_SOURCE_H
#define FOOTFALL_CLI_LOAD_SOURCE_H

#include "base/bytes.h"
#include "base/random.h"
#include "cli/load/plan.h"
#include "cli/load/zipf.h"

struct load_source {
    const struct load_plan *plan;
    struct zipf zipf;
    struct random random;
    uint64_t mix_sum;
    uint32_t thread;
    uint64_t serial; /* of the next event of this thread */
};

/* A request as it goes out. The buffer is used again by the next. */
struct load_request {
    struct bytes bytes;
    size_t begin; /* the request is bytes.at[begin] to bytes.at[bytes.len] */
    bool is_query;
    uint32_t events;              /* 0 for a question */
    uint32_t by_type[LOAD_TYPES]; /* of them */
};

void load_source_init(struct load_source *source, const struct load_plan *plan, uint32_t thread);
/* Whether the next request is to be a question. */
bool load_source_wants_query(struct load_source *source);
/* A POST of so many events, 1 to LOAD_BATCH_MAX. false: no memory. */
MUST_USE bool load_source_record(struct load_source *source, uint32_t events,
                                 struct load_request *request);
/* A GET of the last 30 days of a listing. false: no memory. */
MUST_USE bool load_source_query(struct load_source *source, struct load_request *request);

/* The n-th user's name, n from 0. */
enum { LOAD_USER_BYTES = LOAD_PREFIX_BYTES + 12 };
void load_user_name(const struct load_plan *plan, uint32_t user, char out[LOAD_USER_BYTES]);

#endif
