/*
 * query_pool.h - a few threads for reads that can be long, so that commits do not wait for them.
 *
 * The queue is bounded. Whoever offers a request has suspended its connection; the thread that
 * answered it resumes the connection and wakes the loop.
 *
 * Threads: offer and close from the loop.
 */
#ifndef FOOTFALL_HTTP_QUERY_POOL_H
#define FOOTFALL_HTTP_QUERY_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct request;
struct query_pool; /* made by query_pool_new(), freed by query_pool_free() */

enum { QUERY_QUEUE_MAX = 256 };

/* run answers a request on one of the threads; it must not touch the loop's things. */
MUST_USE enum status query_pool_new(uint32_t threads, void (*run)(struct request *request),
                                    struct query_pool **out, struct error *err);

/* Whether there is room for one more. Only the loop adds, so that a yes stays true for it. */
bool query_pool_has_room(struct query_pool *pool);
void query_pool_offer(struct query_pool *pool, struct request *request);
size_t query_pool_depth(struct query_pool *pool);

/* Lets the threads finish what is queued, ends them, frees. Accepts NULL. */
void query_pool_free(struct query_pool *pool);

#endif
