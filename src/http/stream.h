/*
 * stream.h - POST /v1/events as lines: recorded while they come, answered at the end.
 *
 * Whole batches are submitted as soon as they are read, and committed with whatever else the pass
 * has gathered. When the engine refuses, reading ends, and the answer says how far it got.
 *
 * Threads: the loop's only.
 */
#ifndef FOOTFALL_HTTP_STREAM_H
#define FOOTFALL_HTTP_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/status.h"

struct request;
struct stream; /* made by stream_new(), freed by stream_free() */

MUST_USE struct stream *stream_new(void); /* NULL when out of memory */
/* Nothing of it may be pending. Accepts NULL. */
void stream_free(struct stream *stream);

/* Whether it waits for a commit. */
bool stream_is_pending(const struct stream *stream);

/* A piece of the body. Other answers than STATUS_OK end the stream: what the engine said. */
MUST_USE enum status stream_receive(struct request *request, const char *piece, size_t len,
                                    struct error *err);
/* The body is whole: the last lines are submitted. As above. It waits for what is pending, so it is
 * better called when nothing is. */
MUST_USE enum status stream_end(struct request *request, struct error *err);
/* Nothing is pending any more: writes the answer into the request. STATUS_INVALID when every line
 * was refused. */
MUST_USE enum status stream_finish(struct request *request, struct error *err);

/* The answer of a stream that failed: the error, the counts, and the first line not recorded. */
MUST_USE bool stream_error_json(const struct stream *stream, const struct error *error,
                                struct bytes *out);

#endif
